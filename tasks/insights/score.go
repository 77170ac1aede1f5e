package insights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/insight"
	"augur/tasks"
)

// replayDays is after how many days a series is replayed from its beginning, so that changes of days that are settled count, too.
const replayDays = 30

// Found is what judging a repository came to, until it is saved.
type Found struct {
	RepoID int64
	// Series is how many series were judged, Days how many of their days, Flagged how many of these were anomalous.
	Series, Days, Flagged int

	queries   *db.Queries
	states    []db.SaveInsightStateParams
	records   db.UpsertInsightRecordsParams
	withdrawn db.WithdrawInsightRecordsParams
	days      db.UpsertInsightDaysParams
	saves     []db.SaveInsightParams
	extends   []db.ExtendInsightParams
	withdraw  []int64
}

// judged is a series whose newest days were judged.
type judged struct {
	metric *Metric
	// verdicts are those of the days that count this time, oldest first.
	verdicts []insight.Verdict
	// past reads the series up to a day, with enough before it to say whether it was like this before.
	past func(ctx context.Context, tx db.DBTX, upTo time.Time) (*insight.Series, error)
}

// Judge judges all series of a repository in one pass, going on from where the last time ended. It writes nothing.
func (s *Source) Judge(ctx context.Context, tx db.DBTX, repoID int64) (*Found, error) {
	states, err := s.states(ctx, tx, repoID)
	if err != nil {
		return nil, err
	}
	return s.judge(ctx, tx, repoID, states)
}

// JudgeAnew is Judge, but learns what is usual from the beginning of each series, so that late changes of settled days count.
func (s *Source) JudgeAnew(ctx context.Context, tx db.DBTX, repoID int64) (*Found, error) {
	states, err := s.states(ctx, tx, repoID)
	if err != nil {
		return nil, err
	}
	for name, state := range states {
		state.State = nil
		states[name] = state
	}
	return s.judge(ctx, tx, repoID, states)
}

// states is how far the series of a repository are judged, by metric and field.
func (s *Source) states(ctx context.Context, tx db.DBTX, repoID int64) (map[[2]string]db.InsightStatesRow, error) {
	rows, err := s.queries.InsightStates(ctx, tx, repoID)
	if err != nil {
		return nil, fmt.Errorf("read how far repository %d is judged: %w", repoID, err)
	}
	states := make(map[[2]string]db.InsightStatesRow, len(rows))
	for _, row := range rows {
		states[[2]string{row.Metric, row.Field}] = row
	}
	return states, nil
}

func (s *Source) judge(ctx context.Context, tx db.DBTX, repoID int64, states map[[2]string]db.InsightStatesRow) (*Found, error) {
	known, err := s.queries.RepoKnown(ctx, tx, repoID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("there is no repository %d: %w", repoID, tasks.ErrInvalid)
	}
	if err != nil {
		return nil, fmt.Errorf("ask until when repository %d is known: %w", repoID, err)
	}
	found := s.newFound(repoID, known.Now)
	begin := s.firstDay(ctx, tx, repoID)
	var all []judged
	for i := range s.metrics {
		m := &s.metrics[i]
		last, ok := knownUntil(m.Phase, known)
		if !ok {
			continue
		}
		j, err := s.judgeSeries(ctx, tx, m, found, begin, last, states[[2]string{m.Name, m.Field}])
		if err != nil {
			return nil, err
		}
		all = append(all, j)
	}
	if err := s.conclude(ctx, tx, found, all); err != nil {
		return nil, err
	}
	return found, nil
}

func (s *Source) newFound(repoID int64, now time.Time) *Found {
	f := &Found{RepoID: repoID, queries: s.queries}
	f.records = db.UpsertInsightRecordsParams{RepoID: repoID, ToolVersion: s.options.Version, CollectedAt: now.UTC().Truncate(time.Second)}
	f.days = db.UpsertInsightDaysParams{RepoID: repoID, ToolVersion: s.options.Version, CollectedAt: f.records.CollectedAt}
	f.withdrawn.RepoID = repoID
	return f
}

// firstDay asks once, and only if somebody wants to know, when the repository's first activity was. One without any begins in a far future.
func (s *Source) firstDay(ctx context.Context, tx db.DBTX, repoID int64) func() (time.Time, error) {
	return sync.OnceValues(func() (time.Time, error) {
		text, err := s.queries.RepoFirstDay(ctx, tx, repoID)
		if err != nil {
			return time.Time{}, fmt.Errorf("ask when repository %d was active first: %w", repoID, err)
		}
		first, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), nil //nolint:nilerr // no activity, or its date is none
		}
		return first, nil
	})
}

// knownUntil is the last day that was wholly collected: it was over when the last successful collection of the phase ended.
func knownUntil(phase tasks.Phase, known db.RepoKnownRow) (last time.Time, ok bool) {
	collected := known.FacadeDataLastCollected
	if phase == tasks.Core {
		collected = known.CoreDataLastCollected
	}
	if collected == nil {
		return time.Time{}, false
	}
	until := *collected
	if known.Now.Before(until) {
		until = known.Now
	}
	return dayOf(until).AddDate(0, 0, -1), true
}

// judgeSeries judges the newest days of a series, going on from its state when there is one that fits.
func (s *Source) judgeSeries(ctx context.Context, tx db.DBTX, m *Metric, found *Found, begin func() (time.Time, error), last time.Time, state db.InsightStatesRow) (judged, error) {
	settings := config.Of[insight.Settings](s.settings)
	options := fmt.Sprintf("%s/%d", settings.Detector, settings.TrainingDays)
	first, replayed := state.FirstDay, state.ReplayedDay
	judge := m.judge(settings, first)
	if state.State == nil || state.Options != options || state.SettledDay.After(last) || daysBetween(state.ReplayedDay, last) >= replayDays ||
		judge.UnmarshalBinary(state.State) != nil || !judge.NextDay().Equal(state.SettledDay.AddDate(0, 0, 1)) {
		earliest, err := begin()
		if err != nil {
			return judged{}, err
		}
		first, replayed = last.AddDate(0, 0, 1-settings.TrainingDays-settings.AnomalyDays), last
		if first.Before(earliest) {
			first = earliest
		}
		judge = m.judge(settings, first)
	}
	j := judged{metric: m}
	if judge.NextDay().After(last) {
		return j, nil
	}
	j.past = func(ctx context.Context, tx db.DBTX, upTo time.Time) (*insight.Series, error) {
		earliest, err := begin()
		if err != nil {
			return nil, err
		}
		return m.past(ctx, tx, found.RepoID, earliest, upTo)
	}
	from := judge.NextDay()
	series, err := m.Read(ctx, tx, found.RepoID, from, last)
	if err != nil {
		return judged{}, err
	}
	// What was settled is not judged again, but for the newest days and what came since.
	counts := last.AddDate(0, 0, 1-settings.AnomalyDays)
	if next := state.SettledDay.AddDate(0, 0, 1); !state.SettledDay.IsZero() && next.Before(counts) {
		counts = next
	}
	settled := last.AddDate(0, 0, -settings.AnomalyDays)
	for i, value := range series.Values {
		date := series.Date(i)
		verdict := judge.Next(value)
		if !date.Before(counts) {
			j.verdicts = append(j.verdicts, verdict)
		}
		if date.Equal(settled) {
			bytes, err := judge.MarshalBinary()
			if err != nil {
				return judged{}, err
			}
			found.states = append(found.states, db.SaveInsightStateParams{
				RepoID: found.RepoID, Metric: m.Name, Field: m.Field, FirstDay: first, SettledDay: settled, ReplayedDay: replayed, Options: options, State: bytes,
			})
		}
	}
	found.Series++
	found.Days += len(j.verdicts)
	return j, nil
}

// note adds the days of a series to what is stored for consumers of Augur's tables. Days that are excused are no anomalies of the repository.
func (f *Found) note(j judged, excused func(*insight.Verdict) bool) {
	newest := time.Time{}
	for i := range j.verdicts {
		if v := &j.verdicts[i]; v.Anomalous() && !excused(v) {
			newest = v.Date
			f.Flagged++
		}
	}
	if f.RepoID == TheCollection {
		return
	}
	for i := range j.verdicts {
		v := &j.verdicts[i]
		if math.IsNaN(v.Value) {
			continue
		}
		m, value, score := j.metric, strconv.FormatFloat(v.Value, 'f', -1, 64), v.Threshold-v.Score
		if v.Anomalous() && !excused(v) {
			r := &f.records
			r.Metrics, r.Fields, r.Days, r.DaysValues = append(r.Metrics, m.Name), append(r.Fields, m.Field), append(r.Days, v.Date), append(r.DaysValues, value)
			r.Scores, r.Methods = append(r.Scores, score), append(r.Methods, v.Method())
		} else {
			r := &f.withdrawn
			r.Metrics, r.Fields, r.Days, r.DaysValues = append(r.Metrics, m.Name), append(r.Fields, m.Field), append(r.Days, v.Date), append(r.DaysValues, value)
			r.Scores = append(r.Scores, score)
		}
		if !newest.IsZero() {
			r := &f.days
			r.Metrics, r.Fields, r.Days, r.DaysValues = append(r.Metrics, m.Name), append(r.Fields, m.Field), append(r.Days, v.Date), append(r.DaysValues, value)
			r.Fresh, r.Scores, r.Methods = append(r.Fresh, !v.Date.Before(newest)), append(r.Scores, score), append(r.Methods, v.Method())
		}
	}
}

// Save writes everything in the transaction. Rows that are already so are not touched.
func (f *Found) Save(ctx context.Context, tx pgx.Tx) error {
	slices.SortFunc(f.states, func(a, b db.SaveInsightStateParams) int {
		return cmp.Or(strings.Compare(a.Metric, b.Metric), strings.Compare(a.Field, b.Field))
	})
	for _, state := range f.states {
		if err := f.queries.SaveInsightState(ctx, tx, state); err != nil {
			return fmt.Errorf("note how far %s of repository %d is judged: %w", state.Metric, f.RepoID, err)
		}
	}
	if _, err := f.queries.UpsertInsightRecords(ctx, tx, f.records); err != nil {
		return fmt.Errorf("store the anomalous days of repository %d: %w", f.RepoID, err)
	}
	if _, err := f.queries.WithdrawInsightRecords(ctx, tx, f.withdrawn); err != nil {
		return fmt.Errorf("withdraw days of repository %d: %w", f.RepoID, err)
	}
	if _, err := f.queries.UpsertInsightDays(ctx, tx, f.days); err != nil {
		return fmt.Errorf("store the judged days of repository %d: %w", f.RepoID, err)
	}
	if _, err := f.queries.WithdrawInsights(ctx, tx, f.withdraw); err != nil {
		return fmt.Errorf("withdraw insights of repository %d: %w", f.RepoID, err)
	}
	for _, e := range f.extends {
		if err := f.queries.ExtendInsight(ctx, tx, e); err != nil {
			return fmt.Errorf("extend insight %d: %w", e.InsightID, err)
		}
	}
	for _, i := range f.saves {
		// No row means that nothing changed.
		if _, err := f.queries.SaveInsight(ctx, tx, i); err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return fmt.Errorf("store an insight of repository %d: %w", f.RepoID, err)
		}
	}
	return nil
}

// Insights is how many conditions were found, or became stronger.
func (f *Found) Insights() int { return len(f.saves) }

package insights

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"augur/db"
	"augur/db/config"
	"augur/insight"
)

// MetricNamed finds a series by its name.
func MetricNamed(name string) (*Metric, error) {
	all := Metrics()
	names := make([]string, len(all))
	for i := range all {
		if all[i].Name == name {
			return &all[i], nil
		}
		names[i] = all[i].Name
	}
	return nil, fmt.Errorf("there is no metric %q: it is one of %s", name, strings.Join(names, ", "))
}

// CheckMetric tells whether there are insights of a metric: of a repository, or of the collection.
func CheckMetric(name string) error {
	if name == gapMetric.Name || collectionMetric(name, "") != nil {
		return nil
	}
	if _, err := MetricNamed(name); err != nil {
		return fmt.Errorf("%w, collection, %s, %s, %s, %s", err, collectionRows, collectionErrors, collectionPoints, collectionFailures)
	}
	return nil
}

// Around judges the days from one to another of the series of an insight. A suspected gap in a repository has no series of its own, and no days.
func (s *Source) Around(ctx context.Context, tx db.DBTX, i *Insight, from, to time.Time) ([]insight.Verdict, error) {
	m, err := metricOf(i.Metric, i.Field)
	switch {
	case err != nil:
		return nil, nil //nolint:nilerr // a gap, or of another version
	case i.RepoID == TheCollection:
		return s.replayCollection(ctx, tx, m, from, to)
	}
	return s.Replay(ctx, tx, i.RepoID, m, from, to)
}

// Replay judges the days from one to another as if it had always been done, without writing anything. What is known ends with the last complete day.
func (s *Source) Replay(ctx context.Context, tx db.DBTX, repoID int64, m *Metric, from, to time.Time) ([]insight.Verdict, error) {
	_, verdicts, err := s.replay(ctx, tx, repoID, m, from, to)
	return verdicts, err
}

// replay is Replay, and gives also the series that was judged, with the days that were learnt from.
func (s *Source) replay(ctx context.Context, tx db.DBTX, repoID int64, m *Metric, from, to time.Time) (*insight.Series, []insight.Verdict, error) {
	known, err := s.queries.RepoKnown(ctx, tx, repoID)
	if err != nil {
		return nil, nil, fmt.Errorf("ask until when repository %d is known: %w", repoID, err)
	}
	last, ok := knownUntil(m.Phase, known)
	if !ok {
		return nil, nil, nil
	}
	begin, err := s.firstDay(ctx, tx, repoID)()
	if err != nil {
		return nil, nil, err
	}
	if to.Before(last) {
		last = to
	}
	settings := config.Of[insight.Settings](s.settings)
	first := from.AddDate(0, 0, -settings.TrainingDays)
	if first.Before(begin) {
		first = begin
	}
	series, err := m.Read(ctx, tx, repoID, first, last)
	if err != nil {
		return nil, nil, err
	}
	verdicts := insight.Replay(m.judge(settings, first), series.Values)
	return series, verdicts[min(len(verdicts), max(0, daysBetween(first, from))):], nil
}

// Backtest is what would have been found in a series.
type Backtest struct {
	Metric string `json:"metric"`
	insight.BacktestResult
	Found []BacktestFound `json:"found"`
}

// BacktestFound is a condition that would have been an insight, described by its most surprising day.
type BacktestFound struct {
	FirstDay string  `json:"first_day"`
	LastDay  string  `json:"last_day"`
	PeakDay  string  `json:"peak_day"`
	Score    float64 `json:"score"`
	Reason   string  `json:"reason"`
}

// Backtest tells what would have been found in a series of a repository in the days from one to another; nil when nothing is known of them.
func (s *Source) Backtest(ctx context.Context, tx db.DBTX, repoID int64, m *Metric, from, to time.Time) (*Backtest, error) {
	series, verdicts, err := s.replay(ctx, tx, repoID, m, from, to)
	if err != nil || len(verdicts) == 0 {
		return nil, err
	}
	b := &Backtest{Metric: m.Name, BacktestResult: insight.Count(verdicts), Found: []BacktestFound{}}
	flagged := map[bool][]*insight.Verdict{}
	for i := range verdicts {
		if v := &verdicts[i]; v.Anomalous() {
			flagged[v.Up()] = append(flagged[v.Up()], v)
		}
	}
	for _, direction := range []bool{true, false} {
		for _, c := range merge(nil, flagged[direction], from) {
			drivers, err := m.drive(ctx, tx, repoID, c.peak)
			if err != nil {
				return nil, err
			}
			b.Found = append(b.Found, BacktestFound{
				FirstDay: c.first.Format(time.DateOnly), LastDay: c.last.Format(time.DateOnly), PeakDay: c.peak.Date.Format(time.DateOnly), Score: c.peak.Score,
				Reason: c.peak.Reason(m.Noun, config.Of[insight.Settings](s.settings).Band(), m.Drivers, drivers, c.peak.Precedents(series)...),
			})
		}
	}
	slices.SortFunc(b.Found, func(a, b BacktestFound) int { return strings.Compare(a.FirstDay, b.FirstDay) })
	return b, nil
}

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

// A gap of the collection is suspected when at least so many other repositories stopped on the same day, and they are at least this part of all.
const (
	gapRepos = 3
	gapPart  = 5 // a fifth
)

// The pseudo-series of gaps.
var gapMetric = Metric{Name: "collection", Field: "gap"}

// missing is what seems to have stopped in a repository, but may just not have been collected.
type missing struct {
	// gaps are the days on which nothing came in at all, with the strongest verdict of each; others says in how many repositories it was the same.
	gaps   map[time.Time]*insight.Verdict
	others map[time.Time]string
	// falls are the tasks that brought too little in all repositories together.
	falls []db.CollectionFallsRow
}

// on tells whether a day of a series may just not have been collected.
func (m *missing) on(metric *Metric, day time.Time) bool {
	return m.gaps[day] != nil || m.fallen(metric, day)
}

// fallen tells whether what brings the series brought too little everywhere.
func (m *missing) fallen(metric *Metric, day time.Time) bool {
	return metric.Rows != "" && slices.ContainsFunc(m.falls, func(f db.CollectionFallsRow) bool {
		return strings.HasSuffix(f.Kind, "_"+metric.Rows) && !day.Before(f.FirstDay) && !day.After(f.LastDay)
	})
}

// missing finds the days on which nothing at all came in although it was expected, while it was the same in other repositories, and the tasks that brought too
// little everywhere: then it is not the people who stopped.
func (s *Source) missing(ctx context.Context, tx db.DBTX, repoID int64, all []judged, from time.Time) (*missing, error) {
	m := &missing{gaps: map[time.Time]*insight.Verdict{}, others: map[time.Time]string{}}
	if repoID == TheCollection {
		return m, nil
	}
	var err error
	if m.falls, err = s.queries.CollectionFalls(ctx, tx, db.CollectionFallsParams{RepoID: repoID, FromDay: from}); err != nil {
		return nil, fmt.Errorf("ask what did not arrive: %w", err)
	}
	active := map[time.Time]bool{}
	for _, j := range all {
		for i := range j.verdicts {
			v := &j.verdicts[i]
			if v.Value > 0 {
				active[v.Date] = true
			}
			if best := m.gaps[v.Date]; v.Anomalous() && !v.Up() && !m.fallen(j.metric, v.Date) && (best == nil || v.Score > best.Score) {
				m.gaps[v.Date] = v
			}
		}
	}
	for date := range m.gaps {
		if active[date] {
			delete(m.gaps, date)
			continue
		}
		around, err := s.queries.OtherReposDown(ctx, tx, db.OtherReposDownParams{RepoID: repoID, Day: date})
		if err != nil {
			return nil, fmt.Errorf("ask whether other repositories stopped on %s, too: %w", date.Format(time.DateOnly), err)
		}
		if around.Stopped < gapRepos || around.Stopped*gapPart < around.Judged {
			delete(m.gaps, date)
			continue
		}
		m.others[date] = fmt.Sprintf("%d of %d other repositories", around.Stopped, around.Judged)
	}
	return m, nil
}

// concludeGaps stores gaps of the collection, one for the repository however many series have it.
func (s *Source) concludeGaps(found *Found, stored []condition, m *missing, from time.Time) error {
	flagged := make([]*insight.Verdict, 0, len(m.gaps))
	for _, v := range m.gaps {
		flagged = append(flagged, v)
	}
	slices.SortFunc(flagged, func(a, b *insight.Verdict) int { return a.Date.Compare(b.Date) })
	for _, c := range merge(stored, flagged, from) {
		switch {
		case c.withdrawn:
			found.withdraw = append(found.withdraw, c.id)
		case c.peak == nil:
			found.extends = append(found.extends, db.ExtendInsightParams{InsightID: c.id, LastDay: c.last})
		default:
			save, err := saveOf(found.RepoID, &gapMetric, gap, c, config.Of[insight.Settings](s.settings).Band(), nil)
			if err != nil {
				return err
			}
			save.Reason = fmt.Sprintf("A gap in the collection? Nothing at all is known up to %s, and it is the same in %s.", c.peak.Date.Format("2 January 2006"), m.others[c.peak.Date])
			found.saves = append(found.saves, save)
		}
	}
	return nil
}

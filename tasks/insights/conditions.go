package insights

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"augur/db"
	"augur/db/config"
	"augur/insight"
)

// Directions of a condition, as they are stored.
const (
	up   = "up"
	down = "down"
	gap  = "gap"
)

// maxGap is how many days apart flagged days of one condition may be: one without a flag may lie between.
const maxGap = 2

// condition is a stored condition, as far as merging needs it.
type condition struct {
	id          int64
	first, last time.Time
	peak        time.Time
	score       float64
}

// change is what becomes of a condition: it is stored as new, or the one with the id goes on until last. Peak is the verdict that describes it from now on; nil
// leaves that as it is. A withdrawn one has neither.
type change struct {
	id          int64
	first, last time.Time
	peak        *insight.Verdict
	withdrawn   bool
}

// merge fits the flagged days of one series and direction to the conditions that are stored. Days from the day from on were judged again: what is stored about them
// counts no more.
func merge(stored []condition, flagged []*insight.Verdict, from time.Time) []change {
	var changes []change
	used := map[int64]bool{}
	for len(flagged) > 0 {
		n := 1
		for n < len(flagged) && daysBetween(flagged[n-1].Date, flagged[n].Date) <= maxGap {
			n++
		}
		run := flagged[:n]
		flagged = flagged[n:]
		peak := slices.MaxFunc(run, func(a, b *insight.Verdict) int { return cmp.Compare(a.Score, b.Score) })
		c := change{first: run[0].Date, last: run[n-1].Date, peak: peak}
		for _, old := range stored {
			end := old.last
			if old.first.Before(from) && !end.Before(from) {
				end = from.AddDate(0, 0, -1)
			}
			if used[old.id] || daysBetween(end, c.first) > maxGap || daysBetween(c.last, old.first) > maxGap {
				continue
			}
			used[old.id] = true
			c.id, c.first = old.id, old.first
			if old.peak.Before(from) && old.score >= peak.Score {
				c.peak = nil
			}
			break
		}
		changes = append(changes, c)
	}
	for _, old := range stored {
		switch {
		case used[old.id] || old.last.Before(from):
		case old.first.Before(from):
			changes = append(changes, change{id: old.id, first: old.first, last: from.AddDate(0, 0, -1)})
		default:
			changes = append(changes, change{id: old.id, withdrawn: true})
		}
	}
	return changes
}

// conclude turns the verdicts of all series into what is stored: days and conditions.
func (s *Source) conclude(ctx context.Context, tx db.DBTX, found *Found, all []judged) error {
	from := time.Time{}
	for _, j := range all {
		if len(j.verdicts) > 0 && (from.IsZero() || j.verdicts[0].Date.Before(from)) {
			from = j.verdicts[0].Date
		}
	}
	if from.IsZero() {
		return nil
	}
	rows, err := s.queries.InsightConditions(ctx, tx, db.InsightConditionsParams{RepoID: found.RepoID, FromDay: from})
	if err != nil {
		return fmt.Errorf("read the insights of repository %d: %w", found.RepoID, err)
	}
	stored := map[series][]condition{}
	for _, row := range rows {
		key := series{row.Metric, row.Field, row.Direction}
		stored[key] = append(stored[key], condition{id: row.InsightID, first: row.FirstDay, last: row.LastDay, peak: row.PeakDay, score: row.Score})
	}
	missing, err := s.missing(ctx, tx, found.RepoID, all, from)
	if err != nil {
		return err
	}
	for i := range all {
		j := &all[i]
		if len(j.verdicts) == 0 {
			continue
		}
		excused := func(v *insight.Verdict) bool { return !v.Up() && missing.on(j.metric, v.Date) }
		found.note(*j, excused)
		flagged := map[string][]*insight.Verdict{}
		for i := range j.verdicts {
			switch v := &j.verdicts[i]; {
			case !v.Anomalous(), excused(v):
			case v.Up():
				flagged[up] = append(flagged[up], v)
			default:
				flagged[down] = append(flagged[down], v)
			}
		}
		for _, direction := range []string{up, down} {
			for _, c := range merge(stored[series{j.metric.Name, j.metric.Field, direction}], flagged[direction], j.verdicts[0].Date) {
				if err := s.change(ctx, tx, found, j, direction, c); err != nil {
					return err
				}
			}
		}
	}
	if found.RepoID == TheCollection {
		return nil
	}
	return s.concludeGaps(found, stored[series{gapMetric.Name, gapMetric.Field, gap}], missing, from)
}

// series names a series and a direction in which it may be unusual.
type series struct {
	metric, field, direction string
}

// change notes what becomes of a condition.
func (s *Source) change(ctx context.Context, tx db.DBTX, found *Found, j *judged, direction string, c change) error {
	switch {
	case c.withdrawn:
		found.withdraw = append(found.withdraw, c.id)
		return nil
	case c.peak == nil:
		found.extends = append(found.extends, db.ExtendInsightParams{InsightID: c.id, LastDay: c.last})
		return nil
	}
	drivers, err := j.metric.drive(ctx, tx, found.RepoID, c.peak)
	if err != nil {
		return err
	}
	past, err := j.past(ctx, tx, c.peak.Date)
	if err != nil {
		return err
	}
	band := config.Of[insight.Settings](s.settings).Band()
	save, err := saveOf(found.RepoID, j.metric, direction, c, band, drivers)
	if err != nil {
		return err
	}
	save.Reason = c.peak.Reason(j.metric.Noun, band, j.metric.Drivers, drivers, c.peak.Precedents(past)...)
	found.saves = append(found.saves, save)
	return nil
}

func saveOf(repoID int64, m *Metric, direction string, c change, band float64, drivers []insight.Driver) (db.SaveInsightParams, error) {
	if drivers == nil {
		drivers = []insight.Driver{}
	}
	encoded, err := json.Marshal(drivers)
	if err != nil {
		return db.SaveInsightParams{}, fmt.Errorf("encode the drivers of %s: %w", m.Name, err)
	}
	v := c.peak
	low, high := v.Usual(band)
	return db.SaveInsightParams{
		RepoID: repoID, Metric: m.Name, Field: m.Field, Direction: direction, FirstDay: c.first, LastDay: c.last, PeakDay: v.Date,
		Value: v.Total, Expected: v.Mean, ExpectedLow: low, ExpectedHigh: high, Score: v.Score, Threshold: v.Threshold, Probability: v.Probability(),
		Method: v.Method(), Drivers: encoded,
	}, nil
}

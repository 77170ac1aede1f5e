package insights

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/insight"
)

// The series of the collection itself, as augur_operations.collection_day names them; their field is a kind of task, a phase or a platform.
const (
	collectionRows     = "collection-rows"
	collectionErrors   = "collection-errors"
	collectionPoints   = "collection-api-points"
	collectionFailures = "collection-api-failures"
)

// collectionMetric is a series of the collection, or nil when there is none of that name.
func collectionMetric(name, field string) *Metric {
	kinds := insight.Noun{One: "kind of task", Many: "kinds of tasks"}
	switch name {
	case collectionRows:
		return &Metric{
			Name: name, Field: field, Noun: insight.Noun{One: "record read by " + field, Many: "records read by " + field}, Amounts: true,
			Drivers: insight.Noun{One: "repository", Many: "repositories"}, drivers: partsOfField((*db.Queries).DriversCollectionRows, field),
		}
	case collectionErrors:
		return &Metric{
			Name: name, Field: field, Noun: insight.Noun{One: "failed run of the " + field + " phase", Many: "failed runs of the " + field + " phase"}, RisesOnly: true,
			Drivers: insight.Noun{One: "reason", Many: "reasons"}, drivers: partsOfField((*db.Queries).DriversCollectionErrors, field),
		}
	case collectionPoints:
		return &Metric{
			Name: name, Field: field, Noun: insight.Noun{One: "point of the budget of " + field, Many: "points of the budget of " + field}, Amounts: true, RisesOnly: true,
			Drivers: kinds, drivers: partsOfField((*db.Queries).DriversCollectionPoints, field),
		}
	case collectionFailures:
		return &Metric{
			Name: name, Field: field, Noun: insight.Noun{One: "request to " + field + " in vain", Many: "requests to " + field + " in vain"}, RisesOnly: true,
			Drivers: kinds, drivers: partsOfField((*db.Queries).DriversCollectionFailures, field),
		}
	}
	return nil
}

// fieldParams are the parameters of a query about some days of a series of the collection.
type fieldParams interface {
	~struct {
		Field          string
		FromDay, ToDay time.Time
	}
}

// partsOfField asks for the drivers of a series of the collection.
func partsOfField[P fieldParams, Row partRow](ask func(*db.Queries, context.Context, db.DBTX, P) ([]Row, error), field string) func(context.Context, db.DBTX, span) ([]part, error) {
	return func(ctx context.Context, tx db.DBTX, s span) ([]part, error) {
		rows, err := ask(db.New(), ctx, tx, P{Field: field, FromDay: s.FromDay, ToDay: s.ToDay})
		return converted(rows, func(r Row) part { return part(r) }), err
	}
}

// JudgeCollection notes what the collection did on the days that are over, and judges them, once: nothing changes about them later. It writes in the transaction. Days
// that another process is closing are left to it.
func (s *Source) JudgeCollection(ctx context.Context, tx pgx.Tx) (*Found, error) {
	found := &Found{RepoID: TheCollection, queries: s.queries}
	due, err := s.collectionDue(ctx, tx)
	if err != nil || !due {
		return found, err
	}
	taken, err := s.queries.TryCollectionTurn(ctx, tx)
	if err != nil {
		return nil, fmt.Errorf("take the turn to judge the collection: %w", err)
	}
	if !taken {
		return found, nil
	}
	first, err := s.queries.CloseCollectionDays(ctx, tx)
	if errors.Is(err, pgx.ErrNoRows) {
		return found, nil
	}
	if err != nil {
		return nil, fmt.Errorf("note what the collection did: %w", err)
	}
	settings := config.Of[insight.Settings](s.settings)
	all, err := s.collectionSeries(ctx, tx, first.AddDate(0, 0, -settings.TrainingDays))
	if err != nil {
		return nil, err
	}
	judged := make([]judged, 0, len(all))
	for _, c := range all {
		judged = append(judged, c.judge(settings, first, found))
	}
	if err := s.conclude(ctx, tx, found, judged); err != nil {
		return nil, err
	}
	if err := found.Save(ctx, tx); err != nil {
		return nil, err
	}
	return found, nil
}

// collectionDue tells whether there are days of the collection that are over and not judged.
func (s *Source) collectionDue(ctx context.Context, tx db.DBTX) (bool, error) {
	due, err := s.queries.CollectionDue(ctx, tx)
	if err != nil {
		return false, fmt.Errorf("ask whether the collection of yesterday was judged: %w", err)
	}
	return due, nil
}

// collectionSeries is a series of the collection with its values, from its first known day on.
type collectionSeries struct {
	metric *Metric
	insight.Series
}

// collectionSeries reads the series of the collection from a day on.
func (s *Source) collectionSeries(ctx context.Context, tx db.DBTX, from time.Time) ([]*collectionSeries, error) {
	rows, err := s.queries.CollectionSeries(ctx, tx, from)
	if err != nil {
		return nil, fmt.Errorf("read what the collection did: %w", err)
	}
	var all []*collectionSeries
	var c *collectionSeries
	for _, row := range rows {
		if c == nil || c.metric.Name != row.Metric || c.metric.Field != row.Field {
			m := collectionMetric(row.Metric, row.Field)
			if m == nil || row.Value == nil {
				continue // of another version, or not begun yet
			}
			c = &collectionSeries{metric: m, Series: insight.Series{First: row.Day}}
			all = append(all, c)
		}
		for !c.Date(len(c.Values)).After(row.Day) {
			c.Values = append(c.Values, math.NaN())
		}
		if row.Value != nil {
			c.Values[len(c.Values)-1] = *row.Value
		}
	}
	return all, nil
}

// judge judges the days from one on; of a series that is looked at for the first time only the newest, as a long past is no news.
func (c *collectionSeries) judge(settings insight.Settings, from time.Time, found *Found) judged {
	if !c.First.Before(from) {
		from = c.Date(len(c.Values) - settings.AnomalyDays)
	}
	verdicts := insight.Replay(c.metric.judge(settings, c.First), c.Values)
	j := judged{metric: c.metric, verdicts: verdicts[min(len(verdicts), max(0, daysBetween(c.First, from))):]}
	j.past = func(context.Context, db.DBTX, time.Time) (*insight.Series, error) { return &c.Series, nil }
	found.Series++
	found.Days += len(j.verdicts)
	return j
}

// replayCollection judges days of a series of the collection as if it had always been done, without writing anything.
func (s *Source) replayCollection(ctx context.Context, tx db.DBTX, m *Metric, from, to time.Time) ([]insight.Verdict, error) {
	settings := config.Of[insight.Settings](s.settings)
	all, err := s.collectionSeries(ctx, tx, from.AddDate(0, 0, -settings.TrainingDays))
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.metric.Name != m.Name || c.metric.Field != m.Field {
			continue
		}
		values := c.Values[:min(len(c.Values), max(0, daysBetween(c.First, to)+1))]
		verdicts := insight.Replay(m.judge(settings, c.First), values)
		return verdicts[min(len(verdicts), max(0, daysBetween(c.First, from))):], nil
	}
	return nil, nil
}

// metricOf finds the series of a repository or of the collection.
func metricOf(name, field string) (*Metric, error) {
	if strings.HasPrefix(name, gapMetric.Name) {
		if m := collectionMetric(name, field); m != nil {
			return m, nil
		}
	}
	return MetricNamed(name)
}

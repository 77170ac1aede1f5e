package insights

import (
	"context"
	"fmt"
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
	known, err := s.queries.RepoKnown(ctx, tx, repoID)
	if err != nil {
		return nil, fmt.Errorf("ask until when repository %d is known: %w", repoID, err)
	}
	last, ok := knownUntil(m.Phase, known)
	if !ok {
		return nil, nil
	}
	begin, err := s.firstDay(ctx, tx, repoID)()
	if err != nil {
		return nil, err
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
		return nil, err
	}
	verdicts := insight.Replay(m.judge(settings, first), series.Values)
	return verdicts[min(len(verdicts), max(0, daysBetween(first, from))):], nil
}

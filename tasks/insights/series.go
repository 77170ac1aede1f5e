package insights

import (
	"context"
	"fmt"
	"math"
	"time"

	"augur/db"
	"augur/insight"
	"augur/tasks"
)

// Metric is a daily series of a repository. Metric and field are named as Augur's API names them.
type Metric struct {
	Name, Field string
	// Phase is the one whose collection says until when the series is known.
	Phase tasks.Phase
	Noun  insight.Noun
	// What the drivers are.
	Drivers insight.Noun
	// Amounts are sums of sizes; Waits are waiting times: a day without any is unknown instead of 0, and only long ones are reported.
	Amounts, Waits bool

	values  func(context.Context, db.DBTX, span) ([]day, error)
	drivers func(context.Context, db.DBTX, span) ([]part, error)
}

// span is some days of a repository; to is the day after the last one.
type span struct {
	RepoID         int64
	FromDay, ToDay time.Time
}

// day is a value of a series, as queries/insights_series.sql gives it.
type day struct {
	Day   string
	Value float64
}

// part is what a driver has done, as queries/insights_drivers.sql gives it.
type part struct {
	Name   string
	Amount float64
}

// Metrics are all series, in the order in which they are judged.
func Metrics() []Metric {
	q := db.New()
	people, authors := insight.Noun{One: "person", Many: "people"}, insight.Noun{One: "author", Many: "authors"}
	return []Metric{
		{
			Name: "code-changes", Field: "commit_count", Phase: tasks.Facade, Noun: insight.Noun{One: "commit", Many: "commits"}, Drivers: authors,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesCodeChangesRow, error) {
				return q.SeriesCodeChanges(ctx, tx, db.SeriesCodeChangesParams(s))
			}, func(r db.SeriesCodeChangesRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversCommitsRow, error) {
				return q.DriversCommits(ctx, tx, db.DriversCommitsParams(s))
			}, func(r db.DriversCommitsRow) part { return part(r) }),
		},
		{
			Name: "code-changes-lines", Field: "added", Phase: tasks.Facade, Noun: insight.Noun{One: "added line", Many: "added lines"}, Drivers: insight.Noun{One: "commit", Many: "commits"}, Amounts: true,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesCodeChangesLinesRow, error) {
				return q.SeriesCodeChangesLines(ctx, tx, db.SeriesCodeChangesLinesParams(s))
			}, func(r db.SeriesCodeChangesLinesRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversLinesRow, error) {
				return q.DriversLines(ctx, tx, db.DriversLinesParams(s))
			}, func(r db.DriversLinesRow) part { return part(r) }),
		},
		{
			Name: "contributors-new", Field: "new_contributors", Phase: tasks.Facade, Noun: insight.Noun{One: "new contributor", Many: "new contributors"}, Drivers: people,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesContributorsNewRow, error) {
				return q.SeriesContributorsNew(ctx, tx, db.SeriesContributorsNewParams(s))
			}, func(r db.SeriesContributorsNewRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversContributorsNewRow, error) {
				return q.DriversContributorsNew(ctx, tx, db.DriversContributorsNewParams(s))
			}, func(r db.DriversContributorsNewRow) part { return part(r) }),
		},
		{
			Name: "issues-new", Field: "issues", Phase: tasks.Core, Noun: insight.Noun{One: "new issue", Many: "new issues"}, Drivers: people,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesIssuesNewRow, error) {
				return q.SeriesIssuesNew(ctx, tx, db.SeriesIssuesNewParams(s))
			}, func(r db.SeriesIssuesNewRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversIssuesNewRow, error) {
				return q.DriversIssuesNew(ctx, tx, db.DriversIssuesNewParams(s))
			}, func(r db.DriversIssuesNewRow) part { return part(r) }),
		},
		{
			Name: "issues-closed", Field: "issues", Phase: tasks.Core, Noun: insight.Noun{One: "closed issue", Many: "closed issues"}, Drivers: people,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesIssuesClosedRow, error) {
				return q.SeriesIssuesClosed(ctx, tx, db.SeriesIssuesClosedParams(s))
			}, func(r db.SeriesIssuesClosedRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversIssuesClosedRow, error) {
				return q.DriversIssuesClosed(ctx, tx, db.DriversIssuesClosedParams(s))
			}, func(r db.DriversIssuesClosedRow) part { return part(r) }),
		},
		{
			Name: "reviews", Field: "pull_requests", Phase: tasks.Core, Noun: insight.Noun{One: "new pull request", Many: "new pull requests"}, Drivers: authors,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesReviewsRow, error) {
				return q.SeriesReviews(ctx, tx, db.SeriesReviewsParams(s))
			}, func(r db.SeriesReviewsRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversReviewsRow, error) {
				return q.DriversReviews(ctx, tx, db.DriversReviewsParams(s))
			}, func(r db.DriversReviewsRow) part { return part(r) }),
		},
		{
			Name: "pull-requests-merged", Field: "pull_requests", Phase: tasks.Core, Noun: insight.Noun{One: "merged pull request", Many: "merged pull requests"}, Drivers: authors,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesPullRequestsMergedRow, error) {
				return q.SeriesPullRequestsMerged(ctx, tx, db.SeriesPullRequestsMergedParams(s))
			}, func(r db.SeriesPullRequestsMergedRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversPullRequestsMergedRow, error) {
				return q.DriversPullRequestsMerged(ctx, tx, db.DriversPullRequestsMergedParams(s))
			}, func(r db.DriversPullRequestsMergedRow) part { return part(r) }),
		},
		{
			Name: "time-to-first-response", Field: "hours", Phase: tasks.Core, Noun: insight.Noun{One: "hour to the first response", Many: "hours to the first response"}, Drivers: insight.Noun{One: "issue", Many: "issues"}, Waits: true,
			values: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.SeriesTimeToFirstResponseRow, error) {
				return q.SeriesTimeToFirstResponse(ctx, tx, db.SeriesTimeToFirstResponseParams(s))
			}, func(r db.SeriesTimeToFirstResponseRow) day { return day(r) }),
			drivers: query(func(ctx context.Context, tx db.DBTX, s span) ([]db.DriversFirstResponseRow, error) {
				return q.DriversFirstResponse(ctx, tx, db.DriversFirstResponseParams(s))
			}, func(r db.DriversFirstResponseRow) part { return part(r) }),
		},
	}
}

// query makes one type of the rows of queries that differ in nothing else.
func query[Row, T any](ask func(context.Context, db.DBTX, span) ([]Row, error), as func(Row) T) func(context.Context, db.DBTX, span) ([]T, error) {
	return func(ctx context.Context, tx db.DBTX, s span) ([]T, error) {
		rows, err := ask(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		all := make([]T, len(rows))
		for i, row := range rows {
			all[i] = as(row)
		}
		return all, nil
	}
}

// Read reads the values of the days from first to last, both included.
func (m *Metric) Read(ctx context.Context, tx db.DBTX, repoID int64, first, last time.Time) (*insight.Series, error) {
	series := &insight.Series{First: first, Values: make([]float64, max(0, daysBetween(first, last)+1))}
	rows, err := m.values(ctx, tx, span{RepoID: repoID, FromDay: first, ToDay: last.AddDate(0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("read %s of repository %d: %w", m.Name, repoID, err)
	}
	if m.Waits {
		for i := range series.Values {
			series.Values[i] = math.NaN()
		}
	}
	for _, row := range rows {
		date, err := time.Parse(time.DateOnly, row.Day)
		if err != nil {
			continue // a date that is none comes from a commit: it belongs to no day
		}
		if i := daysBetween(first, date); i >= 0 && i < len(series.Values) {
			series.Values[i] = row.Value
		}
	}
	return series, nil
}

// drive asks who or what is behind a verdict.
func (m *Metric) drive(ctx context.Context, tx db.DBTX, repoID int64, v *insight.Verdict) ([]insight.Driver, error) {
	if !v.Up() {
		return nil, nil // what did not happen was nobody
	}
	parts, err := m.drivers(ctx, tx, span{RepoID: repoID, FromDay: v.Date.AddDate(0, 0, 1-v.Days), ToDay: v.Date.AddDate(0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("ask what is behind %s of repository %d: %w", m.Name, repoID, err)
	}
	var total float64
	for _, p := range parts {
		total += p.Amount
	}
	drivers := make([]insight.Driver, len(parts))
	for i, p := range parts {
		drivers[i] = insight.Driver{Name: p.Name, Share: p.Amount / math.Max(total, 1e-9)}
	}
	return insight.Drivers(drivers), nil
}

// daysBetween is how many days later is after earlier.
func daysBetween(earlier, later time.Time) int { return int(later.Sub(earlier) / (24 * time.Hour)) }

// dayOf is the day of an instant, in UTC.
func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

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
	// Rows ends the kinds of the tasks that bring what is counted: when these bring nothing anywhere, a fall says nothing about the repository.
	Rows string
	Noun insight.Noun
	// What the drivers are.
	Drivers insight.Noun
	// Amounts are sums of sizes. Waits are waiting times: a day without any is unknown instead of 0. RisesOnly: too little is nothing to report.
	Amounts, Waits, RisesOnly bool

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
	people, authors := insight.Noun{One: "person", Many: "people"}, insight.Noun{One: "author", Many: "authors"}
	return []Metric{
		{
			Name: "code-changes", Field: "commit_count", Phase: tasks.Facade, Rows: "commits", Noun: insight.Noun{One: "commit", Many: "commits"}, Drivers: authors,
			values: valuesOf((*db.Queries).SeriesCodeChanges), drivers: partsOf((*db.Queries).DriversCommits),
		},
		{
			Name: "code-changes-lines", Field: "added", Phase: tasks.Facade, Rows: "commits", Noun: insight.Noun{One: "added line", Many: "added lines"},
			Drivers: insight.Noun{One: "commit", Many: "commits"}, Amounts: true,
			values: valuesOf((*db.Queries).SeriesCodeChangesLines), drivers: partsOf((*db.Queries).DriversLines),
		},
		{
			Name: "contributors-new", Field: "new_contributors", Phase: tasks.Facade, Rows: "commits", Noun: insight.Noun{One: "new contributor", Many: "new contributors"}, Drivers: people,
			values: valuesOf((*db.Queries).SeriesContributorsNew), drivers: partsOf((*db.Queries).DriversContributorsNew),
		},
		{
			Name: "issues-new", Field: "issues", Phase: tasks.Core, Rows: "issues", Noun: insight.Noun{One: "new issue", Many: "new issues"}, Drivers: people,
			values: valuesOf((*db.Queries).SeriesIssuesNew), drivers: partsOf((*db.Queries).DriversIssuesNew),
		},
		{
			Name: "issues-closed", Field: "issues", Phase: tasks.Core, Rows: "issues", Noun: insight.Noun{One: "closed issue", Many: "closed issues"}, Drivers: people,
			values: valuesOf((*db.Queries).SeriesIssuesClosed), drivers: partsOf((*db.Queries).DriversIssuesClosed),
		},
		{
			Name: "reviews", Field: "pull_requests", Phase: tasks.Core, Rows: "pull_requests", Noun: insight.Noun{One: "new pull request", Many: "new pull requests"}, Drivers: authors,
			values: valuesOf((*db.Queries).SeriesReviews), drivers: partsOf((*db.Queries).DriversReviews),
		},
		{
			Name: "pull-requests-merged", Field: "pull_requests", Phase: tasks.Core, Rows: "pull_requests", Noun: insight.Noun{One: "merged pull request", Many: "merged pull requests"}, Drivers: authors,
			values: valuesOf((*db.Queries).SeriesPullRequestsMerged), drivers: partsOf((*db.Queries).DriversPullRequestsMerged),
		},
		{
			Name: "time-to-first-response", Field: "hours", Phase: tasks.Core, Rows: "messages", Noun: insight.Noun{One: "hour to the first response", Many: "hours to the first response"},
			Drivers: insight.Noun{One: "issue", Many: "issues"}, Waits: true, RisesOnly: true,
			values: valuesOf((*db.Queries).SeriesTimeToFirstResponse), drivers: partsOf((*db.Queries).DriversFirstResponse),
		},
	}
}

// spanParams are the parameters of a query about some days of a repository, valueRow and partRow rows of one.
type (
	spanParams interface {
		~struct {
			RepoID         int64
			FromDay, ToDay time.Time
		}
	}
	valueRow interface {
		~struct {
			Day   string
			Value float64
		}
	}
	partRow interface {
		~struct {
			Name   string
			Amount float64
		}
	}
)

// valuesOf asks for the values of a series.
func valuesOf[P spanParams, Row valueRow](ask func(*db.Queries, context.Context, db.DBTX, P) ([]Row, error)) func(context.Context, db.DBTX, span) ([]day, error) {
	return func(ctx context.Context, tx db.DBTX, s span) ([]day, error) {
		rows, err := ask(db.New(), ctx, tx, P(s))
		return converted(rows, func(r Row) day { return day(r) }), err
	}
}

// partsOf asks for drivers.
func partsOf[P spanParams, Row partRow](ask func(*db.Queries, context.Context, db.DBTX, P) ([]Row, error)) func(context.Context, db.DBTX, span) ([]part, error) {
	return func(ctx context.Context, tx db.DBTX, s span) ([]part, error) {
		rows, err := ask(db.New(), ctx, tx, P(s))
		return converted(rows, func(r Row) part { return part(r) }), err
	}
}

// converted makes one type of the rows of queries that differ in nothing else.
func converted[Row, T any](rows []Row, as func(Row) T) []T {
	all := make([]T, len(rows))
	for i, row := range rows {
		all[i] = as(row)
	}
	return all
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

// pastDays is how far back it is asked whether it was like this before: the year that a day is compared with, and as much before it as says something about that
// year.
const pastDays = 2 * 366

// past reads the days up to one, at most pastDays and not from before earliest.
func (m *Metric) past(ctx context.Context, tx db.DBTX, repoID int64, earliest, upTo time.Time) (*insight.Series, error) {
	first := upTo.AddDate(0, 0, -pastDays)
	if first.Before(earliest) {
		first = earliest
	}
	return m.Read(ctx, tx, repoID, first, upTo)
}

// judge is the detector of the settings for the series.
func (m *Metric) judge(settings insight.Settings, first time.Time) insight.Judge {
	return settings.Judge(first, m.Amounts, m.RisesOnly)
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

package github

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/tasks/github/api"
)

// timelinesBeyond is how many events GitHub lists at most; more are read from timelines.
const timelinesBeyond = 30_000

// activityRequests is how many requests the events of ten people take: most have less than a page, few have all three.
const activityRequests = 14

// estimator tells what tasks cost in a first collection. People are not known: there are some 2 for each 100 issues and pull requests in repositories of all sizes.
type estimator struct {
	settings Settings
	// people and requests are for how many people, and with how many requests, what they do elsewhere is asked for in an hour in which nobody was. The repositories of a
	// plan share them: what is left over comes with later runs.
	people, requests int64
	// emails is how many e-mails the commits of repositories have, as far as these are stored.
	emails map[int64]int64
}

func newEstimator(ctx context.Context, pool *pgxpool.Pool, settings Settings, plans []RepoPlan) (*estimator, error) {
	e := &estimator{settings: settings, people: int64(settings.BreadthPerDay), emails: map[int64]int64{}}
	q := db.New()
	budget, err := q.GithubBreadthBudget(ctx, pool, db.GithubBreadthBudgetParams{Platform: api.Platform, Resource: api.Core, Kind: KindBreadth})
	if err != nil {
		return nil, fmt.Errorf("read the budget for events of contributors: %w", err)
	}
	e.requests = budget.Points * int64(settings.BreadthShare) / 100
	var ids []int64
	for i := range plans {
		if plans[i].RepoID != 0 {
			ids = append(ids, plans[i].RepoID)
		}
	}
	rows, err := q.CommitEmailsOf(ctx, pool, ids)
	if err != nil {
		return nil, fmt.Errorf("count the e-mails in commits: %w", err)
	}
	for _, row := range rows {
		e.emails[row.RepoID] = row.Emails
	}
	return e, nil
}

// tasks are what the tasks of a repository cost. One that is not here asks GitHub nothing.
func (e *estimator) tasks(repo int64, c Counts) []TaskPlan {
	items := c.Issues + c.PullRequests
	list := func(n int64) int64 { return max(pages(n, 100), 1) }
	accounts := max(items/50, 30)
	emails, stored := e.emails[repo]
	if !stored {
		emails = accounts
	}
	looks := int64(1)
	if e.settings.FreshFor == 0 {
		looks = 2 // each phase has its own
	}
	events := Cost{Core: list(c.Events)}
	if c.Events > timelinesBeyond {
		events = Cost{Core: 1, GraphQL: pages(c.Issues, timelinesAtOnce) + pages(c.PullRequests, timelinesAtOnce)}
	}
	plan := []TaskPlan{
		{Kind: KindMove, Expected: Cost{GraphQL: looks}},
		{Kind: KindIssues, Expected: Cost{Core: list(items)}},
		{Kind: KindPullRequests, Expected: Cost{Core: list(c.PullRequests)}},
		{Kind: KindMessages, Expected: Cost{Core: list(c.Comments)}},
		{Kind: KindEvents, Expected: events},
		{Kind: KindContributors, Expected: Cost{Core: list(accounts)}},
		{Kind: KindRepo, Expected: Cost{GraphQL: pages(c.Releases-100, 100) + pages(c.Tags-100, 100)}},
		{Kind: KindPeople, Expected: Cost{GraphQL: pages(accounts, peopleAtOnce)}},
		{Kind: KindPullRequestChildren, Expected: Cost{GraphQL: max(pages(c.PullRequests, int64(e.settings.PullRequestsAtOnce)), 1) + pages(c.LongLists, restsAtOnce)}},
		{Kind: KindReviewMessages, Expected: Cost{Core: list(c.ReviewComments)}},
		{Kind: KindCommitPeople, Expected: Cost{GraphQL: pages(emails, emailsAtOnce)}},
	}
	if e.settings.Clones {
		plan = append(plan, TaskPlan{Kind: KindClones, Expected: Cost{Core: 1}})
	}
	if e.settings.BreadthPerDay > 0 {
		plan = append(plan, TaskPlan{Kind: KindBreadth, Expected: Cost{Core: e.activity(accounts)}})
	}
	return plan
}

// activity is what is asked about so many people, as far as there is room.
func (e *estimator) activity(people int64) int64 {
	people = min(people, e.people)
	requests := min(pages(people*activityRequests, 10), e.requests)
	e.people, e.requests = e.people-people, e.requests-requests
	return requests
}

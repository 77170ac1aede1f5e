package github

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/github/api"
)

// KindPlan is what requests for plans are counted to.
const KindPlan = "github_plan"

// Counts are how long the lists of a repository are. Comments and events are estimates: GitHub does not tell.
type Counts struct {
	Issues         int64 `json:"issues"`
	PullRequests   int64 `json:"pull_requests"`
	Releases       int64 `json:"releases"`
	Tags           int64 `json:"tags"`
	Comments       int64 `json:"comments"`
	ReviewComments int64 `json:"review_comments"`
	Events         int64 `json:"events"`
	// LongLists counts the pages of lists inside of pull requests that need a question of their own.
	LongLists int64 `json:"long_lists"`
	// Sampled is of how many issues and pull requests the estimates are made; 0: of those of the model repository.
	Sampled int64 `json:"sampled"`
}

// Cost is what something costs: requests of REST, and points of GraphQL.
type Cost struct {
	Core    int64 `json:"core"`
	GraphQL int64 `json:"graphql"`
}

func (c *Cost) add(other Cost) { c.Core, c.GraphQL = c.Core+other.Core, c.GraphQL+other.GraphQL }

// TaskPlan is what a task is expected to cost in a first collection, and what it did cost.
type TaskPlan struct {
	Kind     string `json:"kind"`
	Expected Cost   `json:"expected"`
	// First and Last are what the first and the last collection spent; nil: nothing that the ledger knows of.
	First *Cost `json:"first,omitempty"`
	Last  *Cost `json:"last,omitempty"`
}

// RepoPlan is what a repository is expected to cost.
type RepoPlan struct {
	URL string `json:"url"`
	// RepoID is 0 for one that is not in the database.
	RepoID int64 `json:"repo_id,omitempty"`
	// MovedTo is its address now, when that is another.
	MovedTo string `json:"moved_to,omitempty"`
	// Missing says that GitHub does not show it: there is no estimate then.
	Missing  bool       `json:"missing,omitempty"`
	Counts   *Counts    `json:"counts,omitempty"`
	Expected Cost       `json:"expected"`
	First    *Cost      `json:"first,omitempty"`
	Last     *Cost      `json:"last,omitempty"`
	Tasks    []TaskPlan `json:"tasks"`
}

// UpdateCost is what an update costs when something has changed, and no list by more than a page. One where nothing has changed costs its share of one query.
var UpdateCost = Cost{Core: 7, GraphQL: 2}

// PlanOptions say what a plan is about.
type PlanOptions struct {
	// URLs are canonical, and on GitHub; each once.
	URLs []string
	// Sample looks at some issues and pull requests of each: one query for each repository in place of one for many.
	Sample bool
}

// Plan tells what repositories on GitHub are expected to cost, in the order of their addresses.
func Plan(ctx context.Context, pool *pgxpool.Pool, settings *config.Store, service *api.Service, o PlanOptions) ([]RepoPlan, error) {
	urls := o.URLs
	plans, repos := make([]RepoPlan, len(urls)), make([]api.Repo, len(urls))
	for i, url := range urls {
		repo, err := nameOf(url)
		if err != nil {
			return nil, err
		}
		plans[i], repos[i] = RepoPlan{URL: url, Tasks: []TaskPlan{}}, repo
	}
	if err := spent(ctx, pool, urls, plans); err != nil {
		return nil, err
	}
	of := config.Of[Settings](settings)
	found := make([]*planAnswer, 0, len(urls))
	size, fields := of.ReposAtOnce, planFields
	if o.Sample {
		size, fields = 1, planFields+sampleFields()
	}
	client := service.Client(api.Who{Kind: KindPlan})
	for len(found) < len(repos) {
		batch := repos[len(found):min(len(found)+size, len(repos))]
		answers, err := askPlan(ctx, client, batch, fields)
		if errors.Is(err, api.ErrTooCostly) && (size > 1 || fields != planFields) {
			size, fields = max(size/2, 1), planFields
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, answers...)
	}
	// Only now it is known what the keys have.
	estimates, err := newEstimator(ctx, pool, of, plans)
	if err != nil {
		return nil, err
	}
	for i, answer := range found {
		plans[i].expect(answer, estimates)
	}
	return plans, nil
}

// expect adds what GitHub says about the repository.
func (p *RepoPlan) expect(answer *planAnswer, estimates *estimator) {
	if p.Missing = answer == nil; p.Missing {
		return
	}
	if u, err := giturl.Parse("https://github.com/"+answer.NameWithOwner, giturl.Policy{}); err == nil && u.Canonical != p.URL {
		p.MovedTo = u.Canonical
	}
	counts := answer.counts()
	p.Counts = &counts
	for _, task := range estimates.tasks(p.RepoID, counts) {
		p.Expected.add(task.Expected)
		p.task(task.Kind).Expected = task.Expected
	}
}

// task is the plan of a task; it is added when it is not there.
func (p *RepoPlan) task(kind string) *TaskPlan {
	i := slices.IndexFunc(p.Tasks, func(t TaskPlan) bool { return t.Kind == kind })
	if i < 0 {
		i = len(p.Tasks)
		p.Tasks = append(p.Tasks, TaskPlan{Kind: kind})
	}
	return &p.Tasks[i]
}

// spent adds which repositories are in the database, and what was spent on them.
func spent(ctx context.Context, pool *pgxpool.Pool, urls []string, plans []RepoPlan) error {
	q := db.New()
	known, err := q.GithubReposOf(ctx, pool, db.GithubReposOfParams{URLs: urls})
	if err != nil {
		return fmt.Errorf("look for the repositories: %w", err)
	}
	ids, places, byURL := make([]int64, len(known)), make(map[int64]int, len(known)), make(map[string]int, len(urls))
	for i, url := range urls {
		byURL[url] = i
	}
	for i, row := range known {
		place := byURL[row.RepoGit]
		ids[i], places[row.RepoID], plans[place].RepoID = row.RepoID, place, row.RepoID
	}
	rows, err := q.CollectionsSpent(ctx, pool, ids)
	if err != nil {
		return fmt.Errorf("sum up what collections spent: %w", err)
	}
	for _, row := range rows {
		plan, cost := &plans[places[row.RepoID]], Cost{row.Core, row.Graphql}
		task := plan.task(row.Kind)
		sums := []**Cost{&plan.Last, &task.Last}
		if row.First {
			sums = []**Cost{&plan.First, &task.First}
		}
		for _, sum := range sums {
			if *sum == nil {
				*sum = new(Cost)
			}
			(*sum).add(cost)
		}
	}
	return nil
}

// GroupURLs are the addresses of the repositories on GitHub of a group.
func GroupURLs(ctx context.Context, pool *pgxpool.Pool, group int64) ([]string, error) {
	q := db.New()
	names, err := q.RepoGroupNames(ctx, pool, []int64{group})
	if err != nil {
		return nil, fmt.Errorf("look for group %d: %w", group, err)
	}
	if len(names) == 0 {
		return nil, tasks.Hint(fmt.Errorf("group %d does not exist", group), "`augur db get-repo-groups` lists them")
	}
	rows, err := q.GithubReposOf(ctx, pool, db.GithubReposOfParams{RepoGroupID: group, URLs: []string{}})
	if err != nil {
		return nil, fmt.Errorf("list the repositories of group %d: %w", group, err)
	}
	urls := make([]string, len(rows))
	for i, row := range rows {
		urls[i] = row.RepoGit
	}
	return urls, nil
}

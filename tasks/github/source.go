package github

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	attribution "augur/db/people"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/github/api"
)

// Kinds of the tasks. Those that read a list name its cursor, too.
const (
	KindMove                = "github_move"
	KindRepo                = "github_repo"
	KindIssues              = "github_issues"
	KindPullRequests        = "github_pull_requests"
	KindMessages            = "github_messages"
	KindEvents              = "github_events"
	KindContributors        = "github_contributors"
	KindPeople              = "github_people"
	KindPullRequestChildren = "github_pull_request_children"
	KindReviewMessages      = "github_review_messages"
	KindCommitPeople        = "github_commit_people"
	KindClones              = "github_clones"
	KindBreadth             = "github_breadth"
)

// Options are what the source needs to know about its process.
type Options struct {
	// Version of the program, for the User-Agent.
	Version string
	// Now is the machine's clock; nil means time.Now. It only stands in for GitHub's own, when an answer has no date.
	Now func() time.Time
	// People tells what the settings say about attributing commits; nil means all of it.
	People func() attribution.Rules
	Log    *slog.Logger
	// LongestEvents is the number of pages after which the list of events ends, without a word; 0 means GitHub's 300. Tests have less.
	LongestEvents int
}

func (o Options) now() time.Time {
	if o.Now == nil {
		return time.Now().UTC()
	}
	return o.Now().UTC()
}

func (o Options) rules() attribution.Rules {
	if o.People == nil {
		return attribution.Rules{Contributors: true, Affiliations: true, Caches: true, ToolVersion: o.Version}
	}
	return o.People()
}

// Source makes the tasks. It is safe for concurrent use.
type Source struct {
	options  Options
	settings *config.Store
	queries  *db.Queries

	noEmails atomic.Bool // no key may ask for e-mail addresses

	mu      sync.Mutex
	service *api.Service // nil before the first job, which brings the pool
}

// Add adds the tasks of repositories on GitHub to the catalog: the look at the repository before the core and the secondary phase, and what they consist of.
func Add(catalog *tasks.Catalog, settings *config.Store, o Options) {
	s := &Source{options: o, settings: settings, queries: db.New()}
	addWhere := func(enabled func(*config.Store) bool, kind string, phase tasks.Phase, worker tasks.WorkerFunc, after ...string) {
		catalog.Add(tasks.Task{
			Kind: kind, Phase: phase, Platforms: []giturl.Platform{giturl.GitHub}, After: after, Worker: worker, Enabled: enabled,
			Timeout: func(c *config.Store) time.Duration { return config.Of[Settings](c).TaskTimeout },
		})
	}
	add := func(kind string, phase tasks.Phase, worker tasks.WorkerFunc, after ...string) {
		addWhere(HasKey, kind, phase, worker, after...)
	}
	add(KindMove, tasks.Prelim, s.move)
	add(KindIssues, tasks.Core, collectSince(s, issues()))
	add(KindPullRequests, tasks.Core, collectNewest(s, pullRequests()))
	add(KindMessages, tasks.Core, collectSince(s, messages()), KindIssues, KindPullRequests)
	add(KindEvents, tasks.Core, s.events, KindIssues, KindPullRequests)
	add(KindContributors, tasks.Core, s.contributors)
	add(KindRepo, tasks.Core, s.repo, KindContributors)
	add(KindPeople, tasks.Core, s.details, KindMessages, KindEvents, KindContributors)
	add(KindPullRequestChildren, tasks.Secondary, s.pullRequestChildren)
	add(KindReviewMessages, tasks.Secondary, collectSince(s, reviewMessages()), KindPullRequestChildren)
	add(KindCommitPeople, tasks.Secondary, s.commitPeople)
	addWhere(clonesEnabled, KindClones, tasks.Secondary, s.clones)
	addWhere(breadthEnabled, KindBreadth, tasks.Secondary, s.breadth, KindReviewMessages) // last: it takes what others leave
	catalog.AtEnd(s.close)
}

// client is who asks GitHub for a task, and what its repository is called there.
func (s *Source) client(c *tasks.Collection, kind string) (*api.Client, api.Repo, error) {
	repo, err := nameOf(c.Repo.URL)
	if err != nil {
		return nil, repo, err
	}
	service, err := s.open(c.Pool())
	if err != nil {
		return nil, repo, err
	}
	return service.Client(api.Who{JobID: c.JobID, RepoID: c.Repo.ID, Kind: kind}), repo, nil
}

// apiAddress is the address of the API, without a slash at its end.
func (s *Source) apiAddress() string {
	return strings.TrimRight(config.Of[api.Settings](s.settings).APIURL, "/")
}

// open makes the service on first use: a catalog is made before there is a database.
func (s *Source) open(pool *pgxpool.Pool) (*api.Service, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.service == nil {
		service, err := api.New(pool, s.settings, api.Options{Version: s.options.Version, Log: s.options.Log})
		if err != nil {
			return nil, fmt.Errorf("prepare the API of GitHub: %w", err)
		}
		s.service = service
	}
	return s.service, nil
}

// close tells the ledger what the keys were used for, and gives back what they were not.
func (s *Source) close(ctx context.Context) error {
	s.mu.Lock()
	service := s.service
	s.mu.Unlock()
	if service == nil {
		return nil
	}
	if err := service.Close(ctx); err != nil {
		return fmt.Errorf("give back the budget of GitHub: %w", err)
	}
	return nil
}

// nameOf is the owner and the name in a canonical URL of GitHub.
func nameOf(canonical string) (api.Repo, error) {
	u, err := giturl.Parse(canonical, giturl.Policy{})
	if err != nil || u.Platform != giturl.GitHub {
		return api.Repo{}, tasks.As(fmt.Errorf("%s is no repository on GitHub", giturl.Redact(canonical)), tasks.ErrInvalid)
	}
	_, path, _ := strings.Cut(u.Canonical, "://")
	parts := strings.Split(path, "/")
	if len(parts) != 3 {
		return api.Repo{}, tasks.As(fmt.Errorf("%s names no owner and repository on GitHub", u.Canonical), tasks.ErrInvalid)
	}
	return api.Repo{Owner: parts[1], Name: parts[2]}, nil
}

// asker asks queries of GraphQL; *api.Client is one.
type asker interface {
	Query(ctx context.Context, operation, text string, variables map[string]any, out any) (api.Reply, error)
}

package github_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/db/people"
	"augur/tasks"
	"augur/tasks/apikey"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/github/contenttest"
	"augur/tasks/github/githubtest"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a GitHub, and a database that collects one repository of it.
type world struct {
	t       *testing.T
	forge   *githubtest.Server
	pool    *pgxpool.Pool
	repo    int64
	options []string
	told    io.Writer           // everything that the source logs; nil: nothing is kept
	longest int                 // pages of the list of events; 0: as many as GitHub gives
	rules   func() people.Rules // nil: the usual ones
}

// name is the repository that tests collect.
const name = "octo/widget"

// shape is a small repository with more than a page of everything.
func shape() githubtest.Shape {
	return githubtest.Shape{
		Issues: 130, Pulls: 60, Files: 2, Commits: 2, Reviews: 2, ReviewComments: 2, Comments: 260, Events: 420, Contributors: 24, Releases: 4, Tags: 6, Labels: 8, Milestones: 2,
	}
}

func setup(t *testing.T, options ...githubtest.Option) *world {
	t.Helper()
	return setupWith(t, githubtest.New(t, append([]githubtest.Option{githubtest.With(name, shape())}, options...)...))
}

// setupSmall is for tests that need some of everything, but no second page of it.
func setupSmall(t *testing.T, options ...githubtest.Option) *world {
	t.Helper()
	return setupWith(t, githubtest.New(t, append([]githubtest.Option{githubtest.With(name, githubtest.SmallShape())}, options...)...))
}

func setupWith(t *testing.T, forge *githubtest.Server) *world {
	t.Helper()
	return setupNamed(t, forge, name)
}

func setupNamed(t *testing.T, forge *githubtest.Server, repo string) *world {
	t.Helper()
	w := &world{t: t, forge: forge, pool: dbtest.New(t)}
	w.repo = tasktest.AddRepo(t, w.pool, "https://github.com/"+repo)
	return w
}

// another is an empty database that collects the same repository.
func (w *world) another() *world {
	w.t.Helper()
	return setupWith(w.t, w.forge)
}

func (w *world) settings() *config.Store {
	return config.Static(config.NewRegistry(config.NewSection[api.Settings]("GitHub"), config.NewSection[github.Settings]("GitHub"), config.NewSection[apikey.Keys]("Keys")),
		append([]string{"GitHub.api_url=" + w.forge.URL(), "GitHub.graphql_url=" + w.forge.GraphQLURL(), "Keys.github_api_key=" + w.forge.Token(), "GitHub.fresh_for=0s", "GitHub.breadth_per_day=0", "GitHub.requests_per_minute=100000"}, w.options...)...)
}

// log is where the source tells what it does.
func (w *world) log() *slog.Logger {
	if w.told == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(w.told, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (w *world) catalog() *tasks.Catalog {
	catalog := tasks.NewCatalog()
	github.Add(catalog, w.settings(), github.Options{Version: "test", Now: w.forge.Clock().Now, People: w.rules, Log: w.log(), LongestEvents: w.longest})
	return catalog
}

// collect runs a phase and returns how it ended.
func (w *world) collect(phase tasks.Phase) tasktest.Outcome {
	w.t.Helper()
	return tasktest.Collect(w.t, w.pool, w.catalog(), w.settings(), phase, w.repo)
}

// collectWell runs the core and the secondary phase.
func (w *world) collectWell() {
	w.t.Helper()
	for _, phase := range []tasks.Phase{tasks.Core, tasks.Secondary} {
		got := w.collect(phase)
		require.Equal(w.t, "Success", got.Outcome, got.Reason)
	}
}

// strings is the first column of a query.
func (w *world) strings(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), query, args...)
	require.NoError(w.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.t, err)
	return list
}

// count is the one number that a query selects.
func (w *world) count(query string, args ...any) int {
	w.t.Helper()
	var n int
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query, args...).Scan(&n))
	return n
}

// content is everything that is stored, for comparing two databases or two moments.
func (w *world) content() []string {
	w.t.Helper()
	lines, err := contenttest.Lines(w.t.Context(), w.pool)
	require.NoError(w.t, err)
	return lines
}

// versions are the places of all rows, which change when a row is written, even with the same content.
func (w *world) versions() []string {
	w.t.Helper()
	var places []string
	for _, table := range []string{
		"issues", "issue_labels", "issue_assignees", "issue_events", "pull_requests", "pull_request_labels", "pull_request_assignees", "pull_request_reviewers",
		"pull_request_teams", "pull_request_meta", "pull_request_repo", "pull_request_files", "pull_request_commits", "pull_request_reviews", "pull_request_events",
		"message", "issue_message_ref", "pull_request_message_ref", "pull_request_review_message_ref", "contributors", "contributors_aliases", "releases", "repo_info",
		"repo", "contributor_repo", "repo_clones_data",
	} {
		places = append(places, w.strings("SELECT '"+table+"' || ctid::text FROM augur_data."+table+" ORDER BY ctid")...)
	}
	return places
}

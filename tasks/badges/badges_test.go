package badges_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/tasks"
	"augur/tasks/badges"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const repository = "https://github.com/octo/widget"

// world is a badge service, and a database that collects one repository.
type world struct {
	t    *testing.T
	pool *pgxpool.Pool
	repo int64
	base string

	mu     sync.Mutex
	status int
	body   string
	asked  int
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: dbtest.New(t), status: http.StatusOK, body: "[]"}
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked++
		out.WriteHeader(w.status)
		_, _ = out.Write([]byte(w.body))
	}))
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		server.Close()
	})
	w.base = server.URL
	w.repo = tasktest.AddRepo(t, w.pool, repository)
	return w
}

func (w *world) answer(status int, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status, w.body = status, body
}

// collect runs the core phase in a process of its own, with the settings.
func (w *world) collect(options ...string) {
	w.t.Helper()
	settings := config.Static(config.NewRegistry(config.NewSection[badges.Settings]("Badges")), append([]string{"Badges.url=" + w.base, "Badges.request_interval=0s"}, options...)...)
	catalog := tasks.NewCatalog()
	catalog.Add(tasks.Task{
		Kind: "core_work", Phase: tasks.Core, Timeout: func(*config.Store) time.Duration { return time.Minute },
		Worker: tasks.WorkerFunc(func(ctx context.Context, c *tasks.Collection) error { return c.Finish(ctx, nil) }),
	})
	badges.Add(catalog, settings, badges.Options{Version: "test", Log: slog.New(slog.DiscardHandler)})
	got := tasktest.Collect(w.t, w.pool, catalog, settings, tasks.Core, w.repo)
	require.Equal(w.t, "Success", got.Outcome, got.Reason)
}

func (w *world) scalar(query string) string {
	w.t.Helper()
	var value string
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), query).Scan(&value))
	return value
}

// due makes the repository due.
func (w *world) due() {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), "UPDATE augur_operations.tree_snapshot SET checked_at = checked_at - interval '8 days'")
	require.NoError(w.t, err)
}

func TestABadgeIsStoredWhenItChanges(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(http.StatusOK, `[{"id":7,"repo_url":"`+repository+`","badge_level":"in_progress","name":"a\u0000b"}]`)
	w.collect()
	require.Equal(t, "collect_linux_badge_info test OSSF CII in_progress a�b", w.scalar("SELECT concat_ws(' ', tool_source, tool_version, data_source, data->>'badge_level', data->>'name') FROM repo_badging"))
	w.collect()
	require.Equal(t, 1, w.asked, "not yet due")
	w.due()
	w.collect()
	require.Equal(t, 2, w.asked)
	require.Equal(t, "1", w.scalar("SELECT count(*)::text FROM repo_badging"))
	w.answer(http.StatusOK, `[{"id":7,"repo_url":"`+repository+`","badge_level":"gold"}]`)
	w.due()
	w.collect()
	require.Equal(t, "2 gold", w.scalar("SELECT count(*) || ' ' || (SELECT data->>'badge_level' FROM repo_badging ORDER BY badge_collection_id DESC LIMIT 1) FROM repo_badging"))
	w.answer(http.StatusOK, `[]`)
	w.due()
	w.collect()
	require.Equal(t, "2 0", w.scalar("SELECT count(*) || ' ' || (SELECT rows FROM augur_operations.tree_snapshot WHERE kind = 'badges') FROM repo_badging"))
}

func TestAServiceThatFailsFailsNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.answer(http.StatusBadGateway, "<html>")
	w.collect()
	require.Contains(t, w.scalar("SELECT note FROM augur_operations.tree_snapshot"), "the badge service does not answer: 127.0.0.1")
	w.collect("Badges.url=http://127.0.0.1:1")
	require.Contains(t, w.scalar("SELECT note FROM augur_operations.tree_snapshot"), "connection refused")
	w.answer(http.StatusOK, `[{"id":7,"repo_url":"`+repository+`","badge_level":"silver"}]`)
	w.collect()
	require.Equal(t, "silver true", w.scalar("SELECT (data->>'badge_level') || ' ' || (SELECT note IS NULL FROM augur_operations.tree_snapshot) FROM repo_badging"))
}

func TestWithoutAnAddressNobodyIsAsked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collect("Badges.url=")
	require.Zero(t, w.asked)
}

package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings() *config.Store { return config.Static(config.NewRegistry()) }

func minute(*config.Store) time.Duration { return time.Minute }

// task is a task of the facade phase that does what work does.
func task(kind string, work tasks.WorkerFunc, after ...string) tasks.Task {
	return tasks.Task{Kind: kind, Phase: tasks.Facade, After: after, Timeout: minute, Worker: work}
}

func done(context.Context, *tasks.Collection) error { return nil }

func catalogOf(list ...tasks.Task) *tasks.Catalog {
	c := tasks.NewCatalog()
	for _, t := range list {
		c.Add(t)
	}
	return c
}

// world is a database with one repository.
type world struct {
	pool *pgxpool.Pool
	repo int64
}

func setup(t *testing.T) world {
	t.Helper()
	pool := dbtest.New(t)
	return world{pool: pool, repo: tasktest.AddRepo(t, pool, "https://github.com/chaoss/augur")}
}

func (w world) states(t *testing.T, run int64) map[string]string {
	t.Helper()
	rows, err := w.pool.Query(t.Context(), "SELECT kind, state FROM augur_operations.collection_task WHERE run_id = $1", run)
	require.NoError(t, err)
	states := map[string]string{}
	var kind, state string
	_, err = pgx.ForEachRow(rows, []any{&kind, &state}, func() error { states[kind] = state; return nil })
	require.NoError(t, err)
	return states
}

func TestPhaseRunsItsGraphInOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	order := make(chan string, 10)
	note := func(_ context.Context, c *tasks.Collection) error {
		var kind string
		err := w.pool.QueryRow(t.Context(), "SELECT kind FROM river.river_job WHERE id = $1", c.JobID).Scan(&kind)
		order <- kind
		return err
	}
	catalog := catalogOf(task("one", note), task("two_a", note, "one"), task("two_b", note, "one"), task("three", note, "two_a", "two_b"))
	got := tasktest.Collect(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	require.Equal(t, "Success", got.Outcome)
	require.Equal(t, "Success", got.Status)
	close(order)
	var ran []string
	for kind := range order {
		ran = append(ran, kind)
	}
	require.Len(t, ran, 4)
	require.Equal(t, "one", ran[0])
	require.Equal(t, "three", ran[3])
	var collected bool
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT facade_data_last_collected > clock_timestamp() AT TIME ZONE 'UTC' - interval '1 minute' AND facade_task_id IS NULL
		FROM augur_operations.collection_status`).Scan(&collected))
	require.True(t, collected, "the phase has its date, and no task id")
}

func TestTasksThatWouldFindNothingAreSpared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spared []string
		want   []string // that ran
	}{
		"none":                     {nil, []string{"beside", "first", "last", "next"}},
		"one, and not what waits":  {[]string{"next"}, []string{"beside", "first", "last"}},
		"all that wait":            {[]string{"next", "last"}, []string{"beside", "first"}},
		"what is no task, or runs": {[]string{"beside", "first", "unknown"}, []string{"beside", "first", "last", "next"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			first := func(ctx context.Context, c *tasks.Collection) error {
				return c.FinishSparing(ctx, func(context.Context, pgx.Tx) ([]string, error) { return test.spared, nil })
			}
			catalog := catalogOf(task("first", first), task("beside", done), task("next", done, "first"), task("last", done, "next"))
			got := tasktest.Collect(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
			require.Equal(t, "Success", got.Outcome)
			require.Equal(t, map[string]string{"first": "done", "beside": "done", "next": "done", "last": "done"}, w.states(t, got.RunID))
			rows, err := w.pool.Query(t.Context(), "SELECT kind FROM river.river_job ORDER BY kind")
			require.NoError(t, err)
			ran, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.Equal(t, test.want, ran)
		})
	}
}

func TestEveryChangeOfStatusIsAnEvent(t *testing.T) {
	t.Parallel()
	w := setup(t)
	tasktest.Collect(t, w.pool, catalogOf(task("only", done)), settings(), tasks.Facade, w.repo)
	rows, err := w.pool.Query(t.Context(), "SELECT format('%s %s>%s by %s', phase, from_status, to_status, who) FROM augur_operations.collection_event ORDER BY event_id")
	require.NoError(t, err)
	events, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Equal(t, []string{"facade Pending>Collecting by test", "facade Collecting>Success by worker"}, events)
}

func TestErrorsEndInTheRightOutcome(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err     error
		outcome string
		cause   string
		reason  string
	}{
		"gone":           {fmt.Errorf("clone: %w", tasks.ErrGone), "Ignore", "gone", "fails: clone: the repository does not exist"},
		"private":        {tasks.Hint(tasks.ErrPrivate, "check the URL"), "Ignore", "private", "fails: the repository is private, or does not exist (check the URL)"},
		"blocked":        {tasks.ErrBlocked, "Ignore", "blocked", "fails: access to the repository is blocked"},
		"invalid":        {fmt.Errorf("%w: no such thing", tasks.ErrInvalid), "Error", "error", "fails: not valid: no such thing"},
		"gone and error": {errors.Join(errors.New("x"), tasks.ErrGone), "Ignore", "gone", "fails: x\nthe repository does not exist"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			catalog := catalogOf(
				task("fails", func(context.Context, *tasks.Collection) error { return test.err }),
				task("never", done, "fails"), task("never_either", done, "never"), task("beside", done),
			)
			got := tasktest.Collect(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
			require.Equal(t, test.outcome, got.Outcome)
			require.Equal(t, test.outcome, got.Status)
			require.Equal(t, test.reason, got.Reason)
			require.Equal(t, map[string]string{"fails": "failed", "never": "skipped", "never_either": "skipped", "beside": "done"}, w.states(t, got.RunID))
			var cause string
			require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT cause FROM augur_operations.collection_backoff WHERE retry_at > clock_timestamp() + interval '59 minutes'").Scan(&cause))
			require.Equal(t, test.cause, cause)
		})
	}
}

func TestPersistentErrorIsTriedThreeTimes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var attempts atomic.Int32
	catalog := catalogOf(task("fails", func(context.Context, *tasks.Collection) error {
		attempts.Add(1)
		return errors.New("git: bad name \x00 here \xff, token ghp_abcdefghijklmnop, https://user:secret@example.org/x")
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	for attempt := 1; attempt < tasks.MaxAttempts; attempt++ {
		stop := start(t, w.pool, catalog)
		tasktest.Eventually(t, w.pool, "SELECT count(*) = 1 FROM river.river_job WHERE state IN ('retryable', 'scheduled') AND attempt = $1", attempt)
		stop()
		tasktest.RequireConsistent(t, w.pool)
		tasktest.Hurry(t, w.pool)
	}
	tasktest.Work(t, w.pool, catalog, settings())
	got := tasktest.Last(t, w.pool, tasks.Facade, w.repo)
	require.Equal(t, "Error", got.Outcome)
	require.EqualValues(t, tasks.MaxAttempts, attempts.Load())
	require.Equal(t, "fails: git: bad name \uFFFD here \uFFFD, token ghp_xxxxx, https://xxxxx@example.org/x", got.Reason)
	var leaks int
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM river.river_job WHERE errors::text ~ 'secret|abcdefgh'").Scan(&leaks))
	require.Zero(t, leaks, "secrets in job rows")
}

// start runs a worker process until the returned function is called.
func start(t *testing.T, pool *pgxpool.Pool, catalog *tasks.Catalog) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	process, err := tasks.NewProcess(ctx, pool, catalog, tasktest.Queue(t, pool), settings(), tasks.WorkerOptions{
		Queues: map[string]int{"facade": 4}, Host: "test", PID: 2, Drain: 100 * time.Millisecond, Log: dbtestLog(),
	})
	require.NoError(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-stopped)
	}
}

func TestPanicDoesNotStopJobsBeside(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := tasktest.AddRepo(t, w.pool, "https://github.com/chaoss/other")
	catalog := catalogOf(task("picky", func(_ context.Context, c *tasks.Collection) error {
		if c.Repo.ID == w.repo {
			panic("NUL \x00 in a panic")
		}
		return nil
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo, other)
	stop := start(t, w.pool, catalog)
	tasktest.Eventually(t, w.pool, "SELECT count(*) = 1 FROM river.river_job WHERE state = 'retryable' AND attempt = 1")
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status WHERE repo_id = $1", other)
	stop()
	tasktest.RequireConsistent(t, w.pool)
}

func TestRateLimitUsesNoAttempt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("limited", func(context.Context, *tasks.Collection) error {
		return &tasks.RateLimitError{Until: time.Now().Add(time.Hour), Err: errors.New("403")}
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := start(t, w.pool, catalog)
	tasktest.Eventually(t, w.pool, "SELECT count(*) = 1 FROM river.river_job WHERE state = 'scheduled' AND attempt = 0 AND scheduled_at > now() + interval '50 minutes'")
	stop()
	tasktest.RequireConsistent(t, w.pool)
}

func TestStopHandsTheJobBackWithItsAttempt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	began := make(chan struct{})
	catalog := catalogOf(task("slow", func(ctx context.Context, _ *tasks.Collection) error {
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := start(t, w.pool, catalog)
	<-began
	stop()
	tasktest.RequireConsistent(t, w.pool)
	var given bool
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT state = 'available' AND attempt = 0 FROM river.river_job").Scan(&given))
	require.True(t, given, "the job is available again, with no attempt used")
	var leases int
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM augur_operations.worker_lease").Scan(&leases))
	require.Zero(t, leases, "leases of stopped processes")
}

func TestFencedAttemptWritesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, err := w.pool.Exec(t.Context(), "CREATE TABLE ledger (n int)")
	require.NoError(t, err)
	write := func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO ledger VALUES (1)")
		return err
	}
	first, results := make(chan struct{}), make(chan error, 2)
	resume := make(chan struct{})
	var runs atomic.Int32
	catalog := catalogOf(task("ledger", func(ctx context.Context, c *tasks.Collection) error {
		if runs.Add(1) > 1 {
			return c.Finish(ctx, write)
		}
		close(first)
		<-resume
		results <- c.SavePage(ctx, write)
		err := c.Finish(ctx, write)
		results <- err
		return err
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := start(t, w.pool, catalog)
	<-first
	// The worker freezes; its lease runs out, and the reaper gives the job to another.
	_, err = w.pool.Exec(t.Context(), "UPDATE augur_operations.worker_lease SET held = '{}'; UPDATE river.river_job SET attempted_at = now() - interval '1 hour'")
	require.NoError(t, err)
	rescued := rescue(t, w.pool)
	require.Len(t, rescued, 1)
	tasktest.RequireConsistent(t, w.pool)
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	close(resume)
	require.ErrorIs(t, <-results, tasks.ErrFenced)
	require.ErrorIs(t, <-results, tasks.ErrFenced)
	stop()
	tasktest.RequireConsistent(t, w.pool)
	var rows int
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM ledger").Scan(&rows))
	require.Equal(t, 1, rows, "rows of the ledger")
}

func TestStartingAgainIsAnError(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("only", done))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	err := pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		return tasktest.Queue(t, w.pool).StartRuns(t.Context(), tx, tasks.Facade, []tasks.Start{{RepoID: w.repo, Steps: []tasks.Step{{Kind: "only"}}}}, "test", "again")
	})
	require.ErrorContains(t, err, "collection_run_open")
}

func TestGraphLeavesOutWhatDoesNotApply(t *testing.T) {
	t.Parallel()
	off := func(*config.Store) bool { return false }
	catalog := tasks.NewCatalog()
	catalog.Add(tasks.Task{Kind: "moved", Phase: tasks.Prelim, Platforms: []giturl.Platform{giturl.GitHub}, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	catalog.Add(tasks.Task{Kind: "issues", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	catalog.Add(tasks.Task{Kind: "events", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, After: []string{"issues"}, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	catalog.Add(tasks.Task{Kind: "off", Phase: tasks.Core, Enabled: off, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	catalog.Add(tasks.Task{Kind: "after_off", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, After: []string{"off"}, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	tests := map[string]struct {
		platform giturl.Platform
		prelim   bool
		want     string
	}{
		"with prelim":         {giturl.GitHub, true, "moved[] issues[moved] events[issues] after_off[moved]"},
		"without prelim":      {giturl.GitHub, false, "issues[] events[issues] after_off[]"},
		"nothing to collect":  {giturl.GitLab, true, ""},
		"nothing of platform": {giturl.Git, false, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, step := range catalog.Graph(tasks.Core, test.platform, settings(), test.prelim) {
				got = append(got, fmt.Sprintf("%s[%s]", step.Kind, strings.Join(step.After, " ")))
			}
			require.Equal(t, test.want, strings.Join(got, " "))
		})
	}
	platforms, every := catalog.Platforms(tasks.Core, settings())
	require.Equal(t, []giturl.Platform{giturl.GitHub}, platforms)
	require.False(t, every)
}

func TestCatalogRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	tests := map[string]tasks.Task{
		"kind":        task("no blanks", done),
		"twice":       task("there", done),
		"phase":       {Kind: "x", Phase: "unknown", Timeout: minute, Worker: tasks.WorkerFunc(done)},
		"predecessor": task("x", done, "unknown"),
		"no worker":   {Kind: "x", Phase: tasks.Core, Timeout: minute},
		"no deadline": {Kind: "x", Phase: tasks.Core, Worker: tasks.WorkerFunc(done)},
	}
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			catalog := catalogOf(task("there", done))
			require.Panics(t, func() { catalog.Add(bad) })
		})
	}
}

func TestScrubMakesTextStorable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"plain":         {"clone: not found", "clone: not found"},
		"NUL":           {"a\x00b", "a\uFFFDb"},
		"invalid UTF-8": {"a\xff\xfeb", "a\uFFFDb"},
		"password":      {"https://u:p@host/x", "https://xxxxx@host/x"},
		"token":         {"key github_pat_11ABCDEFG0 used", "key github_pat_xxxxx used"},
		"header":        {"Authorization: Bearer abc.def", "Authorization: xxxxx"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, tasks.Scrub(test.text))
		})
	}
	require.Less(t, len(tasks.Scrub(strings.Repeat("é", 1<<20))), 17<<10)
	for _, before := range []int{16<<10 - 12, 64<<10 - 12, 3 << 19} {
		require.NotContains(t, tasks.Scrub(strings.Repeat("x", before)+" ghp_abcdefghijklmnop "+strings.Repeat("x", 1<<20)), "abcdefgh", "a secret at a cut")
	}
}

func TestAnExtraTaskIsNoReasonToCollect(t *testing.T) {
	t.Parallel()
	nothing := tasks.WorkerFunc(func(context.Context, *tasks.Collection) error { return nil })
	on := config.Static(config.NewRegistry())
	catalog := tasks.NewCatalog()
	catalog.Add(tasks.Task{Kind: "extra", Phase: tasks.Core, Extra: true, Timeout: brief, Worker: nothing})
	require.Empty(t, catalog.Graph(tasks.Core, giturl.Git, on, true))
	platforms, every := catalog.Platforms(tasks.Core, on)
	require.Empty(t, platforms)
	require.False(t, every)
	catalog.Add(tasks.Task{Kind: "issues", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, Timeout: brief, Worker: nothing})
	require.Empty(t, catalog.Graph(tasks.Core, giturl.Git, on, true))
	require.Equal(t, []tasks.Step{{Kind: "extra"}, {Kind: "issues"}}, catalog.Graph(tasks.Core, giturl.GitHub, on, true))
	platforms, every = catalog.Platforms(tasks.Core, on)
	require.Equal(t, []giturl.Platform{giturl.GitHub}, platforms)
	require.False(t, every)
}

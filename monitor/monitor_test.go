package monitor_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db"
	"augur/db/config"
	"augur/db/dbtest"
	"augur/facade/giturl"
	"augur/monitor"
	"augur/tasks"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func settings(pairs ...string) *config.Store {
	return config.Static(config.NewRegistry(config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine")), pairs...)
}

func done(context.Context, *tasks.Collection) error { return nil }

func minute(*config.Store) time.Duration { return time.Minute }

// catalog has a facade task for any URL and a core task for GitHub alone.
func catalog() *tasks.Catalog {
	c := tasks.NewCatalog()
	c.Add(tasks.Task{Kind: "history", Phase: tasks.Facade, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	c.Add(tasks.Task{Kind: "issues", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, Timeout: minute, Worker: tasks.WorkerFunc(done)})
	return c
}

func newMonitor(t *testing.T, pool *pgxpool.Pool, store *config.Store) *monitor.Monitor {
	t.Helper()
	return monitor.New(pool, tasktest.Queue(t, pool), catalog(), store, slog.New(slog.DiscardHandler))
}

func tick(t *testing.T, m *monitor.Monitor, pool *pgxpool.Pool) map[tasks.Phase]int {
	t.Helper()
	report, err := m.Tick(t.Context())
	require.NoError(t, err)
	require.True(t, report.Led)
	tasktest.RequireConsistent(t, pool)
	return report.Started
}

func addRepos(t *testing.T, pool *pgxpool.Pool, host string, n int) {
	t.Helper()
	for i := range n {
		tasktest.AddRepo(t, pool, fmt.Sprintf("https://%s/owner/repo%d", host, i))
	}
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func TestServerEndsTheTurnOfAMonitorThatFallsSilent(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }() // it may have ended
	turn, err := db.New().TryLead(t.Context(), tx)
	require.NoError(t, err)
	require.True(t, turn.Leads)
	var patience string
	require.NoError(t, tx.QueryRow(t.Context(), "SHOW idle_in_transaction_session_timeout").Scan(&patience))
	require.Equal(t, "1min", patience)
	// The server's own patience, only shorter.
	_, err = tx.Exec(t.Context(), "SET LOCAL idle_in_transaction_session_timeout = '10ms'")
	require.NoError(t, err)
	m := newMonitor(t, pool, settings())
	require.Eventually(t, func() bool {
		report, err := m.Tick(t.Context())
		return err == nil && report.Led
	}, time.Minute, 5*time.Millisecond, "another monitor has the turn")
	require.Error(t, tx.Commit(t.Context()), "the transaction of the first has been ended")
}

func TestTickStartsWhatIsDueUpToTheLimit(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "github.com", 5)
	m := newMonitor(t, pool, settings("Tasks.max_facade=3", "Tasks.max_core=4"))
	require.Equal(t, map[tasks.Phase]int{tasks.Core: 4, tasks.Facade: 3}, tick(t, m, pool))
	require.Empty(t, tick(t, m, pool), "the limits are reached")
	tasktest.Work(t, pool, catalog(), settings())
	require.Equal(t, map[tasks.Phase]int{tasks.Core: 1, tasks.Facade: 2}, tick(t, m, pool))
	tasktest.Work(t, pool, catalog(), settings())
	require.Empty(t, tick(t, m, pool), "everything is collected, nothing is due")
}

func TestIntervalsMakePhasesDueAgain(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "github.com", 2)
	m := newMonitor(t, pool, settings())
	tick(t, m, pool)
	tasktest.Work(t, pool, catalog(), settings())
	exec(t, pool, "UPDATE augur_operations.collection_status SET facade_data_last_collected = facade_data_last_collected - interval '10 days 1 second' WHERE repo_id = 1")
	exec(t, pool, "UPDATE augur_operations.collection_status SET core_data_last_collected = core_data_last_collected - interval '14 days'")
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 1}, tick(t, m, pool))
	var full bool
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT full_collection FROM augur_operations.collection_run ORDER BY run_id DESC LIMIT 1").Scan(&full))
	require.False(t, full, "a second collection takes only what is new")
}

func TestSinceMakesEverythingOlderDue(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "example.org", 2)
	m := newMonitor(t, pool, settings())
	tick(t, m, pool)
	tasktest.Work(t, pool, catalog(), settings())
	require.Empty(t, tick(t, m, pool))
	var err error
	m.Since, err = m.Now(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 2}, tick(t, m, pool))
	tasktest.Work(t, pool, catalog(), settings())
	require.Empty(t, tick(t, m, pool), "once is enough")
}

func TestRepositoriesWithoutTasksDoNotBlockOthers(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "gitlab.com", 10)
	addRepos(t, pool, "github.com", 2)
	m := newMonitor(t, pool, settings("Tasks.max_core=3", "Tasks.max_facade=1"))
	require.Equal(t, map[tasks.Phase]int{tasks.Core: 2, tasks.Facade: 1}, tick(t, m, pool))
}

func TestPhasesAreSwitchedBySettings(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "github.com", 1)
	require.Empty(t, tick(t, newMonitor(t, pool, settings("Task_Routine.facade_phase=0", "Task_Routine.primary_repo_collect_phase=0")), pool))
	require.Equal(t, map[tasks.Phase]int{tasks.Core: 1}, tick(t, newMonitor(t, pool, settings("Task_Routine.facade_phase=0")), pool))
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 1}, tick(t, newMonitor(t, pool, settings()), pool))
}

func TestStatusSetByHandIsCollected(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"Pending", "Initializing", "Update", "Failed Clone"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			pool := dbtest.New(t)
			addRepos(t, pool, "example.org", 1)
			exec(t, pool, "UPDATE augur_operations.collection_status SET facade_status = $1", status)
			require.Equal(t, map[tasks.Phase]int{tasks.Facade: 1}, tick(t, newMonitor(t, pool, settings()), pool))
		})
	}
}

func TestFailuresAreTriedAgainAfterTheirBackOff(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "example.org", 1)
	broken := tasks.NewCatalog()
	broken.Add(tasks.Task{Kind: "history", Phase: tasks.Facade, Timeout: minute, Worker: tasks.WorkerFunc(func(context.Context, *tasks.Collection) error {
		return errors.Join(tasks.ErrGone)
	})})
	m := newMonitor(t, pool, settings())
	tick(t, m, pool)
	tasktest.Work(t, pool, broken, settings())
	require.Empty(t, tick(t, m, pool), "it waits")
	exec(t, pool, "UPDATE augur_operations.collection_backoff SET retry_at = clock_timestamp() - interval '1 second'")
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 1}, tick(t, m, pool))
	tasktest.Work(t, pool, catalog(), settings())
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM augur_operations.collection_backoff").Scan(&rows))
	require.Zero(t, rows, "a success ends the back-off")
}

// addMany adds repositories in one go.
func addMany(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	exec(t, pool, `INSERT INTO augur_data.repo (repo_group_id, repo_git) SELECT 1, 'https://example.org/r' || n FROM generate_series(1, $1::int) n`, n)
	exec(t, pool, `INSERT INTO augur_operations.collection_status (repo_id) SELECT repo_id FROM augur_data.repo`)
}

// What starts is spread over transactions, and one that fails takes nothing from the others.
func TestATransactionThatFailsLeavesTheOthersStarted(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	const repos = monitor.StartMost + 100
	addMany(t, pool, repos)
	exec(t, pool, `CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no room''; END'`)
	exec(t, pool, "CREATE TRIGGER fail BEFORE INSERT ON augur_operations.collection_run FOR EACH ROW WHEN (NEW.repo_id = 1) EXECUTE FUNCTION fail()")
	m := newMonitor(t, pool, settings("Tasks.max_facade=10000"))
	report, err := m.Tick(t.Context())
	require.ErrorContains(t, err, "no room")
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 100}, report.Started)
	tasktest.RequireConsistent(t, pool)
	exec(t, pool, "DROP TRIGGER fail ON augur_operations.collection_run")
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: monitor.StartMost}, tick(t, m, pool), "what is left starts with the next tick")
}

func TestATickNeedsASecondConnection(t *testing.T) {
	t.Parallel()
	address := dbtest.URL(t)
	withConnections := func(n int32) *pgxpool.Pool {
		pool, err := db.Connect(t.Context(), address, db.Options{MaxConns: n})
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return pool
	}
	one, two := withConnections(1), withConnections(2)
	addMany(t, two, monitor.StartMost+100)
	store := settings("Tasks.max_facade=10000")
	_, err := newMonitor(t, one, store).Tick(t.Context())
	require.ErrorContains(t, err, "needs two")
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: monitor.StartMost + 100}, tick(t, newMonitor(t, two, store), two))
}

func TestWhatWasCollectedSinceItWasChosenDoesNotStartAgain(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addMany(t, pool, 2)
	exec(t, pool, `UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_data_last_collected = CASE repo_id WHEN 1 THEN now() ELSE now() - interval '1 hour' END`)
	lock := db.LockWaitingParams{Phase: "facade", RepoIDs: []int64{1, 2}, Waits: []string{"due", "due"}, ChosenAt: time.Now().Add(-time.Minute)}
	rows, err := db.New().LockWaiting(t.Context(), pool, lock)
	require.NoError(t, err)
	require.Equal(t, []db.LockWaitingRow{{RepoID: 2, Platform: "git"}}, rows)
}

func TestManyMonitorsStartEachRepositoryOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	const repos = 200
	addMany(t, pool, repos)
	store := settings("Tasks.max_facade=10000")
	var group sync.WaitGroup
	reports := make(chan int, 80)
	for range 8 {
		m := newMonitor(t, pool, store)
		group.Go(func() {
			for range 10 {
				report, err := m.Tick(t.Context())
				if err != nil {
					reports <- -1
					return
				}
				reports <- report.Total()
			}
		})
	}
	group.Wait()
	close(reports)
	total := 0
	for n := range reports {
		require.GreaterOrEqual(t, n, 0, "a tick failed")
		total += n
	}
	require.Equal(t, repos, total)
	var jobs, distinct int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT args ->> 'repo_id') FROM river.river_job").Scan(&jobs, &distinct))
	require.Equal(t, repos, jobs)
	require.Equal(t, repos, distinct)
	tasktest.RequireConsistent(t, pool)
}

func TestResetTakesRepositoriesOutOfCollection(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "example.org", 3)
	m := newMonitor(t, pool, settings())
	tick(t, m, pool)
	report, err := m.Reset(t.Context(), []int64{1}, "by hand")
	require.NoError(t, err)
	require.Equal(t, monitor.ResetReport{Runs: 1, Jobs: 1, Phases: 1}, report)
	tasktest.RequireConsistent(t, pool)
	report, err = m.Reset(t.Context(), nil, "by hand")
	require.NoError(t, err)
	require.Equal(t, monitor.ResetReport{Runs: 2, Jobs: 2, Phases: 2}, report)
	tasktest.RequireConsistent(t, pool)
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 3}, tick(t, m, pool), "Pending again")
}

func TestReapGivesJobsOfDeadWorkersToOthers(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "github.com", 2)
	m := newMonitor(t, pool, settings())
	tick(t, m, pool)
	// One worker died with two jobs of one repository, another lives and holds a job.
	exec(t, pool, `UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = '{dead}' WHERE args ->> 'repo_id' = '1'`)
	exec(t, pool, `UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = '{alive}' WHERE args ->> 'repo_id' = '2'`)
	exec(t, pool, `INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues, beat_at) VALUES ('dead', 'h', 1, '{}', clock_timestamp() - interval '11 seconds')`)
	exec(t, pool, `INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues, held) SELECT 'alive', 'h', 2, '{}', array_agg(id) FROM river.river_job WHERE attempted_by = '{alive}'`)
	rescued, err := m.Reap(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2, rescued)
	tasktest.RequireConsistent(t, pool)
	rescued, err = m.Reap(t.Context())
	require.NoError(t, err)
	require.Zero(t, rescued)
	var available, running int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FILTER (WHERE state = 'available' AND attempt = 1 AND metadata ->> 'rescues' = '1'), count(*) FILTER (WHERE state = 'running')
		FROM river.river_job`).Scan(&available, &running))
	require.Equal(t, 2, available)
	require.Equal(t, 2, running)
}

func TestRunStopsWithItsContext(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepos(t, pool, "example.org", 1)
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	m := newMonitor(t, pool, settings())
	go func() { m.Run(ctx); close(stopped) }()
	tasktest.Eventually(t, pool, "SELECT facade_status = 'Collecting' FROM augur_operations.collection_status")
	stop()
	<-stopped
}

func TestOverviewTellsWhatGoesOn(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	empty, err := monitor.Overview(t.Context(), pool, 10)
	require.NoError(t, err)
	require.Empty(t, empty.Phases)
	addRepos(t, pool, "example.org", 2)
	tick(t, newMonitor(t, pool, settings("Tasks.max_facade=1")), pool)
	report, err := monitor.Overview(t.Context(), pool, 10)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"Collecting": 1, "Pending": 1}, report.Phases["facade"])
	require.Len(t, report.Running, 1)
	require.Equal(t, "history", report.Running[0].Task)
	require.Equal(t, "available", report.Running[0].State)
	require.Zero(t, report.Violations)

	_, err = pool.Exec(t.Context(), `UPDATE augur_operations.collection_task
		SET progress_done = 25, progress_total = 100, progress_rows = 500, progress_since = now() - interval '10 seconds', progress_at = now(), waits_for = 'a disk'`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `INSERT INTO augur_operations.tree_snapshot (repo_id, kind, head, content, rules, digest, rows, skipped, note)
		SELECT repo_id, 'git_libyear', '', '', '', '', 0, 0, 'no registry' FROM augur_data.repo ORDER BY repo_id LIMIT 1`)
	require.NoError(t, err)
	report, err = monitor.Overview(t.Context(), pool, 10)
	require.NoError(t, err)
	require.InDelta(t, 50, report.Running[0].RowsPerSecond, .01)
	require.InDelta(t, 30, report.Running[0].SecondsLeft, .01)
	require.Empty(t, report.Running[0].WaitsFor, "it waited once")
	require.Equal(t, "no registry", report.Missing[0].Note)
	_, err = pool.Exec(t.Context(), "UPDATE river.river_job SET state = 'scheduled'")
	require.NoError(t, err)
	report, err = monitor.Overview(t.Context(), pool, 10)
	require.NoError(t, err)
	require.Equal(t, "a disk", report.Running[0].WaitsFor)
}

package tasks_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/tasktest"
)

// quick are times of a lease for tests that wait until it runs out.
var quick = tasks.LeaseTimes{Length: 600 * time.Millisecond, Beat: 100 * time.Millisecond, Grace: 200 * time.Millisecond}

// process runs a worker process with options until the returned function is called, which returns what it ended with.
func process(t *testing.T, pool *pgxpool.Pool, catalog *tasks.Catalog, o tasks.WorkerOptions) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o.Queues, o.Host, o.PID, o.Log = map[string]int{"facade": 4}, "test", 3, dbtestLog()
	p, err := tasks.NewProcess(ctx, pool, catalog, tasktest.Queue(t, pool), settings(), o)
	require.NoError(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- p.Run(ctx) }()
	return func() error {
		cancel()
		return <-stopped
	}
}

// exec runs a statement.
func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func TestWorkerThatCannotRenewCancelsItsJobs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	began, ended := make(chan time.Time, 10), make(chan error, 10)
	var runs atomic.Int32
	catalog := catalogOf(task("held", func(ctx context.Context, _ *tasks.Collection) error {
		if runs.Add(1) > 1 {
			return nil
		}
		began <- time.Now()
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return ctx.Err()
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := process(t, w.pool, catalog, tasks.WorkerOptions{Lease: quick, Drain: 100 * time.Millisecond})
	<-began
	cut := time.Now()
	exec(t, w.pool, "ALTER TABLE augur_operations.worker_lease RENAME TO unreachable")
	require.ErrorIs(t, <-ended, tasks.ErrFenced)
	require.GreaterOrEqual(t, time.Since(cut), quick.Length*2/3-quick.Beat*2, "time until the job was cancelled")
	// The job comes back, no attempt used, but is not worked on before there is a lease again.
	tasktest.Eventually(t, w.pool, "SELECT state IN ('available', 'scheduled') AND attempt = 0 FROM river.river_job")
	require.EqualValues(t, 1, runs.Load())
	exec(t, w.pool, "ALTER TABLE augur_operations.unreachable RENAME TO worker_lease")
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	require.NoError(t, stop())
	tasktest.RequireConsistent(t, w.pool)
}

// die makes the worker that runs the only running job look dead: its lease is gone.
func die(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, "DELETE FROM augur_operations.worker_lease")
}

// fetch makes a dead worker fetch the only available job.
func fetch(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE river.river_job SET state = 'running', attempt = attempt + 1, attempted_at = now() - interval '1 hour', attempted_by = array_append(attempted_by, 'dead')
		WHERE state = 'available'`)
}

// reap does what the monitor does; without times in o every worker without a lease counts as dead.
func reap(t *testing.T, pool *pgxpool.Pool, o tasks.ReapOptions) tasks.Reaped {
	t.Helper()
	if o.Lease == (tasks.LeaseTimes{}) {
		o.Lease = tasks.LeaseTimes{Length: time.Millisecond, Grace: time.Millisecond}
	}
	reaped, err := tasktest.Queue(t, pool).Reap(t.Context(), pool, o)
	require.NoError(t, err)
	tasktest.RequireConsistent(t, pool)
	return reaped
}

func TestJobThatKillsItsWorkerThreeTimesIsQuarantined(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("deadly", done), task("after", done, "deadly"))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	for death := 1; death < tasks.MaxDeaths; death++ {
		fetch(t, w.pool)
		reaped := reap(t, w.pool, tasks.ReapOptions{})
		require.Len(t, reaped.Rescued, 1)
		require.EqualValues(t, death, reaped.Rescued[0].Rescues)
	}
	var attempts int
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT attempt FROM river.river_job WHERE state = 'available'").Scan(&attempts))
	require.Equal(t, tasks.MaxDeaths-1, attempts, "attempts of the copy")
	fetch(t, w.pool)
	require.Equal(t, tasks.Reaped{Quarantined: 1}, reap(t, w.pool, tasks.ReapOptions{}))
	got := tasktest.Last(t, w.pool, tasks.Facade, w.repo)
	require.Equal(t, "Error", got.Outcome)
	require.Equal(t, "Error", got.Status)
	require.Regexp(t, `^deadly: its worker died 3 times while running it: look in the log`, got.Reason)
	require.Equal(t, map[string]string{"deadly": "failed", "after": "skipped"}, w.states(t, got.RunID))
	tasktest.Eventually(t, w.pool, "SELECT cause = 'error' AND retry_at > clock_timestamp() FROM augur_operations.collection_backoff")
	tasktest.Eventually(t, w.pool, "SELECT who = 'monitor' FROM augur_operations.collection_event ORDER BY event_id DESC LIMIT 1")
	require.Equal(t, tasks.Reaped{}, reap(t, w.pool, tasks.ReapOptions{}), "the next look")
}

func TestJobThatGotOnIsNotBlamed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hold := make(chan struct{})
	saved := make(chan error, 10)
	catalog := catalogOf(task("pages", func(ctx context.Context, c *tasks.Collection) error {
		saved <- c.SavePage(ctx, func(context.Context, pgx.Tx) error { return nil })
		<-hold
		return nil
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	for range tasks.MaxDeaths - 1 {
		fetch(t, w.pool)
		require.Len(t, reap(t, w.pool, tasks.ReapOptions{}).Rescued, 1)
	}
	stop := process(t, w.pool, catalog, tasks.WorkerOptions{Drain: 100 * time.Millisecond})
	require.NoError(t, <-saved)
	tasktest.Eventually(t, w.pool, "SELECT NOT metadata ? 'deaths' AND coalesce(metadata ->> 'rescues', '') = '2' FROM river.river_job WHERE state = 'running'")
	die(t, w.pool)
	reaped := reap(t, w.pool, tasks.ReapOptions{})
	require.Len(t, reaped.Rescued, 1)
	require.Zero(t, reaped.Quarantined)
	close(hold)
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	require.NoError(t, stop())
}

func TestLostAnswerIsNoDeath(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("lost", done))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	for range 2 * tasks.MaxDeaths {
		// The server gave the job to a worker that lives, and the worker never heard of it.
		fetch(t, w.pool)
		exec(t, w.pool, "INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues) VALUES ('dead', 'h', 1, '{}') ON CONFLICT (client_id) DO UPDATE SET beat_at = clock_timestamp()")
		reaped := reap(t, w.pool, tasks.ReapOptions{Lease: tasks.LeaseTimes{Length: time.Minute, Grace: time.Second}})
		require.Len(t, reaped.Rescued, 1)
	}
	tasktest.Work(t, w.pool, catalog, settings())
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
}

func TestSessionOfAFrozenWorkerDoesNotKeepItsJob(t *testing.T) {
	t.Parallel()
	w := setup(t)
	exec(t, w.pool, "CREATE TABLE ledger (n int)")
	frozen, resume, results := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var runs atomic.Int32
	catalog := catalogOf(task("ledger", func(ctx context.Context, c *tasks.Collection) error {
		first := runs.Add(1) == 1
		err := c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO ledger VALUES (1)"); err != nil {
				return err
			}
			if first {
				close(frozen)
				select {
				case <-resume:
				case <-t.Context().Done():
				}
			}
			return nil
		})
		if first {
			results <- err
		}
		return err
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := process(t, w.pool, catalog, tasks.WorkerOptions{Drain: 100 * time.Millisecond})
	<-frozen
	require.Zero(t, reap(t, w.pool, tasks.ReapOptions{Lease: tasks.LeaseTimes{Length: time.Minute}}), "a worker that lives")
	die(t, w.pool)
	long := tasks.ReapOptions{Lease: tasks.LeaseTimes{Length: time.Minute, Grace: 10 * time.Millisecond}}
	var reaped tasks.Reaped
	require.Eventually(t, func() bool {
		reaped = reap(t, w.pool, long)
		return reaped.Ended > 0
	}, time.Minute, 5*time.Millisecond)
	require.Equal(t, 1, reaped.Ended, "sessions ended")
	require.Len(t, reaped.Rescued, 1, "at once, not by the next look")
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	close(resume)
	require.Error(t, <-results)
	require.NoError(t, stop())
	var rows int
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT count(*) FROM ledger").Scan(&rows))
	require.Equal(t, 1, rows, "rows of the ledger")
	tasktest.RequireConsistent(t, w.pool)
}

func TestStatusThatSomebodyHoldsKeepsOnlyItsOwnJobs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := tasktest.AddRepo(t, w.pool, "https://github.com/chaoss/other")
	catalog := catalogOf(task("waits", func(ctx context.Context, _ *tasks.Collection) error {
		<-ctx.Done()
		return ctx.Err()
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, other)
	exec(t, w.pool, "UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 hour', attempted_by = '{gone}'")
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.Background()) }() // after the commit there is nothing to roll back
	_, err = tx.Exec(t.Context(), "SELECT FROM augur_operations.collection_status WHERE repo_id = $1 FOR UPDATE", w.repo)
	require.NoError(t, err)
	rescued := reap(t, w.pool, tasks.ReapOptions{}).Rescued
	require.Len(t, rescued, 1, "the jobs of others are rescued while somebody holds the status")
	require.Equal(t, other, rescued[0].RepoID)
	require.NoError(t, tx.Commit(t.Context()))
	rescued = reap(t, w.pool, tasks.ReapOptions{}).Rescued
	require.Len(t, rescued, 1)
	require.Equal(t, w.repo, rescued[0].RepoID)
	tasktest.RequireConsistent(t, w.pool)
}

// The lease of a frozen worker may go on for a while when that of another one, which died before, is over.
func TestFrozenWorkerDoesNotKeepTheJobsOfADeadOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("dead", done), task("frozen", done))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	exec(t, w.pool, `UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 hour', attempted_by = ARRAY[kind]`)
	exec(t, w.pool, `INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues, held)
		SELECT kind, 'here', 1, '{facade}', ARRAY[id] FROM river.river_job WHERE kind = 'frozen'`)
	keep := func(statements ...string) pgx.Tx {
		tx, err := w.pool.Begin(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = tx.Rollback(context.Background()) }) // it may have ended
		for _, sql := range statements {
			_, err = tx.Exec(t.Context(), sql)
			require.NoError(t, err)
		}
		return tx
	}
	const status, fence = "SELECT FROM augur_operations.collection_status FOR UPDATE", "SELECT FROM river.river_job WHERE kind = 'frozen' FOR UPDATE"
	minute := tasks.LeaseTimes{Length: time.Minute, Grace: time.Minute}
	soon := tasks.LeaseTimes{Length: time.Minute, Grace: time.Nanosecond}

	somebody := keep(status)
	require.Zero(t, reap(t, w.pool, tasks.ReapOptions{Lease: soon}), "not the session of a worker: that of a person, perhaps")
	require.NoError(t, somebody.Rollback(t.Context()))

	frozen := keep(fence, status)
	require.Zero(t, reap(t, w.pool, tasks.ReapOptions{Lease: minute}), "it may only be slow")
	reaped := reap(t, w.pool, tasks.ReapOptions{Lease: soon})
	require.Equal(t, 1, reaped.Ended, "sessions ended")
	require.Len(t, reaped.Rescued, 1, "at once, and not that of the frozen worker")
	require.Equal(t, "dead", reaped.Rescued[0].Kind)
	require.Error(t, frozen.Commit(t.Context()))
	tasktest.RequireConsistent(t, w.pool)
}

func TestJobThatDoesNotReturnEndsTheProcess(t *testing.T) {
	t.Parallel()
	w := setup(t)
	wake := make(chan struct{})
	returned := make(chan struct{})
	deaf := tasks.Task{Kind: "deaf", Phase: tasks.Facade, Timeout: brief, Worker: tasks.WorkerFunc(func(context.Context, *tasks.Collection) error {
		defer close(returned)
		<-wake
		return nil
	})}
	catalog := catalogOf(deaf)
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	p, err := tasks.NewProcess(t.Context(), w.pool, catalog, tasktest.Queue(t, w.pool), settings(), tasks.WorkerOptions{
		Queues: map[string]int{"facade": 1}, Host: "test", PID: 4, Drain: 10 * time.Millisecond, Stuck: 50 * time.Millisecond, StopMargin: 100 * time.Millisecond, Log: dbtestLog(),
	})
	require.NoError(t, err)
	require.ErrorIs(t, p.Run(t.Context()), tasks.ErrStuck)
	require.Len(t, reap(t, w.pool, tasks.ReapOptions{}).Rescued, 1, "the job is free for another process")
	close(wake)
	<-returned
	tasktest.Work(t, w.pool, catalogOf(task("deaf", done)), settings())
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
}

func TestJobEndsAtItsDeadlineWithAReason(t *testing.T) {
	t.Parallel()
	w := setup(t)
	hung := tasks.Task{Kind: "hung", Phase: tasks.Facade, Timeout: brief, Worker: tasks.WorkerFunc(func(ctx context.Context, _ *tasks.Collection) error {
		<-ctx.Done()
		return fmt.Errorf("wait for the server: %w", ctx.Err())
	})}
	catalog := catalogOf(hung)
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	exec(t, w.pool, "UPDATE river.river_job SET max_attempts = 1")
	tasktest.Work(t, w.pool, catalog, settings())
	got := tasktest.Last(t, w.pool, tasks.Facade, w.repo)
	require.Equal(t, "Error", got.Outcome)
	require.Equal(t, "hung: not done within 200ms: wait for the server: context deadline exceeded", got.Reason)
}

func TestDatabaseThatIsAwayUsesNoAttempt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var runs atomic.Int32
	catalog := catalogOf(task("cut", func(ctx context.Context, c *tasks.Collection) error {
		if runs.Add(1) > 1 {
			return c.Finish(ctx, nil)
		}
		return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "SELECT pg_terminate_backend(pg_backend_pid())")
			return errors.Join(errors.New("insert something"), err)
		})
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := process(t, w.pool, catalog, tasks.WorkerOptions{Drain: 100 * time.Millisecond})
	tasktest.Eventually(t, w.pool, "SELECT attempt = 0 AND coalesce(metadata ->> 'snoozes', '') = '1' AND state <> 'running' FROM river.river_job")
	tasktest.Hurry(t, w.pool)
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	require.NoError(t, stop())
}

// A queue that cannot be started takes those beside it down, and with them the jobs that they have just fetched.
func TestJobOfAProcessThatCannotStartUsesNoAttempt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	began := make(chan struct{}, 100)
	catalog := catalogOf(task("only", func(ctx context.Context, _ *tasks.Collection) error {
		began <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	exec(t, w.pool, "UPDATE river.river_job SET max_attempts = 1")
	exec(t, w.pool, `
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			FOR i IN 1..50 LOOP
				EXIT WHEN EXISTS (SELECT FROM river.river_job WHERE state = 'running');
				PERFORM pg_sleep(0.02);
			END LOOP;
			PERFORM pg_sleep(0.1);
			RAISE 'not this queue';
		END $$;
		CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON river.river_queue FOR EACH ROW WHEN (NEW.name = 'ml') EXECUTE FUNCTION refuse()`)
	// River starts queues in any order.
	for started := false; !started; {
		p, err := tasks.NewProcess(t.Context(), w.pool, catalog, tasktest.Queue(t, w.pool), settings(), tasks.WorkerOptions{
			Queues: map[string]int{"facade": 1, "ml": 1}, Host: "test", PID: 5, Drain: 10 * time.Millisecond, Log: dbtestLog(),
		})
		require.NoError(t, err)
		require.ErrorContains(t, p.Run(t.Context()), "not this queue")
		select {
		case <-began:
			started = true
		default:
		}
	}
	reap(t, w.pool, tasks.ReapOptions{}) // if River did not come to store what became of it
	tasktest.Eventually(t, w.pool, "SELECT state = 'available' FROM river.river_job ORDER BY id DESC LIMIT 1")
	tasktest.RequireConsistent(t, w.pool)
}

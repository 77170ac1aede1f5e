package tasks_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/tasks"
	"augur/tasks/tasktest"
)

func TestFencedAttemptDoesNotEndTheRunOfItsSuccessor(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := make(chan struct{}), make(chan struct{})
	resume, finish := make(chan struct{}), make(chan struct{})
	result := make(chan error, 1)
	var runs atomic.Int32
	catalog := catalogOf(task("nothing", func(ctx context.Context, c *tasks.Collection) error {
		if runs.Add(1) > 1 {
			close(second)
			<-finish
			return nil
		}
		close(first)
		<-resume
		err := c.Finish(ctx, nil)
		result <- err
		return err
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := start(t, w.pool, catalog)
	<-first
	_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.worker_lease SET held = '{}'; UPDATE river.river_job SET attempted_at = now() - interval '1 hour'")
	require.NoError(t, err)
	require.Len(t, rescue(t, w.pool), 1)
	<-second
	close(resume)
	require.ErrorIs(t, <-result, tasks.ErrFenced)
	tasktest.RequireConsistent(t, w.pool)
	var status string
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT facade_status FROM augur_operations.collection_status").Scan(&status))
	require.Equal(t, "Collecting", status, "the successor is still at work")
	close(finish)
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	stop()
	tasktest.RequireConsistent(t, w.pool)
}

func TestManyShortTasksEndTogether(t *testing.T) {
	t.Parallel()
	w := setup(t)
	// Half of the runs have a second task, and some had failed before.
	catalog := catalogOf(task("one", done), task("two", done, "one"))
	single := catalogOf(task("one", done))
	var repos []int64
	for i := range 120 {
		repo := tasktest.AddRepo(t, w.pool, fmt.Sprintf("https://example.org/short/r%d", i))
		repos = append(repos, repo)
	}
	_, err := w.pool.Exec(t.Context(), `INSERT INTO augur_operations.collection_backoff (repo_id, phase, cause, failures, retry_at, reason)
		SELECT repo_id, 'facade', 'error', 1, now(), 'x' FROM augur_data.repo WHERE repo_id % 3 = 0`)
	require.NoError(t, err)
	tasktest.Start(t, w.pool, single, settings(), tasks.Facade, repos[:60]...)
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, repos[60:]...)
	tasktest.Work(t, w.pool, catalog, settings())
	var succeeded, runs, tasksDone, backoffs, events int
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM augur_operations.collection_status WHERE facade_status = 'Success' AND facade_data_last_collected IS NOT NULL AND facade_task_id IS NULL),
		(SELECT count(*) FROM augur_operations.collection_run WHERE outcome = 'Success'),
		(SELECT count(*) FROM augur_operations.collection_task WHERE state = 'done'),
		(SELECT count(*) FROM augur_operations.collection_backoff),
		(SELECT count(*) FROM augur_operations.collection_event WHERE to_status = 'Success' AND who = 'worker' AND why LIKE '%all%tasks are done')`).
		Scan(&succeeded, &runs, &tasksDone, &backoffs, &events))
	require.Equal(t, []int{120, 120, 180, 0, 120}, []int{succeeded, runs, tasksDone, backoffs, events})
}

func TestTasksBesideEachOtherEndTogether(t *testing.T) {
	t.Parallel()
	w := setup(t)
	// Two tasks after one, three beside them, one after everything, and one that fails in some runs.
	var list []tasks.Task
	list = append(list, task("root", done), task("left", done, "root"), task("right", done, "root"))
	for _, kind := range []string{"aside", "beside", "apart"} {
		list = append(list, task(kind, done))
	}
	list = append(list, task("shaky", func(_ context.Context, c *tasks.Collection) error {
		if c.Repo.ID%5 == 0 {
			return fmt.Errorf("%w: it is a fifth one", tasks.ErrInvalid)
		}
		return nil
	}), task("end", done, "left", "right", "aside", "beside", "apart", "shaky"))
	catalog := catalogOf(list...)
	var repos []int64
	for i := range 60 {
		repos = append(repos, tasktest.AddRepo(t, w.pool, fmt.Sprintf("https://example.org/beside/r%d", i)))
	}
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, repos...)
	tasktest.Work(t, w.pool, catalog, settings())
	tasktest.RequireConsistent(t, w.pool)
	var wrong, open, jobs int
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM augur_operations.collection_run WHERE outcome <> CASE repo_id % 5 WHEN 0 THEN 'Error' ELSE 'Success' END),
		(SELECT count(*) FROM augur_operations.collection_run WHERE finished_at IS NULL),
		(SELECT count(*) FROM river.river_job WHERE state = 'completed' AND attempt = 1)`).Scan(&wrong, &open, &jobs))
	failing := 0
	for _, id := range repos {
		if id%5 == 0 {
			failing++
		}
	}
	require.Equal(t, []int{0, 0, 8*len(repos) - 2*failing}, []int{wrong, open, jobs})
}

func TestStatusNamesAJobThatIsThereWhileTasksEnd(t *testing.T) {
	t.Parallel()
	w := setup(t)
	wake := make(chan struct{})
	catalog := catalogOf(task("first", done), task("second", done), task("third", func(context.Context, *tasks.Collection) error {
		<-wake
		return nil
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	stop := start(t, w.pool, catalog)
	tasktest.Eventually(t, w.pool, "SELECT count(*) = 2 FROM augur_operations.collection_task WHERE state = 'done'")
	tasktest.RequireConsistent(t, w.pool)
	close(wake)
	tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
	stop()
	tasktest.RequireConsistent(t, w.pool)
}

func TestRescuedJobsAreAnnounced(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("only", done))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	_, err := w.pool.Exec(t.Context(), "UPDATE river.river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 minute', attempted_by = '{dead}'")
	require.NoError(t, err)
	conn, err := w.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `LISTEN "river.river_insert"`)
	require.NoError(t, err)
	reaped, err := tasktest.Queue(t, w.pool).Reap(t.Context(), w.pool, tasks.ReapOptions{})
	require.NoError(t, err)
	require.Len(t, reaped.Rescued, 1)
	heard := map[string]bool{}
	for range tasks.Phases() {
		notification, err := conn.Conn().WaitForNotification(t.Context())
		require.NoError(t, err)
		heard[notification.Payload] = true
	}
	require.Contains(t, heard, `{"queue": "facade"}`)
}

func TestPhasesOfOneRepositoryPointToOtherJobsAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var list []tasks.Task
	for _, phase := range []tasks.Phase{tasks.Core, tasks.Facade} {
		for _, name := range []string{"first", "second"} {
			list = append(list, tasks.Task{Kind: string(phase) + "_" + name, Phase: phase, Timeout: minute, Worker: tasks.WorkerFunc(done)})
		}
	}
	for _, phase := range []tasks.Phase{tasks.Core, tasks.Facade} {
		tasktest.Start(t, w.pool, catalogOf(list...), settings(), phase, w.repo)
	}
	// The jobs that the statuses name end, and the statuses follow in one statement.
	var point db.PointPhasesParams
	err := w.pool.QueryRow(t.Context(), `
		WITH ended AS (
			UPDATE augur_operations.collection_task t SET state = 'done', ended_at = now()
			FROM augur_operations.collection_status s
			WHERE t.job_id::text IN (s.core_task_id, s.facade_task_id)
			RETURNING t.run_id, t.job_id
		), completed AS (
			UPDATE river.river_job j SET state = 'completed', finalized_at = now() FROM ended WHERE j.id = ended.job_id
		)
		SELECT array_agg(run_id), array_agg(job_id::text) FROM ended`).Scan(&point.RunIDs, &point.TaskIDs)
	require.NoError(t, err)
	require.Len(t, point.TaskIDs, 2)
	require.NoError(t, db.New().PointPhases(t.Context(), w.pool, point))
	tasktest.RequireConsistent(t, w.pool)
	// It leaves alone what names the first job that goes on.
	version := func() (xmin string) {
		err := w.pool.QueryRow(t.Context(), "SELECT xmin::text, ARRAY[core_task_id, facade_task_id] FROM augur_operations.collection_status").Scan(&xmin, &point.TaskIDs)
		require.NoError(t, err)
		return xmin
	}
	before := version()
	require.NoError(t, db.New().PointPhases(t.Context(), w.pool, point))
	require.Equal(t, before, version())
}

package tasks_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/tasktest"
)

func TestWhatWasChangedByHandIsPutRight(t *testing.T) {
	t.Parallel()
	const status = "UPDATE augur_operations.collection_status SET "
	tests := map[string]struct {
		hand    string // what somebody does while the first of two tasks waits to be run
		repairs int
		outcome string // of the run; empty while it is open
		status  string
		reason  string
	}{
		"nothing":       {"SELECT 1", 0, "", "Collecting", ""},
		"job cancelled": {"UPDATE river.river_job SET state = 'cancelled', finalized_at = now()", 1, "Error", "Error", "one: its job was cancelled or deleted by hand"},
		"job completed": {"UPDATE river.river_job SET state = 'completed', finalized_at = now()", 1, "Error", "Error", "one: its job was cancelled or deleted by hand"},
		"job discarded": {
			"UPDATE river.river_job SET state = 'discarded', finalized_at = now(), errors = ARRAY['{\"error\": \"no such kind\"}'::jsonb]", 1,
			"Error", "Error", "one: its job was discarded: no such kind",
		},
		"job deleted":  {"DELETE FROM river.river_job", 1, "Error", "Error", "one: its job was cancelled or deleted by hand"},
		"job copied":   {"INSERT INTO river.river_job (kind, args, max_attempts, queue, state) SELECT kind, args, 3, 'facade', 'scheduled' FROM river.river_job", 1, "", "Collecting", ""},
		"status reset": {status + "facade_status = 'Pending', facade_task_id = NULL", 1, "Reset", "Pending", "the status was set to Pending by hand"},
		"task id":      {status + "facade_task_id = '0'", 1, "", "Collecting", ""},
		"other phase":  {status + "core_status = 'Collecting', core_task_id = 'x'", 1, "", "Collecting", ""},
		"run closed":   {"UPDATE augur_operations.collection_run SET finished_at = now(), outcome = 'Reset'", 2, "Reset", "Pending", ""},
		"run deleted":  {"DELETE FROM augur_operations.collection_run", 2, "", "Pending", ""},
		"task done":    {"UPDATE augur_operations.collection_task SET state = 'done' WHERE kind = 'one'", 2, "", "Collecting", ""},
		"everything at once": {
			"UPDATE river.river_job SET state = 'cancelled', finalized_at = now(); " + status + "facade_status = 'Pending', facade_task_id = NULL", 1,
			"Error", "Error", "one: its job was cancelled or deleted by hand",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			catalog := catalogOf(task("one", done), task("two", done, "one"))
			tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
			exec(t, w.pool, test.hand)
			q := tasktest.Queue(t, w.pool)
			repaired, err := q.Repair(t.Context(), w.pool)
			require.NoError(t, err)
			require.Equal(t, test.repairs, repaired)
			tasktest.RequireConsistent(t, w.pool)
			again, err := q.Repair(t.Context(), w.pool)
			require.NoError(t, err)
			require.Zero(t, again, "repairs of a second look")
			var got tasktest.Outcome
			err = w.pool.QueryRow(t.Context(), `SELECT s.facade_status, coalesce(c.outcome, ''), coalesce(c.reason, '')
				FROM augur_operations.collection_status s LEFT JOIN augur_operations.collection_run c USING (repo_id)`).Scan(&got.Status, &got.Outcome, &got.Reason)
			require.NoError(t, err)
			require.Equal(t, tasktest.Outcome{Outcome: test.outcome, Status: test.status, Reason: test.reason}, got)
			if test.outcome == "" && test.status == "Collecting" {
				tasktest.Work(t, w.pool, catalog, settings())
				require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
			}
		})
	}
}

// An old job that somebody starts again does not write beside the one that took its place.
func TestJobThatItsTaskDoesNotNameIsCancelled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	catalog := catalogOf(task("one", done))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	exec(t, w.pool, "INSERT INTO river.river_job (kind, args, max_attempts, queue) SELECT kind, args, 3, 'facade' FROM river.river_job")
	exec(t, w.pool, "UPDATE river.river_job SET priority = 4 WHERE id = (SELECT min(id) FROM river.river_job)")
	tasktest.Work(t, w.pool, catalog, settings())
	var cancelled bool
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT state = 'cancelled' FROM river.river_job ORDER BY id DESC LIMIT 1").Scan(&cancelled))
	require.True(t, cancelled)
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
}

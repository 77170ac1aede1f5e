// Package tasktest runs tasks in tests: real jobs in a real River, on a database of the test's own. Sources use it to test their workers as the
// program runs them. It is never part of the program.
package tasktest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks"
)

// patience is how long a run may take before the test fails, and tick how often to look whether it has ended.
const (
	patience = 60 * time.Second
	tick     = 10 * time.Millisecond
)

// AddRepo adds a repository as `augur db add-repo` does, without checking the URL, and returns its id.
func AddRepo(t testing.TB, pool *pgxpool.Pool, url string) int64 {
	t.Helper()
	var id int64
	err := pool.QueryRow(t.Context(), `
		WITH added AS (
			INSERT INTO augur_data.repo (repo_group_id, repo_git, repo_path, repo_name, data_source) VALUES (1, $1, '', '', 'Git') RETURNING repo_id
		)
		INSERT INTO augur_operations.collection_status (repo_id) SELECT repo_id FROM added RETURNING repo_id`, url).Scan(&id)
	require.NoError(t, err)
	return id
}

// Queue is a queue that backs off an hour after every cause.
func Queue(t testing.TB, pool *pgxpool.Pool) *tasks.Queue {
	t.Helper()
	q, err := tasks.NewQueue(pool, func(tasks.Cause) time.Duration { return time.Hour }, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return q
}

// Start starts a run of the phase for each repository, as the monitor does.
func Start(t testing.TB, pool *pgxpool.Pool, catalog *tasks.Catalog, settings *config.Store, phase tasks.Phase, repoIDs ...int64) {
	t.Helper()
	q := Queue(t, pool)
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		var starts []tasks.Start
		for _, id := range repoIDs {
			var url string
			if err := tx.QueryRow(t.Context(), "SELECT repo_git FROM augur_data.repo WHERE repo_id = $1", id).Scan(&url); err != nil {
				return err
			}
			starts = append(starts, tasks.Start{RepoID: id, Full: true, Steps: catalog.Graph(phase, tasks.PlatformOf(url), settings, true)})
		}
		return q.StartRuns(t.Context(), tx, phase, starts, "test", "the test wants it")
	})
	require.NoError(t, err)
	RequireConsistent(t, pool)
}

// Outcome is how a run ended.
type Outcome struct {
	RunID   int64
	Outcome string
	Reason  string
	Status  string
}

// Work runs jobs until no run is open, and fails the test when that takes too long. What failed is tried again at once; what was put off waits.
func Work(t testing.TB, pool *pgxpool.Pool, catalog *tasks.Catalog, settings *config.Store) {
	t.Helper()
	WorkUntil(t, pool, catalog, settings, Orderly, func() bool {
		// Most looks find nothing to hurry: one statement that only reads is all that they cost.
		var failed, ended bool
		err := pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM river.river_job WHERE state = 'retryable'),
			NOT EXISTS (SELECT FROM augur_operations.collection_run WHERE finished_at IS NULL)`).Scan(&failed, &ended)
		require.NoError(t, err)
		if failed {
			hurry(t, pool, "retryable")
		}
		return ended
	})
}

// Pace is how closely a worker process is watched (Look), and for how long its jobs may go on when it is stopped (Drain).
type Pace struct{ Look, Drain time.Duration }

// Orderly lets jobs end; Abrupt stops a process in the middle of what it does.
var (
	Orderly = Pace{Look: tick, Drain: time.Second}
	Abrupt  = Pace{Look: time.Millisecond, Drain: time.Millisecond}
)

// WorkUntil runs a worker process until enough, and stops it. It fails the test when enough never comes.
func WorkUntil(t testing.TB, pool *pgxpool.Pool, catalog *tasks.Catalog, settings *config.Store, pace Pace, enough func() bool) {
	t.Helper()
	// A queue costs statements even when it is empty, as those of phases without a task always are.
	queues := map[string]int{}
	for _, task := range catalog.Tasks() {
		queues[task.Phase.Queue()] = 4
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	process, err := tasks.NewProcess(ctx, pool, catalog, Queue(t, pool), settings, tasks.WorkerOptions{
		Queues: queues, Host: "test", PID: 1, Drain: pace.Drain, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(ctx) }()
	require.Eventually(t, enough, patience, pace.Look)
	stop()
	require.NoError(t, <-stopped)
	RequireConsistent(t, pool)
}

// Hurry makes every job due that waits, for another attempt or because it was put off, and tells the processes, as River does when its time comes.
func Hurry(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	hurry(t, pool, "available", "retryable", "scheduled")
}

func hurry(t testing.TB, pool *pgxpool.Pool, states ...string) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		WITH hurried AS (
			UPDATE river.river_job SET state = 'available', scheduled_at = now() WHERE state::text = ANY ($1) RETURNING queue
		)
		SELECT pg_notify('river.river_insert', jsonb_build_object('queue', queue)::text) FROM hurried GROUP BY queue`, states)
	require.NoError(t, err)
}

// Collect starts a run of the phase for the repository, works, and returns how it ended.
func Collect(t testing.TB, pool *pgxpool.Pool, catalog *tasks.Catalog, settings *config.Store, phase tasks.Phase, repoID int64) Outcome {
	t.Helper()
	Start(t, pool, catalog, settings, phase, repoID)
	Work(t, pool, catalog, settings)
	return Last(t, pool, phase, repoID)
}

// Last is how the newest run of the phase ended.
func Last(t testing.TB, pool *pgxpool.Pool, phase tasks.Phase, repoID int64) Outcome {
	t.Helper()
	var o Outcome
	err := pool.QueryRow(t.Context(), `
		SELECT c.run_id, coalesce(c.outcome, ''), coalesce(c.reason, ''), p.status
		FROM augur_operations.collection_run c
		JOIN augur_operations.collection_phase p ON p.repo_id = c.repo_id AND p.phase = c.phase
		WHERE c.repo_id = $1 AND c.phase = $2 ORDER BY c.run_id DESC LIMIT 1`, repoID, string(phase)).Scan(&o.RunID, &o.Outcome, &o.Reason, &o.Status)
	require.NoError(t, err)
	return o
}

// Eventually waits until the query, which selects one boolean, says true.
func Eventually(t testing.TB, pool *pgxpool.Pool, query string, args ...any) {
	t.Helper()
	require.Eventually(t, func() bool { return Holds(t, pool, query, args...) }, patience, tick, "waited for: %s", query)
}

// Holds is what the query, which selects one boolean, says now.
func Holds(t testing.TB, pool *pgxpool.Pool, query string, args ...any) bool {
	t.Helper()
	var holds bool
	require.NoError(t, pool.QueryRow(t.Context(), query, args...).Scan(&holds))
	return holds
}

// RequireConsistent fails the test when a status and the queue disagree.
func RequireConsistent(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT repo_id, phase, coalesce(status, ''), coalesce(task_id, ''), violation FROM augur_operations.collection_violation")
	require.NoError(t, err)
	violations, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(t, err)
	require.Empty(t, violations, "collection_violation")
}

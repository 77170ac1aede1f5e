package care_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/monitor/care"
)

func TestOldRunsAreRemovedButTheNewestStay(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	addRepo(t, pool)
	addRepo(t, pool)
	// Repository 1: a run each day for 400 days. Repository 2: three old runs, the first of which never ended.
	exec(t, pool, `
		INSERT INTO augur_operations.collection_run (run_id, repo_id, phase, full_collection, started_at, finished_at, outcome)
		SELECT n, 1, 'facade', false, now() - (401 - n) * interval '1 day', now() - (401 - n) * interval '1 day' + interval '1 minute', 'Success'
		FROM generate_series(1, 400) n
		UNION ALL
		SELECT 1000 + n, 2, 'core', false, now() - interval '1 year' * (4 - n), CASE WHEN n > 1 THEN now() - interval '300 days' END, CASE WHEN n > 1 THEN 'Success' END
		FROM generate_series(1, 3) n`)
	exec(t, pool, "INSERT INTO augur_operations.collection_task (run_id, kind, queue, after, state) SELECT run_id, 'history', 'facade', '{}', 'done' FROM augur_operations.collection_run")

	sum, err := newCare(pool, "Tasks.run_retention_days=0").Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, care.Forgotten{}, sum)

	c := newCare(pool, "Tasks.run_retention_days=100", "Tasks.runs_kept=2")
	sum, err = c.Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, care.Forgotten{Runs: 300}, sum)
	require.Equal(t, 301, scalar[int](t, pool, "SELECT min(run_id) FROM augur_operations.collection_run"))
	require.Equal(t, 103, scalar[int](t, pool, "SELECT count(*) FROM augur_operations.collection_task"))
	require.Equal(t, 3, scalar[int](t, pool, "SELECT count(*) FROM augur_operations.collection_run WHERE repo_id = 2"), "an open run, and the two newest")

	sum, err = newCare(pool, "Tasks.run_retention_days=1", "Tasks.runs_kept=120").Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, care.Forgotten{}, sum, "the newest stay however old they are")
}

func TestOldEventsAndFetchesAreRemoved(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	// More than a page, so that several transactions are needed.
	exec(t, pool, `
		INSERT INTO augur_operations.collection_event (at, repo_id, phase, from_status, to_status, who)
		SELECT now() - interval '1 year', n % 10, 'facade', 'Pending', 'Collecting', 'test' FROM generate_series(1, 12000) n`)
	exec(t, pool, `
		INSERT INTO augur_operations.collection_event (at, repo_id, phase, from_status, to_status, who)
		SELECT now() - interval '1 day', n, 'facade', 'Collecting', 'Success', 'test' FROM generate_series(0, 4) n`)
	exec(t, pool, "INSERT INTO augur_data.repos_fetch_log (repos_id, status, date) SELECT 1, 'Up-to-date', now() - interval '1 hour' - interval '1 day' * (n % 365) FROM generate_series(1, 14600) n")

	sum, err := newCare(pool).Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(11_995), sum.Events, "the newest of each repository and phase stays")
	require.Equal(t, 10, scalar[int](t, pool, "SELECT count(DISTINCT repo_id) FROM augur_operations.collection_event"))
	require.Equal(t, int64(185*40), sum.Fetches)
	require.Zero(t, scalar[int](t, pool, "SELECT count(*) FROM augur_data.repos_fetch_log WHERE date < now() - interval '181 days'"))

	sum, err = newCare(pool).Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, care.Forgotten{}, sum, "nothing is left to do")
}

func TestWhatIsGoneIsForgotten(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	exec(t, pool, "INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues, beat_at) VALUES ('old', 'h', 1, '{}', now() - interval '2 days'), ('new', 'h', 2, '{}', now())")
	exec(t, pool, "INSERT INTO augur_operations.machine_clock (host, ahead_seconds, measured_at) VALUES ('old', 0, now() - interval '8 days'), ('new', 0, now())")
	_, err := newCare(pool).Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, "new", scalar[string](t, pool, "SELECT string_agg(client_id, ',') FROM augur_operations.worker_lease"))
	require.Equal(t, "new", scalar[string](t, pool, "SELECT string_agg(host, ',') FROM augur_operations.machine_clock"))
}

func TestOldRequestsAndKeysAreForgotten(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	exec(t, pool, `
		INSERT INTO augur_operations.api_spending (hour, platform, fingerprint, resource, kind, repo_id, job_id, requests, points, unchanged, failed)
		SELECT date_trunc('hour', now()) - n * interval '1 hour', 'github', 'f', 'core', 'k', 0, 0, 1, 1, 0, 0 FROM generate_series(0, 40 * 24 - 1) n`)
	exec(t, pool, "INSERT INTO augur_operations.api_key (platform, fingerprint, source, seen_at) VALUES ('github', 'old', 's', now() - interval '31 days'), ('github', 'new', 's', now())")
	exec(t, pool, "INSERT INTO augur_operations.api_pin (platform, repo_id, fingerprint) VALUES ('github', 1, 'old'), ('github', 2, 'new')")
	sum, err := newCare(pool).Forget(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 10*24, sum.Spending, 1)
	require.Equal(t, "new", scalar[string](t, pool, "SELECT string_agg(fingerprint, ',') FROM augur_operations.api_key"))
	require.Equal(t, 1, scalar[int](t, pool, "SELECT count(*) FROM augur_operations.api_pin"))
}

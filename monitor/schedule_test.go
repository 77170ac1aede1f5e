package monitor_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/monitor"
	"augur/tasks"
	"augur/tasks/tasktest"
)

// requireInStep fails the test when collection_schedule does not say what the tables say that it follows.
func requireInStep(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT coalesce(w.repo_id, s.repo_id) AS repo_id, coalesce(w.phase, s.phase) AS phase, w.wait AS want, s.wait AS got, w.since AS want_since, s.since AS got_since,
			w.user_group_id AS want_user, s.user_group_id AS got_user
		FROM augur_operations.collection_wait w
		FULL JOIN augur_operations.collection_schedule s ON s.repo_id = w.repo_id AND s.phase = w.phase
		WHERE (w.wait, w.since, w.turn, w.fresh, w.size, w.platform, w.repo_group_id) IS DISTINCT FROM (s.wait, s.since, s.turn, s.fresh, s.size, s.platform, s.repo_group_id)
			-- Which list of several is the shortest is looked up when lists change that the repository is in.
			OR (w.user_group_id <> s.user_group_id AND (SELECT count(*) < 2 FROM augur_operations.user_repos u WHERE u.repo_id = w.repo_id))`)
	require.NoError(t, err)
	differences, err := pgx.CollectRows(rows, pgx.RowToMap)
	require.NoError(t, err)
	require.Empty(t, differences, "collection_schedule")
}

// crowd adds n repositories of a group and of a user's group, with the phases' statuses as they come, and returns the first id.
func crowd(t *testing.T, pool *pgxpool.Pool, n, repoGroup, userGroup int) int64 {
	t.Helper()
	var first int64
	require.NoError(t, pool.QueryRow(t.Context(), `
		WITH groups AS (INSERT INTO augur_data.repo_groups (repo_group_id, rg_name) VALUES ($2::bigint, 'group') ON CONFLICT DO NOTHING),
		lists AS (INSERT INTO augur_operations.user_groups (group_id, user_id, name) VALUES ($3::bigint, 1, 'list ' || $3::bigint) ON CONFLICT DO NOTHING),
		added AS (
			INSERT INTO augur_data.repo (repo_group_id, repo_git) SELECT $2::bigint, 'https://example.org/' || $3::bigint || '/' || $2::bigint || '/r' || n FROM generate_series(1, $1::int) n
			RETURNING repo_id
		),
		listed AS (INSERT INTO augur_operations.user_repos (group_id, repo_id) SELECT $3::bigint, repo_id FROM added),
		waiting AS (INSERT INTO augur_operations.collection_status (repo_id) SELECT repo_id FROM added)
		SELECT min(repo_id) FROM added`, n, repoGroup, userGroup).Scan(&first))
	return first
}

// collecting counts what is Collecting in the facade phase, per user group.
func collecting(t *testing.T, pool *pgxpool.Pool) map[int64]int {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		SELECT u.group_id, count(*) FROM augur_operations.collection_status JOIN augur_operations.user_repos u USING (repo_id) WHERE facade_status = 'Collecting' GROUP BY u.group_id`)
	require.NoError(t, err)
	found := map[int64]int{}
	var group int64
	var n int
	_, err = pgx.ForEachRow(rows, []any{&group, &n}, func() error { found[group] = n; return nil })
	require.NoError(t, err)
	return found
}

func TestScheduleFollowsEveryChange(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	crowd(t, pool, 3, 10, 10)
	requireInStep(t, pool)
	for _, change := range []string{
		`UPDATE augur_operations.collection_status SET core_status = 'Success', core_data_last_collected = now()`,
		`UPDATE augur_operations.collection_status SET secondary_status = 'Error' WHERE repo_id = 1`,
		`INSERT INTO augur_operations.collection_backoff VALUES (1, 'secondary', 'error', 1, now(), now() + interval '1 day', 'x'), (2, 'facade', 'gone', 1, now(), now() + interval '1 day', 'x')`,
		`UPDATE augur_operations.collection_status SET facade_status = 'Ignore' WHERE repo_id > 1`,
		`UPDATE augur_operations.collection_backoff SET retry_at = now()`,
		`DELETE FROM augur_operations.collection_backoff`,
		`UPDATE augur_operations.collection_status SET facade_status = 'Collecting', facade_task_id = '1'`,
		`UPDATE augur_operations.collection_status SET facade_status = 'Pending', facade_task_id = NULL WHERE repo_id = 1`,
		`UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_task_id = NULL, facade_data_last_collected = now(), commit_sum = 12345 WHERE repo_id = 2`,
		`UPDATE augur_operations.collection_status SET facade_status = 'Failed Clone', facade_task_id = NULL WHERE repo_id = 3`,
		`UPDATE augur_operations.collection_status SET facade_status = 'Standby' WHERE repo_id = 3`,
		`UPDATE augur_operations.collection_status SET core_status = 'Pending', core_data_last_collected = NULL, issue_pr_sum = 7`,
		`UPDATE augur_data.repo SET repo_git = 'https://github.com/a/b', repo_group_id = 1 WHERE repo_id = 1`,
		`UPDATE augur_data.repo SET repo_git = 'https://gitlab.com/a/b' WHERE repo_id = 2`,
		`INSERT INTO augur_operations.user_repos (group_id, repo_id) SELECT 1, repo_id FROM augur_data.repo`,
		`DELETE FROM augur_operations.user_repos WHERE group_id = 10 AND repo_id < 3`,
		`UPDATE augur_operations.user_repos SET group_id = 10 WHERE group_id = 1 AND repo_id = 1`,
		`DELETE FROM augur_operations.user_repos`,
		`DELETE FROM augur_operations.collection_status WHERE repo_id = 3`,
	} {
		exec(t, pool, change)
		requireInStep(t, pool)
	}
	m := newMonitor(t, pool, settings())
	tick(t, m, pool)
	requireInStep(t, pool)
	tasktest.Work(t, pool, catalog(), settings())
	requireInStep(t, pool)
}

func TestUserWithManyRepositoriesLeavesOthersTheirShare(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	// More than a tick looks at, in front of everybody else, and in many repository groups.
	for group := range 100 {
		crowd(t, pool, 10, 100+group, 10)
	}
	crowd(t, pool, 20, 300, 11)
	crowd(t, pool, 2, 301, 12)
	m := newMonitor(t, pool, settings("Tasks.max_facade=15"))
	tick(t, m, pool)
	require.Equal(t, map[int64]int{10: 7, 11: 6, 12: 2}, collecting(t, pool))

	// The same when everything is due again.
	exec(t, pool, `UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_task_id = NULL,
		facade_data_last_collected = now() - interval '20 days' + repo_id * interval '1 minute'`)
	exec(t, pool, `DELETE FROM augur_operations.collection_run`)
	exec(t, pool, `DELETE FROM river.river_job`)
	tick(t, m, pool)
	require.Equal(t, map[int64]int{10: 7, 11: 6, 12: 2}, collecting(t, pool))
}

func TestVisitOfSharesGoesRound(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	// One user has more repository groups than a tick visits, and there are more users than that.
	for group := range 150 {
		crowd(t, pool, 3, 1000+group, 10)
	}
	for user := range 150 {
		crowd(t, pool, 2, 1, 1000+user)
	}
	m := newMonitor(t, pool, settings("Tasks.max_facade=5"))
	users, groups := map[int64]bool{}, map[int64]bool{}
	for tick := range 6 {
		share, err := m.VisitedShares(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(share), 2*64, "visit %d", tick)
		for _, s := range share {
			users[s[0]] = true
			groups[s[1]] = true
		}
	}
	require.Len(t, users, 151, "every user is visited within a few ticks")
	require.Greater(t, len(groups), 3)
	exec(t, pool, `UPDATE augur_operations.collection_status s SET facade_status = 'Ignore' FROM augur_operations.user_repos u WHERE u.repo_id = s.repo_id AND u.group_id <> 10`)
	for range 4 {
		share, err := m.VisitedShares(t.Context())
		require.NoError(t, err)
		for _, s := range share {
			groups[s[1]] = true
		}
	}
	require.Len(t, groups, 151, "and every group of a user who is alone")
}

func TestLargeRepositoriesHavePlacesOfTheirOwn(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	crowd(t, pool, 400, 10, 10)
	crowd(t, pool, 400, 11, 11)
	exec(t, pool, `UPDATE augur_operations.collection_status SET commit_sum = 300000 FROM augur_data.repo r WHERE r.repo_id = collection_status.repo_id AND r.repo_group_id = 10`)
	m := newMonitor(t, pool, settings("Tasks.max_facade=20"))
	tick(t, m, pool)
	require.Equal(t, map[int64]int{10: 5, 11: 15}, collecting(t, pool))
	pool2 := dbtest.New(t)
	crowd(t, pool2, 30, 10, 10)
	exec(t, pool2, `UPDATE augur_operations.collection_status SET commit_sum = 300000`)
	m = newMonitor(t, pool2, settings("Tasks.max_facade=20", "Tasks.large_repository_slots_percent=0"))
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 20}, tick(t, m, pool2), "sizes are not told apart")
}

func TestJitterSpreadsWhatWasCollectedTogether(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	crowd(t, pool, 1000, 10, 10)
	store := settings("Tasks.max_facade=10000")
	m := newMonitor(t, pool, store)
	exec(t, pool, `UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_data_last_collected = now() AT TIME ZONE 'UTC' - interval '8 days 23 hours 59 minutes'`)
	require.Empty(t, tick(t, m, pool), "at nine tenths of the interval nothing is due yet")
	age := func(hours int) {
		exec(t, pool, `UPDATE augur_operations.collection_status SET facade_data_last_collected = facade_data_last_collected - make_interval(hours => $1) WHERE facade_status = 'Success'`, hours)
	}
	for hour := range 24 {
		age(1)
		require.InDelta(t, 1000.0/24, tick(t, m, pool)[tasks.Facade], 4, "hour %d", hour)
	}
	age(1)
	require.LessOrEqual(t, tick(t, m, pool)[tasks.Facade], 1, "everything was due by the end of the interval")
}

func TestDatabaseAndProgramAgreeOnJitterAndPlatforms(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, id := range []int64{1, 2, 77, 1_000_003, 1<<31 - 1, 1 << 31, 1<<40 + 12345} {
		for _, phase := range tasks.Phases() {
			var got float64
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT augur_operations.collection_jitter($1, $2)", id, string(phase)).Scan(&got))
			require.InDelta(t, monitor.Jitter(id, phase), got, 1e-12, "%d %s", id, phase)
		}
	}
	for _, url := range []string{
		"https://github.com/a/b", "https://gitlab.com/a/b/c", "https://example.org/github.com/x", "https://github.company.org/a/b", "git@example.org:a/b", "/srv/git/x.git", "https://gitlab.org/a/b",
	} {
		var got string
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT augur_operations.collection_platform($1)", url).Scan(&got))
		require.Equal(t, string(tasks.PlatformOf(url)), got, url)
	}
}

func TestErrorWithoutBackOffIsTriedAgainAndIgnoreIsNot(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	crowd(t, pool, 2, 10, 10)
	exec(t, pool, `UPDATE augur_operations.collection_status SET facade_status = CASE repo_id WHEN 1 THEN 'Error' ELSE 'Ignore' END`)
	m := newMonitor(t, pool, settings())
	require.Equal(t, map[tasks.Phase]int{tasks.Facade: 1}, tick(t, m, pool))
	var err error
	m.Since, err = m.Now(t.Context())
	require.NoError(t, err)
	require.Empty(t, tick(t, m, pool), "what a person set to Ignore stays so")
}

// A tick may not read what it does not need: its statements look rows up by index whatever the size of the tables.
func TestTickReadsByIndex(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	crowd(t, pool, 2000, 10, 10)
	exec(t, pool, `UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_data_last_collected = now() - repo_id * interval '1 minute'`)
	exec(t, pool, "VACUUM ANALYZE augur_operations.collection_schedule")
	m := newMonitor(t, pool, settings())
	before := scans(t, pool)
	require.Empty(t, tick(t, m, pool))
	after := scans(t, pool)
	require.Greater(t, after.index, before.index)
	require.Equal(t, before.sequential, after.sequential, "sequential scans of collection_schedule")
	require.Less(t, after.tuples-before.tuples, int64(300), "rows read")
}

type scanCounts struct{ sequential, index, tuples int64 }

func scans(t *testing.T, pool *pgxpool.Pool) scanCounts {
	t.Helper()
	// Each session reports its counts when it likes, unless it is told to.
	for _, conn := range pool.AcquireAllIdle(t.Context()) {
		_, err := conn.Exec(t.Context(), "SELECT pg_stat_force_next_flush()")
		conn.Release()
		require.NoError(t, err)
	}
	var c scanCounts
	require.NoError(t, pool.QueryRow(t.Context(), `
		SELECT seq_scan, idx_scan, seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relid = 'augur_operations.collection_schedule'::regclass`).Scan(&c.sequential, &c.index, &c.tuples))
	return c
}

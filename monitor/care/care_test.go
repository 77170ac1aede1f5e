package care_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/monitor/care"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what a test waits for.
const patience = time.Minute

func registry() *config.Registry {
	return config.NewRegistry(config.NewSection[care.Views]("Celery"), config.NewSection[care.Settings]("Tasks"))
}

func newCare(pool *pgxpool.Pool, pairs ...string) *care.Care {
	return care.New(pool, config.Static(registry(), pairs...), "here", slog.New(slog.DiscardHandler))
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// write changes rows on a connection of its own: its counters are in the statistics when it has ended.
func write(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
	var pid uint32
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
	require.NoError(t, conn.Close(t.Context()))
	eventually(t, pool, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)", pid)
}

func scalar[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var v T
	require.NoError(t, pool.QueryRow(t.Context(), sql, args...).Scan(&v))
	return v
}

// eventually waits until the query, which selects one boolean, says true.
func eventually(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	require.Eventually(t, func() bool { return scalar[bool](t, pool, sql, args...) }, patience, 10*time.Millisecond, "waited for: %s", sql)
}

// addRepo adds a repository with the phases of collection all pending.
func addRepo(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	write(t, pool, `
		WITH added AS (
			INSERT INTO augur_data.repo (repo_group_id, repo_git, repo_path, repo_name, data_source)
			VALUES (1, 'https://git.example.org/' || gen_random_uuid(), '', '', 'Git') RETURNING repo_id
		)
		INSERT INTO augur_operations.collection_status (repo_id) SELECT repo_id FROM added`)
}

// addCommits gives repository 1 commits with two files each.
func addCommits(t testing.TB, pool *pgxpool.Pool, from, to int) {
	t.Helper()
	exec(t, pool, `
		INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date,
			cmt_committer_name, cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename,
			cmt_date_attempted, cmt_author_timestamp, cmt_committer_timestamp)
		SELECT 1, md5(n::text), 'a', 'a@x', 'a@x', '2024-01-01', 'c', 'c@x', 'c@x', (date '2000-01-01' + n % 9000)::text, 1, 1, 0, 'file' || f, now(), now(), now()
		FROM generate_series($1::int, $2::int) n, generate_series(1, 2) f`, from, to)
}

// journal is a log that tests read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// run runs the loop until the test ends, on settings that follow the table.
func run(t *testing.T, pool *pgxpool.Pool, change func(*care.Care), log *slog.Logger) {
	t.Helper()
	store, err := config.Open(t.Context(), pool, registry(), log)
	require.NoError(t, err)
	c := care.New(pool, store, "here", log)
	if change != nil {
		change(c)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
		store.Close()
	})
}

func TestHealthNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	health, err := c.Health(t.Context())
	require.NoError(t, err)
	require.Empty(t, health.Problems)
	require.Len(t, health.Views, 14)
	require.Positive(t, health.Connections)
	require.Positive(t, health.MaxConnections)

	exec(t, pool, "INSERT INTO augur_operations.view_refresh (view, finished_at, outcome, error) VALUES ('augur_data.explorer_pr_response', now(), 'failed', 'no room')")
	exec(t, pool, "INSERT INTO augur_operations.machine_clock (host, ahead_seconds) VALUES ('far', 7.5), ('near', -4), ('slow', -600)")
	health, err = c.Health(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{
		"view augur_data.explorer_pr_response is not refreshed: no room",
		"the clock of far is 7.5s ahead of the database's: let it follow a time server",
		"the clock of slow is 10m0s behind the database's: let it follow a time server",
	}, health.Problems)
}

func TestHealthNamesKeysThatAreRefused(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	exec(t, pool, `
		INSERT INTO augur_operations.api_key (platform, fingerprint, source, disabled_at, disabled_reason, seen_at)
		VALUES ('github', 'bad', 'worker_oauth 1000', now(), '401', now()), ('github', 'gone', 'x', now(), '401', now() - interval '2 days')`)
	health, err := c.Health(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{
		"the github key in worker_oauth 1000 is refused: 401: see `augur github api-keys`; no other key works, so jobs that need one wait",
	}, health.Problems)
	exec(t, pool, "INSERT INTO augur_operations.api_key (platform, fingerprint, source) VALUES ('github', 'good', 'y')")
	health, err = c.Health(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"the github key in worker_oauth 1000 is refused: 401: see `augur github api-keys`"}, health.Problems)
}

func TestSkewIsTheDifferenceOfTheClocks(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	ahead, err := c.Skew(t.Context())
	require.NoError(t, err)
	require.Zero(t, ahead, "the server has the same clock")
	for _, off := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		c.Now = func() time.Time { return time.Now().Add(off) }
		ahead, err = c.Skew(t.Context())
		require.NoError(t, err)
		require.InDelta(t, off.Seconds(), ahead.Seconds(), 5)
	}
}

func TestAWrongClockIsReportedAndStored(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var log journal
	run(t, pool, func(c *care.Care) {
		c.Now = func() time.Time { return time.Now().Add(-time.Minute) }
	}, slog.New(slog.NewTextHandler(&log, nil)))
	eventually(t, pool, "SELECT EXISTS (SELECT FROM augur_operations.machine_clock WHERE host = 'here' AND ahead_seconds < -50)")
	require.Eventually(t, func() bool { return bytes.Contains([]byte(log.String()), []byte("clock of this machine is wrong")) }, patience, time.Millisecond)
}

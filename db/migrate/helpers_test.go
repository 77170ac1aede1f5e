package migrate_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// allowedSkew is far more than the clocks of one machine differ, and far less than a time zone.
const allowedSkew = time.Minute

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func open(t *testing.T, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func exec(t *testing.T, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		_, err := pool.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

func count(t *testing.T, pool *pgxpool.Pool, query string, args ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, pool.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

// fingerprint is the catalog of our schemas, with definitions and comments, and a hash of the rows of every table.
func fingerprint(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	var all []string
	for _, query := range []string{
		`SELECT concat_ws(' ', c.oid::regclass, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
			pg_get_expr(d.adbin, d.adrelid), obj_description(c.oid, 'pg_class'), col_description(c.oid, a.attnum))
		FROM pg_class c
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE c.relnamespace::regnamespace::text IN ('augur_data', 'augur_operations', 'spdx', 'river')
		ORDER BY c.oid::regclass::text, a.attnum`,
		`SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
		FROM pg_constraint WHERE connamespace::regnamespace::text IN ('augur_data', 'augur_operations', 'spdx') ORDER BY 1`,
		`SELECT indexdef FROM pg_indexes WHERE schemaname IN ('augur_data', 'augur_operations', 'spdx') ORDER BY 1`,
		`SELECT definition FROM pg_matviews ORDER BY 1`,
		`SELECT concat_ws(' ', tgrelid::regclass, tgname, pg_get_triggerdef(oid)) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1`,
		`SELECT concat_ws(' ', schemaname, sequencename, data_type, start_value, increment_by) FROM pg_sequences
		WHERE schemaname IN ('augur_data', 'augur_operations', 'spdx') AND sequencename NOT LIKE 'goose%' ORDER BY 1`,
	} {
		rows, err := pool.Query(t.Context(), query)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.NotEmpty(t, lines)
		all = append(all, lines...)
	}
	for _, table := range []string{
		"augur_data.platform", "augur_data.repo_groups", "augur_data.contributors", "augur_data.settings",
		"augur_data.contributor_affiliations", "augur_operations.users", "augur_operations.user_groups",
		"augur_operations.augur_settings", "augur_operations.config",
	} {
		all = append(all, table+" "+itoa(count(t, pool, "SELECT count(*) FROM "+table)))
	}
	return all
}

// requireSame fails with the lines that only one of the fingerprints has.
func requireSame(t *testing.T, want, got []string) {
	t.Helper()
	in := map[string]int{}
	for _, line := range want {
		in[line]--
	}
	for _, line := range got {
		in[line]++
	}
	maps.DeleteFunc(in, func(_ string, n int) bool { return n == 0 })
	require.Empty(t, in, "negative: gone, positive: new")
}

// recorder is a log handler that counts messages and says when the first one came.
type recorder struct {
	signal   chan struct{} // closed by the first message, when not nil
	mu       sync.Mutex
	messages []string
}

func (r *recorder) logger() *slog.Logger { return slog.New(r) }

func (r *recorder) count(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, m := range r.messages {
		if strings.Contains(m, text) {
			n++
		}
	}
	return n
}

func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.messages) == 0 && r.signal != nil {
		close(r.signal)
	}
	r.messages = append(r.messages, record.Message)
	return nil
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }

func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

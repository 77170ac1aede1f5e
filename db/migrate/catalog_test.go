package migrate_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
)

// The catalogs of testdata: what Augur's database has, row by row. A query gives the same columns as its file.
var catalogs = []struct {
	name    string
	object  []int // the columns of a row that name its object; all but the last name its table
	ordered bool  // the order of rows within a table counts
	query   string
}{
	{"columns", []int{0, 1, 2}, true, `
		SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
			CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END, coalesce(pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx', 'public') AND c.relkind IN ('r', 'v')
		ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`},
	{"constraints", []int{0, 1}, false, `
		SELECT n.nspname || '.' || c.relname, k.conname,
			CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'f' THEN 'FOREIGN KEY' ELSE 'CHECK' END,
			coalesce((SELECT string_agg(a.attname, ' ' ORDER BY o) FROM unnest(k.conkey) WITH ORDINALITY x (num, o)
				JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num), ''),
			CASE k.contype
				WHEN 'c' THEN pg_get_expr(k.conbin, k.conrelid)
				WHEN 'f' THEN k.confrelid::regclass || '(' || (
					SELECT string_agg(a.attname, ' ' ORDER BY o) FROM unnest(k.confkey) WITH ORDINALITY x (num, o)
					JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = x.num) || ')'
				ELSE '' END,
			coalesce(CASE WHEN k.contype = 'f' THEN rule.name END, ''),
			coalesce(CASE WHEN k.contype = 'f' THEN on_update.name END, ''),
			left(k.condeferrable::text, 1), left(k.condeferred::text, 1), left(k.convalidated::text, 1)
		FROM pg_constraint k
		JOIN pg_class c ON c.oid = k.conrelid
		JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN (VALUES ('a', 'NO ACTION'), ('r', 'RESTRICT'), ('c', 'CASCADE'), ('n', 'SET NULL')) rule (code, name)
			ON rule.code = k.confdeltype::text
		LEFT JOIN (VALUES ('a', 'NO ACTION'), ('r', 'RESTRICT'), ('c', 'CASCADE'), ('n', 'SET NULL')) on_update (code, name)
			ON on_update.code = k.confupdtype::text
		WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx', 'public') AND k.contype IN ('p', 'u', 'f', 'c')
		ORDER BY 1, 2`},
	{"indexes", []int{0, 2}, false, `
		SELECT n.nspname || '.' || c.relname, c.relkind::text, i.relname, left(x.indisunique::text, 1), am.amname,
			(SELECT string_agg(pg_get_indexdef(x.indexrelid, o, true), ' ' ORDER BY o) FROM generate_series(1, x.indnkeyatts) o),
			left((x.indpred IS NOT NULL)::text, 1)
		FROM pg_index x
		JOIN pg_class c ON c.oid = x.indrelid
		JOIN pg_class i ON i.oid = x.indexrelid
		JOIN pg_am am ON am.oid = i.relam
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx', 'public')
		ORDER BY 1, 3`},
	{"materialized_views", []int{0, 2}, true, `
		SELECT n.nspname || '.' || c.relname, a.attnum::text, a.attname, format_type(a.atttypid, a.atttypmod)
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relkind = 'm'
		ORDER BY 1, a.attnum`},
}

// TestSchemaIsAugurs compares the migrated catalog with Augur's. What differs on purpose is in testdata/differences.csv with its
// reason; a difference that does not occur any more must leave that file.
func TestSchemaIsAugurs(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	allowed := readDifferences(t)
	var faults []string
	unless := func(allowed bool, format string, args ...any) {
		if !allowed {
			faults = append(faults, fmt.Sprintf(format, args...))
		}
	}
	for _, c := range catalogs {
		want := objects(readCSV(t, c.name+".csv")[1:], c.object, c.ordered)
		got := objects(readCatalog(t, pool, c.query), c.object, c.ordered)
		require.NotEmpty(t, want)
		tables := map[string]bool{}
		for object := range want {
			tables[tableOf(object)] = true
		}
		for object, row := range want {
			switch have, ok := got[object]; {
			case !ok:
				unless(allowed.use(c.name, "missing", object), "%s: missing %s", c.name, row)
			case have != row:
				unless(allowed.use(c.name, "differs", object), "%s: %s, want %s", c.name, have, row)
			}
		}
		for object, row := range got {
			if _, ok := want[object]; ok {
				continue
			}
			// The rows of a whole table of ours are one difference.
			if schema, _, _ := strings.Cut(object, "."); !tables[tableOf(object)] && allowed.use(c.name, "added", schema+".*") {
				continue
			}
			unless(allowed.use(c.name, "added", object), "%s: not Augur's %s", c.name, row)
		}
	}
	for difference, used := range allowed {
		unless(used, "differences.csv lists %v, which does not occur", difference)
	}
	require.Empty(t, faults)
}

// TestCommitsIsVacuumedByCount: a table that only grows would otherwise wait for a fifth of itself to change.
func TestCommitsIsVacuumedByCount(t *testing.T) {
	t.Parallel()
	var options []string
	err := dbtest.New(t).QueryRow(t.Context(), "SELECT reloptions FROM pg_class WHERE oid = 'augur_data.commits'::regclass").Scan(&options)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=1000"}, options)
}

// TestSequencesBelongToTheirColumns: dropping a table drops its sequence, and TRUNCATE ... RESTART IDENTITY resets it.
func TestSequencesBelongToTheirColumns(t *testing.T) {
	t.Parallel()
	rows, err := dbtest.New(t).Query(t.Context(), `
		SELECT s.oid::regclass::text
		FROM pg_class s
		JOIN pg_namespace n ON n.oid = s.relnamespace
		WHERE s.relkind = 'S' AND n.nspname IN ('augur_data', 'augur_operations', 'spdx')
			AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = s.oid AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)`)
	require.NoError(t, err)
	free, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, free)
}

// written are the tables of Augur that this program writes. Add a table here when a task begins to write it, and its comments to a
// migration.
var written = []string{
	"augur_data.commit_messages", "augur_data.commit_parents", "augur_data.commits", "augur_data.contributor_affiliations", "augur_data.contributors",
	"augur_data.contributors_aliases", "augur_data.dm_repo_annual", "augur_data.dm_repo_group_annual", "augur_data.dm_repo_group_monthly",
	"augur_data.dm_repo_group_weekly", "augur_data.dm_repo_monthly", "augur_data.dm_repo_weekly", "augur_data.historical_repo_urls",
	"augur_data.issue_assignees", "augur_data.issue_events", "augur_data.issue_labels", "augur_data.issue_message_ref", "augur_data.issues",
	"augur_data.message", "augur_data.platform", "augur_data.pull_request_assignees", "augur_data.pull_request_commits",
	"augur_data.pull_request_events", "augur_data.pull_request_files", "augur_data.pull_request_labels", "augur_data.pull_request_message_ref",
	"augur_data.pull_request_meta", "augur_data.pull_request_repo", "augur_data.pull_request_review_message_ref", "augur_data.pull_request_reviewers",
	"augur_data.pull_request_reviews", "augur_data.pull_request_teams", "augur_data.pull_requests", "augur_data.releases", "augur_data.repo",
	"augur_data.repo_dependencies", "augur_data.repo_deps_libyear", "augur_data.repo_groups", "augur_data.repo_info", "augur_data.repo_insights",
	"augur_data.repo_insights_records", "augur_data.repo_labor", "augur_data.repos_fetch_log", "augur_data.settings",
	"augur_data.unresolved_commit_emails", "augur_operations.augur_settings", "augur_operations.collection_status", "augur_operations.config",
	"augur_operations.user_groups", "augur_operations.user_repos", "augur_operations.users",
}

// TestWhatTheProgramWritesIsDescribed: the tables of Augur that it writes, the tables of its own, and the views.
func TestWhatTheProgramWritesIsDescribed(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var ours []string
	for _, row := range readCSV(t, "columns.csv")[1:] {
		ours = append(ours, row[0]+"."+row[1])
	}
	rows, err := pool.Query(t.Context(), `
		SELECT n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r'
		WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx') AND c.relkind IN ('r', 'm', 'v')
			AND n.nspname || '.' || c.relname <> 'augur_operations.goose_db_version'
			AND (n.nspname || '.' || c.relname = ANY ($1) OR n.nspname || '.' || c.relname <> ALL ($2))
			AND (obj_description(c.oid, 'pg_class') IS NULL
				OR (a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL))
		ORDER BY 1`, written, ours)
	require.NoError(t, err)
	bare, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, bare, "needs COMMENT ON in a migration")
}

type difference struct{ catalog, change, object string }

// differences maps each listed difference to whether it occurred.
type differences map[difference]bool

func readDifferences(t *testing.T) differences {
	t.Helper()
	all := differences{}
	for _, row := range readCSV(t, "differences.csv")[1:] {
		require.NotEmpty(t, row[3], "a difference needs a reason: %v", row)
		all[difference{row[0], row[1], row[2]}] = false
	}
	return all
}

func (d differences) use(catalog, change, object string) bool {
	if _, ok := d[difference{catalog, change, object}]; !ok {
		return false
	}
	d[difference{catalog, change, object}] = true
	return true
}

// objects maps the name of each row's object to the row, with its position among the rows of its table where order counts.
func objects(rows [][]string, object []int, ordered bool) map[string]string {
	positions := map[string]int{}
	all := map[string]string{}
	for _, row := range rows {
		name := make([]string, len(object))
		for i, column := range object {
			name[i] = row[column]
		}
		key := strings.Join(name, ".")
		detail := strings.Join(row, " | ")
		if ordered {
			positions[tableOf(key)]++
			detail = fmt.Sprintf("%d: %s", positions[tableOf(key)], detail)
		}
		all[key] = detail
	}
	return all
}

func tableOf(object string) string { return object[:strings.LastIndexByte(object, '.')] }

// readCatalog runs the query with an empty search path, so that every name in an expression is qualified.
func readCatalog(t *testing.T, pool *pgxpool.Pool, query string) [][]string {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	_, err = tx.Exec(t.Context(), "SET LOCAL search_path = ''")
	require.NoError(t, err)
	rows, err := tx.Query(t.Context(), query)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]string, error) {
		values, err := row.Values()
		text := make([]string, len(values))
		for i, v := range values {
			text[i] = fmt.Sprint(v)
		}
		return text, err
	})
	require.NoError(t, err)
	return all
}

func readCSV(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	return rows
}

package rules_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/dbtest"
)

// riverColumns describes every column of River's tables, and every label of its enums, one a line.
const riverColumns = `
SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
WHERE c.relnamespace = 'river'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT t.typname || ' ' || row_number() OVER (PARTITION BY t.oid ORDER BY e.enumsortorder) || ' ' || e.enumlabel
FROM pg_enum e
JOIN pg_type t ON t.oid = e.enumtypid
WHERE t.typnamespace = 'river'::regnamespace
ORDER BY 1`

// A new version of River may change its tables; our queries are checked against the copy.
func TestTheCopyOfRiversTablesIsRivers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	text, err := os.ReadFile(filepath.Join(root, "queries", "schema", "river.sql"))
	require.NoError(t, err)
	empty, err := db.Connect(ctx, dbtest.Empty(t), db.Options{MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(empty.Close)
	_, err = empty.Exec(ctx, string(text))
	require.NoError(t, err)

	copied, err := empty.Query(ctx, riverColumns)
	require.NoError(t, err)
	got, err := pgx.CollectRows(copied, pgx.RowTo[string])
	require.NoError(t, err)
	migrated, err := dbtest.New(t).Query(ctx, riverColumns)
	require.NoError(t, err)
	want, err := pgx.CollectRows(migrated, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotEmpty(t, want)
	require.Equal(t, want, got)
}

package db_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/dbtest"
)

func TestSessionsRunInUTCWithTheSearchPath(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var zone, path string
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT current_setting('TimeZone'), current_setting('search_path')").Scan(&zone, &path))
	require.Equal(t, "UTC", zone)
	require.Equal(t, db.SearchPath, path)
	require.Equal(t, pgx.QueryExecModeCacheStatement, pool.Config().ConnConfig.DefaultQueryExecMode, "no pooler stands between")
}

func TestTheURLSaysHowStatementsRun(t *testing.T) {
	t.Parallel()
	pool, err := db.Connect(t.Context(), dbtest.Empty(t)+"&default_query_exec_mode=exec", db.Options{})
	require.NoError(t, err)
	defer pool.Close()
	require.Equal(t, pgx.QueryExecModeExec, pool.Config().ConnConfig.DefaultQueryExecMode)
}

func TestHears(t *testing.T) {
	t.Parallel()
	pool, elsewhere := dbtest.New(t), dbtest.New(t)
	heard, err := db.Hears(t.Context(), pool, pool)
	require.NoError(t, err)
	require.True(t, heard)
	heard, err = db.Hears(t.Context(), elsewhere, pool)
	require.NoError(t, err)
	require.False(t, heard, "announcements stay in their database")
}

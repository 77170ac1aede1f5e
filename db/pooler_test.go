package db_test

import (
	"context"
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

// The server must not wait two hours to find out that a machine is gone. Over a socket of the machine, as here, it takes the parameters and reports 0.
func TestSessionsAreKeptAlive(t *testing.T) {
	t.Parallel()
	cfg, err := db.Config("postgres://db.example.org/augur", db.Options{})
	require.NoError(t, err)
	require.Subset(t, cfg.ConnConfig.RuntimeParams, map[string]string{"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"})
}

func TestSingleIsOneConnectionLikeThoseOfThePool(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	single, err := db.Single(t.Context(), pool)
	require.NoError(t, err)
	defer single.Close()
	first, err := single.Acquire(t.Context())
	require.NoError(t, err)
	defer first.Release()
	var path, name, same string
	require.NoError(t, first.QueryRow(t.Context(), "SELECT current_setting('search_path'), current_database()").Scan(&path, &name))
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT current_database()").Scan(&same))
	require.Equal(t, []string{db.SearchPath, same}, []string{path, name})
	waiting, stop := context.WithCancel(t.Context())
	stop()
	_, err = single.Acquire(waiting)
	require.ErrorIs(t, err, context.Canceled, "there is no second one")
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

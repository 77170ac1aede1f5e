package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/config"
	"augur/monitor"
	"augur/tasks"
)

// tick lets a monitor start in the database of env what is due.
func tick(t testing.TB, env map[string]string) monitor.Report {
	t.Helper()
	a := &app{environ: map[string]string{"AUGUR_HOME": t.TempDir()}}
	log := slog.New(slog.DiscardHandler)
	pool, err := db.Connect(t.Context(), env["AUGUR_DB"], db.Options{})
	require.NoError(t, err)
	defer pool.Close()
	settings, err := config.Read(t.Context(), pool, registry(), log)
	require.NoError(t, err)
	catalog, err := a.catalog(settings, log)
	require.NoError(t, err)
	queue, err := tasks.NewQueue(pool, monitor.RetryAfter(settings), log)
	require.NoError(t, err)
	report, err := monitor.New(pool, queue, catalog, settings, log).Tick(t.Context())
	require.NoError(t, err)
	return report
}

func TestTasksClearTakesEverythingOutOfCollection(t *testing.T) {
	t.Parallel()
	env := settled(t)
	require.Equal(t, "nothing was running or waiting\n", succeeds(t, env, "tasks", "clear", "--yes"))
	succeeds(t, env, "db", "add-repo", "https://git.example.org/a/b", "https://git.example.org/a/c")
	require.Equal(t, 2, tick(t, env).Total())
	const statuses = "SELECT string_agg(DISTINCT facade_status, ',') FROM augur_operations.collection_status"
	require.Equal(t, "Collecting", query(t, env, statuses))

	got := augur(t, env, "tasks", "clear")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.stderr, "this closes all open runs and cancels their jobs: add --yes")
	require.Equal(t, "Collecting", query(t, env, statuses))

	require.Regexp(t, `^2 runs closed, [24] jobs cancelled, 2 phases set back\n$`, succeeds(t, env, "tasks", "clear-tasks", "-y"))
	require.Equal(t, "Pending", query(t, env, statuses))
	require.Equal(t, "0", query(t, env, "SELECT count(*)::text FROM augur_operations.collection_violation"))
	require.Equal(t, 2, tick(t, env).Total(), "they may start again")
}

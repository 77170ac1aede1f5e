package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// history makes a git repository with n commits, one changed file each.
func history(t testing.TB, dir string, n int) {
	t.Helper()
	var stream strings.Builder
	for i := range n {
		content := fmt.Sprintf("line %d\n", i)
		message := fmt.Sprintf("%s %d", filepath.Base(dir), i)
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter Ada <ada@example.org> %d +0000\ndata %d\n%s\nM 100644 inline file%d\ndata %d\n%s\n",
			1_700_000_000+i, len(message), message, i%7, len(content), content)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main", dir}, {"-C", dir, "fast-import", "--quiet"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		if args[0] != "init" {
			cmd.Stdin = strings.NewReader(stream.String())
		}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

// clones counts the clones in the cache of a machine.
func clones(t testing.TB, env map[string]string) int {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(env["AUGUR_HOME"], "repos", "*.git"))
	require.NoError(t, err)
	return len(found)
}

func TestSeveralMachinesShareTheWork(t *testing.T) {
	t.Parallel()
	env := database(t)
	succeeds(t, env, "config", "set", "--section", "Facade", "--setting", "allow_local", "--value", "1")
	dir := t.TempDir()
	const repos = 12
	commits := 0
	for i := range repos {
		path := filepath.Join(dir, "project"+strconv.Itoa(i))
		history(t, path, 10+i)
		commits += 10 + i
		succeeds(t, env, "db", "add-repo", path, "--group", "1")
	}
	// Each machine has a directory of its own; all they have in common is the database. The monitor runs on a third one, which works nothing.
	machine := func() map[string]string {
		own := maps.Clone(env)
		own["AUGUR_HOME"] = t.TempDir()
		return own
	}
	one, two, head := machine(), machine(), machine()
	workers := []*daemon{
		startDaemon(t, one, "worker", "--queue", "facade", "--slots", "1", "--drain", "5s"),
		startDaemon(t, two, "worker", "--queue", "facade", "--slots", "1", "--drain", "5s"),
	}
	for _, w := range workers {
		w.await(t, "ready for jobs", 1)
	}
	succeeds(t, env, "config", "set", "--section", "Celery", "--setting", "facade_worker_count", "--value", "0")
	backend := startBackend(t, head)
	require.Eventually(t, func() bool {
		return query(t, env, "SELECT count(*)::text FROM augur_operations.collection_status WHERE facade_status = 'Success'") == strconv.Itoa(repos)
	}, patience, 50*time.Millisecond, "all repositories are collected")

	require.Positive(t, clones(t, one))
	require.Positive(t, clones(t, two))
	require.Zero(t, clones(t, head))
	for i := range repos {
		want := fmt.Sprintf("%d %d", 10+i, 10+i)
		got := query(t, env, `
			SELECT concat_ws(' ', count(*), count(DISTINCT c.cmt_commit_hash))
			FROM augur_data.commits c
			JOIN augur_data.repo r ON r.repo_id = c.repo_id
			WHERE r.repo_git LIKE '%/project' || $1`, strconv.Itoa(i))
		require.Equal(t, want, got, "project%d: one row for each commit, which changes one file", i)
	}
	require.Equal(t, strconv.Itoa(commits), query(t, env, "SELECT count(*)::text FROM augur_data.commits"))
	require.Equal(t, strconv.Itoa(commits), query(t, env, "SELECT count(*)::text FROM augur_data.commit_messages"))
	require.Equal(t, "2", query(t, env, "SELECT count(DISTINCT attempted_by[1])::text FROM river.river_job"), "both workers had jobs")
	requireAgreement(t, env)

	for _, w := range workers {
		w.signal(t, syscall.SIGTERM)
		require.Zero(t, w.status(t))
	}
	succeeds(t, head, "backend", "stop")
	require.Zero(t, backend.status(t))
	require.Equal(t, "0", query(t, env, "SELECT count(*)::text FROM augur_operations.worker_lease"))
}

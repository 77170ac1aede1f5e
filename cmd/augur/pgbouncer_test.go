//go:build pgbouncer

package main

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
)

// pgbouncer starts a pooler in transaction mode in front of a database, and returns the URL that leads through it. Pgbouncer refuses root, and
// the directory of the server's socket is closed, so it runs as the owner of that.
func pgbouncer(t testing.TB, database string, settings ...string) string {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	server := u.Query().Get("host")
	dir, err := os.MkdirTemp("/tmp", "augur-")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	require.NoError(t, os.Chmod(dir, 0o755))
	ini := fmt.Sprintf(`[databases]
* = host=%s user=%s
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = %s
auth_type = any
pool_mode = transaction
default_pool_size = 8
max_client_conn = 200
%s
`, server, u.User.Username(), dir, strings.Join(settings, "\n"))
	file := filepath.Join(dir, "pgbouncer.ini")
	require.NoError(t, os.WriteFile(file, []byte(ini), 0o644))
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	cmd := exec.Command(program, file)
	if os.Geteuid() == 0 {
		info, err := os.Stat(server)
		require.NoError(t, err)
		owner, ok := info.Sys().(*syscall.Stat_t)
		require.True(t, ok)
		require.NoError(t, os.Chown(dir, int(owner.Uid), int(owner.Gid)))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	var log strings.Builder
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
		_ = cmd.Wait() // it ends by the signal
		if t.Failed() {
			t.Log(log.String())
		}
	})
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, ".s.PGSQL.6432"))
		return err == nil
	}, patience, 10*time.Millisecond, "pgbouncer has a socket")
	return fmt.Sprintf("postgres://%s@%s?host=%s&port=6432", u.User.Username(), u.Path, dir)
}

// throughPgbouncer prepares a git repository in a fresh database behind pgbouncer: the upgrade goes through it, too.
func throughPgbouncer(t testing.TB, mode string, settings ...string) (direct string, env map[string]string) {
	t.Helper()
	dir, _ := repository(t)
	direct = dbtest.Empty(t)
	env = map[string]string{"AUGUR_DB": pgbouncer(t, direct, settings...) + mode, "AUGUR_HOME": t.TempDir()}
	var upgrades sync.WaitGroup
	for range 4 {
		upgrades.Go(func() {
			if got := augur(t, env, "db", "upgrade"); got.status != 0 {
				t.Error(got.stdout, got.stderr)
			}
		})
	}
	upgrades.Wait()
	succeeds(t, env, "config", "set", "--section", "Facade", "--setting", "allow_local", "--value", "1")
	succeeds(t, env, "db", "add-repo", dir, "--group", "1")
	return direct, env
}

// requireClean looks at the server itself: nothing may be left in sessions that others get.
func requireClean(t testing.TB, direct string) {
	t.Helper()
	env := map[string]string{"AUGUR_DB": direct}
	requireAgreement(t, env)
	require.Equal(t, "0", query(t, env, `
		SELECT count(*)::text
		FROM pg_locks
		WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`), "locks of sessions")
	require.Equal(t, "2 2", query(t, env, "SELECT concat_ws(' ', count(*), count(DISTINCT cmt_commit_hash)) FROM augur_data.commits"))
}

func TestPgbouncerRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ mode, setting string }{
		"as it is installed":    {"", ""},
		"parameters ignored":    {"", "ignore_startup_parameters = search_path, extra_float_digits"},
		"mode exec":             {"&default_query_exec_mode=exec", ""},
		"mode cache_describe":   {"&default_query_exec_mode=cache_describe", ""},
		"few sessions":          {"", "max_db_connections = 3"},
		"sessions are not kept": {"", "server_lifetime = 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct, env := throughPgbouncer(t, c.mode, c.setting)
			succeeds(t, env, "run")
			succeeds(t, env, "db", "refresh-views", "--force")
			require.Contains(t, succeeds(t, env, "status"), "Success")
			requireClean(t, direct)
			require.Equal(t, "2", query(t, map[string]string{"AUGUR_DB": direct}, "SELECT commits_all_time::text FROM augur_data.api_get_all_repos_commits"))
		})
	}
}

func TestPgbouncerBackendPolls(t *testing.T) {
	t.Parallel()
	direct, env := throughPgbouncer(t, "")
	d := startBackend(t, env)
	awaitStatus(t, env, "Success")
	d.await(t, "announcements are not heard.*AUGUR_DB_DIRECT", 1+len(queueNames()))
	require.Len(t, d.find("announcements are not heard.*AUGUR_DB_DIRECT"), 1+len(queueNames()), "the backend and its workers say so once each")
	succeeds(t, env, "config", "set", "--section", "Tasks", "--setting", "max_core", "--value", "7")
	d.await(t, "setting changed.*max_core", 1)
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
	requireClean(t, direct)
}

func TestPgbouncerBackendListensOnADirectConnection(t *testing.T) {
	t.Parallel()
	direct, env := throughPgbouncer(t, "")
	env["AUGUR_DB_DIRECT"] = direct
	d := startBackend(t, env)
	awaitStatus(t, env, "Success")
	require.Empty(t, d.find("announcements are not heard"))
	listeners := []string{"augur backend settings"}
	for _, queue := range slices.Sorted(slices.Values(queueNames())) {
		listeners = append(listeners, "augur worker "+queue, "augur worker "+queue+" settings")
	}
	require.Equal(t, strings.Join(listeners, ", "), query(t, map[string]string{"AUGUR_DB": direct}, `
		SELECT string_agg(DISTINCT application_name, ', ' ORDER BY application_name)
		FROM pg_stat_activity
		WHERE datname = current_database() AND (query LIKE 'LISTEN "river%' OR application_name LIKE '% settings')`), "connections that listen")
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
	requireClean(t, direct)

	env["AUGUR_DB_DIRECT"] = env["AUGUR_DB"]
	d = startBackend(t, env)
	require.NotEmpty(t, d.find("announcements are not heard.*must lead to PostgreSQL itself"))
	succeeds(t, env, "backend", "stop")
}

package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

func TestBackendCollectsServesAndStopsInOrder(t *testing.T) {
	t.Parallel()
	dir, env := repository(t)
	succeeds(t, env, "db", "add-repo", dir, "--group", "1")
	d := startBackend(t, env)
	backend := d.instance(t)
	require.Equal(t, d.cmd.Process.Pid, backend.PID)
	awaitStatus(t, env, "Success")
	require.Equal(t, "2", query(t, env, "SELECT count(*)::text FROM augur_data.commits"))

	status, body := d.get(t, "/health")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "ok", body["status"])
	_, body = d.get(t, "/api")
	require.Equal(t, "ok", body["status"])
	_, body = d.get(t, "/api/status")
	require.Equal(t, map[string]any{"Success": 1.0}, member(t, body, "phases")["facade"])

	require.Equal(t, "true true", query(t, env, `
		SELECT concat_ws(' ', (count(*) FILTER (WHERE application_name = 'augur backend') BETWEEN 1 AND 11)::text,
			(count(*) FILTER (WHERE application_name = 'augur worker facade') BETWEEN 1 AND 5 + 8)::text)
		FROM pg_stat_activity
		WHERE datname = current_database()`), "the help promises a number of connections")
	table := succeeds(t, env, "backend", "processes")
	require.Contains(t, table, "backend")
	require.Contains(t, table, "collecting")
	require.Contains(t, table, strconv.Itoa(d.awaitPID(t, lineWorker, 1)))
	var rows []processRow
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "backend", "processes", "--json")), &rows))
	require.Len(t, rows, 1+len(queueNames()))
	var queues []string
	for _, row := range rows[1:] {
		require.Equal(t, "worker", row.Role)
		require.Positive(t, row.Memory)
		require.Zero(t, *row.Jobs)
		queues = append(queues, row.Queues...)
	}
	require.ElementsMatch(t, queueNames(), queues)

	out := succeeds(t, env, "backend", "stop")
	require.Contains(t, out, "has stopped after")
	require.Zero(t, d.status(t))
	requireNoneLeft(t, d, backend)
	require.NoFileExists(t, filepath.Join(env["AUGUR_HOME"], "main.pid"))
	require.Equal(t, "0", query(t, env, "SELECT count(*)::text FROM augur_operations.worker_lease"))
	require.Equal(t, "The backend is not running.\n", succeeds(t, env, "backend", "stop"))
	require.Equal(t, "The backend is not running.\n", succeeds(t, env, "backend", "kill"))
	require.Equal(t, "The backend is not running.\n", succeeds(t, env, "backend", "stop-collection-blocking"))
	require.Equal(t, "The backend is not running, and there are no workers.\n", succeeds(t, env, "backend", "processes"))
	for _, name := range []string{"augur.log", "worker-facade.log"} {
		requireJSONLines(t, filepath.Join(env["AUGUR_HOME"], "logs", name))
	}
}

func requireJSONLines(t testing.TB, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := 0
	for line := range bytes.Lines(text) {
		var record map[string]any
		require.NoError(t, json.Unmarshal(line, &record), string(line))
		require.Contains(t, record, "msg")
		lines++
	}
	require.Positive(t, lines)
}

func TestBackendRefusesASecondStart(t *testing.T) {
	t.Parallel()
	env := database(t)
	env["AUGUR_HOME"] = t.TempDir()
	stale := filepath.Join(env["AUGUR_HOME"], "main.pid")
	require.NoError(t, os.WriteFile(stale, []byte(strconv.Itoa(os.Getpid())+"\nstarted=1\nmark=OLD\nstate=collecting\n"), 0o600))
	d := startBackend(t, env, "--disable-collection")
	second := finish(t, program(t, env, "backend", "start", "--port", "0"))
	require.Equal(t, exitFailed, second.status)
	require.Contains(t, second.stderr, "already running as pid "+strconv.Itoa(d.cmd.Process.Pid))
	require.Contains(t, second.stderr, "`augur backend stop`")
	refused := augur(t, env, "backend", "repo-reset", "--yes")
	require.Equal(t, exitFailed, refused.status)
	require.Contains(t, refused.stderr, "stop it first with `augur backend stop`")

	// Another pidfile is another backend, but not on the same port.
	port := regexp.MustCompile(`\d+$`).FindString(d.await(t, lineReady, 1))
	third := finish(t, program(t, env, "backend", "start", "--port", port, "--pidfile", filepath.Join(t.TempDir(), "other.pid")))
	require.Equal(t, exitFailed, third.status)
	require.Contains(t, third.stderr, "port "+port+" is taken by another program: choose another with --port")

	require.Equal(t, "Nothing is collected; the web server stays.\n", succeeds(t, env, "backend", "stop-collection-blocking"))
	d.signal(t, syscall.SIGINT)
	require.Equal(t, exitInterrupted, d.status(t))
	require.Empty(t, d.find("worker started"))
}

func TestBackendRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	env := database(t)
	for want, args := range map[string][]string{
		`--workers: must be processes or inline (got "threads")`: {"backend", "start", "--workers", "threads"},
		"--port: must be between 0 and 65535 (got 65536)":        {"backend", "start", "--port", "65536"},
		"--drain: must be between 1s and 1h (got 0s)":            {"backend", "start", "--drain", "0s"},
		"--timeout: must be positive (got -1s)":                  {"backend", "stop", "--timeout", "-1s"},
		`unexpected argument "now"`:                              {"backend", "stop", "now"},
		`there is no command "begin" in ` + "`augur backend`":    {"backend", "begin"},
		"--queue is missing":                                     {"worker"},
		`--queue: there is no queue "fast"`:                      {"worker", "--queue", "facade,fast"},
		"--slots: must be between 1 and 1000":                    {"worker", "--queue", "facade", "--slots", "-1"},
		"add --yes, as there is no terminal to ask on":           {"backend", "repo-reset"},
	} {
		got := augur(t, env, args...)
		require.Equal(t, exitUsage, got.status, strings.Join(args, " "))
		require.Contains(t, got.stderr, want)
	}
	wide := maps.Clone(env)
	wide["AUGUR_HOME"] = t.TempDir()
	succeeds(t, wide, "config", "set", "--section", "Server", "--setting", "host", "--value", "0.0.0.0")
	got := finish(t, program(t, wide, "backend", "start"))
	require.Equal(t, exitFailed, got.status)
	require.Contains(t, got.stderr, "Server.host is 0.0.0.0, which other machines can reach")
}

func TestNothingIsLeftOfAKilledBackend(t *testing.T) {
	t.Parallel()
	env, _ := stuck(t)
	d := startBackend(t, env)
	awaitStatus(t, env, "Collecting running 1")
	backend := d.instance(t)
	require.Eventually(t, func() bool {
		processes, err := backend.Processes(t.Context())
		return err == nil && len(processes) > 2
	}, patience, 10*time.Millisecond, "git runs below the worker")
	d.signal(t, syscall.SIGKILL)
	d.status(t)
	requireNoneLeft(t, d, backend)
	require.Equal(t, "Collecting available 0", facadeStatus(t, env), "the worker handed its job back with no attempt used")

	// The file that stays behind is no obstacle.
	require.FileExists(t, filepath.Join(env["AUGUR_HOME"], "main.pid"))
	require.Equal(t, "The backend is not running.\n", succeeds(t, env, "backend", "stop"))
}

func TestStopHandsRunningJobsBack(t *testing.T) {
	t.Parallel()
	for _, how := range []string{workersProcesses, workersInline} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			env, letGo := stuck(t)
			d := startBackend(t, env, "--workers", how)
			awaitStatus(t, env, "Collecting running 1")
			backend := d.instance(t)
			succeeds(t, env, "backend", "stop")
			require.Zero(t, d.status(t))
			require.Equal(t, "Collecting available 0", facadeStatus(t, env))
			requireNoneLeft(t, d, backend)

			letGo()
			d = startBackend(t, env, "--workers", how)
			awaitStatus(t, env, "Success")
			succeeds(t, env, "backend", "stop")
			require.Zero(t, d.status(t))
		})
	}
}

func TestASecondSignalStopsAtOnce(t *testing.T) {
	t.Parallel()
	for _, how := range []string{workersProcesses, workersInline} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			env, _ := stuck(t)
			d := startBackend(t, env, "--workers", how, "--drain", "1h")
			awaitStatus(t, env, "Collecting running 1")
			backend := d.instance(t)
			d.signal(t, syscall.SIGTERM)
			d.await(t, "stopping: running jobs may finish; a second signal", 1)
			d.signal(t, syscall.SIGTERM)
			require.Equal(t, exitInterrupted, d.status(t))
			requireNoneLeft(t, d, backend)
			require.Equal(t, "Collecting available 1", facadeStatus(t, env), "the job was rescued by replacement")
		})
	}
}

func TestKillGivesJobsBackAndARestartGoesOn(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	d := startBackend(t, env)
	awaitStatus(t, env, "Collecting running 1")
	backend := d.instance(t)
	out := succeeds(t, env, "backend", "kill")
	require.Contains(t, out, "Killed: backend "+strconv.Itoa(backend.PID)+", worker ")
	require.Contains(t, out, ", worker facade ")
	require.Contains(t, out, "1 running job was given back to the queue.\n")
	require.Equal(t, -1, d.status(t))
	require.Equal(t, "Collecting available 1", facadeStatus(t, env))
	requireNoneLeft(t, d, backend)
	require.NoFileExists(t, filepath.Join(env["AUGUR_HOME"], "main.pid"))

	letGo()
	d = startBackend(t, env)
	awaitStatus(t, env, "Success")
	backend = d.instance(t)
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
	requireNoneLeft(t, d, backend)
}

func TestStopCollectionLeavesTheWebServer(t *testing.T) {
	t.Parallel()
	env, _ := stuck(t)
	d := startBackend(t, env)
	awaitStatus(t, env, "Collecting running 1")
	worker := d.awaitPID(t, lineWorker, 1)
	require.Contains(t, succeeds(t, env, "backend", "stop-collection-blocking"), "Collection has stopped after ")
	require.Equal(t, "Collecting available 0", facadeStatus(t, env))
	requireAgreement(t, env)
	require.ErrorIs(t, syscall.Kill(worker, 0), syscall.ESRCH)
	require.Len(t, d.find(lineWorker), 1)
	status, _ := d.get(t, "/health")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, supervisor.Serving, d.instance(t).State)
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
}

func TestRepoResetStartsOver(t *testing.T) {
	t.Parallel()
	dir, env := repository(t)
	succeeds(t, env, "db", "add-repo", dir, "--group", "1")
	d := startBackend(t, env, "--workers", "inline")
	awaitStatus(t, env, "Success")
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))

	execute(t, env, "INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues) VALUES ('x', 'elsewhere', 12, '{facade}')")
	refused := augur(t, env, "backend", "repo-reset", "--yes")
	require.Equal(t, exitFailed, refused.status)
	require.Contains(t, refused.stderr, "a worker runs as pid 12 on elsewhere: stop it first")
	execute(t, env, "DELETE FROM augur_operations.worker_lease")

	require.Equal(t, "1 repository will be collected from the start; stored git history is deleted.\n", succeeds(t, env, "backend", "repo-reset", "--yes"))
	require.Equal(t, "Pending", facadeStatus(t, env))
	require.Equal(t, "0 0 0 0", query(t, env, `
		SELECT concat_ws(' ', (SELECT count(*) FROM augur_data.commits), (SELECT count(*) FROM augur_data.commit_messages),
			(SELECT count(*) FROM augur_data.commit_parents), (SELECT count(*) FROM augur_operations.git_history))`))
	require.Equal(t, "reset: augur backend repo-reset", query(t, env, "SELECT who || ': ' || why FROM augur_operations.collection_event ORDER BY event_id DESC LIMIT 1"))
	requireAgreement(t, env)
	require.Contains(t, succeeds(t, env, "backend", "repo-reset", "--yes"), "0 repositories")

	d = startBackend(t, env, "--workers", "inline")
	awaitStatus(t, env, "Success")
	require.Equal(t, "2", query(t, env, "SELECT count(*)::text FROM augur_data.commits"))
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
}

func TestBackendOnThePrivatePostgresLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AUGUR_HOME": shortHome(t)}
	succeeds(t, env, "db", "upgrade")
	d := startBackend(t, env)
	d.await(t, lineJobs, 1)
	status, _ := d.get(t, "/health")
	require.Equal(t, http.StatusOK, status)
	d.signal(t, syscall.SIGKILL)
	d.status(t)
	requireServerStops(t, env) // with the last worker

	d = startBackend(t, env)
	d.await(t, lineJobs, 1)
	require.Contains(t, succeeds(t, env, "backend", "kill"), "No job was running.\n")
	requireServerStops(t, env)

	d = startBackend(t, env)
	d.signal(t, syscall.SIGTERM)
	require.Zero(t, d.status(t))
	requireServerStops(t, env)
}

func requireServerStops(t testing.TB, env map[string]string) {
	t.Helper()
	require.Eventually(t, func() bool {
		got := augur(t, env, "db", "status", "--json")
		return strings.Contains(got.stdout, `"running": false`)
	}, patience, 50*time.Millisecond, "the private PostgreSQL runs")
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

// The backend starts its workers from its own program, which here is the test binary. The mark tells such a copy what it is to be.
func init() { //nolint:gochecknoinits // before TestMain looks for a variable that the backend does not hand on
	if os.Getenv(supervisor.MarkVariable) != "" {
		os.Exit(run(os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
	}
}

// patience bounds what a test waits for: long enough for a busy machine, never used up when things go well.
const patience = time.Minute

// daemon is a running command: the backend or a worker.
type daemon struct {
	env  map[string]string
	cmd  *exec.Cmd
	done chan struct{}

	mu    sync.Mutex
	lines []string
}

// startDaemon starts a command, which must end before the test does, or is killed with all its processes.
func startDaemon(t testing.TB, env map[string]string, args ...string) *daemon {
	t.Helper()
	if env["AUGUR_HOME"] == "" {
		env["AUGUR_HOME"] = t.TempDir()
	}
	d := &daemon{env: env, cmd: program(t, env, args...), done: make(chan struct{})}
	d.cmd.Stderr, d.cmd.Stdout = d, d
	d.cmd.WaitDelay = time.Second
	require.NoError(t, d.cmd.Start())
	go func() {
		defer close(d.done)
		_ = d.cmd.Wait() // the status is looked at by those who care
	}()
	t.Cleanup(func() {
		found, _, err := supervisor.Find(context.Background(), filepath.Join(env["AUGUR_HOME"], "main.pid"))
		if err == nil {
			_, err = found.Kill(context.Background())
		}
		if err != nil {
			t.Error(err)
		}
		_ = d.cmd.Process.Kill() // it may have ended
		<-d.done
		if t.Failed() {
			t.Log(strings.Join(d.lines, "\n"))
		}
	})
	return d
}

func (d *daemon) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := bufio.NewScanner(bytes.NewReader(p))
	for lines.Scan() {
		d.lines = append(d.lines, lines.Text())
	}
	return len(p), nil
}

func (d *daemon) find(pattern string) [][]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	re := regexp.MustCompile(pattern)
	var found [][]string
	for _, line := range d.lines {
		if groups := re.FindStringSubmatch(line); groups != nil {
			found = append(found, groups)
		}
	}
	return found
}

// await waits for the nth line that matches, counted from 1, and returns its first group.
func (d *daemon) await(t testing.TB, pattern string, nth int) string {
	t.Helper()
	require.Eventually(t, func() bool { return len(d.find(pattern)) >= nth || d.ended() }, patience, 10*time.Millisecond, "line %q", pattern)
	found := d.find(pattern)
	require.GreaterOrEqual(t, len(found), nth, "the program ended before it wrote %q", pattern)
	groups := found[nth-1]
	return groups[len(groups)-1]
}

func (d *daemon) awaitPID(t testing.TB, pattern string, nth int) int {
	t.Helper()
	pid, err := strconv.Atoi(d.await(t, pattern, nth))
	require.NoError(t, err)
	return pid
}

func (d *daemon) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// status waits for the end and returns the exit status.
func (d *daemon) status(t testing.TB) int {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(patience):
		require.Fail(t, "the program does not end")
	}
	return d.cmd.ProcessState.ExitCode()
}

func (d *daemon) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	require.NoError(t, syscall.Kill(d.cmd.Process.Pid, sig))
}

// Lines that the backend writes.
const (
	lineReady  = `backend ready.* web=(\S+)`
	lineWorker = `worker started queue=facade pid=(\d+)`
	lineJobs   = `facade \| .*ready for jobs`
)

// startBackend starts a backend on the database of env and waits until it is ready.
func startBackend(t testing.TB, env map[string]string, args ...string) *daemon {
	t.Helper()
	d := startDaemon(t, env, append([]string{"backend", "start", "--port", "0", "--drain", "1s"}, args...)...)
	d.await(t, lineReady, 1)
	return d
}

// get asks the web server of a backend and returns the status and the decoded answer.
func (d *daemon) get(t testing.TB, path string) (int, map[string]any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.await(t, lineReady, 1)+path, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	var body map[string]any
	require.NoError(t, json.NewDecoder(response.Body).Decode(&body))
	return response.StatusCode, body
}

// member is an object inside an answer.
func member(t testing.TB, body map[string]any, name string) map[string]any {
	t.Helper()
	object, ok := body[name].(map[string]any)
	require.True(t, ok, name)
	return object
}

// instance is the backend as its pidfile describes it.
func (d *daemon) instance(t testing.TB) supervisor.Instance {
	t.Helper()
	found, _, err := supervisor.Find(t.Context(), filepath.Join(d.env["AUGUR_HOME"], "main.pid"))
	require.NoError(t, err)
	return found
}

// requireNoneLeft waits until no process of a backend is left, and looks whether status and queue agree.
func requireNoneLeft(t testing.TB, d *daemon, backend supervisor.Instance) {
	t.Helper()
	require.Eventually(t, func() bool {
		left, err := backend.Processes(t.Context())
		return err == nil && len(left) == 0
	}, patience, 20*time.Millisecond, "processes are left")
	requireAgreement(t, d.env)
}

// requireAgreement asserts that no status disagrees with the queue.
func requireAgreement(t testing.TB, env map[string]string) {
	t.Helper()
	require.Empty(t, query(t, env, "SELECT coalesce(string_agg(violation, '; '), '') FROM augur_operations.collection_violation"))
}

// facadeStatus is the status of the facade phase of the only repository, and the state and attempts of its unfinished job.
func facadeStatus(t testing.TB, env map[string]string) string {
	t.Helper()
	return query(t, env, `
		SELECT concat_ws(' ', s.facade_status, j.state, j.attempt)
		FROM augur_operations.collection_status s
		LEFT JOIN river.river_job j ON j.id = s.facade_task_id::bigint`)
}

func awaitStatus(t testing.TB, env map[string]string, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return facadeStatus(t, env) == want }, patience, 50*time.Millisecond, "want %q", want)
}

// repository is a git repository with two commits, and the environment of a database where it may be collected.
func repository(t testing.TB) (dir string, env map[string]string) {
	t.Helper()
	env = database(t)
	env["AUGUR_HOME"] = t.TempDir()
	for _, key := range []string{"allow_local", "allow_http", "allow_private"} {
		succeeds(t, env, "config", "set", "--section", "Facade", "--setting", key, "--value", "1")
	}
	dir = filepath.Join(t.TempDir(), "project")
	person := []string{"-c", "user.name=Ada", "-c", "user.email=ada@example.org"}
	for _, args := range [][]string{
		{"init", "-q", dir},
		append(person, "-C", dir, "commit", "-q", "--allow-empty", "-m", "one"),
		append(person, "-C", dir, "commit", "-q", "--allow-empty", "-m", "two"),
	} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return dir, env
}

// stuck adds a repository whose server never answers, so that a job is in flight. Letting go sends git to a real one instead.
func stuck(t testing.TB) (env map[string]string, letGo func()) {
	t.Helper()
	dir, env := repository(t)
	end := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		close(end)
		server.Close()
	})
	succeeds(t, env, "db", "add-repo", server.URL+"/stuck/project", "--group", "1")
	return env, func() {
		succeeds(t, env, "config", "set", "--section", "Facade", "--setting", "url_rewrite", "--value", server.URL+"/stuck/project="+dir)
	}
}

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
		SELECT concat_ws(' ', (count(*) FILTER (WHERE application_name = 'augur backend') BETWEEN 1 AND 10)::text,
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

func TestBackendStartsADeadWorkerAgainAndItGoesOn(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	d := startBackend(t, env)
	awaitStatus(t, env, "Collecting running 1")
	backend := d.instance(t)
	letGo()
	first := d.awaitPID(t, lineWorker, 1)
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.NotEqual(t, first, d.awaitPID(t, lineWorker, 2))
	require.Len(t, d.find("worker ended; it is started again"), 1)
	awaitStatus(t, env, "Success")
	require.Len(t, d.find("job rescued from a dead worker"), 1)
	d.signal(t, syscall.SIGTERM)
	require.Zero(t, d.status(t))
	requireNoneLeft(t, d, backend)
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

	require.Equal(t, "1 repositories will be collected from the start; stored git history is deleted.\n", succeeds(t, env, "backend", "repo-reset", "--yes"))
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

func TestWorkerAloneWorksForTheMonitorOfAnother(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	succeeds(t, env, "config", "set", "--section", "Celery", "--setting", "facade_worker_count", "--value", "0")
	d := startBackend(t, env)
	d.await(t, `queue has no slots on this machine.*queue=facade`, 1)
	elsewhere := maps.Clone(env)
	elsewhere["AUGUR_HOME"] = t.TempDir()
	w := startDaemon(t, elsewhere, "worker", "--queue", "facade", "--slots", "2", "--drain", "1s")
	awaitStatus(t, env, "Collecting running 1")
	require.Contains(t, succeeds(t, env, "backend", "processes"), strconv.Itoa(w.cmd.Process.Pid))
	w.signal(t, syscall.SIGTERM)
	require.Zero(t, w.status(t))
	require.Equal(t, "Collecting available 0", facadeStatus(t, env))

	letGo()
	w = startDaemon(t, elsewhere, "worker", "--queue", "facade", "--slots", "2", "--drain", "1s")
	awaitStatus(t, env, "Success")
	w.signal(t, syscall.SIGINT)
	require.Equal(t, exitInterrupted, w.status(t))
	backend := d.instance(t)
	succeeds(t, env, "backend", "stop")
	requireNoneLeft(t, d, backend)
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

func TestWorkerCountTakesEffectWhileItRuns(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	count := func(n string) {
		succeeds(t, env, "config", "set", "--section", "Celery", "--setting", "facade_worker_count", "--value", n)
	}
	count("0")
	d := startBackend(t, env, "--drain", "1s")
	d.await(t, `queue has no slots on this machine.*queue=facade`, 1)
	count("2")
	awaitStatus(t, env, "Collecting running 1")
	count("3")
	d.await(t, `ready for jobs.*facade:3`, 1)
	require.Equal(t, "Collecting running 1", facadeStatus(t, env), "what runs goes on")
	count("0")
	d.await(t, `queue has no slots on this machine.*queue=facade`, 2)
	require.Equal(t, "Collecting running 1", facadeStatus(t, env), "although nothing new would start")
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
	require.Equal(t, "Collecting available 0", facadeStatus(t, env), "until the backend stops")
	letGo()
	count("1")
	d = startBackend(t, env)
	awaitStatus(t, env, "Success")
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
}

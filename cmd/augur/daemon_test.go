package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
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

package local_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/dbtest"
	"augur/db/local"
)

// helperDir makes a copy of the test binary a user of the server in that directory instead of running tests.
const helperDir = "AUGUR_LOCAL_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperDir); dir != "" {
		if err := help(dir, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(used.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}

// used is a home that was initialised once, to be copied: initialising is what takes the time.
var used struct {
	once sync.Once
	dir  string
	err  error
}

// usedHome is a home whose server has run before.
func usedHome(t *testing.T) string {
	t.Helper()
	used.once.Do(func() {
		// Beside the directories of tests: it outlives the first of them.
		if used.dir, used.err = os.MkdirTemp(filepath.Dir(dbtest.Dir(t)), "augur-local-test-"); used.err != nil {
			return
		}
		if used.err = os.Chmod(used.dir, 0o711); used.err != nil {
			return
		}
		var s *local.Server
		if s, used.err = local.Acquire(context.Background(), options(used.dir+"/postgres")); used.err == nil {
			used.err = s.Release(context.Background())
		}
	})
	require.NoError(t, used.err)
	dir := home(t)
	out, err := exec.Command("cp", "-a", used.dir+"/postgres", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	return dir
}

// help acquires the server, says so with its URL, and releases it when its input ends.
func help(dir string, in io.Reader, out io.Writer) error {
	ctx := context.Background()
	s, err := local.Acquire(ctx, options(dir))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, s.URL())
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	return s.Release(ctx)
}

func options(dir string) local.Options {
	return local.Options{Dir: dir, PGBin: os.Getenv("PG_BIN"), Path: os.Getenv("PATH"), Log: slog.New(slog.DiscardHandler)}
}

// process is a helper: another program that uses the same server.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Closer
	out *bufio.Reader
}

func startProcess(t *testing.T, dir string) *process {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperDir+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{t: t, cmd: cmd, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return p
}

// url waits until the helper has the server.
func (p *process) url() string {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSpace(line)
}

// release lets the helper end in good order.
func (p *process) release() {
	p.t.Helper()
	require.NoError(p.t, p.in.Close())
	require.NoError(p.t, p.cmd.Wait())
}

// kill ends the helper without a chance to clean up. That its output ends too shows that the server does not hold it open.
func (p *process) kill() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Kill())
	_, err := io.Copy(io.Discard, p.out)
	require.NoError(p.t, err)
	require.Error(p.t, p.cmd.Wait())
}

// home returns the home of a server that does not exist yet. Whatever happens in the test, no server of it is left.
func home(t *testing.T) string {
	t.Helper()
	dir := dbtest.Dir(t) + "/postgres"
	t.Cleanup(func() { require.NoError(t, local.Stop(context.Background(), options(dir))) })
	return dir
}

func acquire(t *testing.T, o local.Options) *local.Server {
	t.Helper()
	s, err := local.Acquire(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Release(context.Background())) })
	return s
}

func status(t *testing.T, dir string) local.State {
	t.Helper()
	st, err := local.Status(t.Context(), options(dir))
	require.NoError(t, err)
	return st
}

// query returns the one value of a statement as text.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	var text string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&text))
	return text
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

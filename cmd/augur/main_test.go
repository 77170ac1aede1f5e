package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/dbtest"
)

// asAugur turns a copy of the test binary into the program, and also the copies that the program starts as its workers.
const asAugur = "AUGUR_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asAugur) != "" {
		os.Exit(run(os.Args, os.Environ(), os.Stdin, os.Stdout, os.Stderr))
	}
	if signal.Ignored(syscall.SIGHUP) {
		// Started by nohup, whose doing the programs would inherit, but some tests send the signal.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	goleak.VerifyTestMain(m)
}

// result is what a command did.
type result struct {
	stdout, stderr string
	status         int
}

// environment is that of a command: what is given, and the little that every program needs. AUGUR_HOME is a directory of the test's own; a
// private PostgreSQL would need a shorter one, see [shortHome].
func environment(t testing.TB, env map[string]string) []string {
	t.Helper()
	all := map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir(), "AUGUR_HOME": t.TempDir()}
	if dir := os.Getenv("PG_BIN"); dir != "" {
		all["PG_BIN"] = dir
	}
	maps.Copy(all, env)
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}

// shortHome is an AUGUR_HOME that is short enough for the path of a socket, and open to the user that runs the private PostgreSQL.
func shortHome(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(dbtest.Dir(t), "home")
	require.NoError(t, os.Mkdir(dir, 0o700))
	return dir
}

// augur runs a command in a process of its own, as people do: package cli keeps its flag for help in a variable, and reads the environment itself.
func augur(t testing.TB, env map[string]string, args ...string) result {
	t.Helper()
	return finish(t, program(t, env, args...))
}

// augurReading is augur with something on standard input.
func augurReading(t testing.TB, env map[string]string, stdin string, args ...string) result {
	t.Helper()
	cmd := program(t, env, args...)
	cmd.Stdin = strings.NewReader(stdin)
	return finish(t, cmd)
}

// program prepares a command as a process of its own: a copy of this test binary. The caller starts it, and may change it before.
func program(t testing.TB, env map[string]string, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	cmd.Args[0] = "augur"
	cmd.Env = append(environment(t, env), asAugur+"=1")
	return cmd
}

// finish runs a prepared command to its end.
func finish(t testing.TB, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Writer(&stdout), io.Writer(&stderr)
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), status: cmd.ProcessState.ExitCode()}
}

// succeeds runs a command that must not fail, and returns what it printed.
func succeeds(t testing.TB, env map[string]string, args ...string) string {
	t.Helper()
	got := augur(t, env, args...)
	require.Zero(t, got.status, "%s: %s%s", strings.Join(args, " "), got.stdout, got.stderr)
	return got.stdout
}

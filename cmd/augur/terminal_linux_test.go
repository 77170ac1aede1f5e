package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what a program writes to its far end is read here, and what is typed here the program reads.
type terminal struct {
	near, far *os.File
	mu        sync.Mutex
	seen      bytes.Buffer
	arrived   *sync.Cond
	done      chan struct{}
}

func newTerminal(t testing.TB) *terminal {
	t.Helper()
	near, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	control, err := near.SyscallConn()
	require.NoError(t, err)
	var number int
	var unlockErr, numberErr error
	require.NoError(t, control.Control(func(fd uintptr) {
		unlockErr = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0)
		number, numberErr = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
	}))
	require.NoError(t, unlockErr)
	require.NoError(t, numberErr)
	far, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	term := &terminal{near: near, far: far, done: make(chan struct{})}
	term.arrived = sync.NewCond(&term.mu)
	go term.read()
	t.Cleanup(func() {
		require.NoError(t, far.Close())
		<-term.done
		require.NoError(t, near.Close())
	})
	return term
}

// read collects what the program writes, until the far end is closed.
func (term *terminal) read() {
	defer close(term.done)
	buffer := make([]byte, 4096)
	for {
		n, err := term.near.Read(buffer)
		term.mu.Lock()
		term.seen.Write(buffer[:n])
		term.arrived.Broadcast()
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// wait returns when the text has been seen. The time limit is that of the test.
func (term *terminal) wait(text string) {
	term.mu.Lock()
	defer term.mu.Unlock()
	for !strings.Contains(term.seen.String(), text) {
		term.arrived.Wait()
	}
}

func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// typed is what a person types.
func (term *terminal) typed(t testing.TB, keys string) {
	t.Helper()
	_, err := term.near.WriteString(keys)
	require.NoError(t, err)
}

func TestAQuestionIsAskedOnATerminal(t *testing.T) {
	t.Parallel()
	env := settled(t)
	const rows = "SELECT (count(*) > 0)::text FROM augur_operations.config"
	for _, test := range []struct {
		typed  string
		status int
		left   string
	}{
		{"\n", exitOK, "true"},
		{"no\n", exitOK, "true"},
		{"\x04", exitOK, "true"}, // end of input
		{"yes\n", exitOK, "false"},
	} {
		term := newTerminal(t)
		cmd := program(t, env, "config", "clear")
		var stdout bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = term.far, &stdout, term.far
		require.NoError(t, cmd.Start())
		term.wait("This removes all settings, the API keys too. Go on? [y/N] ")
		term.typed(t, test.typed)
		require.NoError(t, cmd.Wait(), term.text())
		require.Equal(t, test.left, query(t, env, rows), "%q", test.typed)
		require.Equal(t, test.left == "false", stdout.Len() > 0, stdout.String())
	}
}

func TestAQuestionCanBeInterrupted(t *testing.T) {
	t.Parallel()
	env := settled(t)
	for _, args := range [][]string{{"config", "clear"}, {"db", "add-repos", "-"}} {
		term := newTerminal(t)
		cmd := program(t, env, args...)
		cmd.Stdin, cmd.Stderr = term.far, term.far
		require.NoError(t, cmd.Start())
		if args[0] == "config" {
			term.wait("[y/N] ")
		} else {
			// It reads once it has connected.
			require.Eventually(t, func() bool {
				return query(t, env, `SELECT count(*)::text FROM pg_stat_activity
					WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%config%'`) != "0"
			}, time.Minute, 20*time.Millisecond)
		}
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		require.Error(t, cmd.Wait())
		require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), term.text())
	}
	require.Equal(t, "true", query(t, env, "SELECT (count(*) > 0)::text FROM augur_operations.config"))
}

func TestProgressIsShownOnATerminalAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	env := database(t)
	var rows strings.Builder
	for i := range 6_000 {
		fmt.Fprintf(&rows, "https://github.com/owner/repo%d,1\n", i)
	}
	rows.WriteString("nonsense,1\n")
	term := newTerminal(t)
	cmd := program(t, env, "db", "add-repos", write(t, "repos.csv", rows.String()))
	cmd.Stdout, cmd.Stderr = term.far, term.far
	require.Error(t, cmd.Run())
	require.Equal(t, exitFailed, cmd.ProcessState.ExitCode())
	term.wait("6,001 rows: 6,000 added, 0 already there, 1 rejected\r\n")
	require.Contains(t, term.text(), "%", "the bar")
	lines := strings.Split(term.text(), "\n")
	require.True(t, strings.HasSuffix(strings.TrimRight(lines[len(lines)-3], "\r"), "line 6001: nonsense: is not a git URL: write it as https://host/path"), "%q", lines)
}

// asleep waits until a session of the database of env sleeps.
func asleep(t testing.TB, env map[string]string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return query(t, env, "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()") != "0"
	}, time.Minute, 20*time.Millisecond)
}

func TestTheInterruptKeyBelongsToPsql(t *testing.T) {
	t.Parallel()
	env := database(t)
	term := newTerminal(t)
	cmd := program(t, env, "db", "psql", "--", "-X")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = term.far, term.far, term.far
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	term.wait("=# ")
	term.typed(t, "SELECT pg_sleep(600);\n")
	asleep(t, env)
	term.typed(t, "\x03")
	term.wait("canceling statement due to user request")
	term.typed(t, "\\q\n")
	require.NoError(t, cmd.Wait(), term.text())
}

func TestTerminatingTheProgramTerminatesPsql(t *testing.T) {
	t.Parallel()
	env := database(t)
	cmd := program(t, env, "db", "psql", "--", "-X", "-c", "SELECT pg_sleep(600)")
	require.NoError(t, cmd.Start())
	asleep(t, env)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode())
}

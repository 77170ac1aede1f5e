package local_test

import (
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/local"
)

// Bounds for what another process does: how long at most, and how often to look.
const (
	deadline = 30 * time.Second
	tick     = 5 * time.Millisecond
)

func ownerName(t *testing.T, path string) string {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	stat, ok := info.Sys().(*syscall.Stat_t)
	require.True(t, ok)
	u, err := user.LookupId(strconv.Itoa(int(stat.Uid)))
	require.NoError(t, err)
	return u.Username
}

func TestManyAtOnceShareOneServer(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			for range 2 {
				s, err := local.Acquire(t.Context(), options(dir))
				if err != nil {
					errs[i] = err
					return
				}
				if errs[i] = s.Release(t.Context()); errs[i] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.False(t, status(t, dir).Running)
	users, err := os.ReadDir(dir + "/users")
	require.NoError(t, err)
	require.Empty(t, users)
}

func TestProcessesShareOneServerAndTheDeadDropOut(t *testing.T) {
	t.Parallel()
	dir := home(t)
	ps := make([]*process, 4)
	for i := range ps {
		ps[i] = startProcess(t, dir) // all at once, on a home that is not there
	}
	urls := map[string]bool{}
	for _, p := range ps {
		urls[p.url()] = true
	}
	require.Len(t, urls, 1)
	before := status(t, dir)
	require.Equal(t, 4, before.Users)

	ps[0].kill()
	ps[1].kill()
	require.Equal(t, 2, status(t, dir).Users)
	ps[2].release()
	after := status(t, dir)
	require.Equal(t, before.PID, after.PID)
	require.Equal(t, 1, after.Users)
	ps[3].release()
	require.False(t, status(t, dir).Running)
}

func TestServerSurvivesItsLastUserAndIsJoined(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	p := startProcess(t, dir)
	execute(t, p.url(), "CREATE TABLE kept (n int)")
	st := status(t, dir)
	group, err := syscall.Getpgid(st.PID)
	require.NoError(t, err)
	require.NotEqual(t, p.cmd.Process.Pid, group, "Ctrl-C in the terminal does not reach the server")
	require.NotEqual(t, syscall.Getpgrp(), group)

	p.kill()
	st = status(t, dir)
	require.True(t, st.Running)
	require.Zero(t, st.Users)
	s := acquire(t, options(dir))
	require.Equal(t, st.PID, status(t, dir).PID)
	require.Equal(t, "kept", query(t, s.URL(), "SELECT to_regclass('kept')::text"))
	require.NoError(t, s.Release(t.Context()))
	require.False(t, status(t, dir).Running)
}

func TestKilledPostmasterIsReplaced(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	first := acquire(t, options(dir))
	execute(t, first.URL(), "CREATE TABLE kept (n int)")
	before := status(t, dir)
	require.NoError(t, syscall.Kill(before.PID, syscall.SIGKILL))
	require.Eventually(t, func() bool { return !status(t, dir).Running }, deadline, tick)

	second := acquire(t, options(dir))
	require.NotEqual(t, before.PID, status(t, dir).PID)
	require.Equal(t, "kept", query(t, second.URL(), "SELECT to_regclass('kept')::text"))
	require.NoError(t, second.Release(t.Context()))
	if status(t, dir).Port == before.Port { // another test's server may have taken the port in between
		require.Equal(t, "kept", query(t, first.URL(), "SELECT to_regclass('kept')::text"), "the first user has the new server too")
	}
}

func TestPidFileOfAnotherProgramIsNoServer(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	require.NoError(t, acquire(t, options(dir)).Release(t.Context()))
	// After a crash and a reboot the number may be anybody's: here a process of the account that PostgreSQL itself would take for a server.
	other := exec.Command("sleep", "600")
	other.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		info, err := os.Stat(dir + "/data")
		require.NoError(t, err)
		stat, ok := info.Sys().(*syscall.Stat_t)
		require.True(t, ok)
		other.SysProcAttr.Credential = &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
	}
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		require.NoError(t, other.Process.Kill())
		require.Error(t, other.Wait())
	})
	pidFile := strconv.Itoa(other.Process.Pid) + "\n" + dir + "/data\n1700000000\n15432\n" + dir + "/socket\n127.0.0.1\n  5432001         0\nready   \n"
	require.NoError(t, os.WriteFile(dir+"/data/postmaster.pid", []byte(pidFile), 0o600))
	require.False(t, status(t, dir).Running)
	s := acquire(t, options(dir))
	require.Equal(t, "1", query(t, s.URL(), "SELECT 1::text"))
}

func TestPortStaysUnlessItIsTaken(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address, ok := l.Addr().(*net.TCPAddr)
	require.True(t, ok)
	last := []byte(`{"port": ` + strconv.Itoa(address.Port) + `}`)
	require.NoError(t, os.WriteFile(dir+"/server.json", last, 0o600))
	s := acquire(t, options(dir))
	require.NotEqual(t, address.Port, status(t, dir).Port, "somebody has it")
	require.Equal(t, "1", query(t, s.URL(), "SELECT 1::text"))
	require.NoError(t, s.Release(t.Context()))

	require.NoError(t, l.Close())
	require.NoError(t, os.WriteFile(dir+"/server.json", last, 0o600))
	acquire(t, options(dir))
	require.Equal(t, address.Port, status(t, dir).Port)
}

func TestUnfinishedInitialisationIsRemoved(t *testing.T) {
	t.Parallel()
	dir := home(t)
	require.NoError(t, os.MkdirAll(dir+"/data.init-1/base", 0o700))
	require.NoError(t, os.Chmod(dir, 0o711))
	acquire(t, options(dir))
	left, err := filepath.Glob(dir + "/data.init-*")
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestNormalUser runs the tests of this package once more as nobody, when it is root that runs them.
func TestNormalUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		require.NotZero(t, os.Getuid(), "this is the run as a normal user")
		return
	}
	nobody, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.Atoi(nobody.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(nobody.Gid)
	require.NoError(t, err)
	dir := dbtest.Dir(t)
	require.NoError(t, os.Chown(dir, uid, gid))
	exe, err := os.Executable()
	require.NoError(t, err)
	// Another process writes it: while a file is open for writing in this one, or in a child that it is starting, nobody can run it.
	copied, err := exec.CommandContext(t.Context(), "install", "-m", "755", exe, dir+"/local.test").CombinedOutput()
	require.NoError(t, err, string(copied))
	// It takes as long as the machine needs: the only limit is that of all tests here, a little before it, so that its output is seen.
	limit := "0"
	if end, limited := t.Deadline(); limited {
		limit = (time.Until(end) * 9 / 10).String()
	}
	cmd := exec.CommandContext(t.Context(), dir+"/local.test", "-test.timeout", limit, "-test.run", "Share|ByHand|Survives|Closed|Foreign|Ordinary|NormalUser")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

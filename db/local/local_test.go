package local_test

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"augur/db/local"
)

func TestAcquireStartsAndTheLastReleaseStops(t *testing.T) {
	t.Parallel()
	dir := home(t)
	require.Equal(t, local.State{Dir: dir, PasswordFile: dir + "/pgpass"}, status(t, dir))
	require.NoDirExists(t, dir, "Status makes nothing")

	first, second := acquire(t, options(dir)), acquire(t, options(dir))
	require.Equal(t, first.URL(), second.URL())
	require.Equal(t, "augur", query(t, first.URL(), "SELECT current_database()"))
	require.Equal(t, "UTF8 C UTC on", query(t, first.URL(),
		"SELECT concat_ws(' ', pg_encoding_to_char(encoding), datcollate, current_setting('timezone'), current_setting('data_checksums')) FROM pg_database WHERE datname = current_database()"))
	st := status(t, dir)
	require.True(t, st.Running)
	require.Equal(t, 2, st.Users)
	require.False(t, st.ByHand)
	require.Equal(t, first.URL(), st.URL)
	require.Equal(t, query(t, first.URL(), "SELECT split_part(current_setting('server_version'), ' ', 1)"), st.Version)

	require.NoError(t, first.Release(t.Context()))
	require.NoError(t, first.Release(t.Context()), "a second Release does nothing")
	execute(t, second.URL(), "CREATE TABLE kept (n int)")
	require.NoError(t, second.Release(t.Context()))
	st = status(t, dir)
	require.False(t, st.Running)
	require.Zero(t, st.Users)
	require.Regexp(t, `^\d+$`, st.Version)
	require.NoFileExists(t, dir+"/data/postmaster.pid")

	again := acquire(t, options(dir))
	require.Equal(t, "kept", query(t, again.URL(), "SELECT to_regclass('kept')::text"))
}

func TestReleaseWorksOnTheWayOut(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	s := acquire(t, options(dir))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, s.Release(ctx))
	require.False(t, status(t, dir).Running)
}

func TestServerStartedByHandStays(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	onDemand := acquire(t, options(dir))
	byHand, err := local.Start(t.Context(), options(dir))
	require.NoError(t, err)
	require.NoError(t, byHand.Release(t.Context()))
	require.NoError(t, onDemand.Release(t.Context()))
	st := status(t, dir)
	require.True(t, st.Running)
	require.True(t, st.ByHand)
	require.Zero(t, st.Users)

	user := acquire(t, options(dir))
	var inUse *local.InUseError
	require.ErrorAs(t, local.Stop(t.Context(), options(dir)), &inUse)
	require.Equal(t, []int{os.Getpid()}, inUse.PIDs)
	require.Equal(t, "1", query(t, user.URL(), "SELECT 1::text"))
	require.NoError(t, user.Release(t.Context()))
	require.False(t, status(t, dir).Running, "the last user stops what Stop left to it")

	_, err = local.Start(t.Context(), options(dir))
	require.NoError(t, err)
	require.NoError(t, local.Stop(t.Context(), options(dir)))
	require.False(t, status(t, dir).Running)
	require.NoError(t, local.Stop(t.Context(), options(dir)), "no server, nothing to do")
}

func TestThePortNeedsThePassword(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	s := acquire(t, options(dir))
	st := status(t, dir)
	cfg, err := pgx.ParseConfig(fmt.Sprintf("postgres://augur@127.0.0.1:%d/augur?passfile=/dev/null&sslmode=disable", st.Port))
	require.NoError(t, err)
	_, err = pgx.ConnectConfig(t.Context(), cfg)
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "28P01", refused.Code)

	check := func() string {
		info, err := os.Stat(st.PasswordFile)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		line, err := os.ReadFile(st.PasswordFile)
		require.NoError(t, err)
		password, found := strings.CutPrefix(strings.TrimSpace(string(line)), "*:*:*:augur:")
		require.True(t, found)
		require.NotContains(t, s.URL(), password)
		cfg.Password = password
		conn, err := pgx.ConnectConfig(t.Context(), cfg)
		require.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		return password
	}
	before := check()
	require.NoError(t, os.Remove(st.PasswordFile))
	acquire(t, options(dir))
	require.NotEqual(t, before, check(), "a lost password is replaced")

	info, err := os.Stat(st.SocketDir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "over the socket there is no password")
}

func TestSettingsReachTheServer(t *testing.T) {
	t.Parallel()
	o := options(usedHome(t))
	o.Settings = map[string]string{"work_mem": "7MB", "augur.note": `it's \ here`}
	s := acquire(t, o)
	require.Equal(t, "7MB", query(t, s.URL(), "SHOW work_mem"))
	require.Equal(t, `it's \ here`, query(t, s.URL(), "SHOW augur.note"))
	require.Equal(t, "100", query(t, s.URL(), "SHOW max_connections"))
}

func TestFailedStartShowsTheLog(t *testing.T) {
	t.Parallel()
	o := options(usedHome(t))
	o.Settings = map[string]string{"shared_buffers": "plenty"}
	_, err := local.Acquire(t.Context(), o)
	require.ErrorContains(t, err, `invalid value for parameter "shared_buffers": "plenty"`)
	require.Zero(t, status(t, o.Dir).Users)

	o.Settings = map[string]string{"port = 1 #": "1"}
	_, err = local.Acquire(t.Context(), o)
	require.ErrorContains(t, err, "malformed")
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := home(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := options(dir)
	failed := make(chan error, 1)
	go func() {
		_, err := local.Acquire(ctx, o)
		failed <- err
	}()
	require.Eventually(t, func() bool {
		made, err := filepath.Glob(dir + "/data.init-*/PG_VERSION")
		return err == nil && len(made) > 0
	}, deadline, tick)
	cancel()
	require.ErrorIs(t, <-failed, context.Canceled)
	require.NoDirExists(t, dir+"/data")
	left, err := filepath.Glob(dir + "/data.init-*")
	require.NoError(t, err)
	require.Empty(t, left)
	acquire(t, o)
}

func TestOddDirectories(t *testing.T) {
	t.Parallel()
	for name, sub := range map[string]string{
		"long":     strings.Repeat("/deeper", 16),
		"quotes":   `/it's "quoted", with $HOME and *`,
		"relative": "/a/../b/./c",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(home(t) + sub)
			s := acquire(t, o)
			st := status(t, o.Dir)
			require.Equal(t, "1", query(t, s.URL(), "SELECT 1::text"))
			info, err := os.Stat(st.SocketDir)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
			require.NoError(t, s.Release(t.Context()))
			if !strings.HasPrefix(st.SocketDir, st.Dir) {
				require.NoDirExists(t, st.SocketDir)
			}
		})
	}
}

func TestSymbolicLinkIsTheSameHome(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	s := acquire(t, options(dir))
	link := filepath.Join(filepath.Dir(dir), "link")
	require.NoError(t, os.Symlink(dir, link))
	require.Equal(t, s.URL(), acquire(t, options(link)).URL())
	require.Equal(t, 2, status(t, link).Users)
}

func TestWrongMajorVersionGivesAdvice(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	require.NoError(t, acquire(t, options(dir)).Release(t.Context()))
	version := dir + "/data/PG_VERSION"
	right, err := os.ReadFile(version)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(version, []byte("9\n"), 0o600))
	_, err = local.Acquire(t.Context(), options(dir))
	var wrong *local.WrongMajorError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, "9", wrong.Have)
	require.NotEmpty(t, wrong.Found)
	require.ErrorContains(t, err, dir+"/data is of PostgreSQL 9, and installed is "+wrong.Found[0].String())
	require.ErrorContains(t, err, "install PostgreSQL 9, or set PG_BIN")
	require.ErrorContains(t, err, "pg_upgrade")

	require.NoError(t, os.WriteFile(version, right, 0o600))
	acquire(t, options(dir))
}

func TestNoBinariesSaysHowToInstall(t *testing.T) {
	t.Parallel()
	o := options(home(t))
	o.PGBin = t.TempDir()
	_, err := local.Acquire(t.Context(), o)
	require.ErrorIs(t, err, local.ErrNoBinaries)
	require.ErrorContains(t, err, "PG_BIN="+o.PGBin)
	require.ErrorContains(t, err, "apt-get install postgresql")
	_, err = local.Find(t.Context(), o)
	require.ErrorIs(t, err, local.ErrNoBinaries)
}

func TestClosedDirectoryIsNamed(t *testing.T) {
	t.Parallel()
	closed := filepath.Dir(home(t)) + "/closed"
	require.NoError(t, os.Mkdir(closed, 0o700))
	dir := closed + "/augur/postgres"
	if os.Geteuid() != 0 {
		require.NoError(t, os.Chmod(closed, 0o500))
		_, err := local.Acquire(t.Context(), options(dir))
		require.ErrorIs(t, err, os.ErrPermission)
		require.ErrorContains(t, err, closed+"/augur")
		require.NoError(t, os.Chmod(closed, 0))
		_, err = local.Acquire(t.Context(), options(dir))
		require.ErrorContains(t, err, dir+"/data is closed to this user: run the program as the user that made it or as root, or set AUGUR_HOME")
		_, err = local.Status(t.Context(), options(dir))
		require.ErrorContains(t, err, "is closed to this user")
		require.NoError(t, os.Chmod(closed, 0o700))
		return
	}
	_, err := local.Acquire(t.Context(), options(dir))
	var e *local.ClosedError
	require.ErrorAs(t, err, &e)
	require.Equal(t, closed, e.Dir)
	require.ErrorContains(t, err, "directory "+closed+" (mode 0700) is closed to user "+e.Account)
	require.ErrorContains(t, err, "/var/lib/augur")
	require.NoError(t, os.Chmod(closed, 0o711))
	acquire(t, options(dir))
}

func TestANewDirectoryOfRootIsOpenedToTheServer(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root runs the server as another user")
	}
	fresh := filepath.Dir(home(t)) + "/fresh"
	require.NoError(t, os.Mkdir(fresh, 0o700))
	s := acquire(t, options(fresh+"/postgres"))
	require.Equal(t, "1", query(t, s.URL(), "SELECT 1::text"))
	info, err := os.Stat(fresh)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o710), info.Mode().Perm(), "others still see nothing of it")

	inhabited := filepath.Dir(fresh) + "/inhabited"
	require.NoError(t, os.MkdirAll(inhabited+"/letters", 0o700))
	require.NoError(t, os.Chmod(inhabited, 0o700))
	_, err = local.Acquire(t.Context(), options(inhabited+"/postgres"))
	var closed *local.ClosedError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, inhabited, closed.Dir)
	info, err = os.Stat(inhabited)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestServerRunsAsAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	dir := usedHome(t)
	acquire(t, options(dir))
	me, err := user.Current()
	require.NoError(t, err)
	owner := ownerName(t, dir+"/data")
	if me.Uid == "0" {
		require.Contains(t, []string{"postgres", "nobody"}, owner)
	} else {
		require.Equal(t, me.Username, owner)
	}
}

func TestForeignDataDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := home(t)
	require.NoError(t, os.MkdirAll(dir+"/data", 0o700))
	require.NoError(t, os.WriteFile(dir+"/data/thesis.txt", nil, 0o600))
	_, err := local.Acquire(t.Context(), options(dir))
	if os.Geteuid() == 0 {
		require.ErrorContains(t, err, "belongs to root")
		return
	}
	require.ErrorContains(t, err, "not PostgreSQL's")
}

func TestDefaultHome(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/var/lib/augur", local.DefaultHome(0, "/root", "/root/data"))
	require.Equal(t, "/home/ann/.local/share/augur", local.DefaultHome(1000, "/home/ann", ""))
	require.Equal(t, "/home/ann/.local/share/augur", local.DefaultHome(1000, "/home/ann", "relative"))
	require.Equal(t, "/data/ann/augur", local.DefaultHome(1000, "/home/ann", "/data/ann"))
	_, err := local.Status(t.Context(), local.Options{})
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrNotExist)
}

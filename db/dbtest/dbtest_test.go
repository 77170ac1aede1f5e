package dbtest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/dbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Bounds for what another process does: how long at most, and how often to look.
const (
	deadline = 30 * time.Second
	tick     = 5 * time.Millisecond
)

func TestEachTestHasAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	conn := connect(t, dbtest.URL(t))
	names := make(chan string, 3)
	t.Cleanup(func() { // after the subtests
		close(names)
		for name := range names {
			var exists bool
			err := conn.QueryRow(context.Background(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
			require.NoError(t, err)
			require.False(t, exists, "dropped when the test ended")
		}
	})
	for i := range cap(names) {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			pool := dbtest.New(t)
			var database, searchPath, zone string
			err := pool.QueryRow(t.Context(), "SELECT current_database(), current_setting('search_path'), current_setting('timezone')").
				Scan(&database, &searchPath, &zone)
			require.NoError(t, err)
			require.Contains(t, searchPath, "augur_data")
			require.Equal(t, "UTC", zone)
			var repos int
			require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM augur_data.repo").Scan(&repos))
			_, err = pool.Exec(t.Context(), "CREATE TABLE augur_data.mine ()")
			require.NoError(t, err, "nobody else made it")
			names <- database
		})
	}
}

func TestEmptyHasNoSchema(t *testing.T) {
	t.Parallel()
	conn := connect(t, dbtest.Empty(t))
	var schemas string
	err := conn.QueryRow(t.Context(), "SELECT string_agg(nspname, ' ') FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'").Scan(&schemas)
	require.NoError(t, err)
	require.Equal(t, "public", schemas)
}

func TestDatabaseIsDroppedUnderAConnection(t *testing.T) {
	t.Parallel()
	var conn *pgx.Conn
	t.Run("test", func(t *testing.T) {
		t.Parallel()
		var err error
		conn, err = pgx.Connect(t.Context(), dbtest.Empty(t))
		require.NoError(t, err)
	})
	t.Cleanup(func() {
		require.Error(t, conn.Ping(context.Background()))
		require.NoError(t, conn.Close(context.Background()))
	})
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	return conn
}

// endEnv tells TestDatabaseLivesAsLongAsTheProcess, in a process of its own, how that one is to end.
const endEnv = "AUGUR_DBTEST_TEST_END"

func TestDatabaseLivesAsLongAsTheProcess(t *testing.T) {
	t.Parallel()
	conn := connect(t, dbtest.URL(t))
	var data string
	require.NoError(t, conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&data))
	require.DirExists(t, filepath.Dir(data))
	switch os.Getenv(endEnv) {
	case "panic":
		fmt.Println(data)
		panic("as told")
	case "exit":
		fmt.Println(data)
		os.Exit(3)
	case "hang":
		fmt.Println(data)
		_, err := io.Copy(io.Discard, os.Stdin)
		require.NoError(t, err)
	case "return":
		fmt.Println(data)
	}
}

// world is another test process with a cluster.
type world struct {
	cmd    *exec.Cmd
	dir    string
	server *process.Process
}

func startWorld(t *testing.T, end string, env ...string) world {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "-test.run", "^TestDatabaseLivesAsLongAsTheProcess$")
	cmd.Env = slices.Concat(os.Environ(), []string{endEnv + "=" + end}, env)
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	w := world{cmd: cmd, dir: filepath.Dir(strings.TrimSpace(line))}
	all, err := process.Processes()
	require.NoError(t, err)
	for _, p := range all {
		if line, err := p.CmdlineSlice(); err == nil && len(line) > 2 && line[2] == w.dir+"/data" {
			w.server = p
		}
	}
	return w
}

// gone waits until neither the directory nor a process of the world is left.
func (w world) gone(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, err := os.Stat(w.dir)
		return os.IsNotExist(err)
	}, deadline, tick)
	all, err := process.Processes()
	require.NoError(t, err)
	for _, p := range all {
		cwd, err := p.Cwd()
		require.False(t, err == nil && strings.HasPrefix(cwd, w.dir), "process %d is left", p.Pid)
	}
}

func TestNothingIsLeftHoweverTheProcessEnds(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"return", "exit", "panic"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()
			startWorld(t, end).gone(t)
		})
	}
	t.Run("killed", func(t *testing.T) {
		t.Parallel()
		w := startWorld(t, "hang")
		require.NotNil(t, w.server)
		require.NoError(t, w.cmd.Process.Kill())
		w.gone(t)
	})
}

func TestKilledKeeperIsSweptUpByTheNext(t *testing.T) {
	t.Parallel()
	w := startWorld(t, "hang")
	require.NotNil(t, w.server)
	keeper, err := w.server.Parent()
	require.NoError(t, err)
	require.NoError(t, keeper.Kill())
	require.DirExists(t, w.dir)
	startWorld(t, "return").gone(t)
	w.gone(t)
}

func TestClustersComeFromAnArchiveWhereThereIsAGoodOne(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	archives := func() []string {
		found, err := filepath.Glob(filepath.Join(home, "**", "augur-dbtest", "*"))
		require.NoError(t, err)
		return found
	}
	start := func() {
		startWorld(t, "return", "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache")).gone(t)
	}
	start()
	kept := archives()
	require.Len(t, kept, 1, "one cluster was archived")
	first, err := os.Stat(kept[0])
	require.NoError(t, err)
	start()
	second, err := os.Stat(kept[0])
	require.NoError(t, err)
	require.True(t, os.SameFile(first, second), "it was used, not made again")

	require.NoError(t, os.Truncate(kept[0], first.Size()/2))
	start()
	require.Equal(t, kept, archives())
	third, err := os.Stat(kept[0])
	require.NoError(t, err)
	require.Equal(t, first.Size(), third.Size(), "a damaged one is replaced")

	for n := range 6 {
		require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(kept[0]), fmt.Sprintf("%d.tar", n)), nil, 0o600))
	}
	require.NoError(t, os.Remove(kept[0]))
	start()
	require.Len(t, archives(), 4, "old ones go")
}

func TestWithoutAPlaceForArchivesTheClusterIsMade(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	startWorld(t, "return", "HOME=", "XDG_CACHE_HOME="+file).gone(t)
	startWorld(t, "return", "HOME=", "XDG_CACHE_HOME=").gone(t)
}

func TestMissingServerFailsTheTestWithAdvice(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "-test.run", "^TestDatabaseLivesAsLongAsTheProcess$")
	cmd.Env = append(os.Environ(), "PG_BIN="+t.TempDir())
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "PostgreSQL for tests: PG_BIN=")
	require.Contains(t, string(out), "apt-get install postgresql")
}

func BenchmarkNew(b *testing.B) {
	dbtest.URL(b)
	for b.Loop() {
		dbtest.URL(b)
	}
}

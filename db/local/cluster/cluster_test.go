package cluster_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/local/cluster"
)

// install makes a directory that looks like an installation of PostgreSQL.
func install(t *testing.T, dir, version string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
	for _, program := range []string{"postgres", "initdb"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
	}
	return dir
}

func TestFindPrefersThePathAndThenTheNewest(t *testing.T) {
	t.Parallel()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	fifteen := install(t, root+"/lib/15/bin", "15.18 (Debian 15.18-0+deb12u1)")
	nine := install(t, root+"/lib/9.6/bin", "9.6.24")
	eighteen := install(t, root+"/lib/18/bin", "18beta1")
	broken := install(t, root+"/lib/17/bin", "17.1")
	require.NoError(t, os.Remove(broken+"/initdb"))
	require.NoError(t, os.MkdirAll(root+"/bin", 0o755))
	require.NoError(t, os.Symlink(fifteen+"/postgres", root+"/bin/postgres"))
	usual := []string{root + "/lib/*/bin", root + "/bin"}

	want15 := cluster.Binaries{Dir: fifteen, Version: "15.18", Major: 15}
	want18 := cluster.Binaries{Dir: eighteen, Version: "18beta1", Major: 18}
	found, err := cluster.Find(t.Context(), cluster.Search{Path: "relative:" + root + "/none:" + root + "/bin", Dirs: usual})
	require.NoError(t, err)
	require.Equal(t, []cluster.Binaries{want15, want18}, found, "a lone link leads to the installation")
	found, err = cluster.Find(t.Context(), cluster.Search{Dirs: usual})
	require.NoError(t, err)
	require.Equal(t, []cluster.Binaries{want18, want15}, found)
	found, err = cluster.Find(t.Context(), cluster.Search{PGBin: root + "/bin", Path: eighteen, Dirs: usual})
	require.NoError(t, err)
	require.Equal(t, []cluster.Binaries{want15}, found)

	for pgBin, reason := range map[string]string{
		root:       "no such file",
		broken:     "look for initdb",
		nine:       "older than 13",
		"relative": "not an absolute path",
	} {
		_, err = cluster.Find(t.Context(), cluster.Search{PGBin: pgBin})
		require.ErrorIs(t, err, cluster.ErrNoBinaries)
		require.ErrorContains(t, err, "PG_BIN="+pgBin+": ")
		require.ErrorContains(t, err, reason)
	}
	_, err = cluster.Find(t.Context(), cluster.Search{Dirs: []string{root + "/none"}})
	require.Equal(t, cluster.ErrNoBinaries, err)
}

func TestReadPostmaster(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	_, err := cluster.ReadPostmaster(data)
	require.ErrorIs(t, err, fs.ErrNotExist)
	for name, c := range map[string]struct {
		file  string
		want  cluster.Postmaster
		ready bool
	}{
		"ready": {
			"71\n/data\n1700000000\n15432\n/run/socket\n127.0.0.1\n  5432001         0\nready   \n",
			cluster.Postmaster{PID: 71, Started: 1700000000, Port: 15432, SocketDir: "/run/socket", Status: "ready"},
			true,
		},
		"no socket": {
			"71\n/data\n1700000000\n15432\n\n127.0.0.1\n  5432001         0\nstopping\n",
			cluster.Postmaster{PID: 71, Started: 1700000000, Port: 15432, Status: "stopping"},
			false,
		},
		"half written": {"71\n/da", cluster.Postmaster{PID: 71}, false},
		"empty":        {"", cluster.Postmaster{}, false},
		"rubbish":      {"\x00\xff\n\n\n\n", cluster.Postmaster{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := t.TempDir()
			require.NoError(t, os.WriteFile(data+"/postmaster.pid", []byte(c.file), 0o600))
			got, err := cluster.ReadPostmaster(data)
			require.NoError(t, err)
			require.Equal(t, c.want.PID, got.PID)
			require.Equal(t, c.want.Started, got.Started)
			require.Equal(t, c.want.Port, got.Port)
			require.Equal(t, c.want.SocketDir, got.SocketDir)
			require.Equal(t, c.want.Status, got.Status)
			require.Equal(t, c.ready, got.Ready())
		})
	}
}

func TestOtherProcessesAreNoPostmaster(t *testing.T) {
	t.Parallel()
	for _, pid := range []int{0, -1, os.Getpid(), 1 << 40} {
		data := t.TempDir()
		require.NoError(t, os.WriteFile(data+"/postmaster.pid", []byte(strconv.Itoa(pid)+"\n"), 0o600))
		p, running, err := cluster.Cluster{Data: data}.Running()
		require.NoError(t, err)
		require.False(t, running)
		require.Equal(t, pid, p.PID)
	}
}

func TestAccountOfADirectoryThatIsNotThere(t *testing.T) {
	t.Parallel()
	a, err := cluster.AccountOf(t.TempDir() + "/none")
	require.NoError(t, err)
	if os.Geteuid() == 0 {
		require.Contains(t, []string{"postgres", "nobody"}, a.Name)
		return
	}
	require.NotEmpty(t, a.Name)
}

package supervisor_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

func TestPIDFileNamesTheBackendAndIsRemoved(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.pid")
	found, running, err := supervisor.Find(t.Context(), path)
	require.NoError(t, err)
	require.False(t, running)
	require.Zero(t, found)

	file, err := supervisor.Claim(t.Context(), path, "MARK")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(text), "\n")
	require.Equal(t, file.Instance().PID, os.Getpid())
	require.Equal(t, pidText(os.Getpid()), first)

	found, running, err = supervisor.Find(t.Context(), path)
	require.NoError(t, err)
	require.True(t, running)
	require.Equal(t, "MARK", found.Mark)
	require.Equal(t, supervisor.Starting, found.State)
	for _, state := range []supervisor.State{supervisor.Collecting, supervisor.Stopping, supervisor.Serving} {
		require.NoError(t, file.SetState(state))
		found, _, err = supervisor.Find(t.Context(), path)
		require.NoError(t, err)
		require.Equal(t, state, found.State)
	}

	require.NoError(t, supervisor.Forget(path), "leaves the file of a living backend alone")
	require.FileExists(t, path)
	require.NoError(t, file.Release())
	require.NoFileExists(t, path)
	require.NoError(t, supervisor.Forget(path))
}

func TestPIDFileIsClaimedOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.pid")
	file, err := supervisor.Claim(t.Context(), path, "FIRST")
	require.NoError(t, err)
	_, err = supervisor.Claim(t.Context(), path, "SECOND")
	var running *supervisor.RunningError
	require.ErrorAs(t, err, &running)
	require.Equal(t, os.Getpid(), running.PID)
	require.EqualError(t, running, "already running as pid "+pidText(os.Getpid())+" ("+path+")")
	require.NoError(t, file.Release())

	var claimed sync.WaitGroup
	for range 8 {
		claimed.Go(func() {
			for {
				file, err := supervisor.Claim(t.Context(), path, "RACE")
				if err == nil {
					if err := file.Release(); err != nil {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	claimed.Wait()
	require.NoFileExists(t, path)
}

func TestPIDFileOfADeadBackendIsTakenOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.pid")
	// The process id lives, but it is not the process that wrote the file.
	stale := pidText(os.Getpid()) + "\nstarted=1\nmark=OLD\nstate=collecting      \n"
	require.NoError(t, os.WriteFile(path, []byte(stale+strings.Repeat("x", 100)), 0o600))
	found, running, err := supervisor.Find(t.Context(), path)
	require.NoError(t, err)
	require.False(t, running)
	require.Equal(t, "OLD", found.Mark)

	file, err := supervisor.Claim(t.Context(), path, "NEW")
	require.NoError(t, err)
	found, running, err = supervisor.Find(t.Context(), path)
	require.NoError(t, err)
	require.True(t, running)
	require.Equal(t, "NEW", found.Mark)
	require.NoError(t, file.Release())

	require.NoError(t, os.WriteFile(path, []byte(stale), 0o600))
	require.NoError(t, supervisor.Forget(path))
	require.NoFileExists(t, path)
}

func TestPIDFileThatIsSomethingElseIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "main.pid")
	for text, want := range map[string]string{
		"dear diary\n":       `the first line is no process id (got "dear diary")`,
		"-1\n":               `the first line is no process id (got "-1")`,
		"12\nstarted=soon\n": `started: "soon" is no number`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, _, err := supervisor.Find(t.Context(), path)
		require.ErrorContains(t, err, want)
	}
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, running, err := supervisor.Find(t.Context(), path)
	require.NoError(t, err)
	require.False(t, running)
	_, err = supervisor.Claim(t.Context(), filepath.Join(path, "below"), "M")
	require.ErrorContains(t, err, "pidfile:")
}

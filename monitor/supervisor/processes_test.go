package supervisor_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

func pidText(pid int) string { return strconv.Itoa(pid) }

func logger(out io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

func TestKillEndsWhatABackendLeftBehind(t *testing.T) {
	t.Parallel()
	out := &screen{}
	left := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], "worker", "--queue", "facade,core")
	left.Env = append(os.Environ(), actAs+"=stubborn", supervisor.MarkVariable+"="+t.Name())
	left.Stdout = out
	require.NoError(t, left.Start())
	pid, child := out.await(t, "up", 1), out.await(t, "child", 1)

	dead := supervisor.Instance{PID: 1 << 30, Mark: t.Name()}
	found, err := dead.Processes(t.Context())
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, pid, found[0].PID)
	require.Equal(t, []string{"facade", "core"}, found[0].Queues())
	require.Positive(t, found[0].Memory)
	require.Equal(t, child, found[1].PID)
	require.Equal(t, pid, found[1].Parent)
	require.Nil(t, found[1].Queues())

	killed, err := dead.Kill(t.Context())
	require.NoError(t, err)
	require.Len(t, killed, 2)
	require.True(t, gone(pid))
	require.True(t, gone(child))
	require.Error(t, left.Wait())

	killed, err = dead.Kill(t.Context())
	require.NoError(t, err)
	require.Empty(t, killed)
	found, err = supervisor.Instance{}.Processes(t.Context())
	require.NoError(t, err)
	require.Empty(t, found, "no backend, no processes")
}

func TestQueuesOfAWorker(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"augur", "worker", "--queue", "facade,core", "--slots", "3"},
		{"/usr/bin/augur", "worker", "--slots=3", "--queue=facade,core"},
	} {
		require.Equal(t, []string{"facade", "core"}, supervisor.Process{Args: args}.Queues())
	}
	for _, args := range [][]string{nil, {"git"}, {"augur", "backend", "start", "--queue", "x"}, {"augur", "worker"}, {"augur", "worker", "--queue"}} {
		require.Nil(t, supervisor.Process{Args: args}.Queues())
	}
}

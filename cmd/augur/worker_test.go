package main

import (
	"encoding/json"
	"maps"
	"runtime"
	"syscall"
	"testing"

	"github.com/shirou/gopsutil/v4/process"
	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

func TestBackendStartsADeadWorkerAgainAndItGoesOn(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	d := startBackend(t, env)
	awaitStatus(t, env, "Collecting running 1")
	backend := d.instance(t)
	letGo()
	first := d.awaitPID(t, lineWorker, 1)
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.NotEqual(t, first, d.awaitPID(t, lineWorker, 2))
	require.Len(t, d.find("worker ended; it is started again"), 1)
	awaitStatus(t, env, "Success")
	require.Len(t, d.find("job rescued from a dead worker"), 1)
	d.signal(t, syscall.SIGTERM)
	require.Zero(t, d.status(t))
	requireNoneLeft(t, d, backend)
}

func TestWorkerAloneWorksForTheMonitorOfAnother(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	succeeds(t, env, "config", "set", "--section", "Celery", "--setting", "facade_worker_count", "--value", "0")
	d := startBackend(t, env)
	d.await(t, `queue has no slots on this machine.*queue=facade`, 1)
	elsewhere := maps.Clone(env)
	elsewhere["AUGUR_HOME"] = t.TempDir()
	w := startDaemon(t, elsewhere, "worker", "--queue", "facade", "--slots", "2", "--drain", "1s")
	awaitStatus(t, env, "Collecting running 1")
	requireOwnMemory(t, env, w.cmd.Process.Pid)
	w.signal(t, syscall.SIGTERM)
	require.Zero(t, w.status(t))
	require.Equal(t, "Collecting available 0", facadeStatus(t, env))

	letGo()
	w = startDaemon(t, elsewhere, "worker", "--queue", "facade", "--slots", "2", "--drain", "1s")
	awaitStatus(t, env, "Success")
	w.signal(t, syscall.SIGINT)
	require.Equal(t, exitInterrupted, w.status(t))
	backend := d.instance(t)
	succeeds(t, env, "backend", "stop")
	requireNoneLeft(t, d, backend)
}

// requireOwnMemory looks whether the memory of all processes is told in the same way: what is the process's own, without the program that it maps. The one of the pid is no
// worker of this backend.
func requireOwnMemory(t testing.TB, env map[string]string, pid int) {
	t.Helper()
	var rows []processRow
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "backend", "processes", "--json")), &rows))
	seen := false
	for _, row := range rows {
		p, err := process.NewProcess(int32(row.PID))
		require.NoError(t, err)
		info, err := p.MemoryInfo()
		require.NoError(t, err)
		require.Positive(t, row.Memory)
		if runtime.GOOS == "linux" { // others do not tell these apart
			require.Less(t, row.Memory, info.RSS*4/5, "%+v", row)
		}
		require.InEpsilon(t, supervisor.Memory(t.Context(), p), row.Memory, .5, "%+v", row)
		seen = seen || row.PID == pid
	}
	require.True(t, seen)
}

func TestWorkerCountTakesEffectWhileItRuns(t *testing.T) {
	t.Parallel()
	env, letGo := stuck(t)
	count := func(n string) {
		succeeds(t, env, "config", "set", "--section", "Celery", "--setting", "facade_worker_count", "--value", n)
	}
	count("0")
	d := startBackend(t, env, "--drain", "1s")
	d.await(t, `queue has no slots on this machine.*queue=facade`, 1)
	count("2")
	awaitStatus(t, env, "Collecting running 1")
	count("3")
	d.await(t, `ready for jobs.*facade=3`, 1)
	require.Equal(t, "Collecting running 1", facadeStatus(t, env), "what runs goes on")
	require.Len(t, d.find(`setting changed.*setting=facade_worker_count value=3`), 1, "by the backend, not by each of its workers")
	count("0")
	d.await(t, `queue has no slots on this machine.*queue=facade`, 2)
	require.Equal(t, "Collecting running 1", facadeStatus(t, env), "although nothing new would start")
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
	require.Equal(t, "Collecting available 0", facadeStatus(t, env), "until the backend stops")
	letGo()
	count("1")
	d = startBackend(t, env)
	awaitStatus(t, env, "Success")
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
}

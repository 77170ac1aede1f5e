package main

import (
	"maps"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
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
	require.Contains(t, succeeds(t, env, "backend", "processes"), strconv.Itoa(w.cmd.Process.Pid))
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

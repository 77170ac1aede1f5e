package supervisor_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/monitor/supervisor"
)

// start runs workers until the test ends them with the function that it gets.
func start(t testing.TB, o supervisor.Options, workers ...supervisor.Worker) (s *supervisor.Supervisor, stop, wait func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s = supervisor.New(workers, o)
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		s.Kill()
		running.Wait()
	})
	return s, cancel, running.Wait
}

func TestSupervisorStopsItsWorkersInOrder(t *testing.T) {
	t.Parallel()
	out := &screen{}
	s, stop, wait := start(t, options(out), worker("polite"))
	pid := out.await(t, "polite | up", 1)
	require.Equal(t, 1, s.Running())
	stop()
	wait()
	require.True(t, gone(pid))
	require.Zero(t, s.Running())
	require.Len(t, out.find("polite | told to stop"), 1)
	require.Len(t, out.find("polite | up"), 1)
}

func TestSupervisorStartsADeadWorkerAgain(t *testing.T) {
	t.Parallel()
	out := &screen{}
	died := make(chan int, 1)
	o := options(out)
	o.Died = func(_ context.Context, pid int) { died <- pid }
	_, _, _ = start(t, o, worker("polite"))
	first := out.await(t, "polite | up", 1)
	require.NoError(t, syscall.Kill(first, syscall.SIGKILL))
	require.Equal(t, first, <-died)
	second := out.await(t, "polite | up", 2)
	require.NotEqual(t, first, second)
}

func TestSupervisorWaitsLongerAfterEachShortLife(t *testing.T) {
	t.Parallel()
	var b supervisor.Backoff
	for _, want := range []int{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Equal(t, time.Duration(want)*time.Second, b.Next(time.Second))
	}
	require.Equal(t, time.Second, b.Next(time.Minute), "a long life is a new beginning")
	require.Equal(t, 2*time.Second, b.Next(0))
}

func TestSupervisorKeepsTryingWithAWorkerThatCannotLive(t *testing.T) {
	t.Parallel()
	out := &screen{}
	_, stop, wait := start(t, options(out), worker("brief"))
	out.await(t, "brief | no time", 3)
	stop()
	wait()
}

func TestSupervisorReportsAProgramThatIsMissing(t *testing.T) {
	t.Parallel()
	out := &screen{}
	o := options(out)
	o.Path, o.Log = "/nonexistent/augur", logger(out)
	_, stop, wait := start(t, o, worker("polite"))
	out.await(t, "level=WARN msg=\"worker ended; it is started again\" queue=polite pid=0 cause=\"start /nonexistent/augur", 2)
	stop()
	wait()
}

func TestSupervisorKillsAWorkerThatDoesNotStopInTime(t *testing.T) {
	t.Parallel()
	out := &screen{}
	o := options(out)
	o.Grace = 50 * time.Millisecond
	_, stop, wait := start(t, o, worker("stubborn"))
	pid, child := out.await(t, "stubborn | up", 1), out.await(t, "stubborn | child", 1)
	stop()
	wait()
	require.True(t, gone(pid))
	awaitGone(t, child)
}

func TestKillMakesAnEndOfWaiting(t *testing.T) {
	t.Parallel()
	out := &screen{}
	s, stop, wait := start(t, options(out), worker("stubborn"))
	pid, child := out.await(t, "stubborn | up", 1), out.await(t, "stubborn | child", 1)
	stop()
	out.await(t, "stubborn | told to stop", 1)
	s.Kill()
	s.Kill()
	wait()
	require.True(t, gone(pid))
	awaitGone(t, child)
}

func TestWorkersEndWithTheirSupervisorHoweverItDies(t *testing.T) {
	t.Parallel()
	out := &screen{}
	backend := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	backend.Env, backend.Stdout = append(os.Environ(), actAs+"=backend"), out
	require.NoError(t, backend.Start())
	pid := out.await(t, "polite | up", 1)
	require.NoError(t, backend.Process.Kill())
	awaitGone(t, pid)
	require.Error(t, backend.Wait())
}

func TestSupervisorReplacesTheLargestWorkerOverTheCap(t *testing.T) {
	t.Parallel()
	out := &screen{}
	o := options(out)
	o.MemoryInterval = 10 * time.Millisecond
	var once sync.Once
	o.MemoryCap = func() (limit uint64) {
		limit = 1 << 40
		if len(out.find("polite | up")) > 0 {
			once.Do(func() { limit = 1 })
		}
		return limit
	}
	_, stop, wait := start(t, o, worker("polite"))
	first := out.await(t, "polite | up", 1)
	second := out.await(t, "polite | up", 2)
	require.NotEqual(t, first, second)
	require.Len(t, out.find("polite | told to stop"), 1)
	stop()
	wait()
	total, err := supervisor.TotalMemory(t.Context())
	require.NoError(t, err)
	require.Greater(t, total, uint64(64<<20))
}

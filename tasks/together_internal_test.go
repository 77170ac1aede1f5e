package tasks

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTogetherAnswersEveryoneWithTheirOwn(t *testing.T) {
	t.Parallel()
	var batches, atOnce, most atomic.Int64
	double := &together[int, int]{do: func(_ context.Context, questions []int) ([]int, error) {
		batches.Add(1)
		most.Store(max(most.Load(), atOnce.Add(1)))
		defer atOnce.Add(-1)
		answers := make([]int, len(questions))
		for i, q := range questions {
			answers[i] = 2 * q
		}
		return answers, nil
	}}
	var group sync.WaitGroup
	for caller := range 200 {
		group.Go(func() {
			for i := range 50 {
				got, err := double.ask(t.Context(), 1000*caller+i)
				if err != nil || got != 2*(1000*caller+i) {
					t.Errorf("ask(%d) = %d, %v", 1000*caller+i, got, err)
				}
			}
		})
	}
	group.Wait()
	require.EqualValues(t, 1, most.Load())
	require.LessOrEqual(t, batches.Load(), int64(200*50))
	require.False(t, double.busy)
	require.Empty(t, double.waiting)
}

// gate lets batches end one by one, and tells what they were.
type gate struct {
	begun chan []string
	end   chan error
}

func (g *gate) do(_ context.Context, questions []string) ([]string, error) {
	g.begun <- questions
	return questions, <-g.end
}

func TestTogetherDoesNotStrandOthersWhenACallerLeaves(t *testing.T) {
	t.Parallel()
	g := &gate{begun: make(chan []string), end: make(chan error)}
	echo := &together[string, string]{do: g.do}
	results := make(chan error, 10)
	ask := func(ctx context.Context, text string) {
		go func() {
			got, err := echo.ask(ctx, text)
			if err == nil && got != text {
				err = errors.New("the answer of another: " + got)
			}
			results <- err
		}()
	}
	// A batch is under way; its caller gives up meanwhile, and so does one of those who wait.
	ctx, cancel := context.WithCancel(t.Context())
	ask(ctx, "a")
	require.Equal(t, []string{"a"}, <-g.begun)
	waits := func(n int) func() bool {
		return func() bool {
			echo.mu.Lock()
			defer echo.mu.Unlock()
			return len(echo.waiting) == n
		}
	}
	gone, leave := context.WithCancel(t.Context())
	ask(gone, "c")
	require.Eventually(t, waits(1), time.Minute, time.Millisecond)
	ask(t.Context(), "d")
	require.Eventually(t, waits(2), time.Minute, time.Millisecond)
	leave()
	require.ErrorIs(t, <-results, context.Canceled)
	require.Eventually(t, waits(1), time.Minute, time.Millisecond)
	cancel()
	g.end <- nil
	require.Equal(t, []string{"d"}, <-g.begun, "the next batch begins although its caller before left")
	g.end <- nil
	for range 2 {
		require.NoError(t, <-results, "who works for others ends the work, and has its answer")
	}
}

func TestTogetherSharesErrors(t *testing.T) {
	t.Parallel()
	g := &gate{begun: make(chan []string), end: make(chan error)}
	echo := &together[string, string]{do: g.do}
	results := make(chan error, 2)
	go func() {
		_, err := echo.ask(t.Context(), "a")
		results <- err
	}()
	<-g.begun
	broken := errors.New("broken")
	g.end <- broken
	require.ErrorIs(t, <-results, broken)
	go func() {
		_, err := echo.ask(t.Context(), "b")
		results <- err
	}()
	<-g.begun
	g.end <- nil
	require.NoError(t, <-results, "an error does not outlive its batch")
}

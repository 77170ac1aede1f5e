package tasks_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/tasktest"
)

func TestAWrongClockChangesNothing(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			const wait = 3 * time.Second
			attempts := make(chan time.Time, 10)
			catalog := catalogOf(task("limited", func(context.Context, *tasks.Collection) error {
				attempts <- time.Now()
				if len(attempts) == 1 {
					return &tasks.RateLimitError{Until: time.Now().Add(wait), Err: errors.New("403")}
				}
				return nil
			}))
			tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
			stop := process(t, w.pool, catalog, tasks.WorkerOptions{Now: func() time.Time { return time.Now().Add(ahead) }})
			tasktest.Eventually(t, w.pool, "SELECT facade_status = 'Success' FROM augur_operations.collection_status")
			first, second := <-attempts, <-attempts
			require.GreaterOrEqual(t, second.Sub(first), wait-500*time.Millisecond)
			require.NoError(t, stop())
			tasktest.RequireConsistent(t, w.pool)
		})
	}
}

func TestARetryIsDueByTheDatabasesClock(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ahead": 10 * time.Minute, "behind": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			catalog := catalogOf(task("broken", func(context.Context, *tasks.Collection) error { return errors.New("broken") }))
			tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
			stop := process(t, w.pool, catalog, tasks.WorkerOptions{Now: func() time.Time { return time.Now().Add(ahead) }})
			tasktest.Eventually(t, w.pool, "SELECT state = 'retryable' FROM river.river_job")
			var in float64
			require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT extract(epoch FROM scheduled_at - attempted_at)::float8 FROM river.river_job").Scan(&in))
			require.InDelta(t, 15, in, 6, "seconds until the second attempt")
			require.NoError(t, stop())
		})
	}
}

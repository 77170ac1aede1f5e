package tasks_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/tasktest"
)

func TestRetiredProcessFinishesWhatRunsAndTakesNothingNew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	began, wake := make(chan struct{}, 2), make(chan struct{})
	catalog := catalogOf(task("slow", func(context.Context, *tasks.Collection) error {
		began <- struct{}{}
		<-wake
		return nil
	}))
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	p, err := tasks.NewProcess(t.Context(), w.pool, catalog, tasktest.Queue(t, w.pool), settings(), tasks.WorkerOptions{
		Queues: map[string]int{"facade": 4, "ml": 0}, Host: "test", PID: 6, Log: dbtestLog(),
	})
	require.NoError(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- p.Run(t.Context()) }()
	<-began
	p.Retire()
	p.Retire()
	other := tasktest.AddRepo(t, w.pool, "https://git.example.org/other")
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, other)
	close(wake)
	require.NoError(t, <-stopped)
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
	require.Empty(t, began, "the other repository waits for another process")
	tasktest.Eventually(t, w.pool, "SELECT count(*) = 1 FROM river.river_job WHERE state = 'available'")
	tasktest.RequireConsistent(t, w.pool)
}

func TestSourcesGiveBackWhatTheyHoldWhenTheProcessHasEndedItsJobs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var order []string
	catalog := catalogOf(task("quick", func(context.Context, *tasks.Collection) error {
		order = append(order, "job")
		return nil
	}))
	catalog.AtEnd(func(ctx context.Context) error {
		order = append(order, "end")
		require.NoError(t, ctx.Err(), "the process was told to stop, its end was not")
		return errors.New("the ledger does not answer")
	})
	tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo)
	tasktest.Work(t, w.pool, catalog, settings())
	require.Equal(t, []string{"job", "end"}, order)
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
}

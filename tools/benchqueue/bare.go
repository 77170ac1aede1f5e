package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"augur/tasks"
)

// bareArgs are those of a job of River alone.
type bareArgs struct {
	N int `json:"n"`
}

// Kind is the kind of the job.
func (bareArgs) Kind() string { return "bench_bare" }

// bare measures River alone on the same machine: no lease, fence, run, task, status or event. It is what the figures of the queue compare with.
func (b *bench) bare(ctx context.Context) error {
	if _, err := b.pool.Exec(ctx, empty); err != nil {
		return fmt.Errorf("remove repositories: %w", err)
	}
	var worked atomic.Int64
	all := make(chan struct{})
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(context.Context, *river.Job[bareArgs]) error {
		if worked.Add(1) == int64(b.jobs) {
			close(all)
		}
		return nil
	}))
	pool, err := b.connect(ctx, maxConns)
	if err != nil {
		return err
	}
	defer pool.Close()
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Schema: tasks.Schema, Queues: map[string]river.QueueConfig{"bare": {MaxWorkers: b.slots}}, Workers: workers, Logger: b.log, FetchCooldown: 2 * time.Millisecond,
	})
	if err != nil {
		return fmt.Errorf("make a River client: %w", err)
	}
	params := make([]river.InsertManyParams, b.jobs)
	for i := range params {
		params[i] = river.InsertManyParams{Args: bareArgs{N: i}, InsertOpts: &river.InsertOpts{Queue: "bare"}}
	}
	if _, err := client.InsertManyFast(ctx, params); err != nil {
		return fmt.Errorf("insert jobs: %w", err)
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	began := time.Now()
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start River: %w", err)
	}
	select {
	case <-all:
	case <-ctx.Done():
	}
	// The stop waits until the last results are stored.
	if err := client.Stop(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("stop River: %w", err)
	}
	took := time.Since(began)
	b.say("for comparison, River alone: %d jobs with %d slots in %v: %.0f jobs/s, load %s", b.jobs, b.slots, took.Round(time.Millisecond), float64(b.jobs)/took.Seconds(), load())
	return ctx.Err()
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"augur/monitor/care"
	"augur/tasks"
)

const workerHelp = `Works jobs of one or more queues until it is stopped: beside the backend of this machine, or on another machine with the same AUGUR_DB.
The backend starts workers for its own machine by itself; this command is how collection grows past it. The monitor of any backend
feeds all workers, and a worker that dies loses nothing: its jobs are given to others.

Clones are local to a machine, in Facade.repo_directory, and made on demand.

Without --slots it runs as many jobs at a time as the settings say (Celery.*_worker_count, Insight_Task.workers), and follows them: jobs that run when a setting
changes go on.

SIGTERM and Ctrl-C stop it: it takes no new jobs, and those that run get the time of --drain; what is not done by then is handed back with no
attempt used. A second signal stops at once.

A worker with N slots opens at most N+8 connections to the database.

Exit status: 0 stopped by SIGTERM, 130 by Ctrl-C, 1 failed, 2 called in a wrong way.`

// workerOptions are the options of `augur worker`.
type workerOptions struct {
	queues      []string
	slots       int // of each queue; 0: as the settings say
	drain       time.Duration
	lifeline    bool
	development bool
}

// workerCommand is the command `augur worker`.
func (a *app) workerCommand() *cli.Command {
	return &cli.Command{
		Name:        "worker",
		Usage:       "work jobs of some queues, beside the backend or on another machine",
		Description: workerHelp,
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "queue", Usage: "`QUEUE`s to work, separated by commas: " + strings.Join(queueNames(), ", ")},
			&cli.IntFlag{Name: "slots", DefaultText: "the settings Celery.*_worker_count and Insight_Task.workers", Usage: "run `N` jobs of each queue at a time"},
			drainFlag(),
			&cli.BoolFlag{Name: "lifeline", Usage: "stop when standard input ends; the backend starts its workers so"},
			developmentFlag(),
		},
		Action: alone(a.worker),
	}
}

func queueNames() []string {
	var names []string
	for _, phase := range tasks.Phases() {
		names = append(names, phase.Queue())
	}
	return names
}

func workerOptionsOf(c *cli.Context) (workerOptions, error) {
	o := workerOptions{slots: c.Int("slots"), lifeline: c.Bool("lifeline"), development: c.Bool("development")}
	for _, list := range c.StringSlice("queue") {
		for queue := range strings.SplitSeq(list, ",") {
			queue = strings.TrimSpace(queue)
			if !slices.Contains(queueNames(), queue) {
				return o, usage("--queue: there is no queue %q; there are %s", queue, strings.Join(queueNames(), ", "))
			}
			if !slices.Contains(o.queues, queue) {
				o.queues = append(o.queues, queue)
			}
		}
	}
	if len(o.queues) == 0 {
		return o, usage("--queue is missing: which of %s?", strings.Join(queueNames(), ", "))
	}
	if o.slots < 0 || o.slots > 1000 {
		return o, usage("--slots: must be between 1 and 1000, or 0 for what the settings say (got %d)", o.slots)
	}
	var err error
	o.drain, err = drain(c)
	return o, err
}

func (a *app) worker(c *cli.Context) (err error) {
	o, err := workerOptionsOf(c)
	if err != nil {
		return err
	}
	stops := newStops()
	defer stops.close()
	s, err := a.startService(c.Context, serviceOptions{
		name: "augur worker " + strings.Join(o.queues, ","), log: "worker-" + strings.Join(o.queues, "-"), conns: workerConns, development: o.development,
		reported: o.lifeline,
	})
	if err != nil {
		return err
	}
	quit := s.close
	defer func() { err = errors.Join(err, quit(c.Context)) }()
	var lifeline <-chan struct{}
	if o.lifeline {
		lifeline = ended(a.stdin)
	}

	ctx := context.WithoutCancel(c.Context)
	working, stop := context.WithCancel(ctx)
	var clock sync.WaitGroup
	defer clock.Wait()
	defer stop()
	keeper := care.New(s.Pool, s.settings, s.host, s.Logger)
	clock.Go(func() { keeper.WatchClock(working) })
	done := make(chan error, 1)
	go func() { done <- s.work(working, func() map[string]int { return s.workerSlots(o) }, o.drain) }()
	var result error
	select {
	case err := <-done:
		if errors.Is(err, tasks.ErrStuck) {
			quit = s.abandon
		}
		return err
	case sig := <-stops.signals:
		a.newLine(sig)
		result = outcome(sig)
		s.InfoContext(ctx, "stopping: running jobs may finish", slog.Duration("within", o.drain))
	case <-lifeline:
		s.WarnContext(ctx, "stopping: the backend is gone", slog.Duration("within", o.drain))
	}
	stop()
	select {
	case err := <-done:
		if errors.Is(err, tasks.ErrStuck) {
			quit = s.abandon
		}
		s.InfoContext(ctx, "stopped")
		return errors.Join(err, result)
	case <-stops.signals:
		quit = s.abandon
		return fmt.Errorf("stop at once: %w", context.Canceled)
	}
}

// workerSlots is how many jobs of each queue the worker runs at a time: what it was told, or what the settings say at the time.
func (s *service) workerSlots(o workerOptions) map[string]int {
	slots := s.slots()
	maps.DeleteFunc(slots, func(queue string, _ int) bool { return !slices.Contains(o.queues, queue) })
	if o.slots > 0 {
		for queue := range slots {
			slots[queue] = o.slots
		}
	}
	return slots
}

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"augur/monitor"
	"augur/tasks"
)

const day = 24 * time.Hour

// enqueue measures one tick that turns 10,000 due repositories into runs, tasks, jobs and statuses. The median of three.
func (b *bench) enqueue(ctx context.Context) error {
	const repos = 10_000
	store := onlyFacade()
	queue, err := b.queue(b.pool, store)
	if err != nil {
		return err
	}
	m := monitor.New(b.pool, queue, catalog(nothing), store, b.log)
	var took []time.Duration
	for range 3 {
		if err := b.fill(ctx, repos, "Success", 20*day, 30*day); err != nil {
			return err
		}
		began := time.Now()
		report, err := m.Tick(ctx)
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if report.Total() != repos {
			return fmt.Errorf("a tick started %d of %d repositories", report.Total(), repos)
		}
		if err := b.check(ctx); err != nil {
			return err
		}
	}
	slices.Sort(took)
	b.say("10,000 due repositories became jobs in %v (of three: %v), load %s", took[1].Round(time.Millisecond), took, load())
	b.result("enqueue_10k_ms", "%.0f", percentile(took, 0.5))
	return nil
}

// noop measures how many jobs that do nothing pass a worker process in a second, with all that belongs to a job: middleware, lease, fence, and its task in a run of many.
func (b *bench) noop(ctx context.Context) error {
	const width = 100
	rate, err := b.pass(ctx, wide(width), (b.jobs+width-1)/width, width)
	if err != nil {
		return err
	}
	b.result("noop_jobs_per_s", "%.0f", rate)
	return nil
}

// collections measures runs of a single job that does nothing: with each job a run ends, its status changes, and that is recorded.
func (b *bench) collections(ctx context.Context) error {
	rate, err := b.pass(ctx, catalog(nothing), b.jobs, 1)
	if err != nil {
		return err
	}
	b.result("collections_per_s", "%.0f", rate)
	return nil
}

// pass starts the facade phase of repositories with so many tasks each, and returns how many jobs pass a worker process in a second, from the moment it starts until the
// last run has ended.
func (b *bench) pass(ctx context.Context, list *tasks.Catalog, repos, each int) (float64, error) {
	if err := b.fill(ctx, repos, "Success", 20*day, 30*day); err != nil {
		return 0, err
	}
	store := onlyFacade()
	queue, err := b.queue(b.pool, store)
	if err != nil {
		return 0, err
	}
	m := monitor.New(b.pool, queue, list, store, b.log)
	for started := 0; started < repos; {
		report, err := m.Tick(ctx)
		if err != nil {
			return 0, err
		}
		started += report.Total()
	}
	if err := b.settle(ctx); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := b.work(ctx, list, store, map[string]int{"facade": b.slots}, b.wait); err != nil {
		return 0, err
	}
	took := time.Since(began)
	if err := b.check(ctx); err != nil {
		return 0, err
	}
	jobs := repos * each
	rate := float64(jobs) / took.Seconds()
	b.say("%d jobs of %d runs with %d slots in %v: %.0f jobs/s, load %s", jobs, repos, b.slots, took.Round(time.Millisecond), rate, load())
	return rate, nil
}

// latency measures how long it takes from the commit of a run to the first line of its task, on a worker that has time.
func (b *bench) latency(ctx context.Context) error {
	const repos = 1000
	if err := b.fill(ctx, repos, "Pending", 0, 0); err != nil {
		return err
	}
	store := onlyFacade()
	var mu sync.Mutex
	arrived := map[int64]time.Time{}
	note := func(_ context.Context, c *tasks.Collection) error {
		mu.Lock()
		defer mu.Unlock()
		arrived[c.Repo.ID] = time.Now()
		return nil
	}
	list := catalog(note)
	queue, err := b.queue(b.pool, store)
	if err != nil {
		return err
	}
	steps := list.Graph(tasks.Facade, "github", store, false)
	committed := map[int64]time.Time{}
	err = b.work(ctx, list, store, map[string]int{"facade": 20}, func(ctx context.Context) error {
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		for id := int64(1); id <= repos; id++ {
			err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
				return queue.StartRuns(ctx, tx, tasks.Facade, []tasks.Start{{RepoID: id, Full: true, Steps: steps}}, "bench", "latency")
			})
			if err != nil {
				return err
			}
			committed[id] = time.Now()
			if err := pause(ctx, 10*time.Millisecond); err != nil {
				return err
			}
		}
		return b.wait(ctx)
	})
	if err != nil {
		return err
	}
	var waits []time.Duration
	for id, at := range arrived {
		waits = append(waits, at.Sub(committed[id]))
	}
	slices.Sort(waits)
	p50, p99 := percentile(waits, 0.5), percentile(waits, 0.99)
	b.say("%d jobs started within p50 %.1f ms, p99 %.1f ms, max %.1f ms of their insertion, load %s", len(waits), p50, p99, percentile(waits, 1), load())
	b.result("insert_to_start_p50_ms", "%.1f", p50)
	b.result("p99_ms", "%.1f", p99)
	return b.check(ctx)
}

// idle counts the statements of a monitor and a worker process for each of three queues while nothing is due.
func (b *bench) idle(ctx context.Context) error {
	const watched = 30 * time.Second
	if err := b.fill(ctx, 10_000, "Success", 0, 8*day); err != nil {
		return err
	}
	b.asked = &counter{}
	defer func() { b.asked = nil }()
	store := settings()
	pool, err := b.connect(ctx, 4)
	if err != nil {
		return err
	}
	defer pool.Close()
	queue, err := b.queue(pool, store)
	if err != nil {
		return err
	}
	m := monitor.New(pool, queue, catalog(nothing), store, b.log)
	ticking, stop := context.WithCancel(ctx)
	var monitoring sync.WaitGroup
	monitoring.Go(func() { m.Run(ticking) })
	defer monitoring.Wait()
	defer stop()
	var statements int64
	workers, working := errgroup.WithContext(ctx)
	watch := make(chan struct{})
	for _, name := range []string{"core", "secondary", "facade"} {
		workers.Go(func() error {
			return b.work(working, catalog(nothing), store, map[string]int{name: 5}, func(ctx context.Context) error {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-watch:
					return nil
				}
			})
		})
	}
	workers.Go(func() error {
		defer close(watch)
		// River elects its leader and settles first.
		if err := pause(working, 5*time.Second); err != nil {
			return err
		}
		before := b.asked.statements.Load()
		if err := pause(working, watched); err != nil {
			return err
		}
		statements = b.asked.statements.Load() - before
		return nil
	})
	if err := workers.Wait(); err != nil {
		return err
	}
	rate := float64(statements) / watched.Seconds()
	b.say("an idle backend (a monitor and three worker processes) sent %d statements in %v: %.1f/s, load %s", statements, watched, rate, load())
	b.result("idle_queries_per_s", "%.1f", rate)
	return nil
}

// tick measures ticks over 10,000 and over many repositories: when nothing is due, and when two are. The median of 20 after warming up.
func (b *bench) tick(ctx context.Context) error {
	for _, size := range []struct {
		name  string
		repos int
	}{{"tick_10k_ms", 10_000}, {"tick_1m_ms", b.repos}} {
		if err := b.fill(ctx, size.repos, "Success", 0, 8*day+12*time.Hour); err != nil {
			return err
		}
		store := settings("Tasks.max_facade=1000")
		queue, err := b.queue(b.pool, store)
		if err != nil {
			return err
		}
		m := monitor.New(b.pool, queue, catalog(nothing), store, b.log)
		idle, err := b.ticks(ctx, m, 0)
		if err != nil {
			return err
		}
		few, err := b.ticks(ctx, m, 2)
		if err != nil {
			return err
		}
		b.say("a tick over %d repositories took p50 %.1f ms, max %.1f ms with nothing due; p50 %.1f ms, max %.1f ms with two due; load %s",
			size.repos, percentile(idle, 0.5), percentile(idle, 1), percentile(few, 0.5), percentile(few, 1), load())
		b.result(size.name, "%.1f", percentile(few, 0.5))
		if err := b.check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ticks measures ticks before each of which a few repositories fall due, and sorts what they took.
func (b *bench) ticks(ctx context.Context, m *monitor.Monitor, due int) ([]time.Duration, error) {
	const warm, measured = 5, 20
	var took []time.Duration
	for n := range warm + measured {
		if due > 0 {
			if _, err := b.pool.Exec(ctx, makeDue, n*due+1, (n+1)*due); err != nil {
				return nil, fmt.Errorf("make repositories due: %w", err)
			}
		}
		began := time.Now()
		report, err := m.Tick(ctx)
		if err != nil {
			return nil, err
		}
		if n >= warm {
			took = append(took, time.Since(began))
		}
		if report.Total() != due {
			return nil, fmt.Errorf("a tick started %d runs, %d were due", report.Total(), due)
		}
	}
	slices.Sort(took)
	return took, nil
}

// monitors lets eight monitors tick as fast as they can over 10,000 due repositories, while a worker process collects them.
func (b *bench) monitors(ctx context.Context) error {
	const repos, n = 10_000, 8
	if err := b.fill(ctx, repos, "Success", 20*day, 30*day); err != nil {
		return err
	}
	store := settings("Tasks.max_facade=500", "Task_Routine.primary_repo_collect_phase=0", "Task_Routine.secondary_repo_collect_phase=0")
	began := time.Now()
	var mu sync.Mutex
	ticks, led, started := 0, 0, 0
	tickOn := func(ctx context.Context) error {
		pool, err := b.connect(ctx, 3)
		if err != nil {
			return err
		}
		defer pool.Close()
		queue, err := b.queue(pool, store)
		if err != nil {
			return err
		}
		m := monitor.New(pool, queue, catalog(nothing), store, b.log)
		for time.Since(began) < b.ticking {
			report, err := m.Tick(ctx)
			if err != nil {
				return err
			}
			mu.Lock()
			ticks++
			if report.Led {
				led++
			}
			started += report.Total()
			mu.Unlock()
		}
		return nil
	}
	err := b.work(ctx, catalog(nothing), store, map[string]int{"facade": 20}, func(ctx context.Context) error {
		group, ticking := errgroup.WithContext(ctx)
		for range n {
			group.Go(func() error { return tickOn(ticking) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		return b.wait(ctx)
	})
	if err != nil {
		return err
	}
	var done int
	if err := b.pool.QueryRow(ctx, collected).Scan(&done); err != nil {
		return fmt.Errorf("count the runs: %w", err)
	}
	b.say("%d monitors, %d repositories, %v: %d ticks, %d with the turn, %d runs started, %d collected", n, repos, b.ticking, ticks, led, started, done)
	if started != repos || done != repos {
		return fmt.Errorf("%d runs were started and %d collected; exactly %d were due", started, done, repos)
	}
	b.result("monitors_jobs", "%d", done)
	return b.check(ctx)
}

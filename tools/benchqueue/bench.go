package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/db/migrate"
	"augur/facade/giturl"
	"augur/monitor"
	"augur/tasks"
)

//go:embed sql/add_repos.sql
var addRepos string

//go:embed sql/make_due.sql
var makeDue string

//go:embed sql/empty.sql
var empty string

//go:embed sql/settle.sql
var settle string

//go:embed sql/progress.sql
var progress string

//go:embed sql/collected.sql
var collected string

//go:embed sql/disagreements.sql
var disagreements string

// bench is a database and what is measured on it.
type bench struct {
	options
	url   string
	pool  *pgxpool.Pool
	asked *counter
	log   *slog.Logger
	out   io.Writer
	line  []string
}

// maxConns is how many connections a process has for jobs: those that do nothing share them.
const maxConns = 20

// counter counts the statements of the connections that it traces.
type counter struct{ statements atomic.Int64 }

// TraceQueryStart counts a statement.
func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.statements.Add(1)
	return ctx
}

// TraceQueryEnd does nothing.
func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func newBench(ctx context.Context, url string, o options, out io.Writer) (*bench, error) {
	b := &bench{options: o, url: url, out: out, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	var err error
	if b.pool, err = db.Connect(ctx, url, db.Options{MaxConns: 8, ApplicationName: "benchqueue"}); err != nil {
		return nil, err
	}
	if _, err := migrate.Up(ctx, b.pool, slog.New(slog.DiscardHandler)); err != nil {
		b.pool.Close()
		return nil, err
	}
	return b, nil
}

func (b *bench) run(ctx context.Context) error {
	b.say("%d processors, load %s", runtime.NumCPU(), load())
	measures := map[string]func(context.Context) error{
		"enqueue": b.enqueue, "bare": b.bare, "noop": b.noop, "collections": b.collections, "latency": b.latency, "idle": b.idle, "tick": b.tick, "monitors": b.monitors,
	}
	for _, part := range parts {
		if !slices.Contains(b.only, part) {
			continue
		}
		if err := measures[part](ctx); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	b.say("queue: %s", strings.Join(b.line, " "))
	return nil
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.out, format+"\n", args...) }

// result adds a figure to the last line.
func (b *bench) result(name, format string, value any) {
	b.line = append(b.line, name+"="+fmt.Sprintf(format, value))
}

// load is the load of the machine, which belongs to every figure.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

// settings are the defaults but for the pairs.
func settings(pairs ...string) *config.Store {
	return config.Static(config.NewRegistry(config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine")), pairs...)
}

// onlyFacade are settings under which everything that is due in the facade phase may run at once.
func onlyFacade() *config.Store {
	return settings("Tasks.max_facade=100000", "Task_Routine.primary_repo_collect_phase=0", "Task_Routine.secondary_repo_collect_phase=0")
}

// catalog has one task in each phase that a backend collects by default; all do what work does.
func catalog(work tasks.WorkerFunc) *tasks.Catalog {
	c := tasks.NewCatalog()
	for _, phase := range []tasks.Phase{tasks.Core, tasks.Secondary, tasks.Facade} {
		c.Add(tasks.Task{
			Kind: "bench_" + string(phase), Phase: phase, Worker: work, Timeout: func(*config.Store) time.Duration { return time.Minute },
			Platforms: []giturl.Platform{giturl.GitHub},
		})
	}
	return c
}

// wide has so many tasks in the facade phase; none waits for another, and none does anything.
func wide(n int) *tasks.Catalog {
	c := tasks.NewCatalog()
	for i := range n {
		c.Add(tasks.Task{
			Kind: fmt.Sprintf("bench_%d", i), Phase: tasks.Facade, Worker: tasks.WorkerFunc(nothing), Timeout: func(*config.Store) time.Duration { return time.Minute },
		})
	}
	return c
}

func nothing(context.Context, *tasks.Collection) error { return nil }

func (b *bench) queue(pool *pgxpool.Pool, store *config.Store) (*tasks.Queue, error) {
	return tasks.NewQueue(pool, monitor.RetryAfter(store), b.log)
}

// connect opens a pool whose statements are counted, if there is a counter.
func (b *bench) connect(ctx context.Context, conns int) (*pgxpool.Pool, error) {
	plain, err := db.Connect(ctx, b.url, db.Options{MaxConns: int32(conns), ApplicationName: "benchqueue"}) //nolint:gosec // a few hundred
	if err != nil || b.asked == nil {
		return plain, err
	}
	defer plain.Close()
	cfg := plain.Config()
	cfg.ConnConfig.Tracer = b.asked
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open a pool that is counted: %w", err)
	}
	return pool, nil
}

// fill replaces all repositories by n with the status; those that are collected were so between from and to ago.
func (b *bench) fill(ctx context.Context, n int, status string, from, to time.Duration) error {
	if _, err := b.pool.Exec(ctx, empty); err != nil {
		return fmt.Errorf("remove repositories: %w", err)
	}
	if err := b.add(ctx, 1, n, status, from, to); err != nil {
		return err
	}
	return b.settle(ctx)
}

func (b *bench) add(ctx context.Context, first, last int, status string, from, to time.Duration) error {
	const batch = 50_000
	for ; first <= last; first += batch {
		if _, err := b.pool.Exec(ctx, addRepos, first, min(last, first+batch-1), status, from, to); err != nil {
			return fmt.Errorf("add repositories: %w", err)
		}
	}
	return nil
}

func (b *bench) settle(ctx context.Context) error {
	if _, err := b.pool.Exec(ctx, settle); err != nil {
		return fmt.Errorf("settle the tables: %w", err)
	}
	return nil
}

// check fails when status, queue and schedule do not agree.
func (b *bench) check(ctx context.Context) error {
	var found int
	if err := b.pool.QueryRow(ctx, disagreements).Scan(&found); err != nil {
		return fmt.Errorf("look for disagreements: %w", err)
	}
	if found > 0 {
		return fmt.Errorf("status, queue and schedule disagree in %d rows", found)
	}
	return nil
}

// work runs a process on the tasks with the slots for each queue until do returns.
func (b *bench) work(ctx context.Context, tasksOf *tasks.Catalog, store *config.Store, slots map[string]int, do func(context.Context) error) (err error) {
	conns := 4
	for _, n := range slots {
		conns += min(n, maxConns)
	}
	pool, err := b.connect(ctx, conns)
	if err != nil {
		return err
	}
	defer pool.Close()
	queue, err := b.queue(pool, store)
	if err != nil {
		return err
	}
	process, err := tasks.NewProcess(ctx, pool, tasksOf, queue, store, tasks.WorkerOptions{
		Queues: slots, Host: "bench", PID: os.Getpid(), Drain: time.Second, Log: b.log,
	})
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(working) }()
	defer func() {
		stop()
		err = errors.Join(err, <-stopped)
	}()
	return do(ctx)
}

// wait waits until no run is open.
func (b *bench) wait(ctx context.Context) error {
	for {
		var open bool
		if err := b.pool.QueryRow(ctx, progress).Scan(&open); err != nil {
			return fmt.Errorf("look at the runs: %w", err)
		}
		if !open {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// percentile of durations that are sorted, in milliseconds.
func percentile(sorted []time.Duration, p float64) float64 {
	return float64(sorted[min(len(sorted)-1, int(p*float64(len(sorted))))].Microseconds()) / 1000
}

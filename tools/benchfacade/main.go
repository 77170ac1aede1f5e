// Command benchfacade measures facade on one git directory (`make bench-facade REPO=...`): reading the history against `git log -p -M`, and the facade
// phase end to end into a PostgreSQL of its own, with every index that consumers rely on and with durable writes.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/db/migrate"
	"augur/db/repos"
	"augur/facade/bench"
	"augur/facade/giturl"
	"augur/monitor"
	"augur/tasks"
	"augur/tasks/git"
	"augur/tools/scratch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := bench.Run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr, endToEnd)
	stop()
	os.Exit(status)
}

// endToEnd collects the repository into an empty database and returns how long the task took that reads and writes the history. Its clone is made
// before, and not counted.
func endToEnd(ctx context.Context, dir string) (took time.Duration, err error) {
	server, err := scratch.Start(ctx, os.Getenv)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	pool, err := db.Connect(ctx, server.URL, db.Options{MaxConns: 12})
	if err != nil {
		return 0, err
	}
	defer pool.Close()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if _, err := migrate.Up(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return 0, err
	}
	settings := config.Static(config.NewRegistry(
		config.NewSection[git.Settings]("Facade"), config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine"),
	), "Facade.allow_local=1", "Facade.limited_run=1")
	policy := giturl.Policy{AllowLocal: true}
	if sum, err := repos.AddURLs(ctx, pool, 1, []string{dir}, repos.Options{Policy: policy}); err != nil || sum.Added != 1 {
		return 0, errors.Join(fmt.Errorf("add %s: not added", dir), err)
	}
	if err := collect(ctx, pool, settings, server.Home, log); err != nil {
		return 0, err
	}
	return taskTime(ctx, pool)
}

// collect runs the facade phase of the one repository.
func collect(ctx context.Context, pool *pgxpool.Pool, settings *config.Store, home string, log *slog.Logger) error {
	catalog := tasks.NewCatalog()
	git.Add(catalog, settings, git.Options{Home: home, Env: os.Environ(), Version: "bench", Log: log})
	queue, err := tasks.NewQueue(pool, monitor.RetryAfter(settings), log)
	if err != nil {
		return err
	}
	process, err := tasks.NewProcess(ctx, pool, catalog, queue, settings, tasks.WorkerOptions{Queues: map[string]int{"facade": 1}, Host: "bench", PID: os.Getpid(), Log: log})
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(working) }()
	if _, err := monitor.New(pool, queue, catalog, settings, log).Tick(ctx); err != nil {
		return err
	}
	for {
		report, err := monitor.Overview(ctx, pool, 10)
		if err != nil {
			return err
		}
		if len(report.Troubles) > 0 {
			return errors.New(report.Troubles[0].Reason)
		}
		if len(report.Running) == 0 {
			stop()
			return <-stopped
		}
		select {
		case err := <-stopped:
			return errors.Join(errors.New("the worker stopped"), err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// taskTime is from the end of the fetch to the end of the task that stores the history, on the database's clock.
func taskTime(ctx context.Context, pool *pgxpool.Pool) (time.Duration, error) {
	run, err := db.New().TaskTimes(ctx, pool)
	if err != nil {
		return 0, fmt.Errorf("read how long the task took: %w", err)
	}
	times := map[string]time.Time{}
	for _, row := range run {
		times[row.Kind] = *row.EndedAt
	}
	return times[git.KindCommits].Sub(times[git.KindFetch]), nil
}

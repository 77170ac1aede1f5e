package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/monitor"
	"augur/tasks"
	"augur/tasks/git"
)

// ledgerSQL is what the tasks of the harness write to. It has no key on purpose.
const ledgerSQL = `
CREATE TABLE public.chaos_ledger (run_id bigint NOT NULL, kind text NOT NULL, page int NOT NULL, job_id bigint NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE public.chaos_repairs (repairs int NOT NULL);
CREATE TABLE public.chaos_pages (kind text PRIMARY KEY, pages int NOT NULL);
INSERT INTO public.chaos_pages VALUES ('chaos_short', 1), ('chaos_tail', 2), ('chaos_pages', 8), ('chaos_copy', 2000), ('chaos_long', 1), ('chaos_deadly', 1)`

// Pages of the tasks, as chaos_pages has them.
const (
	tailPages = 2
	manyPages = 8
	copyRows  = 2000
)

// deadlyReason is part of the reason of a run whose task killed its workers.
const deadlyReason = "its worker died 3 times while running it"

func settings() *config.Store {
	return config.Static(config.NewRegistry(
		config.NewSection[git.Settings]("Facade"), config.NewSection[git.Registries]("Registries"), config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine"),
	), "Facade.allow_local=1", "Facade.free_space_floor=0", "Tasks.max_core=10000", "Tasks.max_secondary=10000", "Tasks.max_facade=10000", "Tasks.max_ml=10000", "Task_Routine.machine_learning_phase=1")
}

// catalog is what is collected. Repositories of GitHub have the tasks that write to the ledger; those of GitLab one that kills its worker; all others are
// real ones, for the real tasks of git.
func catalog(r role, settings *config.Store, log *slog.Logger) *tasks.Catalog {
	c := tasks.NewCatalog()
	deadline := func(*config.Store) time.Duration { return time.Minute }
	add := func(kind string, phase tasks.Phase, platform giturl.Platform, work tasks.WorkerFunc, after ...string) {
		c.Add(tasks.Task{Kind: kind, Phase: phase, Platforms: []giturl.Platform{platform}, After: after, Timeout: deadline, Worker: work})
	}
	long := r.Lease.Length*3 + r.Lease.Length/2
	add("chaos_short", tasks.Core, giturl.GitHub, one("chaos_short", 5*time.Millisecond, 60*time.Millisecond))
	add("chaos_tail", tasks.Core, giturl.GitHub, paged("chaos_tail", tailPages, 20*time.Millisecond), "chaos_short") // ends a run without a write
	add("chaos_pages", tasks.Facade, giturl.GitHub, paged("chaos_pages", manyPages, r.Lease.Length/3))
	add("chaos_copy", tasks.Facade, giturl.GitHub, copyAll, "chaos_pages")
	add("chaos_long", tasks.ML, giturl.GitHub, one("chaos_long", long, long*3/2)) // longer than a freeze
	add("chaos_deadly", tasks.Core, giturl.GitLab, deadly)
	genuine := tasks.NewCatalog()
	git.Add(genuine, settings, git.Options{Home: filepath.Join(r.Dir, "home"), Env: os.Environ(), Version: "chaos", Log: log})
	for _, t := range genuine.Tasks() {
		t.Platforms = []giturl.Platform{giturl.Git}
		c.Add(t)
	}
	return c
}

// one writes one page at its end.
func one(kind string, from, to time.Duration) tasks.WorkerFunc {
	return func(ctx context.Context, c *tasks.Collection) error {
		if err := pause(ctx, between(from, to)); err != nil {
			return err
		}
		return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if err := enter(ctx, tx, c, kind, 1); err != nil {
				return err
			}
			return pause(ctx, between(0, 20*time.Millisecond))
		})
	}
}

// paged writes pages one after the other, each in its transaction with the cursor, from which it goes on when it runs again.
func paged(kind string, pages int, longest time.Duration) tasks.WorkerFunc {
	return func(ctx context.Context, c *tasks.Collection) error {
		var done *int64
		err := c.Pool().QueryRow(ctx, "SELECT progress_done FROM augur_operations.collection_task WHERE run_id = $1 AND kind = $2", c.RunID, kind).Scan(&done)
		if err != nil {
			return fmt.Errorf("read the cursor: %w", err)
		}
		first := 1
		if done != nil {
			first = int(*done) + 1
		}
		for page := first; page <= pages; page++ {
			if err := pause(ctx, between(0, longest)); err != nil {
				return err
			}
			err := c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
				if err := enter(ctx, tx, c, kind, page); err != nil {
					return err
				}
				if err := pause(ctx, between(0, 10*time.Millisecond)); err != nil {
					return err
				}
				return c.SaveProgress(ctx, tx, int64(page), int64(pages))
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// copyAll writes many rows with COPY.
func copyAll(ctx context.Context, c *tasks.Collection) error {
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"public", "chaos_ledger"}, []string{"run_id", "kind", "page", "job_id"},
			pgx.CopyFromSlice(copyRows, func(i int) ([]any, error) { return []any{c.RunID, "chaos_copy", i + 1, c.JobID}, nil }))
		return err
	})
}

// deadly kills its worker until it has been quarantined once.
func deadly(ctx context.Context, c *tasks.Collection) error {
	var quarantined bool
	err := c.Pool().QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM augur_operations.collection_run WHERE repo_id = $1 AND reason LIKE '%' || $2 || '%')", c.Repo.ID, deadlyReason).Scan(&quarantined)
	if err != nil {
		return fmt.Errorf("read earlier runs: %w", err)
	}
	if quarantined {
		return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error { return enter(ctx, tx, c, "chaos_deadly", 1) })
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill this process: %w", err)
	}
	<-ctx.Done()
	return ctx.Err()
}

// enter writes a page to the ledger.
func enter(ctx context.Context, tx pgx.Tx, c *tasks.Collection, kind string, page int) error {
	_, err := tx.Exec(ctx, "INSERT INTO public.chaos_ledger (run_id, kind, page, job_id) VALUES ($1, $2, $3, $4)", c.RunID, kind, page, c.JobID)
	return err
}

func between(from, to time.Duration) time.Duration {
	return from + rand.N(max(to-from, 1)) //nolint:gosec // spreading load needs no secret
}

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// reach connects to the database, however long that takes.
func reach(ctx context.Context, url string, conns int, name string) (*pgxpool.Pool, error) {
	for {
		pool, err := db.Connect(ctx, url, db.Options{MaxConns: int32(conns), ApplicationName: name}) //nolint:gosec // a small number
		if err == nil {
			return pool, nil
		}
		if pause(ctx, 100*time.Millisecond) != nil {
			return nil, err
		}
	}
}

// playWorker works until ctx ends.
func playWorker(ctx context.Context, r role, log *slog.Logger) error {
	slots := 0
	for _, n := range r.Queues {
		slots += n
	}
	pool, err := reach(ctx, r.URL, slots+4, r.Name)
	if err != nil {
		return err
	}
	settings := settings()
	queue, err := newQueue(pool, log)
	if err != nil {
		return err
	}
	process, err := tasks.NewProcess(ctx, pool, catalog(r, settings, log), queue, settings, tasks.WorkerOptions{
		Queues: r.Queues, Host: "chaos", PID: os.Getpid(), Drain: time.Second, Lease: r.Lease, Page: 5 * time.Second,
		Without: tasks.Protections{Fence: r.Control == controlFence}, Log: log,
	})
	if err != nil {
		return err
	}
	err = process.Run(ctx)
	if !errors.Is(err, tasks.ErrStuck) {
		pool.Close()
	}
	return err
}

func newQueue(pool *pgxpool.Pool, log *slog.Logger) (*tasks.Queue, error) {
	return tasks.NewQueue(pool, func(tasks.Cause) time.Duration { return time.Second }, log)
}

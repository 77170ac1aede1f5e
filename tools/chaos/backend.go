package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/monitor"
	"augur/monitor/supervisor"
	"augur/tasks"
)

// playBackend is a monitor, a reaper and a supervised worker, as `augur backend start` is, only faster.
func playBackend(ctx context.Context, r role, log *slog.Logger) error {
	pool, err := reach(ctx, r.URL, 4, r.Name)
	if err != nil {
		return err
	}
	defer pool.Close()
	queue, err := newQueue(pool, log)
	if err != nil {
		return err
	}
	settings := settings()
	m := monitor.New(pool, queue, catalog(r, settings, log), settings, log)
	workers, err := supervised(*r.Supervised, pool, log)
	if err != nil {
		return err
	}
	own, err := db.Single(ctx, pool)
	if err != nil {
		return err
	}
	defer own.Close()
	var all sync.WaitGroup
	all.Go(func() { workers.Run(ctx) })
	all.Go(func() {
		every(ctx, 200*time.Millisecond, func() error {
			_, err := m.Tick(ctx)
			return err
		}, log)
	})
	all.Go(func() {
		every(ctx, min(monitor.ReapInterval, r.Lease.Length/4), func() error { return reap(ctx, r, own, queue) }, log)
	})
	if r.Control == "" {
		all.Go(func() { every(ctx, 2*time.Second, func() error { return repair(ctx, pool, queue) }, log) })
	}
	all.Wait()
	return nil
}

// repair looks for what was changed by hand. Nothing is, so whatever it finds is wrong.
func repair(ctx context.Context, pool *pgxpool.Pool, queue *tasks.Queue) error {
	n, err := queue.Repair(ctx, pool)
	if n > 0 {
		_, noted := pool.Exec(ctx, "INSERT INTO public.chaos_repairs VALUES ($1)", n)
		err = errors.Join(err, noted)
	}
	return err
}

// supervised is the worker of a backend. Its log goes where the backend's goes.
func supervised(r role, pool *pgxpool.Pool, log *slog.Logger) (*supervisor.Supervisor, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("role of the worker: %w", err)
	}
	worker := supervisor.Worker{Name: r.Name, Args: []string{modeWorker, string(text)}, Env: os.Environ()}
	return supervisor.New([]supervisor.Worker{worker}, supervisor.Options{
		Path: program, Output: os.Stderr, Grace: 15 * time.Second, Backoff: supervisor.Backoff{Min: 50 * time.Millisecond, Max: time.Second, Reset: 5 * time.Second}, Log: log,
		Died: func(ctx context.Context, pid int) {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			_, err := db.New().ExpireLeases(ctx, pool, db.ExpireLeasesParams{Host: "chaos", Pids: []int32{int32(pid)}}) //nolint:gosec // a process id
			if err != nil {
				log.DebugContext(ctx, "lease not ended", slog.Any("error", err))
			}
		},
	}), nil
}

// every does something at once, and again and again until ctx ends.
func every(ctx context.Context, d time.Duration, do func() error, log *slog.Logger) {
	for {
		if err := do(); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "will be tried again", slog.Any("error", err))
		}
		if pause(ctx, d) != nil {
			return
		}
	}
}

// resetSQL is what a queue without rescue by replacement does: the same row runs again.
const resetSQL = `
UPDATE river.river_job j SET state = 'available', scheduled_at = now(), metadata = metadata || '{"rescued_from": 0}'
WHERE j.id IN (
    SELECT r.id FROM river.river_job r
    WHERE r.state = 'running' AND NOT EXISTS (
        SELECT 1 FROM augur_operations.worker_lease l
        WHERE l.client_id = r.attempted_by[array_upper(r.attempted_by, 1)] AND l.beat_at > clock_timestamp() - $1::interval
            AND (r.id = ANY (l.held) OR r.attempted_at > clock_timestamp() - $2::interval)
    )
    FOR UPDATE SKIP LOCKED
)`

// believeSQL makes a live lease hold whatever its process fetched, as a lease without held ids does.
const believeSQL = `
UPDATE augur_operations.worker_lease l
SET held = ARRAY(SELECT r.id FROM river.river_job r WHERE r.state = 'running' AND r.attempted_by[array_upper(r.attempted_by, 1)] = l.client_id)
WHERE l.beat_at > clock_timestamp() - $1::interval`

// reap looks for dead workers, or what a control leaves of that.
func reap(ctx context.Context, r role, pool *pgxpool.Pool, queue *tasks.Queue) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	switch r.Control {
	case controlReplacement:
		_, err := pool.Exec(ctx, resetSQL, r.Lease.Length, r.Lease.Grace)
		return err
	case controlHeld:
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, believeSQL, r.Lease.Length); err != nil {
				return err
			}
			_, err := db.New().Rescue(ctx, tx, db.RescueParams{Lease: r.Lease.Length, Grace: r.Lease.Grace})
			return err
		})
	}
	_, err := queue.Reap(ctx, pool, tasks.ReapOptions{Lease: r.Lease})
	return err
}

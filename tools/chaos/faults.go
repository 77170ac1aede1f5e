package main

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// fault does one fault of the kind.
func (w *world) fault(ctx context.Context, k kind) error {
	switch k {
	case kill:
		return w.kill(ctx)
	case freeze:
		return w.freeze(ctx)
	case restart:
		return w.server.restart(ctx)
	case cut:
		t := cutAll + trap(w.random.IntN(int(traps-cutAll)))
		if w.control == controlHeld {
			t = cutAfterFetch
		}
		w.children[w.random.IntN(len(w.children))].proxy.spring(ctx, t, 3*time.Second)
	case crowd:
		w.crowd(ctx)
	case full:
		return w.full(ctx)
	}
	return nil
}

// someone is a child that runs and is not frozen: with backend, one of those now and then.
func (w *world) someone(accept func(*child) bool) *child {
	order := slices.Clone(w.children)
	w.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	for _, c := range order {
		if c.running() != 0 && accept(c) {
			return c
		}
	}
	return nil
}

// kill kills a worker, a supervised worker, or a backend.
func (w *world) kill(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.patience)
	defer cancel()
	for {
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("find a worker: %w", err)
		}
		switch w.random.IntN(8) {
		case 0: // a supervised worker: whoever has a lease and is not one of ours
			if w.killSupervised(ctx) {
				return nil
			}
		case 1:
			if c := w.someone(func(c *child) bool { return c.mode == modeBackend }); c != nil && c.signal(syscall.SIGKILL) != 0 {
				return nil
			}
		default:
			if c := w.someone(func(c *child) bool { return c.mode == modeWorker && w.works(ctx, c.running()) }); c != nil {
				pid := c.running()
				at := time.Now()
				if c.signal(syscall.SIGKILL) == pid && pid != 0 {
					w.record.killed(pid, at)
					return nil
				}
			}
		}
	}
}

// works tells whether the process has a lease.
func (w *world) works(ctx context.Context, pid int) bool {
	var works bool
	err := w.pool.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM augur_operations.worker_lease WHERE pid = $1 AND beat_at > clock_timestamp() - $2::interval)", pid, w.lease.Length).Scan(&works)
	return err == nil && works
}

// killSupervised kills the worker of a backend.
func (w *world) killSupervised(ctx context.Context) bool {
	var ours []int
	for _, c := range w.children {
		ours = append(ours, c.running())
	}
	var pid int
	err := w.pool.QueryRow(ctx, `SELECT pid FROM augur_operations.worker_lease
		WHERE pid <> ALL ($1::int[]) AND beat_at > clock_timestamp() - $2::interval ORDER BY md5(pid::text || $3::text) LIMIT 1`, ours, w.lease.Length, w.random.Int()).Scan(&pid)
	if err != nil || !slices.Contains(leftBehind(w.dir), pid) {
		return false
	}
	at := time.Now()
	if syscall.Kill(pid, syscall.SIGKILL) != nil {
		return false
	}
	w.record.killed(pid, at)
	return true
}

// freeze stops a worker for longer than its lease and lets it go on. Every second one has jobs that take longer than that.
func (w *world) freeze(ctx context.Context) error {
	long := w.done[freeze]%2 == 0
	finding, cancel := context.WithTimeout(ctx, w.patience)
	defer cancel()
	for {
		c := w.someone(func(c *child) bool { return c.mode == modeWorker && (!long || w.worksLong(ctx, c.running())) })
		if c != nil && c.signal(syscall.SIGSTOP) != 0 {
			frozen := w.lease.Length*3/2 + time.Duration(w.random.Int64N(int64(w.lease.Length)))
			w.thawing.Go(func() {
				_ = pause(ctx, frozen) // it is thawed in any case
				c.signal(syscall.SIGCONT)
			})
			return nil
		}
		if err := pause(finding, 50*time.Millisecond); err != nil {
			return fmt.Errorf("find a worker: %w", err)
		}
	}
}

// worksLong tells whether the process holds jobs that last longer than a freeze, or, where the fence is what is tested, jobs of many pages.
func (w *world) worksLong(ctx context.Context, pid int) bool {
	kind := "chaos_long"
	if w.control == controlFence {
		kind = "chaos_pages"
	}
	var works bool
	err := w.pool.QueryRow(ctx, `SELECT EXISTS (
			SELECT 1 FROM augur_operations.worker_lease l JOIN river.river_job j ON j.id = ANY (l.held)
			WHERE l.pid = $1 AND l.beat_at > clock_timestamp() - $2::interval AND j.kind = $3 AND j.state = 'running'
		)`, pid, w.lease.Length, kind).Scan(&works)
	return err == nil && works
}

// crowd takes all connections that the server has, cuts those of the workers, and gives them back after a while.
func (w *world) crowd(ctx context.Context) {
	defer w.record.crowded()()
	var held []*pgx.Conn
	defer func() {
		for _, conn := range held {
			_ = conn.Close(context.WithoutCancel(ctx)) // the server may have been restarted
		}
	}()
	until := time.Now().Add(w.lease.Length/2 + time.Duration(w.random.Int64N(int64(w.lease.Length))))
	cut := false
	for time.Now().Before(until) && ctx.Err() == nil {
		conn, err := pgx.Connect(ctx, w.server.url("augur"))
		if err == nil {
			held = append(held, conn)
			continue
		}
		if !cut {
			cut = true
			for _, c := range w.children {
				c.proxy.each((*line).reset)
			}
		}
		_ = pause(ctx, 5*time.Millisecond) // the loop asks
	}
}

// Sizes of the file system for clones.
const (
	largeDisk = 64 << 20
	smallest  = 64 << 10
)

// fullSQL counts attempts that ended because there was no room for a clone.
const fullSQL = "SELECT count(*) FROM river.river_job CROSS JOIN unnest(errors) AS e WHERE kind = 'git_fetch' AND e ->> 'error' LIKE '%disk is full%'"

// full lets the file system for clones run full while a repository has to be cloned anew, and gives it room again.
func (w *world) full(ctx context.Context) error {
	var before int
	if err := w.pool.QueryRow(ctx, fullSQL).Scan(&before); err != nil {
		return fmt.Errorf("count attempts: %w", err)
	}
	found := false
	// A clone that is being made keeps room for another one when it ends: then once more.
	for try := 0; try < 10 && !found && ctx.Err() == nil; try++ {
		err := w.main.do(func() error {
			if err := w.origin.forget(); err != nil {
				return err
			}
			return resizeDisk(w.origin.clones, smallest)
		})
		if err != nil {
			return fmt.Errorf("fill the disk: %w", err)
		}
		if err := w.origin.grow(ctx); err != nil {
			return err
		}
		w.hurry(ctx)
		found = w.wait(ctx, 10*time.Second, "SELECT ("+fullSQL+") > $1", before) == nil
	}
	if !found {
		w.record.wrong("a full disk was not given as the reason")
	}
	if err := w.main.do(func() error { return resizeDisk(w.origin.clones, largeDisk) }); err != nil {
		return fmt.Errorf("empty the disk: %w", err)
	}
	return nil
}

// hurry makes what waits after a failure due at once, as a while would. It is no matter if that does not work out: then it takes longer.
func (w *world) hurry(ctx context.Context) {
	_, _ = w.pool.Exec(ctx, "UPDATE river.river_job SET scheduled_at = now() WHERE state IN ('retryable', 'scheduled')")
	_, _ = w.pool.Exec(ctx, "UPDATE augur_operations.collection_backoff SET retry_at = now()")
}

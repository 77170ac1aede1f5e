package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// errFaults says that the queue did something wrong.
var errFaults = errors.New("the queue lost, doubled or wedged something, or a process was left behind")

// world is everything that a run consists of.
type world struct {
	options
	main     *mainThread
	out      io.Writer
	dir      string
	server   *server
	pool     *pgxpool.Pool // straight to the server
	children []*child
	origin   *origin // nil where there is no small disk
	random   *rand.Rand
	record   *record
	thawing  sync.WaitGroup
	done     map[kind]int
}

// wreak makes a world, breaks it, and tells what came of it.
func wreak(ctx context.Context, o options, main *mainThread, stdout, stderr io.Writer) (err error) {
	w := &world{options: o, main: main, out: io.Discard, random: rand.New(rand.NewPCG(o.seed, 0)), done: map[kind]int{}} //nolint:gosec // it must be the same again
	if o.verbose {
		w.out = stderr
	}
	unlock, err := w.directory()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(w.dir), unlock()) }()
	if w.server, err = newServer(ctx, w.dir, main); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.server.stop(context.WithoutCancel(ctx))) }()
	if w.pool, err = db.Connect(ctx, w.server.url("augur"), db.Options{MaxConns: 4, ApplicationName: "chaos"}); err != nil {
		return err
	}
	defer w.pool.Close()
	if err := w.populate(ctx, stderr); err != nil {
		return err
	}
	var left int
	err = w.live(ctx, stderr)
	left = w.end(ctx)
	if err != nil {
		return err
	}
	return w.verdict(context.WithoutCancel(ctx), stdout, left)
}

// prefix is what the names of the directories of runs begin with.
const prefix = "augur-chaos-"

// directory makes the directory of the run, and removes those of runs that were killed.
func (w *world) directory() (unlock func() error, err error) {
	temp, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil {
		return nil, fmt.Errorf("directory for temporary files: %w", err)
	}
	old, err := filepath.Glob(filepath.Join(temp, prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("look for earlier runs: %w", err)
	}
	for _, dir := range old {
		lock := flock.New(filepath.Join(dir, "lock"))
		if free, err := lock.TryLock(); err == nil && free {
			_ = os.RemoveAll(dir) // what does not work out is left to the next run
		}
		_ = lock.Close()
	}
	if w.dir, err = os.MkdirTemp(temp, prefix); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	lock := flock.New(filepath.Join(w.dir, "lock"))
	if _, err := lock.TryLock(); err != nil {
		return nil, fmt.Errorf("lock the directory: %w", err)
	}
	return lock.Close, os.Chmod(w.dir, 0o755) // the server may run as another user, who has to get in
}

// populate adds repositories, and the clones' small disk.
func (w *world) populate(ctx context.Context, stderr io.Writer) error {
	home := filepath.Join(w.dir, "home")
	clones := filepath.Join(home, "repos")
	if err := os.MkdirAll(clones, 0o755); err != nil {
		return fmt.Errorf("make a directory for clones: %w", err)
	}
	urls := []string{"https://gitlab.com/chaos/deadly"}
	for i := range w.repos {
		urls = append(urls, fmt.Sprintf("https://github.com/chaos/r%d", i))
	}
	if w.faults[full] > 0 {
		err := w.main.do(func() error { return smallDisk(clones, largeDisk) })
		if err != nil {
			fmt.Fprintln(stderr, "chaos: no fault of the kind full:", err)
			delete(w.faults, full)
		} else {
			w.origin = &origin{dir: filepath.Join(w.dir, "origin.git"), clones: clones}
			if err := w.origin.create(ctx); err != nil {
				return err
			}
			urls = append(urls, w.origin.dir)
		}
	}
	if w.control != "" || w.history != "" {
		urls = urls[1:] // what kills its worker would be one more fault
	}
	return w.addRepos(ctx, urls...)
}

// addRepos adds repositories, as `augur db add-repos` does.
func (w *world) addRepos(ctx context.Context, urls ...string) error {
	_, err := w.pool.Exec(ctx, `
		WITH added AS (
			INSERT INTO augur_data.repo (repo_group_id, repo_git, repo_path, repo_name, data_source)
			SELECT (SELECT min(repo_group_id) FROM augur_data.repo_groups), u, '', '', 'Git' FROM unnest($1::text[]) AS u RETURNING repo_id
		)
		INSERT INTO augur_operations.collection_status (repo_id) SELECT repo_id FROM added`, urls)
	if err != nil {
		return fmt.Errorf("add repositories: %w", err)
	}
	return nil
}

// queues are the slots of a worker.
func queues() map[string]int {
	return map[string]int{"core": 2, "facade": 4, "ml": 6}
}

// live starts everything, does the faults in their order, and waits until what was begun has ended.
func (w *world) live(ctx context.Context, stderr io.Writer) error {
	w.record = newRecord()
	var all sync.WaitGroup
	defer all.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for i := range w.workers {
		if err := w.add(ctx, modeWorker, fmt.Sprintf("worker-%d", i+1)); err != nil {
			return err
		}
	}
	for i := range 2 {
		if err := w.add(ctx, modeBackend, fmt.Sprintf("backend-%d", i+1)); err != nil {
			return err
		}
	}
	for _, c := range w.children {
		go c.keep(context.WithoutCancel(ctx))
	}
	all.Go(func() { w.watch(ctx) })
	if w.history != "" {
		return w.chase(ctx, stderr)
	}
	feeding, enough := context.WithCancel(ctx)
	defer enough()
	var feeder sync.WaitGroup
	feeder.Go(func() { w.feed(feeding) })
	// Nothing is broken before something is there to break.
	if err := w.wait(ctx, time.Minute, "SELECT count(*) >= 20 FROM public.chaos_ledger"); err != nil {
		return fmt.Errorf("wait for the first jobs: %w", err)
	}
	order := w.plan(w.random)
	for i, k := range order {
		if err := w.fault(ctx, k); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
		w.done[k]++
		if (i+1)%50 == 0 {
			fmt.Fprintf(stderr, "chaos: %d of %d faults\n", i+1, len(order))
		}
		if err := pause(ctx, time.Duration(50+w.random.IntN(350))*time.Millisecond); err != nil {
			return err
		}
	}
	w.thawing.Wait()
	enough()
	feeder.Wait()
	if w.control == controlFence && w.wait(ctx, time.Second, "SELECT ("+duplicatedSQL+") > 0") == nil {
		return nil // that is all it is for
	}
	// Everything that was begun comes to an end, and what failed is tried again.
	for until := time.Now().Add(w.patience); time.Now().Before(until) && ctx.Err() == nil; {
		w.hurry(ctx)
		if w.wait(ctx, 5*time.Second, finishedSQL) == nil {
			break
		}
	}
	return ctx.Err() // what has not ended by now is lost
}

// finishedSQL tells whether nothing is left to do.
const finishedSQL = `
SELECT NOT EXISTS (SELECT 1 FROM augur_operations.collection_run WHERE finished_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM augur_operations.collection_phase WHERE status NOT IN ('Success', 'Pending'))`

// add makes a place for a process, behind a proxy of its own.
func (w *world) add(ctx context.Context, mode, name string) error {
	p, err := newProxy(ctx, w.server.file())
	if err != nil {
		return err
	}
	r := role{URL: p.url(), Dir: w.dir, Name: name, Queues: queues(), Lease: w.lease, Control: w.control}
	if mode == modeBackend {
		below := r
		below.Name = name + "-worker"
		r.Supervised = &below
	}
	w.children = append(w.children, &child{mode: mode, role: r, proxy: p, main: w.main, out: w.out, ended: make(chan struct{})})
	return nil
}

// feed makes whatever was collected due again, so that there is always work.
func (w *world) feed(ctx context.Context) {
	for pause(ctx, 300*time.Millisecond) == nil {
		for _, phase := range []string{"core", "facade", "ml"} {
			// A restart of the server is no reason to stop.
			_, _ = w.pool.Exec(ctx, "UPDATE augur_operations.collection_status SET "+phase+"_data_last_collected = now() - interval '100 days' WHERE "+phase+
				"_status = 'Success' AND "+phase+"_data_last_collected > now() - interval '50 days'")
		}
	}
}

// wait waits until the query, which selects one boolean, says true.
func (w *world) wait(ctx context.Context, patience time.Duration, query string, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var holds bool
		if err := w.pool.QueryRow(ctx, query, args...).Scan(&holds); err == nil && holds {
			return nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}

// end stops all processes and returns how many were still there when none should have been.
func (w *world) end(ctx context.Context) (left int) {
	w.thawing.Wait()
	var all sync.WaitGroup
	for _, c := range w.children {
		all.Go(func() { c.stop(syscall.SIGTERM) })
	}
	all.Wait()
	// Workers of backends that were killed end by themselves.
	for range 100 {
		if len(leftBehind(w.dir)) == 0 {
			break
		}
		if pause(context.WithoutCancel(ctx), 200*time.Millisecond) != nil {
			break
		}
	}
	for _, pid := range leftBehind(w.dir) {
		left++
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended at last
	}
	for _, c := range w.children {
		c.proxy.close()
	}
	return left
}

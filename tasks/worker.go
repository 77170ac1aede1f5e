package tasks

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"augur/db"
	"augur/db/config"
)

// errNoRun says that the job belongs to no open run: there is no status that it could hold up.
var errNoRun = errors.New("the run of the job is not open")

// rescueBackstop is when River's own rescuer would step in. It stays far above every deadline, because our leases do its work.
const rescueBackstop = 7 * 24 * time.Hour

// WorkerOptions describe a worker process.
type WorkerOptions struct {
	// Queues are the queues to work, and how many jobs of each at once.
	Queues map[string]int
	// Host and PID identify the process for people.
	Host string
	PID  int
	// Drain is how long running jobs may go on after a stop before they are cancelled and handed back; 0 means 20 s.
	Drain time.Duration
	Log   *slog.Logger
}

// Process works jobs of some queues: a River client under a lease. Several may run in one program, on one machine or on many.
type Process struct {
	client *river.Client[pgx.Tx]
	lease  *Lease
	log    *slog.Logger
}

// NewProcess makes a process that can run every task of the catalog. It does nothing before [Process.Run].
func NewProcess(ctx context.Context, pool *pgxpool.Pool, catalog *Catalog, queue *Queue, settings *config.Store, o WorkerOptions) (*Process, error) {
	id := fmt.Sprintf("%s-%d-%s", o.Host, o.PID, rand.Text()[:6])
	lease, err := newLease(ctx, pool, id, o.Host, o.PID, slices.Sorted(maps.Keys(o.Queues)), o.Log)
	if err != nil {
		return nil, err
	}
	workers := river.NewWorkers()
	for _, task := range catalog.Tasks() {
		river.AddWorkerArgs(workers, Args{kind: task.Kind}, &runner{task: task, pool: pool, queue: queue, settings: settings, lease: lease, log: o.Log})
	}
	queues := make(map[string]river.QueueConfig, len(o.Queues))
	for name, slots := range o.Queues {
		queues[name] = river.QueueConfig{MaxWorkers: slots}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		ID: id, Schema: Schema, Queues: queues, Workers: workers, Logger: o.Log,
		MaxAttempts: MaxAttempts, JobTimeout: time.Hour, RescueStuckJobsAfter: rescueBackstop,
		SoftStopTimeout: cmp.Or(o.Drain, 20*time.Second),
	})
	if err != nil {
		lease.pool.Close()
		return nil, fmt.Errorf("make a River client: %w", err)
	}
	return &Process{client: client, lease: lease, log: o.Log}, nil
}

// Run works until ctx ends. Then it fetches nothing more, lets running jobs finish within [WorkerOptions.Drain], hands the others back
// without using up an attempt, and returns nil. It returns an error when the process cannot start.
func (p *Process) Run(ctx context.Context) error {
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := p.lease.beat(life); err != nil {
		p.lease.pool.Close()
		return err
	}
	var beats sync.WaitGroup
	beats.Go(func() { p.lease.run(life) })
	defer beats.Wait()
	defer stop()
	if err := p.client.Start(life); err != nil {
		return fmt.Errorf("start working: %w", err)
	}
	<-ctx.Done()
	if err := p.client.Stop(life); err != nil {
		return fmt.Errorf("stop working: %w", err)
	}
	return nil
}

// runner runs the jobs of one task.
type runner struct {
	river.WorkerDefaults[Args]
	task     Task
	pool     *pgxpool.Pool
	queue    *Queue
	settings *config.Store
	lease    *Lease
	log      *slog.Logger
}

// Timeout is the deadline of one attempt.
func (r *runner) Timeout(*river.Job[Args]) time.Duration {
	return r.task.Timeout(r.settings)
}

// NextRetry is when the next attempt may start.
func (r *runner) NextRetry(job *river.Job[Args]) time.Time {
	return time.Now().Add(backoff(job.Attempt))
}

// Work runs one attempt and turns its error into a verdict.
func (r *runner) Work(ctx context.Context, job *river.Job[Args]) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer r.lease.hold(job.ID, cancel)()
	started := time.Now()
	log := r.log.With(slog.String("kind", r.task.Kind), slog.Int64("job_id", job.ID), slog.Int64("repo_id", job.Args.RepoID))
	c, err := r.collection(ctx, job, log)
	if err == nil {
		err = r.collect(ctx, c)
	}
	if err == nil {
		c.Log.InfoContext(ctx, "task done", slog.Duration("took", time.Since(started).Round(time.Millisecond)))
		return nil
	}
	if errors.Is(err, errNoRun) {
		log.WarnContext(ctx, "job without an open run cancelled", slog.Int64("run_id", job.Args.RunID))
		return river.JobCancel(err)
	}
	if c == nil {
		c = &Collection{RunID: job.Args.RunID, JobID: job.ID, Log: log, kind: r.task.Kind, pool: r.pool, queue: r.queue, job: job}
	}
	if errors.Is(context.Cause(ctx), ErrFenced) {
		err = ErrFenced
	}
	return r.conclude(ctx, c, err)
}

// collect calls the worker, and finishes for a worker that leaves that to us.
func (r *runner) collect(ctx context.Context, c *Collection) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			c.Log.ErrorContext(ctx, "panic in a worker", slog.String("cause", Scrub(fmt.Sprint(cause))), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	if err := r.task.Worker.Collect(ctx, c); err != nil {
		return err
	}
	if c.finished.Load() {
		return nil
	}
	return c.Finish(ctx, nil)
}

// conclude carries out the verdict on err and returns what River has to know.
func (r *runner) conclude(ctx context.Context, c *Collection, err error) error {
	stored := &storedError{err: err}
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		stored.err = fmt.Errorf("not done within %s: %w", r.task.Timeout(r.settings), err)
	}
	verdict, cause := judge(ctx, err, c.job.Attempt, c.job.MaxAttempts)
	switch verdict {
	case dropped:
		c.Log.WarnContext(ctx, "job dropped", slog.Any("error", stored))
		// Whatever is returned here does nothing to a row that is not running any more. A row that still is (the lease was lost, but nobody
		// came for the job) must not end: it comes back.
		return river.JobSnooze(time.Second)
	case giveBack:
		c.Log.InfoContext(ctx, "job handed back", slog.Int("attempt", c.job.Attempt))
		return stored
	case putOff:
		var limit *RateLimitError
		errors.As(err, &limit)
		c.Log.InfoContext(ctx, "job put off", slog.Any("error", stored))
		return river.JobSnooze(max(time.Until(limit.Until), time.Second))
	case fail:
		return r.giveUp(ctx, c, cause, stored)
	case retry:
	}
	c.Log.WarnContext(ctx, "attempt failed", slog.Int("attempt", c.job.Attempt), slog.Any("error", stored))
	return stored
}

// giveUp ends the task for good. When even that cannot be written, the job comes back later, so that the status never outlives its job.
func (r *runner) giveUp(ctx context.Context, c *Collection, cause Cause, stored *storedError) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := c.fail(ctx, cause, stored.Error()); err != nil && !errors.Is(err, ErrFenced) {
		c.Log.ErrorContext(ctx, "failure not stored", slog.Any("error", &storedError{err: err}))
		return river.JobSnooze(15 * time.Second)
	}
	c.Log.WarnContext(ctx, "task failed", slog.String("cause", string(cause)), slog.Any("error", stored))
	return river.JobCancel(stored)
}

// collection reads what the worker needs to know.
func (r *runner) collection(ctx context.Context, job *river.Job[Args], log *slog.Logger) (*Collection, error) {
	row, err := r.queue.queries.CollectionOf(ctx, r.pool, db.CollectionOfParams{RunID: job.Args.RunID, Kind: r.task.Kind})
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && row.FinishedAt != nil) {
		return nil, errNoRun
	}
	if err != nil {
		return nil, fmt.Errorf("read run %d: %w", job.Args.RunID, err)
	}
	repo := Repo{ID: row.RepoID, GroupID: row.RepoGroupID, URL: row.RepoGit, Platform: PlatformOf(row.RepoGit)}
	if row.RepoPath != nil {
		repo.Path = *row.RepoPath
	}
	if row.RepoName != nil {
		repo.Name = *row.RepoName
	}
	return &Collection{
		RunID: row.RunID, JobID: job.ID, Repo: repo, Full: row.FullCollection, Log: log.With(slog.String("repo", repo.URL)),
		kind: r.task.Kind, pool: r.pool, queue: r.queue, job: job,
	}, nil
}

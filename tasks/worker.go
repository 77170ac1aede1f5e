package tasks

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"golang.org/x/sync/errgroup"

	"augur/db/config"
)

// errNoRun says that the job belongs to no open run: there is no status that it could hold up.
var errNoRun = errors.New("the run of the job is not open")

// rescueBackstop is when River's own rescuer would step in. It stays far above every deadline, because our leases do its work.
const rescueBackstop = 7 * 24 * time.Hour

// How often new jobs are looked for: at most once in a fetchCooldown, when jobs end or new ones are announced, and at least once in a poll interval, which is
// longer for a process that hears of new jobs.
const (
	fetchCooldown = 5 * time.Millisecond
	pollListening = 5 * time.Second
	pollAlone     = time.Second
)

// ErrStuck is returned by [Process.Run] when a job does not return although its context has ended. Its goroutine cannot be stopped: the program has
// to end, without waiting for anything. The job is given to another process.
var ErrStuck = errors.New("a job does not return at its deadline: the process must be replaced")

// WorkerOptions describe a worker process.
type WorkerOptions struct {
	// Queues are the queues to work, and how many jobs of each at once; one with 0 is left out.
	Queues map[string]int
	// Host and PID identify the process for people.
	Host string
	PID  int
	// Drain is how long running jobs may go on after a stop before they are cancelled and handed back; 0 means 20 s.
	Drain time.Duration
	// Listen is a pool whose connections hear what is announced with NOTIFY, for where those of the process's pool do not; nil means that they do.
	Listen *pgxpool.Pool
	// PollOnly looks for new jobs every second instead of listening.
	PollOnly bool
	// Lease are the times of the lease.
	Lease LeaseTimes
	// Page is how long one transaction of a task may take; 0 means 10 min. It bounds what a connection that went silent costs.
	Page time.Duration
	// Stuck is how long after its deadline a job may take to return before the process is given up, with [ErrStuck]; 0 means 10 s.
	Stuck time.Duration
	// StopMargin is how much longer than Drain a stop may take, before the process is given up, too; 0 means 10 s. Jobs return within a second of
	// their cancellation, and River stores that.
	StopMargin time.Duration
	// Now is the machine's clock; nil means time.Now. It may be wrong: the database's decides.
	Now func() time.Time
	// Without takes protections away. It is for the negative controls of tools/chaos only, which prove that the harness would notice.
	Without Protections
	Log     *slog.Logger
}

// Protections against jobs that run twice, to be taken away. The zero value takes none.
type Protections struct {
	// Fence is the check before each transaction that the job is still this attempt's, and the lease's own end of jobs that it lost.
	Fence bool
}

// Process works jobs of some queues: a River client under a lease. Several may run in one program, on one machine or on many.
type Process struct {
	client  *river.Client[pgx.Tx]
	catalog *Catalog
	lease   *Lease
	drain   time.Duration // how long jobs may go on after a stop
	margin  time.Duration // how long the end of a stop may take
	retired chan struct{} // closed: no new jobs
	once    sync.Once
	stuck   chan struct{}
	log     *slog.Logger
}

// NewProcess makes a process that can run every task of the catalog. It does nothing before [Process.Run].
func NewProcess(ctx context.Context, pool *pgxpool.Pool, catalog *Catalog, queue *Queue, settings *config.Store, o WorkerOptions) (*Process, error) {
	o.Drain, o.Page = cmp.Or(o.Drain, 20*time.Second), cmp.Or(o.Page, 10*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	id := fmt.Sprintf("%s-%d-%s", o.Host, o.PID, rand.Text()[:6])
	lease, err := newLease(ctx, pool, id, o)
	if err != nil {
		return nil, err
	}
	p := &Process{
		catalog: catalog, lease: lease, drain: o.Drain, margin: cmp.Or(o.StopMargin, 10*time.Second), retired: make(chan struct{}), stuck: make(chan struct{}, 1), log: o.Log,
	}
	workers := river.NewWorkers()
	together := newShared(pool, queue, o.Log)
	driver := newDriver(pool, o.Listen)
	for _, task := range catalog.Tasks() {
		river.AddWorkerArgs(workers, Args{kind: task.Kind}, &runner{task: task, pool: pool, queue: queue, settings: settings, lease: lease, shared: together, completed: driver.completed, options: o})
	}
	poll := pollListening
	if o.PollOnly {
		poll = pollAlone
	}
	queues := make(map[string]river.QueueConfig, len(o.Queues))
	for name, slots := range o.Queues {
		if slots > 0 {
			queues[name] = river.QueueConfig{MaxWorkers: slots}
		}
	}
	p.client, err = river.NewClient(driver, &river.Config{
		ID: id, Schema: Schema, Queues: queues, Workers: workers, Logger: riverLog(o.Log), Middleware: Middleware(o.Log),
		MaxAttempts: MaxAttempts, JobTimeout: time.Hour, RescueStuckJobsAfter: rescueBackstop,
		ReindexerIndexNames: slices.DeleteFunc(river.ReindexerIndexNamesDefault(), unwanted),
		PollOnly:            o.PollOnly, FetchCooldown: fetchCooldown, FetchPollInterval: poll, JobStuckThreshold: o.Stuck, JobStuckHandler: p.giveUp,
		Test: river.TestConfig{Time: lease.clock}, // for tests of River, and for us the way to give it a clock that is right
	})
	if err != nil {
		lease.pool.Close()
		return nil, fmt.Errorf("make a River client: %w", err)
	}
	return p, nil
}

// unwanted tells whether an index of River is one that our migrations remove.
func unwanted(index string) bool {
	return index == "river_job_args_index" || index == "river_job_metadata_index" || index == "river_job_kind"
}

// giveUp is told about jobs that do not return at their deadline.
func (p *Process) giveUp(ctx context.Context, job river.JobStuckHandlerParams) river.JobStuckHandlerResult {
	p.log.ErrorContext(ctx, "job does not return at its deadline; the process stops and has to be replaced", slog.Int64("job_id", job.ID), slog.String("kind", job.Kind))
	select {
	case p.stuck <- struct{}{}:
	default: // somebody has said so already
	}
	return river.JobStuckHandlerResult{}
}

// Retire makes [Process.Run] take no new jobs, and return nil when those that run have ended, however long they take. The end of its context still
// bounds that. Calling it twice is harmless.
func (p *Process) Retire() { p.once.Do(func() { close(p.retired) }) }

// Run works until ctx ends. Then it fetches nothing more, lets running jobs finish within [WorkerOptions.Drain], hands the others back
// without using up an attempt, lets the sources give back what they hold, and returns nil. It returns an error when the process cannot start, and
// [ErrStuck] when it cannot go on, or not end in order.
func (p *Process) Run(ctx context.Context) error {
	err := p.work(ctx)
	if errors.Is(err, ErrStuck) {
		return err // the program ends without waiting for anything
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.margin)
	defer cancel()
	if fault := p.catalog.end(ending); fault != nil {
		p.log.WarnContext(ctx, "sources did not give back what they held; it counts as used", slog.Any("error", fault))
	}
	return err
}

// work works until ctx ends.
func (p *Process) work(ctx context.Context) error {
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
	stuck := false
	select {
	case <-ctx.Done():
	case <-p.retired:
		ended, err := p.outlive(ctx, life)
		if ended || err != nil {
			return err
		}
	case <-p.stuck:
		stuck = true
	}
	err := p.end(life)
	switch {
	case errors.Is(err, context.DeadlineExceeded), err == nil && stuck:
		return fmt.Errorf("stop working: %w", ErrStuck)
	case err != nil:
		return fmt.Errorf("stop working: %w", err)
	}
	return nil
}

// outlive takes no new jobs and waits for those that run. It returns false when ctx ends before they do.
func (p *Process) outlive(ctx, life context.Context) (ended bool, err error) {
	waiting, cancel := context.WithCancel(life)
	defer cancel()
	var group errgroup.Group
	idle := make(chan struct{})
	group.Go(func() error {
		defer close(idle)
		return p.client.Stop(waiting)
	})
	select {
	case <-idle:
		if err := group.Wait(); err != nil {
			return false, fmt.Errorf("retire: %w", err)
		}
		return true, nil
	case <-ctx.Done():
	case <-p.stuck:
		err = fmt.Errorf("retire: %w", ErrStuck)
	}
	cancel()
	_ = group.Wait() // what is left is stopped by [Process.end]
	return false, err
}

// end stops the client: jobs get the time of the drain, then their contexts end.
func (p *Process) end(life context.Context) error {
	draining, cancel := context.WithTimeout(life, p.drain)
	defer cancel()
	if err := p.client.Stop(draining); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	ending, cancel := context.WithTimeout(life, p.margin)
	defer cancel()
	return p.client.StopAndCancel(ending)
}

// runner runs the jobs of one task.
type runner struct {
	river.WorkerDefaults[Args]
	task      Task
	pool      *pgxpool.Pool
	queue     *Queue
	settings  *config.Store
	lease     *Lease
	shared    *shared
	completed *completedJobs
	options   WorkerOptions
}

// Timeout is the deadline of one attempt.
func (r *runner) Timeout(*river.Job[Args]) time.Duration {
	return r.task.Timeout(r.settings)
}

// NextRetry is when the next attempt may start.
func (r *runner) NextRetry(job *river.Job[Args]) time.Time {
	return r.lease.clock.Now().Add(backoff(job.Attempt))
}

// Work runs one attempt and turns its error into a verdict.
func (r *runner) Work(ctx context.Context, job *river.Job[Args]) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	release, ok := r.lease.hold(job.ID, cancel)
	if !ok {
		return river.JobSnooze(r.lease.times.Beat)
	}
	defer release()
	started := time.Now()
	log := r.options.Log.With(slog.String("kind", r.task.Kind), slog.Int64("job_id", job.ID), slog.Int64("repo_id", job.Args.RepoID))
	c, err := r.collection(ctx, job, log)
	if err == nil {
		err = r.collect(ctx, c)
	}
	if err == nil {
		r.completed.add(job.JobRow, r.lease.clock.Now())
		c.Log.InfoContext(ctx, "task done", slog.Duration("took", time.Since(started).Round(time.Millisecond)))
		return nil
	}
	if errors.Is(err, errNoRun) {
		log.WarnContext(ctx, "job without an open run cancelled", slog.Int64("run_id", job.Args.RunID))
		return river.JobCancel(err)
	}
	if c == nil {
		c = r.bare(job, log)
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
			err = panicked(ctx, c.Log, cause)
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
	verdict, cause := judge(ctx, err, c.job.JobRow)
	switch {
	case errors.Is(context.Cause(ctx), river.ErrJobCancelledRemotely):
		err = fmt.Errorf("%s (%w)", byHand, err)
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		err = fmt.Errorf("not done within %s: %w", r.task.Timeout(r.settings), err)
	}
	fit := stored(err)
	switch verdict {
	case dropped:
		c.Log.WarnContext(ctx, "job dropped", slog.Any("error", fit))
		// Whatever is returned here does nothing to a row that is not running any more. A row that still is (the lease was lost, but nobody
		// came for the job) must not end: it comes back.
		return river.JobSnooze(time.Second)
	case giveBack:
		c.Log.InfoContext(ctx, "job handed back", slog.Int("attempt", c.job.Attempt))
		// River would do this by itself when it was told to stop, but not when it could not start all queues: then the jobs of those that it did
		// start would use an attempt, perhaps the last one.
		return river.JobSnooze(0)
	case putOff:
		wait := unavailableWait()
		if asked, ok := waits(err, r.lease.clock.Now()); ok {
			wait = max(asked, time.Second)
			c.noteWait(ctx, fit)
		}
		c.Log.InfoContext(ctx, "job put off", slog.Duration("wait", wait), slog.Any("error", fit))
		return river.JobSnooze(wait)
	case fail:
		return r.giveUp(ctx, c, cause, fit)
	case retry:
	}
	c.Log.WarnContext(ctx, "attempt failed", slog.Int("attempt", c.job.Attempt), slog.Any("error", fit))
	return fit
}

// giveUp ends the task for good. When even that cannot be written, the job comes back later, so that the status never outlives its job.
func (r *runner) giveUp(ctx context.Context, c *Collection, cause Cause, reason *storedError) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if err := c.fail(ctx, cause, reason.Error()); err != nil && !errors.Is(err, ErrFenced) {
		c.Log.ErrorContext(ctx, "failure not stored", slog.Any("error", stored(err)))
		return river.JobSnooze(15 * time.Second)
	}
	c.Log.WarnContext(ctx, "task failed", slog.String("cause", string(cause)), slog.Any("error", reason))
	return river.JobCancel(reason)
}

// collection reads what the worker needs to know. A job that its task does not name is an old one that somebody started again.
func (r *runner) collection(ctx context.Context, job *river.Job[Args], log *slog.Logger) (*Collection, error) {
	row, err := r.shared.lookups.ask(ctx, runTask{run: job.Args.RunID, kind: r.task.Kind})
	if err != nil {
		return nil, fmt.Errorf("read run %d: %w", job.Args.RunID, err)
	}
	if row == nil || row.FinishedAt != nil || row.State != stateQueued || row.JobID == nil || *row.JobID != job.ID {
		return nil, errNoRun
	}
	c := r.bare(job, log.With(slog.String("repo", row.RepoGit)))
	c.Full = row.FullCollection
	c.shared, c.last = r.shared, row.Last
	c.Repo = Repo{ID: row.RepoID, GroupID: row.RepoGroupID, URL: row.RepoGit, Platform: PlatformOf(row.RepoGit)}
	if row.RepoPath != nil {
		c.Repo.Path = *row.RepoPath
	}
	if row.RepoName != nil {
		c.Repo.Name = *row.RepoName
	}
	return c, nil
}

// bare is a collection of which only the job is known.
func (r *runner) bare(job *river.Job[Args], log *slog.Logger) *Collection {
	return &Collection{
		RunID: job.Args.RunID, JobID: job.ID, Log: log, kind: r.task.Kind, pool: r.pool, queue: r.queue, job: job,
		page: r.options.Page, deaths: deathsOf(job.JobRow), unfenced: r.options.Without.Fence,
	}
}

// deathsOf is how many workers died while they ran the job, since it last got on.
func deathsOf(job *rivertype.JobRow) int {
	var metadata struct {
		Deaths int `json:"deaths"`
	}
	// Metadata that somebody else wrote says nothing about deaths.
	_ = json.Unmarshal(job.Metadata, &metadata)
	return metadata.Deaths
}

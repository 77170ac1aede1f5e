package supervisor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Worker describes a worker process.
type Worker struct {
	// Name stands before its lines and in messages: the queue that it works.
	Name string
	Args []string
	Env  []string
}

// Options of a [Supervisor].
type Options struct {
	// Path of the program that is the worker.
	Path string
	// Output gets what the workers print, line by line, each with the worker's name before it.
	Output io.Writer
	// Grace is how long a worker may take to stop; 0 means 30 s.
	Grace time.Duration
	// Backoff is the wait before a worker that died is started again; the zero value means 1 s, doubling to a minute, reset after a minute of life.
	Backoff Backoff
	// Died is called when a worker died without being told to, before it is started again. Nil: nothing is done.
	Died func(ctx context.Context, pid int)
	// MemoryCap is how many bytes all workers and what they started may occupy together. It is asked every MemoryInterval. Nil: there is no cap.
	MemoryCap func() uint64
	// MemoryInterval is the time between two looks at the memory; 0 means 10 s.
	MemoryInterval time.Duration
	Log            *slog.Logger
}

// Supervisor starts workers, and starts them again when they die. Its methods are safe for concurrent use.
type Supervisor struct {
	options Options
	workers []Worker

	output  sync.Mutex
	killed  chan struct{}
	kill    sync.Once
	mu      sync.Mutex
	running map[string]*run
}

// run is one life of a worker.
type run struct {
	pid int
	// replace is closed when the worker is to be stopped and started again.
	replace chan struct{}
	once    sync.Once
}

// New makes a supervisor; [Supervisor.Run] starts the workers.
func New(workers []Worker, o Options) *Supervisor {
	o.Grace = cmp.Or(o.Grace, 30*time.Second)
	o.MemoryInterval = cmp.Or(o.MemoryInterval, 10*time.Second)
	return &Supervisor{options: o, workers: workers, killed: make(chan struct{}), running: map[string]*run{}}
}

// Run keeps the workers running until ctx ends. Then it asks them to stop, kills those that do not within the grace, and returns when none is
// left.
func (s *Supervisor) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, w := range s.workers {
		all.Go(func() { s.keep(ctx, w) })
	}
	if s.options.MemoryCap != nil && len(s.workers) > 0 {
		all.Go(func() { s.watchMemory(ctx) })
	}
	all.Wait()
}

// Kill makes an end of workers that [Supervisor.Run] waits for, and of everything below them.
func (s *Supervisor) Kill() { s.kill.Do(func() { close(s.killed) }) }

// Running counts the workers that run.
func (s *Supervisor) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.running)
}

// keep runs one worker over and over.
func (s *Supervisor) keep(ctx context.Context, w Worker) {
	backoff := s.options.Backoff
	log := s.options.Log.With(slog.String("queue", w.Name))
	for ctx.Err() == nil {
		started := time.Now()
		pid, err := s.live(ctx, w, log)
		if ctx.Err() != nil {
			return
		}
		lived := time.Since(started)
		wait := backoff.Next(lived)
		log.WarnContext(ctx, "worker ended; it is started again", slog.Int("pid", pid), slog.Any("cause", cmp.Or(err, errEnded)),
			slog.Duration("lived", lived.Round(time.Millisecond)), slog.Duration("again_in", wait))
		if pid != 0 && s.options.Died != nil {
			s.options.Died(ctx, pid)
		}
		if pause(ctx, wait) != nil {
			return
		}
	}
}

// Causes of a worker's end that are no errors of the process.
var (
	errEnded    = errors.New("it ended by itself")
	errReplaced = errors.New("it was too large")
)

// live runs one worker from its start to its end.
func (s *Supervisor) live(ctx context.Context, w Worker, log *slog.Logger) (pid int, err error) {
	lifeline, hold, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("make a lifeline: %w", err)
	}
	defer func() { _ = hold.Close() }() // nothing was written
	out := &lines{prefix: w.Name + " | ", mu: &s.output, out: s.options.Output}
	cmd := exec.Command(s.options.Path, w.Args...) //nolint:noctx // a worker is stopped in order, not killed with the context
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.Env, lifeline, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // for an orphan that still holds its output
	err = cmd.Start()
	_ = lifeline.Close() // the worker has its own
	if err != nil {
		return 0, fmt.Errorf("start %s: %w", s.options.Path, err)
	}
	r := s.enter(w.Name, cmd.Process.Pid)
	defer s.leave(w.Name)
	log.InfoContext(ctx, "worker started", slog.Int("pid", r.pid))
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		err = s.stop(ctx, r, done, log)
	case <-r.replace:
		err = errors.Join(errReplaced, s.stop(ctx, r, done, log))
	}
	out.flush()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return r.pid, err
}

// stop ends a worker: in order if it can, otherwise by force.
func (s *Supervisor) stop(ctx context.Context, r *run, done <-chan error, log *slog.Logger) error {
	ctx = context.WithoutCancel(ctx)
	select {
	case <-s.killed:
	default:
		if err := syscall.Kill(r.pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			log.WarnContext(ctx, "worker cannot be told to stop", slog.Int("pid", r.pid), slog.Any("error", err))
		}
	}
	grace := time.NewTimer(s.options.Grace)
	defer grace.Stop()
	select {
	case err := <-done:
		return err
	case <-s.killed:
	case <-grace.C:
		log.WarnContext(ctx, "worker did not stop in time and is killed", slog.Int("pid", r.pid), slog.Duration("grace", s.options.Grace))
	}
	s.killBelow(ctx, r.pid, log)
	return <-done
}

// killBelow kills a worker and everything below it.
func (s *Supervisor) killBelow(ctx context.Context, pid int, log *slog.Logger) {
	found, err := below(ctx, pid)
	if err != nil {
		log.WarnContext(ctx, "processes below the worker not found", slog.Any("error", err))
	}
	// The worker first, so that it starts nothing more.
	_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	for _, p := range found {
		_ = syscall.Kill(p.PID, syscall.SIGKILL)
	}
}

func (s *Supervisor) enter(name string, pid int) *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &run{pid: pid, replace: make(chan struct{})}
	s.running[name] = r
	return r
}

func (s *Supervisor) leave(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.running, name)
}

// Backoff is the wait before something that ends by itself is started again.
type Backoff struct {
	// Min is the first wait; 0 means 1 s.
	Min time.Duration
	// Max is the longest wait; 0 means a minute.
	Max time.Duration
	// Reset is how long a life makes earlier ones forgotten; 0 means a minute.
	Reset time.Duration

	next time.Duration
}

// Next is the wait after a life of the given length: Min, and twice as long after each life shorter than Reset.
func (b *Backoff) Next(lived time.Duration) time.Duration {
	shortest := cmp.Or(b.Min, time.Second)
	if b.next == 0 || lived >= cmp.Or(b.Reset, time.Minute) {
		b.next = shortest
	}
	wait := b.next
	b.next = min(2*b.next, cmp.Or(b.Max, time.Minute))
	return wait
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/db/config"
	"augur/insight"
	"augur/monitor"
	"augur/monitor/supervisor"
	"augur/tasks"
)

// Connections that processes need: the backend for monitor, care, followed owners and web, a worker for itself and, beside one for each job, for the
// queue. Those for heartbeats, for the search for dead workers and for settings are in pools of their own. So a worker with n slots has at most n+8, and
// the backend at most 11.
// docs/operations.md has the whole sum.
const (
	backendConns = 8
	workerConns  = 2
	spareConns   = 3 // and the queue's listener, which leaves its pool and is counted by nobody
)

// service is what the backend and workers are made of: they run long, read settings as these change, and log.
type service struct {
	*session
	*logs
	host     string
	ears     *ears
	settings *config.Store
	catalog  *tasks.Catalog
	queue    *tasks.Queue
}

// serviceOptions tell services apart.
type serviceOptions struct {
	// name is what the database calls its sessions, and log the name of its log.
	name, log string
	conns     int32
	// development logs everything, to standard error only.
	development bool
	// reported says that the backend, whose worker this is, reports changes of settings and values that make no sense on the same terminal.
	reported bool
}

// startService opens the database and what lies on it.
func (a *app) startService(ctx context.Context, o serviceOptions) (_ *service, err error) {
	s := &service{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	if s.host, err = os.Hostname(); err != nil {
		return nil, fmt.Errorf("find the name of this machine: %w", err)
	}
	if s.session, err = a.open(ctx, db.Options{MaxConns: o.conns, ApplicationName: o.name}); err != nil {
		return nil, err
	}
	now, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	if o.development {
		s.logs = a.developmentLogs()
	} else if s.logs, err = a.openLogs(config.Of[supervisor.Logging](now), o.log); err != nil {
		return nil, err
	}
	if s.ears, err = a.listen(ctx, s.session, s.Logger); err != nil {
		return nil, err
	}
	follow := s.ears.follow()
	follow.Reported = o.reported
	if s.settings, err = config.OpenWith(ctx, s.Pool, registry(), s.Logger, follow); err != nil {
		return nil, fmt.Errorf("read the settings: %w", err)
	}
	if s.catalog, err = a.catalog(s.settings, s.Logger); err != nil {
		return nil, err
	}
	if s.queue, err = tasks.NewQueue(s.Pool, monitor.RetryAfter(s.settings), s.Logger); err != nil {
		return nil, err
	}
	return s, nil
}

// close ends what startService began.
func (s *service) close(ctx context.Context) error {
	var faults []error
	if s.settings != nil {
		s.settings.Close()
	}
	s.ears.close()
	if s.session != nil {
		faults = append(faults, s.session.close(ctx))
	}
	if s.logs != nil {
		faults = append(faults, s.logs.close())
	}
	return errors.Join(faults...)
}

// abandon is close for a program that ends at once: it does not wait for jobs, which hold connections.
func (s *service) abandon(ctx context.Context) error {
	s.Pool = nil
	return s.session.close(ctx)
}

func (s *service) monitor() *monitor.Monitor {
	return monitor.New(s.Pool, s.queue, s.catalog, s.settings, s.Logger)
}

// slotsOf is how many jobs of each queue run at a time on this machine, as the settings say now.
func slotsOf(settings *config.Store) map[string]int {
	slots := config.Of[supervisor.Celery](settings).Slots()
	slots[tasks.ML.Queue()] = config.Of[insight.Settings](settings).Workers
	return slots
}

func (s *service) slots() map[string]int { return slotsOf(s.settings) }

// work runs jobs in this process until ctx ends, and then until they have ended or are handed back. slots is how many of each queue run at a time: it is asked
// again when settings change. Jobs that run then go on, beside new ones.
func (s *service) work(ctx context.Context, slots func() map[string]int, drain time.Duration) (err error) {
	// Not before the end: sources keep the pool of their first job. Connections that nobody uses end by themselves.
	var pools []*pgxpool.Pool
	defer func() {
		// A job that does not return may hold a connection for ever: the program has to end without waiting for it.
		if !errors.Is(err, tasks.ErrStuck) {
			for _, pool := range pools {
				pool.Close()
			}
		}
	}()
	group, ctx := errgroup.WithContext(ctx)
	for {
		changed := s.settings.Changed()
		now := slots()
		process, pool, err := s.process(ctx, now, drain)
		if pool != nil {
			pools = append(pools, pool)
		}
		if ctx.Err() != nil {
			return group.Wait() // told to stop before it began
		}
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		if process != nil {
			group.Go(func() error { return process.Run(ctx) })
		}
		for same := true; same; {
			select {
			case <-ctx.Done():
				return group.Wait()
			case <-changed:
			}
			changed = s.settings.Changed()
			same = maps.Equal(now, slots())
		}
		if process != nil {
			process.Retire()
		}
	}
}

// process makes a process that works the queues, and its pool, which the caller closes. There is none when no queue has slots.
func (s *service) process(ctx context.Context, slots map[string]int, drain time.Duration) (*tasks.Process, *pgxpool.Pool, error) {
	conns := spareConns
	for queue, n := range slots {
		if n == 0 {
			s.WarnContext(ctx, "queue has no slots on this machine: settings Celery.*_worker_count and Insight_Task.workers give some", slog.String("queue", queue))
		}
		conns += n
	}
	if conns == spareConns {
		return nil, nil, nil
	}
	pool, err := s.workPool(ctx, conns)
	if err != nil {
		return nil, nil, err
	}
	process, err := tasks.NewProcess(ctx, pool, s.catalog, s.queue, s.settings, tasks.WorkerOptions{
		Queues: slots, Host: s.host, PID: os.Getpid(), Drain: drain, Listen: s.ears.pool, PollOnly: s.ears.pool == nil, Log: s.Logger,
	})
	if err != nil {
		return nil, pool, err
	}
	s.InfoContext(ctx, "ready for jobs", slotsAttr(slots))
	return process, pool, nil
}

// slotsAttr shows the slots in the order of the queues' names.
func slotsAttr(slots map[string]int) slog.Attr {
	var attrs []slog.Attr
	for _, queue := range slices.Sorted(maps.Keys(slots)) {
		attrs = append(attrs, slog.Int(queue, slots[queue]))
	}
	return slog.GroupAttrs("slots", attrs...)
}

func (s *service) workPool(ctx context.Context, conns int) (*pgxpool.Pool, error) {
	name := s.Pool.Config().ConnConfig.RuntimeParams["application_name"]
	return db.Connect(ctx, s.URL, db.Options{MaxConns: int32(conns), ApplicationName: name}) //nolint:gosec // the settings bound it
}

// stops are the signals that a service gets. The context of the command ends with the first of them, too, so whatever must go on
// afterwards needs another.
type stops struct {
	// signals are those that end it: SIGINT, SIGTERM, and SIGHUP unless it was started with nohup.
	signals chan os.Signal
	// collection asks the backend to stop collecting and to go on serving.
	collection chan os.Signal
	// pipe takes SIGPIPE, which would end the program when whoever reads its standard error is gone, such as the backend of a worker. It is
	// not ignored instead, because git would inherit that.
	pipe chan os.Signal
}

// stopCollectionSignal is what `augur backend stop-collection-blocking` sends.
const stopCollectionSignal = syscall.SIGUSR1

func newStops() *stops {
	s := &stops{signals: make(chan os.Signal, 2), collection: make(chan os.Signal, 1), pipe: make(chan os.Signal, 1)}
	signal.Notify(s.signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(s.signals, syscall.SIGHUP)
	}
	signal.Notify(s.collection, stopCollectionSignal)
	signal.Notify(s.pipe, syscall.SIGPIPE)
	return s
}

func (s *stops) close() {
	signal.Stop(s.signals)
	signal.Stop(s.collection)
	signal.Stop(s.pipe)
}

// newLine goes to the next line after the ^C that a terminal has just shown.
func (a *app) newLine(sig os.Signal) {
	if sig == os.Interrupt && isTerminal(a.stderr) {
		fmt.Fprintln(a.stderr)
	}
}

// outcome is the end of a command that a signal stopped in order: Ctrl-C is an interruption, anything else is the normal end of a service.
func outcome(sig os.Signal) error {
	if sig == os.Interrupt {
		return errInterrupted
	}
	return nil
}

// ended is closed when the input ends; nothing is ever written to it.
func ended(input io.Reader) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, input) // whatever it is, it is the end
	}()
	return done
}

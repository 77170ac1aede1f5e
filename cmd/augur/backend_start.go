package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor/care"
	"augur/monitor/supervisor"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/web"
)

const backendStartHelp = `Runs until it is stopped: by "augur backend stop", SIGTERM or Ctrl-C. It takes nothing new then; running jobs get the time of --drain, and
what is not done is handed back with no attempt used. A second signal stops at once.

Logs go to standard error for people, and as JSON, one object a line, into AUGUR_HOME/logs: augur.log and worker-QUEUE.log
(settings Logging.logs_directory and Logging.log_level).

Connections to the database: at most 10 for the backend, and 8 more than its slots for each worker (settings Celery.*_worker_count).

Exit status: 0 stopped by SIGTERM, 130 by Ctrl-C, 1 failed, 2 called in a wrong way.`

// Ways to run workers.
const (
	workersProcesses = "processes"
	workersInline    = "inline"
)

// putRightTimeout bounds what is done in the database after processes were killed.
const putRightTimeout = 10 * time.Second

func (a *app) backendStartCommand() *cli.Command {
	return &cli.Command{
		Name:        "start",
		Usage:       "run the backend in the foreground",
		Description: backendStartHelp,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "disable-collection", Usage: "serve only: no monitor and no workers"},
			pidfileFlag(),
			&cli.IntFlag{Name: "port", DefaultText: "setting Server.port", Usage: "serve on port `N`, 0 for any free one"},
			&cli.StringFlag{Name: "workers", Value: workersProcesses, Usage: "`HOW` workers run: processes, one for each queue, or inline, all in this process"},
			drainFlag(),
			developmentFlag(),
		},
		Action: alone(a.backendStart),
	}
}

// startOptions are the options of `augur backend start`.
type startOptions struct {
	collect     bool
	port        int // -1: as the settings say
	workers     string
	drain       time.Duration
	development bool
}

func startOptionsOf(c *cli.Context) (startOptions, error) {
	o := startOptions{collect: !c.Bool("disable-collection"), port: -1, workers: c.String("workers"), development: c.Bool("development")}
	if c.IsSet("port") {
		if o.port = c.Int("port"); o.port < 0 || o.port > 65535 {
			return o, usage("--port: must be between 0 and 65535 (got %d)", o.port)
		}
	}
	if o.workers != workersProcesses && o.workers != workersInline {
		return o, usage("--workers: must be processes or inline (got %q)", o.workers)
	}
	var err error
	o.drain, err = drain(c)
	return o, err
}

// backend is a running `augur backend start`.
type backend struct {
	*service
	app     *app
	options startOptions
	pidfile *supervisor.PIDFile
	stops   *stops
	care    *care.Care
	// hurried is set when a second signal came while jobs ran in this process: then nothing waits for them.
	hurried bool
}

func (a *app) backendStart(c *cli.Context) (err error) {
	o, err := startOptionsOf(c)
	if err != nil {
		return err
	}
	path, err := a.pidfile(c)
	if err != nil {
		return err
	}
	// Before the pidfile names this process: whoever reads it may send signals.
	b := &backend{app: a, options: o, stops: newStops()}
	defer b.stops.close()
	if b.pidfile, err = claimPIDFile(c.Context, path); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.pidfile.Release()) }()
	if b.service, err = a.startService(c.Context, serviceOptions{
		name: "augur backend", log: "augur", conns: backendConns, development: o.development,
	}); err != nil {
		return err
	}
	defer func() {
		if b.hurried {
			err = errors.Join(err, b.abandon(c.Context))
			return
		}
		err = errors.Join(err, b.close(c.Context))
	}()
	b.care = care.New(b.Pool, b.settings, b.host, b.Logger)
	return b.run(c.Context)
}

func claimPIDFile(ctx context.Context, path string) (*supervisor.PIDFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("make the directory of the pidfile: %w", err)
	}
	file, err := supervisor.Claim(ctx, path, rand.Text())
	if _, running := errors.AsType[*supervisor.RunningError](err); running {
		return nil, fmt.Errorf("%w: `augur backend stop` ends it", err)
	}
	return file, err
}

// run serves and collects until a signal comes or something breaks.
func (b *backend) run(parent context.Context) error {
	settings := config.Of[web.Server](b.settings)
	if b.options.port >= 0 {
		settings.Port = b.options.port
	}
	listener, err := web.Listen(parent, settings.Host, settings.Port)
	if err != nil {
		return err
	}
	ctx := context.WithoutCancel(parent)
	life, end := context.WithCancel(ctx)
	served := make(chan error, 1)
	handler := web.NewHandler(web.Options{Pool: b.Pool, Care: b.care, Version: version, Host: settings.Host, Log: b.Logger})
	go func() { served <- web.Serve(life, listener, handler, settings, b.Logger) }()
	stopServing := func() error {
		end()
		return <-served
	}
	defer end()

	c, err := b.collect(ctx)
	if err != nil {
		return errors.Join(err, stopServing())
	}
	scheme := "http"
	if settings.SSL {
		scheme = "https"
	}
	attrs := []any{slog.String("web", scheme+"://"+listener.Addr().String()), slog.Int("pid", os.Getpid()), slog.String("version", version)}
	if b.Path != "" {
		attrs = append(attrs, slog.String("log", b.Path))
	}
	b.InfoContext(ctx, "backend ready", attrs...)

	for {
		select {
		case err := <-served:
			return errors.Join(err, b.stop(ctx, c))
		case sig := <-b.stops.signals:
			b.app.newLine(sig)
			b.InfoContext(ctx, "stopping: running jobs may finish; a second signal stops at once", slog.Duration("within", b.options.drain))
			err := errors.Join(b.stop(ctx, c), stopServing())
			if err == nil {
				err = outcome(sig)
			}
			return err
		case <-b.stops.collection:
			b.InfoContext(ctx, "collection stops as asked; the web server stays", slog.Duration("within", b.options.drain))
			if c.done != nil {
				b.setState(ctx, supervisor.Stopping)
			}
			c.cancel()
		case <-c.done:
			if c.err != nil || !c.asked() {
				return errors.Join(c.err, stopServing())
			}
			b.InfoContext(ctx, "collection has stopped")
			b.setState(ctx, supervisor.Serving)
			c.done = nil
		}
	}
}

func (b *backend) setState(ctx context.Context, state supervisor.State) {
	if err := b.pidfile.SetState(state); err != nil {
		b.WarnContext(ctx, "pidfile not updated", slog.Any("error", err))
	}
}

// followOwners adds the new repositories of organisations and users, beside the monitor, which it never holds up.
func (b *backend) followOwners(ctx context.Context, service *api.Service) {
	github.NewOwners(b.Pool, b.settings, service, version, b.Logger).Run(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), putRightTimeout)
	defer cancel()
	if err := service.Close(ctx); err != nil {
		b.WarnContext(ctx, "unused requests not given back to the keys; they count as used", slog.Any("error", err))
	}
}

// collection is the monitor, the care for the database, the following of owners and the workers of a running backend.
type collection struct {
	ctx    context.Context //nolint:containedctx // that of the goroutines below, to ask whether they were told to stop
	cancel context.CancelFunc
	// kill ends the worker processes at once; nil when there are none.
	kill func()
	// done is closed when everything has ended, err being why if nobody asked. nil when nothing is collected.
	done chan struct{}
	err  error
}

func (c *collection) asked() bool { return c.ctx.Err() != nil }

// collect starts them.
func (b *backend) collect(ctx context.Context) (*collection, error) {
	c := &collection{}
	c.ctx, c.cancel = context.WithCancel(ctx)
	if !b.options.collect {
		b.setState(ctx, supervisor.Serving)
		return c, nil
	}
	service, err := api.New(b.Pool, b.settings, api.Options{Version: version, Log: b.Logger})
	if err != nil {
		return nil, fmt.Errorf("prepare the API of GitHub: %w", err)
	}
	work := func() { c.err = b.work(c.ctx, b.slots, b.options.drain) }
	if b.options.workers == workersProcesses {
		workers, err := b.supervisor(ctx, queueNames())
		if err != nil {
			return nil, err
		}
		c.kill = workers.Kill
		work = func() { workers.Run(c.ctx) }
	}
	c.done = make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer func() {
			if c.err != nil {
				c.cancel()
			}
		}()
		work()
	})
	all.Go(func() { b.monitor().Run(c.ctx) })
	all.Go(func() { b.care.Run(c.ctx) })
	all.Go(func() { b.followOwners(c.ctx, service) })
	go func() {
		all.Wait()
		close(c.done)
	}()
	b.setState(ctx, supervisor.Collecting)
	return c, nil
}

// supervisor prepares a worker process for each queue. The database goes to them in the environment; a private one they join by themselves, so
// that it lives as long as the last of them.
func (b *backend) supervisor(ctx context.Context, queues []string) (*supervisor.Supervisor, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	total, err := supervisor.TotalMemory(ctx)
	if err != nil {
		return nil, err
	}
	limit := func() uint64 { return uint64(config.Of[supervisor.Celery](b.settings).VMemCap * float64(total)) }
	env := append(b.app.environList(), supervisor.MarkVariable+"="+b.pidfile.Instance().Mark)
	if b.app.watched() {
		env = append(env, forceColour+"=1")
	}
	if b.app.getenv("GOMEMLIMIT") == "" && len(queues) > 0 {
		// The collector works harder before the supervisor has to step in.
		env = append(env, "GOMEMLIMIT="+strconv.FormatUint(limit()/uint64(len(queues))*9/10, 10))
	}
	var workers []supervisor.Worker
	for _, queue := range queues {
		workers = append(workers, supervisor.Worker{Name: queue, Env: env, Args: []string{
			"worker", "--queue", queue, "--drain", b.options.drain.String(), "--lifeline",
			"--development=" + strconv.FormatBool(b.options.development),
		}})
	}
	return supervisor.New(workers, supervisor.Options{
		Path: program, Output: b.app.stderr, Grace: b.options.drain + graceAfterDrain, MemoryCap: limit, Log: b.Logger,
		Died: func(ctx context.Context, pid int) { b.expire(ctx, pid) },
	}), nil
}

// expire ends the lease of a worker that is known to be dead, so that nobody waits for it to run out.
func (b *backend) expire(ctx context.Context, pid int) {
	ctx, cancel := context.WithTimeout(ctx, putRightTimeout)
	defer cancel()
	_, err := db.New().ExpireLeases(ctx, b.Pool, db.ExpireLeasesParams{Host: b.host, Pids: []int32{int32(pid)}}) //nolint:gosec // a process id
	if err != nil {
		b.DebugContext(ctx, "lease of a dead worker not ended; it runs out by itself", slog.Any("error", err))
	}
}

// stop ends the collection in order; at a second signal at once.
func (b *backend) stop(ctx context.Context, c *collection) error {
	b.setState(ctx, supervisor.Stopping)
	c.cancel()
	if c.done == nil {
		return nil
	}
	select {
	case <-c.done:
		return c.err
	case sig := <-b.stops.signals:
		b.app.newLine(sig)
	}
	b.WarnContext(ctx, "stopping at once")
	if c.kill != nil {
		c.kill()
		<-c.done
	} else {
		b.hurried = true
	}
	ctx, cancel := context.WithTimeout(ctx, putRightTimeout)
	defer cancel()
	done, err := b.putRight(ctx, []int{os.Getpid()})
	if err != nil {
		return errors.Join(context.Canceled, err)
	}
	b.InfoContext(ctx, "jobs given back", slog.Int("jobs", done.jobs))
	return fmt.Errorf("stop at once: %w", context.Canceled)
}

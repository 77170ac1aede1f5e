package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor"
	"augur/monitor/supervisor"
	"augur/tasks"
)

// stopPoll is how often a command looks whether the backend is gone, stopLine how often it says so where there is no terminal.
const (
	stopPoll = 200 * time.Millisecond
	stopLine = 5 * time.Second
)

func timeoutFlag() cli.Flag {
	return &cli.DurationFlag{Name: "timeout", Value: time.Minute, Usage: "give up waiting after `DURATION`"}
}

func timeout(c *cli.Context) (time.Duration, error) {
	d := c.Duration("timeout")
	if d <= 0 {
		return 0, usage("--timeout: must be positive (got %s)", d)
	}
	return d, nil
}

func (a *app) backendStopCommand() *cli.Command {
	return &cli.Command{
		Name:  "stop",
		Usage: "stop the backend: running jobs finish or are handed back",
		Description: `Sends SIGTERM and waits until the backend and everything that it started are gone.

Exit status: 0 when nothing runs any more, also when nothing ran; 1 when it still runs after --timeout.`,
		Flags:  []cli.Flag{pidfileFlag(), timeoutFlag()},
		Action: alone(a.backendStop),
	}
}

func (a *app) backendStop(c *cli.Context) error {
	limit, err := timeout(c)
	if err != nil {
		return err
	}
	path, err := a.pidfile(c)
	if err != nil {
		return err
	}
	found, running, err := supervisor.Find(c.Context, path)
	if err != nil {
		return err
	}
	left, err := found.Processes(c.Context)
	if err != nil {
		return err
	}
	if !running && len(left) == 0 {
		fmt.Fprintln(a.stdout, "The backend is not running.")
		return nil
	}
	began := time.Now()
	if running {
		err = send(found.PID, syscall.SIGTERM)
	} else {
		err = terminateWorkers(left)
	}
	if err != nil {
		return err
	}
	err = a.waitUntil(c.Context, limit, func(ctx context.Context) (string, error) {
		_, running, err := supervisor.Find(ctx, path)
		if err != nil {
			return "", err
		}
		left, err := found.Processes(ctx)
		if err != nil || (!running && len(left) == 0) {
			return "", err
		}
		return describe(left), nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The backend (pid %d) has stopped after %s.\n", found.PID, time.Since(began).Round(100*time.Millisecond))
	return nil
}

// terminateWorkers asks the workers of a backend that is gone to stop.
func terminateWorkers(left []supervisor.Process) error {
	for _, p := range left {
		if p.Queues() == nil {
			continue // git ends with its worker
		}
		if err := send(p.PID, syscall.SIGTERM); err != nil {
			return err
		}
	}
	return nil
}

func send(pid int, sig syscall.Signal) error {
	err := syscall.Kill(pid, sig)
	switch {
	case errors.Is(err, syscall.ESRCH):
		return nil
	case errors.Is(err, syscall.EPERM):
		return fmt.Errorf("process %d belongs to another user: run the command as that user", pid)
	case err != nil:
		return fmt.Errorf("send %s to process %d: %w", sig, pid, err)
	}
	return nil
}

// errStillRunning is returned by waitUntil at its limit.
var errStillRunning = errors.New("still running")

// waitUntil looks again and again until look has nothing more to say, and shows what it says meanwhile.
func (a *app) waitUntil(ctx context.Context, limit time.Duration, look func(context.Context) (string, error)) error {
	began := time.Now()
	terminal := isTerminal(a.stderr)
	if terminal {
		defer fmt.Fprint(a.stderr, "\r\x1b[K")
	}
	ticker := time.NewTicker(stopPoll)
	defer ticker.Stop()
	var last time.Time
	for {
		text, err := look(ctx)
		if err != nil || text == "" {
			return err
		}
		waited := time.Since(began)
		if waited > limit {
			return fmt.Errorf("%w after %s, and goes on stopping: %s; `augur backend kill` ends it at once", errStillRunning, limit, text)
		}
		switch {
		case terminal:
			fmt.Fprintf(a.stderr, "\r\x1b[Kstopping: %s, %s", text, waited.Round(time.Second))
		case time.Since(last) >= stopLine:
			fmt.Fprintf(a.stderr, "stopping: %s, %s\n", text, waited.Round(time.Second))
			last = time.Now()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// role is what a process is in the backend.
func role(found supervisor.Instance, p supervisor.Process) string {
	switch queues := p.Queues(); {
	case p.PID == found.PID:
		return "backend"
	case queues != nil:
		return "worker " + strings.Join(queues, ",")
	}
	return p.Name
}

// describe names what is left of a backend.
func describe(left []supervisor.Process) string {
	var workers []string
	others := 0
	for _, p := range left {
		if queues := p.Queues(); queues != nil {
			workers = append(workers, strings.Join(queues, ","))
			continue
		}
		if p.Name == "git" {
			others++
		}
	}
	if len(workers) == 0 {
		return "the backend ends"
	}
	slices.Sort(workers)
	text := fmt.Sprintf("workers finish their jobs (%s)", strings.Join(workers, ", "))
	if others > 0 {
		text += fmt.Sprintf(", %d git processes", others)
	}
	return text
}

func (a *app) backendStopCollectionCommand() *cli.Command {
	return &cli.Command{
		Name:  "stop-collection-blocking",
		Usage: "stop the workers and the monitor, and wait until none is left; the web server stays",
		Description: `Running jobs finish or are handed back, as with "augur backend stop". Collection starts again with the next "augur backend start".

Exit status: 0 when nothing is collected any more, also when nothing was; 1 when workers still run after --timeout.`,
		Flags:  []cli.Flag{pidfileFlag(), timeoutFlag()},
		Action: alone(a.backendStopCollection),
	}
}

func (a *app) backendStopCollection(c *cli.Context) error {
	limit, err := timeout(c)
	if err != nil {
		return err
	}
	path, err := a.pidfile(c)
	if err != nil {
		return err
	}
	found, running, err := supervisor.Find(c.Context, path)
	if err != nil {
		return err
	}
	switch {
	case !running:
		fmt.Fprintln(a.stdout, "The backend is not running.")
		return nil
	case found.State == supervisor.Serving:
		fmt.Fprintln(a.stdout, "Nothing is collected; the web server stays.")
		return nil
	}
	began := time.Now()
	if err := send(found.PID, stopCollectionSignal); err != nil {
		return err
	}
	err = a.waitUntil(c.Context, limit, func(ctx context.Context) (string, error) {
		now, running, err := supervisor.Find(ctx, path)
		if err != nil || !running || now.State == supervisor.Serving {
			return "", err
		}
		left, err := found.Processes(ctx)
		return describe(left), err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Collection has stopped after %s; the web server stays.\n", time.Since(began).Round(100*time.Millisecond))
	return nil
}

func (a *app) backendKillCommand() *cli.Command {
	return &cli.Command{
		Name:  "kill",
		Usage: "end the backend and everything that it started at once, and give its jobs back",
		Description: `Kills the backend, its workers and their git processes, also those of a backend that died before, and gives their jobs back to the queue. What
was committed stays; no job is lost.

Exit status: 0 when nothing runs any more and the jobs are back, 1 when something is left to do.`,
		Flags:  []cli.Flag{pidfileFlag()},
		Action: alone(a.backendKill),
	}
}

func (a *app) backendKill(c *cli.Context) error {
	path, err := a.pidfile(c)
	if err != nil {
		return err
	}
	found, _, err := supervisor.Find(c.Context, path)
	if err != nil {
		return err
	}
	killed, err := found.Kill(c.Context)
	if len(killed) == 0 && err == nil && found.PID == 0 {
		fmt.Fprintln(a.stdout, "The backend is not running.")
		return nil
	}
	if len(killed) > 0 {
		names := make([]string, len(killed))
		for i, p := range killed {
			names[i] = fmt.Sprintf("%s %d", role(found, p), p.PID)
		}
		fmt.Fprintf(a.stdout, "Killed: %s.\n", strings.Join(names, ", "))
	}
	if err != nil {
		return err
	}
	if err := supervisor.Forget(path); err != nil {
		return err
	}
	return a.withDatabase(c.Context, db.Options{MaxConns: 4, ApplicationName: "augur backend kill"}, func(ctx context.Context, s *session) error {
		silent := slog.New(slog.DiscardHandler)
		settings, err := config.Read(ctx, s.Pool, registry(), silent)
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		svc := &service{session: s, logs: &logs{Logger: silent}, settings: settings}
		if svc.host, err = os.Hostname(); err != nil {
			return fmt.Errorf("find the name of this machine: %w", err)
		}
		if svc.catalog, err = a.catalog(settings, silent); err != nil {
			return err
		}
		if svc.queue, err = tasks.NewQueue(s.Pool, monitor.RetryAfter(settings), silent); err != nil {
			return err
		}
		var pids []int
		for _, p := range killed {
			pids = append(pids, p.PID)
		}
		done, err := svc.putRight(ctx, pids)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, done)
		return nil
	})
}

// righted is what [service.putRight] did.
type righted struct{ leases, jobs int }

func (r righted) String() string {
	switch r.jobs {
	case 0:
		return "No job was running."
	case 1:
		return "1 running job was given back to the queue."
	}
	return fmt.Sprintf("%d running jobs were given back to the queue.", r.jobs)
}

// putRight makes the database follow what happened to processes of this machine: leases of dead ones end, and their jobs go back to the queue.
// Gone are processes that count as dead whether they live or not.
func (s *service) putRight(ctx context.Context, gone []int) (righted, error) {
	workers, err := db.New().Workers(ctx, s.Pool)
	if err != nil {
		return righted{}, fmt.Errorf("list workers: %w", err)
	}
	expire := db.ExpireLeasesParams{Host: s.host, Pids: []int32{}}
	for _, w := range workers {
		if w.Host != s.host || slices.Contains(expire.Pids, w.PID) {
			continue
		}
		if alive, err := process.PidExistsWithContext(ctx, w.PID); slices.Contains(gone, int(w.PID)) || (err == nil && !alive) {
			expire.Pids = append(expire.Pids, w.PID)
		}
	}
	var done righted
	ended, err := db.New().ExpireLeases(ctx, s.Pool, expire)
	if err != nil {
		return done, fmt.Errorf("end the leases of dead workers: %w", err)
	}
	done.leases = int(ended)
	done.jobs, err = s.monitor().Reap(ctx)
	return done, err
}

package cluster

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

//go:embed pg_hba.conf
var accessRules []byte

// Superuser is the database role that initdb creates and that everything connects as.
const Superuser = "augur"

// How long the steps may take at most. Starting includes crash recovery, which replays up to max_wal_size of log.
const (
	initTimeout      = 5 * time.Minute
	startTimeout     = 5 * time.Minute
	fastTimeout      = time.Minute
	immediateTimeout = 20 * time.Second
)

// Cluster is a data directory with what is needed to run it. The zero value is of no use. Methods that change the directory must not run at once
// for the same directory: callers hold a lock.
type Cluster struct {
	Bin     Binaries
	Account Account
	Data    string // absolute, symbolic links resolved, since processes are recognised by it
	Log     string // the file that the server's output is appended to
}

// InitOptions are the choices of Init.
type InitOptions struct {
	NoSync bool     // do not wait for the disk: for clusters that need not survive a power failure
	Args   []string // further arguments of initdb
}

// Init runs initdb in the directory Data, which must exist, be empty, and belong to the account.
// Text is UTF-8, sorted by code point and with case mapping of all scripts where the system has the locale C.UTF-8.
// Connections over the socket are trusted (its directory is closed to others), those over the loopback interface need a password.
func (c Cluster) Init(ctx context.Context, o InitOptions) error {
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	args := append([]string{
		"--pgdata=" + c.Data, "--username=" + Superuser, "--encoding=UTF8", "--locale=C",
		"--auth=trust", "--data-checksums",
	}, o.Args...)
	if o.NoSync {
		args = append(args, "--no-sync")
	}
	out, err := c.initdb(ctx, append(args, "--lc-ctype=C.UTF-8")...)
	if err != nil && strings.Contains(out, "invalid locale") {
		out, err = c.initdb(ctx, args...)
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("initdb of %s: %w", c.Data, cause)
	}
	if err != nil {
		return fmt.Errorf("initdb of %s: %w: %s", c.Data, err, lastLines(out))
	}
	if err := os.WriteFile(filepath.Join(c.Data, "pg_hba.conf"), accessRules, 0o600); err != nil {
		return fmt.Errorf("access rules of the server: %w", err)
	}
	return nil
}

func (c Cluster) initdb(ctx context.Context, args ...string) (string, error) {
	cmd := c.Account.command(ctx, c.Bin, "initdb", args...)
	diesWithUs(cmd.SysProcAttr)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// StartOptions are the choices of Start.
type StartOptions struct {
	Args []string // further arguments of postgres
	// Bound ends the server when the operating-system thread that starts it ends, where the system can do that (Linux). The caller is locked to a
	// thread that lives as long as the process.
	Bound bool
}

// ErrPortTaken is returned by Start when another program listens on the port.
var ErrPortTaken = errors.New("the port is taken")

// noSockets is what the server says then. Its messages are English: Init sets the locale C.
const noSockets = "could not create any TCP/IP sockets"

// Start starts the server and returns when it accepts connections. It survives the end of this process, unless Bound. The caller has made sure that none runs.
// An error contains the end of what the server wrote to its log, and then no server runs.
func (c Cluster) Start(ctx context.Context, o StartOptions) (Postmaster, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.clearRemains(ctx); err != nil {
		return Postmaster{}, fmt.Errorf("clear what a crashed server left in %s: %w", c.Data, err)
	}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return Postmaster{}, fmt.Errorf("log of the server: %w", err)
	}
	defer log.Close()
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return Postmaster{}, fmt.Errorf("log of the server: %w", err)
	}
	// The context must not end the server once it runs.
	cmd := c.Account.command(context.WithoutCancel(ctx), c.Bin, "postgres", append([]string{"-D", c.Data}, o.Args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if o.Bound {
		diesWithUs(cmd.SysProcAttr)
	}
	if err := cmd.Start(); err != nil {
		return Postmaster{}, fmt.Errorf("start %s: %w", c.Bin.Path("postgres"), err)
	}
	child := cmd.Process.Pid
	// Nobody waits for the child in a goroutine: it may live longer than this process. Alive reaps it when it has ended before.
	if err := cmd.Process.Release(); err != nil {
		return Postmaster{}, fmt.Errorf("start %s: %w", c.Bin.Path("postgres"), err)
	}
	var p Postmaster
	err = poll(ctx, func() (bool, error) {
		var status syscall.WaitStatus
		if pid, err := syscall.Wait4(child, &status, syscall.WNOHANG, nil); err == nil && pid == child {
			return false, exitError(status)
		}
		var err error
		p, err = ReadPostmaster(c.Data)
		return err == nil && p.PID == child && p.Ready(), nil
	})
	if err != nil {
		if left := abandon(context.WithoutCancel(ctx), child); left != nil {
			err = errors.Join(err, left)
		}
		tail := logTail(c.Log, begin)
		if strings.Contains(tail, noSockets) {
			err = errors.Join(ErrPortTaken, err)
		}
		return Postmaster{}, fmt.Errorf("start the server of %s: %w; its log %s ends with: %s", c.Data, err, c.Log, tail)
	}
	return p, nil
}

func exitError(status syscall.WaitStatus) error {
	if status.Signaled() {
		return fmt.Errorf("ended by signal %s", status.Signal())
	}
	return fmt.Errorf("exit status %d", status.ExitStatus())
}

// abandon ends a child that did not become ready.
func abandon(ctx context.Context, child int) error {
	ctx, cancel := context.WithTimeout(ctx, immediateTimeout)
	defer cancel()
	err := syscall.Kill(child, syscall.SIGQUIT)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stop process %d: %w", child, err)
	}
	err = poll(ctx, func() (bool, error) {
		pid, err := syscall.Wait4(child, nil, syscall.WNOHANG, nil)
		return pid == child || errors.Is(err, syscall.ECHILD), nil
	})
	if err != nil {
		return fmt.Errorf("stop process %d: %w", child, err)
	}
	return nil
}

// Stop stops the server and returns when it has ended: open connections are cut, and what they committed is on disk. No server: nil.
// One that does not end within a minute is stopped without a checkpoint; the next start recovers.
func (c Cluster) Stop(ctx context.Context) error {
	return c.stop(ctx, map[syscall.Signal]time.Duration{syscall.SIGINT: fastTimeout, syscall.SIGQUIT: immediateTimeout}, syscall.SIGINT, syscall.SIGQUIT)
}

// StopNow stops the server without a checkpoint: the fastest way, for a cluster that is about to be removed.
func (c Cluster) StopNow(ctx context.Context) error {
	return c.stop(ctx, map[syscall.Signal]time.Duration{syscall.SIGQUIT: immediateTimeout, syscall.SIGKILL: immediateTimeout}, syscall.SIGQUIT, syscall.SIGKILL)
}

func (c Cluster) stop(ctx context.Context, patience map[syscall.Signal]time.Duration, signals ...syscall.Signal) error {
	p, running, err := c.Running()
	if err != nil || !running {
		return err
	}
	for _, sig := range signals {
		if err := syscall.Kill(p.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop server process %d of %s: %w", p.PID, c.Data, err)
		}
		waited, cancel := context.WithTimeout(ctx, patience[sig])
		err = poll(waited, func() (bool, error) { return !p.Alive(), nil })
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	return fmt.Errorf("stop server process %d of %s: %w", p.PID, c.Data, err)
}

// tailBytes and tailLines bound what an error quotes of a log.
const (
	tailBytes = 4096
	tailLines = 12
)

func logTail(path string, begin int64) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		begin = max(begin, size-tailBytes)
	}
	if _, err := f.Seek(begin, io.SeekStart); err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(io.LimitReader(f, tailBytes))
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text))
}

func lastLines(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return "(nothing)"
	}
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

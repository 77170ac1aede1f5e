package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// Postmaster is what the file postmaster.pid says about the server of a data directory.
type Postmaster struct {
	PID       int
	Started   int64 // seconds since 1970; tells two postmasters with the same PID apart
	Port      int
	SocketDir string // empty: no socket
	Status    string // starting, standby, ready or stopping
	data      string
}

// Ready reports that the server accepts connections.
func (p Postmaster) Ready() bool { return p.Status == "ready" }

// ReadPostmaster reads the file. No file: fs.ErrNotExist. A file that is still being written has zero values at its end.
func ReadPostmaster(data string) (Postmaster, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return Postmaster{}, err
	}
	lines := strings.Split(string(text), "\n")
	field := func(i int) string {
		if i < len(lines) {
			return strings.TrimSpace(lines[i])
		}
		return ""
	}
	// What is not a number is the zero value: the file is foreign, half written or from a crash, and the caller looks at the process anyway.
	pid, _ := strconv.Atoi(field(0))
	started, _ := strconv.ParseInt(field(2), 10, 64)
	port, _ := strconv.Atoi(field(3))
	return Postmaster{PID: pid, Started: started, Port: port, SocketDir: field(4), Status: field(7), data: data}, nil
}

// Alive reports whether the process is there and is the postmaster of this data directory. After a crash or a reboot the file may name a process
// that has nothing to do with PostgreSQL. A postmaster that was our child and has exited is reaped on the way.
func (p Postmaster) Alive() bool {
	if p.PID <= 0 || p.PID > math.MaxInt32 || errors.Is(syscall.Kill(p.PID, 0), syscall.ESRCH) {
		return false
	}
	proc, err := process.NewProcess(int32(p.PID))
	if err != nil {
		return !errors.Is(err, process.ErrorProcessNotRunning)
	}
	return serves(proc, p.data)
}

// serves reports whether a process is one of PostgreSQL's on the data directory. What cannot be found out counts as yes: taking a live server for
// dead would be the worse mistake.
func serves(proc *process.Process, data string) bool {
	name, err := proc.Name()
	if err != nil {
		running, err := proc.IsRunning()
		return err != nil || running
	}
	if name != "postgres" && name != "postmaster" {
		return false
	}
	if status, err := proc.Status(); err == nil && slices.Contains(status, process.Zombie) {
		// Only a name that is PostgreSQL's comes here, so no exit status is taken from another command that this process started.
		_, _ = syscall.Wait4(int(proc.Pid), nil, syscall.WNOHANG, nil)
		return false
	}
	// The postmaster and all its children have the data directory as their working directory.
	cwd, err := proc.Cwd()
	return err != nil || cwd == "" || cwd == data
}

// Running returns the live postmaster of the cluster, if there is one.
func (c Cluster) Running() (Postmaster, bool, error) {
	p, err := ReadPostmaster(c.Data)
	if errors.Is(err, fs.ErrNotExist) {
		return Postmaster{}, false, nil
	}
	if err != nil {
		return Postmaster{}, false, fmt.Errorf("state of the server: %w", err)
	}
	return p, p.Alive(), nil
}

// orphanPatience is how long server processes without a postmaster may take to notice, before they are asked, and again before they are killed.
const orphanPatience = 3 * time.Second

// clearRemains makes a data directory startable after a crash of its postmaster: waits for the end of what the dead server left running, which a
// new one would refuse to start beside, and removes a pid file whose number now belongs to another program.
func (c Cluster) clearRemains(ctx context.Context) error {
	pidFile := filepath.Join(c.Data, "postmaster.pid")
	if _, err := os.Stat(pidFile); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	for _, sig := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
		left, err := c.processes()
		if err != nil {
			return err
		}
		for _, pid := range left {
			if sig != 0 {
				_ = syscall.Kill(pid, sig)
			}
		}
		waited, cancel := context.WithTimeout(ctx, orphanPatience)
		err = poll(waited, func() (bool, error) {
			left, err := c.processes()
			return len(left) == 0, err
		})
		cancel()
		if err == nil {
			break
		}
		if ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
	}
	return os.Remove(pidFile)
}

// processes lists the server processes that work in the data directory.
func (c Cluster) processes() ([]int, error) {
	all, err := process.Processes()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var found []int
	for _, proc := range all {
		name, err := proc.Name()
		if err != nil || (name != "postgres" && name != "postmaster") {
			continue
		}
		if cwd, err := proc.Cwd(); err == nil && cwd == c.Data {
			found = append(found, int(proc.Pid))
		}
	}
	return found, nil
}

// poll calls done until it reports true or an error, or ctx ends; soon at first, then less often.
func poll(ctx context.Context, done func() (bool, error)) error {
	wait := 5 * time.Millisecond
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		wait = min(wait*3/2, 100*time.Millisecond)
	}
}

// Await returns the live postmaster once it accepts connections; one that is going down is waited for until it is gone, and then there is none.
func (c Cluster) Await(ctx context.Context) (p Postmaster, running bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err = poll(ctx, func() (bool, error) {
		p, running, err = c.Running()
		return err != nil || !running || p.Ready(), err
	})
	if err != nil && running {
		err = fmt.Errorf("wait for server process %d of %s, which is %s: %w", p.PID, c.Data, p.Status, err)
	}
	return p, running, err
}

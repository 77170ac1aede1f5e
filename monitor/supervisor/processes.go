package supervisor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// MarkVariable is the environment variable that marks what a backend started.
const MarkVariable = "AUGUR_BACKEND_ID"

// Process is a living process of a backend.
type Process struct {
	PID    int
	Parent int
	// Name of the program.
	Name string
	// Args are the arguments, the program's name first.
	Args    []string
	Started time.Time
	// Memory is what only this process occupies, in bytes: memory that it shares with files, such as the pack files of git, is not counted where
	// the system tells it apart.
	Memory uint64
}

// Processes lists what belongs to a backend, the oldest first: its own process, everything below it, and every process with its mark. The
// private PostgreSQL is not among them although the backend may have started it: others may use it, and it has commands of its own.
func (i Instance) Processes(ctx context.Context) ([]Process, error) {
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	w := world{children: map[int][]*process.Process{}}
	for _, p := range all {
		if parent, err := p.PpidWithContext(ctx); err == nil {
			w.children[int(parent)] = append(w.children[int(parent)], p)
		}
	}
	for _, p := range all {
		if (int(p.Pid) == i.PID && i.alive(ctx)) || i.marked(ctx, p) {
			w.take(ctx, p)
		}
	}
	slices.SortStableFunc(w.found, func(a, b Process) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return a.PID - b.PID
	})
	return w.found, nil
}

// below lists a process and everything below it.
func below(ctx context.Context, pid int) ([]Process, error) {
	return Instance{PID: pid, Started: startOf(ctx, pid)}.Processes(ctx)
}

func startOf(ctx context.Context, pid int) time.Time {
	p, err := identify(ctx, pid)
	if err != nil {
		return time.Time{}
	}
	return p.Started
}

// world is a look at the processes of the machine.
type world struct {
	children map[int][]*process.Process
	found    []Process
}

// take adds a process and what is below it.
func (w *world) take(ctx context.Context, p *process.Process) {
	pid := int(p.Pid)
	if slices.ContainsFunc(w.found, func(f Process) bool { return f.PID == pid }) || zombie(ctx, p) {
		return
	}
	name, err := p.NameWithContext(ctx)
	if err != nil || name == "postgres" {
		return // gone meanwhile, or not ours to touch
	}
	found := Process{PID: pid, Name: name, Memory: Memory(ctx, p)}
	if parent, err := p.PpidWithContext(ctx); err == nil {
		found.Parent = int(parent)
	}
	if created, err := p.CreateTimeWithContext(ctx); err == nil {
		found.Started = time.UnixMilli(created)
	}
	if args, err := p.CmdlineSliceWithContext(ctx); err == nil {
		found.Args = args
	}
	w.found = append(w.found, found)
	for _, child := range w.children[pid] {
		w.take(ctx, child)
	}
}

// Memory is what only the process occupies, in bytes, or all that it occupies where the system does not tell these apart; 0 when it has ended. Files that it has mapped, such as packs, are
// the system's to drop, and do not count.
func Memory(ctx context.Context, p *process.Process) uint64 {
	info, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return 0
	}
	return info.RSS - min(info.RSS, shared(ctx, p))
}

func (i Instance) marked(ctx context.Context, p *process.Process) bool {
	if i.Mark == "" {
		return false
	}
	// Environments of other users' processes cannot be read; they are not ours then.
	environ, err := p.EnvironWithContext(ctx)
	return err == nil && slices.Contains(environ, MarkVariable+"="+i.Mark)
}

// Queues are the queues that a worker works, or nil when the process is no worker of ours.
func (p Process) Queues() []string {
	if len(p.Args) < 2 || p.Args[1] != "worker" {
		return nil
	}
	for i, arg := range p.Args {
		if value, ok := strings.CutPrefix(arg, "--queue="); ok {
			return strings.Split(value, ",")
		}
		if arg == "--queue" && i+1 < len(p.Args) {
			return strings.Split(p.Args[i+1], ",")
		}
	}
	return nil
}

// killRounds is how often [Instance.Kill] looks for processes that were started while it killed.
const killRounds = 20

// Kill ends everything that belongs to the backend at once, and returns what it killed. It returns an error when something is left.
func (i Instance) Kill(ctx context.Context) ([]Process, error) {
	var killed []Process
	for range killRounds {
		left, err := i.Processes(ctx)
		if err != nil {
			return killed, err
		}
		// Not ourselves: the backend's own second stop comes through here, too.
		left = slices.DeleteFunc(left, func(p Process) bool { return p.PID == os.Getpid() })
		if len(left) == 0 {
			return killed, nil
		}
		var denied error
		for _, p := range left {
			err := syscall.Kill(p.PID, syscall.SIGKILL)
			if err != nil && !errors.Is(err, syscall.ESRCH) {
				denied = errors.Join(denied, fmt.Errorf("kill process %d: %w", p.PID, err))
			}
			if !slices.ContainsFunc(killed, func(k Process) bool { return k.PID == p.PID }) {
				killed = append(killed, p)
			}
		}
		if denied != nil {
			return killed, denied
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return killed, err
		}
	}
	left, err := i.Processes(ctx)
	if err == nil && len(left) > 0 {
		err = fmt.Errorf("process %d (%s) does not die", left[0].PID, left[0].Name)
	}
	return killed, err
}

// pause waits, but not longer than ctx.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

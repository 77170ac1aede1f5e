package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/shirou/gopsutil/v4/process"
)

// State is what a backend is doing.
type State string

// The states, in the order in which a backend goes through them. A backend can be told to stop collecting and to go on serving.
const (
	Starting   State = "starting"
	Collecting State = "collecting"
	Serving    State = "serving" // the web server only
	Stopping   State = "stopping"
)

// stateWidth is the length to which states are padded in the file, so that a change overwrites the old one in a single write.
const stateWidth = 16

// Instance is a backend as its pidfile describes it.
type Instance struct {
	PID int
	// Started is when the process started, on the machine's clock. With PID it names the process for good: process ids come back.
	Started time.Time
	// Mark is the value of [MarkVariable] in everything that the backend started.
	Mark  string
	State State
}

// RunningError is returned by [Claim] when another backend has the pidfile.
type RunningError struct {
	Path string
	Instance
}

func (e *RunningError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another backend is just starting (%s)", e.Path)
	}
	return fmt.Sprintf("already running as pid %d (%s)", e.PID, e.Path)
}

// PIDFile names a running backend to other processes. It is locked as long as the backend lives: what a crash leaves behind is no obstacle.
//
// The first line is the process id. The lines below are for [Find].
type PIDFile struct {
	path     string
	lock     *flock.Flock
	instance Instance
}

// Claim makes the calling process the backend of the pidfile, with a mark of its own. It returns [*RunningError] when there is one already.
func Claim(ctx context.Context, path, mark string) (*PIDFile, error) {
	self, err := identify(ctx, os.Getpid())
	if err != nil {
		return nil, fmt.Errorf("pidfile %s: look at this process: %w", path, err)
	}
	self.Mark, self.State = mark, Starting
	for {
		lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o644))
		locked, err := lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("pidfile: %w", err)
		}
		if !locked {
			other, _, err := read(path)
			return nil, errors.Join(&RunningError{Path: path, Instance: other}, err, lock.Close())
		}
		f := &PIDFile{path: path, lock: lock, instance: self}
		if !f.current() {
			// Its owner removed it between our opening and our locking.
			if err := lock.Close(); err != nil {
				return nil, fmt.Errorf("pidfile: %w", err)
			}
			continue
		}
		if err := f.write(); err != nil {
			return nil, errors.Join(err, f.Release())
		}
		return f, nil
	}
}

// current tells whether the locked file is the one that the path leads to.
func (f *PIDFile) current() bool {
	ours, err := f.lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.path)
	return err == nil && os.SameFile(ours, named)
}

// SetState tells others what the backend is doing.
func (f *PIDFile) SetState(state State) error {
	f.instance.State = state
	return f.write()
}

// Instance is what the file says.
func (f *PIDFile) Instance() Instance { return f.instance }

func (f *PIDFile) write() error {
	i := f.instance
	text := fmt.Sprintf("%d\nstarted=%d\nmark=%s\nstate=%-*s\n", i.PID, i.Started.UnixMilli(), i.Mark, stateWidth, i.State)
	file, err := os.OpenFile(f.path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("pidfile: %w", err)
	}
	_, err = file.WriteAt([]byte(text), 0)
	if err == nil {
		err = file.Truncate(int64(len(text)))
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write pidfile: %w", err)
	}
	return nil
}

// Release removes the file.
func (f *PIDFile) Release() error {
	err := os.Remove(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err = errors.Join(err, f.lock.Close()); err != nil {
		return fmt.Errorf("remove pidfile: %w", err)
	}
	return nil
}

// Find reads the pidfile. running tells whether the process that it names lives; when it does not, the instance describes the one that died
// without removing the file, and is zero when there is no file.
func Find(ctx context.Context, path string) (found Instance, running bool, err error) {
	found, ok, err := read(path)
	if err != nil || !ok {
		return Instance{}, false, err
	}
	return found, found.alive(ctx), nil
}

// read parses the file; ok is false when there is none, or nothing in it yet.
func read(path string) (found Instance, ok bool, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && len(text) == 0) {
		return Instance{}, false, nil
	}
	if err != nil {
		return Instance{}, false, fmt.Errorf("pidfile: %w", err)
	}
	first, rest, _ := strings.Cut(string(text), "\n")
	if found.PID, err = strconv.Atoi(strings.TrimSpace(first)); err != nil || found.PID <= 0 {
		return Instance{}, false, fmt.Errorf("pidfile %s: the first line is no process id (got %.40q)", path, first)
	}
	for line := range strings.Lines(rest) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "started":
			ms, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return Instance{}, false, fmt.Errorf("pidfile %s: started: %.40q is no number", path, value)
			}
			found.Started = time.UnixMilli(ms)
		case "mark":
			found.Mark = value
		case "state":
			found.State = State(value)
		}
	}
	return found, true, nil
}

// clockSlack is how much the start time of a process may seem to change: it is computed from the machine's uptime, and clocks are adjusted.
const clockSlack = 5 * time.Second

// alive tells whether the process lives. A zombie does not.
func (i Instance) alive(ctx context.Context) bool {
	p, err := identify(ctx, i.PID)
	return err == nil && p.Started.Sub(i.Started).Abs() <= clockSlack
}

var errZombie = errors.New("the process has ended")

// identify is the process with its start time; an error means that there is none.
func identify(ctx context.Context, pid int) (Instance, error) {
	p, err := process.NewProcessWithContext(ctx, int32(pid)) //nolint:gosec // a process id
	if err != nil {
		return Instance{}, err
	}
	if zombie(ctx, p) {
		return Instance{}, errZombie
	}
	created, err := p.CreateTimeWithContext(ctx)
	if err != nil {
		return Instance{}, err
	}
	return Instance{PID: pid, Started: time.UnixMilli(created)}, nil
}

func zombie(ctx context.Context, p *process.Process) bool {
	status, err := p.StatusWithContext(ctx)
	return err == nil && len(status) > 0 && status[0] == process.Zombie
}

// Forget removes a pidfile whose backend is gone, and leaves that of a living one alone.
func Forget(path string) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	f := &PIDFile{path: path, lock: flock.New(path, flock.SetFlag(os.O_RDWR))}
	locked, err := f.lock.TryLock()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("pidfile: %w", err)
	}
	if !locked || !f.current() {
		return f.lock.Close()
	}
	return f.Release()
}

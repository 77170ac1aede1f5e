package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"augur/db/local/cluster"
)

// What lies in the home; the package comment says what for.
const (
	lockFile     = "lock"
	usersDir     = "users"
	recordFile   = "server.json"
	settingsFile = "postgres.conf"
	passwordFile = "pgpass"
	logFile      = "server.log"
	socketDir    = "socket"
	dataDir      = "data"
)

// lockTimeout bounds the wait for another process that is starting or stopping the server. lockRetry is how often it is tried.
const (
	lockTimeout = 6 * time.Minute
	lockRetry   = 20 * time.Millisecond
)

// home is the directory of one private server. Methods that change something are called with the lock held.
type home struct {
	dir     string // absolute, symbolic links resolved as far as it exists
	opts    Options
	log     *slog.Logger
	account cluster.Account
}

func newHome(o Options) (*home, error) {
	if o.Dir == "" {
		return nil, errors.New("home of the private PostgreSQL: no directory given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("home of the private PostgreSQL: %w", err)
	}
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		dir = resolved
	}
	h := &home{dir: dir, opts: o, log: o.Log}
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	return h, nil
}

// withHome runs do in a home that exists, with the lock held and the account known.
func withHome(ctx context.Context, o Options, do func(*home) error) error {
	h, err := newHome(o)
	if err != nil {
		return err
	}
	if h.account, err = cluster.AccountOf(h.path(dataDir)); err != nil {
		return err
	}
	if err := makeDirs(h.dir); err != nil {
		return fmt.Errorf("home of the private PostgreSQL: %w", err)
	}
	// Now that it exists its real name is known, by which processes are recognised.
	if h.dir, err = filepath.EvalSymlinks(h.dir); err != nil {
		return fmt.Errorf("home of the private PostgreSQL: %w", err)
	}
	unlock, err := h.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return do(h)
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

func (h *home) cluster() cluster.Cluster {
	return cluster.Cluster{Account: h.account, Data: h.path(dataDir), Log: h.path(logFile)}
}

// makeDirs makes a directory and its missing parents. Those made by root can be entered, not listed, by the server's user, whatever the umask.
func makeDirs(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makeDirs(filepath.Dir(dir)); err != nil {
		return err
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.Mkdir(dir, mode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil // made by another process meanwhile
		}
		return err
	}
	return os.Chmod(dir, mode)
}

// lock waits until nobody else starts, stops, joins or leaves.
func (h *home) lock(ctx context.Context) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	// Readable by all, since locking takes no more, and root may have made it in the home of another user.
	l := flock.New(h.path(lockFile), flock.SetPermissions(0o644))
	if _, err := l.TryLockContext(ctx, lockRetry); err != nil {
		return nil, fmt.Errorf("lock %s: %w", l.Path(), err)
	}
	return func() { _ = l.Close() }, nil // closing is unlocking, and cannot fail in a way that keeps it
}

// user is the registration of one use of the server.
type user struct {
	mu       sync.Mutex
	file     *flock.Flock
	released bool
}

// register makes a file and locks it for as long as this process uses the server.
func (h *home) register() (*user, error) {
	dir := h.path(usersDir)
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		err = h.adopt(dir)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("users of the server: %w", err)
	}
	f, err := os.CreateTemp(dir, strconv.Itoa(os.Getpid())+"-*")
	if err != nil {
		return nil, fmt.Errorf("users of the server: %w", err)
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return nil, fmt.Errorf("users of the server: %w", err)
	}
	l := flock.New(f.Name(), flock.SetFlag(os.O_RDONLY))
	if err := l.Lock(); err != nil {
		return nil, fmt.Errorf("users of the server: %w", err)
	}
	return &user{file: l}, nil
}

// release reports whether this is the first call.
func (u *user) release() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	first := !u.released
	u.released = true
	return first
}

func (u *user) leave() error {
	err := os.Remove(u.file.Path())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil // taken for dead, because somebody removed the lock or the whole home
	}
	if err := errors.Join(err, u.file.Close()); err != nil {
		return fmt.Errorf("leave the server: %w", err)
	}
	return nil
}

// users returns the process ids of the living users and removes the files of the dead. Those who only look need no lock: they take the files'
// locks shared, which does not make a dead user look alive to another who looks.
func (h *home) users() ([]int, error) {
	entries, err := os.ReadDir(h.path(usersDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("users of the server: %w", err)
	}
	var pids []int
	for _, e := range entries {
		l := flock.New(filepath.Join(h.path(usersDir), e.Name()), flock.SetFlag(os.O_RDONLY))
		free, err := l.TryRLock()
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return nil, fmt.Errorf("users of the server: %w", err)
		case free:
			// A file in the moment between its creation and its lock has a living process.
			pid, _, _ := strings.Cut(e.Name(), "-")
			if id, err := strconv.Atoi(pid); err != nil || errors.Is(syscall.Kill(id, 0), syscall.ESRCH) {
				_ = os.Remove(l.Path())
			}
			_ = l.Close()
		default:
			pid, _, _ := strings.Cut(e.Name(), "-")
			id, _ := strconv.Atoi(pid)
			pids = append(pids, id)
		}
	}
	return pids, nil
}

// record is what the program notes about the server that it started last. What the running server itself says, in postmaster.pid, goes before.
type record struct {
	PID        int    `json:"pid"`
	Started    int64  `json:"started"`
	ByHand     bool   `json:"by_hand"`
	Version    string `json:"version"`
	Port       int    `json:"port"`
	TempSocket string `json:"temp_socket,omitempty"` // a directory outside the home, to be removed after the server
}

func (r record) describes(p cluster.Postmaster) bool { return r.PID == p.PID && r.Started == p.Started }

// readRecord returns the zero record when there is none.
func (h *home) readRecord() (record, error) {
	var r record
	text, err := os.ReadFile(h.path(recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return record{}, fmt.Errorf("%s: %w", h.path(recordFile), err)
	}
	return r, nil
}

func (h *home) writeRecord(r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return h.replace(recordFile, append(text, '\n'), 0o644)
}

func (h *home) startedByHand(p cluster.Postmaster) bool {
	r, err := h.readRecord()
	return err == nil && r.ByHand && r.describes(p)
}

func (h *home) setByHand(p cluster.Postmaster, byHand bool) error {
	r, err := h.readRecord()
	if err != nil {
		return err
	}
	r.PID, r.Started, r.ByHand = p.PID, p.Started, byHand
	return h.writeRecord(r)
}

// replace writes a file of the home at once: readers see the old one or the new one.
func (h *home) replace(name string, content []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(h.dir, "."+name+"-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Close(), h.adopt(f.Name()))
	if err == nil {
		err = os.Rename(f.Name(), h.path(name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// adopt gives what root made to the owner of the home, who may be another user: that one must be able to go on without root.
func (h *home) adopt(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(h.dir)
	if err != nil {
		return err
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return os.Lchown(path, int(stat.Uid), int(stat.Gid))
	}
	return nil
}

// dataVersion is the major version that the data directory was made by; empty when there is none.
func (h *home) dataVersion() (string, error) {
	text, err := os.ReadFile(filepath.Join(h.path(dataDir), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return "", cluster.NoAccess(h.path(dataDir), err)
	}
	if err != nil {
		return "", fmt.Errorf("version of the data directory: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

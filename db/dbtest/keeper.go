package dbtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/mem"

	"augur/db/local/cluster"
)

// keeperArg as the only argument makes a test binary the keeper of a cluster.
const keeperArg = "augur-dbtest-keeper"

//nolint:gochecknoinits // it must come before TestMain and all tests, in every package that imports this one, without a line of theirs
func init() {
	if len(os.Args) == 2 && os.Args[1] == keeperArg {
		// The server is bound to this thread, which the lock keeps for as long as the process lives.
		runtime.LockOSThread()
		os.Exit(keep(os.Stdin, os.Stdout, os.Stderr))
	}
}

// report is the one line that the keeper writes when the cluster runs, or when it never will.
type report struct {
	Socket string `json:"socket"` // the directory
	Major  int    `json:"major"`  // version of PostgreSQL
	Error  string `json:"error,omitempty"`
	// Template is why there is no template to copy databases from; empty: there is.
	Template string `json:"template,omitempty"`
}

// keep runs a cluster until in ends.
func keep(in io.Reader, out io.WriteCloser, problems io.Writer) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in) // whatever ends it, the test process is no longer there
		cancel()
	}()
	k, err := start(ctx)
	if err != nil && ctx.Err() != nil {
		return 0 // the test process ended before the cluster was up
	}
	r := report{Socket: k.dir, Major: k.cluster.Bin.Major}
	if err != nil {
		r.Error = err.Error()
	}
	if k.unusable != nil {
		r.Template = k.unusable.Error()
	}
	// An error means that the test process is gone, which the end of in says too.
	_ = json.NewEncoder(out).Encode(r)
	_ = out.Close()
	if err != nil {
		return 1
	}
	<-ctx.Done()
	if err := k.remove(ctx); err != nil {
		fmt.Fprintln(problems, "dbtest: remove the cluster:", err)
		return 1
	}
	return 0
}

// keeper owns a directory with a cluster in it.
type keeper struct {
	dir      string
	lock     *flock.Flock
	cluster  cluster.Cluster
	unusable error // why there is no template
}

// start makes a directory and a cluster in it, and starts the server. On an error nothing is left.
func start(ctx context.Context) (*keeper, error) {
	bins, err := cluster.Find(ctx, cluster.Search{PGBin: os.Getenv("PG_BIN"), Path: os.Getenv("PATH")})
	if err != nil {
		return &keeper{}, err
	}
	parents := parentDirs()
	for _, parent := range parents {
		sweep(ctx, parent)
	}
	k, err := newKeeper(parents[0])
	if err != nil {
		return &keeper{}, err
	}
	if err := k.run(ctx, bins[0]); err != nil {
		return &keeper{}, errors.Join(err, k.remove(ctx))
	}
	return k, nil
}

// maxParent is how long the parent directory may be, so that the path of the socket stays below the 103 bytes that every system allows.
const maxParent = 50

// prefix and newPrefix start the names of directories: those with a lock in them, and those on their way there.
const (
	prefix    = "augur-dbtest-"
	newPrefix = ".augur-dbtest-"
)

// memoryDir is a file system in memory, on Linux. A database is a thousand small files, and making and removing them is what takes the time:
// there it is two to five times as fast. It is used when it and the memory have room for several clusters; in a container it is often tiny.
const (
	memoryDir  = "/dev/shm"
	memoryRoom = 2 << 30
)

// parentDirs returns where clusters may lie, the best place first.
func parentDirs() []string {
	var dirs []string
	usage, err := disk.Usage(memoryDir)
	if err == nil && usage.Fstype == "tmpfs" && usage.Free > memoryRoom {
		if memory, err := mem.VirtualMemory(); err == nil && memory.Available > 2*memoryRoom {
			dirs = append(dirs, memoryDir)
		}
	}
	dir, err := filepath.EvalSymlinks(os.TempDir())
	if err != nil || len(dir) > maxParent {
		dir = "/tmp"
	}
	return append(dirs, dir)
}

// newKeeper makes a locked directory. It gets its name only when it is locked: a sweep sees none that is not.
func newKeeper(parent string) (*keeper, error) {
	hidden, err := os.MkdirTemp(parent, newPrefix)
	if err != nil {
		return nil, err
	}
	k := &keeper{dir: filepath.Join(parent, prefix+strings.TrimPrefix(filepath.Base(hidden), newPrefix))}
	k.lock = flock.New(filepath.Join(hidden, "lock"))
	locked, err := k.lock.TryLock()
	if err == nil && !locked {
		err = fmt.Errorf("%s is locked by somebody", hidden)
	}
	if err == nil {
		err = os.Rename(hidden, k.dir)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(hidden), k.lock.Close())
	}
	return k, nil
}

// Dir returns a directory of the test's own, for a test that runs a server of its own: on the file system that clusters lie on, open to the user
// that runs the server when it is root that tests, and with a name that is short enough for a socket. It is removed when the test ends, or, when
// the test process is killed, by the next keeper. The server must have been stopped by then.
func Dir(t testing.TB) string {
	t.Helper()
	k, err := newKeeper(parentDirs()[0])
	if err != nil {
		t.Fatalf("directory for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(os.RemoveAll(k.dir), k.lock.Close()); err != nil {
			t.Errorf("directory of the test: %v", err)
		}
	})
	if err := os.Chmod(k.dir, 0o711); err != nil {
		t.Fatalf("directory for the test: %v", err)
	}
	return k.dir
}

// settings of a server that is thrown away: nothing waits for the disk, nothing works in the background, nothing lies outside its directory.
var settings = []string{
	"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "wal_level=minimal", "max_wal_senders=0",
	"max_wal_size=256MB", "checkpoint_timeout=1h", "autovacuum=off", "shared_buffers=64MB", "max_connections=300", "jit=off",
	"dynamic_shared_memory_type=mmap", "timezone=UTC", "log_timezone=UTC", "log_min_messages=fatal",
}

func (k *keeper) run(ctx context.Context, bin cluster.Binaries) error {
	data := filepath.Join(k.dir, "data")
	account, err := cluster.AccountOf(data)
	if err != nil {
		return err
	}
	k.cluster = cluster.Cluster{Bin: bin, Account: account, Data: data, Log: filepath.Join(k.dir, "log")}
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	if err := errors.Join(account.Own(data), account.Own(k.dir)); err != nil {
		return err
	}
	if err := account.Reach(ctx, bin, k.dir); err != nil {
		return err
	}
	return k.fill(ctx)
}

func (k *keeper) startServer(ctx context.Context) error {
	args := []string{"-c", "unix_socket_directories=" + k.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	_, err := k.cluster.Start(ctx, cluster.StartOptions{Args: args, Bound: true})
	return err
}

// removeTimeout bounds the stop of a server. What it must end by force is gone long before.
const removeTimeout = time.Minute

// remove ends the server and removes the directory, also when ctx has ended. The lock is the last to go.
func (k *keeper) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	if k.cluster.Data == "" {
		k.cluster.Data = filepath.Join(k.dir, "data")
	}
	err := k.cluster.StopNow(ctx)
	return errors.Join(err, os.RemoveAll(k.dir), k.lock.Close())
}

// abandonedAfter is the age at which a directory without a lock is no longer on its way to one.
const abandonedAfter = time.Hour

// sweep removes what killed keepers left. What does not work out is left to the next one: the directories of other users are among it.
func sweep(ctx context.Context, parent string) {
	left, err := filepath.Glob(filepath.Join(parent, prefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		lock := flock.New(filepath.Join(dir, "lock"), flock.SetFlag(os.O_RDONLY))
		if free, err := lock.TryLock(); ctx.Err() == nil && (err == nil && free || errors.Is(err, fs.ErrNotExist) && old(dir)) {
			_ = (&keeper{dir: dir, lock: lock}).remove(ctx)
		}
		_ = lock.Close()
	}
	left, err = filepath.Glob(filepath.Join(parent, newPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		if old(dir) {
			_ = os.RemoveAll(dir)
		}
	}
}

// old tells a directory whose keeper died in the instant before it had a lock, or after it had removed it, from one where that goes on now.
func old(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && time.Since(info.ModTime()) > abandonedAfter
}

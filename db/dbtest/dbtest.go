// Package dbtest gives each test a PostgreSQL database of its own.
//
// Tests of every package call it: [New] for a pool on a migrated database, [URL] for the same as an address, [Empty] for a database before the
// first migration, [Dir] for a directory to run a server of one's own in. It never touches a server that it did not start, and the program never imports it.
//
// The first call of a test process starts a throwaway cluster, without durability and reachable only through a socket in a closed directory; as root
// it runs as another user. The cluster holds a migrated template, of which each test gets a copy, which is dropped when the test ends. Clusters with
// a template are kept as a file in the user's cache directory, under a name that follows from PostgreSQL's version and all migrations, since making
// one takes seconds.
//
// The cluster belongs to a keeper: a second process of the same test binary that this package turns into the keeper in its init function, before
// any test code runs. The two are joined by a pipe, and the keeper removes everything when the pipe closes, however the test process ends: by
// returning, by a panic, by a timeout or by SIGKILL. So packages need no TestMain for it, and nothing has to be stopped in the right order. When
// the keeper itself is killed, the kernel ends the server with it (on Linux), and the next keeper removes the directory; a lock on it tells that
// nobody uses it any more.
package dbtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/local/cluster"
)

// How long the steps may take at most, on a machine that is busy with other tests.
const (
	startTimeout  = 2 * time.Minute
	createTimeout = time.Minute
)

// fileCopyMajor is the version from which PostgreSQL copies a database through its log unless told to copy the files, as it did before.
const fileCopyMajor = 15

// server is the cluster of this process. Its pipe stays open as long as the process lives.
var server struct {
	start    sync.Once
	startErr error
	socket   string
	template string // why there is no template
	copying  string // the clause of CREATE DATABASE that makes copies fast
	pipe     io.Closer
	idle     idleConns

	databases atomic.Int64
}

// New returns a pool on a migrated database that no other test sees. Both are gone when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	address := URL(t)
	ctx, cancel := context.WithTimeout(t.Context(), createTimeout)
	defer cancel()
	pool, err := db.Connect(ctx, address, db.Options{ApplicationName: t.Name()})
	if err != nil {
		t.Fatalf("database for the test: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a migrated database that no other test sees, for tests that start a program. It is dropped when the test ends, and
// connections that are still open then are cut.
func URL(t testing.TB) string {
	t.Helper()
	ready(t)
	if server.template != "" {
		t.Fatalf("template of the databases for tests: %s", server.template)
	}
	return create(t, template)
}

// Empty returns the address of a database as CREATE DATABASE makes it, without any schema of ours. It is dropped when the test ends.
func Empty(t testing.TB) string {
	t.Helper()
	ready(t)
	return create(t, "template0")
}

// ready makes sure that the cluster runs.
func ready(t testing.TB) {
	t.Helper()
	server.start.Do(func() { server.startErr = startKeeper() })
	if server.startErr != nil {
		t.Fatalf("PostgreSQL for tests: %v", server.startErr)
	}
}

// create makes a database from a template.
func create(t testing.TB, from string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", server.databases.Add(1))
	if err := administer("CREATE DATABASE " + name + " TEMPLATE " + from + server.copying); err != nil {
		t.Fatalf("database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := administer(leaving(name), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("database of the test: %v", err)
		}
	})
	return address(server.socket, name)
}

// leaving is a statement that waits until the connections that have just been closed have ended on the server too, for a tenth of a second at
// most. Copying and dropping a database do that as well, but look only every tenth of a second.
func leaving(database string) string {
	return `DO $$
		BEGIN
			FOR i IN 1..50 LOOP
				EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '` + database + `');
				PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
			END LOOP;
		END $$`
}

// idleConns are connections to the cluster's own database that nobody uses just now: a new one costs more than what most statements do on it.
// They are no pool, since that would leave goroutines behind, which the caller's tests would find. They end with the process.
type idleConns struct {
	mu   sync.Mutex
	list []*pgx.Conn
}

// take returns one of them, or nil.
func (c *idleConns) take() *pgx.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) == 0 {
		return nil
	}
	last := len(c.list) - 1
	conn := c.list[last]
	c.list = c.list[:last]
	return conn
}

func (c *idleConns) put(conn *pgx.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, conn)
}

// administer runs statements on the cluster of this process.
func administer(statements ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), createTimeout)
	defer cancel()
	conn := server.idle.take()
	if conn == nil {
		var err error
		if conn, err = pgx.Connect(ctx, address(server.socket, "postgres")); err != nil {
			return err
		}
	}
	if err := run(ctx, conn, statements); err != nil {
		return errors.Join(err, conn.Close(ctx))
	}
	server.idle.put(conn)
	return nil
}

// execute runs statements on a cluster in a connection of their own.
func execute(ctx context.Context, socket string, statements ...string) error {
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, address(socket, "postgres"))
	if err != nil {
		return err
	}
	return errors.Join(run(ctx, conn, statements), conn.Close(ctx))
}

func run(ctx context.Context, conn *pgx.Conn, statements []string) error {
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

func address(socket, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(cluster.Superuser), Path: "/" + database, RawQuery: "host=" + url.QueryEscape(socket)}
	return u.String()
}

// startKeeper starts the keeper and waits until its cluster is up.
func startKeeper() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(exe, keeperArg) //nolint:noctx // it outlives every context: it ends when the pipe closes
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	// A session of its own: Ctrl-C ends the tests, and thereby closes the pipe.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return errors.Join(err, in.Close())
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	server.pipe = in
	type answer struct {
		report report
		err    error
	}
	var a answer
	if f, ok := out.(*os.File); ok {
		if err := f.SetReadDeadline(time.Now().Add(startTimeout)); err != nil {
			return err
		}
	}
	a.err = json.NewDecoder(out).Decode(&a.report)
	_ = out.Close()
	switch {
	case a.err != nil:
		return errors.Join(fmt.Errorf("answer of the keeper: %w", a.err), in.Close())
	case a.report.Error != "":
		return errors.Join(errors.New(a.report.Error), in.Close())
	}
	server.socket, server.template = a.report.Socket, a.report.Template
	if a.report.Major >= fileCopyMajor {
		server.copying = " STRATEGY FILE_COPY"
	}
	return nil
}

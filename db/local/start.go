package local

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"augur/db/local/cluster"
)

// The port of a new home is the first free one of these, so that several homes have ports that a person can remember; then it stays, unless taken.
const firstPort, lastPort = 15432, 15531

// portAttempts is how often a start is tried with another port because somebody took the last one meanwhile.
const portAttempts = 5

// maxLog is the size at which a start puts the log aside.
const maxLog = 16 << 20

// connectTimeout bounds the first connection to a server that says it is ready.
const connectTimeout = 30 * time.Second

// defaults are the settings of every private server.
//
//go:embed defaults.conf
var defaults string

// ensure returns the running server, which it starts when needed, with the database in it.
func (h *home) ensure(ctx context.Context) (cluster.Postmaster, error) {
	c := h.cluster()
	p, running, err := c.Await(ctx)
	if err != nil {
		return p, err
	}
	if !running {
		if p, err = h.start(ctx); err != nil {
			return p, err
		}
	}
	if err := h.ensureDatabase(ctx, p); err != nil {
		if !running {
			err = errors.Join(err, h.stop(context.WithoutCancel(ctx)))
		}
		return p, err
	}
	return p, nil
}

// start initialises the cluster when needed and starts the server on it.
func (h *home) start(ctx context.Context) (cluster.Postmaster, error) {
	c := h.cluster()
	var err error
	if c.Bin, err = h.binaries(ctx); err != nil {
		return cluster.Postmaster{}, err
	}
	if err := h.reach(ctx, c.Bin); err != nil {
		return cluster.Postmaster{}, err
	}
	begin := time.Now()
	last, err := h.readRecord()
	if err != nil {
		h.log.WarnContext(ctx, "record of the last server is unreadable", slog.Any("error", err))
	}
	if err := h.removeRemains(last); err != nil {
		return cluster.Postmaster{}, err
	}
	if err := h.initialise(ctx, c); err != nil {
		return cluster.Postmaster{}, err
	}
	sockets, temporary, err := h.makeSocketDir()
	if err != nil {
		return cluster.Postmaster{}, err
	}
	if temporary {
		last.TempSocket = sockets
	}
	if err := h.makeLog(); err != nil {
		return cluster.Postmaster{}, err
	}
	p, err := h.startOnPort(ctx, c, last.Port, sockets)
	if err != nil {
		if temporary {
			err = errors.Join(err, os.RemoveAll(sockets))
		}
		return p, err
	}
	err = h.writeRecord(record{PID: p.PID, Started: p.Started, Version: c.Bin.Version, Port: p.Port, TempSocket: last.TempSocket})
	if err != nil {
		return p, errors.Join(fmt.Errorf("record the server: %w", err), h.stop(context.WithoutCancel(ctx)))
	}
	h.log.InfoContext(ctx, "private PostgreSQL started", slog.String("version", c.Bin.Version), slog.String("dir", h.dir), slog.Int("pid", p.PID),
		slog.Int("port", p.Port), slog.String("account", h.account.Name), slog.Duration("took", time.Since(begin).Round(time.Millisecond)))
	return p, nil
}

// reach makes sure that the account can enter the home. A new directory that holds nothing else, such as the one that `mktemp -d` makes for root,
// is opened to it; any other that is closed is an error, because opening it is for its owner to decide.
func (h *home) reach(ctx context.Context, bin Binaries) error {
	err := h.account.Reach(ctx, bin, h.dir)
	closed, ok := errors.AsType[*ClosedError](err)
	if !ok || closed.Dir != filepath.Dir(h.dir) {
		return err
	}
	if entries, readErr := os.ReadDir(closed.Dir); readErr != nil || len(entries) != 1 {
		return errors.Join(err, readErr)
	}
	if admitErr := h.account.Admit(closed.Dir); admitErr != nil {
		return errors.Join(err, admitErr)
	}
	h.log.InfoContext(ctx, "directory opened to the user of the server", slog.String("dir", closed.Dir), slog.String("account", h.account.Name))
	return h.account.Reach(ctx, bin, h.dir)
}

// binaries returns those that fit the data directory, or the preferred ones when there is none yet.
func (h *home) binaries(ctx context.Context) (Binaries, error) {
	found, err := cluster.Find(ctx, cluster.Search{PGBin: h.opts.PGBin, Path: h.opts.Path})
	if err != nil {
		return Binaries{}, err
	}
	have, err := h.dataVersion()
	if err != nil {
		return Binaries{}, err
	}
	if have == "" {
		return found[0], nil
	}
	for _, b := range found {
		if strconv.Itoa(b.Major) == have {
			return b, nil
		}
	}
	return Binaries{}, &WrongMajorError{Data: h.path(dataDir), Have: have, Found: found, PGBin: h.opts.PGBin}
}

// unfinished is the name under which a cluster is initialised, so that a crash leaves nothing that looks complete.
const unfinished = "data.init-"

// removeRemains removes what a crash left in the home and outside it.
func (h *home) removeRemains(last record) error {
	if last.TempSocket != "" {
		if err := os.RemoveAll(last.TempSocket); err != nil {
			return fmt.Errorf("remove the socket of the last server: %w", err)
		}
	}
	left, err := filepath.Glob(filepath.Join(escapeGlob(h.dir), unfinished+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("remove an unfinished data directory: %w", err)
		}
	}
	return nil
}

// makeLog makes sure that there is a log and that it has not grown without limit.
func (h *home) makeLog() error {
	path := h.path(logFile)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Size() > maxLog:
		err = os.Rename(path, path+".1")
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err == nil {
		err = h.replace(logFile, nil, 0o600)
	}
	if err != nil {
		return fmt.Errorf("log of the server: %w", err)
	}
	return nil
}

var globMeta = regexp.MustCompile(`[\\*?\[]`)

func escapeGlob(path string) string { return globMeta.ReplaceAllString(path, `\$0`) }

func (h *home) initialise(ctx context.Context, c cluster.Cluster) error {
	if have, err := h.dataVersion(); err != nil || have != "" {
		return err
	}
	if _, err := os.Stat(c.Data); err == nil {
		return fmt.Errorf("data directory %s exists and has no PG_VERSION, so it is not PostgreSQL's: move it away", c.Data)
	}
	h.log.InfoContext(ctx, "initialising the private PostgreSQL", slog.String("version", c.Bin.Version), slog.String("dir", h.dir))
	dir, err := os.MkdirTemp(h.dir, unfinished)
	if err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	final := c.Data
	c.Data = dir
	err = h.account.Own(dir)
	if err == nil {
		err = c.Init(ctx, cluster.InitOptions{})
	}
	if err == nil {
		err = include(filepath.Join(dir, "postgresql.conf"))
	}
	if err == nil {
		err = os.Rename(dir, final)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("data directory: %w", err), os.RemoveAll(dir))
	}
	return nil
}

// include makes a configuration read our settings, first, so that what an operator writes below counts more.
func include(config string) error {
	f, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n# Written by augur at each start. Own settings go below this line.\ninclude_if_exists = '../" + settingsFile + "'\n")
	return errors.Join(err, f.Close())
}

// maxSocketPath is what fits into the address of a Unix socket, without the final zero: 107 bytes on Linux, 103 on macOS.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// makeSocketDir returns a directory for the socket that only the account can enter: in the home, or in /tmp when the path is too long for a
// socket or has characters that mean something in a list of directories.
func (h *home) makeSocketDir() (dir string, temporary bool, err error) {
	dir = h.path(socketDir)
	longest := filepath.Join(dir, ".s.PGSQL.65535.lock")
	if len(longest) > maxSocketPath || strings.ContainsAny(dir, ",\"\\") {
		temporary = true
		dir, err = os.MkdirTemp("/tmp", "augur-")
	} else if err = os.Mkdir(dir, 0o700); errors.Is(err, fs.ErrExist) {
		err = os.Chmod(dir, 0o700)
	}
	if err == nil {
		err = h.account.Own(dir)
	}
	if err != nil {
		return "", false, fmt.Errorf("directory of the socket: %w", err)
	}
	return dir, temporary, nil
}

// startOnPort starts the server on the wanted port, or on another when that one is taken or there is no wish.
func (h *home) startOnPort(ctx context.Context, c cluster.Cluster, wanted int, sockets string) (cluster.Postmaster, error) {
	port := wanted
	for attempt := 1; ; attempt++ {
		if port == 0 {
			port = firstFreePort(ctx)
		}
		if err := h.writeSettings(port, sockets); err != nil {
			return cluster.Postmaster{}, err
		}
		p, err := c.Start(ctx, cluster.StartOptions{})
		if !errors.Is(err, cluster.ErrPortTaken) || attempt == portAttempts {
			return p, err
		}
		h.log.InfoContext(ctx, "port taken by another program", slog.Int("port", port))
		// When several servers start at once, they would choose the same one again.
		if port, err = anyPort(ctx); err != nil {
			return cluster.Postmaster{}, err
		}
	}
}

// firstFreePort returns the first port that nobody answers on, or the last one. It connects and does not listen, so that those who look do not
// get into each other's way.
func firstFreePort(ctx context.Context) int {
	for port := firstPort; port < lastPort; port++ {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			return port
		}
		_ = conn.Close() // it only showed that the port is taken
	}
	return lastPort
}

// anyPort returns a port that the system has free now.
func anyPort(ctx context.Context) (int, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	return strconv.Atoi(text)
}

var settingName = regexp.MustCompile(`^[a-z_][a-z0-9_.]*$`)

// writeSettings renders the settings: the defaults, over them the caller's, and last what this package relies on.
func (h *home) writeSettings(port int, sockets string) error {
	var text strings.Builder
	text.WriteString(defaults + "\n")
	set := func(name, value string) {
		fmt.Fprintf(&text, "%s = '%s'\n", name, strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(value))
	}
	for _, name := range slices.Sorted(maps.Keys(h.opts.Settings)) {
		value := h.opts.Settings[name]
		if !settingName.MatchString(name) || strings.ContainsFunc(value, unicode.IsControl) {
			return fmt.Errorf("setting of the private PostgreSQL: %q = %q is malformed", name, value)
		}
		set(name, value)
	}
	set("port", strconv.Itoa(port))
	set("unix_socket_directories", sockets)
	if err := h.replace(settingsFile, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("settings of the private PostgreSQL: %w", err)
	}
	return nil
}

// ensureDatabase creates what a connection needs and is missing: the database, and the password for the port.
func (h *home) ensureDatabase(ctx context.Context, p cluster.Postmaster) error {
	if p.SocketDir == "" {
		return fmt.Errorf("the server of %s has no socket: remove unix_socket_directories from its settings", h.dir)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	u := databaseURL(p)
	conn, err := pgx.Connect(ctx, strings.Replace(u, "/"+DatabaseName+"?", "/postgres?", 1))
	if err != nil {
		return fmt.Errorf("connect to the private PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DatabaseName).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{DatabaseName}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", DatabaseName, err)
	}
	if _, err := os.Stat(h.path(passwordFile)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	password := rand.Text() // letters and digits: nothing to escape, neither in SQL nor in the file
	if _, err := conn.Exec(ctx, "ALTER ROLE "+pgx.Identifier{cluster.Superuser}.Sanitize()+" PASSWORD '"+password+"'"); err != nil {
		return fmt.Errorf("set the password of role %s: %w", cluster.Superuser, err)
	}
	if err := h.replace(passwordFile, []byte("*:*:*:"+cluster.Superuser+":"+password+"\n"), 0o600); err != nil {
		return fmt.Errorf("password of role %s: %w", cluster.Superuser, err)
	}
	return nil
}

// stop stops the server and removes what lies outside the home.
func (h *home) stop(ctx context.Context) error {
	if err := h.cluster().Stop(ctx); err != nil {
		return err
	}
	r, err := h.readRecord()
	if err != nil {
		return err
	}
	if r.TempSocket != "" {
		if err := os.RemoveAll(r.TempSocket); err != nil {
			return fmt.Errorf("remove the socket: %w", err)
		}
	}
	h.log.InfoContext(ctx, "private PostgreSQL stopped", slog.String("dir", h.dir))
	return nil
}

// Package local runs the private PostgreSQL of an installation, which is used when AUGUR_DB is not set.
//
// Commands call it: [Acquire] before they need the database, [Server.Release] on their way out; `augur db start|stop|status` call [Start], [Stop]
// and [Status]. The first user initialises and starts the server, the last one stops it. It never touches what is in the database beyond creating
// it empty, and never reads the environment.
//
// Words: the home is the directory of Options.Dir; a user is a process between Acquire and Release; a server is started on demand by Acquire, or by
// hand by Start, and then it stays until Stop.
//
// In the home:
//
//	lock           held while somebody starts, stops, joins or leaves
//	users/         a file for each user, locked as long as its process lives: the dead drop out without cleaning up
//	server.json    which server was started last, and how
//	postgres.conf  the settings, written at each start; data/postgresql.conf includes it and may override it
//	pgpass         the password for the loopback port, in the format of PGPASSFILE; only the owner can read it
//	server.log     what the server says
//	socket/        the socket; only the server's account can enter it, and that is why connections over it need no password
//	data/          the cluster, property of the server's account
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"augur/db/local/cluster"
)

// Binaries is one installation of the PostgreSQL server.
type Binaries = cluster.Binaries

// ErrNoBinaries is returned by Find, Acquire and Start when no PostgreSQL is installed; its text says how to install one.
var ErrNoBinaries = cluster.ErrNoBinaries

// ClosedError is returned by Acquire and Start as root when the user that runs the server may not enter the home. It names the closed directory.
type ClosedError = cluster.ClosedError

// DatabaseName is the database that URL leads to.
const DatabaseName = "augur"

// Options say where the server lives and what it is made of.
type Options struct {
	// Dir is the home of the server, usually $AUGUR_HOME/postgres. Made when missing.
	Dir string
	// PGBin is the directory of postgres and initdb (PG_BIN). Empty: they are searched for.
	PGBin string
	// Path is the list of directories of the environment variable PATH, where binaries are searched first.
	Path string
	// Log gets a line for each start and stop. Nil: nothing is logged.
	Log *slog.Logger
	// Settings are further settings of postgresql.conf. They count when the call starts the server, not when it joins a running one.
	Settings map[string]string
}

// Find returns the server binaries that a new data directory would get: from PGBin, or the first of PATH, or the newest in the usual directories.
func Find(ctx context.Context, o Options) (Binaries, error) {
	found, err := cluster.Find(ctx, cluster.Search{PGBin: o.PGBin, Path: o.Path})
	if err != nil {
		return Binaries{}, err
	}
	return found[0], nil
}

// WrongMajorError is returned by Acquire and Start when the data directory was made by a major version of PostgreSQL that is not installed.
type WrongMajorError struct {
	Data  string
	Have  string     // the version of the data directory
	Found []Binaries // what is installed
	PGBin string     // the option, when it narrowed the search
}

func (e *WrongMajorError) Error() string {
	search := "installed is"
	if e.PGBin != "" {
		search = "PG_BIN leads to"
	}
	found := make([]string, len(e.Found))
	for i, b := range e.Found {
		found[i] = b.String()
	}
	return fmt.Sprintf("data directory %[1]s is of PostgreSQL %[2]s, and %[3]s %[4]s: "+
		"install PostgreSQL %[2]s, or set PG_BIN to the directory of its postgres (such as /usr/lib/postgresql/%[2]s/bin), "+
		"or convert the data with pg_upgrade, or set AUGUR_HOME to a new directory", e.Data, e.Have, search, strings.Join(found, ", "))
}

// InUseError is returned by Stop when other processes use the server. It stops with the last of them.
type InUseError struct {
	PIDs []int
}

func (e *InUseError) Error() string {
	return fmt.Sprintf("the server is in use by processes %v: it stops with the last of them", e.PIDs)
}

// State is what Status found.
type State struct {
	Running      bool   `json:"running"`
	PID          int    `json:"pid,omitempty"`
	Port         int    `json:"port,omitempty"` // on 127.0.0.1
	SocketDir    string `json:"socket_dir,omitempty"`
	URL          string `json:"url,omitempty"` // of the database, over the socket; empty when not running
	Dir          string `json:"dir"`
	Version      string `json:"version,omitempty"` // of the running server, otherwise the major version of the data directory; empty: not initialised
	PasswordFile string `json:"password_file"`     // for connections over the port, in the format of PGPASSFILE
	Users        int    `json:"users"`
	ByHand       bool   `json:"by_hand"`
}

// Server is a running server with this process as its user. It is safe for concurrent use.
type Server struct {
	home *home
	url  string
	user *user // nil: the server runs without this process
}

// URL is the database of the server. It contains no secret, so that it may be seen in process lists and logs.
func (s *Server) URL() string { return s.url }

// Acquire makes this process a user of the server, which is initialised and started when it is not running, and returns when the
// database accepts connections. Every call needs its own Release; a process that dies without it drops out by itself.
func Acquire(ctx context.Context, o Options) (*Server, error) {
	var s *Server
	err := withHome(ctx, o, func(h *home) error {
		u, err := h.register()
		if err != nil {
			return err
		}
		p, err := h.ensure(ctx)
		if err != nil {
			return errors.Join(err, u.leave())
		}
		s = &Server{home: h, url: databaseURL(p), user: u}
		return nil
	})
	return s, err
}

// Release ends the use and stops the server when nobody else uses it and it was not started by hand. A second call does nothing.
// It is called on the way out, so the end of ctx does not stop it; it takes at most a few minutes, as a rule well below a second.
func (s *Server) Release(ctx context.Context) error {
	if s.user == nil || !s.user.release() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	unlock, err := s.home.lock(ctx)
	if err != nil {
		return errors.Join(err, s.user.leave())
	}
	defer unlock()
	if err := s.user.leave(); err != nil {
		return err
	}
	users, err := s.home.users()
	if err != nil || len(users) > 0 {
		return err
	}
	p, running, err := s.home.cluster().Running()
	if err != nil || !running || s.home.startedByHand(p) {
		return err
	}
	return s.home.stop(ctx)
}

// releaseTimeout bounds Release: the wait for somebody who is starting, and then a fast stop that turned into an immediate one.
const releaseTimeout = 8 * time.Minute

// Start starts the server by hand: it stays after the last user has left, until Stop. One that runs on demand becomes one by hand.
// The process does not become a user; Release of the result does nothing.
func Start(ctx context.Context, o Options) (*Server, error) {
	var s *Server
	err := withHome(ctx, o, func(h *home) error {
		p, err := h.ensure(ctx)
		if err != nil {
			return err
		}
		if err := h.setByHand(p, true); err != nil {
			return err
		}
		s = &Server{home: h, url: databaseURL(p)}
		return nil
	})
	return s, err
}

// Stop stops the server. With users left it returns *InUseError, and the last of them stops it. No server: nil.
func Stop(ctx context.Context, o Options) error {
	h, err := newHome(o)
	if err != nil {
		return err
	}
	if _, running, err := h.cluster().Running(); err != nil || !running {
		return err
	}
	unlock, err := h.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	p, running, err := h.cluster().Running()
	if err != nil || !running {
		return err
	}
	users, err := h.users()
	if err != nil {
		return err
	}
	if len(users) > 0 {
		if err := h.setByHand(p, false); err != nil {
			return err
		}
		return &InUseError{PIDs: users}
	}
	return h.stop(ctx)
}

// Status looks at the server without starting, creating or waiting for anything.
func Status(_ context.Context, o Options) (State, error) {
	h, err := newHome(o)
	if err != nil {
		return State{}, err
	}
	st := State{Dir: h.dir, PasswordFile: h.path(passwordFile)}
	if st.Version, err = h.dataVersion(); err != nil {
		return State{}, err
	}
	p, running, err := h.cluster().Running()
	if err != nil || !running {
		return st, err
	}
	users, err := h.users()
	if err != nil {
		return State{}, err
	}
	st.Running, st.PID, st.Port, st.SocketDir, st.URL = true, p.PID, p.Port, p.SocketDir, databaseURL(p)
	st.Users, st.ByHand = len(users), h.startedByHand(p)
	if r, err := h.readRecord(); err == nil && r.describes(p) {
		st.Version = r.Version
	}
	return st, nil
}

// DefaultHome is AUGUR_HOME when it is not set. For root it is a directory that the server's user can reach, which root's own home is not. For
// others it lies in dataHome (XDG_DATA_HOME, may be empty) or in home, the user's home directory.
func DefaultHome(uid int, home, dataHome string) string {
	switch {
	case uid == 0:
		return "/var/lib/augur"
	case filepath.IsAbs(dataHome):
		return filepath.Join(dataHome, "augur")
	default:
		return filepath.Join(home, ".local", "share", "augur")
	}
}

// databaseURL leads to the database over the socket.
func databaseURL(p cluster.Postmaster) string {
	query := url.Values{"host": {p.SocketDir}, "port": {strconv.Itoa(p.Port)}}.Encode()
	u := url.URL{
		Scheme: "postgres", User: url.User(cluster.Superuser), Path: "/" + DatabaseName,
		RawQuery: strings.ReplaceAll(query, "%2F", "/"), // a slash needs no escape here, and people read this
	}
	return u.String()
}

// Package scratch gives a benchmark a PostgreSQL of its own, with the settings of the private one, in a directory that goes with it.
package scratch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"augur/db/local"
)

// Server is a running server in a directory of its own.
type Server struct {
	// Home is the directory; others may be made in it. The server is in postgres below.
	Home string
	// URL leads to an empty database.
	URL string

	server *local.Server
}

// Start makes the directory and starts the server. PG_BIN and PATH say where its programs are.
func Start(ctx context.Context, getenv func(string) string) (*Server, error) {
	home, err := os.MkdirTemp("", "augur-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the benchmark: %w", err)
	}
	s := &Server{Home: home}
	// The server may run as another user, who has to get in.
	if err := os.Chmod(home, 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("open the directory of the benchmark: %w", err), os.RemoveAll(home))
	}
	if s.server, err = local.Acquire(ctx, local.Options{Dir: s.Postgres(), PGBin: getenv("PG_BIN"), Path: getenv("PATH")}); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), os.RemoveAll(home))
	}
	s.URL = s.server.URL()
	return s, nil
}

// Postgres is the home of the server, as package local knows it.
func (s *Server) Postgres() string { return filepath.Join(s.Home, "postgres") }

// Close stops the server and removes the directory, also when ctx has ended.
func (s *Server) Close(ctx context.Context) error {
	err := s.server.Release(context.WithoutCancel(ctx))
	return errors.Join(err, os.RemoveAll(s.Home))
}

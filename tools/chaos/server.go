package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/local/cluster"
	"augur/db/migrate"
)

// server is a PostgreSQL of the harness's own. It is bound to the main thread, so it ends with the harness, however that ends.
type server struct {
	cluster cluster.Cluster
	socket  string // its directory
	main    *mainThread
}

// serverSettings make a server that loses nothing when it is stopped at once, but does not wait for the disk: nobody pulls the plug.
var serverSettings = []string{
	"listen_addresses=", "fsync=off", "max_connections=120", "shared_buffers=128MB", "timezone=UTC", "log_timezone=UTC", "log_min_messages=fatal",
	"dynamic_shared_memory_type=mmap", "max_wal_size=256MB", "jit=off", "autovacuum_naptime=5s",
}

func newServer(ctx context.Context, dir string, main *mainThread) (*server, error) {
	bins, err := cluster.Find(ctx, cluster.Search{PGBin: os.Getenv("PG_BIN"), Path: os.Getenv("PATH")})
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	account, err := cluster.AccountOf(data)
	if err != nil {
		return nil, err
	}
	s := &server{cluster: cluster.Cluster{Bin: bins[0], Account: account, Data: data, Log: filepath.Join(dir, "postgres.log")}, socket: filepath.Join(dir, "s"), main: main}
	for _, d := range []string{data, s.socket} {
		if err := errors.Join(os.Mkdir(d, 0o700), account.Own(d)); err != nil {
			return nil, fmt.Errorf("make %s: %w", d, err)
		}
	}
	err = main.do(func() error {
		if err := s.cluster.Init(ctx, cluster.InitOptions{NoSync: true}); err != nil {
			return err
		}
		return s.start(ctx)
	})
	if err != nil {
		return nil, err
	}
	if err := s.create(ctx); err != nil {
		return nil, errors.Join(err, s.stop(ctx))
	}
	return s, nil
}

// start runs on the main thread.
func (s *server) start(ctx context.Context) error {
	args := []string{"-c", "unix_socket_directories=" + s.socket}
	for _, setting := range serverSettings {
		args = append(args, "-c", setting)
	}
	_, err := s.cluster.Start(ctx, cluster.StartOptions{Args: args, Bound: true})
	return err
}

// restart stops the server as `pg_ctl stop -m immediate` does, and starts it again.
func (s *server) restart(ctx context.Context) error {
	return s.main.do(func() error {
		if err := s.cluster.StopNow(ctx); err != nil {
			return err
		}
		return s.start(ctx)
	})
}

func (s *server) stop(ctx context.Context) error {
	return s.main.do(func() error { return s.cluster.StopNow(ctx) })
}

// url leads to a database of the server without any proxy.
func (s *server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(cluster.Superuser), Path: "/" + database, RawQuery: "host=" + url.QueryEscape(s.socket)}
	return u.String()
}

// file is the socket.
func (s *server) file() string { return filepath.Join(s.socket, ".s.PGSQL.5432") }

// create makes the database with its schema, and the ledger.
func (s *server) create(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE augur")
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	pool, err := db.Connect(ctx, s.url("augur"), db.Options{MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := migrate.Up(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, ledgerSQL); err != nil {
		return fmt.Errorf("make the ledger: %w", err)
	}
	return nil
}

// Command vetsql checks every query against the schema that the migrations make: it starts a PostgreSQL of its own, migrates it, runs `sqlc vet`
// on it with the address in AUGUR_SQLC_DB, and removes everything. `make vet-sql` calls it with the path of sqlc. It never touches another database.
//
// Exit status: 0 every statement can be prepared, 1 one cannot or the check could not be made, 2 usage, 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"augur/db"
	"augur/db/local"
	"augur/db/migrate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "usage: vetsql PATH-OF-SQLC")
		return 2
	}
	err := vet(ctx, args[0], getenv, stdout, stderr)
	switch {
	case err == nil:
		fmt.Fprintln(stdout, "every query can be prepared on the migrated schema")
		return 0
	case ctx.Err() != nil:
		return 130
	}
	fmt.Fprintln(stderr, "vetsql:", err)
	return 1
}

func vet(ctx context.Context, sqlc string, getenv func(string) string, stdout, stderr io.Writer) (err error) {
	home, err := os.MkdirTemp("", "augur-vetsql-")
	if err != nil {
		return fmt.Errorf("directory of the server: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	// As root the server runs as another user, who must be able to pass.
	if err := os.Chmod(home, 0o711); err != nil {
		return fmt.Errorf("directory of the server: %w", err)
	}
	server, err := local.Acquire(ctx, local.Options{
		Dir: filepath.Join(home, "postgres"), PGBin: getenv("PG_BIN"), Path: getenv("PATH"),
		Settings: map[string]string{"fsync": "off", "shared_buffers": "32MB"},
	})
	if err != nil {
		return fmt.Errorf("start a server: %w", err)
	}
	// Also when interrupted: the server must not outlive us.
	defer func() { err = errors.Join(err, server.Release(context.WithoutCancel(ctx))) }()

	if err := migrateUp(ctx, server.URL()); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, sqlc, "vet")
	cmd.Env = append(cmd.Environ(), "AUGUR_SQLC_DB="+server.URL())
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("sqlc vet: %w", err)
	}
	return nil
}

func migrateUp(ctx context.Context, url string) error {
	pool, err := db.Connect(ctx, url, db.Options{MaxConns: 4, ApplicationName: "augur vetsql"})
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = migrate.Up(ctx, pool, slog.New(slog.DiscardHandler))
	return err
}

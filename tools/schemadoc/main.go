// Command schemadoc writes docs/schema.md: it starts a PostgreSQL of its own, migrates it, describes what the catalog says, and removes
// everything. go generate calls it with the path of the page. It never touches another database.
//
// Exit status: 0 written, 1 failed, 2 usage, 130 interrupted.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"augur/db"
	"augur/db/local"
	"augur/db/migrate"
	"augur/db/migrate/schemadoc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, getenv func(string) string, stderr io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(stderr, "usage: schemadoc PAGE")
		return 2
	}
	err := write(ctx, args[0], getenv)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	}
	fmt.Fprintln(stderr, "schemadoc:", err)
	return 1
}

func write(ctx context.Context, path string, getenv func(string) string) (err error) {
	home, err := os.MkdirTemp("", "augur-schemadoc-")
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

	page, err := describe(ctx, server.URL())
	if err != nil {
		return err
	}
	return os.WriteFile(path, page, 0o644)
}

func describe(ctx context.Context, url string) ([]byte, error) {
	pool, err := db.Connect(ctx, url, db.Options{MaxConns: 2, ApplicationName: "augur schemadoc"})
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if _, err := migrate.Up(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := schemadoc.Write(ctx, pool, &page); err != nil {
		return nil, err
	}
	return page.Bytes(), nil
}

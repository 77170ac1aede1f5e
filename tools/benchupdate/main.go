// Command benchupdate measures what a repository costs that is stored already (`make bench-update REPO=...`), on a PostgreSQL of its own, durable and with every index:
// the facade phase where nothing is new, the one that brings the newest commits, and COPY of the same rows as psql and as the program do it. The
// repository is only read.
//
// It prints a line for each figure, and a last one for machines. On a machine that others use, processor time (of this program, its git processes and the server) says more than
// the clock. Exit status: 0 measured; 1 not measured; 2 usage.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/migrate"
	"augur/tools/scratch"
)

//go:embed sql
var statements embed.FS

// statement is one of the files in sql.
func statement(name string) string {
	text, err := statements.ReadFile("sql/" + name + ".sql")
	if err != nil {
		panic(err)
	}
	return string(text)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are those of the command line.
type options struct {
	repo    string
	commits int
	rounds  int
	copies  int
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("benchupdate", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.repo, "repo", "", "git `directory` to read")
	flags.IntVar(&o.commits, "commits", 400, "how many new commits there are, at least")
	flags.IntVar(&o.rounds, "rounds", 20, "how often the unchanged repository is collected")
	flags.IntVar(&o.copies, "copies", 3, "how often psql and the program copy the rows, in turns; 0: not at all")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if o.repo == "" || o.commits < 1 || o.rounds < 1 || o.copies < 0 || flags.NArg() > 0 {
		flags.Usage()
		return 2
	}
	if err := measure(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "benchupdate:", err)
		return 1
	}
	return 0
}

// measure takes all figures in a directory of its own.
func measure(ctx context.Context, o options, out io.Writer) (err error) {
	server, err := scratch.Start(ctx, os.Getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	counted := &tracer{}
	cfg, err := db.Config(server.URL, db.Options{MaxConns: 12})
	if err != nil {
		return err
	}
	cfg.ConnConfig.Tracer = counted
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := migrate.Up(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	b := &bench{pool: pool, home: server.Home, counted: counted, postmaster: postmaster(server.Postgres()), out: out}
	if err := b.updates(ctx, o); err != nil {
		return err
	}
	return b.copies(ctx, server.URL, o.copies)
}

// median of durations, which it sorts.
func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// ms prints a duration in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

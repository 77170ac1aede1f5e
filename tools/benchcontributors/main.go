// Command benchcontributors lets many writers upsert overlapping contributors at once (`make bench-contributors`), on a PostgreSQL of its own, and counts
// deadlocks as the server does: with rows sorted by key, as the program writes them, and not sorted. It never touches another database.
//
// The last line that it prints is for machines. Exit status: 0 no deadlock with sorting, and some without; 1 not measured, or it was otherwise; 2 usage;
// 130 interrupted.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/db/migrate"
	"augur/tools/scratch"
)

//go:embed sql
var statements embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are those of the command line.
type options struct {
	writers, people, batch int
	duration               time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("benchcontributors", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.writers, "writers", 16, "writers at a time")
	flags.IntVar(&o.people, "people", 500, "people whom they all know")
	flags.IntVar(&o.batch, "batch", 100, "people in one statement")
	flags.DurationVar(&o.duration, "for", 20*time.Second, "how long each way is measured")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 || o.writers < 1 || o.batch < 1 || o.people < o.batch || o.duration <= 0 {
		return o, errors.New("numbers must be positive, a batch not larger than the people, and there are no arguments")
	}
	return o, nil
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "benchcontributors:", err)
		return 2
	}
	err = measure(ctx, o, getenv, stdout)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	}
	fmt.Fprintln(stderr, "benchcontributors:", err)
	return 1
}

func measure(ctx context.Context, o options, getenv func(string) string, stdout io.Writer) (err error) {
	server, err := scratch.Start(ctx, getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	pool, err := db.Connect(ctx, server.URL, db.Options{ApplicationName: "benchcontributors", MaxConns: int32(o.writers) + 1}) //nolint:gosec // few
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := migrate.Up(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	unsorted, err := text("unsorted")
	if err != nil {
		return err
	}
	queries := db.New()
	sorted, err := o.compete(ctx, pool, stdout, "sorted", func(ctx context.Context, b batch) error {
		_, err := queries.UpsertContributors(ctx, pool, db.UpsertContributorsParams{
			CntrbIDs: b.ids, Logins: b.logins, UserIDs: b.users, NodeIDs: b.empty, URLs: b.empty, HTMLURLs: b.empty, AvatarURLs: b.empty, Types: b.empty, SiteAdmins: b.empty,
			ToolSource: "bench", ToolVersion: "bench", DataSource: "bench",
		})
		return err
	})
	if err != nil {
		return err
	}
	other, err := o.compete(ctx, pool, stdout, "unsorted", func(ctx context.Context, b batch) error {
		_, err := pool.Exec(ctx, unsorted, b.ids, b.logins, b.users)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "benchcontributors writers=%d deadlocks_sorted=%d deadlocks_unsorted=%d\n", o.writers, sorted, other)
	switch {
	case sorted > 0:
		return fmt.Errorf("%d deadlocks although rows are sorted", sorted)
	case other == 0:
		return errors.New("no deadlock without sorting: the writers did not meet, so nothing is shown")
	}
	return nil
}

// batch is what one statement writes, in random order.
type batch struct {
	ids    []pgtype.UUID
	logins []string
	users  []int64
	empty  []string
}

func (o options) shuffled(random *rand.Rand) (batch, error) {
	b := batch{empty: make([]string, o.batch)}
	for _, i := range random.Perm(o.people)[:o.batch] {
		user := int64(i) + 1
		id, err := db.ContributorID(db.GitHub, user)
		if err != nil {
			return b, err
		}
		b.ids, b.users = append(b.ids, id), append(b.users, user)
		b.logins = append(b.logins, fmt.Sprintf("person-%d-%d", user, random.IntN(2))) // half of them change
	}
	return b, nil
}

// compete lets the writers write, and returns the deadlocks that the server counted. A writer that lost one goes on.
func (o options) compete(ctx context.Context, pool *pgxpool.Pool, stdout io.Writer, name string, write func(context.Context, batch) error) (int64, error) {
	empty, err := text("empty")
	if err != nil {
		return 0, err
	}
	if _, err := pool.Exec(ctx, empty); err != nil {
		return 0, fmt.Errorf("empty the table: %w", err)
	}
	before, err := deadlocks(ctx, pool)
	if err != nil {
		return 0, err
	}
	ends := time.Now().Add(o.duration)
	batches := make([]int, o.writers)
	group, grouped := errgroup.WithContext(ctx)
	for writer := range o.writers {
		group.Go(func() error {
			random := rand.New(rand.NewPCG(uint64(writer), 1)) //nolint:gosec // no secret
			for time.Now().Before(ends) {
				b, err := o.shuffled(random)
				if err != nil {
					return err
				}
				if err := write(grouped, b); err != nil && !db.IsRetryable(err) {
					return fmt.Errorf("write contributors: %w", err)
				}
				batches[writer]++
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	after, err := deadlocks(ctx, pool)
	if err != nil {
		return 0, err
	}
	sum := 0
	for _, n := range batches {
		sum += n
	}
	fmt.Fprintf(stdout, "%-8s  %d writers, %s: %d batches of %d, %d deadlocks\n", name, o.writers, o.duration, sum, o.batch, after-before)
	return after - before, nil
}

// deadlocks is the server's counter. Sessions report to it when they end, at the latest.
func deadlocks(ctx context.Context, pool *pgxpool.Pool) (int64, error) {
	query, err := text("deadlocks")
	if err != nil {
		return 0, err
	}
	pool.Reset()
	var n int64
	if err := pool.QueryRow(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("read the number of deadlocks: %w", err)
	}
	return n, nil
}

func text(name string) (string, error) {
	sql, err := statements.ReadFile("sql/" + name + ".sql")
	return string(sql), err
}

// Command benchqueue measures the monitor and the queue (`make bench-queue`) on a PostgreSQL of its own with durable writes: how long a tick takes,
// how fast what is due becomes jobs, how many jobs that do nothing pass through a worker process with everything that belongs to a real one (middleware, lease,
// fence, task), how many whole runs do (with run, status, event), how soon a job starts, and what an idle backend asks. It never touches another database.
//
// The last line that it prints is for machines. Exit status: 0 measured, whatever the figures are; 1 not measured, or something was not right
// afterwards; 2 usage; 130 interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"augur/tools/scratch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// parts are what can be measured, in the order in which it is.
var parts = []string{"enqueue", "bare", "noop", "collections", "latency", "idle", "tick", "monitors"}

// options are those of the command line.
type options struct {
	only    []string
	jobs    int
	slots   int
	repos   int
	ticking time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("benchqueue", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "enqueue,bare,noop,collections,latency,idle,tick", "what to measure, of "+strings.Join(parts, ","))
	flags.IntVar(&o.jobs, "jobs", 60_000, "jobs that do nothing")
	flags.IntVar(&o.slots, "slots", 300, "jobs that run at a time")
	flags.IntVar(&o.repos, "repos", 1_000_000, "repositories of the large tick")
	flags.DurationVar(&o.ticking, "for", time.Minute, "how long many monitors tick at once (part monitors)")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	o.only = strings.Split(*only, ",")
	for _, part := range o.only {
		if !slices.Contains(parts, part) {
			return o, fmt.Errorf("-only: there is no part %q; there are %s", part, strings.Join(parts, ", "))
		}
	}
	if flags.NArg() > 0 || o.jobs < 1 || o.slots < 1 || o.repos < 1 || o.ticking <= 0 {
		return o, errors.New("numbers must be positive, and there are no arguments")
	}
	return o, nil
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "benchqueue:", err)
		return 2
	}
	err = measure(ctx, o, getenv, stdout)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	}
	fmt.Fprintln(stderr, "benchqueue:", err)
	return 1
}

// measure starts a server, measures, and removes everything.
func measure(ctx context.Context, o options, getenv func(string) string, out io.Writer) (err error) {
	server, err := scratch.Start(ctx, getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	b, err := newBench(ctx, server.URL, o, out)
	if err != nil {
		return err
	}
	defer b.pool.Close()
	return b.run(ctx)
}

// Command benchgithub measures what the collection of the model repository asks of GitHub (`make bench-github`), on a PostgreSQL of its own and against the fake GitHub of
// githubtest: requests of a first collection, of the next day's, and of one when nothing has changed, and rows a second. It checks that the daily collection stores
// exactly what a new one does, and with -storm that faults and killed workers lose nothing. It never leaves the machine.
//
// The last line that it prints is for machines. Exit status: 0 measured, whatever the figures are; 1 not measured, or what is stored is not right; 2 usage; 130
// interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"augur/db/local"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are those of the command line.
type options struct {
	storm bool
	seed  uint64
	part  int
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("benchgithub", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.storm, "storm", false, "also collect with 5 % of answers wrong and 20 killed workers, and compare")
	flags.Uint64Var(&o.seed, "seed", 1, "make other data of the same amount")
	flags.IntVar(&o.part, "part", 1, "collect a repository with so much less of everything")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || o.part < 1 {
		fmt.Fprintln(stderr, "benchgithub: there are no arguments, and -part must be positive")
		return 2
	}
	err := measure(ctx, o, getenv, stdout)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	}
	fmt.Fprintln(stderr, "benchgithub:", err)
	return 1
}

// measure starts a server, measures, and removes everything.
func measure(ctx context.Context, o options, getenv func(string) string, out io.Writer) (err error) {
	home, err := os.MkdirTemp("", "augur-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the benchmark: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(home)) }()
	// The server may run as another user, who has to get in.
	if err := os.Chmod(home, 0o755); err != nil {
		return fmt.Errorf("open the directory of the benchmark: %w", err)
	}
	server, err := local.Acquire(ctx, local.Options{Dir: filepath.Join(home, "postgres"), PGBin: getenv("PG_BIN"), Path: getenv("PATH")})
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer func() { err = errors.Join(err, server.Release(context.WithoutCancel(ctx))) }()
	return bench(ctx, server.URL(), o, out)
}

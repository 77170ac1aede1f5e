// Command benchgithub measures the collection of GitHub (`make bench-github`), on a PostgreSQL of its own and against the fake GitHub of githubtest. It never leaves the machine.
//
// By itself it collects the model repository: requests of a first collection, of the next day's, and of one when nothing has changed. It checks that the daily
// collection stores exactly what a new one does; with -storm also that this is so after wrong answers, after killed workers, and when the data changes between
// pages. -fleet N collects N small repositories with 20 keys that run out of budget, while 5 % of the answers are wrong. -throughput collects the model in parts
// with a key for each, from a fake GitHub in a process of its own, and tells the time of the processors that the collector and PostgreSQL needed.
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

	"augur/tools/scratch"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are those of the command line.
type options struct {
	storm, throughput bool
	profile           string
	seed              uint64
	part, fleet       int
}

func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	if len(args) == 1 && args[0] == childFlag {
		if err := runChild(ctx, os.Stdin, stdout); err != nil {
			fmt.Fprintln(stderr, "benchgithub: child:", err)
			return 1
		}
		return 0
	}
	var o options
	flags := flag.NewFlagSet("benchgithub", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&o.storm, "storm", false, "also collect with 5 % of the answers wrong, with 20 killed workers, and while the data changes, and compare")
	flags.BoolVar(&o.throughput, "throughput", false, "measure the collector alone: the model in parts, a key for each")
	flags.IntVar(&o.fleet, "fleet", 0, "collect so many small repositories with 20 keys, with 5 % of the answers wrong")
	flags.StringVar(&o.profile, "cpuprofile", "", "with -throughput, write a profile of the collector to a file")
	flags.Uint64Var(&o.seed, "seed", 1, "make other data of the same amount")
	flags.IntVar(&o.part, "part", 1, "collect a repository with so much less of everything")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || o.part < 1 || o.fleet < 0 {
		fmt.Fprintln(stderr, "benchgithub: there are no arguments, -part must be positive, and -fleet not negative")
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
	server, err := scratch.Start(ctx, getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	switch {
	case o.fleet > 0:
		return fleet(ctx, server.URL, o, out)
	case o.throughput:
		return throughput(ctx, server.URL, filepath.Join(server.Postgres(), "data"), o, out)
	}
	return model(ctx, server.URL, o, out)
}

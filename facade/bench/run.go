package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"augur/facade"
)

// EndToEnd writes the history of a repository to a database, and says how long that took.
type EndToEnd func(ctx context.Context, dir string) (time.Duration, error)

// Run is the program: arguments without its name, the environment, where to print. endToEnd may be nil. The result is the exit status: 0, 1 failed or differing, 2 usage.
func Run(ctx context.Context, args, env []string, stdout, stderr io.Writer, endToEnd EndToEnd) int {
	flags := flag.NewFlagSet("benchfacade", flag.ContinueOnError)
	flags.SetOutput(stderr)
	repo := flags.String("repo", "", "git `directory` to read")
	verify := flags.Bool("verify", false, "compare every row with git log --numstat instead of measuring")
	rounds := flags.Int("rounds", 3, "how often git and the engine run, in turns")
	parallel := flags.Int("parallel", 0, "workers (0: one a processor)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *repo == "" || *rounds < 1 || flags.NArg() > 0 {
		flags.Usage()
		return 2
	}
	work := func(g *facade.Git, dir string) error {
		return measured(ctx, Bench{Git: g, Env: env, Out: stderr}, dir, *rounds, stdout, endToEnd)
	}
	if *verify {
		work = func(g *facade.Git, dir string) error {
			return verified(ctx, Bench{Git: g, Env: env, Out: stderr}, dir, stdout)
		}
	}
	if err := withGit(ctx, *repo, facade.Options{Env: env, Parallel: *parallel}, work); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

// withGit gives git a home for as long as the work takes.
func withGit(ctx context.Context, repo string, o facade.Options, work func(*facade.Git, string) error) error {
	dir, err := filepath.Abs(repo)
	if err != nil {
		return err
	}
	if o.Home, err = os.MkdirTemp("", "benchfacade-"); err != nil {
		return err
	}
	g, err := facade.New(ctx, o)
	if err == nil {
		err = work(g, dir)
	}
	return errors.Join(err, os.RemoveAll(o.Home))
}

func verified(ctx context.Context, b Bench, dir string, stdout io.Writer) error {
	res, err := b.Verify(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, res)
	if res.Differing > 0 {
		return fmt.Errorf("%d of %d rows differ from git", res.Differing, res.Rows)
	}
	return nil
}

func measured(ctx context.Context, b Bench, dir string, rounds int, stdout io.Writer, endToEnd EndToEnd) error {
	figures, err := b.Measure(ctx, dir, rounds)
	if err != nil {
		return err
	}
	if endToEnd != nil {
		if figures.EndToEnd, err = endToEnd(ctx, dir); err != nil {
			return err
		}
	}
	fmt.Fprintln(stdout, figures)
	return nil
}

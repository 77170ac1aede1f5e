package bench

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"augur/facade"
)

// Run is the program: arguments without its name, the environment, where to print. endToEnd, when there is one, writes the history of a repository to a database and says how long that took.
// The result is the exit status: 0, 1 failed or differing, 2 usage.
func Run(ctx context.Context, args, env []string, stdout, stderr io.Writer, endToEnd func(ctx context.Context, dir string) (time.Duration, error)) int {
	flags := flag.NewFlagSet("facadebench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	repo := flags.String("repo", "", "git `directory` to read")
	verify := flags.Bool("verify", false, "compare every row with git log --numstat instead of measuring")
	rounds := flags.Int("rounds", 3, "how often git and the engine run, in turns")
	parallel := flags.Int("parallel", 0, "git processes (0: one a processor)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if *repo == "" || *rounds < 1 || flags.NArg() > 0 {
		flags.Usage()
		return 2
	}
	if err := run(ctx, *repo, *verify, *rounds, *parallel, env, stdout, stderr, endToEnd); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func run(ctx context.Context, repo string, verify bool, rounds, parallel int, env []string, stdout, stderr io.Writer, endToEnd func(context.Context, string) (time.Duration, error)) error {
	dir, err := filepath.Abs(repo)
	if err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "facadebench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	g, err := facade.New(facade.Options{Home: home, Env: env, Parallel: parallel})
	if err != nil {
		return err
	}
	if verify {
		res, err := Verify(ctx, g, dir, stderr)
		if err != nil {
			return err
		}
		fmt.Fprintln(stdout, res)
		if res.Differing > 0 {
			return fmt.Errorf("%d of %d rows differ from git", res.Differing, res.Rows)
		}
		return nil
	}
	figures, err := Measure(ctx, g, dir, rounds, stderr)
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

// Command benchmemory measures how much memory the program needs for histories that are extreme (`make bench-memory`): one of 1,000,000 commits, and one commit of 1,000,000 files. It makes both
// with git fast-import, lets `augur run` collect each into a PostgreSQL of its own, and watches the process and the git processes below it.
//
// The last line that it prints is for machines. Exit status: 0 measured, whatever the figures are; 1 not measured, or rows are missing; 2 usage; 130 interrupted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// options are those of the command line.
type options struct {
	program        string
	commits, files int
}

func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("benchmemory", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.program, "program", "bin/augur", "the program to measure")
	flags.IntVar(&o.commits, "commits", 1_000_000, "commits of the long history")
	flags.IntVar(&o.files, "files", 1_000_000, "files of the wide commit")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 || o.commits < 1 || o.files < 1 {
		fmt.Fprintln(stderr, "benchmemory: numbers must be positive, and there are no arguments")
		return 2
	}
	err := measure(ctx, o, env, stdout)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130
	}
	fmt.Fprintln(stderr, "benchmemory:", err)
	return 1
}

// measure makes both histories and collects them.
func measure(ctx context.Context, o options, env []string, out io.Writer) (err error) {
	dir, err := os.MkdirTemp("", "augur-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the benchmark: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The server may run as another user, who has to get in.
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("open the directory of the benchmark: %w", err)
	}
	program, err := filepath.Abs(o.program)
	if err != nil {
		return fmt.Errorf("find %s: %w", o.program, err)
	}
	var line []string
	for _, history := range []struct {
		name  string
		count int
		write func(io.Writer, int) error
	}{{"commits", o.commits, writeLong}, {"files", o.files, writeWide}} {
		repo := filepath.Join(dir, history.name+".git")
		began := time.Now()
		if err := generate(ctx, repo, env, func(w io.Writer) error { return history.write(w, history.count) }); err != nil {
			return err
		}
		fmt.Fprintf(out, "made a history of %d %s in %.0f s\n", history.count, history.name, time.Since(began).Seconds())
		got, err := collect(ctx, program, filepath.Join(dir, history.name), repo, env)
		if err != nil {
			return err
		}
		if got.rows != history.count {
			return fmt.Errorf("%d rows were stored of a history of %d %s", got.rows, history.count, history.name)
		}
		fmt.Fprintf(out, "collected it in %.0f s: the program needed at most %d MiB (%d MiB with the packs that it has mapped), git below it %d MiB\n",
			got.took.Seconds(), got.own>>20, got.resident>>20, got.below>>20)
		line = append(line, fmt.Sprintf("%s=%d seconds=%.0f peak_mib=%d resident_mib=%d git_peak_mib=%d", history.name, history.count, got.took.Seconds(), got.own>>20, got.resident>>20,
			got.below>>20))
	}
	fmt.Fprintf(out, "memory: %s\n", strings.Join(line, " "))
	return nil
}

// generate makes a bare repository from what write gives to git fast-import.
func generate(ctx context.Context, repo string, env []string, write func(io.Writer) error) error {
	git := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Env = slices.Concat(env, []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull})
		return cmd
	}
	if out, err := git("init", "-q", "--bare", "-b", "main", repo).CombinedOutput(); err != nil {
		return fmt.Errorf("make a repository: %w: %s", err, out)
	}
	cmd := git("--git-dir="+repo, "fast-import", "--quiet")
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("make a history: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("make a history: %w", err)
	}
	err = errors.Join(write(in), in.Close())
	if err := errors.Join(cmd.Wait(), err); err != nil {
		return fmt.Errorf("make a history: %w", err)
	}
	return nil
}

// Package bench measures facade against git, and compares its rows with git's own numbers, on repositories that people name.
//
// A program calls it for `make bench-facade` and `make verify-facade`. It changes nothing in a repository. A row is one change of one file by one commit; it differs when its
// added and whitespace lines are not git's insertions, its removed and re-indented lines not git's deletions, or anything of it is not what the patches say.
package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os/exec"
	"slices"
	"time"

	"augur/facade"
)

// Bench compares one facade with the git of the machine.
type Bench struct {
	Git *facade.Git
	// Env is the environment of the other git, whose configuration is not read.
	Env []string
	// Out is told the progress and the differences.
	Out io.Writer
}

// Figures are what one repository costs.
type Figures struct {
	Repo          string
	Commits, Rows int
	// Git is `git log -p -M > /dev/null`, Engine the same history read by facade; each the median of its rounds.
	Git, Engine time.Duration
	// EndToEnd is the same history written to a database. Zero: not measured.
	EndToEnd time.Duration
}

// String is the line that the benchmark ends with.
func (f Figures) String() string {
	ratio := func(d time.Duration) float64 { return d.Seconds() / f.Git.Seconds() }
	s := fmt.Sprintf("facade: repo=%s commits=%d rows=%d git_log_p_M=%.2fs engine=%.2fs ratio=%.2f", f.Repo, f.Commits, f.Rows, f.Git.Seconds(), f.Engine.Seconds(), ratio(f.Engine))
	if f.EndToEnd > 0 {
		s += fmt.Sprintf(" end_to_end=%.2fs ratio=%.2f", f.EndToEnd.Seconds(), ratio(f.EndToEnd))
	}
	return s
}

// Measure runs git and facade in turns, so that other work on the machine meets both.
func (b Bench) Measure(ctx context.Context, dir string, rounds int) (Figures, error) {
	f := Figures{Repo: dir}
	var git, engine []time.Duration
	for i := range rounds {
		start := time.Now()
		cmd := exec.CommandContext(ctx, "git", "--git-dir="+dir, "log", "-p", "-M")
		cmd.Env = b.env()
		if err := cmd.Run(); err != nil {
			return f, fmt.Errorf("git log -p -M in %s: %w", dir, err)
		}
		git = append(git, time.Since(start))
		start = time.Now()
		commits, rows, err := count(ctx, b.Git, dir)
		if err != nil {
			return f, err
		}
		engine = append(engine, time.Since(start))
		f.Commits, f.Rows = commits, rows
		fmt.Fprintf(b.Out, "round %d: git log -p -M %.2fs, engine %.2fs, ratio %.2f\n", i+1, git[i].Seconds(), engine[i].Seconds(), engine[i].Seconds()/git[i].Seconds())
	}
	f.Git, f.Engine = median(git), median(engine)
	return f, nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func count(ctx context.Context, g *facade.Git, dir string) (commits, rows int, err error) {
	repo, hashes, err := open(ctx, g, dir)
	if err != nil {
		return 0, 0, err
	}
	for c, err := range repo.History(ctx, hashes) {
		if err != nil {
			return 0, 0, err
		}
		commits++
		rows += len(c.Files)
	}
	return commits, rows, nil
}

func open(ctx context.Context, g *facade.Git, dir string) (*facade.Repository, []string, error) {
	repo, err := g.Open(dir)
	if err != nil {
		return nil, nil, err
	}
	head, err := repo.Head(ctx)
	if err != nil || head.Hash == "" {
		return repo, nil, err
	}
	hashes, err := repo.NewCommits(ctx, head.Hash, "")
	return repo, hashes, err
}

// Result of a comparison.
type Result struct {
	Commits, Rows, Differing int
	Repairs                  facade.Repairs
}

// String is the line that the comparison ends with.
func (r Result) String() string {
	return fmt.Sprintf("verify-facade: rows=%d differing=%d commits=%d repairs=%d", r.Rows, r.Differing, r.Commits, r.Repairs.Total())
}

// shown is how many differences are told one by one.
const shown = 20

// Verify compares every commit with what git's patches say of it, and every row with `git log --numstat -z -M`.
func (b Bench) Verify(ctx context.Context, dir string) (Result, error) {
	var res Result
	repo, hashes, err := open(ctx, b.Git, dir)
	if err != nil || len(hashes) == 0 {
		return res, err
	}
	cmd := exec.CommandContext(ctx, "git", "--git-dir="+dir, "log", "--date-order", "--reverse", "--raw", "--numstat", "-z", "-M", "-l1000", "--root", "--format=%H")
	cmd.Env = b.env()
	cmd.Stderr = b.Out
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return res, err
	}
	if err := cmd.Start(); err != nil {
		return res, err
	}
	truth := &numstat{br: bufio.NewReaderSize(pipe, 1<<18)}
	differ := func(format string, args ...any) {
		if res.Differing++; res.Differing <= shown {
			fmt.Fprintf(b.Out, format+"\n", args...)
		}
	}
	patches, stop := iter.Pull2(repo.PatchHistory(ctx, hashes))
	defer stop()
	reading := repo.Read(hashes)
	for c, err := range reading.Commits(ctx) {
		if err != nil {
			return res, errors.Join(err, cmd.Cancel())
		}
		hash, files, err := truth.commit()
		if err != nil {
			return res, errors.Join(fmt.Errorf("read git log --numstat: %w", err), cmd.Cancel())
		}
		patch, err, _ := patches()
		if err != nil {
			return res, errors.Join(err, cmd.Cancel())
		}
		res.Commits++
		res.Repairs.Add(c.Repairs)
		if hash != c.Hash {
			differ("commit %s: git has %s here", c.Hash, hash)
			break
		}
		res.Rows += len(c.Files)
		compareCommits(c, patch, differ)
		compare(c, files, differ)
	}
	effort := reading.Effort()
	fmt.Fprintf(b.Out, "git decided on %d changes, and %d commits were read from its patches\n", effort.Asked, effort.PatchCommits)
	if hash, _, err := truth.commit(); !errors.Is(err, io.EOF) {
		differ("commit %s: only git has it (%v)", hash, err)
	}
	if err := cmd.Wait(); err != nil {
		return res, fmt.Errorf("git log --numstat: %w", err)
	}
	return res, nil
}

func (b Bench) env() []string {
	return append(slices.Clone(b.Env), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1", "LC_ALL=C",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
}

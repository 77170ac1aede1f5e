package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db/config"
	"augur/db/repos"
	"augur/facade/giturl"
	"augur/monitor"
	"augur/tasks"
	"augur/tasks/git"
)

// bench is a database with what is measured on it.
type bench struct {
	pool       *pgxpool.Pool
	home       string
	counted    *tracer
	postmaster int
	out        interface{ Write([]byte) (int, error) }

	catalog  *tasks.Catalog
	queue    *tasks.Queue
	settings *config.Store

	last string // the line for machines
}

// look is what one run of the phase cost.
type look struct {
	jobs map[string]time.Duration // by kind, on the database's clock
	took time.Duration            // from the first job's beginning to the last one's end
	cpu  time.Duration            // processor time of all of it
	work map[string]time.Duration // of that while a job of the kind ran, as far as looking every 10 ms tells
}

// updates collects the repository as it was some commits ago, then with these, and then again and again.
func (b *bench) updates(ctx context.Context, o options) error {
	origin, newest, n, err := b.origin(ctx, o)
	if err != nil {
		return err
	}
	known, err := ofTasks()
	if err != nil {
		return err
	}
	stop, err := b.start(ctx, origin)
	if err != nil {
		return err
	}
	first, err := b.collect(ctx)
	if err == nil {
		fmt.Fprintf(b.out, "everything: git_commits %s, processor time of the phase %s\n", ms(first.jobs[git.KindCommits]), ms(first.cpu))
		_, err = run1(ctx, origin, "update-ref", "refs/heads/main", newest)
	}
	var update look
	if err == nil {
		b.counted.take()
		update, err = b.collect(ctx)
	}
	if err != nil {
		return errors.Join(err, stop())
	}
	fmt.Fprintf(b.out, "%d new commits: git_fetch %s, git_commits %s, git_contributors %s, processor time of the phase %s\n", n,
		ms(update.jobs[git.KindFetch]), ms(update.jobs[git.KindCommits]), ms(update.jobs[git.KindContributors]), ms(update.cpu))
	fmt.Fprintf(b.out, "  of that git_fetch %s (which here does the remote's work, too), git_commits %s, git_contributors %s; in statements, by the clock: %s\n",
		ms(update.work[git.KindFetch]), ms(update.work[git.KindCommits]), ms(update.work[git.KindContributors]), longest(b.counted.take(), 6))

	var took, fetch, cpu []time.Duration
	for range o.rounds {
		same, err := b.collect(ctx)
		if err != nil {
			return errors.Join(err, stop())
		}
		took, fetch, cpu = append(took, same.took), append(fetch, same.jobs[git.KindFetch]), append(cpu, same.cpu)
	}
	times, names := count(b.counted.take(), known)
	queries := float64(times) / float64(o.rounds)
	fmt.Fprintf(b.out, "nothing new: the phase %s from its first job to its last, of that git_fetch %s, processor time %s, statements of its tasks %.1f: %s (median of %d)\n",
		ms(median(took)), ms(median(fetch)), ms(median(cpu)), queries, strings.Join(names, ", "), o.rounds)
	b.last = fmt.Sprintf("bench-update: unchanged_ms=%.1f unchanged_queries=%.1f unchanged_cpu_ms=%.1f new_commits=%d update_ms=%.0f update_work_ms=%.0f update_phase_ms=%.0f update_cpu_ms=%.0f",
		milli(median(took)), queries, milli(median(cpu)), n, milli(update.jobs[git.KindCommits]), milli(update.work[git.KindCommits]), milli(update.took), milli(update.cpu))
	return stop()
}

func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// origin makes a repository of one branch that borrows the objects of the given one and lacks its newest commits: the first ancestor in the line of first parents that so many are not reachable from.
func (b *bench) origin(ctx context.Context, o options) (dir, newest string, n int, err error) {
	repo, err := filepath.Abs(o.repo)
	if err != nil {
		return "", "", 0, err
	}
	line, err := run1(ctx, repo, "rev-list", "--first-parent", fmt.Sprintf("--max-count=%d", o.commits+1), "HEAD")
	if err != nil {
		return "", "", 0, err
	}
	hashes := strings.Fields(line)
	for _, old := range hashes[1:] {
		text, err := run1(ctx, repo, "rev-list", "--count", old+"..HEAD")
		if err != nil {
			return "", "", 0, err
		}
		if n, err = strconv.Atoi(text); err != nil {
			return "", "", 0, err
		}
		if n >= o.commits {
			dir = filepath.Join(b.home, "origin.git")
			if _, err := run1(ctx, b.home, "init", "--quiet", "--bare", "--initial-branch=main", dir); err != nil {
				return "", "", 0, err
			}
			objects, err := run1(ctx, repo, "rev-parse", "--path-format=absolute", "--git-path", "objects")
			if err != nil {
				return "", "", 0, err
			}
			if err := os.WriteFile(filepath.Join(dir, "objects", "info", "alternates"), []byte(objects+"\n"), 0o600); err != nil {
				return "", "", 0, err
			}
			if _, err := run1(ctx, dir, "update-ref", "refs/heads/main", old); err != nil {
				return "", "", 0, err
			}
			return dir, hashes[0], n, nil
		}
	}
	return "", "", 0, fmt.Errorf("%s has no %d commits", repo, o.commits)
}

// run1 is what git prints, trimmed.
func run1(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// start adds the repository and starts a worker, which ends with stop.
func (b *bench) start(ctx context.Context, origin string) (stop func() error, err error) {
	b.settings = config.Static(config.NewRegistry(
		config.NewSection[git.Settings]("Facade"), config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine"),
	), "Facade.allow_local=1", "Facade.limited_run=1")
	if sum, err := repos.AddURLs(ctx, b.pool, 1, []string{origin}, repos.Options{Policy: giturl.Policy{AllowLocal: true}}); err != nil || sum.Added != 1 {
		return nil, errors.Join(fmt.Errorf("add %s: not added", origin), err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	b.catalog = tasks.NewCatalog()
	git.Add(b.catalog, b.settings, git.Options{Home: b.home, Env: os.Environ(), Version: "bench", Log: log})
	if b.queue, err = tasks.NewQueue(b.pool, monitor.RetryAfter(b.settings), log); err != nil {
		return nil, err
	}
	process, err := tasks.NewProcess(ctx, b.pool, b.catalog, b.queue, b.settings, tasks.WorkerOptions{Queues: map[string]int{"facade": 1}, Host: "bench", PID: os.Getpid(), Log: log})
	if err != nil {
		return nil, err
	}
	working, cancel := context.WithCancel(ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(working) }()
	return func() error { cancel(); return <-stopped }, nil
}

// collect runs the phase once.
func (b *bench) collect(ctx context.Context) (look, error) {
	var repo int64
	var url string
	if err := b.pool.QueryRow(ctx, statement("repo")).Scan(&repo, &url); err != nil {
		return look{}, fmt.Errorf("find the repository: %w", err)
	}
	before, err := processorTime(b.postmaster)
	if err != nil {
		return look{}, err
	}
	err = pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		steps := b.catalog.Graph(tasks.Facade, tasks.PlatformOf(url), b.settings, true)
		return b.queue.StartRuns(ctx, tx, tasks.Facade, []tasks.Start{{RepoID: repo, Full: true, Steps: steps}}, "bench", "it is measured")
	})
	if err != nil {
		return look{}, fmt.Errorf("start a run: %w", err)
	}
	l := look{jobs: map[string]time.Duration{}, work: map[string]time.Duration{}}
	for open, kind, last := true, "", before; open; {
		var next string
		if err := b.pool.QueryRow(ctx, statement("open")).Scan(&open, &next); err != nil {
			return look{}, fmt.Errorf("wait for the run: %w", err)
		}
		now, err := processorTime(b.postmaster)
		if err != nil {
			return look{}, err
		}
		// Only one job runs at a time.
		l.work[kind] += now - last
		l.cpu, last, kind = now-before, now, next
		select {
		case <-ctx.Done():
			return look{}, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	if err := b.pool.QueryRow(ctx, statement("took")).Scan(&l.took); err != nil {
		return l, fmt.Errorf("time the run: %w", err)
	}
	rows, err := b.pool.Query(ctx, statement("jobs"))
	if err != nil {
		return l, err
	}
	var kind, outcome string
	var took time.Duration
	_, err = pgx.ForEachRow(rows, []any{&kind, &took, &outcome}, func() error {
		if outcome != "completed" {
			return fmt.Errorf("%s is %s", kind, outcome)
		}
		l.jobs[kind] = took
		return nil
	})
	return l, err
}

package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor"
	"augur/monitor/supervisor"
	"augur/tasks"
)

// resetReason is what the log of statuses says about a reset.
const resetReason = "augur backend repo-reset"

func (a *app) backendRepoResetCommand() *cli.Command {
	return &cli.Command{
		Name:  "repo-reset",
		Usage: "forget what was collected, so that every repository is collected from the start",
		Description: `Sets all phases of all repositories to Pending, without dates, and empties the tables of git history (commits, commit_messages,
commit_parents, commit_comment_ref). Everything else that was collected stays and is updated by the next collection; clones stay, too.

The backend and all workers must be stopped.

Exit status: 0 when it is done, also when the answer was no; 1 failed; 2 called in a wrong way.`,
		Flags:  []cli.Flag{pidfileFlag(), yesFlag()},
		Action: alone(a.backendRepoReset),
	}
}

func (a *app) backendRepoReset(c *cli.Context) error {
	path, err := a.pidfile(c)
	if err != nil {
		return err
	}
	found, running, err := supervisor.Find(c.Context, path)
	if err != nil {
		return err
	}
	if running {
		return fmt.Errorf("the backend is running as pid %d: stop it first with `augur backend stop`", found.PID)
	}
	return a.asked(c, "deletes the git history of all repositories from the database, and starts their collection over", func() error {
		return a.withDatabase(c.Context, db.Options{MaxConns: 4, ApplicationName: resetReason}, a.repoReset)
	})
}

func (a *app) repoReset(ctx context.Context, s *session) error {
	workers, err := db.New().Workers(ctx, s.Pool)
	if err != nil {
		return fmt.Errorf("list workers: %w", err)
	}
	for _, w := range workers {
		if w.SilentSeconds < tasks.LeaseLength.Seconds() {
			return fmt.Errorf("a worker runs as pid %d on %s: stop it first", w.PID, w.Host)
		}
	}
	silent := slog.New(slog.DiscardHandler)
	settings, err := config.Read(ctx, s.Pool, registry(), silent)
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	queue, err := tasks.NewQueue(s.Pool, monitor.RetryAfter(settings), silent)
	if err != nil {
		return err
	}
	closed, err := monitor.New(s.Pool, queue, tasks.NewCatalog(), settings, silent).Reset(ctx, nil, resetReason)
	if err != nil {
		return fmt.Errorf("take repositories out of collection: %w", err)
	}
	var repos int64
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		repos, err = startOver(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	if closed.Jobs > 0 {
		fmt.Fprintf(a.stdout, "%s cancelled.\n", counted(closed.Jobs, "unfinished job"))
	}
	fmt.Fprintf(a.stdout, "%s will be collected from the start; stored git history is deleted.\n", countedRepos(repos))
	return nil
}

// startOver empties what the facade stored and sets every phase to Pending, unless a monitor has started something meanwhile.
func startOver(ctx context.Context, tx pgx.Tx) (repos int64, err error) {
	q := db.New()
	turn, err := q.TryLead(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("take the monitor's turn: %w", err)
	}
	collecting, err := q.CountCollecting(ctx, tx)
	if err != nil {
		return 0, fmt.Errorf("count what is Collecting: %w", err)
	}
	if !turn.Leads || collecting > 0 {
		return 0, fmt.Errorf("a backend on another machine has started to collect: stop it first")
	}
	if err := q.DropAllCommits(ctx, tx); err != nil {
		return 0, fmt.Errorf("empty the tables of git history: %w", err)
	}
	if err := q.ForgetHistories(ctx, tx); err != nil {
		return 0, fmt.Errorf("forget how far histories are stored: %w", err)
	}
	if err := q.ForgetBackOffs(ctx, tx); err != nil {
		return 0, fmt.Errorf("forget what failed: %w", err)
	}
	if err := q.Explain(ctx, tx, db.ExplainParams{Who: "reset", Why: resetReason}); err != nil {
		return 0, fmt.Errorf("explain the reset: %w", err)
	}
	if repos, err = q.PendAll(ctx, tx); err != nil {
		return 0, fmt.Errorf("set statuses to Pending: %w", err)
	}
	return repos, nil
}

package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor"
	"augur/tasks"
)

func (a *app) tasksCommand() *cli.Command {
	return &cli.Command{
		Name:        "tasks",
		Usage:       "the tasks of collection",
		Subcommands: []*cli.Command{a.tasksClearCommand()},
	}
}

func (a *app) tasksClearCommand() *cli.Command {
	return &cli.Command{
		Name:    "clear",
		Aliases: []string{"clear-tasks"},
		Usage:   "take all repositories out of collection",
		Description: "Open runs are closed and their jobs cancelled, those that run included. Each phase goes back to what it was: Success if it was ever " +
			"collected, otherwise Pending; what was stored stays. A monitor that runs starts them again when they are due.\n\n" +
			"Exit status: 0 cleared, or not wanted; 1 failed: then nothing is changed.",
		Flags:  []cli.Flag{yesFlag()},
		Action: alone(a.clearTasks),
	}
}

func (a *app) clearTasks(c *cli.Context) error {
	return a.asked(c, "closes all open runs and cancels their jobs", func() error {
		return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
			log := slog.New(slog.DiscardHandler)
			settings, err := config.Read(ctx, s.Pool, registry(), log)
			if err != nil {
				return fmt.Errorf("read the settings: %w", err)
			}
			catalog, err := a.catalog(settings, log)
			if err != nil {
				return err
			}
			queue, err := tasks.NewQueue(s.Pool, monitor.RetryAfter(settings), log)
			if err != nil {
				return err
			}
			report, err := monitor.New(s.Pool, queue, catalog, settings, log).Reset(ctx, nil, "augur tasks clear")
			if err != nil {
				return err
			}
			if report == (monitor.ResetReport{}) {
				fmt.Fprintln(a.stdout, "nothing was running or waiting")
				return nil
			}
			fmt.Fprintf(a.stdout, "%s closed, %s cancelled, %s set back\n",
				counted(report.Runs, "run"), counted(report.Jobs, "job"), counted(report.Phases, "phase"))
			return nil
		})
	})
}

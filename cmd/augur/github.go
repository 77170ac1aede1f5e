package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/urfave/cli/v2"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/github/api"
)

func (a *app) githubCommand() *cli.Command {
	return &cli.Command{
		Name:        "github",
		Usage:       "keys for the API of GitHub, and who uses them up",
		Subcommands: []*cli.Command{a.githubKeysCommand(), a.githubBudgetCommand(), a.githubPlanCommand()},
	}
}

// withGitHub runs work with a service for GitHub's API, as the settings say.
func withGitHub(ctx context.Context, s *session, log *slog.Logger, work func(ctx context.Context, settings *config.Store, github *api.Service) error) (err error) {
	settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	github, err := api.New(s.Pool, settings, api.Options{Version: version, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, github.Close(context.WithoutCancel(ctx))) }()
	return work(ctx, settings, github)
}

// withoutBudget says what a person can do when a command cannot ask GitHub: jobs wait, commands end.
func withoutBudget(err error) error {
	limit, ok := errors.AsType[*tasks.RateLimitError](err)
	switch {
	case !ok:
		return err
	case errors.Is(err, api.ErrNoKeys):
		return limit.Err // which has a hint
	}
	return tasks.Hint(limit.Err, fmt.Sprintf("repeat the command after %s; `augur github budget` shows who uses the keys", limit.Until.UTC().Format(time.RFC3339)))
}

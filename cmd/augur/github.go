package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/urfave/cli/v2"

	"augur/db/config"
	"augur/tasks/github/api"
)

func (a *app) githubCommand() *cli.Command {
	return &cli.Command{
		Name:        "github",
		Usage:       "keys for the API of GitHub, and who uses them up",
		Subcommands: []*cli.Command{a.githubKeysCommand(), a.githubBudgetCommand()},
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

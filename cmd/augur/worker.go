package main

import (
	"github.com/urfave/cli/v2"
)

// workerCommand is the command `augur worker`.
func (a *app) workerCommand() *cli.Command {
	return &cli.Command{
		Name:   "worker",
		Usage:  "work jobs of some queues, next to the backend or on another machine",
		Action: a.worker,
	}
}

func (a *app) worker(c *cli.Context) error {
	return noArguments(c)
}

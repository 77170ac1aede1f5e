package main

import "github.com/urfave/cli/v2"

func (a *app) tasksCommand() *cli.Command {
	return &cli.Command{Name: "tasks", Usage: "runs and jobs"}
}

package main

import "github.com/urfave/cli/v2"

func (a *app) configCommand() *cli.Command {
	return &cli.Command{Name: "config", Usage: "the settings in augur_operations.config"}
}

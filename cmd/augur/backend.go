package main

import (
	"time"

	"github.com/urfave/cli/v2"
)

// pidfileFlag is the option of every command that looks for the backend.
func pidfileFlag() cli.Flag {
	return &cli.PathFlag{Name: "pidfile", Usage: "`FILE` that names the running backend (default: main.pid in $AUGUR_HOME)"}
}

// backendCommand is the command group `augur backend`.
func (a *app) backendCommand() *cli.Command {
	return &cli.Command{
		Name:  "backend",
		Usage: "run the collection on this machine: monitor, workers and web server",
		Subcommands: []*cli.Command{
			{
				Name: "stop", Usage: "stop the backend: running jobs finish or are handed back", Action: a.backendStop,
				Flags: []cli.Flag{
					pidfileFlag(),
					&cli.DurationFlag{Name: "timeout", Usage: "give up waiting after `DURATION`", Value: time.Minute},
				},
			},
		},
	}
}

func (a *app) backendStop(c *cli.Context) error {
	return noArguments(c)
}

package main

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"
)

// Times of the backend and of workers.
const (
	// drainDefault is how long running jobs may go on after a stop before they are handed back.
	drainDefault = 20 * time.Second
	// graceAfterDrain is how much longer than the drain a worker may take to stop before it is killed.
	graceAfterDrain = 15 * time.Second
)

const backendHelp = `The backend collects what is due until it is stopped. It runs in the foreground: a monitor that starts what is due, a worker process for
each queue that has tasks, and a web server on this machine. Workers that die are started again; workers end when the backend dies.

To run it as a service, let the service manager start "augur backend start" and stop it with SIGTERM.`

// backendCommand is the command group `augur backend`.
func (a *app) backendCommand() *cli.Command {
	return &cli.Command{
		Name:        "backend",
		Usage:       "run the collection on this machine: monitor, workers and web server",
		Description: backendHelp,
		Subcommands: []*cli.Command{
			a.backendStartCommand(),
			a.backendStopCommand(),
			a.backendKillCommand(),
			a.backendStopCollectionCommand(),
			a.backendProcessesCommand(),
			a.backendRepoResetCommand(),
		},
	}
}

// pidfileFlag is the option of every command that looks for the backend.
func pidfileFlag() cli.Flag {
	return &cli.PathFlag{Name: "pidfile", DefaultText: "main.pid in AUGUR_HOME", Usage: "`FILE` that names the running backend"}
}

// pidfile is the path that the option or the default says.
func (a *app) pidfile(c *cli.Context) (string, error) {
	if path := c.Path("pidfile"); path != "" {
		abs, err := filepath.Abs(path)
		if err != nil {
			return "", fmt.Errorf("--pidfile: %w", err)
		}
		return abs, nil
	}
	home, err := a.home()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "main.pid"), nil
}

func drainFlag() cli.Flag {
	return &cli.DurationFlag{Name: "drain", Value: drainDefault, Usage: "how long running jobs may go on after a stop before they are handed back: a `DURATION` such as 20s"}
}

func developmentFlag() cli.Flag {
	return &cli.BoolFlag{Name: "development", Usage: "log everything, to standard error only"}
}

// drain is the value of the option.
func drain(c *cli.Context) (time.Duration, error) {
	d := c.Duration("drain")
	if d < time.Second || d > time.Hour {
		return 0, usage("--drain: must be between 1s and 1h (got %s)", d)
	}
	return d, nil
}

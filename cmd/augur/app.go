package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"augur/tasks"
)

// Exit statuses: an API, shown in the help.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

const exitHelp = `Exit status: 0 done; 1 failed, or a part of it failed; 2 called in a wrong way; 130 interrupted.

Environment: AUGUR_DB is the database (any PostgreSQL URL); when it is not set, the program runs a private PostgreSQL in AUGUR_HOME/postgres.
AUGUR_HOME is the directory for the private database, clones and logs. PG_BIN is the directory of the PostgreSQL programs to use.
Every option can also be given as AUGUR_<GROUP>_<COMMAND>_<OPTION>.`

// errUsage marks a mistake in how a command was called.
var errUsage = errors.New("wrong usage")

// usage is an error that ends the program with status 2.
func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fmt.Errorf(format, args...))
}

// errInterrupted is the end of a service that Ctrl-C stopped in order. It needs a name, since the service may have ended before the context of
// the command has: both hear of the signal, in no order.
var errInterrupted = fmt.Errorf("interrupted: %w", context.Canceled)

// errPartial says that the command did its work, has told what could not be done, and ends with status 1.
var errPartial = errors.New("not everything could be done")

// app is what every command shares: the world outside.
type app struct {
	environ        map[string]string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// getenv is the value of an environment variable.
func (a *app) getenv(name string) string { return a.environ[name] }

// run runs one command and returns the exit status.
func run(args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{environ: map[string]string{}, stdin: stdin, stdout: stdout, stderr: stderr}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		a.environ[name] = value
	}
	// A reader that goes away (`augur ... | head -1`) is an error of writing, not a reason to die with the private PostgreSQL running.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	interrupts := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as by nohup
		interrupts = append(interrupts, syscall.SIGHUP) // the terminal is gone
	}
	ctx, stop := signal.NotifyContext(context.Background(), interrupts...)
	defer stop()
	err := a.commands().RunContext(ctx, args)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errInterrupted), ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "augur: interrupted")
		return exitInterrupted
	case errors.Is(err, errPartial):
		return exitFailed
	}
	if exit, ok := errors.AsType[cli.ExitCoder](err); ok {
		return exit.ExitCode() // of psql, which has said what was wrong
	}
	fmt.Fprintln(stderr, "augur:", tasks.Scrub(message(err)))
	if errors.Is(err, errUsage) {
		return exitUsage
	}
	return exitFailed
}

// message is the error without the mark of a usage error.
func message(err error) string {
	return strings.TrimPrefix(err.Error(), errUsage.Error()+": ")
}

// commands is the program's command line.
func (a *app) commands() *cli.App {
	c := &cli.App{
		Name:        "augur",
		Usage:       "collect what happens in software repositories into PostgreSQL",
		Description: exitHelp,
		Version:     version,
		Reader:      a.stdin,
		Writer:      a.stdout,
		ErrWriter:   a.stderr,
		Commands: []*cli.Command{
			a.runCommand(), a.backendCommand(), a.workerCommand(), a.statusCommand(), a.dbCommand(), a.configCommand(), a.tasksCommand(), a.insightsCommand(), a.monitorCommand(),
			a.facadeCommand(), a.githubCommand(), a.devCommand(),
		},
		// Errors are printed and turned into a status in one place: run.
		ExitErrHandler:       func(*cli.Context, error) {},
		OnUsageError:         onUsageError,
		CommandNotFound:      nil,
		EnableBashCompletion: true,
		HideHelpCommand:      true,
	}
	c.Action = func(c *cli.Context) error {
		if c.Args().Present() {
			return usage("there is no command %q; see `augur --help`", c.Args().First())
		}
		return cli.ShowAppHelp(c)
	}
	for _, command := range c.Commands {
		prepare(command, "AUGUR")
	}
	return c
}

// prepare gives a command and what is below it the habits of all: environment variables for options, usage errors, no stray arguments.
func prepare(command *cli.Command, prefix string) {
	prefix += "_" + envName(command.Name)
	command.OnUsageError = onUsageError
	command.HideHelpCommand = true
	for _, flag := range command.Flags {
		fromEnvironment(flag, prefix)
	}
	for _, sub := range command.Subcommands {
		prepare(sub, prefix)
	}
	if len(command.Subcommands) > 0 && command.Action == nil {
		command.Action = func(c *cli.Context) error {
			if c.Args().Present() {
				return usage("there is no command %q in `augur %s`; see `augur %s --help`", c.Args().First(), command.Name, command.Name)
			}
			return cli.ShowSubcommandHelp(c)
		}
	}
}

func onUsageError(_ *cli.Context, err error, _ bool) error { return usage("%w", err) }

func envName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

func fromEnvironment(flag cli.Flag, prefix string) {
	name := prefix + "_" + envName(flag.Names()[0])
	switch f := flag.(type) {
	case *cli.StringFlag:
		f.EnvVars = append(f.EnvVars, name)
	case *cli.StringSliceFlag:
		f.EnvVars = append(f.EnvVars, name)
	case *cli.BoolFlag:
		f.DisableDefaultText = true // "default: false" says nothing
		f.EnvVars = append(f.EnvVars, name)
	case *cli.IntFlag:
		f.EnvVars = append(f.EnvVars, name)
	case *cli.Int64Flag:
		f.EnvVars = append(f.EnvVars, name)
	case *cli.DurationFlag:
		f.EnvVars = append(f.EnvVars, name)
	case *cli.PathFlag:
		f.EnvVars = append(f.EnvVars, name)
	default:
		panic(fmt.Sprintf("option %s: a type that has no environment variable", flag.Names()[0]))
	}
}

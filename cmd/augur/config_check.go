package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor/supervisor"
	"augur/tasks/git"
)

func (a *app) configCheckCommand() *cli.Command {
	return &cli.Command{
		Name:  "check",
		Usage: "find settings that are not in effect, that nothing reads, and directories that cannot be used",
		Description: "A value that makes no sense changes nothing: the default, or the value before it, is in effect. Settings that nothing reads are only " +
			"mentioned.\n\nExit status: 0 all settings are in effect; 1 there is a problem.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "list also unused settings that have their default"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: alone(a.checkConfig),
	}
}

func (a *app) checkConfig(c *cli.Context) error {
	home, err := a.home()
	if err != nil {
		return err
	}
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		found, err := config.Check(ctx, s.Pool, registry(), directories(home))
		if err != nil {
			return err
		}
		if c.Bool("json") {
			// A list that is empty is [] in JSON.
			found.Problems, found.Unused = append([]config.Problem{}, found.Problems...), append([]config.Unused{}, found.Unused...)
			err = a.printJSON(found)
		} else {
			hidden := 0
			if !c.Bool("all") {
				found.Unused, hidden = withoutDefaults(found.Unused)
			}
			a.printFindings(found, hidden)
		}
		if err == nil && len(found.Problems) > 0 {
			return errPartial
		}
		return err
	})
}

// directories looks at the directories that settings name.
func directories(home string) func(context.Context, *config.Store) []config.Problem {
	return func(_ context.Context, settings *config.Store) []config.Problem {
		var problems []config.Problem
		facade := config.Of[git.Settings](settings)
		if err := facade.CheckDirectory(home); err != nil {
			problems = append(problems, config.Problem{
				Section: "Facade", Setting: "repo_directory", Reason: strings.TrimPrefix(err.Error(), "Facade.repo_directory: "),
				InEffect: facade.RepoDirectory,
			})
		}
		dir := config.Of[supervisor.Logging](settings).Directory
		if info, err := os.Stat(dir); dir != "" && err == nil && !info.IsDir() {
			problems = append(problems, config.Problem{Section: "Logging", Setting: "logs_directory", Reason: dir + " is not a directory", InEffect: dir})
		}
		return problems
	}
}

// withoutDefaults leaves out unused settings that nobody has touched, and counts them.
func withoutDefaults(unused []config.Unused) (touched []config.Unused, hidden int) {
	for _, u := range unused {
		if u.Unknown || !u.Default {
			touched = append(touched, u)
		}
	}
	return touched, len(unused) - len(touched)
}

func (a *app) printFindings(found config.Findings, hidden int) {
	for _, p := range found.Problems {
		fmt.Fprintf(a.stdout, "problem: %s; in effect is %q\n", printable(p.String()), printable(p.InEffect))
	}
	for _, u := range found.Unused {
		fmt.Fprintf(a.stdout, "unused: %s.%s: %s\n", printable(u.Section), printable(u.Setting), printable(u.Reason))
	}
	for _, note := range found.Notes {
		fmt.Fprintf(a.stdout, "note: %s\n", printable(note))
	}
	if len(found.Problems) > 0 {
		fmt.Fprintf(a.stdout, "%s: `augur config set` corrects a value\n", counted(len(found.Problems), "problem"))
	} else {
		fmt.Fprintln(a.stdout, "no problems: every setting is in effect")
	}
	if hidden > 0 {
		fmt.Fprintf(a.stdout, "%s with their default values are read by nothing yet: `augur config check --all` lists them\n", counted(hidden, "setting"))
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
)

func (a *app) configCommand() *cli.Command {
	return &cli.Command{
		Name:  "config",
		Usage: "the settings: show, change, check, save and load them",
		Description: "Settings are rows of augur_operations.config: a section, a setting and a value. An UPDATE in psql does the same as " +
			"`augur config set`, but nobody tells whether the value makes sense: `augur config check` does.\n\nSecrets are shown as REDACTED.",
		Subcommands: []*cli.Command{
			a.configInitCommand(), a.configGetCommand(), a.configSetCommand(), a.configCheckCommand(),
			a.configAllJSONCommand(), a.configLoadCommand(), a.configAddSectionCommand(), a.configClearCommand(),
		},
	}
}

func (a *app) configGetCommand() *cli.Command {
	return &cli.Command{
		Name:  "get",
		Usage: "show one setting, a section, or all settings",
		Description: "With --setting only the value is printed, so that scripts can use it.\n\n" +
			"Exit status: 0 shown; 1 there is no such section or setting.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "section", Usage: "the `SECTION`, such as Tasks"},
			&cli.StringFlag{Name: "setting", Usage: "the `SETTING` of that section"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: alone(a.getConfig),
	}
}

func (a *app) getConfig(c *cli.Context) error {
	section, setting := c.String("section"), c.String("setting")
	if setting != "" && section == "" {
		return usage("--setting needs --section: settings of different sections may have one name")
	}
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		if setting != "" {
			v, err := config.Get(ctx, s.Pool, registry(), section, setting)
			if err != nil {
				return knownNames(err)
			}
			return a.printValue(c, v)
		}
		values, err := config.Values(ctx, s.Pool, registry())
		if section != "" {
			values, err = config.GetSection(ctx, s.Pool, registry(), section)
		}
		if err != nil {
			return knownNames(err)
		}
		if c.Bool("json") {
			return a.printJSON(values)
		}
		a.printValues(values)
		return nil
	})
}

// knownNames adds where the names of settings can be found.
func knownNames(err error) error {
	if errors.Is(err, config.ErrUnknown) {
		return fmt.Errorf("%w; `augur config get` lists all settings", err)
	}
	return err
}

// printValue prints a value for scripts, and what else a person should know on stderr.
func (a *app) printValue(c *cli.Context, v config.Value) error {
	if c.Bool("json") {
		return a.printJSON(v)
	}
	fmt.Fprintln(a.stdout, v.Value)
	for _, remark := range remarks(v) {
		fmt.Fprintf(a.stderr, "%s.%s: %s\n", v.Section, v.Setting, remark)
	}
	return nil
}

func remarks(v config.Value) []string {
	var found []string
	if v.Problem != "" {
		found = append(found, "this value is not in effect: "+printable(v.Problem))
	}
	if v.Unused != "" {
		found = append(found, "has no effect: "+v.Unused)
	}
	return found
}

func (a *app) printValues(values []config.Value) {
	t := newTable(a.stdout, "Setting", "Value", "A change takes effect")
	for _, v := range values {
		value, effect := printable(v.Value), string(v.Effect)
		if v.Problem != "" {
			value += " (not in effect)"
		}
		if v.Unused != "" {
			effect = "never: " + v.Unused
		}
		t.AppendRow(table.Row{printable(v.Section + "." + v.Setting), value, effect})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 60}})
	t.Render()
	for _, v := range values {
		if v.Problem != "" {
			fmt.Fprintf(a.stdout, "%s.%s: this value is not in effect: %s\n", printable(v.Section), printable(v.Setting), printable(v.Problem))
		}
	}
}

func (a *app) configSetCommand() *cli.Command {
	return &cli.Command{
		Name:  "set",
		Usage: "change one setting",
		Description: "A value that makes no sense is refused, with the reason. `--value -` reads the value from standard input, which keeps a secret out of " +
			"process lists and the shell's history.\n\nExit status: 0 the setting has the value; 1 it was refused.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "section", Usage: "the `SECTION`, such as Tasks (required)"},
			&cli.StringFlag{Name: "setting", Usage: "the `SETTING` of that section (required)"},
			&cli.StringFlag{Name: "value", Usage: "the new `VALUE`, may be empty (required)"},
		},
		Action: alone(a.setConfig),
	}
}

func (a *app) setConfig(c *cli.Context) error {
	if err := required(c, "section", "setting"); err != nil {
		return err
	}
	if !c.IsSet("value") {
		return usage("--value is missing; see `%s --help`", c.Command.HelpName)
	}
	value, err := a.valueOf(c)
	if err != nil {
		return err
	}
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		v, report, err := config.Set(ctx, s.Pool, registry(), c.String("section"), c.String("setting"), value)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s.%s = %s\n", printable(v.Section), printable(v.Setting), printable(v.Value))
		switch {
		case len(report.Inserted)+len(report.Overwritten) == 0:
			fmt.Fprintln(a.stderr, "it had that value already")
		case v.Unused == "" && effects[v.Effect] != "":
			fmt.Fprintln(a.stderr, effects[v.Effect])
		}
		a.warn(report)
		return a.warnOfDirectory(ctx, s, v)
	})
}

// warnOfDirectory tells that the directory that was set cannot be used here. It is no refusal: workers may run on other machines.
func (a *app) warnOfDirectory(ctx context.Context, s *session, v config.Value) error {
	home, err := a.home()
	if err != nil {
		return err
	}
	settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	for _, p := range directories(home)(ctx, settings) {
		if p.Section == v.Section && p.Setting == v.Setting {
			fmt.Fprintf(a.stderr, "on this machine it cannot be used: %s\n", printable(p.Reason))
		}
	}
	return nil
}

// effects are sentences for when a change is in effect.
var effects = map[config.Effect]string{
	config.AtOnce:   "takes effect at once",
	config.NextTick: "takes effect when the monitor looks again, see Tasks.collection_interval",
	config.NextTask: "takes effect for tasks that start from now on",
	config.Restart:  "takes effect after a restart of `augur backend`",
}

// valueOf is --value, or one line of standard input.
func (a *app) valueOf(c *cli.Context) (string, error) {
	value := c.String("value")
	if value != "-" {
		return value, nil
	}
	input := interruptible(c.Context, a.stdin)
	defer input.Close()
	text, err := io.ReadAll(io.LimitReader(input, 1<<20))
	if err != nil {
		return "", fmt.Errorf("read the value from standard input: %w", err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// required reports options that were not given, all at once.
func required(c *cli.Context, names ...string) error {
	var missing []string
	for _, name := range names {
		if c.String(name) == "" {
			missing = append(missing, "--"+name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	verb := " is"
	if len(missing) > 1 {
		verb = " are"
	}
	return usage("%s%s missing; see `%s --help`", strings.Join(missing, ", "), verb, c.Command.HelpName)
}

func (a *app) configClearCommand() *cli.Command {
	return &cli.Command{
		Name:        "clear",
		Usage:       "remove all settings, so that the defaults are in effect",
		Description: "Save them before: `augur config get_all_json > FILE`, which leaves out secrets.",
		Flags:       []cli.Flag{yesFlag()},
		Action:      alone(a.clearConfig),
	}
}

func (a *app) clearConfig(c *cli.Context) error {
	return a.asked(c, "removes all settings, the API keys too", func() error {
		return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
			removed, err := config.Clear(ctx, s.Pool)
			if err != nil {
				return err
			}
			if removed == 0 {
				fmt.Fprintln(a.stdout, "there were no settings; `augur config init` writes the defaults into the table")
				return nil
			}
			fmt.Fprintf(a.stdout, "%s removed: the defaults are in effect; `augur config init` writes them into the table\n", counted(int(removed), "setting"))
			return nil
		})
	})
}

// printReport says what became of the table.
func (a *app) printReport(report config.Report) {
	for _, part := range []struct {
		what  string
		paths []string
	}{{"added", report.Inserted}, {"changed", report.Overwritten}, {"removed", report.Deleted}} {
		if len(part.paths) > 0 {
			fmt.Fprintf(a.stdout, "%s %s: %s\n", counted(len(part.paths), "setting"), part.what, listed(part.paths))
		}
	}
	if len(report.Inserted)+len(report.Overwritten)+len(report.Deleted) == 0 {
		fmt.Fprintf(a.stdout, "nothing was changed: %s there already\n", counted(len(report.Kept), "setting"))
	}
	a.warn(report)
}

// warn tells on stderr what is allowed but may not be what the person wanted.
func (a *app) warn(report config.Report) {
	for _, path := range report.NotApplied {
		fmt.Fprintf(a.stderr, "%s: has another value already, which was kept: change it with `augur config set`\n", printable(path))
	}
	for _, warning := range report.Warnings {
		fmt.Fprintln(a.stderr, printable(warning))
	}
}

// listed names a few of many.
func listed(paths []string) string {
	const most = 8
	if len(paths) <= most {
		return printable(strings.Join(paths, ", "))
	}
	return printable(strings.Join(paths[:most], ", ")) + fmt.Sprintf(" and %d more", len(paths)-most)
}

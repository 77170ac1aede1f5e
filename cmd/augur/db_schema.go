package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"augur/db/config"
	"augur/db/migrate"
)

func (a *app) dbUpgradeCommand() *cli.Command {
	return &cli.Command{
		Name:     "upgrade",
		Aliases:  []string{"create-schema", "upgrade-db-version"},
		Category: schemaCommands,
		Usage:    "create the schema, or bring it to the version of this program",
		Description: "Adds the settings that are missing, with their defaults. What is there stays; a second run changes nothing. Several may run at " +
			"once: one does the work.\n\nExit status: 0 the schema is current; 1 it is not.",
		Action: alone(a.upgradeSchema),
	}
}

func (a *app) upgradeSchema(c *cli.Context) error {
	return a.withConnection(c.Context, func(ctx context.Context, s *session) error {
		result, err := migrate.Up(ctx, s.Pool, slog.New(slog.DiscardHandler))
		if err == nil || len(result.Applied) > 0 {
			printApplied(a.stdout, s.name(), result)
		}
		if err != nil {
			return err
		}
		report, err := config.Init(ctx, s.Pool, registry(), config.InitOptions{})
		if err != nil {
			return fmt.Errorf("write the default settings: %w", err)
		}
		if n := len(report.Inserted); n > 0 {
			fmt.Fprintf(a.stdout, "%s added with default values: `augur config get` shows them\n", counted(n, "setting"))
		}
		return nil
	})
}

func printApplied(out io.Writer, database string, result migrate.Result) {
	if len(result.Applied) == 0 {
		if result.To > 0 {
			fmt.Fprintf(out, "schema of %s is at version %d, which is current: nothing to do\n", database, result.To)
		}
		return
	}
	for _, m := range result.Applied {
		fmt.Fprintf(out, "applied %s %d %s\n", m.Part, m.Version, printable(m.Name))
	}
	if result.From == 0 {
		fmt.Fprintf(out, "created the schema in %s: version %d\n", database, result.To)
		return
	}
	fmt.Fprintf(out, "upgraded the schema of %s: version %d, was %d\n", database, result.To, result.From)
}

func (a *app) dbPrintVersionCommand() *cli.Command {
	return &cli.Command{
		Name:        "print-db-version",
		Category:    schemaCommands,
		Usage:       "print the version of the schema; 0 means that there is none",
		Description: "With --json also the version that this program needs, and those of the queue's tables (river).",
		Flags:       []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action:      alone(a.printVersion),
	}
}

func (a *app) printVersion(c *cli.Context) error {
	return a.withConnection(c.Context, func(ctx context.Context, s *session) error {
		v, err := migrate.Version(ctx, s.Pool)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return a.printJSON(map[string]int64{"version": v.Have, "needed": v.Want, "river_version": v.RiverHave, "river_needed": v.RiverWant})
		}
		fmt.Fprintln(a.stdout, v.Have)
		return nil
	})
}

func (a *app) dbCheckForUpgradeCommand() *cli.Command {
	return &cli.Command{
		Name:        "check-for-upgrade",
		Category:    schemaCommands,
		Usage:       "list the migrations and tell whether the schema is current",
		Description: "Exit status: 0 the schema is the one that this program needs; 1 it is not, or could not be read.",
		Action:      alone(a.checkForUpgrade),
	}
}

func (a *app) checkForUpgrade(c *cli.Context) error {
	return a.withConnection(c.Context, func(ctx context.Context, s *session) error {
		history, err := migrate.History(ctx, s.Pool)
		if err != nil {
			return err
		}
		t := newTable(a.stdout, "Part", "Version", "Name", "Applied")
		for _, m := range history {
			at := "no"
			if !m.At.IsZero() {
				at = m.At.UTC().Format(time.DateTime)
			}
			t.AppendRow(table.Row{m.Part, strconv.FormatInt(m.Version, 10), printable(m.Name), at})
		}
		t.Render()
		state, err := schemaState(ctx, s)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, state)
		var version *migrate.VersionError
		if err := migrate.Check(ctx, s.Pool); errors.As(err, &version) {
			return errPartial
		} else if err != nil {
			return err
		}
		return nil
	})
}

// printJSON prints the facts of a command for programs.
func (a *app) printJSON(facts any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(facts); err != nil {
		return fmt.Errorf("print JSON: %w", err)
	}
	return nil
}

// counted is a number of things: "1 setting", "2 settings".
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return humanize.Comma(int64(n)) + " " + thing + "s"
}

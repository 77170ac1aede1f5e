package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/tasks/git"
)

func (a *app) facadeCommand() *cli.Command {
	return &cli.Command{
		Name:        "facade",
		Usage:       "the clones of git repositories",
		Subcommands: []*cli.Command{a.facadeDuCommand()},
	}
}

func (a *app) facadeDuCommand() *cli.Command {
	return &cli.Command{
		Name:  "du",
		Usage: "show what clones take on this machine's disk, who uses them, and which would be removed next",
		Description: "Clones lie in Facade.repo_directory. When they exceed Facade.disk_quota, or the disk has less than Facade.free_space_floor free, those that were not used " +
			"for longest are removed; what is stored of their repositories stays. Column Turn is the order.\n\n" +
			"Exit status: 0 shown, 1 failed, 2 called in a wrong way.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"},
			&cli.IntFlag{Name: "limit", Value: 50, Usage: "show at most `N` clones, the largest; 0 for all"},
		},
		Action: alone(func(c *cli.Context) error {
			if c.Int("limit") < 0 {
				return usage("--limit: must not be negative (got %d)", c.Int("limit"))
			}
			return a.withDatabase(c.Context, db.Options{MaxConns: 2, ApplicationName: "augur facade du"}, func(ctx context.Context, s *session) error {
				settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
				if err != nil {
					return fmt.Errorf("read the settings: %w", err)
				}
				home, err := a.home()
				if err != nil {
					return err
				}
				used, err := git.DiskUsage(ctx, s.Pool, config.Of[git.Settings](settings), home)
				if err != nil {
					return err
				}
				if c.Bool("json") {
					return a.printJSON(used)
				}
				printUsage(a.stdout, used, c.Int("limit"))
				return nil
			})
		}),
	}
}

func printUsage(out io.Writer, u *git.Usage, limit int) {
	size := func(n int64) string { return git.Size(n).String() }
	if len(u.Clones) == 0 {
		fmt.Fprintf(out, "There are no clones in %s.\n", u.Directory)
	} else {
		shown := u.Clones
		if limit > 0 && len(shown) > limit {
			shown = shown[:limit]
		}
		t := newTable(out, "Repository", "Size", "Last used", "In use by", "Turn")
		t.Style().Format.Footer = text.FormatDefault
		now := time.Now()
		for _, c := range shown {
			t.AppendRow(table.Row{cloneName(c), size(c.Bytes), humanize.RelTime(c.UsedAt, now, "ago", "from now"), usedBy(c), turnOf(c)})
		}
		t.AppendFooter(table.Row{english.Plural(len(u.Clones), "clone", ""), size(u.Bytes), "", "", ""})
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight, AlignFooter: text.AlignRight}, {Number: 5, Align: text.AlignRight}})
		t.Render()
		if len(shown) < len(u.Clones) {
			fmt.Fprintf(out, "The %d largest of %d are shown: --limit 0 shows all.\n", len(shown), len(u.Clones))
		}
	}
	fmt.Fprintf(out, "%s: clones %s (%s), other files %s, free on the disk %s (floor %s)\n",
		u.Directory, size(u.Bytes), limited("quota", u.Quota), size(u.Other), size(u.Free), size(u.Floor))
	for _, e := range u.Elsewhere {
		fmt.Fprintf(out, "On %s: %s, %s\n", e.Host, english.Plural(e.Clones, "clone", ""), size(e.Bytes))
	}
}

func limited(what string, n int64) string {
	if n == 0 {
		return "no " + what
	}
	return what + " " + git.Size(n).String()
}

func cloneName(c git.CloneUsage) string {
	name := c.URL
	if name == "" {
		name = c.Name + " (its repository is gone)"
	}
	if c.Broken {
		name += " (broken)"
	}
	return name
}

func usedBy(c git.CloneUsage) string {
	if len(c.Jobs) == 0 {
		return ""
	}
	return english.Plural(len(c.Jobs), "job", "")
}

func turnOf(c git.CloneUsage) string {
	switch {
	case len(c.Jobs) > 0:
		return "in use"
	case c.Turn == 0:
		return "" // it is not made yet
	case c.Next:
		return fmt.Sprintf("%d, next to go", c.Turn)
	}
	return fmt.Sprint(c.Turn)
}

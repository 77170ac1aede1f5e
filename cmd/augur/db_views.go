package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor/care"
)

// busyPoll is how often is asked whether another process is still refreshing.
const busyPoll = time.Second

const refreshViewsHelp = `The views are those that dashboards read. The backend refreshes them by itself, as the setting
Celery.refresh_materialized_views_interval_in_days says; this command does it now, one after another, without keeping readers out. Views below
which nothing changed since their last refresh are left alone, unless --force is given. VIEW is a name with or without schema; none stands for all.

Only one process refreshes at a time: while another does, this one waits.

Exit status: 0 every view is current; 1 at least one is not (its outcome says why); 2 called in a wrong way.`

func (a *app) dbRefreshViewsCommand() *cli.Command {
	return &cli.Command{
		Name:        "refresh-views",
		Category:    schemaCommands,
		Usage:       "refresh the materialized views, or tell how fresh they are",
		Description: refreshViewsHelp,
		ArgsUsage:   "[VIEW...]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "force", Usage: "also those below which nothing changed"},
			&cli.BoolFlag{Name: "list", Usage: "refresh nothing: tell how fresh they are"},
			&cli.DurationFlag{Name: "timeout", Usage: "longest time of one view, such as 30m; 0 for no bound (default: setting Tasks.view_refresh_timeout)"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: withOperands(a.refreshViews),
	}
}

func (a *app) refreshViews(c *cli.Context, names []string) error {
	if c.Duration("timeout") < 0 {
		return usage("--timeout: must be 0 or more (got %s)", c.Duration("timeout"))
	}
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		keeper := care.New(s.Pool, settings, "", slog.New(slog.DiscardHandler))
		if c.Bool("list") {
			views, err := keeper.Views(ctx)
			if err != nil {
				return err
			}
			return a.printViews(c, views)
		}
		o := care.RefreshOptions{Views: names, Force: c.Bool("force"), Timeout: config.Of[care.Settings](settings).ViewTimeout}
		if c.IsSet("timeout") {
			o.Timeout = c.Duration("timeout")
		}
		o.Started = func(name string) { fmt.Fprintf(a.stderr, "refreshing %s\n", name) }
		o.Done = func(v care.View) {
			if v.Outcome == care.Refreshed {
				fmt.Fprintf(a.stderr, "%s took %s\n", v.Name, tookText(v.Seconds))
			}
		}
		views, err := a.refreshWhenFree(ctx, keeper, o)
		if err != nil {
			return err
		}
		if err := a.printViews(c, views); err != nil {
			return err
		}
		for _, v := range views {
			if v.Error != "" {
				return errPartial
			}
		}
		return nil
	})
}

// refreshWhenFree refreshes, and waits while another process does.
func (a *app) refreshWhenFree(ctx context.Context, keeper *care.Care, o care.RefreshOptions) ([]care.View, error) {
	var done []care.View
	told := false
	for {
		views, err := keeper.Refresh(ctx, o)
		done = append(done, views...)
		if !errors.Is(err, care.ErrBusy) {
			return done, err
		}
		// What was done before the other process came is not done again: without force it is unchanged.
		if !told {
			told = true
			fmt.Fprintln(a.stderr, "another process refreshes the views: waiting for it")
		}
		select {
		case <-ctx.Done():
			return done, ctx.Err()
		case <-time.After(busyPoll):
		}
	}
}

func tookText(seconds float64) string {
	return (time.Duration(seconds*1000) * time.Millisecond).String()
}

// printViews prints how views are, one a row; the last look at a view counts.
func (a *app) printViews(c *cli.Context, views []care.View) error {
	if c.Bool("json") {
		return a.printJSON(views)
	}
	t := newTable(a.stdout, "View", "Outcome", "Current to", "Took", "Rows come from")
	for _, v := range views {
		outcome, current, took := v.Outcome, "never refreshed", ""
		if v.Error != "" {
			outcome += ": " + v.Error
		}
		if v.CurrentTo != nil {
			current = v.CurrentTo.UTC().Format(time.DateTime)
		}
		if v.Seconds > 0 {
			took = tookText(v.Seconds)
		}
		t.AppendRow(table.Row{v.Name, printable(outcome), current, took, humanize.Comma(int64(len(v.MadeFrom))) + " tables"})
	}
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: 60}, {Number: 4, Align: text.AlignRight}})
	t.Render()
	return nil
}

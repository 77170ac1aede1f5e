package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db/config"
	"augur/insight"
	"augur/tasks/insights"
)

const backtestHelp = `Tells what would have been found, before anybody switches it on, with the code that judges in production, day by day: no day sees a later one.

With a repository: the days from --from to --to of each of its series, by the settings of the database.

With --in: series from a CSV file, plain or gzipped, without a database. Its columns are series_id, metric, date, value, observed (0: the day was not collected)
and, if there is one, test_start, the first day that is written. --out gets series_id, date, score, is_anomaly and reason. The settings are the defaults.

Exit status: 0 done, 1 failed, 2 called in a wrong way.`

func (a *app) insightsBacktestCommand() *cli.Command {
	return &cli.Command{
		Name:        "backtest",
		Usage:       "tell what would have been found in the past",
		Description: backtestHelp,
		ArgsUsage:   "[REPO]",
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "in", Usage: "judge the series of `FILE`; - is standard input"},
			&cli.PathFlag{Name: "out", Value: "-", Usage: "write the verdicts to `FILE`; - is standard output"},
			&cli.StringFlag{Name: "contamination", Usage: "use `C` instead of the setting"},
			&cli.StringFlag{Name: "detector", Usage: "use `NAME` instead of the setting: count_surprise, reference or isolation_forest"},
			&cli.StringFlag{Name: "from", Usage: "judge a repository from `DATE` on (default: a year ago)"},
			&cli.StringFlag{Name: "to", Usage: "up to `DATE` (default: today)"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			switch {
			case c.Path("in") != "" && len(operands) == 0:
				return a.backtestFile(c)
			case c.Path("in") == "" && len(operands) == 1:
				return a.backtestRepo(c, operands[0])
			}
			return usage("give one repository, or --in; see `%s --help`", c.Command.HelpName)
		}),
	}
}

// assumedSettings are the defaults, but for what options say.
func assumedSettings(c *cli.Context) (*config.Store, error) {
	var pairs []string
	for _, name := range []string{"contamination", "detector"} {
		if c.String(name) != "" {
			pairs = append(pairs, "Insight_Task."+name+"="+c.String(name))
		}
	}
	settings, err := config.Assume(registry(), pairs...)
	if err != nil {
		return nil, usage("%w", err)
	}
	return settings, nil
}

func (a *app) backtestFile(c *cli.Context) (err error) {
	settings, err := assumedSettings(c)
	if err != nil {
		return err
	}
	in, err := a.input(c.Context, c.Path("in"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out := a.stdout
	if c.Path("out") != "-" {
		file, err := os.Create(c.Path("out"))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	}
	result, err := insight.Backtest(in, out, config.Of[insight.Settings](settings))
	if err != nil {
		return fmt.Errorf("backtest %s: %w", c.Path("in"), err)
	}
	fmt.Fprintf(a.stderr, "%d series, %d days, %d flagged in %d alarms: %.1f a series and year\n", result.Series, result.Days, result.Flagged, result.Alarms, result.PerYear)
	return nil
}

func (a *app) backtestRepo(c *cli.Context, operand string) error {
	today := time.Now().UTC()
	from, err := dateOption(c, "from", today.AddDate(-1, 0, 0))
	if err != nil {
		return err
	}
	to, err := dateOption(c, "to", today)
	if err != nil {
		return err
	}
	if to.Before(from) {
		return usage("--to must not be before --from")
	}
	return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
		if c.String("contamination")+c.String("detector") != "" {
			if s.settings, err = assumedSettings(c); err != nil {
				return err
			}
			s.source = insights.New(s.settings, insights.Options{Version: version})
		}
		repo, err := s.repo(ctx, operand)
		if err != nil {
			return err
		}
		all, err := s.backtest(ctx, repo, from, to)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return a.printJSON(all)
		}
		printBacktest(a.stdout, all)
		return nil
	})
}

func (s *insightsSession) backtest(ctx context.Context, repo int64, from, to time.Time) ([]*insights.Backtest, error) {
	all := []*insights.Backtest{}
	metrics := insights.Metrics()
	for i := range metrics {
		b, err := s.source.Backtest(ctx, s.Pool, repo, &metrics[i], from, to)
		if err != nil {
			return nil, err
		}
		if b != nil {
			all = append(all, b)
		}
	}
	return all, nil
}

func printBacktest(w io.Writer, all []*insights.Backtest) {
	if len(all) == 0 {
		fmt.Fprintln(w, "nothing is known of these days")
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"Metric", "Days", "Flagged", "Alarms", "A year"})
	var found []insights.BacktestFound
	for _, b := range all {
		t.AppendRow(table.Row{b.Metric, b.Days, b.Flagged, b.Alarms, fmt.Sprintf("%.1f", b.PerYear)})
		found = append(found, b.Found...)
	}
	t.Render()
	slices.SortStableFunc(found, func(a, b insights.BacktestFound) int { return strings.Compare(a.FirstDay, b.FirstDay) })
	for _, f := range found {
		fmt.Fprintf(w, "%s  %4.1f  %s\n", f.FirstDay, f.Score, printable(f.Reason))
	}
}

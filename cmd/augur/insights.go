package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks/insights"
)

// insightsCommand is the group of commands about anomalies.
func (a *app) insightsCommand() *cli.Command {
	return &cli.Command{
		Name:  "insights",
		Usage: "find and show anomalies of repositories' daily figures",
		Subcommands: []*cli.Command{
			a.insightsRunCommand(), a.insightsListCommand(), a.insightsShowCommand(), a.insightsPlotCommand(), a.insightsBacktestCommand(),
			a.insightsAckCommand(), a.insightsMuteCommand(), a.insightsUnmuteCommand(),
		},
	}
}

// insightsSession is what the commands share.
type insightsSession struct {
	*session
	settings *config.Store
	source   *insights.Source
	queries  *db.Queries
}

func (a *app) withInsights(ctx context.Context, work func(context.Context, *insightsSession) error) error {
	return a.withDatabase(ctx, db.Options{MaxConns: 2, ApplicationName: "augur insights"}, func(ctx context.Context, s *session) error {
		quiet := slog.New(slog.DiscardHandler)
		settings, err := config.Read(ctx, s.Pool, registry(), quiet)
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		return work(ctx, &insightsSession{s, settings, insights.New(settings, insights.Options{Version: version, Log: quiet}), db.New()})
	})
}

// theCollection is the operand that stands for the collection itself in place of a repository.
const theCollection = "collection"

// subject finds a repository by its id or URL, or the collection itself.
func (s *insightsSession) subject(ctx context.Context, operand string) (int64, error) {
	if operand == theCollection {
		return insights.TheCollection, nil
	}
	return s.repo(ctx, operand)
}

// repo finds a repository by its id or URL.
func (s *insightsSession) repo(ctx context.Context, operand string) (int64, error) {
	if id, err := strconv.ParseInt(operand, 10, 64); err == nil {
		return id, nil
	}
	url := operand
	if u, err := giturl.Parse(operand, giturl.Policy{AllowHTTP: true, AllowLocal: true, AllowPrivate: true}); err == nil {
		url = u.String()
	}
	found, err := s.queries.FindRepos(ctx, s.Pool, []string{url, operand})
	if err != nil {
		return 0, fmt.Errorf("look for %s: %w", operand, err)
	}
	if len(found) == 0 {
		return 0, fmt.Errorf("there is no repository %s: give its URL, or its id from `augur status`", operand)
	}
	return found[0].RepoID, nil
}

// insightState is what people did about an insight, or what became of it.
func insightState(i *insights.Insight) string {
	switch {
	case i.WithdrawnAt != nil:
		return "withdrawn"
	case i.AcknowledgedAt != nil:
		return "known"
	case i.Muted:
		return "muted"
	}
	return ""
}

func (a *app) insightsListCommand() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list anomalies, the newest first; those of one repository and day stand together",
		ArgsUsage: "[REPO|collection]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "those that lasted until `DATE` or later (default: 30 days ago)"},
			&cli.Int64Flag{Name: "group", Usage: "only repositories of the repository group `ID`"},
			&cli.BoolFlag{Name: "all", Usage: "also what is withdrawn, known or muted"},
			&cli.IntFlag{Name: "limit", Value: 100, Usage: "list at most `N`"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			if len(operands) > 1 {
				return usage("at most one repository; see `%s --help`", c.Command.HelpName)
			}
			since, err := dateOption(c, "since", time.Now().AddDate(0, 0, -30))
			if err != nil {
				return err
			}
			if c.Int("limit") < 1 || c.Int("limit") > 100_000 {
				return usage("--limit: must be between 1 and 100000 (got %d)", c.Int("limit"))
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
				params := db.ListInsightsParams{Since: since, GroupID: c.Int64("group"), Whole: c.Bool("all"), MaxInsights: int32(c.Int("limit"))} //nolint:gosec // bounded
				if len(operands) == 1 {
					if params.RepoID, err = s.subject(ctx, operands[0]); err != nil {
						return err
					}
				}
				found, err := insights.List(ctx, s.Pool, params)
				if err != nil {
					return err
				}
				if c.Bool("json") {
					return a.printJSON(found)
				}
				printInsights(a.stdout, found)
				return nil
			})
		}),
	}
}

func printInsights(w io.Writer, all []insights.Insight) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no anomalies")
		return
	}
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"Id", "Day", "Repository", "Metric", "Score", "What happened", "State"})
	t.SuppressEmptyColumns() // most have no state
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 5, Align: text.AlignRight}, {Number: 6, WidthMax: 70, WidthMaxEnforcer: text.WrapSoft}})
	for _, group := range insights.Group(all) {
		for n := range group {
			i := &group[n]
			row := table.Row{i.ID, i.PeakDay, printable(i.Repository), i.Metric, fmt.Sprintf("%.1f", i.Score), printable(i.Reason), insightState(i)}
			if n > 0 {
				row[2] = "  at the same time"
			}
			t.AppendRow(row)
		}
	}
	t.Render()
}

func (a *app) insightsAckCommand() *cli.Command {
	return &cli.Command{
		Name:      "ack",
		Usage:     "say that an anomaly is known: it is not told again, and listed only with --all",
		ArgsUsage: "ID",
		Flags:     []cli.Flag{&cli.StringFlag{Name: "comment", Aliases: []string{"m"}, Usage: "and say `WHAT` it was"}},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			id, err := insightID(c, operands)
			if err != nil {
				return err
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
				return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
					n, err := s.queries.AcknowledgeInsight(ctx, tx, db.AcknowledgeInsightParams{Who: a.who(), InsightID: id})
					if err != nil {
						return fmt.Errorf("acknowledge insight %d: %w", id, err)
					}
					if n == 0 {
						return noInsight(id)
					}
					if c.String("comment") == "" {
						return nil
					}
					return s.queries.CommentInsight(ctx, tx, db.CommentInsightParams{InsightID: id, Who: a.who(), Comment: c.String("comment")})
				})
			})
		}),
	}
}

func (a *app) insightsMuteCommand() *cli.Command {
	return &cli.Command{
		Name:      "mute",
		Usage:     "tell nobody about a repository or the collection, or about one metric; anomalies are still found",
		ArgsUsage: "REPO|collection [METRIC]",
		Flags:     []cli.Flag{&cli.StringFlag{Name: "until", Usage: "begin again on `DATE` (default: never)"}},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			metric, err := mutedMetric(c, operands)
			if err != nil {
				return err
			}
			until, err := dateOption(c, "until", time.Time{})
			if err != nil {
				return err
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
				params := db.MuteInsightsParams{Metric: metric, Who: a.who()}
				if params.RepoID, err = s.subject(ctx, operands[0]); err != nil {
					return err
				}
				if !until.IsZero() {
					params.Until = &until
				}
				if err := s.queries.MuteInsights(ctx, s.Pool, params); err != nil {
					return fmt.Errorf("mute %s: %w", operands[0], err)
				}
				return nil
			})
		}),
	}
}

func (a *app) insightsUnmuteCommand() *cli.Command {
	return &cli.Command{
		Name:      "unmute",
		Usage:     "take back a mute",
		ArgsUsage: "REPO|collection [METRIC]",
		Action: withOperands(func(c *cli.Context, operands []string) error {
			metric, err := mutedMetric(c, operands)
			if err != nil {
				return err
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
				repo, err := s.subject(ctx, operands[0])
				if err != nil {
					return err
				}
				n, err := s.queries.UnmuteInsights(ctx, s.Pool, db.UnmuteInsightsParams{RepoID: repo, Metric: metric})
				if err != nil {
					return fmt.Errorf("unmute %s: %w", operands[0], err)
				}
				if n == 0 {
					return errors.New("it was not muted")
				}
				return nil
			})
		}),
	}
}

// mutedMetric is the second operand of mute and unmute; nil stands for all metrics.
func mutedMetric(c *cli.Context, operands []string) (*string, error) {
	switch len(operands) {
	case 1:
		return nil, nil
	case 2:
		if err := insights.CheckMetric(operands[1]); err != nil {
			return nil, usage("%w", err)
		}
		return &operands[1], nil
	}
	return nil, usage("give a repository, and perhaps a metric; see `%s --help`", c.Command.HelpName)
}

func insightID(c *cli.Context, operands []string) (int64, error) {
	if len(operands) != 1 {
		return 0, usage("give the id of one insight; see `%s --help`", c.Command.HelpName)
	}
	id, err := strconv.ParseInt(operands[0], 10, 64)
	if err != nil || id < 1 {
		return 0, usage("%q is no id of an insight: see `augur insights list`", operands[0])
	}
	return id, nil
}

func noInsight(id int64) error {
	return fmt.Errorf("there is no insight %d: see `augur insights list --all`", id)
}

// who is the person at the terminal, as far as the environment says.
func (a *app) who() string {
	if user := a.getenv("USER"); user != "" {
		return user
	}
	return "unknown"
}

// dateOption is a day in UTC.
func dateOption(c *cli.Context, name string, otherwise time.Time) (time.Time, error) {
	if c.String(name) == "" {
		return otherwise.UTC().Truncate(24 * time.Hour), nil
	}
	day, err := time.Parse(time.DateOnly, c.String(name))
	if err != nil {
		return day, usage("--%s: must be a date such as 2026-03-31 (got %q)", name, c.String(name))
	}
	return day, nil
}

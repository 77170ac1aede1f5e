package main

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize/english"
	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/tasks/insights"
)

const insightsRunHelp = `Judges the daily figures of repositories now, as the machine learning phase does at its interval, and stores what is anomalous; before, once a day, what the collection
itself did. Nobody is told: that is left to the phase. --replay learns what is usual from the beginning of the series instead of going on from where the last run stopped,
so that late changes of old days count.

Exit status: 0 judged, 1 at least one repository could not be judged, 2 called in a wrong way.`

func (a *app) insightsRunCommand() *cli.Command {
	return &cli.Command{
		Name:        "run",
		Usage:       "judge repositories now",
		Description: insightsRunHelp,
		ArgsUsage:   "[REPO...]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "every repository that was collected"},
			&cli.BoolFlag{Name: "replay", Usage: "from the beginning of each series"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			if c.Bool("all") == (len(operands) > 0) {
				return usage("give repositories, or --all; see `%s --help`", c.Command.HelpName)
			}
			return a.withInsights(c.Context, func(ctx context.Context, s *insightsSession) error {
				repos, err := s.reposToJudge(ctx, operands)
				if err != nil {
					return err
				}
				if err := s.judgeCollection(ctx); err != nil {
					return err
				}
				return a.judge(ctx, c, s, repos)
			})
		}),
	}
}

// judgeFunc is a way to judge a repository.
type judgeFunc func(ctx context.Context, tx db.DBTX, repoID int64) (*insights.Found, error)

// judgedRepo is a row of what `augur insights run` did.
type judgedRepo struct {
	RepoID   int64  `json:"repo_id"`
	URL      string `json:"url"`
	Series   int    `json:"series"`
	Days     int    `json:"days"`
	Flagged  int    `json:"flagged_days"`
	Insights int    `json:"insights"`
	Error    string `json:"error,omitempty"`
}

func (s *insightsSession) reposToJudge(ctx context.Context, operands []string) ([]judgedRepo, error) {
	var repos []judgedRepo
	for _, operand := range operands {
		id, err := s.repo(ctx, operand)
		if err != nil {
			return nil, err
		}
		repos = append(repos, judgedRepo{RepoID: id, URL: operand})
	}
	if len(operands) > 0 {
		return repos, nil
	}
	rows, err := s.queries.ReposForInsights(ctx, s.Pool)
	if err != nil {
		return nil, fmt.Errorf("list the repositories: %w", err)
	}
	for _, row := range rows {
		repos = append(repos, judgedRepo{RepoID: row.RepoID, URL: row.RepoGit})
	}
	return repos, nil
}

// judge judges repositories, one transaction each.
func (a *app) judge(ctx context.Context, c *cli.Context, s *insightsSession, repos []judgedRepo) error {
	judge := s.source.Judge
	if c.Bool("replay") {
		judge = s.source.JudgeAnew
	}
	failed := false
	for i := range repos {
		r := &repos[i]
		err := s.judgeOne(ctx, r, judge)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed, r.Error = true, err.Error()
		}
		if c.Bool("json") {
			continue
		}
		if err != nil {
			fmt.Fprintf(a.stderr, "%s: %v\n", printable(r.URL), err)
			continue
		}
		fmt.Fprintf(a.stdout, "%s: %s of %s judged, %s anomalous, %s new or stronger\n", printable(r.URL), english.Plural(r.Days, "day", ""),
			english.Plural(r.Series, "series", "series"), english.Plural(r.Flagged, "day", ""), english.Plural(r.Insights, "insight", ""))
	}
	if c.Bool("json") {
		if err := a.printJSON(repos); err != nil {
			return err
		}
	}
	if failed {
		return errPartial
	}
	return nil
}

func (s *insightsSession) judgeCollection(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		_, err := s.source.JudgeCollection(ctx, tx)
		return err
	})
}

func (s *insightsSession) judgeOne(ctx context.Context, r *judgedRepo, judge judgeFunc) error {
	return pgx.BeginTxFunc(ctx, s.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		found, err := judge(ctx, tx, r.RepoID)
		if err != nil {
			return err
		}
		r.Series, r.Days, r.Flagged, r.Insights = found.Series, found.Days, found.Flagged, found.Insights()
		return found.Save(ctx, tx)
	})
}

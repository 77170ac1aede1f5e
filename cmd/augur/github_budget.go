package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/tasks/apikey"
	"augur/tasks/github/api"
)

const githubBudgetHelp = `Reads the ledger that all processes share, and asks GitHub nothing: what each key has left, which kinds of tasks and which repositories used how much, and
when there is budget for the collection of one more repository, which is taken to cost what the average repository of the period did.

A point is a request of REST, or what GitHub counts for a GraphQL query. Answers that nothing has changed cost no point. "augur github api-keys" asks GitHub itself.

Exit status: 0 shown, 1 failed, 2 called in a wrong way, 130 interrupted.`

func (a *app) githubBudgetCommand() *cli.Command {
	return &cli.Command{
		Name:        "budget",
		Usage:       "show what is left of the API budget, and who used it",
		Description: githubBudgetHelp,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "hours", Value: 24, Usage: "look at the last `N` hours"},
			&cli.IntFlag{Name: "top", Value: 10, Usage: "show the `N` repositories that cost most"},
			&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"},
		},
		Action: alone(func(c *cli.Context) error {
			hours, top := c.Int("hours"), c.Int("top")
			if hours < 1 || hours > 24*3650 {
				return usage("--hours: must be from 1 to 87600 (got %d)", hours)
			}
			if top < 0 {
				return usage("--top: must not be negative (got %d)", top)
			}
			return a.withDatabase(c.Context, db.Options{MaxConns: 2, ApplicationName: "augur github budget"}, func(ctx context.Context, s *session) error {
				settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
				if err != nil {
					return err
				}
				limit := config.Of[api.Settings](settings).Limit()
				spending, err := apikey.ReadSpending(ctx, s.Pool, api.Platform, limit, time.Duration(hours)*time.Hour, top)
				if err != nil {
					return err
				}
				if c.Bool("json") {
					return a.printJSON(spending)
				}
				printBudget(a.stdout, spending, limit.Reserve)
				return nil
			})
		}),
	}
}

func printBudget(out io.Writer, s *apikey.Spending, reserve int) {
	if len(s.Keys) == 0 {
		fmt.Fprintln(out, "Nothing was asked yet with any key; `augur github api-keys` lists keys.")
		return
	}
	printKeyBudgets(out, s, reserve)
	if len(s.Kinds) > 0 {
		fmt.Fprintf(out, "\nBy kind of task, since %s:\n", s.Since.UTC().Format(time.RFC3339))
		t := newTable(out, "Kind", "Resource", "Points", "Requests", "Unchanged", "Failed", "Repositories")
		for _, k := range s.Kinds {
			t.AppendRow(append(table.Row{k.Kind, k.Resource}, append(spentCells(k.Spent), humanize.Comma(k.Repositories))...))
		}
		t.Render()
	}
	if len(s.Repos) > 0 {
		fmt.Fprintln(out, "\nThe repositories that cost most:")
		t := newTable(out, "Repository", "Core", "GraphQL", "Points", "Requests", "Unchanged", "Failed")
		for _, r := range s.Repos {
			name := printable(r.URL)
			if name == "" {
				name = fmt.Sprintf("repository %d, which is gone", r.RepoID)
			}
			t.AppendRow(append(table.Row{name, humanize.Comma(r.Core), humanize.Comma(r.GraphQL)}, spentCells(r.Spent)...))
		}
		t.Render()
	}
	cost := fmt.Sprintf("A collection takes %s of core and %s of GraphQL on average", counted(int(s.Next.Core), "point"), counted(int(s.Next.GraphQL), "point"))
	if s.Next.Why == "" {
		fmt.Fprintf(out, "\n%s: there is budget for the next one now.\n", cost)
		return
	}
	fmt.Fprintf(out, "\n%s: the next one fits %s, at %s, because %s.\n", cost,
		humanize.RelTime(s.Next.At, s.At, "ago", "from now"), s.Next.At.UTC().Format(time.RFC3339), s.Next.Why)
}

func printKeyBudgets(out io.Writer, s *apikey.Spending, reserve int) {
	fmt.Fprintf(out, "Of each budget %s are never used.\n", counted(reserve, "point"))
	t := newTable(out, "Key", "Account", "Resource", "Left", "Of", "Taken", "Resets", "Used", "Requests", "Unchanged", "Failed", "State")
	for _, key := range s.Keys {
		for i, resource := range []string{api.Core, api.GraphQL, api.Search} {
			name, account, how := key.Source, printable(key.Account), state(key.KeyState, reserve, s.At)
			if i > 0 {
				name, account, how = "", "", ""
			}
			b, spent := key.Budgets[resource], key.Spent[resource]
			if resource == api.Search && spent.Requests == 0 {
				continue
			}
			remaining, reset := "", "over"
			if b.ResetAt != nil {
				remaining, reset = humanize.Comma(int64(b.Remaining)), humanize.RelTime(*b.ResetAt, s.At, "ago", "from now")
			}
			row := table.Row{name, account, resource, remaining, humanize.Comma(int64(b.Limit)), humanize.Comma(int64(b.Taken)), reset}
			t.AppendRow(append(append(row, spentCells(spent)...), how))
		}
	}
	t.Render()
}

// spentCells are points, requests, unchanged and failed ones.
func spentCells(s apikey.Spent) table.Row {
	return table.Row{humanize.Comma(s.Points), humanize.Comma(s.Requests), humanize.Comma(s.Unchanged), humanize.Comma(s.Failed)}
}

package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks/apikey"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/scorecard"
)

const githubPlanHelp = `Estimates what the first collection of repositories on GitHub costs, by task: requests of REST, and points of GraphQL. A repository need not be in the database. Beside it is
what the first and the last collection did spend, as far as the ledger goes back (Tasks.api_spending_retention_days).

How many issues, pull requests, releases and tags there are, GitHub tells. How many comments and events there are, it does not: for a URL, some 36 issues and pull requests
are a sample, which costs one point; for a group, whose repositories are asked about by the ` + "`GitHub.repos_at_once`" + ` for a point, they are taken to be as many as the model repository has:
2 comments, 4 events for each, 3 comments on lines for a pull request. How many people there are, it does not tell either: 2 are assumed for 100 issues and pull requests, and 1.4 requests for what
each of them does elsewhere. How many e-mails commits have is known once the git history is collected.

Exit status: 0 shown, 1 a repository is not there or the command failed, 2 called in a wrong way, 130 interrupted.`

func (a *app) githubPlanCommand() *cli.Command {
	return &cli.Command{
		Name:        "plan",
		Usage:       "estimate what collecting repositories costs, beside what it did cost",
		ArgsUsage:   "URL...",
		Description: githubPlanHelp,
		Flags: []cli.Flag{
			&cli.Int64Flag{Name: "group", Usage: "all repositories on GitHub of the group `ID`, see `augur db get-repo-groups`"},
			&cli.IntFlag{Name: "top", Value: 20, Usage: "of several repositories, list the `N` that cost most"},
			&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"},
		},
		Action: withOperands(func(c *cli.Context, operands []string) error {
			group := c.Int64("group")
			if err := checkGroup(c); err != nil {
				return err
			}
			if (group == 0) == (len(operands) == 0) {
				return usage("name either a repository or a group: `augur github plan URL`, `augur github plan --group ID`")
			}
			if c.Int("top") < 0 {
				return usage("--top: must not be negative (got %d)", c.Int("top"))
			}
			urls, err := githubURLs(operands)
			if err != nil {
				return err
			}
			return a.withDatabase(c.Context, db.Options{MaxConns: 2, ApplicationName: "augur github plan"}, func(ctx context.Context, s *session) error {
				if group != 0 {
					if urls, err = github.GroupURLs(ctx, s.Pool, group); err != nil {
						return err
					}
				}
				return a.plan(ctx, c, s, github.PlanOptions{URLs: urls, Sample: group == 0})
			})
		}),
	}
}

// githubURLs are the canonical forms of addresses of GitHub, each once.
func githubURLs(operands []string) ([]string, error) {
	var urls []string
	for _, operand := range operands {
		u, err := giturl.Parse(strings.TrimSpace(operand), giturl.Policy{})
		if err != nil {
			return nil, usage("%w", err)
		}
		if u.Platform != giturl.GitHub {
			return nil, usage("%s is not on GitHub", u.Canonical)
		}
		if !slices.Contains(urls, u.Canonical) {
			urls = append(urls, u.Canonical)
		}
	}
	return urls, nil
}

// planned is what `augur github plan` tells.
type planned struct {
	Repositories []github.RepoPlan `json:"repositories"`
	Tasks        []github.TaskPlan `json:"tasks"`
	Expected     github.Cost       `json:"expected"`
	Update       github.Cost       `json:"update"`
	Forecast     apikey.Forecast   `json:"forecast"`
	// ToolAsks says that the program of Scorecard.tool asks GitHub, too, which no ledger counts.
	ToolAsks bool `json:"scorecard_tool_asks"`
}

func (a *app) plan(ctx context.Context, c *cli.Context, s *session, o github.PlanOptions) error {
	if len(o.URLs) == 0 {
		fmt.Fprintln(a.stdout, "There is no repository on GitHub in the group.")
		return nil
	}
	var plan planned
	err := withGitHub(ctx, s, a.terminalLog(slog.LevelWarn), func(ctx context.Context, settings *config.Store, service *api.Service) (err error) {
		if plan.Repositories, err = github.Plan(ctx, s.Pool, settings, service, o); err != nil {
			return withoutBudget(err)
		}
		limit := config.Of[api.Settings](settings).Limit()
		spending, err := apikey.ReadSpending(ctx, s.Pool, api.Platform, limit, time.Hour, 0)
		if err != nil {
			return err
		}
		keys := make([]apikey.KeyState, len(spending.Keys))
		for i, key := range spending.Keys {
			keys[i] = key.KeyState
		}
		plan.sum()
		tool := config.Of[scorecard.Settings](settings)
		plan.ToolAsks = tool.Enabled && tool.Tool != ""
		plan.Forecast = apikey.Predict(spending.At, keys, limit, map[string]int64{api.Core: plan.Expected.Core, api.GraphQL: plan.Expected.GraphQL})
		return nil
	})
	if err != nil {
		return err
	}
	if c.Bool("json") {
		err = a.printJSON(plan)
	} else {
		a.printPlan(plan, c.Int("top"))
	}
	if missing := slices.ContainsFunc(plan.Repositories, func(r github.RepoPlan) bool { return r.Missing }); missing && err == nil {
		return errPartial
	}
	return err
}

// sum adds up the repositories.
func (p *planned) sum() {
	p.Tasks, p.Update = []github.TaskPlan{}, github.UpdateCost
	for _, repo := range p.Repositories {
		p.Expected = *addCost(&p.Expected, &repo.Expected)
		for _, task := range repo.Tasks {
			i := slices.IndexFunc(p.Tasks, func(t github.TaskPlan) bool { return t.Kind == task.Kind })
			if i < 0 {
				i = len(p.Tasks)
				p.Tasks = append(p.Tasks, github.TaskPlan{Kind: task.Kind})
			}
			sum := &p.Tasks[i]
			sum.Expected = *addCost(&sum.Expected, &task.Expected)
			sum.First, sum.Last = addCost(sum.First, task.First), addCost(sum.Last, task.Last)
		}
	}
}

func (a *app) printPlan(p planned, top int) {
	if len(p.Repositories) == 1 {
		a.printCounts(p.Repositories[0])
	} else {
		a.printRepoPlans(p.Repositories, top)
	}
	t := newTable(a.stdout, "Task", "REST", "GraphQL", "First REST", "First GraphQL", "Last REST", "Last GraphQL")
	var first, last *github.Cost
	for _, task := range p.Tasks {
		t.AppendRow(append(append(table.Row{task.Kind}, costCells(&task.Expected)...), append(costCells(task.First), costCells(task.Last)...)...))
	}
	for _, repo := range p.Repositories {
		first, last = addCost(first, repo.First), addCost(last, repo.Last)
	}
	t.AppendFooter(append(append(table.Row{"in all"}, costCells(&p.Expected)...), append(costCells(first), costCells(last)...)...))
	t.Render()
	if p.Expected == (github.Cost{}) {
		return
	}
	fmt.Fprintf(a.stdout, "The first collection takes about %s of REST and %s of GraphQL%s.\n",
		counted(int(p.Expected.Core), "request"), counted(int(p.Expected.GraphQL), "point"), forecast(p.Forecast))
	if p.ToolAsks {
		fmt.Fprintln(a.stdout, "The program of Scorecard.tool takes some hundred requests more for each repository, of the first token, which no ledger counts.")
	}
	fmt.Fprintf(a.stdout, "An update takes some %d requests for a repository in which something has changed, and the share of one query for one in which nothing has.\n", p.Update.Core+p.Update.GraphQL)
}

func (a *app) printCounts(r github.RepoPlan) {
	switch {
	case r.Missing:
		fmt.Fprintf(a.stdout, "%s is gone or private: GitHub does not show it.\n", r.URL)
		return
	case r.MovedTo != "":
		fmt.Fprintf(a.stdout, "%s has moved to %s.\n", r.URL, printable(r.MovedTo))
	}
	c := r.Counts
	fmt.Fprintf(a.stdout, "%s: %s, %s, %s, %s", r.URL, counted(int(c.Issues), "issue"), counted(int(c.PullRequests), "pull request"),
		counted(int(c.Releases), "release"), counted(int(c.Tags), "tag"))
	if c.Sampled > 0 {
		fmt.Fprintf(a.stdout, "; by a sample of %s some %s comments, %s on lines of pull requests, %s events", humanize.Comma(c.Sampled),
			humanize.Comma(c.Comments), humanize.Comma(c.ReviewComments), humanize.Comma(c.Events))
	}
	fmt.Fprintln(a.stdout)
}

func (a *app) printRepoPlans(repos []github.RepoPlan, top int) {
	most := slices.Clone(repos)
	slices.SortStableFunc(most, func(a, b github.RepoPlan) int {
		return cmp.Or(cmp.Compare(b.Expected.Core+b.Expected.GraphQL, a.Expected.Core+a.Expected.GraphQL), strings.Compare(a.URL, b.URL))
	})
	t := newTable(a.stdout, "Repository", "Issues", "Pull requests", "REST", "GraphQL", "First REST", "First GraphQL", "Last REST", "Last GraphQL")
	for i, r := range most {
		if r.Missing {
			fmt.Fprintf(a.stdout, "%s is gone or private: GitHub does not show it.\n", r.URL)
			continue
		}
		if i < top {
			row := append(table.Row{r.URL, humanize.Comma(r.Counts.Issues), humanize.Comma(r.Counts.PullRequests)}, costCells(&r.Expected)...)
			t.AppendRow(append(row, append(costCells(r.First), costCells(r.Last)...)...))
		}
	}
	t.Render()
	if more := len(most) - top; more > 0 {
		fmt.Fprintf(a.stdout, "and %s more\n", humanize.Comma(int64(more)))
	}
}

func addCost(sum, part *github.Cost) *github.Cost {
	if part == nil {
		return sum
	}
	both := *part
	if sum != nil {
		both.Core, both.GraphQL = both.Core+sum.Core, both.GraphQL+sum.GraphQL
	}
	return &both
}

// costCells are the two numbers of a cost; empty where nothing is known.
func costCells(c *github.Cost) table.Row {
	if c == nil {
		return table.Row{"", ""}
	}
	return table.Row{humanize.Comma(c.Core), humanize.Comma(c.GraphQL)}
}

// forecast goes on with a sentence about costs.
func forecast(f apikey.Forecast) string {
	if f.Keys == 0 {
		return ", and there is no key"
	}
	minutes := max(int((f.Duration+time.Minute-1)/time.Minute), 1)
	takes := counted(minutes, "minute")
	if minutes > 90 {
		takes = counted((minutes+59)/60, "hour")
	}
	text := fmt.Sprintf(": %s with %s", takes, counted(f.Keys, "key"))
	switch {
	case f.Now:
		return text + ", and there is budget for all of it now"
	case f.LimitedBy != "":
		return text + ", because of the budget for " + f.LimitedBy
	}
	return text
}

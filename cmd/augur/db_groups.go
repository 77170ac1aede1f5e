package main

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/repos"
)

func (a *app) dbGetRepoGroupsCommand() *cli.Command {
	return &cli.Command{
		Name:     "get-repo-groups",
		Category: repoCommands,
		Usage:    "list the repository groups and the number of their repositories",
		Flags:    []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action:   alone(a.listGroups),
	}
}

func (a *app) listGroups(c *cli.Context) error {
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		groups, err := repos.Groups(ctx, s.Pool)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return a.printJSON(groups)
		}
		if len(groups) == 0 {
			fmt.Fprintln(a.stdout, "there are no repository groups yet: add some with `augur db add-repo-groups FILE.csv`")
			return nil
		}
		t := newTable(a.stdout, "Id", "Name", "Description", "Repositories")
		for _, g := range groups {
			t.AppendRow(table.Row{g.ID, printable(g.Name), printable(g.Description), humanize.Comma(g.Repos)})
		}
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 1, Align: text.AlignRight}, {Number: 4, Align: text.AlignRight}})
		t.Render()
		return nil
	})
}

func (a *app) dbResetRepoAgeCommand() *cli.Command {
	return &cli.Command{
		Name:     "reset-repo-age",
		Category: repoCommands,
		Usage:    "set the date on which repositories were added to now, for all of them",
		Action:   alone(a.resetRepoAge),
	}
}

func (a *app) resetRepoAge(c *cli.Context) error {
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		n, err := db.New().ResetRepoAge(ctx, s.Pool)
		if err != nil {
			return fmt.Errorf("reset the age of repositories: %w", err)
		}
		if n == 0 {
			fmt.Fprintln(a.stdout, "there are no repositories yet: add some with `augur db add-repos FILE.csv`")
			return nil
		}
		fmt.Fprintf(a.stdout, "repo_added is now for %s\n", countedRepos(n))
		return nil
	})
}

func countedRepos(n int64) string {
	if n == 1 {
		return "1 repository"
	}
	return humanize.Comma(n) + " repositories"
}

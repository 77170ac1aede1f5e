package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/schollz/progressbar/v3"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/db/repos"
	"augur/tasks/github"
	"augur/tasks/github/api"
)

const addGitHubOrgHelp = `Adds the public repositories of organisations or users of GitHub, named as octo or https://github.com/octo, and follows them: while the backend runs, new repositories are
added by themselves, also when the organisation is renamed (setting GitHub.owners_after says how soon). --no-follow adds what is there now, and no more.

They go into a repository group of the organisation's name, which is made when there is none, or into --group. A repository that is there already stays in its group. Archived
repositories and forks are left out; --archived and --forks add them. Naming an organisation again adds what is missing, and the options of the last time hold.

It costs a point of GraphQL, and one for each hundred repositories. It needs a key, see "augur github api-keys".

Exit status: 0 all repositories that are wanted are stored; 1 one was rejected, a name is not known, or GitHub could not be asked.`

func (a *app) dbAddGitHubOrgCommand() *cli.Command {
	return &cli.Command{
		Name:        "add-github-org",
		Category:    repoCommands,
		Usage:       "add the repositories of organisations or users of GitHub, also those to come",
		ArgsUsage:   "ORG...",
		Description: addGitHubOrgHelp,
		Flags: loadFlags(
			&cli.StringFlag{Name: "group", Usage: "repository group, by `ID or NAME`, see `augur db get-repo-groups`", DefaultText: "one that is named after the organisation"},
			&cli.BoolFlag{Name: "archived", Usage: "add archived repositories, too"},
			&cli.BoolFlag{Name: "forks", Usage: "add forks, too"},
			&cli.BoolFlag{Name: "no-follow", Usage: "add nothing by itself later"},
		),
		Action: withOperands(func(c *cli.Context, names []string) error {
			if len(names) == 0 {
				return usage("name an organisation: `augur db add-github-org ORG...`")
			}
			return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
				group := repos.Group{}
				if c.IsSet("group") {
					var err error
					if group, err = repos.FindGroup(ctx, s.Pool, c.String("group")); err != nil {
						return fmt.Errorf("--group: %w", err)
					}
				}
				quiet := slog.New(slog.DiscardHandler) // what goes wrong is told by the error
				return withGitHub(ctx, s, quiet, func(ctx context.Context, settings *config.Store, service *api.Service) error {
					return withoutBudget(a.addOrgs(ctx, c, s, github.NewOwners(s.Pool, settings, service, version, quiet), names, group.ID))
				})
			})
		}),
	}
}

// addOrgs adds one owner after the other, each with its verdicts and what was left out.
func (a *app) addOrgs(ctx context.Context, c *cli.Context, s *session, owners *github.Owners, names []string, group int64) error {
	l := &loading{urls: true, app: a, quiet: c.Bool("quiet"), json: c.Bool("json"), rejected: []repos.Verdict{}, owners: []*github.AddedOwner{}}
	return a.addTo(ctx, c, s, l, nil, func(ctx context.Context, _ *session, o repos.Options) (repos.Summary, error) {
		var sum repos.Summary
		for _, name := range names {
			onList, listed := a.listing(l, name)
			added, of, err := owners.Add(ctx, name, github.AddOwnerOptions{
				Wanted: github.Wanted{Archived: c.Bool("archived"), Forks: c.Bool("forks")}, Group: group, Follow: !c.Bool("no-follow"), Add: o, OnList: onList,
			})
			listed()
			sum = repos.Summary{Rows: sum.Rows + of.Rows, Added: sum.Added + of.Added, AlreadyThere: sum.AlreadyThere + of.AlreadyThere, Rejected: sum.Rejected + of.Rejected}
			if err != nil {
				return sum, err
			}
			if added != nil {
				l.owner(added)
			}
		}
		return sum, nil
	})
}

// listing shows on a terminal how far the list of an owner is read, until done is called.
func (a *app) listing(l *loading, name string) (onList func(read, total int), done func()) {
	if l.quiet || !isTerminal(a.stderr) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(-1, progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription("listing "+printable(name)), progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	done = func() { _ = bar.Clear() } // as in loading.progress
	return func(read, total int) {
		if bar.ChangeMax(max(total, 1)); read >= total {
			done() // before the verdicts
			return
		}
		_ = bar.Set(read)
	}, done
}

// owner tells what became of an owner, after the verdicts about its repositories.
func (l *loading) owner(o *github.AddedOwner) {
	l.finish()
	l.already = 0
	if l.owners = append(l.owners, o); l.json || l.quiet {
		return
	}
	public := english.Plural(o.Owned, "public repository", "public repositories")
	if o.Owned == 0 {
		public = "no public repositories"
	}
	fmt.Fprintf(l.app.stdout, "%s has %s%s\n", printable(o.Login), public, leftOut(o.LeftOut))
	if o.Followed {
		fmt.Fprintf(l.app.stdout, "%s is followed: new repositories go into group %d by themselves while the backend runs; `augur db unfollow-github-org %s` ends that\n",
			printable(o.Login), o.Group, printable(o.Login))
	}
}

// leftOut goes on with a sentence: which repositories were not added, and how they would be.
func leftOut(left github.LeftOut) string {
	var parts []string
	for _, part := range []struct {
		count                int
		single, plural, hint string
	}{
		{left.Archived, "archived one", "archived ones", "--archived adds them"},
		{left.Forks, "fork", "forks", "--forks adds them"},
		{left.ArchivedForks, "archived fork", "archived forks", "--archived --forks adds them"},
		{left.Disabled, "one that GitHub has closed", "that GitHub has closed", "they are added when they are open again"},
		{left.Unread, "one that GitHub did not tell about", "that GitHub did not tell about", "they come with the next look"},
	} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf("%s (%s)", english.Plural(part.count, part.single, part.plural), part.hint))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; left out: " + strings.Join(parts, ", ")
}

func (a *app) dbGetGitHubOrgsCommand() *cli.Command {
	return &cli.Command{
		Name:     "get-github-orgs",
		Category: repoCommands,
		Usage:    "list the organisations and users of GitHub that are followed",
		Description: `Repositories are those that are stored under the name, in any group. Each is looked at again after the setting GitHub.owners_after, while the backend runs; one with an error
later and later.

Exit status: 0 shown, 1 failed.`,
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action: alone(a.listOrgs),
	}
}

func (a *app) listOrgs(c *cli.Context) error {
	return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
		settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
		if err != nil {
			return fmt.Errorf("read the settings: %w", err)
		}
		owners, now, err := github.FollowedOwners(ctx, s.Pool, settings)
		if err != nil {
			return err
		}
		if c.Bool("json") {
			return a.printJSON(owners)
		}
		if len(owners) == 0 {
			fmt.Fprintln(a.stdout, "no organisation is followed: `augur db add-github-org ORG` adds the repositories of one, also those to come")
			return nil
		}
		ago := func(t *time.Time) string {
			if t == nil {
				return "never"
			}
			return humanize.RelTime(*t, now, "ago", "from now")
		}
		t := newTable(a.stdout, "Owner", "Group", "Repositories", "With", "Last look", "Next look", "Error")
		for _, o := range owners {
			var with []string
			if o.Archived {
				with = append(with, "archived")
			}
			if o.Forks {
				with = append(with, "forks")
			}
			t.AppendRow(table.Row{
				printable(o.Login), fmt.Sprintf("%d %s", o.Group, printable(o.GroupName)), humanize.Comma(o.Repos), strings.Join(with, ", "), ago(o.CheckedAt), ago(o.NextAt), printable(o.Error),
			})
		}
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 3, Align: text.AlignRight}, {Number: 7, WidthMax: 60}})
		t.Render()
		if !github.HasKey(settings) {
			fmt.Fprintln(a.stdout, "There is no key, so nothing is asked: `augur config set --section Keys --setting github_api_key --value -` reads one from standard input.")
		}
		return nil
	})
}

func (a *app) dbUnfollowGitHubOrgCommand() *cli.Command {
	return &cli.Command{
		Name:        "unfollow-github-org",
		Category:    repoCommands,
		Usage:       "follow organisations or users of GitHub no longer",
		ArgsUsage:   "ORG...",
		Description: "Their repositories stay, and are collected as before.\n\nExit status: 0 done, 1 one was not followed.",
		Action: withOperands(func(c *cli.Context, names []string) error {
			if len(names) == 0 {
				return usage("name an organisation: `augur db unfollow-github-org ORG...`")
			}
			return a.withDatabase(c.Context, db.Options{}, func(ctx context.Context, s *session) error {
				var faults []error
				for _, name := range names {
					logins, err := github.Unfollow(ctx, s.Pool, name)
					if err != nil {
						faults = append(faults, err)
						continue
					}
					fmt.Fprintf(a.stdout, "%s is not followed any more; its repositories stay\n", printable(logins[0]))
				}
				return errors.Join(faults...)
			})
		}),
	}
}

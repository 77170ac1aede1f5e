package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/dustin/go-humanize"
	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v2"

	"augur/db/config"
	"augur/db/people"
	"augur/db/repos"
	"augur/tasks/git"
)

func (a *app) dbAddAffiliationsCommand() *cli.Command {
	return &cli.Command{
		Name:      "add-affiliations",
		Category:  peopleCommands,
		Usage:     "add the affiliations of a CSV file: which organization the e-mails of commits belong to",
		ArgsUsage: "FILE.csv",
		Description: `FILE.csv has the columns domain and affiliation, read as "augur db add-repos" reads its file; "-" reads standard input. A domain
may also be a whole e-mail address. Of what fits an e-mail the most exact counts: the address, its domain, the last two labels of its domain. One that
has an affiliation keeps it; change it in table contributor_affiliations.

   domain,affiliation
   example.org,Example Inc.
   ann@example.com,Example Inc.

Commits that are stored already follow before the command ends, unless the settings Facade.rebuild_caches or force_invalidate_caches are 0.

Exit status: 0 all affiliations are there; 1 a row was rejected, or the file could not be read.`,
		Flags: loadFlags(),
		Action: a.loadAction(func(ctx context.Context, s *session, src io.Reader, o repos.Options) (repos.Summary, error) {
			sum, err := repos.AddAffiliations(ctx, s.Pool, src, o)
			if err != nil || sum.Added == 0 {
				return sum, err
			}
			return sum, a.settle(ctx, s)
		}),
	}
}

// settle lets stored commits follow what changed about people.
func (a *app) settle(ctx context.Context, s *session) error {
	settings, err := config.Read(ctx, s.Pool, registry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	page := func(ctx context.Context, write func(context.Context, pgx.Tx) error) error {
		return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error { return write(ctx, tx) })
	}
	settled, err := people.New(config.Of[git.Settings](settings).Rules(version)).Settle(ctx, s.Pool, page)
	if err != nil {
		return err
	}
	if settled.Rows > 0 {
		fmt.Fprintf(a.stderr, "%s rows of commits have another affiliation or person now\n", humanize.Comma(int64(settled.Rows)))
	}
	return nil
}

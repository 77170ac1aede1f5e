package git

import (
	"context"
	"fmt"
	"log/slog"

	"augur/db/config"
	"augur/db/people"
	"augur/tasks"
)

// contributors lets the commits and the sums of all repositories follow what is known about people by now. Of the repository's own commits it looks at those that were stored without their
// people; git_commits has found those of the others, as far as no platform has to be asked.
func (s *Source) contributors(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Settings](s.settings)
	stored, err := s.queries.GitHistory(ctx, c.Pool(), c.Repo.ID)
	if err != nil {
		return fmt.Errorf("read the history of %s: %w", c.Repo.URL, err)
	}
	rules := settings.Rules(s.options.Version)
	p := people.New(rules)
	if err := s.attributeAll(ctx, c, settings, !stored.Attributed); err != nil {
		return err
	}
	settled, err := p.Settle(ctx, c.Pool(), c.SavePage)
	if err != nil {
		return err
	}
	summed := 0
	if rules.Caches {
		if settings.NukeAffiliations || !stored.Cached {
			if err := p.RebuildOne(ctx, c.SavePage, c.Repo.ID); err != nil {
				return err
			}
		}
		if summed, err = p.Rebuild(ctx, c.Pool(), c.SavePage); err != nil {
			return err
		}
	}
	c.Log.InfoContext(ctx, "people found", slog.Int("changes", settled.Changes), slog.Int("rows", settled.Rows), slog.Int("summed", summed))
	return c.Finish(ctx, nil)
}

// attributeAll attributes every commit of the repository, where that never happened, or the settings want it in each run.
func (s *Source) attributeAll(ctx context.Context, c *tasks.Collection, settings Settings, missing bool) error {
	rules := settings.Rules(s.options.Version)
	switch {
	case settings.NukeAffiliations:
		rules.Affiliations = rules.Caches
	case missing:
		rules.Affiliations = rules.Caches && settings.FixAffiliations
	case !settings.FullContributors:
		return nil
	}
	rows, err := people.New(rules).AttributeAll(ctx, c.SavePage, c.Repo.ID)
	if err != nil {
		return err
	}
	if rows > 0 {
		c.Log.InfoContext(ctx, "commits attributed anew", slog.Int("rows", rows))
	}
	return nil
}

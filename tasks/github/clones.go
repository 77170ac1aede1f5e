package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
	"augur/tasks/github/api"
)

// cloneRow is a row of repo_clones_data.
type cloneRow struct {
	Day    time.Time `json:"cloned_on"`
	Count  int       `json:"count_clones"`
	Unique int       `json:"unique_clones"`
}

func clonesEnabled(settings *config.Store) bool {
	return HasKey(settings) && config.Of[Settings](settings).Clones
}

// clones stores how often the repository was cloned on each of the last days. GitHub tells that to keys that may push; that others are refused is remembered, and no
// error. It belongs to the secondary phase because that comes around every ten days, and GitHub forgets after fourteen.
func (s *Source) clones(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Settings](s.settings)
	due, err := s.queries.GithubClonesDue(ctx, c.Pool(), db.GithubClonesDueParams{RepoID: c.Repo.ID, After: settings.ClonesAfter, RefusedFor: settings.ClonesRefusedFor})
	if err != nil {
		return fmt.Errorf("read when the clones of %s were asked for: %w", c.Repo.URL, err)
	}
	if !due {
		return c.Finish(ctx, nil)
	}
	client, repo, err := s.client(c, KindClones)
	if err != nil {
		return err
	}
	traffic, err := client.TrafficClones(ctx, repo)
	refused, ok := errors.AsType[*api.StatusError](err)
	if err != nil && (!ok || refused.Status >= 500) {
		return err
	}
	asked := db.SaveGithubClonesParams{RepoID: c.Repo.ID}
	rows := map[int64]cloneRow{}
	if ok {
		reason := refused.Error()
		asked.Refused = &reason
		c.Log.InfoContext(ctx, "GitHub does not tell this key how often the repository is cloned", slog.String("answer", reason))
	} else {
		for _, day := range traffic.Clones {
			if at := instant(day.Timestamp); at != nil {
				rows[at.Unix()] = cloneRow{Day: *at, Count: day.GetCount(), Unique: day.GetUniques()}
			}
		}
	}
	document, _, err := rowsOf(rows, compareIDs)
	if err != nil {
		return err
	}
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := s.queries.UpsertRepoClones(ctx, tx, db.UpsertRepoClonesParams{RepoID: c.Repo.ID, Rows: document}); err != nil {
			return fmt.Errorf("store the clones of %s: %w", c.Repo.URL, err)
		}
		if err := s.queries.SaveGithubClones(ctx, tx, asked); err != nil {
			return fmt.Errorf("note that the clones of %s were asked for: %w", c.Repo.URL, err)
		}
		return nil
	})
}

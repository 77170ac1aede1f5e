package git

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks"
)

// A database that Augur has filled holds rows of commits that are not exact, and it does not say up to where. They are inherited: each window replaces those of its
// commits, so whoever reads meanwhile finds every commit once. See docs/decisions/0019.

// history is how far the history of the repository is stored. What another program has stored of it is taken over first.
func (s *Source) history(ctx context.Context, c *tasks.Collection) (db.AugurOperationsGitHistory, error) {
	stored, err := s.queries.GitHistory(ctx, c.Pool(), c.Repo.ID)
	if err != nil {
		return stored, fmt.Errorf("read the history of %s: %w", c.Repo.URL, err)
	}
	if stored.Head != nil || stored.Target != nil || stored.Commits > 0 {
		return stored, nil
	}
	err = c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := s.queries.InheritHistory(ctx, tx, c.Repo.ID); err != nil {
			return err
		}
		stored, err = s.queries.GitHistory(ctx, tx, c.Repo.ID)
		return err
	})
	if err != nil {
		return stored, fmt.Errorf("take over the history of %s: %w", c.Repo.URL, err)
	}
	return stored, nil
}

// exact lists the commits whose rows are not inherited.
func (s *Source) exact(ctx context.Context, c *tasks.Collection, inherited int64) ([]string, error) {
	hashes, err := s.queries.ExactCommits(ctx, c.Pool(), db.ExactCommitsParams{RepoID: c.Repo.ID, Inherited: inherited})
	if err != nil {
		return nil, fmt.Errorf("list the exact commits of %s: %w", c.Repo.URL, err)
	}
	return hashes, nil
}

// replace takes away what was inherited of commits that are written; first are their exact rows.
func (w *writer) replace(ctx context.Context, tx pgx.Tx, hashes []string, first map[string]int64) error {
	if w.inherited == nil {
		return nil
	}
	q, repo := w.source.queries, w.c.Repo.ID
	ids := make([]int64, len(hashes))
	for i, hash := range hashes {
		ids[i] = first[hash]
	}
	if err := q.MoveComments(ctx, tx, db.MoveCommentsParams{RepoID: repo, Hashes: hashes, IDs: ids, Inherited: *w.inherited}); err != nil {
		return fmt.Errorf("move comments on inherited commits: %w", err)
	}
	if err := q.DropInheritedParents(ctx, tx, db.DropInheritedParentsParams{RepoID: repo, Hashes: hashes, Inherited: *w.inherited}); err != nil {
		return fmt.Errorf("drop the parents of inherited commits: %w", err)
	}
	replaced, err := q.DropInherited(ctx, tx, db.DropInheritedParams{RepoID: repo, Hashes: hashes, Inherited: *w.inherited})
	if err != nil {
		return fmt.Errorf("drop inherited commits: %w", err)
	}
	if w.messages {
		if err := q.DropCommitMessages(ctx, tx, db.DropCommitMessagesParams{RepoID: repo, Hashes: hashes}); err != nil {
			return fmt.Errorf("drop the messages of inherited commits: %w", err)
		}
	}
	if err := q.AddHistory(ctx, tx, db.AddHistoryParams{Commits: -replaced, RepoID: repo}); err != nil {
		return fmt.Errorf("count inherited commits: %w", err)
	}
	return nil
}

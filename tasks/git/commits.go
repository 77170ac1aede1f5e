package git

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/facade"
	"augur/tasks"
)

// A window is what is committed at once: so many rows, or so many commits, whichever comes first. A kill loses at most one.
const (
	windowRows    = 16_000
	windowCommits = 8_000
)

// commits stores the commits that git_fetch found and that are not stored yet.
func (s *Source) commits(ctx context.Context, c *tasks.Collection) error {
	stored, err := s.history(ctx, c)
	if err != nil {
		return err
	}
	if stored.Fetched == nil && stored.Commits == 0 {
		return s.finish(ctx, c, nil)
	}
	if stored.Target == nil && stored.Head != nil && stored.Fetched != nil && *stored.Head == *stored.Fetched {
		return s.finish(ctx, c, stored.Head)
	}
	return s.store(ctx, c, stored)
}

// finish ends the task with the history stored up to head; a nil head is that of a repository without commits.
func (s *Source) finish(ctx context.Context, c *tasks.Collection, head *string) error {
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := s.queries.EndHistory(ctx, tx, db.EndHistoryParams{Head: head, RepoID: c.Repo.ID}); err != nil {
			return fmt.Errorf("note the history of %s: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// store reads the history out of the clone and writes it, window by window.
func (s *Source) store(ctx context.Context, c *tasks.Collection, stored db.AugurOperationsGitHistory) error {
	git, settings, err := s.facadeGit(ctx)
	if err != nil {
		return err
	}
	dir, err := s.directory(c.Repo, settings)
	if err != nil {
		return err
	}
	clone, head, err := s.cloneWith(ctx, c, git, dir, stored.Fetched)
	if err != nil {
		return err
	}
	todo, gone, err := s.compare(ctx, c, clone, head.Hash, stored)
	if err != nil {
		return err
	}
	crowd, err := s.newCrowd(ctx, c, settings, clone, head.Hash, stored)
	if err != nil {
		return err
	}
	w := s.newWriter(c, settings, crowd, len(todo), stored.Inherited)
	if err := w.begin(ctx, head.Hash, gone); err != nil {
		return err
	}
	if err := w.copy(ctx, clone, todo); err != nil {
		if errors.Is(err, facade.ErrCorrupt) {
			err = errors.Join(err, s.broke(ctx, c, dir))
		}
		return verdict(err)
	}
	c.Log.InfoContext(ctx, "history stored", slog.Int("commits", len(todo)), slog.Int64("rows", w.rows), slog.Int("left", len(gone)), slog.Int64("repaired", w.repaired))
	if head.Hash == "" {
		return s.finish(ctx, c, nil)
	}
	return s.finish(ctx, c, &head.Hash)
}

// cloneWith is the clone with the commit that was fetched, and its head. The fetch may have been on another machine: then this one has to catch up.
func (s *Source) cloneWith(ctx context.Context, c *tasks.Collection, git *facade.Git, dir string, fetched *string) (*facade.Repository, facade.Head, error) {
	clone, cloned, err := s.open(ctx, c, git, dir)
	if err != nil {
		return nil, facade.Head{}, err
	}
	head, err := clone.Head(ctx)
	if cloned || fetched == nil || err == nil && head.Hash == *fetched {
		return clone, head, verdict(err)
	}
	if err := s.pull(ctx, c, git, dir, nil); err != nil {
		return nil, facade.Head{}, err
	}
	head, err = clone.Head(ctx)
	return clone, head, verdict(err)
}

// compare finds the commits to store, parents before children, and those that are stored but are no longer part of the history. As long as
// history only grows, git knows the answer; after a rewrite or an interrupted run, or where commits were inherited, both sides are compared.
func (s *Source) compare(ctx context.Context, c *tasks.Collection, clone *facade.Repository, head string, stored db.AugurOperationsGitHistory) (todo, gone []string, err error) {
	if head != "" && stored.Target == nil && stored.Inherited == nil {
		base := ""
		grown := stored.Head == nil
		if !grown {
			base = *stored.Head
			if grown, err = clone.IsAncestor(ctx, base, head); err != nil {
				return nil, nil, verdict(err)
			}
		}
		if grown {
			todo, err = clone.NewCommits(ctx, head, base)
			if err != nil {
				return nil, nil, verdict(err)
			}
			return todo, nil, nil
		}
	}
	have, err := s.queries.StoredCommits(ctx, c.Pool(), c.Repo.ID)
	if err != nil {
		return nil, nil, fmt.Errorf("list the stored commits of %s: %w", c.Repo.URL, err)
	}
	var reachable []string
	if head != "" {
		if reachable, err = clone.NewCommits(ctx, head, ""); err != nil {
			return nil, nil, verdict(err)
		}
	}
	gone = difference(have, reachable)
	if stored.Inherited != nil {
		if have, err = s.exact(ctx, c, *stored.Inherited); err != nil {
			return nil, nil, err
		}
	}
	return difference(reachable, have), gone, nil
}

// difference is what all has and less has not, in the order of all.
func difference(all, less []string) []string {
	drop := make(map[string]struct{}, len(less))
	for _, hash := range less {
		drop[hash] = struct{}{}
	}
	var left []string
	for _, hash := range all {
		if _, ok := drop[hash]; !ok {
			left = append(left, hash)
		}
	}
	return left
}

// copy reads the commits and writes them; one window is written while the next is read.
func (w *writer) copy(ctx context.Context, clone *facade.Repository, todo []string) error {
	windows := make(chan []*facade.Commit, 1)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(windows)
		return collect(ctx, clone, todo, windows)
	})
	group.Go(func() error {
		for window := range windows {
			if err := w.save(ctx, window); err != nil {
				return err
			}
		}
		return nil
	})
	return group.Wait()
}

// collect sends the commits in windows.
func collect(ctx context.Context, clone *facade.Repository, todo []string, windows chan<- []*facade.Commit) error {
	var window []*facade.Commit
	rows := 0
	send := func() error {
		if len(window) == 0 {
			return nil
		}
		select {
		case windows <- window:
			window, rows = nil, 0
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for commit, err := range clone.History(ctx, todo) {
		if err != nil {
			return err
		}
		window = append(window, commit)
		rows += len(commit.Files)
		if rows >= windowRows || len(window) >= windowCommits {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// now is the one timestamp of a run's rows, in the precision of the columns.
func now() time.Time { return time.Now().UTC().Truncate(time.Second) }

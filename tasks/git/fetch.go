package git

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/facade"
	"augur/facade/giturl"
	"augur/tasks"
)

// Lines of Augur's fetch log.
const (
	logNew      = "New (cloning)"
	logUpdating = "Updating"
	logUpToDate = "Up-to-date"
)

// fetch brings the clone up to date and notes where the default branch is. An unchanged repository costs one git process.
func (s *Source) fetch(ctx context.Context, c *tasks.Collection) error {
	git, settings, err := s.facadeGit(ctx)
	if err != nil {
		return err
	}
	dir, err := s.directory(c.Repo, settings)
	if err != nil {
		return err
	}
	head, line, err := s.update(ctx, c, git, settings, dir)
	if err != nil {
		return err
	}
	c.Log.InfoContext(ctx, "clone is current", slog.String("branch", head.Branch), slog.String("head", head.Hash), slog.String("fetch", line))
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		save := db.SaveFetchParams{RepoID: c.Repo.ID, LogRepoID: int32(c.Repo.ID), LogStatus: line} //nolint:gosec // ids come from a sequence
		if head.Hash != "" {
			save.Branch, save.Fetched = &head.Branch, &head.Hash
		}
		if err := s.queries.SaveFetch(ctx, tx, save); err != nil {
			return fmt.Errorf("note the fetch of %s: %w", c.Repo.URL, err)
		}
		path, name := nameOf(c.Repo.URL)
		if err := s.queries.NameRepo(ctx, tx, db.NameRepoParams{RepoPath: path, RepoName: name, RepoID: c.Repo.ID}); err != nil {
			return fmt.Errorf("name %s: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// update makes or updates the clone; line is for the fetch log.
func (s *Source) update(ctx context.Context, c *tasks.Collection, git *facade.Git, settings Settings, dir string) (head facade.Head, line string, err error) {
	if settings.PullRepos {
		head, unchanged, err := s.unchanged(ctx, c, git)
		if err != nil || unchanged {
			return head, logUpToDate, err
		}
	}
	clone, cloned, err := s.open(ctx, c, git, dir)
	switch {
	case err != nil:
		return facade.Head{}, "", err
	case cloned:
		line = logNew
	case settings.PullRepos:
		line = logUpdating
		err = s.pull(ctx, c, git, dir)
	default:
		line = logUpToDate
	}
	if err != nil {
		return facade.Head{}, "", err
	}
	head, err = clone.Head(ctx)
	if err != nil {
		return facade.Head{}, "", verdict(err)
	}
	return head, line, nil
}

// unchanged asks the remote, and no clone, whether there is anything to do: there is not when its head is the commit whose history is stored
// whole.
func (s *Source) unchanged(ctx context.Context, c *tasks.Collection, git *facade.Git) (facade.Head, bool, error) {
	stored, err := s.queries.GitHistory(ctx, c.Pool(), c.Repo.ID)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && (stored.Head == nil || stored.Target != nil)) {
		return facade.Head{}, false, nil
	}
	if err != nil {
		return facade.Head{}, false, fmt.Errorf("read the history of %s: %w", c.Repo.URL, err)
	}
	remote, err := git.RemoteHead(ctx, c.Repo.URL)
	if err != nil {
		return facade.Head{}, false, verdict(err)
	}
	return remote, remote.Hash == *stored.Head, nil
}

// pull fetches what is new into the clone, and makes the clone again when it turns out to be broken.
func (s *Source) pull(ctx context.Context, c *tasks.Collection, git *facade.Git, dir string) error {
	h, err := s.hold(c, dir)
	if err != nil {
		return err
	}
	if _, err := h.take(ctx, true); err != nil {
		return err
	}
	if err := h.room(ctx, git); err != nil {
		return err
	}
	err = git.Fetch(ctx, dir, c.Repo.URL)
	if errors.Is(err, facade.ErrCorrupt) {
		c.Log.WarnContext(ctx, "clone is broken and is made again", slog.Any("error", err))
		err = git.Repair(ctx, c.Repo.URL, dir)
	}
	if err != nil {
		return verdict(err)
	}
	return h.made(ctx, git)
}

// nameOf is repo_path and repo_name as Augur's facade writes them: github.com-chaoss-augur and augur.
func nameOf(url string) (path, name string) {
	u, err := giturl.Parse(url, giturl.Policy{AllowHTTP: true, AllowLocal: true, AllowPrivate: true})
	if err != nil {
		return slug(url), slug(url)
	}
	return strings.Trim(strings.ReplaceAll(u.Path()+u.Name, "/", "-"), "-"), u.Name
}

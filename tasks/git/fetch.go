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

// errNews says that the remote has something that is not stored.
var errNews = errors.New("the remote has something new")

// fetch brings the clone up to date and notes where the default branch is. A repository in which nothing is new costs one git process and one statement: it needs no clone,
// and the tasks that would find nothing to do are spared.
func (s *Source) fetch(ctx context.Context, c *tasks.Collection) error {
	git, settings, err := s.facadeGit(ctx)
	if err != nil {
		return err
	}
	var remote *facade.Head
	if settings.PullRepos && c.Repo.Path != "" { // it was fetched before
		head, err := s.nothingNew(ctx, c, git, settings)
		if !errors.Is(err, errNews) {
			return err
		}
		remote = &head
	}
	dir, err := s.directory(c.Repo, settings)
	if err != nil {
		return err
	}
	head, line, err := s.update(ctx, c, git, settings, dir, remote)
	if err != nil {
		return err
	}
	s.tellCurrent(ctx, c, head, line)
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		save := db.SaveFetchParams{RepoID: c.Repo.ID, LogRepoID: int32(c.Repo.ID), LogStatus: line} //nolint:gosec // ids come from a sequence
		if head.Hash != "" {
			save.Branch, save.Fetched = &head.Branch, &head.Hash
		}
		if err := s.queries.SaveFetch(ctx, tx, save); err != nil {
			return fmt.Errorf("note the fetch of %s: %w", c.Repo.URL, err)
		}
		return s.name(ctx, tx, c)
	})
}

func (s *Source) tellCurrent(ctx context.Context, c *tasks.Collection, head facade.Head, line string) {
	c.Log.InfoContext(ctx, "clone is current", slog.String("branch", head.Branch), slog.String("head", head.Hash), slog.String("fetch", line))
}

// name writes what the repository is called, if that is not what is stored.
func (s *Source) name(ctx context.Context, tx pgx.Tx, c *tasks.Collection) error {
	path, name := nameOf(c.Repo.URL)
	if path == c.Repo.Path && name == c.Repo.Name {
		return nil
	}
	if err := s.queries.NameRepo(ctx, tx, db.NameRepoParams{RepoPath: path, RepoName: name, RepoID: c.Repo.ID}); err != nil {
		return fmt.Errorf("name %s: %w", c.Repo.URL, err)
	}
	return nil
}

// nothingNew asks the remote, and no clone, whether there is anything to do: there is not when its head is the commit whose history is stored
// whole. Then it ends the task, and with it those that have nothing to do; otherwise it is errNews, with the head.
func (s *Source) nothingNew(ctx context.Context, c *tasks.Collection, git *facade.Git, settings Settings) (facade.Head, error) {
	head, err := git.RemoteHead(ctx, c.Repo.URL)
	if err != nil {
		return head, verdict(err)
	}
	if head.Hash == "" {
		return head, errNews // what was stored may have to go
	}
	ask := db.NothingNewParams{
		Branch: head.Branch, Head: head.Hash, RepoID: c.Repo.ID, LogRepoID: int32(c.Repo.ID), LogStatus: logUpToDate, //nolint:gosec // ids come from a sequence
	}
	for _, t := range settings.looks() {
		ask.Kinds, ask.Rules, ask.Lifetimes = append(ask.Kinds, t.kind), append(ask.Rules, t.rules), append(ask.Lifetimes, t.lifetime)
	}
	err = c.FinishSparing(ctx, func(ctx context.Context, tx pgx.Tx) ([]string, error) {
		found, err := s.queries.NothingNew(ctx, tx, ask)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil, errNews
		}
		if err != nil {
			return nil, fmt.Errorf("note that nothing is new in %s: %w", c.Repo.URL, err)
		}
		return settings.spared(found), s.name(ctx, tx, c)
	})
	if err == nil {
		s.tellCurrent(ctx, c, head, logUpToDate)
	}
	return head, err
}

// spared are the tasks that would find nothing to do. After a run that failed nobody knows what it left undone, so that none is.
func (s Settings) spared(found db.NothingNewRow) []string {
	if found.Failed {
		return nil
	}
	kinds := append([]string{KindCommits}, found.Fresh...)
	everyTime := s.NukeAffiliations || s.FullContributors
	if !everyTime && found.Attributed && !found.PeopleChanged && (!s.RebuildCaches || found.Cached && !found.SumsOld) {
		kinds = append(kinds, KindContributors)
	}
	return kinds
}

// update makes or updates the clone; remote is what the remote has just said, nil if it was not asked, and line is for the fetch log.
func (s *Source) update(ctx context.Context, c *tasks.Collection, git *facade.Git, settings Settings, dir string, remote *facade.Head) (head facade.Head, line string, err error) {
	clone, cloned, err := s.open(ctx, c, git, dir)
	switch {
	case err != nil:
		return facade.Head{}, "", err
	case cloned:
		line = logNew
	case settings.PullRepos:
		line = logUpdating
		err = s.pull(ctx, c, git, dir, remote)
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

// pull fetches what is new into the clone, and makes the clone again when it turns out to be broken. Remote is as in update.
func (s *Source) pull(ctx context.Context, c *tasks.Collection, git *facade.Git, dir string, remote *facade.Head) error {
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
	if remote != nil {
		err = git.FetchHead(ctx, dir, c.Repo.URL, *remote)
	} else {
		err = git.Fetch(ctx, dir, c.Repo.URL)
	}
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

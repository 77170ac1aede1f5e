package repos

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/facade/giturl"
)

// Identity is what a platform says about a repository.
type Identity struct {
	// Checked is false when no platform was asked: the repository is stored as it was named.
	Checked bool
	// Refused is why it is not stored, a phrase about it; empty: it is there.
	Refused string
	// URL is its address now. The zero value is the one that was asked about.
	URL giturl.URL
	// SourceID is the platform's number of it, which stays when it is renamed.
	SourceID int64
}

// identify asks about the entries of the chunk that may be stored. One that has moved goes on under its new address.
func (a *adder) identify(ctx context.Context) error {
	if a.options.Identify == nil {
		return nil
	}
	var asked []*entry
	var urls []giturl.URL
	for i := range a.chunk {
		if e := &a.chunk[i]; e.Status != Rejected {
			asked, urls = append(asked, e), append(urls, e.url)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	found, err := a.options.Identify(ctx, urls)
	if err != nil {
		return fmt.Errorf("verify %d repositories: %w", len(urls), err)
	}
	for i, e := range asked {
		known := found[i]
		e.Verified, e.source = known.Checked, known.SourceID
		if known.Refused != "" {
			e.reject(known.Refused)
			continue
		}
		if known.URL.Canonical != "" && known.URL.Canonical != e.URL {
			e.MovedFrom, e.raw = e.URL, known.URL.Canonical
			e.url, e.URL = known.URL, known.URL.Canonical
		}
	}
	return nil
}

// findMoved finds rows that have another address than the platform says now, and gives them that one.
func (a *adder) findMoved(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	bySource := map[int64]*entry{}
	former := map[string]*entry{}
	var ids []int64
	var urls []string
	for _, e := range entries {
		if e.source == 0 {
			continue
		}
		bySource[e.source], ids = e, append(ids, e.source)
		if e.MovedFrom != "" && e.RepoID == 0 {
			former[e.MovedFrom], urls = e, append(urls, e.MovedFrom)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := a.queries.FindRepos(ctx, tx, urls)
	if err != nil {
		return err
	}
	var set db.SetRepoSourcesParams
	for _, row := range rows {
		if e := former[row.URL]; e != nil && row.CurrentURL == row.URL {
			set.RepoIDs, set.RepoSrcIds = append(set.RepoIDs, row.RepoID), append(set.RepoSrcIds, e.source)
		}
	}
	if err := a.queries.SetRepoSources(ctx, tx, set); err != nil {
		return err
	}
	known, err := a.queries.ReposOfSources(ctx, tx, ids)
	if err != nil {
		return err
	}
	for _, row := range known {
		e := bySource[row.RepoSrcID]
		if e.RepoID != 0 || row.RepoGit == e.URL {
			continue
		}
		path := strings.Trim(strings.ReplaceAll(e.url.Path()+e.url.Name, "/", "-"), "-")
		if err := a.queries.MoveRepo(ctx, tx, db.MoveRepoParams{RepoID: row.RepoID, RepoGit: e.URL, RepoPath: path, RepoName: e.url.Name}); err != nil {
			return fmt.Errorf("move repository %d to %s: %w", row.RepoID, e.URL, err)
		}
		e.RepoID, e.Status, e.Reason = row.RepoID, AlreadyThere, "renamed, it was "+giturl.Redact(row.RepoGit)
		if row.RepoGroupID != e.Group {
			e.Reason += fmt.Sprintf("; stays in group %d", row.RepoGroupID)
		}
	}
	return nil
}

// keepIdentity stores the platform's numbers, and the former addresses of what has moved, so that both lead to the repository from now on.
func (a *adder) keepIdentity(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	var set db.SetRepoSourcesParams
	for _, e := range entries {
		if e.source != 0 {
			set.RepoIDs, set.RepoSrcIds = append(set.RepoIDs, e.RepoID), append(set.RepoSrcIds, e.source)
		}
		if e.MovedFrom != "" {
			if err := a.queries.KeepRepoURL(ctx, tx, db.KeepRepoURLParams{RepoID: e.RepoID, GitURL: e.MovedFrom}); err != nil {
				return fmt.Errorf("keep the address %s: %w", e.MovedFrom, err)
			}
		}
	}
	if len(set.RepoIDs) == 0 {
		return nil
	}
	return a.queries.SetRepoSources(ctx, tx, set)
}

package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks"
	"augur/tasks/github/api"
)

// wholeLook is a look with all that rows are made of.
type wholeLook struct {
	look

	Description *string   `json:"description"`
	CreatedAt   *string   `json:"createdAt"`
	IsFork      bool      `json:"isFork"`
	Parent      *fullName `json:"parent"`
	Owner       *struct {
		Typename string `json:"__typename"`
	} `json:"owner"`
	PrimaryLanguage *struct {
		Name string `json:"name"`
	} `json:"primaryLanguage"`
	HasIssuesEnabled bool                         `json:"hasIssuesEnabled"`
	HasWikiEnabled   bool                         `json:"hasWikiEnabled"`
	LicenseInfo      *struct{ Name, URL *string } `json:"licenseInfo"`
	CodeOfConduct    *struct {
		URL *string `json:"url"`
	} `json:"codeOfConduct"`
	ClosedIssues       total               `json:"closedIssues"`
	ClosedPullRequests total               `json:"closedPullRequests"`
	MergedPullRequests total               `json:"mergedPullRequests"`
	DefaultBranchRef   *branch             `json:"defaultBranchRef"`
	ReleaseList        connection[release] `json:"releaseList"`
	TagList            connection[tag]     `json:"tagList"`
}

// fullName is OWNER/NAME.
type fullName struct {
	NameWithOwner string `json:"nameWithOwner"`
}

// branch is the default branch with the number of its commits.
type branch struct {
	Name   string `json:"name"`
	Target *struct {
		History *total `json:"history"`
	} `json:"target"`
}

type (
	// infoRow is a row of repo_info.
	infoRow struct {
		LastUpdated        *string `json:"last_updated"`
		IssuesEnabled      string  `json:"issues_enabled"`
		OpenIssues         int64   `json:"open_issues"`
		WikiEnabled        string  `json:"wiki_enabled"`
		ForkCount          int64   `json:"fork_count"`
		DefaultBranch      *string `json:"default_branch"`
		WatchersCount      int64   `json:"watchers_count"`
		License            *string `json:"license"`
		StarsCount         int64   `json:"stars_count"`
		CommittersCount    *int64  `json:"committers_count"`
		LicenseFile        *string `json:"license_file"`
		CodeOfConductFile  *string `json:"code_of_conduct_file"`
		CommitCount        *int64  `json:"commit_count"`
		IssuesCount        int64   `json:"issues_count"`
		IssuesClosed       int64   `json:"issues_closed"`
		PullRequestCount   int64   `json:"pull_request_count"`
		PullRequestsOpen   int64   `json:"pull_requests_open"`
		PullRequestsClosed int64   `json:"pull_requests_closed"`
		PullRequestsMerged int64   `json:"pull_requests_merged"`
	}
	// repoRow is what GitHub says about a row of repo.
	repoRow struct {
		Type        *string `json:"repo_type"`
		Description *string `json:"description"`
		Language    *string `json:"primary_language"`
		CreatedAt   *string `json:"created_at"`
		ForkedFrom  *string `json:"forked_from"`
		UpdatedAt   *string `json:"updated_at"`
		Archived    int     `json:"repo_archived"`
	}
	// releaseRow is a row of releases.
	releaseRow struct {
		ID           string     `json:"release_id"`
		Name         *string    `json:"release_name"`
		Description  string     `json:"release_description"`
		Author       string     `json:"release_author"`
		CreatedAt    *time.Time `json:"release_created_at"`
		PublishedAt  *time.Time `json:"release_published_at"`
		UpdatedAt    *time.Time `json:"release_updated_at"`
		IsDraft      *bool      `json:"release_is_draft"`
		IsPrerelease *bool      `json:"release_is_prerelease"`
		TagName      *string    `json:"release_tag_name"`
		URL          *string    `json:"release_url"`
		TagOnly      bool       `json:"tag_only"`
	}
)

// repo stores the snapshot of the repository, its releases and tags. It makes them of the answer that the look at the repository gave, when that is new.
func (s *Source) repo(ctx context.Context, c *tasks.Collection) error {
	p, err := s.pass(ctx, c, KindRepo, overall)
	if err != nil {
		return err
	}
	if p.idle() {
		return c.Finish(ctx, nil)
	}
	whole, err := p.wholeLook(ctx)
	if err != nil {
		return err
	}
	releases, err := p.releases(ctx, whole)
	if err != nil {
		return err
	}
	contributors, err := s.queries.ContributorsRead(ctx, c.Pool(), db.ContributorsReadParams{RepoID: c.Repo.ID, Resource: KindContributors})
	if err != nil {
		return fmt.Errorf("count the contributors of %s: %w", c.Repo.URL, err)
	}
	rows, err := p.repoPage(whole, releases, contributors)
	if err != nil {
		return err
	}
	p.mark = whole.overall()
	state := p.begun(s.options.now(), "")
	state.Since, state.RowsRead, state.Whole = p.watermark(state), int64(len(releases)), false
	return p.finish(ctx, state, rows, nil)
}

// wholeLook is the answer that was stored for this run, or a new one.
func (p *pass) wholeLook(ctx context.Context) (*wholeLook, error) {
	known, err := p.source.queries.GithubRepo(ctx, p.c.Pool(), db.GithubRepoParams{Fresh: p.settings.FreshFor, RunID: p.c.RunID, RepoID: p.c.Repo.ID})
	if err != nil {
		return nil, fmt.Errorf("read what is known about %s: %w", p.c.Repo.URL, err)
	}
	document := known.Answer
	if !known.Answered {
		_, documents, reply, err := ask(ctx, p.client, []api.Repo{p.repo})
		if err != nil {
			return nil, err
		}
		if document = documents[0]; document == nil {
			return nil, missingRepository(p.repo, reply.Errors)
		}
	}
	whole := new(wholeLook)
	if err := json.Unmarshal(document, whole); err != nil {
		return nil, fmt.Errorf("read what GitHub says about %s: %w", p.repo, err)
	}
	return whole, nil
}

// repoPage makes the rows.
func (p *pass) repoPage(w *wholeLook, releases []releaseRow, contributors int64) (page, error) {
	info := infoRow{
		LastUpdated: w.UpdatedAt, IssuesEnabled: strconv.FormatBool(w.HasIssuesEnabled), OpenIssues: w.OpenIssues.TotalCount, WikiEnabled: strconv.FormatBool(w.HasWikiEnabled),
		ForkCount: w.ForkCount, WatchersCount: w.Watchers.TotalCount, StarsCount: w.StargazerCount, IssuesCount: w.Issues.TotalCount,
		IssuesClosed: w.ClosedIssues.TotalCount, PullRequestCount: w.PullRequests.TotalCount, PullRequestsOpen: w.OpenPullRequests.TotalCount,
		PullRequestsClosed: w.ClosedPullRequests.TotalCount, PullRequestsMerged: w.MergedPullRequests.TotalCount,
	}
	if contributors > 0 {
		info.CommittersCount = &contributors
	}
	if b := w.DefaultBranchRef; b != nil {
		info.DefaultBranch = &b.Name
		if b.Target != nil && b.Target.History != nil {
			info.CommitCount = &b.Target.History.TotalCount
		}
	}
	if w.LicenseInfo != nil {
		info.License, info.LicenseFile = w.LicenseInfo.Name, w.LicenseInfo.URL
	}
	if w.CodeOfConduct != nil {
		info.CodeOfConductFile = w.CodeOfConduct.URL
	}
	about := repoRow{Description: w.Description, CreatedAt: w.CreatedAt, UpdatedAt: w.UpdatedAt}
	if w.Owner != nil {
		about.Type = &w.Owner.Typename
	}
	if w.PrimaryLanguage != nil {
		about.Language = &w.PrimaryLanguage.Name
	}
	if w.IsFork && w.Parent != nil {
		about.ForkedFrom = &w.Parent.NameWithOwner
	}
	if w.IsArchived {
		about.Archived = 1
	}
	ids := make([]string, len(releases))
	for i, r := range releases {
		ids[i] = r.ID
	}
	var k pack
	infoJSON, aboutJSON, releaseJSON := k.add(encode(info)), k.add(encode(about)), k.add(encode(releases))
	q, repo := p.source.queries, p.c.Repo.ID
	write := func(ctx context.Context, tx pgx.Tx) error {
		return inOrder(
			func() error { return q.DescribeRepo(ctx, tx, db.DescribeRepoParams{RepoID: repo, Row: aboutJSON}) },
			func() error {
				_, err := q.AddRepoInfo(ctx, tx, db.AddRepoInfoParams{RepoID: repo, Row: infoJSON})
				return err
			},
			func() error {
				return q.UpsertReleases(ctx, tx, db.UpsertReleasesParams{RepoID: repo, Rows: releaseJSON})
			},
			func() error {
				return q.MarkMissingReleases(ctx, tx, db.MarkMissingReleasesParams{RepoID: repo, ReleaseIds: ids})
			},
			func() error {
				return q.SizeRepo(ctx, tx, db.SizeRepoParams{RepoID: repo, IssuePrSum: w.Issues.TotalCount + w.PullRequests.TotalCount})
			},
		)
	}
	return page{write: write, scrubbed: k.scrubbed}, k.err
}

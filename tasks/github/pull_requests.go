package github

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks/github/api"
)

// pullRequests is the list of pull requests.
func pullRequests() list[*api.PullRequest] {
	return list[*api.PullRequest]{
		resource: KindPullRequests,
		mark:     activity,
		read: func(ctx context.Context, p *pass, _ time.Time, etag, next string) (api.Page[*api.PullRequest], error) {
			return p.client.PullRequests(ctx, p.repo, etag, next)
		},
		at:      func(r *api.PullRequest) time.Time { return r.GetUpdatedAt().UTC() },
		prepare: preparePullRequests,
		missing: func(ctx context.Context, p *pass, tx pgx.Tx, began time.Time) error {
			return p.source.queries.MarkMissingPullRequests(ctx, tx, db.MarkMissingPullRequestsParams{RepoID: p.c.Repo.ID, Resource: KindPullRequests, Began: began})
		},
	}
}

// pullRequestRow is a row of pull_requests.
type pullRequestRow struct {
	ID                int64      `json:"pr_src_id"`
	NodeID            *string    `json:"pr_src_node_id"`
	Number            int64      `json:"pr_src_number"`
	URL               *string    `json:"pr_url"`
	HTMLURL           *string    `json:"pr_html_url"`
	DiffURL           *string    `json:"pr_diff_url"`
	PatchURL          *string    `json:"pr_patch_url"`
	IssueURL          *string    `json:"pr_issue_url"`
	State             *string    `json:"pr_src_state"`
	Locked            *bool      `json:"pr_src_locked"`
	Title             *string    `json:"pr_src_title"`
	Body              *string    `json:"pr_body"`
	CreatedAt         *time.Time `json:"pr_created_at"`
	UpdatedAt         *time.Time `json:"pr_updated_at"`
	ClosedAt          *time.Time `json:"pr_closed_at"`
	MergedAt          *time.Time `json:"pr_merged_at"`
	MergeCommitSHA    *string    `json:"pr_merge_commit_sha"`
	Milestone         *string    `json:"pr_milestone"`
	CommitsURL        *string    `json:"pr_commits_url"`
	ReviewCommentsURL *string    `json:"pr_review_comments_url"`
	ReviewCommentURL  *string    `json:"pr_review_comment_url"`
	CommentsURL       *string    `json:"pr_comments_url"`
	StatusesURL       *string    `json:"pr_statuses_url"`
	HeadLabel         *string    `json:"pr_meta_head_id"`
	BaseLabel         *string    `json:"pr_meta_base_id"`
	Association       *string    `json:"pr_src_author_association"`
	CntrbID           *string    `json:"pr_augur_contributor_id"`
}

type (
	// prLabelRow is a row of pull_request_labels. pr_src_description holds the name, as in Augur.
	prLabelRow struct {
		PRID    int64   `json:"pr_id"`
		ID      int64   `json:"pr_src_id"`
		NodeID  *string `json:"pr_src_node_id"`
		URL     *string `json:"pr_src_url"`
		Name    *string `json:"pr_src_description"`
		Color   *string `json:"pr_src_color"`
		Default *bool   `json:"pr_src_default_bool"`
	}
	// prAssigneeRow is a row of pull_request_assignees.
	prAssigneeRow struct {
		PRID    int64   `json:"pr_id"`
		ID      int64   `json:"pr_assignee_src_id"`
		CntrbID *string `json:"contrib_id"`
	}
	// prReviewerRow is a row of pull_request_reviewers.
	prReviewerRow struct {
		PRID    int64   `json:"pr_id"`
		ID      int64   `json:"pr_reviewer_src_id"`
		CntrbID *string `json:"cntrb_id"`
	}
	// prTeamRow is a row of pull_request_teams.
	prTeamRow struct {
		PRID            int64   `json:"pr_id"`
		ID              int64   `json:"pr_src_team_id"`
		NodeID          *string `json:"pr_src_team_node"`
		URL             *string `json:"pr_src_team_url"`
		Name            *string `json:"pr_team_name"`
		Slug            *string `json:"pr_team_slug"`
		Description     *string `json:"pr_team_description"`
		Privacy         *string `json:"pr_team_privacy"`
		Permission      *string `json:"pr_team_permission"`
		MembersURL      *string `json:"pr_team_src_members_url"`
		RepositoriesURL *string `json:"pr_team_src_repositories_url"`
		ParentID        *int64  `json:"pr_team_parent_id"`
	}
	// prMetaRow is a row of pull_request_meta: the head or the base.
	prMetaRow struct {
		PRID    int64   `json:"pr_id"`
		Side    string  `json:"pr_head_or_base"`
		Label   *string `json:"pr_src_meta_label"`
		Ref     *string `json:"pr_src_meta_ref"`
		SHA     string  `json:"pr_sha"`
		CntrbID *string `json:"cntrb_id"`
	}
	// prRepoRow is a row of pull_request_repo: where the head or the base is.
	prRepoRow struct {
		PRID     int64   `json:"pr_id"`
		Side     string  `json:"pr_repo_head_or_base"`
		ID       int64   `json:"pr_src_repo_id"`
		NodeID   *string `json:"pr_src_node_id"`
		Name     *string `json:"pr_repo_name"`
		FullName *string `json:"pr_repo_full_name"`
		Private  *bool   `json:"pr_repo_private_bool"`
		CntrbID  *string `json:"pr_cntrb_id"`
	}
)

// prPage are the rows of a page of pull requests.
type prPage struct {
	who       *people
	ids       []int64
	prs       map[int64]pullRequestRow
	labels    map[pair]prLabelRow
	assignees map[pair]prAssigneeRow
	reviewers map[pair]prReviewerRow
	teams     map[pair]prTeamRow
	meta      map[named]prMetaRow
	repos     map[named]prRepoRow
}

func preparePullRequests(_ context.Context, p *pass, items []*api.PullRequest) (page, error) {
	r := &prPage{
		who: p.people(), prs: map[int64]pullRequestRow{}, labels: map[pair]prLabelRow{}, assignees: map[pair]prAssigneeRow{}, reviewers: map[pair]prReviewerRow{},
		teams: map[pair]prTeamRow{}, meta: map[named]prMetaRow{}, repos: map[named]prRepoRow{},
	}
	for _, item := range items {
		if item.GetID() != 0 {
			r.add(item)
		}
	}
	var k pack
	write := r.writer(&k, p)
	if len(r.ids) == 0 {
		write = nil
	}
	if k.err != nil {
		return page{}, fmt.Errorf("prepare pull requests of %s: %w", p.repo, k.err)
	}
	return page{write: write, ids: r.ids, scrubbed: k.scrubbed}, nil
}

func (r *prPage) add(pr *api.PullRequest) {
	id := pr.GetID()
	row := pullRequestRow{
		ID: id, NodeID: pr.NodeID, Number: int64(pr.GetNumber()), URL: pr.URL, HTMLURL: pr.HTMLURL, DiffURL: pr.DiffURL, PatchURL: pr.PatchURL, IssueURL: pr.IssueURL,
		State: pr.State, Locked: pr.Locked, Title: pr.Title, Body: pr.Body, CreatedAt: instant(pr.CreatedAt), UpdatedAt: instant(pr.UpdatedAt),
		ClosedAt: instant(pr.ClosedAt), MergedAt: instant(pr.MergedAt), MergeCommitSHA: pr.MergeCommitSHA, CommitsURL: pr.CommitsURL,
		ReviewCommentsURL: pr.ReviewCommentsURL, ReviewCommentURL: pr.ReviewCommentURL, CommentsURL: pr.CommentsURL, StatusesURL: pr.StatusesURL,
		Association: pr.AuthorAssociation, CntrbID: r.who.add(pr.User),
	}
	if pr.Milestone != nil {
		row.Milestone = pr.Milestone.Title
	}
	row.HeadLabel, row.BaseLabel = r.addSide(id, "head", pr.Head), r.addSide(id, "base", pr.Base)
	r.ids = append(r.ids, id)
	r.prs[id] = row
	for _, l := range pr.Labels {
		if l.GetID() != 0 {
			r.labels[pair{id, l.GetID()}] = prLabelRow{PRID: id, ID: l.GetID(), NodeID: l.NodeID, URL: l.URL, Name: l.Name, Color: l.Color, Default: l.Default}
		}
	}
	for _, u := range pr.Assignees {
		if cntrb := r.who.add(u); cntrb != nil {
			r.assignees[pair{id, u.GetID()}] = prAssigneeRow{PRID: id, ID: u.GetID(), CntrbID: cntrb}
		}
	}
	for _, u := range pr.RequestedReviewers {
		if cntrb := r.who.add(u); cntrb != nil {
			r.reviewers[pair{id, u.GetID()}] = prReviewerRow{PRID: id, ID: u.GetID(), CntrbID: cntrb}
		}
	}
	for _, t := range pr.RequestedTeams {
		if t.GetID() == 0 {
			continue
		}
		team := prTeamRow{
			PRID: id, ID: t.GetID(), NodeID: t.NodeID, URL: t.URL, Name: t.Name, Slug: t.Slug, Description: t.Description, Privacy: t.Privacy, Permission: t.Permission,
			MembersURL: t.MembersURL, RepositoriesURL: t.RepositoriesURL,
		}
		if t.Parent != nil {
			team.ParentID = t.Parent.ID
		}
		r.teams[pair{id, t.GetID()}] = team
	}
}

// addSide notes the head or the base, and returns its label. Its repository is nil when it is gone, and so may be its owner.
func (r *prPage) addSide(id int64, side string, b *api.PullRequestBranch) *string {
	if b == nil {
		return nil
	}
	if b.SHA != nil {
		r.meta[named{id, side}] = prMetaRow{PRID: id, Side: side, Label: b.Label, Ref: b.Ref, SHA: *b.SHA, CntrbID: r.who.add(b.User)}
	}
	if b.Repo.GetID() != 0 {
		r.repos[named{id, side}] = prRepoRow{
			PRID: id, Side: side, ID: b.Repo.GetID(), NodeID: b.Repo.NodeID, Name: b.Repo.Name, FullName: b.Repo.FullName, Private: b.Repo.Private,
			CntrbID: r.who.add(b.Repo.Owner),
		}
	}
	return b.Label
}

// writer gives the statements that store the page.
func (r *prPage) writer(k *pack, p *pass) func(context.Context, pgx.Tx) error {
	q, repo, ids := p.source.queries, p.c.Repo.ID, r.ids
	people := r.who.writer(k, q, repo)
	prs, labels, assignees := k.add(rowsOf(r.prs, compareIDs)), k.add(rowsOf(r.labels, comparePairs)), k.add(rowsOf(r.assignees, comparePairs))
	reviewers, teams := k.add(rowsOf(r.reviewers, comparePairs)), k.add(rowsOf(r.teams, comparePairs))
	meta, repos := k.add(rowsOf(r.meta, compareNamed)), k.add(rowsOf(r.repos, compareNamed))
	return func(ctx context.Context, tx pgx.Tx) error {
		return inOrder(
			func() error { return people(ctx, tx) },
			func() error {
				return q.FreePullRequestURLs(ctx, tx, db.FreePullRequestURLsParams{RepoID: repo, Rows: prs})
			},
			func() error {
				return q.UpsertPullRequests(ctx, tx, db.UpsertPullRequestsParams{RepoID: repo, Rows: prs})
			},
			func() error {
				return q.FindPullRequests(ctx, tx, db.FindPullRequestsParams{RepoID: repo, SrcIds: ids})
			},
			func() error {
				return q.DropPullRequestLabels(ctx, tx, db.DropPullRequestLabelsParams{RepoID: repo, PrIds: ids, Rows: labels})
			},
			func() error {
				return q.UpsertPullRequestLabels(ctx, tx, db.UpsertPullRequestLabelsParams{RepoID: repo, Rows: labels})
			},
			func() error {
				return q.DropPullRequestAssignees(ctx, tx, db.DropPullRequestAssigneesParams{RepoID: repo, PrIds: ids, Rows: assignees})
			},
			func() error {
				return q.UpsertPullRequestAssignees(ctx, tx, db.UpsertPullRequestAssigneesParams{RepoID: repo, Rows: assignees})
			},
			func() error {
				return q.DropPullRequestReviewers(ctx, tx, db.DropPullRequestReviewersParams{RepoID: repo, PrIds: ids, Rows: reviewers})
			},
			func() error {
				return q.UpsertPullRequestReviewers(ctx, tx, db.UpsertPullRequestReviewersParams{RepoID: repo, Rows: reviewers})
			},
			func() error {
				return q.DropPullRequestTeams(ctx, tx, db.DropPullRequestTeamsParams{RepoID: repo, PrIds: ids, Rows: teams})
			},
			func() error {
				return q.StorePullRequestTeams(ctx, tx, db.StorePullRequestTeamsParams{RepoID: repo, Rows: teams})
			},
			func() error {
				return q.DropPullRequestMeta(ctx, tx, db.DropPullRequestMetaParams{RepoID: repo, PrIds: ids, Rows: meta})
			},
			func() error {
				return q.UpsertPullRequestMeta(ctx, tx, db.UpsertPullRequestMetaParams{RepoID: repo, Rows: meta})
			},
			func() error {
				return q.StorePullRequestRepos(ctx, tx, db.StorePullRequestReposParams{RepoID: repo, PrIds: ids, Rows: repos})
			},
		)
	}
}

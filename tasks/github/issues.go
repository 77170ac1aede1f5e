package github

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks/github/api"
)

// issues is the list of issues. GitHub lists pull requests in it, too, which have a list of their own.
func issues() list[*api.Issue] {
	return list[*api.Issue]{
		resource: KindIssues,
		mark:     activity,
		read: func(ctx context.Context, p *pass, since time.Time, etag, next string) (api.Page[*api.Issue], error) {
			return p.client.Issues(ctx, p.repo, since, etag, next)
		},
		at:      func(i *api.Issue) time.Time { return i.GetUpdatedAt().UTC() },
		prepare: prepareIssues,
		missing: func(ctx context.Context, p *pass, tx pgx.Tx, began time.Time) error {
			return p.source.queries.MarkMissingIssues(ctx, tx, db.MarkMissingIssuesParams{RepoID: &p.c.Repo.ID, Resource: KindIssues, Began: began})
		},
	}
}

// issueRow is a row of issues.
type issueRow struct {
	ID            int64      `json:"gh_issue_id"`
	Number        int64      `json:"gh_issue_number"`
	UserID        *int64     `json:"gh_user_id"`
	NodeID        *string    `json:"issue_node_id"`
	Title         *string    `json:"issue_title"`
	Body          *string    `json:"issue_body"`
	State         *string    `json:"issue_state"`
	Comments      *int64     `json:"comment_count"`
	CreatedAt     *time.Time `json:"created_at"`
	UpdatedAt     *time.Time `json:"updated_at"`
	ClosedAt      *time.Time `json:"closed_at"`
	RepositoryURL *string    `json:"repository_url"`
	URL           *string    `json:"issue_url"`
	LabelsURL     *string    `json:"labels_url"`
	CommentsURL   *string    `json:"comments_url"`
	EventsURL     *string    `json:"events_url"`
	HTMLURL       *string    `json:"html_url"`
	ReporterID    *string    `json:"reporter_id"`
}

// issueLabelRow is a row of issue_labels.
type issueLabelRow struct {
	IssueID     int64   `json:"gh_issue_id"`
	ID          int64   `json:"label_src_id"`
	NodeID      *string `json:"label_src_node_id"`
	Text        *string `json:"label_text"`
	Description *string `json:"label_description"`
	Color       *string `json:"label_color"`
}

// issueAssigneeRow is a row of issue_assignees.
type issueAssigneeRow struct {
	IssueID int64   `json:"gh_issue_id"`
	ID      int64   `json:"issue_assignee_src_id"`
	NodeID  *string `json:"issue_assignee_src_node"`
	CntrbID *string `json:"cntrb_id"`
}

func prepareIssues(_ context.Context, p *pass, items []*api.Issue) (page, error) {
	var k pack
	who := p.people()
	issues := map[int64]issueRow{}
	labels, assignees := map[pair]issueLabelRow{}, map[pair]issueAssigneeRow{}
	var ids []int64
	for _, i := range items {
		if i.IsPullRequest() || i.GetID() == 0 {
			continue
		}
		row := issueRow{
			ID: i.GetID(), Number: int64(i.GetNumber()), NodeID: i.NodeID, Title: i.Title, Body: i.Body, State: i.State, Comments: number(i.Comments),
			CreatedAt: instant(i.CreatedAt), UpdatedAt: instant(i.UpdatedAt), ClosedAt: instant(i.ClosedAt), RepositoryURL: i.RepositoryURL, URL: i.URL,
			LabelsURL: i.LabelsURL, CommentsURL: i.CommentsURL, EventsURL: i.EventsURL, HTMLURL: i.HTMLURL, ReporterID: who.add(i.User),
		}
		if i.User != nil {
			row.UserID = i.User.ID
		}
		ids = append(ids, row.ID)
		issues[row.ID] = row
		for _, l := range i.Labels {
			if l.GetID() != 0 {
				labels[pair{row.ID, l.GetID()}] = issueLabelRow{IssueID: row.ID, ID: l.GetID(), NodeID: l.NodeID, Text: l.Name, Description: l.Description, Color: l.Color}
			}
		}
		for _, u := range i.Assignees {
			if id := who.add(u); id != nil {
				assignees[pair{row.ID, u.GetID()}] = issueAssigneeRow{IssueID: row.ID, ID: u.GetID(), NodeID: u.NodeID, CntrbID: id}
			}
		}
	}
	people := who.writer(&k, p.source.queries, p.c.Repo.ID)
	issueRows, labelRows, assigneeRows := k.add(rowsOf(issues, compareIDs)), k.add(rowsOf(labels, comparePairs)), k.add(rowsOf(assignees, comparePairs))
	q, repo := p.source.queries, p.c.Repo.ID
	write := func(ctx context.Context, tx pgx.Tx) error {
		return inOrder(
			func() error { return people(ctx, tx) },
			func() error { return q.FreeIssueURLs(ctx, tx, db.FreeIssueURLsParams{RepoID: repo, Rows: issueRows}) },
			func() error { return q.UpsertIssues(ctx, tx, db.UpsertIssuesParams{RepoID: repo, Rows: issueRows}) },
			func() error {
				return q.DropIssueLabels(ctx, tx, db.DropIssueLabelsParams{RepoID: repo, GhIssueIds: ids, Rows: labelRows})
			},
			func() error {
				return q.UpsertIssueLabels(ctx, tx, db.UpsertIssueLabelsParams{RepoID: repo, Rows: labelRows})
			},
			func() error {
				return q.DropIssueAssignees(ctx, tx, db.DropIssueAssigneesParams{RepoID: repo, GhIssueIds: ids, Rows: assigneeRows})
			},
			func() error {
				return q.UpsertIssueAssignees(ctx, tx, db.UpsertIssueAssigneesParams{RepoID: repo, Rows: assigneeRows})
			},
		)
	}
	if len(ids) == 0 {
		write = nil
	}
	if k.err != nil {
		return page{}, fmt.Errorf("prepare issues of %s: %w", p.repo, k.err)
	}
	return page{write: write, ids: ids, scrubbed: k.scrubbed}, nil
}

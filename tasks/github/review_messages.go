package github

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks/github/api"
)

// reviewMessages is the list of comments on lines of pull requests. They belong to reviews.
func reviewMessages() list[*api.PullRequestComment] {
	return list[*api.PullRequestComment]{
		resource: KindReviewMessages,
		mark:     activity,
		parents:  []string{KindPullRequestChildren},
		read: func(ctx context.Context, p *pass, since time.Time, etag, next string) (api.Page[*api.PullRequestComment], error) {
			return p.client.ReviewComments(ctx, p.repo, since, etag, next)
		},
		at:      func(c *api.PullRequestComment) time.Time { return c.GetUpdatedAt().UTC() },
		prepare: prepareReviewMessages,
		missing: missingMessages(KindReviewMessages, true),
	}
}

// reviewRefRow is a row of pull_request_review_message_ref.
type reviewRefRow struct {
	MessageID         int64      `json:"platform_msg_id"`
	URL               *string    `json:"pr_review_msg_url"`
	ReviewID          *int64     `json:"pr_review_src_id"`
	ID                int64      `json:"pr_review_msg_src_id"`
	NodeID            *string    `json:"pr_review_msg_node_id"`
	DiffHunk          *string    `json:"pr_review_msg_diff_hunk"`
	Path              *string    `json:"pr_review_msg_path"`
	Position          *int64     `json:"pr_review_msg_position"`
	OriginalPosition  *int64     `json:"pr_review_msg_original_position"`
	CommitID          *string    `json:"pr_review_msg_commit_id"`
	OriginalCommitID  *string    `json:"pr_review_msg_original_commit_id"`
	UpdatedAt         *time.Time `json:"pr_review_msg_updated_at"`
	HTMLURL           *string    `json:"pr_review_msg_html_url"`
	PullRequestURL    *string    `json:"pr_url"`
	Association       *string    `json:"pr_review_msg_author_association"`
	StartLine         *int64     `json:"pr_review_msg_start_line"`
	OriginalStartLine *int64     `json:"pr_review_msg_original_start_line"`
	StartSide         *string    `json:"pr_review_msg_start_side"`
	Line              *int64     `json:"pr_review_msg_line"`
	OriginalLine      *int64     `json:"pr_review_msg_original_line"`
	Side              *string    `json:"pr_review_msg_side"`
}

func prepareReviewMessages(ctx context.Context, p *pass, items []*api.PullRequestComment) (page, error) {
	var ids, reviews []int64
	for _, c := range items {
		ids = append(ids, c.GetID())
		reviews = append(reviews, c.GetPullRequestReviewID())
	}
	found, err := p.source.queries.KnownReviews(ctx, p.c.Pool(), reviews)
	if err != nil {
		return page{}, fmt.Errorf("find reviews of %s: %w", p.c.Repo.URL, err)
	}
	known := make(map[int64]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	taken, err := p.taken(ctx, ids, true)
	if err != nil {
		return page{}, err
	}
	who := p.people()
	rows, refs := map[int64]messageRow{}, map[int64]reviewRefRow{}
	var left leftover
	for _, c := range items {
		id := c.GetID()
		if !known[c.GetPullRequestReviewID()] || id == 0 {
			left.add(id, ownerReview, c.GetPullRequestReviewID(), c)
			continue
		}
		message := messageRow{ID: taken.id(id), NodeID: c.NodeID, Text: c.Body, Timestamp: instant(c.CreatedAt), CntrbID: who.add(c.User), ToolSource: fromReview}
		rows[id] = message
		refs[id] = reviewRefRow{
			MessageID: message.ID, URL: c.URL, ReviewID: c.PullRequestReviewID, ID: id, NodeID: c.NodeID, DiffHunk: c.DiffHunk, Path: c.Path, Position: number(c.Position),
			OriginalPosition: number(c.OriginalPosition), CommitID: c.CommitID, OriginalCommitID: c.OriginalCommitID, UpdatedAt: instant(c.UpdatedAt),
			HTMLURL: c.HTMLURL, PullRequestURL: c.PullRequestURL, Association: c.AuthorAssociation, StartLine: number(c.StartLine),
			OriginalStartLine: number(c.OriginalStartLine), StartSide: c.StartSide, Line: number(c.Line), OriginalLine: number(c.OriginalLine), Side: c.Side,
		}
	}
	var k pack
	q, repo := p.source.queries, p.c.Repo.ID
	people := who.writer(&k, q, repo)
	messages, links := k.add(rowsOf(rows, compareIDs)), k.add(rowsOf(refs, compareIDs))
	done := page{ids: ids, keep: left.keeper(&k, p, ids), unplaced: left.count}
	if k.err != nil {
		return page{}, fmt.Errorf("prepare review comments of %s: %w", p.repo, k.err)
	}
	done.scrubbed = k.scrubbed
	if len(rows) > 0 {
		done.write = func(ctx context.Context, tx pgx.Tx) error {
			return inOrder(
				func() error { return people(ctx, tx) },
				func() error { return q.UpsertMessages(ctx, tx, db.UpsertMessagesParams{RepoID: repo, Rows: messages}) },
				func() error {
					return q.UpsertReviewMessageRefs(ctx, tx, db.UpsertReviewMessageRefsParams{RepoID: repo, Rows: links})
				},
			)
		}
	}
	return done, nil
}

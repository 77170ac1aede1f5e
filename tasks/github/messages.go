package github

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks/github/api"
)

// Where messages come from, as Augur says it.
const (
	fromIssue  = "Issue comment task"
	fromPR     = "Pr comment task"
	fromReview = "Pr review comment task"
)

// messages is the list of comments on issues and pull requests.
func messages() list[*api.IssueComment] {
	return list[*api.IssueComment]{
		resource: KindMessages,
		mark:     activity,
		parents:  []string{KindIssues, KindPullRequests},
		read: func(ctx context.Context, p *pass, since time.Time, etag, next string) (api.Page[*api.IssueComment], error) {
			return p.client.IssueComments(ctx, p.repo, since, etag, next)
		},
		at:      func(c *api.IssueComment) time.Time { return c.GetUpdatedAt().UTC() },
		prepare: prepareMessages,
		missing: missingMessages(KindMessages, false),
	}
}

// missingMessages notes comments that a whole pass has not met.
func missingMessages(resource string, onCode bool) func(ctx context.Context, p *pass, tx pgx.Tx, began time.Time) error {
	return func(ctx context.Context, p *pass, tx pgx.Tx, began time.Time) error {
		return p.source.queries.MarkMissingMessages(ctx, tx, db.MarkMissingMessagesParams{RepoID: p.c.Repo.ID, Resource: resource, OnCode: onCode, Began: began})
	}
}

// messageRow is a row of message.
type messageRow struct {
	ID         int64      `json:"platform_msg_id"`
	NodeID     *string    `json:"platform_node_id"`
	Text       *string    `json:"msg_text"`
	Timestamp  *time.Time `json:"msg_timestamp"`
	CntrbID    *string    `json:"cntrb_id"`
	ToolSource string     `json:"tool_source"`
}

// messageRefRow is a row of issue_message_ref or pull_request_message_ref.
type messageRefRow struct {
	IssueID       int64   `json:"issue_id"`
	PullRequestID int64   `json:"pull_request_id"`
	MessageID     int64   `json:"platform_msg_id"`
	CommentID     int64   `json:"comment_id"`
	NodeID        *string `json:"node_id"`
	IssueURL      *string `json:"pr_issue_url"`
}

func prepareMessages(ctx context.Context, p *pass, items []*api.IssueComment) (page, error) {
	var numbers, ids []int64
	for _, c := range items {
		numbers = append(numbers, numberOf(c.GetIssueURL()))
		ids = append(ids, c.GetID())
	}
	parents, err := p.numbered(ctx, numbers)
	if err != nil {
		return page{}, err
	}
	taken, err := p.taken(ctx, ids, false)
	if err != nil {
		return page{}, err
	}
	who := p.people()
	rows := map[int64]messageRow{}
	onIssues, onPRs := map[int64]messageRefRow{}, map[int64]messageRefRow{}
	var left leftover
	for i, c := range items {
		id := c.GetID()
		onPR := strings.Contains(c.GetHTMLURL(), "/pull/")
		parent, ok := parents[place{numbers[i], onPR}]
		if !ok || id == 0 {
			left.add(id, ownerOf[onPR], numbers[i], c)
			continue
		}
		message := messageRow{ID: taken.id(id), NodeID: c.NodeID, Text: c.Body, Timestamp: instant(c.CreatedAt), CntrbID: who.add(c.User), ToolSource: fromIssue}
		ref := messageRefRow{MessageID: message.ID, CommentID: id, NodeID: c.NodeID}
		if onPR {
			message.ToolSource = fromPR
			ref.PullRequestID, ref.IssueURL = parent.RowID, c.IssueURL
			onPRs[id] = ref
		} else {
			ref.IssueID = parent.RowID
			onIssues[id] = ref
		}
		rows[id] = message
	}
	var k pack
	q, repo := p.source.queries, p.c.Repo.ID
	people := who.writer(&k, q, repo)
	messages, issueRefs, prRefs := k.add(rowsOf(rows, compareIDs)), k.add(rowsOf(onIssues, compareIDs)), k.add(rowsOf(onPRs, compareIDs))
	done := page{ids: ids, keep: left.keeper(&k, p, ids), unplaced: left.count}
	if k.err != nil {
		return page{}, fmt.Errorf("prepare comments of %s: %w", p.repo, k.err)
	}
	done.scrubbed = k.scrubbed
	if len(rows) > 0 {
		done.write = func(ctx context.Context, tx pgx.Tx) error {
			return inOrder(
				func() error { return people(ctx, tx) },
				func() error { return q.UpsertMessages(ctx, tx, db.UpsertMessagesParams{RepoID: repo, Rows: messages}) },
				func() error {
					return q.UpsertIssueMessageRefs(ctx, tx, db.UpsertIssueMessageRefsParams{RepoID: repo, Rows: issueRefs})
				},
				func() error {
					return q.UpsertPullRequestMessageRefs(ctx, tx, db.UpsertPullRequestMessageRefsParams{RepoID: repo, Rows: prRefs})
				},
			)
		}
	}
	return done, nil
}

// place is what a number stands for: issues and pull requests share their numbers, but a number may have been one and be the other now.
type place struct {
	number      int64
	pullRequest bool
}

// numbered finds the rows of issues and pull requests by their numbers.
func (p *pass) numbered(ctx context.Context, numbers []int64) (map[place]db.NumberedRow, error) {
	rows, err := p.source.queries.Numbered(ctx, p.c.Pool(), db.NumberedParams{RepoID: &p.c.Repo.ID, Numbers: numbers})
	if err != nil {
		return nil, fmt.Errorf("find issues and pull requests of %s: %w", p.c.Repo.URL, err)
	}
	found := make(map[place]db.NumberedRow, len(rows))
	for _, row := range rows {
		found[place{row.Number, row.PullRequest}] = row
	}
	return found, nil
}

// taken are ids of comments that a comment of the other kind has. GitHub numbers comments on issues and comments on code apart, and Augur's table has room for one of
// each number: the one that comes second is stored under its negative number.
type taken map[int64]bool

func (p *pass) taken(ctx context.Context, ids []int64, onCode bool) (taken, error) {
	rows, err := p.source.queries.MessageKeys(ctx, p.c.Pool(), db.MessageKeysParams{IDs: ids, OnCode: onCode})
	if err != nil {
		return nil, fmt.Errorf("look for numbers of comments that are taken: %w", err)
	}
	found := make(taken, len(rows))
	for _, id := range rows {
		found[id] = true
	}
	return found, nil
}

func (t taken) id(id int64) int64 {
	if t[id] {
		return -id
	}
	return id
}

// numberOf is the number at the end of the address of an issue or pull request in the API; 0 when there is none.
func numberOf(address string) int64 {
	number, err := strconv.ParseInt(address[strings.LastIndexByte(address, '/')+1:], 10, 64)
	if err != nil || number < 0 {
		return 0
	}
	return number
}

package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks"
	"augur/tasks/github/api"
)

// longestEvents is the number of pages, of a hundred events each, after which GitHub ends the list of events, without a word.
const longestEvents = 300

// errListEnds says that GitHub gives no more of a list, although there is more.
var errListEnds = errors.New("GitHub gives no more of the list")

// eventList is the list of events by REST, the newest first. Events never change.
func eventList() list[*api.IssueEvent] {
	return list[*api.IssueEvent]{
		resource: KindEvents,
		mark:     activity,
		parents:  []string{KindIssues, KindPullRequests},
		read: func(ctx context.Context, p *pass, _ time.Time, etag, next string) (api.Page[*api.IssueEvent], error) {
			answer, err := p.client.Events(ctx, p.repo, etag, next)
			if refused, ok := errors.AsType[*api.StatusError](err); ok && refused.Status == http.StatusUnprocessableEntity && next != "" {
				return answer, errListEnds
			}
			return answer, err
		},
		at: func(e *api.IssueEvent) time.Time { return e.CreatedAt.UTC() },
		prepare: func(ctx context.Context, p *pass, items []*api.IssueEvent) (page, error) {
			return prepareEvents(ctx, p, eventsOfREST(items))
		},
	}
}

// events stores what happened to issues and pull requests. GitHub's list of it ends after 30,000: when that is not enough, the timelines of all items are read.
func (s *Source) events(ctx context.Context, c *tasks.Collection) error {
	l := eventList()
	p, err := s.pass(ctx, c, l.resource, l.mark, l.parents...)
	if err != nil {
		return err
	}
	if err := settle(ctx, p, prepareEvents); err != nil {
		return err
	}
	if p.idle() {
		return c.Finish(ctx, nil)
	}
	if next := value(p.state.Next); p.state.StartedAt == nil && p.state.Timelines || strings.HasPrefix(next, timelineOfIssues) || strings.HasPrefix(next, timelineOfPulls) {
		return p.timelines(ctx)
	}
	longest := cmp.Or(s.options.LongestEvents, longestEvents)
	err = l.newest(ctx, p, func(answer api.Page[*api.IssueEvent]) bool {
		if p.since().IsZero() {
			return p.state.Next == nil && answer.LastPage >= longest
		}
		// More than the list holds has happened since the watermark: it ends before that.
		return answer.Next == "" && !l.reaches(p, answer) && p.begun(answer.Date, "").RowsRead+int64(len(answer.Items)) >= int64(longest)*100
	})
	if errors.Is(err, errInstead) || errors.Is(err, errListEnds) {
		return p.timelines(ctx)
	}
	return err
}

// happening is an event, from REST or from a timeline, and what it happened to.
type happening struct {
	ID      int64     `json:"id"`
	Node    string    `json:"node"`
	URL     string    `json:"url"`
	Action  string    `json:"action"`
	Commit  *string   `json:"commit"`
	Created time.Time `json:"created"`
	Number  int64     `json:"number"`
	PR      bool      `json:"pr"`
	User    *api.User `json:"user"`
	Actor   *actor    `json:"actor"`
}

func eventsOfREST(items []*api.IssueEvent) []happening {
	events := make([]happening, 0, len(items))
	for _, e := range items {
		h := happening{ID: e.ID, Node: e.NodeID, URL: e.URL, Action: e.Event, Commit: e.CommitID, Created: e.CreatedAt.UTC(), User: e.Actor}
		if e.Issue != nil {
			h.Number, h.PR = e.Issue.Number, e.Issue.PullRequest != nil
		}
		events = append(events, h)
	}
	return events
}

// eventRow is a row of issue_events or pull_request_events.
type eventRow struct {
	RowID   int64     `json:"row_id"`
	SrcID   int64     `json:"src_id"`
	ID      int64     `json:"issue_event_src_id"`
	NodeID  *string   `json:"node_id"`
	URL     *string   `json:"node_url"`
	Action  string    `json:"action"`
	Commit  *string   `json:"action_commit_hash"`
	Created time.Time `json:"created_at"`
	CntrbID *string   `json:"cntrb_id"`
}

func prepareEvents(ctx context.Context, p *pass, events []happening) (page, error) {
	var numbers, ids []int64
	for _, e := range events {
		numbers, ids = append(numbers, e.Number), append(ids, e.ID)
	}
	parents, err := p.numbered(ctx, numbers)
	if err != nil {
		return page{}, err
	}
	who := p.people()
	onIssues, onPRs := map[pair]eventRow{}, map[pair]eventRow{}
	var closed []int64
	var left leftover
	for _, e := range events {
		parent, ok := parents[place{e.Number, e.PR}]
		if !ok || e.ID == 0 || e.Action == "" {
			left.add(e.ID, ownerOf[e.PR], e.Number, e)
			continue
		}
		row := eventRow{
			RowID: parent.RowID, SrcID: parent.SrcID, ID: e.ID, NodeID: notEmpty(e.Node), URL: notEmpty(e.URL), Action: e.Action, Commit: e.Commit, Created: e.Created,
			CntrbID: who.add(e.User),
		}
		if e.Actor != nil {
			row.CntrbID = who.addActor(e.Actor)
		}
		if e.PR {
			onPRs[pair{parent.RowID, e.ID}] = row
			continue
		}
		onIssues[pair{parent.RowID, e.ID}] = row
		if e.Action == "closed" || e.Action == "reopened" {
			closed = append(closed, parent.RowID)
		}
	}
	slices.Sort(closed)
	closed = slices.Compact(closed)
	var k pack
	q, repo := p.source.queries, p.c.Repo.ID
	people := who.writer(&k, q, repo)
	issues, prs := k.add(rowsOf(onIssues, comparePairs)), k.add(rowsOf(onPRs, comparePairs))
	done := page{keep: left.keeper(&k, p, ids), unplaced: left.count}
	if k.err != nil {
		return page{}, fmt.Errorf("prepare events of %s: %w", p.repo, k.err)
	}
	done.scrubbed = k.scrubbed
	if len(onIssues)+len(onPRs) > 0 {
		done.write = func(ctx context.Context, tx pgx.Tx) error {
			return inOrder(
				func() error { return people(ctx, tx) },
				func() error {
					return q.UpsertIssueEvents(ctx, tx, db.UpsertIssueEventsParams{RepoID: repo, Rows: issues})
				},
				func() error {
					return q.FreePullRequestEvents(ctx, tx, db.FreePullRequestEventsParams{RepoID: repo, Rows: prs})
				},
				func() error {
					return q.UpsertPullRequestEvents(ctx, tx, db.UpsertPullRequestEventsParams{RepoID: repo, Rows: prs})
				},
				func() error { return q.CloseIssues(ctx, tx, closed) },
			)
		}
	}
	return done, nil
}

package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"augur/tasks/github/api"
)

// Where a pass over timelines is: the items that it reads, then the cursor among them.
const (
	timelineOfIssues = "issues "
	timelineOfPulls  = "pulls "
)

// Items of a query, and events asked for with each. One query is priced as one request for each hundred items.
const (
	timelinesAtOnce   = 100
	eventsPerTimeline = 50
)

// eventTypes are the types of timeline items that REST lists as events; the action there is the name without Event, in lower case with underscores, but for those
// of actionOf.
var eventTypes = strings.Fields(`
	AddedToMergeQueueEvent AddedToProjectEvent AssignedEvent AutoMergeDisabledEvent AutoMergeEnabledEvent AutoRebaseEnabledEvent AutoSquashEnabledEvent
	AutomaticBaseChangeFailedEvent AutomaticBaseChangeSucceededEvent BaseRefChangedEvent BaseRefDeletedEvent BaseRefForcePushedEvent ClosedEvent
	CommentDeletedEvent ConnectedEvent ConvertToDraftEvent ConvertedNoteToIssueEvent ConvertedToDiscussionEvent DemilestonedEvent DeployedEvent
	DeploymentEnvironmentChangedEvent DisconnectedEvent HeadRefDeletedEvent HeadRefForcePushedEvent HeadRefRestoredEvent LabeledEvent LockedEvent
	MarkedAsDuplicateEvent MentionedEvent MergedEvent MilestonedEvent MovedColumnsInProjectEvent ParentIssueAddedEvent ParentIssueRemovedEvent PinnedEvent
	ReadyForReviewEvent ReferencedEvent RemovedFromMergeQueueEvent RemovedFromProjectEvent RenamedTitleEvent ReopenedEvent ReviewDismissedEvent
	ReviewRequestRemovedEvent ReviewRequestedEvent SubIssueAddedEvent SubIssueRemovedEvent SubscribedEvent TransferredEvent UnassignedEvent UnlabeledEvent
	UnlockedEvent UnmarkedAsDuplicateEvent UnpinnedEvent UnsubscribedEvent UserBlockedEvent`)

// pullOnly are those that only pull requests have; issueOnly those that only issues have. GitHub refuses a query that asks for the wrong ones.
var (
	pullOnly = words(`AddedToMergeQueueEvent AutoMergeDisabledEvent AutoMergeEnabledEvent AutoRebaseEnabledEvent AutoSquashEnabledEvent
		AutomaticBaseChangeFailedEvent AutomaticBaseChangeSucceededEvent BaseRefChangedEvent BaseRefDeletedEvent BaseRefForcePushedEvent ConvertToDraftEvent
		DeployedEvent DeploymentEnvironmentChangedEvent HeadRefDeletedEvent HeadRefForcePushedEvent HeadRefRestoredEvent MergedEvent ReadyForReviewEvent
		RemovedFromMergeQueueEvent ReviewDismissedEvent ReviewRequestRemovedEvent ReviewRequestedEvent`)
	issueOnly = words(`ParentIssueAddedEvent ParentIssueRemovedEvent SubIssueAddedEvent SubIssueRemovedEvent`)
	// withCommit are those that name a commit.
	withCommit = map[string]string{
		"ClosedEvent": " closer { ... on Commit { oid } }", "MergedEvent": " commit { oid }", "ReferencedEvent": " commit { oid }",
	}
)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		set[word] = true
	}
	return set
}

// actionOf is REST's name of a type of event.
func actionOf(typename string) string {
	if typename == "RenamedTitleEvent" {
		return "renamed"
	}
	var name strings.Builder
	for i, r := range strings.TrimSuffix(typename, "Event") {
		if unicode.IsUpper(r) && i > 0 {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(r))
	}
	return name.String()
}

// timelineFields ask for the events of an item, a page after #after.
func timelineFields(skip map[string]bool, first string) string {
	var fragments strings.Builder
	for _, name := range eventTypes {
		if !skip[name] {
			fragments.WriteString(" ... on " + name + " { id createdAt actor " + actorShort + withCommit[name] + " }")
		}
	}
	return "timelineItems(first: " + first + ", after: #after, itemTypes: " + timelineKinds(skip) + ") { " + listFields + " nodes { __typename" + fragments.String() + " } }"
}

// timelineKinds are the constants of the types of events, but for some.
func timelineKinds(skip map[string]bool) string {
	var kinds strings.Builder
	for _, name := range eventTypes {
		switch {
		case skip[name]:
		case name == "RenamedTitleEvent":
			kinds.WriteString(" RENAMED_TITLE_EVENT")
		default:
			kinds.WriteString(" " + strings.ToUpper(actionOf(name)) + "_EVENT")
		}
	}
	return "[" + kinds.String() + "]"
}

// actorShort names a fragment: its text is there once, however many types of events there are.
const (
	actorShort    = `{ ...who }`
	actorFragment = ` fragment who on Actor ` + actorFields
)

// timelineItem is an event in a timeline.
type timelineItem struct {
	Typename  string    `json:"__typename"`
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"createdAt"`
	Actor     *actor    `json:"actor"`
	Closer    *struct {
		OID *string `json:"oid"`
	} `json:"closer"`
	Commit *struct {
		OID *string `json:"oid"`
	} `json:"commit"`
}

// timelineOwner is an issue or a pull request.
type timelineOwner struct {
	ID            string                   `json:"id"`
	Number        int64                    `json:"number"`
	UpdatedAt     time.Time                `json:"updatedAt"`
	TimelineItems connection[timelineItem] `json:"timelineItems"`
}

// timelines reads the events of all items that changed since the watermark, those of issues before those of pull requests.
func (p *pass) timelines(ctx context.Context) error {
	if p.state.StartedAt != nil && !strings.HasPrefix(value(p.state.Next), timelineOfPulls) && !strings.HasPrefix(value(p.state.Next), timelineOfIssues) {
		p.state.Next = nil // REST got so far and no further
	}
	for {
		kind, after := timelineOfIssues, strings.TrimPrefix(value(p.state.Next), timelineOfIssues)
		if rest, ok := strings.CutPrefix(value(p.state.Next), timelineOfPulls); ok {
			kind, after = timelineOfPulls, rest
		}
		done, err := p.timelinePage(ctx, kind, after)
		if done || err != nil {
			return err
		}
	}
}

// timelinePage reads and stores the events of a page of items.
func (p *pass) timelinePage(ctx context.Context, kind, after string) (done bool, err error) {
	size := timelinesAtOnce
	if p.state.PageSize != nil {
		size = int(*p.state.PageSize)
	}
	var answer struct {
		Repository *struct {
			NameWithOwner string                    `json:"nameWithOwner"`
			Items         connection[timelineOwner] `json:"items"`
		} `json:"repository"`
	}
	reply, err := p.client.Query(ctx, "timelines", timelineQuery(kind), map[string]any{
		"owner": p.repo.Owner, "name": p.repo.Name, "size": size, "cursor": notEmpty(after), "events": eventsPerTimeline,
	}, &answer)
	if errors.Is(err, api.ErrTooCostly) {
		if half, ok := smaller(size); ok {
			p.state.PageSize = &half
			return false, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("read timelines of %s: %w", p.repo, err)
	}
	if answer.Repository == nil || faults(reply.Errors).under("repository", "items", "pageInfo") {
		return false, missingRepository(p.repo, reply.Errors)
	}
	items := answer.Repository.Items
	events, err := p.timelineEvents(ctx, kind, answer.Repository.NameWithOwner, items.Nodes, reply.Errors)
	if err != nil {
		return false, err
	}
	rows, err := prepareEvents(ctx, p, events)
	if err != nil {
		return false, err
	}
	state := p.begun(reply.Date, "")
	state.PageSize = larger(size, timelinesAtOnce)
	// An item that changes while pages are read moves to the front. Its old events are nowhere but in its timeline, so the next pass reads timelines, too.
	state.Timelines = state.Timelines || after != ""
	state.RowsRead += int64(len(events))
	next, more := items.more()
	if more && len(items.Nodes) > 0 && items.Nodes[len(items.Nodes)-1].UpdatedAt.Before(p.since()) {
		more = false
	}
	switch {
	case more:
		next = kind + next
	case kind == timelineOfIssues:
		next = timelineOfPulls
	default:
		state.Since, state.Etag = p.below(p.watermark(state), eventList().parents), nil
		return true, p.finish(ctx, state, rows, nil)
	}
	state.Next = &next
	return false, p.save(ctx, state, rows)
}

func timelineQuery(kind string) string {
	connection, skip := "issues", pullOnly
	if kind == timelineOfPulls {
		connection, skip = "pullRequests", issueOnly
	}
	fields := strings.ReplaceAll(timelineFields(skip, "$events"), "#after", "null")
	return `query timelines($owner: String!, $name: String!, $size: Int!, $cursor: String, $events: Int!) {
		repository(owner: $owner, name: $name) {
			nameWithOwner
			items: ` + connection + `(first: $size, after: $cursor, orderBy: {field: UPDATED_AT, direction: DESC}) { ` + listFields + ` nodes { id number updatedAt ` + fields + ` } }
		} ` + rateLimit + ` }` + actorFragment
}

// timelineEvents are the events of a page of items, those included that are further down in long timelines.
func (p *pass) timelineEvents(ctx context.Context, kind, fullName string, owners []timelineOwner, errs []api.QueryError) ([]happening, error) {
	pulls := kind == timelineOfPulls
	var events []happening
	var rests []rest
	for i := range owners {
		owner := &owners[i]
		add := func(items []timelineItem) {
			for _, item := range items {
				events = append(events, item.happening(p.api+"/repos/"+fullName, owner.Number, pulls))
			}
		}
		after, more := owner.TimelineItems.more()
		if faults(errs).under("repository", "items", "nodes", i) {
			after, more = "", owner.ID != ""
		} else {
			add(owner.TimelineItems.Nodes)
		}
		if !more {
			continue
		}
		rests = append(rests, rest{
			node: owner.ID, after: after, field: "timelineItems", fragment: timelineFragment(kind), lost: func() { p.lostList(ctx, "events", owner.Number) },
			add: func(document json.RawMessage) (string, bool, error) {
				var list connection[timelineItem]
				if err := json.Unmarshal(document, &list); err != nil {
					return "", false, fmt.Errorf("read events of number %d: %w", owner.Number, err)
				}
				add(list.Nodes)
				after, more := list.more()
				return after, more, nil
			},
		})
	}
	return events, p.drain(ctx, "timeline", rests)
}

func timelineFragment(kind string) string {
	if kind == timelineOfPulls {
		return "PullRequest { " + timelineFields(issueOnly, "$first") + " }"
	}
	return "Issue { " + timelineFields(pullOnly, "$first") + " }"
}

// happening is the event as REST would tell it. A type that is not asked for has no id, and is not stored.
func (i timelineItem) happening(base string, number int64, pull bool) happening {
	h := happening{ID: numberOfNode(i.ID), Node: i.ID, Action: actionOf(i.Typename), Created: i.CreatedAt.UTC(), Number: number, PR: pull, Actor: i.Actor}
	if h.ID != 0 {
		h.URL = base + "/issues/events/" + strconv.FormatInt(h.ID, 10)
	}
	for _, named := range []*struct {
		OID *string `json:"oid"`
	}{i.Closer, i.Commit} {
		if named != nil && named.OID != nil {
			h.Commit = named.OID
		}
	}
	return h
}

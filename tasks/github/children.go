package github

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"augur/tasks"
	"augur/tasks/github/api"
)

// What is asked of the lists inside of a pull request. Together with 25 pull requests this is one point, and some 5,000 possible nodes.
const (
	fileFields   = listFields + ` nodes { path additions deletions }`
	commitFields = listFields + ` nodes { commit { id oid message committedDate author { email user ` + userFields + ` } } }`
	reviewFields = listFields + ` nodes { id fullDatabaseId authorAssociation state body submittedAt url commit { oid } author ` + actorFields + ` }`
)

const childrenQuery = `query pullRequestChildren($owner: String!, $name: String!, $size: Int!, $cursor: String) {
	repository(owner: $owner, name: $name) {
		pullRequests(first: $size, after: $cursor, orderBy: {field: UPDATED_AT, direction: DESC}) { ` + listFields + ` nodes { id fullDatabaseId number updatedAt
			files(first: 100) { ` + fileFields + ` }
			commits(first: 50) { ` + commitFields + ` }
			reviews(first: 50) { ` + reviewFields + ` }
		} }
	} ` + rateLimit + ` }`

type (
	// pullRequest is a pull request with the lists inside of it. A list that is nil is one that GitHub does not have, such as the files of one whose branch is gone.
	pullRequest struct {
		ID             string                `json:"id"`
		FullDatabaseID string                `json:"fullDatabaseId"`
		Number         int64                 `json:"number"`
		UpdatedAt      time.Time             `json:"updatedAt"`
		Files          *connection[prFile]   `json:"files"`
		Commits        *connection[prCommit] `json:"commits"`
		Reviews        *connection[prReview] `json:"reviews"`
	}
	prFile struct {
		Path      string `json:"path"`
		Additions int64  `json:"additions"`
		Deletions int64  `json:"deletions"`
	}
	prCommit struct {
		Commit *struct {
			ID            string     `json:"id"`
			OID           string     `json:"oid"`
			Message       *string    `json:"message"`
			CommittedDate *time.Time `json:"committedDate"`
			Author        *struct {
				Email *string `json:"email"`
				User  *actor  `json:"user"`
			} `json:"author"`
		} `json:"commit"`
	}
	prReview struct {
		ID             string     `json:"id"`
		FullDatabaseID string     `json:"fullDatabaseId"`
		Association    *string    `json:"authorAssociation"`
		State          *string    `json:"state"`
		Body           *string    `json:"body"`
		SubmittedAt    *time.Time `json:"submittedAt"`
		URL            *string    `json:"url"`
		Commit         *struct {
			OID *string `json:"oid"`
		} `json:"commit"`
		Author *actor `json:"author"`
	}
)

// pullRequestChildren stores files, commits and reviews of the pull requests that changed since the watermark, the newest change first.
func (s *Source) pullRequestChildren(ctx context.Context, c *tasks.Collection) error {
	p, err := s.pass(ctx, c, KindPullRequestChildren, activity, KindPullRequests)
	if err != nil {
		return err
	}
	if p.idle() { // then the core phase finds nothing either
		return c.Finish(ctx, nil)
	}
	if err := p.ready(); err != nil {
		return err
	}
	for {
		done, err := p.childrenPage(ctx)
		if done || err != nil {
			return err
		}
	}
}

// childrenPage reads and stores the lists inside of a page of pull requests.
func (p *pass) childrenPage(ctx context.Context) (done bool, err error) {
	size := p.settings.PullRequestsAtOnce
	if p.state.PageSize != nil {
		size = min(size, int(*p.state.PageSize))
	}
	var answer struct {
		Repository *struct {
			PullRequests connection[pullRequest] `json:"pullRequests"`
		} `json:"repository"`
	}
	reply, err := p.client.Query(ctx, "pullRequestChildren", childrenQuery, map[string]any{
		"owner": p.repo.Owner, "name": p.repo.Name, "size": size, "cursor": p.state.Next,
	}, &answer)
	if errors.Is(err, api.ErrTooCostly) {
		if half, ok := smaller(size); ok {
			p.state.PageSize = &half
			return false, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("read files, commits and reviews of %s: %w", p.repo, err)
	}
	if answer.Repository == nil || faults(reply.Errors).under("repository", "pullRequests", "pageInfo") {
		return false, missingRepository(p.repo, reply.Errors)
	}
	prs := answer.Repository.PullRequests
	rows, err := p.childRows(ctx, prs.Nodes, reply.Errors)
	if err != nil {
		return false, err
	}
	state := p.begun(reply.Date, "")
	state.PageSize = larger(size, p.settings.PullRequestsAtOnce)
	state.RowsRead += int64(len(prs.Nodes))
	next, more := prs.more()
	if more && len(prs.Nodes) > 0 && prs.Nodes[len(prs.Nodes)-1].UpdatedAt.Before(p.since()) {
		more = false
	}
	if !more {
		state.Since, state.Etag = p.below(p.watermark(state), []string{KindPullRequests}), nil
		return true, p.finish(ctx, state, rows, nil)
	}
	state.Next = &next
	return false, p.save(ctx, state, rows)
}

// childRows makes rows of pull requests and the lists inside of them, after what is left of long lists has been read. Pull requests that are not stored yet are
// unplaced.
func (p *pass) childRows(ctx context.Context, prs []pullRequest, errs []api.QueryError) (page, error) {
	ids := make([]int64, len(prs))
	for i, pr := range prs {
		ids[i], _ = strconv.ParseInt(pr.FullDatabaseID, 10, 64) // 0 is not stored
	}
	found, err := p.source.queries.KnownPullRequests(ctx, p.c.Pool(), knownParams(p.c.Repo.ID, ids))
	if err != nil {
		return page{}, fmt.Errorf("find pull requests of %s: %w", p.c.Repo.URL, err)
	}
	known := make(map[int64]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	rows := p.newChildren()
	var rests []rest
	var unplaced int64
	for i := range prs {
		if !known[ids[i]] {
			unplaced++
			continue
		}
		faulty := func(list string) bool { return faults(errs).under("repository", "pullRequests", "nodes", i, list) }
		rests = append(rests, rows.take(ctx, ids[i], &prs[i], faulty)...)
	}
	if err := p.drain(ctx, "pullRequestRest", rests); err != nil {
		return page{}, err
	}
	done, err := rows.page()
	done.unplaced = unplaced
	return done, err
}

// take notes what the query told about a pull request, and returns the lists of which there is more. faulty says of which list an error told.
func (r *children) take(ctx context.Context, id int64, pr *pullRequest, faulty func(list string) bool) []rest {
	return slices.Concat(
		follow(ctx, r, pr, inner[prFile]{"files", fileFields, pr.Files, r.filesOf, func(f prFile) { r.addFile(id, f) }}, id, faulty),
		follow(ctx, r, pr, inner[prCommit]{"commits", commitFields, pr.Commits, r.commitsOf, func(c prCommit) { r.addCommit(id, c) }}, id, faulty),
		follow(ctx, r, pr, inner[prReview]{"reviews", reviewFields, pr.Reviews, r.reviewsOf, func(v prReview) { r.addReview(id, v) }}, id, faulty),
	)
}

// inner is a list inside of a pull request.
type inner[T any] struct {
	field, fields string
	list          *connection[T]
	complete      map[int64]bool // the pull requests of which the list is known to its end, so that what is stored beyond it can go
	add           func(T)
}

// follow takes a list inside of a pull request, and returns what is to be read on when it is not whole.
func follow[T any](ctx context.Context, r *children, pr *pullRequest, in inner[T], id int64, faulty func(list string) bool) []rest {
	addAll := func(list connection[T]) {
		for _, item := range list.Nodes {
			in.add(item)
		}
	}
	more := rest{
		node: pr.ID, field: in.field, fragment: "PullRequest { " + in.field + "(first: $first, after: #after) { " + in.fields + " } }", add: each(addAll),
		lost: func() {
			delete(in.complete, id)
			r.pass.lostList(ctx, in.field, pr.Number)
		},
	}
	switch {
	case faulty(in.field): // from its beginning, alone
		in.complete[id] = true
		return []rest{more}
	case in.list == nil:
		return nil
	}
	in.complete[id] = true
	addAll(*in.list)
	after, hasMore := in.list.more()
	if !hasMore {
		return nil
	}
	more.after = after
	return []rest{more}
}

package githubtest

import (
	"cmp"
	"slices"
	"strings"
)

// Values of GraphQL that the data does not have as such.
type (
	pullCommit struct {
		pull   *Issue
		commit *Commit
	}
	reviewRequest struct {
		pull   *Issue
		of     any // a *User or a *Team
		number int
	}
)

// itemFields are what issues and pull requests have alike.
var itemFields = resolvers{
	"id":                of(func(i *Issue) any { return i.nodeID() }),
	"number":            of(func(i *Issue) any { return i.Number }),
	"title":             of(func(i *Issue) any { return i.Title }),
	"body":              of(func(i *Issue) any { return i.Body }),
	"url":               of(func(i *Issue) any { return i.page() }),
	"author":            of(func(i *Issue) any { return i.User }),
	"authorAssociation": of(func(i *Issue) any { return i.Association }),
	"state":             of(func(i *Issue) any { return i.graphState() }),
	"closed":            of(func(i *Issue) any { return i.State == "closed" }),
	"locked":            of(func(i *Issue) any { return i.Locked }),
	"activeLockReason":  of(func(*Issue) any { return nil }),
	"createdAt":         of(func(i *Issue) any { return i.Created }),
	"updatedAt":         of(func(i *Issue) any { return i.Updated }),
	"closedAt":          of(func(i *Issue) any { return moment(i.Closed) }),
	"repository":        of(func(i *Issue) any { return i.Repo }),
	"labels":            with(func(i *Issue, args map[string]any) any { return labelList(i.Repo, args, i.Labels) }),
	"assignees":         with(func(i *Issue, args map[string]any) any { return plain(args, i.Assignees) }),
	"comments":          with(func(i *Issue, args map[string]any) any { return i.commentList(args) }),
	"timelineItems":     with(func(i *Issue, args map[string]any) any { return i.timeline(args) }),
	"milestone": of(func(i *Issue) any {
		if i.Milestone == nil {
			return nil
		}
		return milestoneOf{i.Milestone, i.Repo}
	}),
}

var issueFields = resolvers{
	"databaseId":     of(func(i *Issue) any { return number(i.ID) }),
	"fullDatabaseId": of(func(i *Issue) any { return itoa(i.ID) }),
	"stateReason":    of(func(i *Issue) any { return text(strings.ToUpper(i.StateReason)) }),
}

var pullFields = resolvers{
	"databaseId":         of(func(i *Issue) any { return number(i.Pull.ID) }),
	"fullDatabaseId":     of(func(i *Issue) any { return itoa(i.Pull.ID) }),
	"permalink":          of(func(i *Issue) any { return i.page() }),
	"isDraft":            of(func(i *Issue) any { return i.Pull.Draft }),
	"merged":             of(func(i *Issue) any { return !i.Pull.Merged.IsZero() }),
	"mergedAt":           of(func(i *Issue) any { return moment(i.Pull.Merged) }),
	"mergedBy":           of(func(i *Issue) any { return i.Pull.MergedBy }),
	"mergeCommit":        of(func(i *Issue) any { return commitOf(i.Repo, i.Pull.MergeCommit) }),
	"additions":          of(func(i *Issue) any { additions, _ := i.Pull.changes(); return additions }),
	"deletions":          of(func(i *Issue) any { _, deletions := i.Pull.changes(); return deletions }),
	"changedFiles":       of(func(i *Issue) any { return len(i.Pull.Files) }),
	"totalCommentsCount": of(func(i *Issue) any { return len(i.Comments) + len(i.Pull.ReviewComments) }),
	"baseRefName":        of(func(i *Issue) any { return i.Pull.Base.Ref }),
	"baseRefOid":         of(func(i *Issue) any { return i.Pull.Base.SHA }),
	"baseRepository":     of(func(i *Issue) any { return i.Pull.Base.Repo }),
	"headRefName":        of(func(i *Issue) any { return i.Pull.Head.Ref }),
	"headRefOid":         of(func(i *Issue) any { return i.Pull.Head.SHA }),
	"headRepository":     of(func(i *Issue) any { return i.Pull.Head.Repo }),
	"headRepositoryOwner": of(func(i *Issue) any {
		if i.Pull.Head.Repo == nil {
			return nil
		}
		return i.Pull.Head.Repo.Owner
	}),
	"isCrossRepository": of(func(i *Issue) any { return i.Pull.Head.Repo != i.Repo }),
	"files": with(func(i *Issue, args map[string]any) any {
		return plain(args, i.Pull.Files[:min(len(i.Pull.Files), 3000)])
	}),
	"commits": with(func(i *Issue, args map[string]any) any {
		rows := make([]pullCommit, 0, len(i.Pull.Commits))
		for _, c := range i.Pull.Commits {
			rows = append(rows, pullCommit{i, c})
		}
		return plain(args, rows)
	}),
	"reviews": with(func(i *Issue, args map[string]any) any {
		states := listArg(args, "states")
		return plain(args, slices.DeleteFunc(slices.Clone(i.Pull.Reviews), func(v *Review) bool {
			return len(states) > 0 && !slices.Contains(states, any(v.State))
		}))
	}),
	"reviewRequests": with(func(i *Issue, args map[string]any) any {
		var rows []reviewRequest
		for _, u := range i.Pull.Reviewers {
			rows = append(rows, reviewRequest{i, u, 10*i.Number + len(rows)})
		}
		for _, t := range i.Pull.Teams {
			rows = append(rows, reviewRequest{i, t, 10*i.Number + len(rows)})
		}
		return plain(args, rows)
	}),
}

// commentList is the comments, in the order in which they were made, or were changed.
func (i *Issue) commentList(args map[string]any) listing {
	field, direction := orderOf(args)
	if field == "" {
		return plain(args, i.Comments)
	}
	rows := slices.Clone(i.Comments)
	slices.SortFunc(rows, func(a, b *Comment) int { return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID)) })
	return connect(args, rows, direction, func(c *Comment) cursorKey { return cursorKey{c.Updated.Unix(), c.ID} })
}

// commitOf is a commit that may be known by its hash only, nil without a hash.
func commitOf(r *Repo, sha string) any {
	if sha == "" {
		return nil
	}
	if c := r.Commit(sha); c != nil {
		return gitCommit{r, c}
	}
	return gitCommit{r, &Commit{SHA: sha, Message: "merge", AuthorName: "GitHub", AuthorEmail: "noreply@github.com", Authored: r.Created, Committed: r.Created}}
}

var commentFields = resolvers{
	"id":                of(func(c *Comment) any { return c.nodeID() }),
	"databaseId":        of(func(c *Comment) any { return number(c.ID) }),
	"fullDatabaseId":    of(func(c *Comment) any { return itoa(c.ID) }),
	"author":            of(func(c *Comment) any { return c.User }),
	"authorAssociation": of(func(c *Comment) any { return c.Association }),
	"body":              of(func(c *Comment) any { return c.Body }),
	"createdAt":         of(func(c *Comment) any { return c.Created }),
	"updatedAt":         of(func(c *Comment) any { return c.Updated }),
	"url":               of(func(c *Comment) any { return c.Issue.page() + "#issuecomment-" + itoa(c.ID) }),
	"issue":             of(func(c *Comment) any { return c.Issue }),
	"repository":        of(func(c *Comment) any { return c.Issue.Repo }),
	"pullRequest": of(func(c *Comment) any {
		if c.Issue.Pull == nil {
			return nil
		}
		return c.Issue
	}),
}

var reviewFields = resolvers{
	"id":                of(func(v *Review) any { return v.nodeID() }),
	"databaseId":        of(func(v *Review) any { return number(v.ID) }),
	"fullDatabaseId":    of(func(v *Review) any { return itoa(v.ID) }),
	"author":            of(func(v *Review) any { return v.User }),
	"authorAssociation": of(func(v *Review) any { return v.Association }),
	"body":              of(func(v *Review) any { return v.Body }),
	"state":             of(func(v *Review) any { return v.State }),
	"submittedAt":       of(func(v *Review) any { return moment(v.Submitted) }),
	"createdAt":         of(func(v *Review) any { return v.Submitted }),
	"updatedAt":         of(func(v *Review) any { return v.Submitted }),
	"url":               of(func(v *Review) any { return v.page() }),
	"commit":            of(func(v *Review) any { return commitOf(v.Issue.Repo, v.CommitID) }),
	"pullRequest":       of(func(v *Review) any { return v.Issue }),
	"comments": with(func(v *Review, args map[string]any) any {
		var rows []*ReviewComment
		for _, c := range v.Issue.Pull.ReviewComments {
			if c.Review == v {
				rows = append(rows, c)
			}
		}
		return plain(args, rows)
	}),
}

var reviewCommentFields = resolvers{
	"id":                of(func(c *ReviewComment) any { return c.nodeID() }),
	"databaseId":        of(func(c *ReviewComment) any { return number(c.ID) }),
	"fullDatabaseId":    of(func(c *ReviewComment) any { return itoa(c.ID) }),
	"author":            of(func(c *ReviewComment) any { return c.User }),
	"authorAssociation": of(func(c *ReviewComment) any { return c.Association }),
	"body":              of(func(c *ReviewComment) any { return c.Body }),
	"createdAt":         of(func(c *ReviewComment) any { return c.Created }),
	"updatedAt":         of(func(c *ReviewComment) any { return c.Updated }),
	"url":               of(func(c *ReviewComment) any { return c.page() }),
	"path":              of(func(c *ReviewComment) any { return c.Path }),
	"diffHunk":          of(func(c *ReviewComment) any { return c.DiffHunk }),
	"line":              of(func(c *ReviewComment) any { return someInt(c.Line) }),
	"originalLine":      of(func(c *ReviewComment) any { return someInt(c.OriginalLine) }),
	"startLine":         of(func(c *ReviewComment) any { return someInt(c.StartLine) }),
	"originalStartLine": of(func(c *ReviewComment) any { return someInt(c.StartLine) }),
	"position":          of(func(c *ReviewComment) any { return someInt(c.Position) }),
	"originalPosition":  of(func(c *ReviewComment) any { return c.OriginalPosition }),
	"outdated":          of(func(c *ReviewComment) any { return c.Position == 0 }),
	"commit":            of(func(c *ReviewComment) any { return commitOf(c.Issue.Repo, c.CommitID) }),
	"originalCommit":    of(func(c *ReviewComment) any { return commitOf(c.Issue.Repo, c.OriginalCommitID) }),
	"pullRequest":       of(func(c *ReviewComment) any { return c.Issue }),
	"pullRequestReview": of(func(c *ReviewComment) any { return c.Review }),
	"replyTo": of(func(c *ReviewComment) any {
		for _, other := range c.Issue.Pull.ReviewComments {
			if other.ID == c.InReplyTo {
				return other
			}
		}
		return nil
	}),
}

// eventFields are what every event has.
var eventFields = resolvers{
	"id":        of(func(e *Event) any { return e.nodeID() }),
	"actor":     of(func(e *Event) any { return e.Actor }),
	"createdAt": of(func(e *Event) any { return e.Created }),
	"url":       of(func(e *Event) any { return e.Issue.page() + "#event-" + itoa(e.ID) }),
}

var (
	subjectFields    = resolvers{"assignee": of(func(e *Event) any { return e.Subject })}
	reasonFields     = resolvers{"stateReason": of(func(e *Event) any { return text(strings.ToUpper(e.Reason)) })}
	titleFields      = resolvers{"milestoneTitle": of(func(e *Event) any { return e.Title })}
	eventLabelFields = resolvers{"label": of(func(e *Event) any { return labelOf{e.Label, e.repo} })}
)

func (e *Event) commit() any { return commitOf(e.repo, e.CommitID) }

package githubtest

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"time"
)

// resolver makes the value of a field of an object: a scalar, an object of the data, a []any, a listing, a problem, or nil for null.
type resolver func(x *execution, value any, args map[string]any) any

// resolvers are those of a type, by field.
type resolvers map[string]resolver

// resolverOf finds the resolver of a field. Connections, edges and pages of all types are alike.
func resolverOf(typeName, field string) resolver {
	if found := graphFields[typeName][field]; found != nil {
		return found
	}
	switch { // of events, those that tell nothing of their own
	case strings.HasSuffix(typeName, "Connection"):
		return connectionFields[field]
	case strings.HasSuffix(typeName, "Edge"):
		return edgeFields[field]
	case strings.HasSuffix(typeName, "Event"):
		return eventFields[field]
	}
	return nil
}

// of is a resolver that needs the object only.
func of[T any](f func(T) any) resolver {
	return func(_ *execution, value any, _ map[string]any) any { return f(must[T](value)) }
}

// with is a resolver that needs arguments, too.
func with[T any](f func(T, map[string]any) any) resolver {
	return func(_ *execution, value any, args map[string]any) any { return f(must[T](value), args) }
}

// must is a value as the type that its place in the schema gives it.
func must[T any](value any) T {
	typed, ok := value.(T)
	if !ok {
		panic(fmt.Sprintf("a resolver of %T got a %T", typed, value))
	}
	return typed
}

// join puts sets of resolvers together.
func join(sets ...resolvers) resolvers {
	all := resolvers{}
	for _, set := range sets {
		maps.Copy(all, set)
	}
	return all
}

var connectionFields = resolvers{
	"totalCount": of(func(l listing) any { return l.total }),
	"nodes":      of(func(l listing) any { return l.nodes }),
	"pageInfo":   of(func(l listing) any { return l }),
	"edges": of(func(l listing) any {
		edges := make([]any, len(l.nodes))
		for i, node := range l.nodes {
			edges[i] = edge{node, l.cursors[i]}
		}
		return edges
	}),
}

var edgeFields = resolvers{
	"cursor": of(func(e edge) any { return e.cursor }),
	"node":   of(func(e edge) any { return e.node }),
}

// graphFields are the resolvers of the types that are not alike.
var graphFields = map[string]resolvers{
	"Query":     queryFields,
	"RateLimit": rateLimitFields,
	"PageInfo": {
		"hasNextPage":     of(func(l listing) any { return l.hasNext }),
		"hasPreviousPage": of(func(l listing) any { return l.hasPrevious }),
		"startCursor":     of(func(l listing) any { return l.cursor(0) }),
		"endCursor":       of(func(l listing) any { return l.cursor(len(l.cursors) - 1) }),
	},
	"Repository": repositoryFields,
	"Language": {
		"id":    of(func(name string) any { return textNodeID("LAN", 0, name) }),
		"name":  of(func(name string) any { return name }),
		"color": of(func(string) any { return "#00ADD8" }),
	},
	"License": {
		"id":     of(func(key license) any { return textNodeID("L", 0, string(key)) }),
		"key":    of(func(key license) any { return string(key) }),
		"name":   of(func(key license) any { return strings.ToUpper(string(key)) + " License" }),
		"spdxId": of(func(key license) any { return strings.ToUpper(string(key)) }),
		"url":    of(func(key license) any { return "http://choosealicense.com/licenses/" + string(key) + "/" }),
	},
	"CodeOfConduct": {
		"id":   of(func(*Repo) any { return textNodeID("CC", 0, "contributor_covenant") }),
		"key":  of(func(*Repo) any { return "contributor_covenant" }),
		"name": of(func(*Repo) any { return "Contributor Covenant" }),
		"url":  of(func(r *Repo) any { return r.html + "/blob/" + r.DefaultBranch + "/CODE_OF_CONDUCT.md" }),
	},
	"Ref":                   refFields,
	"Commit":                commitFields,
	"Tag":                   tagFields,
	"GitActor":              gitActorFields,
	"Release":               releaseFields,
	"Label":                 labelFields,
	"Milestone":             milestoneFields,
	"Team":                  teamFields,
	"User":                  join(accountFields, profileFields, resolvers{"repositories": ownedRepositories, "bio": of(func(u *User) any { return text(u.Bio) }), "company": of(func(u *User) any { return text(u.Company) }), "isSiteAdmin": of(func(u *User) any { return u.SiteAdmin }), "email": of(func(u *User) any { return u.Email })}),
	"Organization":          join(accountFields, profileFields, resolvers{"description": of(func(u *User) any { return text(u.Bio) }), "repositories": ownedRepositories}),
	"Bot":                   accountFields,
	"Mannequin":             join(accountFields, resolvers{"email": of(func(u *User) any { return text(u.Email) })}),
	"EnterpriseUserAccount": join(accountFields, resolvers{"name": of(func(u *User) any { return text(u.Name) }), "user": of(func(*User) any { return nil })}),

	"Issue":                    join(itemFields, issueFields),
	"PullRequest":              join(itemFields, pullFields),
	"IssueComment":             commentFields,
	"PullRequestReview":        reviewFields,
	"PullRequestReviewComment": reviewCommentFields,
	"PullRequestChangedFile": {
		"path":       of(func(f File) any { return f.Path }),
		"additions":  of(func(f File) any { return f.Additions }),
		"deletions":  of(func(f File) any { return f.Deletions }),
		"changeType": of(func(f File) any { return changeType[f.Status] }),
	},
	"PullRequestCommit": {
		"id":     of(func(c pullCommit) any { return textNodeID("PURC", c.pull.Repo.ID, c.commit.SHA) }),
		"commit": of(func(c pullCommit) any { return gitCommit{c.pull.Repo, c.commit} }),
		"url":    of(func(c pullCommit) any { return c.pull.page() + "/commits/" + c.commit.SHA }),
	},
	"ReviewRequest": {
		"id":                of(func(r reviewRequest) any { return textNodeID("RR", r.pull.Repo.ID, fmt.Sprint(r.number)) }),
		"databaseId":        of(func(r reviewRequest) any { return r.number }),
		"requestedReviewer": of(func(r reviewRequest) any { return r.of }),
	},

	"AssignedEvent":           join(eventFields, subjectFields),
	"UnassignedEvent":         join(eventFields, subjectFields),
	"ClosedEvent":             join(eventFields, reasonFields, resolvers{"closer": of(func(e *Event) any { return e.commit() })}),
	"ReopenedEvent":           join(eventFields, reasonFields),
	"DemilestonedEvent":       join(eventFields, titleFields),
	"MilestonedEvent":         join(eventFields, titleFields),
	"HeadRefDeletedEvent":     join(eventFields, resolvers{"headRefName": of(func(e *Event) any { return e.Issue.Pull.Head.Ref })}),
	"HeadRefForcePushedEvent": join(eventFields, resolvers{"afterCommit": of(func(e *Event) any { return e.commit() }), "beforeCommit": of(func(*Event) any { return nil })}),
	"LabeledEvent":            join(eventFields, eventLabelFields),
	"UnlabeledEvent":          join(eventFields, eventLabelFields),
	"LockedEvent":             join(eventFields, resolvers{"lockReason": of(func(e *Event) any { return text(strings.ToUpper(e.Reason)) })}),
	"MentionedEvent":          join(eventFields, resolvers{"databaseId": of(func(e *Event) any { return number(e.ID) })}),
	"MergedEvent":             join(eventFields, resolvers{"commit": of(func(e *Event) any { return e.commit() }), "mergeRefName": of(func(e *Event) any { return e.Issue.Pull.Base.Ref })}),
	"ReferencedEvent":         join(eventFields, resolvers{"commit": of(func(e *Event) any { return e.commit() })}),
	"RenamedTitleEvent":       join(eventFields, resolvers{"previousTitle": of(func(e *Event) any { return e.Title }), "currentTitle": of(func(e *Event) any { return e.Renamed })}),
	"ReviewRequestedEvent":    join(eventFields, resolvers{"requestedReviewer": of(func(e *Event) any { return e.Subject })}),
}

func (l listing) cursor(n int) any {
	if n < 0 || n >= len(l.cursors) {
		return nil
	}
	return l.cursors[n]
}

// text is null when it is empty.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// moment is null when it is zero.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// some is null when it is zero.
func someInt(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// number is an id as an Int, which ends at 32 bits: beyond that GitHub says null, and why.
func number(id int64) any {
	if id > math.MaxInt32 {
		return problem{"", fmt.Sprintf("Integer out of bounds: %d. Consider using fullDatabaseId instead.", id)}
	}
	return int(id)
}

// isNil is whether a value is null: also a pointer that points to nothing.
func isNil(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case *User:
		return v == nil
	case *Repo:
		return v == nil
	case *Issue:
		return v == nil
	case *Milestone:
		return v == nil
	case *Review:
		return v == nil
	case *Label:
		return v == nil
	case *Release:
		return v == nil
	case problem:
		return true
	}
	return false
}

// typeOf is the GraphQL type of a value, where the field's own type does not say it.
func typeOf(declared string, value any) string {
	switch v := value.(type) {
	case *User:
		return v.Type
	case *Team:
		return "Team"
	case *Repo:
		if declared == "CodeOfConduct" {
			return declared
		}
		return "Repository"
	case *Issue:
		if v.Pull != nil {
			return "PullRequest"
		}
		return "Issue"
	case *Event:
		return eventTypes[v.Kind].graphql
	case *Comment:
		return "IssueComment"
	case *Review:
		return "PullRequestReview"
	case *ReviewComment:
		return "PullRequestReviewComment"
	case pullCommit:
		return "PullRequestCommit"
	case gitCommit:
		return "Commit"
	case gitTag:
		return "Tag"
	case labelOf:
		return "Label"
	case milestoneOf:
		return "Milestone"
	case releaseOf:
		return "Release"
	}
	return declared
}

var changeType = map[string]string{"added": "ADDED", "removed": "DELETED", "modified": "MODIFIED", "renamed": "RENAMED"}

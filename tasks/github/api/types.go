package api

import (
	"encoding/json"
	"time"

	"github.com/google/go-github/v60/github"
)

// The types of go-github that tasks see, so that they need not import it. Every pointer in them may be nil, whatever GitHub's own description says: a
// deleted user is null, and so is the head repository of a pull request whose fork is gone.

type (
	// Contributor is somebody with commits in a repository; without a login, an e-mail address that GitHub knows nobody for.
	Contributor = github.Contributor
	// Issue is an issue, or a pull request as the list of issues has it: then its ID is the issue's, but its NodeID the pull request's.
	Issue = github.Issue
	// IssueComment is a comment on an issue or a pull request.
	IssueComment = github.IssueComment
	// Label is a label of a repository.
	Label = github.Label
	// Milestone is a milestone of a repository.
	Milestone = github.Milestone
	// PullRequest is a pull request as the list has it, without the counts that only a single one has.
	PullRequest = github.PullRequest
	// PullRequestBranch is the head or the base of a pull request; its Repo is nil when the fork is gone.
	PullRequestBranch = github.PullRequestBranch
	// PullRequestComment is a comment on a line of a pull request.
	PullRequestComment = github.PullRequestComment
	// PullRequestLinks is what an issue that is a pull request has for it.
	PullRequestLinks = github.PullRequestLinks
	// Reactions counts the reactions to something.
	Reactions = github.Reactions
	// Repository is a repository.
	Repository = github.Repository
	// Team is a team of an organization.
	Team = github.Team
	// Timestamp is a time; it embeds time.Time.
	Timestamp = github.Timestamp
	// TrafficClones is how often a repository was cloned in the last two weeks.
	TrafficClones = github.TrafficClones
	// TrafficData is that for one day.
	TrafficData = github.TrafficData
	// User is a user, a bot or an organization.
	User = github.User
	// UserEvent is something that a user did in public.
	UserEvent = github.Event
)

// IssueEvent is an event of an issue or pull request as REST lists it. go-github's type has no node_id, commit_url and state_reason.
type IssueEvent struct {
	ID          int64     `json:"id"`
	NodeID      string    `json:"node_id"`
	URL         string    `json:"url"`
	Event       string    `json:"event"`
	CreatedAt   time.Time `json:"created_at"`
	Actor       *User     `json:"actor"`
	Issue       *Subject  `json:"issue"` // nil when the issue is gone
	CommitID    *string   `json:"commit_id"`
	CommitURL   *string   `json:"commit_url"`
	StateReason *string   `json:"state_reason"`
	LockReason  *string   `json:"lock_reason"`

	Label             *Label     `json:"label"`
	Milestone         *Milestone `json:"milestone"`
	Rename            *Rename    `json:"rename"`
	Assignee          *User      `json:"assignee"`
	Assigner          *User      `json:"assigner"`
	RequestedReviewer *User      `json:"requested_reviewer"`
	RequestedTeam     *Team      `json:"requested_team"`
	ReviewRequester   *User      `json:"review_requester"`

	DismissedReview json.RawMessage `json:"dismissed_review"`
	ProjectCard     json.RawMessage `json:"project_card"`
}

// Subject is the issue or pull request that something happened to. The list of events has all of it with every event: most of its bytes, of which nothing else
// is wanted.
type Subject struct {
	Number      int64     `json:"number"`
	PullRequest *struct{} `json:"pull_request"` // nil: it is an issue
}

// Rename is how the title of an issue changed.
type Rename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Repo names a repository.
type Repo struct{ Owner, Name string }

// String is owner/name.
func (r Repo) String() string { return r.Owner + "/" + r.Name }

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Next is the address of the next page, to be given back as it is; empty on the last page.
	Next string
	// LastPage is the number of the last page where the server tells; 0 where it does not.
	LastPage int
	// ETag is the version of the page, for the next time; empty when the server gives none.
	ETag string
	// NotModified says that the ETag that was given still holds: what the caller has is current. Items is nil then, and not an empty list.
	NotModified bool
	// Date is the server's clock.
	Date time.Time
}

// Meta is what an answer says about itself: see the fields of [Page].
type Meta struct {
	ETag        string
	NotModified bool
	Date        time.Time
}

// Reply is what a GraphQL answer says beside its data.
type Reply struct {
	// Cost is the points that the query cost, as far as it asked for rateLimit{cost}; else 1.
	Cost int
	// Remaining is the points that the key has left.
	Remaining int
	// Date is the server's clock.
	Date time.Time
	// Errors are those that concern a part of the data: nothing under their paths may be believed.
	Errors []QueryError
}

// QueryError is an error in a GraphQL answer.
type QueryError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
	// Path leads to the part of the data that is missing: names (string) and indices (float64).
	Path []any `json:"path"`
}

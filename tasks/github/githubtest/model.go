package githubtest

import "time"

// User is an account. A nil *User in the place of an author is an account that was deleted: GitHub says null.
type User struct {
	ID                                    int64
	Login                                 string // of a bot with the suffix [bot], as REST has it
	Type                                  string // User, Organization, Bot, Mannequin or EnterpriseUserAccount
	Name, Company, Email, Location, Bio   string // empty: null
	SiteAdmin                             bool
	Created, Updated                      time.Time
	PublicRepos, Followers, FollowingThem int

	simple []byte // as it is embedded in everything
}

// Label is a label of a repository. GraphQL knows no number of it.
type Label struct {
	ID                       int64
	Name, Color, Description string
	Default                  bool
}

// Milestone is a milestone of a repository.
type Milestone struct {
	ID                  int64
	Number              int
	Title, State        string
	Creator             *User
	Created, Updated    time.Time
	Due, Closed         time.Time // zero: null
	OpenIssues, Settled int
}

// Team is a team of an organization, asked for a review.
type Team struct {
	ID         int64
	Name, Slug string
}

// Issue is an issue, or the issue side of a pull request: then Pull is set, and REST's list of issues has it too.
type Issue struct {
	Repo                     *Repo
	ID                       int64 // of the issue; the pull request has another
	Number                   int
	Title, Body              string // an empty body is null
	State                    string // open or closed
	StateReason              string // completed, not_planned, reopened, duplicate or empty: null
	Association              string
	Locked                   bool
	User, ClosedBy           *User
	Labels                   []*Label
	Assignees                []*User
	Milestone                *Milestone
	Created, Updated, Closed time.Time // Closed is zero while it is open
	Comments                 []*Comment
	Events                   []*Event
	Pull                     *Pull
}

// Pull is what a pull request has beyond its issue.
type Pull struct {
	ID             int64
	Draft          bool
	Merged         time.Time // zero: not merged
	MergedBy       *User
	MergeCommit    string
	Head, Base     Branch
	Reviewers      []*User
	Teams          []*Team
	Files          []File
	Commits        []*Commit
	Reviews        []*Review
	ReviewComments []*ReviewComment
}

// Branch is one end of a pull request.
type Branch struct {
	Ref, SHA string
	User     *User // nil: the account was deleted
	Repo     *Repo // nil: the fork was deleted
}

// File is a file changed by a pull request.
type File struct {
	Path                 string
	Status               string // added, modified, removed, renamed
	Additions, Deletions int
}

// Commit is a commit that GitHub knows. Author is the account that its e-mail belongs to, nil when there is none.
type Commit struct {
	SHA                           string
	AuthorName, AuthorEmail       string
	CommitterName, CommitterEmail string
	Message                       string
	Authored, Committed           time.Time
	Author, Committer             *User
	Additions, Deletions, Files   int
}

// Review is a review of a pull request.
type Review struct {
	Issue       *Issue
	ID          int64
	User        *User
	Body        string
	State       string // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED
	Association string
	CommitID    string
	Submitted   time.Time
}

// Comment is a comment on an issue or pull request.
type Comment struct {
	Issue            *Issue
	ID               int64
	User             *User
	Body             string
	Association      string
	Created, Updated time.Time
}

// ReviewComment is a comment on a line of a pull request. Line and Position are 0, for null, when the line is gone from the difference.
type ReviewComment struct {
	Issue                         *Issue
	Review                        *Review
	ID                            int64
	InReplyTo                     int64 // 0: it begins a thread
	User                          *User
	Body, Path, DiffHunk          string
	Association                   string
	CommitID, OriginalCommitID    string
	Line, OriginalLine, StartLine int
	Position, OriginalPosition    int
	Side                          string // LEFT or RIGHT
	Created, Updated              time.Time
}

// Event is an event of an issue or pull request. What it tells depends on Kind: the label, the assignee, the other names of a rename.
type Event struct {
	Issue    *Issue // nil: the issue is gone, and REST says null
	repo     *Repo
	ID       int64
	Kind     string // REST's name, as "labeled"
	Actor    *User
	Subject  *User // who was assigned or asked for a review
	Label    *Label
	Title    string // of the milestone, or the former title of a rename
	Renamed  string
	CommitID string
	Reason   string // why it was closed: state_reason
	Created  time.Time
}

// Release is a release. A tag without one is only in Repo.Tags.
type Release struct {
	ID                          int64
	Tag, Name, Body, Target     string
	Draft, Prerelease           bool
	Author                      *User
	Created, Updated, Published time.Time
}

// Tag is a tag. Annotated ones have a tagger and a date.
type Tag struct {
	Name, SHA, ObjectSHA    string // ObjectSHA is that of the tag itself; of a light one it is SHA
	TaggerName, TaggerEmail string
	Message                 string
	Date                    time.Time // zero: a light tag
}

// Contributor is a row of the list of contributors. Without an account it is anonymous, and only asked for with anon=1.
type Contributor struct {
	User          *User
	Name, Email   string
	Contributions int
}

// Activity is an event of a user's timeline: what users/LOGIN/events tells.
type Activity struct {
	ID      int64
	Kind    string // PushEvent, IssuesEvent, ...
	Actor   *User
	Repo    *Repo
	Created time.Time
}

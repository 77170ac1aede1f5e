package githubtest

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// Repo is a repository with all that belongs to it. Tests read it freely while no request and no change is under way, and change it with [Repo.Change]
// and what is built on that.
type Repo struct {
	ID                                       int64
	Owner                                    *User
	Name                                     string
	Description, Homepage, Language, License string
	DefaultBranch                            string
	Created, Updated, Pushed                 time.Time
	Stars, Watchers, Forks, CommitCount      int
	Archived, Private, Wiki, CodeOfConduct   bool
	Parent                                   *Repo // it is a fork of it
	Fork                                     bool  // a fork, also when its parent is gone
	NoIssues                                 bool  // issues are switched off
	NoPush                                   bool  // the keys may not push, so that nobody is told about traffic
	Empty                                    bool  // nothing was pushed
	Shown                                    bool  // it is private, and the keys may see it in the list of its owner
	Fault                                    RepoFault
	Issues                                   []*Issue // and pull requests, by number
	Comments                                 []*Comment
	ReviewComments                           []*ReviewComment
	Events                                   []*Event // oldest first
	Releases                                 []*Release
	Tags                                     []*Tag
	Contributors                             []*Contributor
	Labels                                   []*Label
	Milestones                               []*Milestone
	Commits                                  []*Commit // beyond those of pull requests
	server                                   *Server
	deleted                                  map[int]bool // numbers of deleted issues: 410
	transferred                              map[int]*Issue
	shape                                    Shape
	teams                                    []*Team
	rnd                                      *random
	full, api, html                          string
	mu                                       sync.Mutex // guards what is below: made when first asked for
	cached                                   map[string]any
	json, long                               []byte
}

// RepoFault is what is wrong with a repository as a whole.
type RepoFault int

// What can be wrong with a repository.
const (
	NoFault RepoFault = iota
	Deleted           // 404
	Blocked           // 403: access blocked, by GitHub's staff
	Taken             // 451: taken down for a legal reason
)

// FullName is OWNER/NAME.
func (r *Repo) FullName() string { return r.full }

// GitURL is the address under which people know it.
func (r *Repo) GitURL() string { return r.html + ".git" }

func (r *Repo) rename(owner *User, name string) {
	r.Owner, r.Name = owner, name
	r.full = owner.Login + "/" + name
	r.api = r.server.url + "/repos/" + r.full
	r.html = "https://github.com/" + r.full
}

// changed drops what was made from the data.
func (r *Repo) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cached, r.json, r.long = nil, nil, nil
}

// order is a list of a repository in one order, made once and kept until something changes.
func order[T any](r *Repo, name string, source []T, keep func(T) bool, compare func(a, b T) int) []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rows, ok := r.cached[name].([]T); ok {
		return rows
	}
	rows := make([]T, 0, len(source))
	for _, row := range source {
		if keep == nil || keep(row) {
			rows = append(rows, row)
		}
	}
	if compare != nil {
		slices.SortFunc(rows, compare)
	}
	if r.cached == nil {
		r.cached = map[string]any{}
	}
	r.cached[name] = rows
	return rows
}

// once is a value that is made once and kept until something changes.
func once[T any](r *Repo, name string, build func() T) T {
	r.mu.Lock()
	defer r.mu.Unlock()
	if value, ok := r.cached[name].(T); ok {
		return value
	}
	value := build()
	if r.cached == nil {
		r.cached = map[string]any{}
	}
	r.cached[name] = value
	return value
}

// Issue is the issue or pull request of a number, nil when there is none.
func (r *Repo) Issue(number int) *Issue {
	n, found := slices.BinarySearchFunc(r.Issues, number, func(i *Issue, number int) int { return cmp.Compare(i.Number, number) })
	if !found {
		return nil
	}
	return r.Issues[n]
}

// Pulls are the pull requests, by number.
func (r *Repo) Pulls() []*Issue {
	return order(r, "pulls", r.Issues, func(i *Issue) bool { return i.Pull != nil }, nil)
}

// OnlyIssues are the issues that are no pull requests, by number.
func (r *Repo) OnlyIssues() []*Issue {
	return order(r, "only issues", r.Issues, func(i *Issue) bool { return i.Pull == nil }, nil)
}

// Commit is the commit of a hash, nil when GitHub does not know it.
func (r *Repo) Commit(sha string) *Commit {
	return once(r, "commits", func() map[string]*Commit {
		known := make(map[string]*Commit, len(r.Commits))
		for _, c := range r.Commits {
			known[c.SHA] = c
		}
		for _, i := range r.Issues {
			if i.Pull != nil {
				for _, c := range i.Pull.Commits {
					known[c.SHA] = c
				}
			}
		}
		return known
	})[sha]
}

func byUpdated(a, b *Issue) int {
	return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID))
}

func byCreated(a, b *Issue) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

func byComments(a, b *Issue) int {
	return cmp.Or(cmp.Compare(len(a.Comments), len(b.Comments)), cmp.Compare(a.ID, b.ID))
}

// since is what is not older than t in a list by time, which is inclusive and knows seconds only.
func since[T any](rows []T, t time.Time, updated func(T) time.Time) []T {
	if t.IsZero() {
		return rows
	}
	t = t.Truncate(time.Second)
	first, _ := slices.BinarySearchFunc(rows, t, func(row T, t time.Time) int {
		if updated(row).Before(t) {
			return -1
		}
		return 1
	})
	return rows[first:]
}

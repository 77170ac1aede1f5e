package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// generator makes repositories. Numbers of the server's own count up, as GitHub's do, and some are beyond 32 bits.
type generator struct {
	s                                                              *Server
	seed                                                           uint64
	repo, user, issue, pull, comment, review, reviewComment, event int64
	label, milestone, release, team, activity                      int64
	streams                                                        uint64
	people                                                         []*User
	bots                                                           []*User
	mannequin                                                      *User
}

func newGenerator(s *Server, seed uint64, people int) *generator {
	g := &generator{
		s: s, seed: seed, repo: 700_000_000, user: 1_000_000, issue: 2_147_475_000, pull: 1_900_000_000, comment: 4_294_950_000,
		review: 2_147_480_000, reviewComment: 2_147_478_000, event: 15_000_000_000, label: 5_000_000_000, milestone: 9_000_000,
		release: 150_000_000, team: 3_000_000, activity: 40_000_000_000,
	}
	r := newRandom(seed, 0)
	for n := range people {
		g.people = append(g.people, g.newUser(r, fmt.Sprintf("person-%03d", n), "User"))
	}
	for _, login := range []string{"dependabot[bot]", "stale[bot]", "ci-helper[bot]"} {
		g.bots = append(g.bots, g.newUser(r, login, "Bot"))
	}
	g.mannequin = g.newUser(r, "imported-person", "Mannequin")
	ghost := g.newUser(r, "ghost", "User")
	ghost.ID, ghost.Company, ghost.Location = 10137, "", ""
	s.addUser(ghost)
	return g
}

// next counts a kind of number up.
func next(counter *int64) int64 {
	*counter++
	return *counter
}

func (g *generator) newUser(r *random, login, kind string) *User {
	u := &User{ID: next(&g.user), Login: login, Type: kind}
	u.Created = r.between(time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2018, 1, 1, 0, 0, 0, 0, time.UTC))
	u.Updated = r.between(u.Created, g.s.clock.Now())
	if kind == "User" {
		u.Name = strings.ToUpper(login[:1]) + login[1:]
		u.Followers, u.FollowingThem, u.PublicRepos = r.IntN(500), r.IntN(100), r.IntN(80)
		if r.in(2) {
			u.Company = pick(r, []string{"@octo", "Example & Sons", "Freie Universität", "ACME"})
		}
		if r.in(2) {
			u.Location = pick(r, []string{"Berlin", "São Paulo", "Omaha, NE", "東京"})
		}
		if r.in(3) {
			u.Email = login + "@example.org"
		}
		u.Bio = r.text(40)
	}
	g.s.addUser(u)
	return u
}

// owner is the account of a login; an organization is made where there is none.
func (g *generator) owner(login string) *User {
	if u := g.s.users[strings.ToLower(login)]; u != nil {
		return u
	}
	u := g.newUser(newRandom(g.seed, uint64(g.user)), login, "Organization") //nolint:gosec // ids are positive
	u.Name = "The " + login + " project"
	g.s.addUser(u)
	return u
}

// generate makes a repository of a shape.
func (g *generator) generate(full string, shape Shape) *Repo {
	owner, name, _ := strings.Cut(full, "/")
	g.streams++
	rnd := newRandom(g.seed, g.streams)
	now := g.s.clock.Now().Truncate(time.Second)
	r := &Repo{
		ID: next(&g.repo), server: g.s, rnd: rnd, shape: shape, deleted: map[int]bool{}, transferred: map[int]*Issue{}, DefaultBranch: "main", Description: rnd.text(60), Language: "Go", License: "mit",
		Created: rnd.between(now.AddDate(-8, 0, 0), now.AddDate(-6, 0, 0)), Wiki: true, CodeOfConduct: rnd.in(2),
		Stars: rnd.IntN(20_000), Watchers: rnd.IntN(500), Forks: rnd.IntN(2_000), CommitCount: 1 + rnd.IntN(20_000),
	}
	r.rename(g.owner(owner), name)
	r.Updated, r.Pushed = rnd.between(now.AddDate(0, 0, -3), now), rnd.between(now.AddDate(0, 0, -3), now)
	w := &work{generator: g, repo: r, rnd: rnd, shape: shape, now: now}
	w.surroundings()
	w.items()
	w.conversation()
	w.events()
	w.odd()
	w.settle()
	r.Empty = len(r.Contributors) == 0
	return r
}

// work is the making of one repository.
type work struct {
	*generator
	repo   *Repo
	rnd    *random
	shape  Shape
	now    time.Time
	people []*User // who takes part
}

// author is someone who takes part; of odd data one in 40 is a bot, and one in 100 is gone.
func (w *work) author() *User {
	if w.shape.Odd {
		switch n := w.rnd.IntN(1000); {
		case n < 10:
			return nil
		case n < 35:
			return pick(w.rnd, w.bots)
		case n < 37:
			return w.mannequin
		case n < 38:
			return w.s.users["ghost"]
		}
	}
	// The first ones do the most.
	return w.people[min(w.rnd.IntN(len(w.people)), w.rnd.IntN(len(w.people)))]
}

func (w *work) surroundings() {
	r, rnd := w.repo, w.rnd
	w.people = some(rnd, w.generator.people, max(1, w.shape.Contributors))
	for n := range w.shape.Labels {
		l := &Label{ID: next(&w.label), Name: fmt.Sprintf("area/%02d", n), Color: fmt.Sprintf("%06x", rnd.IntN(1<<24))}
		if n < len(defaultLabels) {
			l.Name, l.Default = defaultLabels[n], true
		}
		if !rnd.in(4) {
			l.Description = rnd.text(30)
		}
		r.Labels = append(r.Labels, l)
	}
	for n := range w.shape.Milestones {
		m := &Milestone{ID: next(&w.milestone), Number: n + 1, Title: fmt.Sprintf("v%d.0", n+1), State: "open", Creator: w.people[0]}
		m.Created = rnd.between(r.Created, w.now)
		m.Updated = m.Created
		if rnd.in(2) {
			m.Due = m.Created.AddDate(0, 3, 0)
		}
		r.Milestones = append(r.Milestones, m)
	}
	for _, name := range []string{"Core", "Docs"} {
		r.teams = append(r.teams, &Team{ID: next(&w.team), Name: name, Slug: strings.ToLower(name)})
	}
	for n := range w.shape.Contributors {
		c := &Contributor{Contributions: 1 + 5000/(n+1)}
		if u := w.people[n%len(w.people)]; n < len(w.people) {
			c.User = u
		} else {
			c.Name, c.Email = fmt.Sprintf("Anonymous %d", n), fmt.Sprintf("anonymous-%d@example.net", n)
		}
		r.Contributors = append(r.Contributors, c)
	}
	for n := range w.shape.Tags {
		t := &Tag{Name: fmt.Sprintf("v0.%d.0", n), SHA: rnd.sha()}
		t.ObjectSHA = t.SHA
		if rnd.in(2) {
			t.ObjectSHA, t.TaggerName, t.TaggerEmail = rnd.sha(), w.people[0].Name, w.people[0].Login+"@example.org"
			t.Message, t.Date = rnd.text(40), rnd.between(r.Created, w.now)
		}
		r.Tags = append(r.Tags, t)
	}
	for n := range w.shape.Releases {
		v := &Release{ID: next(&w.release), Tag: fmt.Sprintf("v0.%d.0", n), Target: "main", Author: w.people[n%len(w.people)], Prerelease: rnd.in(5)}
		if !rnd.in(5) {
			v.Name = "Release " + v.Tag
		}
		if !rnd.in(5) {
			v.Body = rnd.text(400)
		}
		v.Created = r.Created.Add(w.now.Sub(r.Created) / time.Duration(w.shape.Releases+1) * time.Duration(n+1)).Truncate(time.Second)
		v.Published, v.Updated = v.Created.Add(time.Hour), v.Created.Add(2*time.Hour)
		r.Releases = append(r.Releases, v)
	}
}

var defaultLabels = []string{"bug", "documentation", "duplicate", "enhancement", "good first issue", "help wanted", "invalid", "question", "wontfix"}

var associations = []string{"NONE", "CONTRIBUTOR", "MEMBER", "COLLABORATOR", "OWNER", "FIRST_TIME_CONTRIBUTOR"}

// items makes issues and pull requests, whose numbers are one sequence in time.
func (w *work) items() {
	r := w.repo
	total := w.shape.Issues + w.shape.Pulls
	created := make([]time.Time, total)
	for n := range created {
		created[n] = w.rnd.between(r.Created, w.now.Add(-time.Hour))
	}
	slices.SortFunc(created, time.Time.Compare)
	issues := w.shape.Issues
	for n, at := range created {
		if pull := w.rnd.IntN(total-n) >= issues; pull {
			r.Issues = append(r.Issues, w.newPull(n+1, at))
			continue
		}
		issues--
		r.Issues = append(r.Issues, w.newIssue(n+1, at))
	}
}

func (w *work) newIssue(number int, at time.Time) *Issue {
	i := &Issue{
		Repo: w.repo, ID: next(&w.issue), Number: number, Title: w.rnd.text(20 + w.rnd.IntN(50)), State: "open", Created: at, Updated: at,
		User: w.author(), Association: pick(w.rnd, associations), Locked: w.rnd.in(200),
	}
	if !w.rnd.in(12) {
		i.Body = w.rnd.text(50 + w.rnd.IntN(1500))
	}
	if !w.rnd.in(10) { // 1,000 of the model's 10,000 are open
		i.State, i.StateReason = "closed", pick(w.rnd, []string{"completed", "completed", "not_planned", "duplicate"})
		i.Closed = w.rnd.between(at, w.now)
		i.Updated, i.ClosedBy = i.Closed, w.author()
	}
	if len(w.repo.Labels) > 0 && !w.rnd.in(3) {
		i.Labels = some(w.rnd, w.repo.Labels, 1+w.rnd.IntN(3))
	}
	if w.rnd.in(4) {
		i.Assignees = some(w.rnd, w.people, 1+w.rnd.IntN(2))
	}
	if len(w.repo.Milestones) > 0 && w.rnd.in(6) {
		i.Milestone = pick(w.rnd, w.repo.Milestones)
	}
	return i
}

func (w *work) newPull(number int, at time.Time) *Issue {
	i := w.newIssue(number, at)
	i.StateReason = ""
	rnd, r := w.rnd, w.repo
	p := &Pull{ID: next(&w.pull), Draft: rnd.in(20)}
	i.Pull = p
	p.Base = Branch{Ref: r.DefaultBranch, SHA: rnd.sha(), User: r.Owner, Repo: r}
	p.Head = Branch{Ref: fmt.Sprintf("change-%d", number), User: i.User, Repo: r}
	for n := range w.shape.Commits {
		p.Commits = append(p.Commits, w.newCommit(i.User, at.Add(time.Duration(n-w.shape.Commits)*time.Hour)))
	}
	p.Head.SHA = rnd.sha()
	if n := len(p.Commits); n > 0 {
		p.Head.SHA = p.Commits[n-1].SHA
	}
	if w.shape.Odd && rnd.in(3) {
		p.Head.Repo = nil
	}
	for n := range w.shape.Files {
		p.Files = append(p.Files, File{
			Path:      pick(rnd, directories) + pick(rnd, names) + fmt.Sprint(n) + ".go",
			Additions: rnd.IntN(200), Deletions: rnd.IntN(100), Status: pick(rnd, []string{"modified", "modified", "added", "removed"}),
		})
	}
	slices.SortFunc(p.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	if rnd.in(5) {
		p.Reviewers = some(rnd, w.people, 1+rnd.IntN(2))
		if rnd.in(3) {
			p.Teams = []*Team{pick(rnd, r.teams)}
		}
	}
	if i.State == "closed" && !rnd.in(6) {
		p.Merged, p.MergedBy, p.MergeCommit = i.Closed, i.ClosedBy, rnd.sha()
	}
	for range w.shape.Reviews {
		p.Reviews = append(p.Reviews, &Review{
			Issue: i, ID: next(&w.review), User: w.author(), State: pick(rnd, []string{"APPROVED", "COMMENTED", "COMMENTED", "CHANGES_REQUESTED", "DISMISSED"}),
			Association: pick(rnd, associations), CommitID: p.Head.SHA, Submitted: rnd.between(at, w.now),
		})
		if v := p.Reviews[len(p.Reviews)-1]; rnd.in(2) {
			v.Body = rnd.text(80)
		}
	}
	for n := range w.shape.ReviewComments {
		p.ReviewComments = append(p.ReviewComments, w.newReviewComment(i, n))
	}
	r.ReviewComments = append(r.ReviewComments, p.ReviewComments...)
	return i
}

var (
	directories = []string{"", "cmd/", "internal/server/", "docs/", "пакет/", "a b/"}
	names       = []string{"main", "server", "handler", "reader", "config", "index"}
)

func (w *work) newCommit(author *User, at time.Time) *Commit {
	c := &Commit{
		SHA: w.rnd.sha(), AuthorName: "Somebody", AuthorEmail: "somebody@localhost", Message: w.rnd.text(60), Authored: at, Committed: at,
		Additions: w.rnd.IntN(100), Deletions: w.rnd.IntN(50), Files: 1 + w.rnd.IntN(4),
	}
	c.CommitterName, c.CommitterEmail = "GitHub", "noreply@github.com"
	if author != nil && !w.rnd.in(6) { // the e-mail of the others belongs to no account
		c.AuthorName, c.AuthorEmail, c.Author = cmp.Or(author.Name, author.Login), author.Login+"@example.org", author
	}
	return c
}

func (w *work) newReviewComment(i *Issue, n int) *ReviewComment {
	rnd, p := w.rnd, i.Pull
	c := &ReviewComment{
		Issue: i, ID: next(&w.reviewComment), User: w.author(), Body: rnd.text(20 + rnd.IntN(300)), Path: "main.go", Association: pick(rnd, associations),
		DiffHunk: "@@ -1,3 +1,4 @@ func main() {\n-\told()\n+\tnew()", CommitID: p.Head.SHA, OriginalCommitID: p.Head.SHA, Side: "RIGHT",
		OriginalLine: 1 + rnd.IntN(90), OriginalPosition: 1 + rnd.IntN(90), Created: rnd.between(i.Created, w.now),
	}
	c.Updated = c.Created
	if len(p.Files) > 0 {
		c.Path = pick(rnd, p.Files).Path
	}
	if len(p.Reviews) > 0 {
		c.Review = p.Reviews[n%len(p.Reviews)]
		c.User = c.Review.User
	}
	if rnd.in(2) { // what the other half was about is gone
		c.Line, c.Position = c.OriginalLine, c.OriginalPosition
	}
	if rnd.in(5) {
		c.StartLine = c.OriginalLine
	}
	if n > 0 && rnd.in(3) {
		c.InReplyTo = p.ReviewComments[0].ID
	}
	return c
}

// conversation spreads the comments: three in ten items have none.
func (w *work) conversation() {
	r := w.repo
	if len(r.Issues) == 0 {
		return
	}
	for range w.shape.Comments {
		i := r.Issues[w.rnd.IntN(len(r.Issues))]
		for i.Number%10 < 3 && len(r.Issues) > 10 {
			i = r.Issues[w.rnd.IntN(len(r.Issues))]
		}
		c := &Comment{
			Issue: i, User: w.author(), Body: w.rnd.text(20 + w.rnd.IntN(600)), Association: pick(w.rnd, associations),
			Created: w.rnd.between(i.Created, w.now),
		}
		c.Updated = c.Created
		if w.rnd.in(20) {
			c.Updated = w.rnd.between(c.Created, w.now)
		}
		i.Comments = append(i.Comments, c)
		r.Comments = append(r.Comments, c)
	}
}

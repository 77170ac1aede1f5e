package githubtest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// routes makes the table of what the server answers. Each path is as GitHub's description has it, which also gives the operation its name.
func (s *Server) routes() {
	s.spec, s.schema = readDescription(), readSchema()
	get := func(path string, serve func(*call) *Response) {
		s.handle(http.MethodGet, path, core, serve)
	}
	const repo = "/repos/{owner}/{repo}"
	get(repo, serveRepo)
	get(repo+"/commits/{ref}", serveCommit)
	get(repo+"/contributors", serveContributors)
	get(repo+"/issues", serveIssues)
	get(repo+"/issues/comments", serveComments)
	get(repo+"/issues/events", serveEvents)
	get(repo+"/issues/{issue_number}", serveIssue)
	get(repo+"/issues/{issue_number}/comments", serveIssueComments)
	get(repo+"/issues/{issue_number}/events", serveIssueEvents)
	get(repo+"/pulls", servePulls)
	get(repo+"/pulls/comments", serveReviewComments)
	get(repo+"/pulls/{pull_number}", servePull)
	get(repo+"/pulls/{pull_number}/comments", servePullComments)
	get(repo+"/pulls/{pull_number}/commits", servePullCommits)
	get(repo+"/pulls/{pull_number}/files", servePullFiles)
	get(repo+"/pulls/{pull_number}/reviews", servePullReviews)
	get(repo+"/releases", serveReleases)
	get(repo+"/tags", serveTags)
	get(repo+"/traffic/clones", serveClones)
	get("/orgs/{org}/repos", serveOrgRepos)
	get("/users/{username}", serveUser)
	get("/users/{username}/events", serveUserEvents)
	get("/users/{username}/repos", serveUserRepos)
	get("/user", serveOwnUser)
	get("/rate_limit", serveRateLimit)
	get("/app/installations", serveInstallations)
	s.handle(http.MethodPost, "/app/installations/{installation_id}/access_tokens", core, serveInstallationToken)
	s.handle(http.MethodGet, "/search/users", search, serveSearchUsers)
	s.table = append(s.table, route{method: http.MethodPost, path: "/graphql", segments: []string{"graphql"}, resource: graphql, serve: serveGraphQL})
}

func (s *Server) handle(method, path string, of resource, serve func(*call) *Response) {
	s.table = append(s.table, route{
		method: method, path: path, segments: strings.Split(path[1:], "/"), operation: s.spec.operation(method, path), resource: of,
		ofRepo: strings.HasPrefix(path, "/repos/"), ofApp: strings.HasPrefix(path, "/app/"), serve: serve,
	})
}

// written is an answer of one thing.
func written(write func(*writer)) *Response {
	var w writer
	write(&w)
	return answer(http.StatusOK, w.b)
}

func pathEscape(s string) string {
	return strings.ReplaceAll(url.PathEscape(s), "%2F", "/")
}

func serveRepo(c *call) *Response { return written(c.repo.write) }

func serveCommit(c *call) *Response {
	if c.repo.Empty {
		return refusal(http.StatusConflict, "Git Repository is empty.")
	}
	commit := c.repo.Commit(c.params["ref"])
	if commit == nil {
		return refusal(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.params["ref"])
	}
	return written(func(w *writer) { commit.write(w, c.repo, single) })
}

// serveContributors says 204 for an empty repository, and links no more than 500 people to accounts.
func serveContributors(c *call) *Response {
	if c.repo.Empty {
		resp := answer(http.StatusNoContent, nil)
		resp.Header.Del("Content-Type")
		return resp
	}
	anonymous := c.param("anon") == "1" || c.param("anon") == "true"
	rows := make([]*Contributor, 0, len(c.repo.Contributors))
	linked := 0
	for _, row := range c.repo.Contributors {
		if row.User != nil && linked == 500 {
			row = &Contributor{Name: cmp.Or(row.User.Name, row.User.Login), Email: row.User.Login + "@example.org", Contributions: row.Contributions}
		}
		if row.User != nil {
			linked++
		}
		if row.User != nil || anonymous {
			rows = append(rows, row)
		}
	}
	return numbered[*Contributor]{rows: rows, write: func(w *writer, row *Contributor) { row.write(w) }}.serve(c)
}

// direction is asc or desc.
func (c *call) direction(byDefault string) string { return cmp.Or(c.param("direction"), byDefault) }

// descending is whether the newest comes first.
func (c *call) descending(byDefault string) bool { return c.direction(byDefault) == "desc" }

func serveIssues(c *call) *Response {
	if c.repo.NoIssues {
		return refusal(http.StatusGone, "Issues has been disabled in this repository.")
	}
	state, by := cmp.Or(c.param("state"), "open"), cmp.Or(c.param("sort"), "created")
	compare, position := byCreated, func(i *Issue) int64 { return i.Created.Unix() }
	switch by {
	case "updated":
		compare, position = byUpdated, func(i *Issue) int64 { return i.Updated.Unix() }
	case "comments":
		compare, position = byComments, func(i *Issue) int64 { return int64(len(i.Comments)) }
	}
	var keep func(*Issue) bool
	if state != "all" {
		keep = func(i *Issue) bool { return i.State == state }
	}
	rows := order(c.repo, "issues "+state+" "+by, c.repo.Issues, keep, compare)
	if from := c.since(); !from.IsZero() {
		if by == "updated" {
			rows = since(rows, from, func(i *Issue) time.Time { return i.Updated })
		} else {
			rows = slices.DeleteFunc(slices.Clone(rows), func(i *Issue) bool { return i.Updated.Before(from.Truncate(time.Second)) })
		}
	}
	return c.issuesPage(rows, c.direction("desc"), position)
}

// issue is the item of the number in the path, or the refusal.
func (c *call) issue(name string) (*Issue, *Response) {
	number, _ := strconv.Atoi(c.params[name])
	if to := c.repo.transferred[number]; to != nil {
		resp := refusal(http.StatusMovedPermanently, "Moved Permanently")
		resp.Header.Set("Location", c.s.url+"/repositories/"+itoa(to.Repo.ID)+"/issues/"+strconv.Itoa(to.Number))
		return nil, resp
	}
	if c.repo.deleted[number] {
		return nil, refusal(http.StatusGone, "This issue was deleted")
	}
	i := c.repo.Issue(number)
	if i == nil || name == "pull_number" && i.Pull == nil {
		return nil, notFound()
	}
	if name == "issue_number" && i.Pull == nil && c.repo.NoIssues {
		return nil, refusal(http.StatusGone, "Issues has been disabled in this repository.")
	}
	return i, nil
}

func serveIssue(c *call) *Response {
	i, refused := c.issue("issue_number")
	if refused != nil {
		return refused
	}
	return written(func(w *writer) { i.write(w, single) })
}

func servePulls(c *call) *Response {
	state, by := cmp.Or(c.param("state"), "open"), cmp.Or(c.param("sort"), "created")
	compare := byCreated
	switch by {
	case "updated", "long-running":
		compare = byUpdated
	case "popularity":
		compare = byComments
	}
	keep := func(i *Issue) bool { return i.Pull != nil && (state == "all" || i.State == state) }
	direction := "asc"
	if by == "created" {
		direction = "desc"
	}
	return numbered[*Issue]{
		rows: order(c.repo, "pulls "+state+" "+by, c.repo.Issues, keep, compare), descending: c.descending(direction), size: 16 << 10,
		write: func(w *writer, i *Issue) { i.writePull(w, listed) },
	}.serve(c)
}

func servePull(c *call) *Response {
	i, refused := c.issue("pull_number")
	if refused != nil {
		return refused
	}
	return written(func(w *writer) { i.writePull(w, single) })
}

func serveComments(c *call) *Response {
	by := cmp.Or(c.param("sort"), "created")
	compare := func(a, b *Comment) int { return cmp.Compare(a.ID, b.ID) }
	if by == "updated" {
		compare = func(a, b *Comment) int { return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID)) }
	}
	rows := order(c.repo, "comments "+by, c.repo.Comments, nil, compare)
	if from := c.since(); !from.IsZero() {
		if by == "updated" {
			rows = since(rows, from, func(row *Comment) time.Time { return row.Updated })
		} else {
			rows = slices.DeleteFunc(slices.Clone(rows), func(row *Comment) bool { return row.Updated.Before(from.Truncate(time.Second)) })
		}
	}
	return numbered[*Comment]{
		rows: rows, descending: c.param("sort") != "" && c.descending("desc"), end: c.s.keys.limits.ListRows,
		write: func(w *writer, row *Comment) { row.write(w) },
	}.serve(c)
}

func serveReviewComments(c *call) *Response {
	by := cmp.Or(c.param("sort"), "created")
	compare := func(a, b *ReviewComment) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) }
	if by == "updated" {
		compare = func(a, b *ReviewComment) int { return cmp.Or(a.Updated.Compare(b.Updated), cmp.Compare(a.ID, b.ID)) }
	}
	rows := order(c.repo, "review comments "+by, c.repo.ReviewComments, nil, compare)
	if from := c.since(); !from.IsZero() {
		if by == "updated" {
			rows = since(rows, from, func(row *ReviewComment) time.Time { return row.Updated })
		} else {
			rows = slices.DeleteFunc(slices.Clone(rows), func(row *ReviewComment) bool { return row.Updated.Before(from.Truncate(time.Second)) })
		}
	}
	return numbered[*ReviewComment]{
		rows: rows, descending: c.param("sort") != "" && c.descending("desc"), end: c.s.keys.limits.ListRows,
		write: func(w *writer, row *ReviewComment) { row.write(w) },
	}.serve(c)
}

func serveEvents(c *call) *Response {
	return numbered[*Event]{
		rows: c.repo.Events, descending: true, size: 7 << 10, end: c.s.keys.limits.ListRows,
		write: func(w *writer, e *Event) { e.write(w, single) },
	}.serve(c)
}

func serveIssueComments(c *call) *Response {
	i, refused := c.issue("issue_number")
	if refused != nil {
		return refused
	}
	rows := i.Comments
	if from := c.since(); !from.IsZero() {
		rows = slices.DeleteFunc(slices.Clone(rows), func(row *Comment) bool { return row.Updated.Before(from.Truncate(time.Second)) })
	}
	return numbered[*Comment]{rows: rows, write: func(w *writer, row *Comment) { row.write(w) }}.serve(c)
}

func serveIssueEvents(c *call) *Response {
	i, refused := c.issue("issue_number")
	if refused != nil {
		return refused
	}
	return numbered[*Event]{rows: i.Events, write: func(w *writer, e *Event) { e.write(w, listed) }}.serve(c)
}

func servePullComments(c *call) *Response {
	i, refused := c.issue("pull_number")
	if refused != nil {
		return refused
	}
	return numbered[*ReviewComment]{rows: i.Pull.ReviewComments, write: func(w *writer, row *ReviewComment) { row.write(w) }}.serve(c)
}

// servePullCommits ends at 250, whatever the page.
func servePullCommits(c *call) *Response {
	i, refused := c.issue("pull_number")
	if refused != nil {
		return refused
	}
	rows := i.Pull.Commits[:min(len(i.Pull.Commits), 250)]
	return numbered[*Commit]{rows: rows, write: func(w *writer, row *Commit) { row.write(w, c.repo, listed) }}.serve(c)
}

// servePullFiles ends at 3,000.
func servePullFiles(c *call) *Response {
	i, refused := c.issue("pull_number")
	if refused != nil {
		return refused
	}
	rows := i.Pull.Files[:min(len(i.Pull.Files), 3000)]
	return numbered[File]{rows: rows, write: func(w *writer, f File) { f.write(w, i) }}.serve(c)
}

func servePullReviews(c *call) *Response {
	i, refused := c.issue("pull_number")
	if refused != nil {
		return refused
	}
	return numbered[*Review]{rows: i.Pull.Reviews, write: func(w *writer, v *Review) { v.write(w) }}.serve(c)
}

func serveReleases(c *call) *Response {
	return numbered[*Release]{rows: c.repo.Releases, descending: true, write: func(w *writer, v *Release) { v.write(w, c.repo) }}.serve(c)
}

func serveTags(c *call) *Response {
	return numbered[*Tag]{rows: c.repo.Tags, descending: true, write: func(w *writer, t *Tag) { t.write(w, c.repo) }}.serve(c)
}

// serveClones tells of the last two weeks, to who may push.
// serveClones tells who may push how often the repository was cloned.
func serveClones(c *call) *Response {
	if c.repo.NoPush {
		return refusal(http.StatusForbidden, "Must have push access to repository")
	}
	days := c.repo.clones(c.s.clock.Now())
	count, unique := 0, 0
	for _, d := range days {
		count += d.Count
		unique += d.Uniques
	}
	return written(func(w *writer) {
		w.open()
		w.num("count", int64(count))
		w.num("uniques", int64(unique))
		w.array("clones")
		for _, d := range days {
			w.open()
			w.time("timestamp", d.Day)
			w.num("count", int64(d.Count))
			w.num("uniques", int64(d.Uniques))
			w.close()
		}
		w.end()
		w.close()
	})
}

// Clones is how often a repository was cloned on a day.
type Clones struct {
	Day            time.Time
	Count, Uniques int
}

// clones are the days of the last two weeks, the same ones each time.
func (r *Repo) clones(now time.Time) []Clones {
	today := now.Truncate(24 * time.Hour)
	days := make([]Clones, 0, 14)
	for n := range 14 {
		day := today.AddDate(0, 0, n-13)
		die := newRandom(uint64(r.ID), uint64(day.Unix())) //nolint:gosec // both are positive
		unique := die.IntN(30)
		days = append(days, Clones{day, unique + die.IntN(40), unique})
	}
	return days
}

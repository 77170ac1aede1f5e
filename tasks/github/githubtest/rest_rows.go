package githubtest

import (
	"strconv"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func rfc3339(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// page is the address of an issue or pull request for people.
func (i *Issue) page() string {
	kind := "/issues/"
	if i.Pull != nil {
		kind = "/pull/"
	}
	return i.Repo.html + kind + strconv.Itoa(i.Number)
}

func (l *Label) write(w *writer, r *Repo) {
	w.open()
	w.num("id", l.ID)
	w.str("node_id", l.nodeID(r))
	w.str("url", r.api+"/labels/"+pathEscape(l.Name))
	w.str("name", l.Name)
	w.str("color", l.Color)
	w.flag("default", l.Default)
	w.text("description", l.Description)
	w.close()
}

func (m *Milestone) write(w *writer, r *Repo) {
	n := strconv.Itoa(m.Number)
	w.open()
	w.url("url", r.api, "/milestones/", n)
	w.url("html_url", r.html, "/milestone/", n)
	w.url("labels_url", r.api, "/milestones/", n, "/labels")
	w.num("id", m.ID)
	w.str("node_id", m.nodeID(r))
	w.num("number", int64(m.Number))
	w.str("title", m.Title)
	w.null("description")
	w.user("creator", m.Creator)
	w.num("open_issues", int64(m.OpenIssues))
	w.num("closed_issues", int64(m.Settled))
	w.str("state", m.State)
	w.time("created_at", m.Created)
	w.time("updated_at", m.Updated)
	w.time("due_on", m.Due)
	w.time("closed_at", m.Closed)
	w.close()
}

// surroundings are what issues and pull requests are shown with alike.
func (i *Issue) surroundings(w *writer) {
	w.array("labels")
	for _, l := range i.Labels {
		l.write(w, i.Repo)
	}
	w.end()
	w.str("state", i.State)
	w.flag("locked", i.Locked)
	var first *User
	if len(i.Assignees) > 0 {
		first = i.Assignees[0]
	}
	w.user("assignee", first)
	w.array("assignees")
	for _, u := range i.Assignees {
		w.comma()
		w.b = append(w.b, u.simple...)
	}
	w.end()
	if i.Milestone == nil {
		w.null("milestone")
	} else {
		w.key("milestone")
		i.Milestone.write(w, i.Repo)
	}
}

func (i *Issue) write(w *writer, d detail) {
	r, n := i.Repo, strconv.Itoa(i.Number)
	w.open()
	w.url("url", r.api, "/issues/", n)
	w.url("repository_url", r.api)
	w.url("labels_url", r.api, "/issues/", n, "/labels{/name}")
	w.url("comments_url", r.api, "/issues/", n, "/comments")
	w.url("events_url", r.api, "/issues/", n, "/events")
	w.url("html_url", i.page())
	w.num("id", i.ID)
	w.str("node_id", i.nodeID())
	w.num("number", int64(i.Number))
	w.str("title", i.Title)
	w.user("user", i.User)
	i.surroundings(w)
	w.num("comments", int64(len(i.Comments)))
	w.time("created_at", i.Created)
	w.time("updated_at", i.Updated)
	w.time("closed_at", i.Closed)
	w.str("author_association", i.Association)
	w.null("type")
	w.text("active_lock_reason", "")
	if p := i.Pull; p != nil {
		w.flag("draft", p.Draft)
		w.object("pull_request")
		w.url("url", r.api, "/pulls/", n)
		w.url("html_url", i.page())
		w.url("diff_url", i.page(), ".diff")
		w.url("patch_url", i.page(), ".patch")
		w.time("merged_at", p.Merged)
		w.close()
	}
	w.text("body", i.Body)
	if d == single {
		w.user("closed_by", i.ClosedBy)
	}
	i.reactions(w)
	w.url("timeline_url", r.api, "/issues/", n, "/timeline")
	w.null("performed_via_github_app")
	w.text("state_reason", i.StateReason)
	w.close()
}

func (i *Issue) reactions(w *writer) {
	w.object("reactions")
	w.url("url", i.Repo.api, "/issues/", strconv.Itoa(i.Number), "/reactions")
	noReactions(w)
	w.close()
}

func noReactions(w *writer) {
	w.b = append(w.b, `,"total_count":0,"+1":0,"-1":0,"laugh":0,"hooray":0,"confused":0,"heart":0,"rocket":0,"eyes":0`...)
}

// writePull is the pull request side.
func (i *Issue) writePull(w *writer, d detail) {
	r, n, p := i.Repo, strconv.Itoa(i.Number), i.Pull
	w.open()
	w.url("url", r.api, "/pulls/", n)
	w.num("id", p.ID)
	w.str("node_id", i.nodeID())
	w.url("html_url", i.page())
	w.url("diff_url", i.page(), ".diff")
	w.url("patch_url", i.page(), ".patch")
	w.url("issue_url", r.api, "/issues/", n)
	w.num("number", int64(i.Number))
	w.str("title", i.Title)
	w.user("user", i.User)
	w.text("body", i.Body)
	w.time("created_at", i.Created)
	w.time("updated_at", i.Updated)
	w.time("closed_at", i.Closed)
	w.time("merged_at", p.Merged)
	w.text("merge_commit_sha", p.MergeCommit)
	i.surroundings(w)
	w.array("requested_reviewers")
	for _, u := range p.Reviewers {
		w.comma()
		w.b = append(w.b, u.simple...)
	}
	w.end()
	w.array("requested_teams")
	for _, t := range p.Teams {
		t.write(w, r)
	}
	w.end()
	w.flag("draft", p.Draft)
	w.url("commits_url", r.api, "/pulls/", n, "/commits")
	w.url("review_comments_url", r.api, "/pulls/", n, "/comments")
	w.url("review_comment_url", r.api, "/pulls/comments{/number}")
	w.url("comments_url", r.api, "/issues/", n, "/comments")
	w.url("statuses_url", r.api, "/statuses/", p.Head.SHA)
	p.Head.write(w, "head")
	p.Base.write(w, "base")
	i.links(w)
	w.str("author_association", i.Association)
	w.null("auto_merge")
	w.text("active_lock_reason", "")
	if d == single {
		i.pullDetails(w)
	}
	w.close()
}

func (i *Issue) links(w *writer) {
	r, n := i.Repo, strconv.Itoa(i.Number)
	link := func(name string, parts ...string) {
		w.object(name)
		w.url("href", parts...)
		w.close()
	}
	w.object("_links")
	link("self", r.api, "/pulls/", n)
	link("html", i.page())
	link("issue", r.api, "/issues/", n)
	link("comments", r.api, "/issues/", n, "/comments")
	link("review_comments", r.api, "/pulls/", n, "/comments")
	link("review_comment", r.api, "/pulls/comments{/number}")
	link("commits", r.api, "/pulls/", n, "/commits")
	link("statuses", r.api, "/statuses/", i.Pull.Head.SHA)
	w.close()
}

func (i *Issue) pullDetails(w *writer) {
	p := i.Pull
	additions, deletions := p.changes()
	w.flag("merged", !p.Merged.IsZero())
	w.null("mergeable")
	w.null("rebaseable")
	w.str("mergeable_state", "unknown")
	w.user("merged_by", p.MergedBy)
	w.num("comments", int64(len(i.Comments)))
	w.num("review_comments", int64(len(p.ReviewComments)))
	w.flag("maintainer_can_modify", false)
	w.num("commits", int64(len(p.Commits)))
	w.num("additions", int64(additions))
	w.num("deletions", int64(deletions))
	w.num("changed_files", int64(len(p.Files)))
}

func (p *Pull) changes() (additions, deletions int) {
	for _, f := range p.Files {
		additions += f.Additions
		deletions += f.Deletions
	}
	return additions, deletions
}

func (b *Branch) write(w *writer, name string) {
	owner := "unknown"
	if b.User != nil {
		owner = b.User.Login
	}
	w.object(name)
	w.str("label", owner+":"+b.Ref)
	w.str("ref", b.Ref)
	w.str("sha", b.SHA)
	w.user("user", b.User)
	if b.Repo == nil {
		w.null("repo")
	} else {
		w.raw("repo", b.Repo.row())
	}
	w.close()
}

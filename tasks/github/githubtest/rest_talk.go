package githubtest

import "strconv"

func (c *Comment) write(w *writer) {
	r, n, id := c.Issue.Repo, strconv.Itoa(c.Issue.Number), itoa(c.ID)
	w.open()
	w.url("url", r.api, "/issues/comments/", id)
	w.url("html_url", c.Issue.page(), "#issuecomment-", id)
	w.url("issue_url", r.api, "/issues/", n)
	w.num("id", c.ID)
	w.str("node_id", c.nodeID())
	w.user("user", c.User)
	w.time("created_at", c.Created)
	w.time("updated_at", c.Updated)
	w.text("body", c.Body)
	w.str("author_association", c.Association)
	w.object("reactions")
	w.url("url", r.api, "/issues/comments/", id, "/reactions")
	noReactions(w)
	w.close()
	w.null("performed_via_github_app")
	w.close()
}

func (v *Review) page() string { return v.Issue.page() + "#pullrequestreview-" + itoa(v.ID) }

func (v *Review) write(w *writer) {
	pull := v.Issue.Repo.api + "/pulls/" + strconv.Itoa(v.Issue.Number)
	w.open()
	w.num("id", v.ID)
	w.str("node_id", v.nodeID())
	w.user("user", v.User)
	w.str("body", v.Body)
	w.str("state", v.State)
	w.url("html_url", v.page())
	w.url("pull_request_url", pull)
	w.object("_links")
	w.object("html")
	w.url("href", v.page())
	w.close()
	w.object("pull_request")
	w.url("href", pull)
	w.close()
	w.close()
	w.time("submitted_at", v.Submitted)
	w.text("commit_id", v.CommitID)
	w.str("author_association", v.Association)
	w.close()
}

func (c *ReviewComment) page() string { return c.Issue.page() + "#discussion_r" + itoa(c.ID) }

func (c *ReviewComment) write(w *writer) {
	r, n, id := c.Issue.Repo, strconv.Itoa(c.Issue.Number), itoa(c.ID)
	w.open()
	w.url("url", r.api, "/pulls/comments/", id)
	if c.Review == nil {
		w.null("pull_request_review_id")
	} else {
		w.num("pull_request_review_id", c.Review.ID)
	}
	w.num("id", c.ID)
	w.str("node_id", c.nodeID())
	w.str("diff_hunk", c.DiffHunk)
	w.str("path", c.Path)
	w.str("commit_id", c.CommitID)
	w.str("original_commit_id", c.OriginalCommitID)
	w.user("user", c.User)
	w.str("body", c.Body)
	w.time("created_at", c.Created)
	w.time("updated_at", c.Updated)
	w.url("html_url", c.page())
	w.url("pull_request_url", r.api, "/pulls/", n)
	w.str("author_association", c.Association)
	w.object("_links")
	for _, link := range [][2]string{{"self", r.api + "/pulls/comments/" + id}, {"html", c.page()}, {"pull_request", r.api + "/pulls/" + n}} {
		w.object(link[0])
		w.url("href", link[1])
		w.close()
	}
	w.close()
	w.object("reactions")
	w.url("url", r.api, "/pulls/comments/", id, "/reactions")
	noReactions(w)
	w.close()
	w.some("start_line", c.StartLine)
	w.some("original_start_line", c.StartLine)
	w.text("start_side", c.startSide())
	w.some("line", c.Line)
	w.some("original_line", c.OriginalLine)
	w.str("side", c.Side)
	if c.InReplyTo != 0 {
		w.num("in_reply_to_id", c.InReplyTo)
	}
	w.num("original_position", int64(c.OriginalPosition))
	w.some("position", c.Position)
	w.str("subject_type", "line")
	w.close()
}

func (c *ReviewComment) startSide() string {
	if c.StartLine == 0 {
		return ""
	}
	return c.Side
}

func (f *File) write(w *writer, i *Issue) {
	w.open()
	w.str("sha", i.Pull.Head.SHA)
	w.str("filename", f.Path)
	w.str("status", f.Status)
	w.num("additions", int64(f.Additions))
	w.num("deletions", int64(f.Deletions))
	w.num("changes", int64(f.Additions+f.Deletions))
	path := pathEscape(f.Path)
	w.str("blob_url", i.Repo.html+"/blob/"+i.Pull.Head.SHA+"/"+path)
	w.str("raw_url", i.Repo.html+"/raw/"+i.Pull.Head.SHA+"/"+path)
	w.str("contents_url", i.Repo.api+"/contents/"+path+"?ref="+i.Pull.Head.SHA)
	w.close()
}

func (e *Event) write(w *writer, d detail) {
	r, id := e.repo, itoa(e.ID)
	w.open()
	w.num("id", e.ID)
	w.str("node_id", e.nodeID())
	w.url("url", r.api, "/issues/events/", id)
	w.user("actor", e.Actor)
	w.str("event", e.Kind)
	w.text("commit_id", e.CommitID)
	if e.CommitID == "" {
		w.null("commit_url")
	} else {
		w.url("commit_url", r.api, "/commits/", e.CommitID)
	}
	w.time("created_at", e.Created)
	e.particulars(w)
	if d == single {
		if e.Issue == nil {
			w.null("issue")
		} else {
			w.key("issue")
			e.Issue.write(w, listed)
		}
	}
	w.null("performed_via_github_app")
	w.close()
}

// particulars are what a kind of event tells beyond others.
func (e *Event) particulars(w *writer) {
	switch e.Kind {
	case "labeled", "unlabeled":
		w.object("label")
		w.str("name", e.Label.Name)
		w.str("color", e.Label.Color)
		w.close()
	case "assigned", "unassigned":
		w.user("assignee", e.Subject)
		w.user("assigner", e.Actor)
	case "milestoned", "demilestoned":
		w.object("milestone")
		w.str("title", e.Title)
		w.close()
	case "renamed":
		w.object("rename")
		w.str("from", e.Title)
		w.str("to", e.Renamed)
		w.close()
	case "review_requested":
		w.user("review_requester", e.Actor)
		w.user("requested_reviewer", e.Subject)
	case "closed":
		w.text("state_reason", e.Reason)
	case "locked":
		w.text("lock_reason", e.Reason)
	}
}

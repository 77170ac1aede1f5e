package githubtest

import (
	"slices"
	"time"
)

// Change changes anything of a repository while no request is answered. f must not call other methods of the server or a repository that change something.
func (r *Repo) Change(f func()) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	f()
	r.changed()
}

// editor makes changes at a time, with the server's data locked.
type editor struct {
	*work
	at time.Time
}

func (r *Repo) edit(f func(e *editor)) {
	r.Change(func() { f(r.editor(r.server.clock.Now().Truncate(time.Second))) })
}

func (r *Repo) editor(at time.Time) *editor {
	w := &work{generator: r.server.gen, repo: r, rnd: r.rnd, shape: r.shape, now: at}
	for _, c := range r.Contributors {
		if c.User != nil {
			w.people = append(w.people, c.User)
		}
	}
	if len(w.people) == 0 {
		w.people = w.generator.people
	}
	return &editor{w, at}
}

// AddIssue opens an issue. A nil user is an account that was deleted.
func (r *Repo) AddIssue(user *User, title, body string) (i *Issue) {
	r.edit(func(e *editor) { i = e.openIssue(user, title, body) })
	return i
}

// AddPull opens a pull request with the files, commits and so on that the repository's shape gives each.
func (r *Repo) AddPull(user *User, title string) (i *Issue) {
	r.edit(func(e *editor) { i = e.openPull(user, title) })
	return i
}

// AddComment comments on an issue or pull request.
func (r *Repo) AddComment(i *Issue, user *User, body string) (c *Comment) {
	r.edit(func(e *editor) { c = e.comment(i, user, body) })
	return c
}

// EditComment changes what a comment says.
func (r *Repo) EditComment(c *Comment, body string) {
	r.edit(func(e *editor) { c.Body, c.Updated = body, e.at })
}

// DeleteComment removes a comment. Nothing tells of it: its issue is as old as before.
func (r *Repo) DeleteComment(c *Comment) {
	r.edit(func(*editor) {
		r.Comments = slices.DeleteFunc(r.Comments, func(other *Comment) bool { return other == c })
		c.Issue.Comments = slices.DeleteFunc(c.Issue.Comments, func(other *Comment) bool { return other == c })
	})
}

// DeleteReviewComment removes a comment on a line.
func (r *Repo) DeleteReviewComment(c *ReviewComment) {
	r.edit(func(*editor) {
		same := func(other *ReviewComment) bool { return other == c }
		r.ReviewComments = slices.DeleteFunc(r.ReviewComments, same)
		c.Issue.Pull.ReviewComments = slices.DeleteFunc(c.Issue.Pull.ReviewComments, same)
	})
}

// Touch changes the title of an issue or pull request, with the event of a rename.
func (r *Repo) Touch(i *Issue, title string) {
	r.edit(func(e *editor) {
		e.event(i, "renamed", i.User, func(v *Event) { v.Title, v.Renamed = i.Title, title })
		i.Title = title
	})
}

// Close closes an issue, or a pull request without merging it.
func (r *Repo) Close(i *Issue, by *User) { r.edit(func(e *editor) { e.close(i, by) }) }

// Reopen opens it again.
func (r *Repo) Reopen(i *Issue, by *User) {
	r.edit(func(e *editor) {
		i.State, i.Closed, i.ClosedBy = "open", time.Time{}, nil
		if i.Pull == nil {
			i.StateReason = "reopened"
		}
		e.event(i, "reopened", by, nil)
	})
}

// Merge merges a pull request.
func (r *Repo) Merge(i *Issue, by *User) { r.edit(func(e *editor) { e.merge(i, by) }) }

// AddLabel puts a label on an issue or pull request.
func (r *Repo) AddLabel(i *Issue, l *Label, by *User) {
	r.edit(func(e *editor) {
		i.Labels = append(i.Labels, l)
		e.event(i, "labeled", by, func(v *Event) { v.Label = l })
	})
}

// RemoveLabel takes a label from an issue or pull request.
func (r *Repo) RemoveLabel(i *Issue, l *Label, by *User) {
	r.edit(func(e *editor) {
		i.Labels = slices.DeleteFunc(slices.Clone(i.Labels), func(other *Label) bool { return other == l })
		e.event(i, "unlabeled", by, func(v *Event) { v.Label = l })
	})
}

// RenameLabel renames a label everywhere. No issue is changed by it.
func (r *Repo) RenameLabel(l *Label, name string) { r.edit(func(*editor) { l.Name = name }) }

// AddReview reviews a pull request.
func (r *Repo) AddReview(i *Issue, user *User, state, body string) (v *Review) {
	r.edit(func(e *editor) { v = e.review(i, user, state, body) })
	return v
}

// AddReviewComment comments on a line of a pull request, as a part of a review.
func (r *Repo) AddReviewComment(v *Review, body string) (c *ReviewComment) {
	r.edit(func(e *editor) { c = e.reviewComment(v, body) })
	return c
}

// AddEvent lets something happen to an issue or pull request, or, with nil, to one that is gone.
func (r *Repo) AddEvent(i *Issue, kind string, actor *User) (v *Event) {
	r.edit(func(e *editor) { v = e.event(i, kind, actor, nil) })
	return v
}

// AddCommit lets GitHub know a commit, as one of a clone whose author is to be found.
func (r *Repo) AddCommit(c Commit) {
	r.edit(func(*editor) { r.Commits = append(r.Commits, &c) })
}

// AddRelease publishes a release.
func (r *Repo) AddRelease(tag, name string) (v *Release) {
	r.edit(func(e *editor) {
		v = &Release{ID: next(&e.release), Tag: tag, Name: name, Target: r.DefaultBranch, Author: e.people[0], Created: e.at, Updated: e.at, Published: e.at}
		r.Releases = append(r.Releases, v)
	})
	return v
}

// DeleteIssue deletes an issue with what belongs to it: its number is gone for good (410).
func (r *Repo) DeleteIssue(i *Issue) {
	r.edit(func(e *editor) { e.remove(i); r.deleted[i.Number] = true })
}

// TransferIssue moves an issue to another repository, where it has another number. Its old one leads there (301).
func (r *Repo) TransferIssue(i *Issue, to *Repo) (moved *Issue) {
	r.edit(func(e *editor) {
		e.remove(i)
		target := to.editor(e.at)
		moved = target.openIssue(i.User, i.Title, i.Body)
		moved.Created = i.Created
		r.transferred[i.Number] = moved
		to.changed()
	})
	return moved
}

func (e *editor) number() int {
	number := 1
	if n := len(e.repo.Issues); n > 0 {
		number = e.repo.Issues[n-1].Number + 1
	}
	for e.repo.deleted[number] || e.repo.transferred[number] != nil {
		number++
	}
	return number
}

func (e *editor) openIssue(user *User, title, body string) *Issue {
	i := &Issue{
		Repo: e.repo, ID: next(&e.issue), Number: e.number(), Title: title, Body: body, State: "open", Association: "NONE", User: user,
		Created: e.at, Updated: e.at,
	}
	e.repo.Issues = append(e.repo.Issues, i)
	return i
}

func (e *editor) openPull(user *User, title string) *Issue {
	i := e.newPull(e.number(), e.at)
	i.Title, i.User, i.State, i.Closed, i.ClosedBy, i.Updated = title, user, "open", time.Time{}, nil, e.at
	i.Pull.Merged, i.Pull.MergedBy, i.Pull.MergeCommit, i.Pull.Head.User = time.Time{}, nil, "", user
	e.repo.Issues = append(e.repo.Issues, i)
	return i
}

func (e *editor) comment(i *Issue, user *User, body string) *Comment {
	c := &Comment{Issue: i, ID: next(&e.generator.comment), User: user, Body: body, Association: "NONE", Created: e.at, Updated: e.at}
	i.Comments = append(i.Comments, c)
	e.repo.Comments = append(e.repo.Comments, c)
	i.Updated = latest(i.Updated, e.at)
	return c
}

func (e *editor) event(i *Issue, kind string, actor *User, more func(*Event)) *Event {
	v := &Event{Issue: i, repo: e.repo, ID: next(&e.generator.event), Kind: kind, Actor: actor, Created: e.at}
	if more != nil {
		more(v)
	}
	e.repo.Events = append(e.repo.Events, v)
	if i != nil {
		i.Events = append(i.Events, v)
		if kind != "mentioned" && kind != "subscribed" {
			i.Updated = latest(i.Updated, e.at)
		}
	}
	return v
}

func (e *editor) close(i *Issue, by *User) {
	i.State, i.Closed, i.ClosedBy = "closed", e.at, by
	if i.Pull == nil {
		i.StateReason = "completed"
	}
	e.event(i, "closed", by, func(v *Event) { v.Reason = i.StateReason })
}

func (e *editor) merge(i *Issue, by *User) {
	i.Pull.Merged, i.Pull.MergedBy, i.Pull.MergeCommit = e.at, by, e.rnd.sha()
	e.event(i, "merged", by, func(v *Event) { v.CommitID = i.Pull.MergeCommit })
	e.close(i, by)
}

func (e *editor) review(i *Issue, user *User, state, body string) *Review {
	v := &Review{
		Issue: i, ID: next(&e.generator.review), User: user, Body: body, State: state, Association: "NONE", CommitID: i.Pull.Head.SHA, Submitted: e.at,
	}
	i.Pull.Reviews = append(i.Pull.Reviews, v)
	i.Updated = latest(i.Updated, e.at)
	return v
}

func (e *editor) reviewComment(v *Review, body string) *ReviewComment {
	c := e.newReviewComment(v.Issue, 0)
	c.Review, c.User, c.Body, c.Created, c.Updated = v, v.User, body, e.at, e.at
	v.Issue.Pull.ReviewComments = append(v.Issue.Pull.ReviewComments, c)
	e.repo.ReviewComments = append(e.repo.ReviewComments, c)
	v.Issue.Updated = latest(v.Issue.Updated, e.at)
	return c
}

// remove takes an issue and all that belongs to it out of a repository.
func (e *editor) remove(i *Issue) {
	r := e.repo
	r.Issues = slices.DeleteFunc(r.Issues, func(other *Issue) bool { return other == i })
	r.Comments = slices.DeleteFunc(r.Comments, func(c *Comment) bool { return c.Issue == i })
	r.ReviewComments = slices.DeleteFunc(r.ReviewComments, func(c *ReviewComment) bool { return c.Issue == i })
	r.Events = slices.DeleteFunc(r.Events, func(v *Event) bool { return v.Issue == i })
}

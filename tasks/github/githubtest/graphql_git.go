package githubtest

import (
	"fmt"
	"strings"
	"time"
)

// branch is the default branch. Its head is a commit that only its name is known of.
func (r *Repo) branch() gitRef {
	head := &Commit{SHA: newRandom(uint64(r.ID), 7).sha(), Message: "head", Authored: r.Pushed, Committed: r.Pushed} //nolint:gosec // ids are positive
	if n := len(r.Commits); n > 0 {
		head = r.Commits[n-1]
	}
	return gitRef{r, "refs/heads/", r.DefaultBranch, gitCommit{r, head}}
}

func (r *Repo) tagRef(t *Tag) gitRef {
	if !t.Date.IsZero() {
		return gitRef{r, "refs/tags/", t.Name, gitTag{r, t}}
	}
	return gitRef{r, "refs/tags/", t.Name, r.tagged(t)}
}

// tagged is the commit of a tag.
func (r *Repo) tagged(t *Tag) gitCommit {
	if c := r.Commit(t.SHA); c != nil {
		return gitCommit{r, c}
	}
	return gitCommit{r, &Commit{SHA: t.SHA, Message: "release " + t.Name, AuthorName: "Somebody", AuthorEmail: "somebody@localhost", Authored: r.Created, Committed: r.Created}}
}

var refFields = resolvers{
	"id":     of(func(f gitRef) any { return textNodeID("REF", f.repo.ID, f.prefix+f.name) }),
	"name":   of(func(f gitRef) any { return f.name }),
	"prefix": of(func(f gitRef) any { return f.prefix }),
	"target": of(func(f gitRef) any { return f.target }),
}

var tagFields = resolvers{
	"id":      of(func(t gitTag) any { return hashNodeID("TA", t.repo.ID, t.tag.ObjectSHA) }),
	"oid":     of(func(t gitTag) any { return t.tag.ObjectSHA }),
	"name":    of(func(t gitTag) any { return t.tag.Name }),
	"message": of(func(t gitTag) any { return text(t.tag.Message) }),
	"target":  of(func(t gitTag) any { return t.repo.tagged(t.tag) }),
	"tagger":  of(func(t gitTag) any { return gitActor{t.tag.TaggerName, t.tag.TaggerEmail, t.tag.Date, nil} }),
}

var gitActorFields = resolvers{
	"name":  of(func(a gitActor) any { return text(a.name) }),
	"email": of(func(a gitActor) any { return text(a.email) }),
	"date": of(func(a gitActor) any {
		if at, ok := a.date.(time.Time); ok {
			return at.UTC().Format(time.RFC3339)
		}
		return nil
	}),
	"user": of(func(a gitActor) any {
		if a.user != nil && a.user.Type == "User" {
			return a.user
		}
		return nil
	}),
}

var commitFields = resolvers{
	"id":              of(func(c gitCommit) any { return c.commit.nodeID(c.repo) }),
	"oid":             of(func(c gitCommit) any { return c.commit.SHA }),
	"message":         of(func(c gitCommit) any { return c.commit.Message }),
	"messageHeadline": of(func(c gitCommit) any { headline, _, _ := strings.Cut(c.commit.Message, "\n"); return headline }),
	"messageBody": of(func(c gitCommit) any {
		_, body, _ := strings.Cut(c.commit.Message, "\n")
		return strings.TrimSpace(body)
	}),
	"url":                     of(func(c gitCommit) any { return c.repo.html + "/commit/" + c.commit.SHA }),
	"commitUrl":               of(func(c gitCommit) any { return c.repo.html + "/commit/" + c.commit.SHA }),
	"authoredDate":            of(func(c gitCommit) any { return c.commit.Authored }),
	"committedDate":           of(func(c gitCommit) any { return c.commit.Committed }),
	"additions":               of(func(c gitCommit) any { return c.commit.Additions }),
	"deletions":               of(func(c gitCommit) any { return c.commit.Deletions }),
	"changedFilesIfAvailable": of(func(c gitCommit) any { return c.commit.Files }),
	"author": of(func(c gitCommit) any {
		return gitActor{c.commit.AuthorName, c.commit.AuthorEmail, c.commit.Authored, c.commit.Author}
	}),
	"committer": of(func(c gitCommit) any {
		return gitActor{c.commit.CommitterName, c.commit.CommitterEmail, c.commit.Committed, c.commit.Committer}
	}),
	"history": with(func(c gitCommit, args map[string]any) any {
		l := plain(args, []gitCommit{c})
		l.total = max(c.repo.CommitCount, 1)
		return l
	}),
}

var releaseFields = resolvers{
	"id":           of(func(v releaseOf) any { return v.nodeID(v.repo) }),
	"databaseId":   of(func(v releaseOf) any { return number(v.ID) }),
	"name":         of(func(v releaseOf) any { return text(v.Name) }),
	"description":  of(func(v releaseOf) any { return text(v.Body) }),
	"tagName":      of(func(v releaseOf) any { return v.Tag }),
	"url":          of(func(v releaseOf) any { return v.repo.html + "/releases/tag/" + v.Tag }),
	"createdAt":    of(func(v releaseOf) any { return v.Created }),
	"updatedAt":    of(func(v releaseOf) any { return v.Updated }),
	"publishedAt":  of(func(v releaseOf) any { return moment(v.Published) }),
	"isDraft":      of(func(v releaseOf) any { return v.Draft }),
	"isPrerelease": of(func(v releaseOf) any { return v.Prerelease }),
	"isLatest":     of(func(v releaseOf) any { return v.Release == v.repo.Releases[len(v.repo.Releases)-1] }),
	"author": of(func(v releaseOf) any {
		if v.Author != nil && v.Author.Type == "User" {
			return v.Author
		}
		return nil
	}),
	"tagCommit": of(func(v releaseOf) any {
		for _, t := range v.repo.Tags {
			if t.Name == v.Tag {
				return v.repo.tagged(t)
			}
		}
		return nil
	}),
}

var labelFields = resolvers{
	"id":          of(func(l labelOf) any { return l.nodeID(l.repo) }),
	"name":        of(func(l labelOf) any { return l.Name }),
	"color":       of(func(l labelOf) any { return l.Color }),
	"description": of(func(l labelOf) any { return text(l.Description) }),
	"isDefault":   of(func(l labelOf) any { return l.Default }),
	"createdAt":   of(func(l labelOf) any { return l.repo.Created }),
	"updatedAt":   of(func(l labelOf) any { return l.repo.Created }),
	"url":         of(func(l labelOf) any { return l.repo.html + "/labels/" + pathEscape(l.Name) }),
}

var milestoneFields = resolvers{
	"id":          of(func(m milestoneOf) any { return m.nodeID(m.repo) }),
	"number":      of(func(m milestoneOf) any { return m.Number }),
	"title":       of(func(m milestoneOf) any { return m.Title }),
	"description": of(func(milestoneOf) any { return nil }),
	"state":       of(func(m milestoneOf) any { return strings.ToUpper(m.State) }),
	"closed":      of(func(m milestoneOf) any { return m.State == "closed" }),
	"creator":     of(func(m milestoneOf) any { return m.Creator }),
	"createdAt":   of(func(m milestoneOf) any { return m.Created }),
	"updatedAt":   of(func(m milestoneOf) any { return m.Updated }),
	"dueOn":       of(func(m milestoneOf) any { return moment(m.Due) }),
	"closedAt":    of(func(m milestoneOf) any { return moment(m.Closed) }),
	"url":         of(func(m milestoneOf) any { return fmt.Sprintf("%s/milestone/%d", m.repo.html, m.Number) }),
}

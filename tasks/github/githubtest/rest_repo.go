package githubtest

import "strings"

// repoLinks are the addresses that a repository is shown with, below its own.
var repoLinks = strings.Fields(`archive/{archive_format}{/ref} assignees{/user} git/blobs{/sha} branches{/branch} collaborators{/collaborator} comments{/number}
commits{/sha} compare/{base}...{head} contents/{+path} contributors deployments downloads events forks git/commits{/sha} git/refs{/sha} git/tags{/sha}
hooks issues/comments{/number} issues/events{/number} issues{/number} keys{/key_id} labels{/name} languages merges milestones{/number}
notifications{?since,all,participating} pulls{/number} releases{/id} stargazers statuses/{sha} subscribers subscription tags teams git/trees{/sha}`)

var repoLinkNames = strings.Fields(`archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events
forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases
stargazers statuses subscribers subscription tags teams trees`)

// row is the repository as lists and pull requests have it.
func (r *Repo) row() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.json == nil {
		w := writer{b: make([]byte, 0, 6<<10)}
		w.open()
		r.writeFields(&w)
		w.close()
		r.json = w.b
	}
	return r.json
}

func (r *Repo) writeFields(w *writer) {
	w.num("id", r.ID)
	w.str("node_id", r.nodeID())
	w.str("name", r.Name)
	w.str("full_name", r.full)
	w.flag("private", r.Private)
	w.user("owner", r.Owner)
	w.str("html_url", r.html)
	w.text("description", r.Description)
	w.flag("fork", r.Fork)
	w.str("url", r.api)
	for i, link := range repoLinks {
		w.str(repoLinkNames[i]+"_url", r.api+strings.TrimSuffix("/"+link, "/"))
	}
	w.time("created_at", r.Created)
	w.time("updated_at", r.Updated)
	w.time("pushed_at", r.Pushed)
	w.str("git_url", "git://github.com/"+r.full+".git")
	w.str("ssh_url", "git@github.com:"+r.full+".git")
	w.str("clone_url", r.html+".git")
	w.str("svn_url", r.html)
	w.text("homepage", r.Homepage)
	w.num("size", int64(r.CommitCount))
	w.num("stargazers_count", int64(r.Stars))
	w.num("watchers_count", int64(r.Stars)) // GitHub says the same thing twice; who watches is subscribers_count
	w.text("language", r.Language)
	w.flag("has_issues", !r.NoIssues)
	w.flag("has_projects", true)
	w.flag("has_downloads", true)
	w.flag("has_wiki", r.Wiki)
	w.flag("has_pages", false)
	w.flag("has_discussions", false)
	w.num("forks_count", int64(r.Forks))
	w.null("mirror_url")
	w.flag("archived", r.Archived)
	w.flag("disabled", false)
	open := 0
	for _, i := range r.Issues {
		if i.State == "open" {
			open++
		}
	}
	w.num("open_issues_count", int64(open))
	if r.License == "" {
		w.null("license")
	} else {
		w.object("license")
		w.str("key", r.License)
		w.str("name", strings.ToUpper(r.License)+" License")
		w.str("spdx_id", strings.ToUpper(r.License))
		w.str("url", r.server.url+"/licenses/"+r.License)
		w.str("node_id", textNodeID("L", 0, r.License))
		w.close()
	}
	w.flag("allow_forking", true)
	w.flag("is_template", false)
	w.flag("web_commit_signoff_required", false)
	w.array("topics")
	w.end()
	w.str("visibility", "public")
	w.num("forks", int64(r.Forks))
	w.num("open_issues", int64(open))
	w.num("watchers", int64(r.Stars))
	w.str("default_branch", r.DefaultBranch)
}

// write is the repository asked for alone.
func (r *Repo) write(w *writer) {
	w.open()
	r.writeFields(w)
	w.null("temp_clone_token")
	if r.Owner.Type == "Organization" {
		w.user("organization", r.Owner)
	}
	if r.Parent != nil {
		w.raw("parent", r.Parent.row())
		w.raw("source", r.Parent.row())
	}
	w.num("network_count", int64(r.Forks))
	w.num("subscribers_count", int64(r.Watchers))
	w.close()
}

func (r *Release) write(w *writer, of *Repo) {
	id := itoa(r.ID)
	w.open()
	w.url("url", of.api, "/releases/", id)
	w.url("assets_url", of.api, "/releases/", id, "/assets")
	w.url("upload_url", of.api, "/releases/", id, "/assets{?name,label}")
	w.url("html_url", of.html, "/releases/tag/", r.Tag)
	w.num("id", r.ID)
	w.user("author", r.Author)
	w.str("node_id", r.nodeID(of))
	w.str("tag_name", r.Tag)
	w.str("target_commitish", r.Target)
	w.text("name", r.Name)
	w.flag("draft", r.Draft)
	w.flag("immutable", false)
	w.flag("prerelease", r.Prerelease)
	w.time("created_at", r.Created)
	w.time("updated_at", r.Updated)
	w.time("published_at", r.Published)
	w.array("assets")
	w.end()
	w.url("tarball_url", of.api, "/tarball/", r.Tag)
	w.url("zipball_url", of.api, "/zipball/", r.Tag)
	w.text("body", r.Body)
	w.close()
}

func (t *Tag) write(w *writer, of *Repo) {
	w.open()
	w.str("name", t.Name)
	w.url("zipball_url", of.api, "/zipball/refs/tags/", t.Name)
	w.url("tarball_url", of.api, "/tarball/refs/tags/", t.Name)
	w.object("commit")
	w.str("sha", t.SHA)
	w.url("url", of.api, "/commits/", t.SHA)
	w.close()
	w.str("node_id", textNodeID("REF", of.ID, "refs/tags/"+t.Name))
	w.close()
}

func (c *Commit) write(w *writer, of *Repo, d detail) {
	w.open()
	w.str("sha", c.SHA)
	w.str("node_id", c.nodeID(of))
	w.object("commit")
	for _, who := range []struct {
		name, person, email string
		at                  func() string
	}{
		{"author", c.AuthorName, c.AuthorEmail, func() string { return rfc3339(c.Authored) }},
		{"committer", c.CommitterName, c.CommitterEmail, func() string { return rfc3339(c.Committed) }},
	} {
		w.object(who.name)
		w.str("name", who.person)
		w.str("email", who.email)
		w.str("date", who.at())
		w.close()
	}
	w.str("message", c.Message)
	w.object("tree")
	w.str("sha", c.SHA)
	w.url("url", of.api, "/git/trees/", c.SHA)
	w.close()
	w.url("url", of.api, "/git/commits/", c.SHA)
	w.num("comment_count", 0)
	w.object("verification")
	w.flag("verified", false)
	w.str("reason", "unsigned")
	w.null("signature")
	w.null("payload")
	w.null("verified_at")
	w.close()
	w.close()
	w.url("url", of.api, "/commits/", c.SHA)
	w.url("html_url", of.html, "/commit/", c.SHA)
	w.url("comments_url", of.api, "/commits/", c.SHA, "/comments")
	w.user("author", c.Author)
	w.user("committer", c.Committer)
	w.array("parents")
	w.end()
	if d == single {
		w.object("stats")
		w.num("total", int64(c.Additions+c.Deletions))
		w.num("additions", int64(c.Additions))
		w.num("deletions", int64(c.Deletions))
		w.close()
		w.array("files")
		w.end()
	}
	w.close()
}

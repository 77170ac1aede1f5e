package githubtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Values of GraphQL that the data does not have as such.
type (
	license string
	labelOf struct {
		*Label
		repo *Repo
	}
	milestoneOf struct {
		*Milestone
		repo *Repo
	}
	releaseOf struct {
		*Release
		repo *Repo
	}
	gitCommit struct {
		repo   *Repo
		commit *Commit
	}
	gitTag struct {
		repo *Repo
		tag  *Tag
	}
	// gitRef is a branch or a tag. Its target is a gitCommit or a gitTag.
	gitRef struct {
		repo         *Repo
		prefix, name string
		target       any
	}
	gitActor struct {
		name, email string
		date        any
		user        *User
	}
)

var queryFields = resolvers{
	"repository": func(x *execution, _ any, args map[string]any) any {
		owner, _ := args["owner"].(string)
		name, _ := args["name"].(string)
		former := x.c.s.moved
		if args["followRenames"] == false {
			former = nil
		}
		return x.repository(owner+"/"+name, former)
	},
	"user": func(x *execution, _ any, args map[string]any) any {
		login, _ := args["login"].(string)
		if u := x.c.s.users[strings.ToLower(login)]; u != nil && u.Type == "User" {
			return u
		}
		return problem{"NOT_FOUND", fmt.Sprintf("Could not resolve to a User with the login of '%s'.", login)}
	},
	"organization": func(x *execution, _ any, args map[string]any) any {
		login, _ := args["login"].(string)
		if u := x.c.s.users[strings.ToLower(login)]; u != nil && u.Type == "Organization" {
			return u
		}
		return problem{"NOT_FOUND", fmt.Sprintf("Could not resolve to an Organization with the login of '%s'.", login)}
	},
	"repositoryOwner": func(x *execution, _ any, args map[string]any) any {
		login, _ := args["login"].(string)
		if u := x.c.s.users[strings.ToLower(login)]; u != nil && (u.Type == "User" || u.Type == "Organization") {
			return u
		}
		return nil // without an error, unlike the two above
	},
	"viewer": func(x *execution, _ any, _ map[string]any) any {
		return &User{ID: x.c.key.user.id, Login: x.c.key.user.login, Type: "User", Created: x.c.s.options.now, Updated: x.c.s.options.now}
	},
	"node": func(x *execution, _ any, args map[string]any) any { return x.c.s.node(must[string](args["id"])) },
	"nodes": func(x *execution, _ any, args map[string]any) any {
		var nodes []any
		for _, id := range listArg(args, "ids") {
			nodes = append(nodes, x.c.s.node(must[string](id)))
		}
		x.found += len(nodes)
		return nodes
	},
	"rateLimit": func(x *execution, _ any, _ map[string]any) any { return x },
}

// repository is the one of a name, or of a former name.
func (x *execution) repository(full string, former map[string]*Repo) any {
	key := strings.ToLower(full)
	r := cmp.Or(x.c.s.repos[key], former[key])
	switch {
	case r == nil || r.Private || r.Fault == Deleted:
		return problem{"NOT_FOUND", fmt.Sprintf("Could not resolve to a Repository with the name '%s'.", full)}
	case r.Fault != NoFault:
		return problem{"FORBIDDEN", "Repository access blocked"}
	}
	return r
}

// budget is the key's, as it is after this query.
func (x *execution) budget() budget {
	x.c.s.keys.mu.Lock()
	defer x.c.s.keys.mu.Unlock()
	b := *x.c.s.keys.current(x.c.key.user, graphql)
	if !x.dryRun {
		b.used = min(b.used+x.price.points(), b.limit)
	}
	return b
}

var rateLimitFields = resolvers{
	"cost":      of(func(x *execution) any { return x.price.points() }),
	"nodeCount": of(func(x *execution) any { return x.price.nodes }),
	"limit":     of(func(x *execution) any { return x.budget().limit }),
	"remaining": of(func(x *execution) any { b := x.budget(); return b.remaining() }),
	"used":      of(func(x *execution) any { return x.budget().used }),
	"resetAt":   of(func(x *execution) any { return x.budget().reset }),
}

var repositoryFields = resolvers{
	"id":               of(func(r *Repo) any { return r.nodeID() }),
	"databaseId":       of(func(r *Repo) any { return number(r.ID) }),
	"name":             of(func(r *Repo) any { return r.Name }),
	"nameWithOwner":    of(func(r *Repo) any { return r.full }),
	"owner":            of(func(r *Repo) any { return r.Owner }),
	"url":              of(func(r *Repo) any { return r.html }),
	"description":      of(func(r *Repo) any { return text(r.Description) }),
	"homepageUrl":      of(func(r *Repo) any { return text(r.Homepage) }),
	"createdAt":        of(func(r *Repo) any { return r.Created }),
	"updatedAt":        of(func(r *Repo) any { return r.Updated }),
	"pushedAt":         of(func(r *Repo) any { return moment(r.Pushed) }),
	"archivedAt":       of(archivedAt),
	"isArchived":       of(func(r *Repo) any { return r.Archived }),
	"isDisabled":       of(func(*Repo) any { return false }),
	"isEmpty":          of(func(r *Repo) any { return r.Empty }),
	"isFork":           of(func(r *Repo) any { return r.Fork }),
	"isLocked":         of(func(*Repo) any { return false }),
	"isMirror":         of(func(*Repo) any { return false }),
	"isPrivate":        of(func(r *Repo) any { return r.Private }),
	"isTemplate":       of(func(*Repo) any { return false }),
	"visibility":       of(func(*Repo) any { return "PUBLIC" }),
	"parent":           of(func(r *Repo) any { return r.Parent }),
	"diskUsage":        of(func(r *Repo) any { return r.CommitCount }),
	"forkCount":        of(func(r *Repo) any { return r.Forks }),
	"stargazerCount":   of(func(r *Repo) any { return r.Stars }),
	"stargazers":       of(func(r *Repo) any { return listing{total: r.Stars} }),
	"watchers":         of(func(r *Repo) any { return listing{total: r.Watchers} }),
	"hasIssuesEnabled": of(func(r *Repo) any { return !r.NoIssues }),
	"hasWikiEnabled":   of(func(r *Repo) any { return r.Wiki }),
	"primaryLanguage":  of(func(r *Repo) any { return text(r.Language) }),
	"licenseInfo": of(func(r *Repo) any {
		if r.License == "" {
			return nil
		}
		return license(r.License)
	}),
	"codeOfConduct": of(func(r *Repo) any {
		if !r.CodeOfConduct {
			return nil
		}
		return r
	}),
	"defaultBranchRef": of(func(r *Repo) any {
		if r.Empty {
			return nil
		}
		return r.branch()
	}),
	"object": with(func(r *Repo, args map[string]any) any {
		name, _ := args["oid"].(string)
		if expression, _ := args["expression"].(string); expression != "" {
			if name = expression; !r.Empty && (name == "HEAD" || name == r.DefaultBranch) {
				return r.branch().target
			}
		}
		if c := r.Commit(name); c != nil {
			return gitCommit{r, c}
		}
		return nil
	}),
	"ref": with(func(r *Repo, args map[string]any) any {
		name, _ := args["qualifiedName"].(string)
		if name = strings.TrimPrefix(name, "refs/heads/"); name == r.DefaultBranch && !r.Empty {
			return r.branch()
		}
		for _, t := range r.Tags {
			if name == "refs/tags/"+t.Name {
				return r.tagRef(t)
			}
		}
		return nil
	}),
	"refs": with(func(r *Repo, args map[string]any) any {
		if prefix, _ := args["refPrefix"].(string); prefix != "refs/tags/" {
			if r.Empty || prefix != "refs/heads/" {
				return plain(args, []gitRef(nil))
			}
			return plain(args, []gitRef{r.branch()})
		}
		refs := make([]gitRef, 0, len(r.Tags))
		for _, t := range r.Tags {
			refs = append(refs, r.tagRef(t))
		}
		slices.SortStableFunc(refs, func(a, b gitRef) int { return cmp.Compare(a.name, b.name) })
		_, direction := orderOf(args)
		return connect(args, refs, direction, nil)
	}),
	"release": with(func(r *Repo, args map[string]any) any {
		for _, v := range r.Releases {
			if v.Tag == args["tagName"] {
				return releaseOf{v, r}
			}
		}
		return nil
	}),
	"releases": with(func(r *Repo, args map[string]any) any {
		rows := make([]releaseOf, 0, len(r.Releases))
		for _, v := range r.Releases {
			rows = append(rows, releaseOf{v, r})
		}
		field, direction := orderOf(args)
		slices.SortStableFunc(rows, func(a, b releaseOf) int {
			if field == "NAME" {
				return cmp.Compare(a.Name, b.Name)
			}
			return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
		})
		return connect(args, rows, direction, nil)
	}),
	"label": with(func(r *Repo, args map[string]any) any {
		for _, l := range r.Labels {
			if l.Name == args["name"] {
				return labelOf{l, r}
			}
		}
		return nil
	}),
	"labels": with(func(r *Repo, args map[string]any) any { return labelList(r, args, r.Labels) }),
	"milestones": with(func(r *Repo, args map[string]any) any {
		rows := make([]milestoneOf, 0, len(r.Milestones))
		for _, m := range r.Milestones {
			rows = append(rows, milestoneOf{m, r})
		}
		return plain(args, rows)
	}),
	"issue": with(func(r *Repo, args map[string]any) any {
		return r.item(args, "an Issue", func(i *Issue) bool { return i.Pull == nil })
	}),
	"pullRequest": with(func(r *Repo, args map[string]any) any {
		return r.item(args, "a PullRequest", func(i *Issue) bool { return i.Pull != nil })
	}),
	"issueOrPullRequest": with(func(r *Repo, args map[string]any) any {
		return r.item(args, "an issue or pull request", func(*Issue) bool { return true })
	}),
	"issues":       with(func(r *Repo, args map[string]any) any { return connectItems(r, args, "graph issues", r.OnlyIssues()) }),
	"pullRequests": with(func(r *Repo, args map[string]any) any { return connectItems(r, args, "graph pulls", r.Pulls()) }),
}

func archivedAt(r *Repo) any {
	if !r.Archived {
		return nil
	}
	return r.Updated
}

// item is the issue or pull request of the number that is asked for.
func (r *Repo) item(args map[string]any, kind string, wanted func(*Issue) bool) any {
	n, _ := intArg(args, "number")
	if i := r.Issue(n); i != nil && wanted(i) {
		return i
	}
	return problem{"NOT_FOUND", fmt.Sprintf("Could not resolve to %s with the number of %d.", kind, n)}
}

func labelList(r *Repo, args map[string]any, labels []*Label) listing {
	rows := make([]labelOf, 0, len(labels))
	for _, l := range labels {
		rows = append(rows, labelOf{l, r})
	}
	return plain(args, rows)
}

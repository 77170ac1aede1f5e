package githubtest

import (
	"slices"
	"strings"
)

// graphLogin is the login as GraphQL has it: that of a bot ends without [bot].
func (u *User) graphLogin() string {
	if u.Type == "Bot" {
		return strings.TrimSuffix(u.Login, "[bot]")
	}
	return u.Login
}

// accountFields are what every kind of account has.
var accountFields = resolvers{
	"id":           of(func(u *User) any { return u.nodeID() }),
	"databaseId":   of(func(u *User) any { return number(u.ID) }),
	"login":        of(func(u *User) any { return u.graphLogin() }),
	"avatarUrl":    of(func(u *User) any { return "https://avatars.githubusercontent.com/u/" + itoa(u.ID) + "?v=4" }),
	"url":          of(func(u *User) any { return "https://github.com" + u.graphPath() }),
	"resourcePath": of(func(u *User) any { return u.graphPath() }),
	"createdAt":    of(func(u *User) any { return u.Created }),
	"updatedAt":    of(func(u *User) any { return u.Updated }),
}

func (u *User) graphPath() string {
	if u.Type == "Bot" {
		return "/apps/" + u.graphLogin()
	}
	return "/" + u.graphLogin()
}

// profileFields are those of people and organizations.
var profileFields = resolvers{
	"name":       of(func(u *User) any { return text(u.Name) }),
	"email":      of(func(u *User) any { return text(u.Email) }),
	"location":   of(func(u *User) any { return text(u.Location) }),
	"websiteUrl": of(func(*User) any { return nil }),
}

// ownedRepositories are those of an organization or a user that can be seen.
func ownedRepositories(x *execution, value any, args map[string]any) any {
	var rows []*Repo
	for _, r := range x.c.s.ordered {
		if r.Owner == value && r.Fault == NoFault && (!r.Private || r.Shown) && r.isAskedFor(args) {
			rows = append(rows, r)
		}
	}
	place := func(r *Repo) cursorKey { return cursorKey{r.ID, 0} }
	field, direction := orderOf(args)
	switch field {
	case "NAME":
		slices.SortFunc(rows, func(a, b *Repo) int { return strings.Compare(strings.ToLower(a.full), strings.ToLower(b.full)) })
		return connect(args, rows, direction, nil)
	case "STARGAZERS":
		place = func(r *Repo) cursorKey { return cursorKey{int64(r.Stars), r.ID} }
	case "CREATED_AT":
		place = func(r *Repo) cursorKey { return cursorKey{r.Created.Unix(), r.ID} }
	case "UPDATED_AT":
		place = func(r *Repo) cursorKey { return cursorKey{r.Updated.Unix(), r.ID} }
	case "PUSHED_AT":
		place = func(r *Repo) cursorKey { return cursorKey{r.Pushed.Unix(), r.ID} }
	}
	slices.SortFunc(rows, func(a, b *Repo) int { k := place(a); return place(b).compare(k.key, k.id) })
	return connect(args, rows, direction, place)
}

// isAskedFor is whether the filters of a list of repositories let it through. All repositories are their owner's own here, so ownerAffiliations has nothing to filter.
func (r *Repo) isAskedFor(args map[string]any) bool {
	for name, is := range map[string]bool{"isArchived": r.Archived, "isFork": r.Fork} {
		if wanted, ok := args[name].(bool); ok && wanted != is {
			return false
		}
	}
	privacy, _ := args["privacy"].(string)
	return privacy == "" || (privacy == "PRIVATE") == r.Private
}

var teamFields = resolvers{
	"id":          of(func(t *Team) any { return t.nodeID() }),
	"databaseId":  of(func(t *Team) any { return number(t.ID) }),
	"name":        of(func(t *Team) any { return t.Name }),
	"slug":        of(func(t *Team) any { return t.Slug }),
	"description": of(func(*Team) any { return nil }),
	"url":         of(func(t *Team) any { return "https://github.com/orgs/octo/teams/" + t.Slug }),
}

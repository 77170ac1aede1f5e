package githubtest

import (
	"net/http"
	"slices"
	"strings"
)

func (c *call) user(name string) *User {
	login := strings.NewReplacer("%5B", "[", "%5D", "]", "%5b", "[", "%5d", "]").Replace(c.params[name])
	return c.s.users[strings.ToLower(login)]
}

func serveUser(c *call) *Response {
	u := c.user("username")
	if u == nil {
		return notFound()
	}
	return written(func(w *writer) { u.write(c.s, w) })
}

func serveOwnUser(c *call) *Response {
	me := &User{ID: c.key.user.id, Login: c.key.user.login, Type: "User", Created: c.s.options.now, Updated: c.s.options.now}
	return written(func(w *writer) { me.write(c.s, w) })
}

func serveOrgRepos(c *call) *Response {
	u := c.user("org")
	if u == nil || u.Type != "Organization" {
		return notFound()
	}
	return c.reposOf(u)
}

func serveUserRepos(c *call) *Response {
	u := c.user("username")
	if u == nil {
		return notFound()
	}
	return c.reposOf(u)
}

func (c *call) reposOf(u *User) *Response {
	var rows []*Repo
	for _, r := range c.s.ordered {
		if r.Owner == u && r.Fault == NoFault && !r.Private {
			rows = append(rows, r)
		}
	}
	by := c.param("sort")
	slices.SortStableFunc(rows, func(a, b *Repo) int {
		switch by {
		case "created", "":
			return a.Created.Compare(b.Created)
		case "updated":
			return a.Updated.Compare(b.Updated)
		case "pushed":
			return a.Pushed.Compare(b.Pushed)
		}
		return strings.Compare(a.full, b.full)
	})
	byDefault := "desc"
	if by == "full_name" {
		byDefault = "asc"
	}
	return numbered[*Repo]{rows: rows, descending: c.descending(byDefault), write: func(w *writer, r *Repo) {
		w.comma()
		w.b = append(w.b, r.row()...)
	}}.serve(c)
}

// serveUserEvents tells of the last 300 things that somebody did, the newest first, as far as 90 days back.
func serveUserEvents(c *call) *Response {
	u := c.user("username")
	if u == nil {
		return notFound()
	}
	rows := c.s.activity[u.Login]
	horizon := c.s.clock.Now().AddDate(0, 0, -90)
	for len(rows) > 300 || len(rows) > 0 && rows[0].Created.Before(horizon) {
		rows = rows[1:]
	}
	return numbered[*Activity]{rows: rows, descending: true, end: 300, write: func(w *writer, a *Activity) { a.write(w) }}.serve(c)
}

// serveSearchUsers finds who has the words of the question in the login, name or e-mail.
func serveSearchUsers(c *call) *Response {
	var rows []*User
	var words []string
	for word := range strings.FieldsSeq(strings.ToLower(c.param("q"))) {
		if field, _, qualified := strings.Cut(word, ":"); !qualified || field == "" {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return refusal(http.StatusUnprocessableEntity, "Validation Failed")
	}
	for _, u := range c.s.users {
		text := strings.ToLower(u.Login + " " + u.Name + " " + u.Email)
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			rows = append(rows, u)
		}
	}
	slices.SortFunc(rows, func(a, b *User) int { return strings.Compare(a.Login, b.Login) })
	return numbered[*User]{
		rows: rows, end: 1000,
		write: func(w *writer, u *User) {
			w.open()
			w.b = append(w.b, u.simple[1:len(u.simple)-1]...)
			w.b = append(w.b, `,"score":1.0}`...)
		},
		envelope: func(w *writer, total int) {
			w.open()
			w.num("total_count", int64(total))
			w.flag("incomplete_results", false)
			w.key("items")
		},
	}.serve(c)
}

// serveRateLimit is free.
func serveRateLimit(c *call) *Response {
	c.s.keys.mu.Lock()
	defer c.s.keys.mu.Unlock()
	resp := written(func(w *writer) {
		one := func(name string, of resource) {
			b := c.s.keys.current(c.key.user, of)
			w.object(name)
			w.num("limit", int64(b.limit))
			w.num("used", int64(b.used))
			w.num("remaining", int64(b.remaining()))
			w.num("reset", b.reset.Unix())
			w.close()
		}
		w.open()
		w.object("resources")
		one("core", core)
		one("graphql", graphql)
		one("search", search)
		w.close()
		one("rate", core)
		w.close()
	})
	resp.points = 0
	return resp
}

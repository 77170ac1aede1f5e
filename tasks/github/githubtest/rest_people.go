package githubtest

import (
	"strconv"
	"strings"
)

// detail is how much of something an answer has.
type detail int

const (
	listed detail = iota
	single
)

// simpleUser is an account as it is embedded in everything.
func (s *Server) simpleUser(u *User) []byte {
	w := writer{b: make([]byte, 0, 1024)}
	w.open()
	s.writeUser(&w, u)
	w.close()
	return w.b
}

func (s *Server) writeUser(w *writer, u *User) {
	api, page := s.url+"/users/"+u.pathLogin(), "https://github.com/"+u.Login
	if u.Type == "Bot" {
		page = "https://github.com/apps/" + strings.TrimSuffix(u.Login, "[bot]")
	}
	w.str("login", u.Login)
	w.num("id", u.ID)
	w.str("node_id", u.nodeID())
	w.str("avatar_url", "https://avatars.githubusercontent.com/u/"+strconv.FormatInt(u.ID, 10)+"?v=4")
	w.str("gravatar_id", "")
	w.str("url", api)
	w.str("html_url", page)
	for _, part := range []string{"followers", "following{/other_user}", "gists{/gist_id}", "starred{/owner}{/repo}", "subscriptions", "orgs", "repos", "events{/privacy}", "received_events"} {
		name, _, _ := strings.Cut(part, "{")
		path := part
		if name == "starred" || name == "events" || name == "gists" || name == "following" {
			path = name + part[len(name):]
		}
		if name == "orgs" {
			w.str("organizations_url", api+"/orgs")
			continue
		}
		w.str(name+"_url", api+"/"+path)
	}
	w.str("type", u.Type)
	w.str("user_view_type", "public")
	w.flag("site_admin", u.SiteAdmin)
}

// pathLogin is a login as part of an address.
func (u *User) pathLogin() string {
	return strings.NewReplacer("[", "%5B", "]", "%5D").Replace(u.Login)
}

func (u *User) write(s *Server, w *writer) {
	w.open()
	s.writeUser(w, u)
	w.text("name", u.Name)
	w.text("company", u.Company)
	w.str("blog", "")
	w.text("location", u.Location)
	w.text("email", u.Email)
	w.null("hireable")
	w.text("bio", u.Bio)
	w.null("twitter_username")
	w.num("public_repos", int64(u.PublicRepos))
	w.num("public_gists", 0)
	w.num("followers", int64(u.Followers))
	w.num("following", int64(u.FollowingThem))
	w.time("created_at", u.Created)
	w.time("updated_at", u.Updated)
	w.close()
}

func (c *Contributor) write(w *writer) {
	w.open()
	if c.User == nil {
		w.str("email", c.Email)
		w.str("name", c.Name)
		w.str("type", "Anonymous")
	} else {
		w.b = append(w.b, c.User.simple[1:len(c.User.simple)-1]...)
	}
	w.num("contributions", int64(c.Contributions))
	w.close()
}

func (t *Team) write(w *writer, r *Repo) {
	org := r.server.url + "/organizations/" + strconv.FormatInt(r.Owner.ID, 10) + "/team/" + strconv.FormatInt(t.ID, 10)
	w.open()
	w.str("name", t.Name)
	w.num("id", t.ID)
	w.str("node_id", t.nodeID())
	w.str("slug", t.Slug)
	w.str("description", "")
	w.str("privacy", "closed")
	w.str("notification_setting", "notifications_enabled")
	w.str("url", org)
	w.str("html_url", "https://github.com/orgs/"+r.Owner.Login+"/teams/"+t.Slug)
	w.str("members_url", org+"/members{/member}")
	w.str("repositories_url", org+"/repos")
	w.str("type", "organization")
	w.num("organization_id", r.Owner.ID)
	w.str("permission", "pull")
	w.null("parent")
	w.close()
}

func (a *Activity) write(w *writer) {
	r := a.Repo
	w.open()
	w.str("id", strconv.FormatInt(a.ID, 10))
	w.str("type", a.Kind)
	w.object("actor")
	w.num("id", a.Actor.ID)
	w.str("login", a.Actor.Login)
	w.str("display_login", a.Actor.Login)
	w.str("gravatar_id", "")
	w.str("url", r.server.url+"/users/"+a.Actor.pathLogin())
	w.str("avatar_url", "https://avatars.githubusercontent.com/u/"+strconv.FormatInt(a.Actor.ID, 10)+"?")
	w.close()
	w.object("repo")
	w.num("id", r.ID)
	w.str("name", r.full)
	w.str("url", r.api)
	w.close()
	w.object("payload")
	w.close()
	w.flag("public", true)
	w.time("created_at", a.Created)
	w.close()
}

package github

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/tasks/github/api"
)

// The account that GitHub shows in place of deleted ones.
const (
	ghostID    = 10137
	ghostLogin = "ghost"
)

// ContributorID is the id that a contributor has in every database, as text: see [db.ContributorID]. It is false for a number that no account has.
func ContributorID(account int64) (string, bool) {
	id, err := db.ContributorID(db.GitHub, account)
	return id.String(), err == nil
}

// userRow is a row of contributors, without what only a question about the person tells.
type userRow struct {
	CntrbID           string  `json:"cntrb_id"`
	Login             string  `json:"cntrb_login"`
	Type              *string `json:"cntrb_type"`
	UserID            int64   `json:"gh_user_id"`
	GHLogin           string  `json:"gh_login"`
	URL               *string `json:"gh_url"`
	HTMLURL           *string `json:"gh_html_url"`
	NodeID            *string `json:"gh_node_id"`
	AvatarURL         *string `json:"gh_avatar_url"`
	GravatarID        *string `json:"gh_gravatar_id"`
	FollowersURL      *string `json:"gh_followers_url"`
	FollowingURL      *string `json:"gh_following_url"`
	GistsURL          *string `json:"gh_gists_url"`
	StarredURL        *string `json:"gh_starred_url"`
	SubscriptionsURL  *string `json:"gh_subscriptions_url"`
	OrganizationsURL  *string `json:"gh_organizations_url"`
	ReposURL          *string `json:"gh_repos_url"`
	EventsURL         *string `json:"gh_events_url"`
	ReceivedEventsURL *string `json:"gh_received_events_url"`
	GHType            *string `json:"gh_type"`
	SiteAdmin         *string `json:"gh_site_admin"`
}

// actor is an account in GraphQL, which has less to say about it than REST. Organizations have no login like others, and enterprise accounts no number.
type actor struct {
	Typename   string `json:"__typename"`
	Login      string `json:"login"`
	URL        string `json:"url"`
	AvatarURL  string `json:"avatarUrl"`
	ID         string `json:"id"`
	DatabaseID int64  `json:"databaseId"`
}

// actorFields is what queries ask of an account.
const actorFields = `{ __typename login url avatarUrl ... on User { id databaseId } ... on Bot { id databaseId } ... on Mannequin { id databaseId } ... on Organization { id databaseId } }`

// userFields is what queries ask of an account that is a user.
const userFields = `{ __typename login url avatarUrl id databaseId }`

// people collects the accounts that a page mentions.
type people struct {
	api    string             // address of the API, for what GraphQL does not tell
	listed map[string]userRow // by REST, with everything that lists show
	named  map[string]userRow // by GraphQL
}

func (p *pass) people() *people {
	return &people{api: p.api, listed: map[string]userRow{}, named: map[string]userRow{}}
}

// add notes an account and returns its id; nil when there is none.
func (p *people) add(u *api.User) *string {
	if u == nil {
		return nil
	}
	id, ok := ContributorID(u.GetID())
	if !ok || u.GetLogin() == "" {
		return nil
	}
	admin := strconv.FormatBool(u.GetSiteAdmin())
	p.listed[id] = userRow{
		CntrbID: id, Login: u.GetLogin(), Type: u.Type, UserID: u.GetID(), GHLogin: u.GetLogin(), URL: u.URL, HTMLURL: u.HTMLURL, NodeID: u.NodeID,
		AvatarURL: u.AvatarURL, GravatarID: u.GravatarID, FollowersURL: u.FollowersURL, FollowingURL: u.FollowingURL, GistsURL: u.GistsURL,
		StarredURL: u.StarredURL, SubscriptionsURL: u.SubscriptionsURL, OrganizationsURL: u.OrganizationsURL, ReposURL: u.ReposURL,
		EventsURL: u.EventsURL, ReceivedEventsURL: u.ReceivedEventsURL, GHType: u.Type, SiteAdmin: &admin,
	}
	return &id
}

// addActor notes an account of GraphQL and returns its id; nil when there is none.
func (p *people) addActor(a *actor) *string {
	if a == nil || a.Login == "" {
		return nil
	}
	id, ok := ContributorID(a.DatabaseID)
	if !ok {
		return nil
	}
	login := loginOf(a.Typename, a.Login)
	base := p.api + "/users/" + url.PathEscape(login)
	at := func(path string) *string { return notEmpty(base + path) }
	p.named[id] = userRow{
		CntrbID: id, Login: login, Type: &a.Typename, UserID: a.DatabaseID, GHLogin: login, URL: at(""), HTMLURL: notEmpty(a.URL), NodeID: notEmpty(a.ID),
		AvatarURL: notEmpty(a.AvatarURL), GravatarID: new(string), FollowersURL: at("/followers"), FollowingURL: at("/following{/other_user}"),
		GistsURL: at("/gists{/gist_id}"), StarredURL: at("/starred{/owner}{/repo}"), SubscriptionsURL: at("/subscriptions"),
		OrganizationsURL: at("/orgs"), ReposURL: at("/repos"), EventsURL: at("/events{/privacy}"), ReceivedEventsURL: at("/received_events"),
		GHType: &a.Typename,
	}
	return &id
}

// addGhost notes the account that stands for deleted ones.
func (p *people) addGhost() string {
	id := p.addActor(&actor{Typename: "User", Login: ghostLogin, DatabaseID: ghostID, URL: "https://github.com/ghost"})
	return *id
}

// loginOf is the login as REST has it: GraphQL leaves out that a bot is one.
func loginOf(typename, login string) string {
	if typename == "Bot" && !strings.HasSuffix(login, "[bot]") {
		return login + "[bot]"
	}
	return login
}

// writer gives the statement that stores the accounts. They are the first rows of a page: others refer to them.
func (p *people) writer(k *pack, queries *db.Queries, repoID int64) func(context.Context, pgx.Tx) error {
	for id := range p.listed {
		delete(p.named, id)
	}
	listed, named := k.add(rowsOf(p.listed, cmp.Compare[string])), k.add(rowsOf(p.named, cmp.Compare[string]))
	store := []struct {
		rows json.RawMessage
		some bool
		exec func(context.Context, db.DBTX, json.RawMessage) error
	}{{listed, len(p.listed) > 0, queries.UpsertGithubUsers}, {named, len(p.named) > 0, queries.InsertGithubUsers}}
	return func(ctx context.Context, tx pgx.Tx) error {
		for _, s := range store {
			if !s.some {
				continue
			}
			if err := s.exec(ctx, tx, s.rows); err != nil {
				return fmt.Errorf("store people: %w", err)
			}
			if err := queries.MeetGithubUsers(ctx, tx, db.MeetGithubUsersParams{RepoID: repoID, Rows: s.rows}); err != nil {
				return fmt.Errorf("note people: %w", err)
			}
		}
		return nil
	}
}

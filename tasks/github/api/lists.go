package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// perPage is the largest page that GitHub gives.
const perPage = "100"

// Repository reads the repository itself. A repository that was renamed or transferred is a *[MovedError], one that is gone [tasks.ErrGone].
func (c *Client) Repository(ctx context.Context, repo Repo, etag string) (*Repository, Meta, error) {
	found := new(Repository)
	a, err := c.ask(ctx, request{about: "read " + repo.String(), path: repo.path(), etag: etag, gone: goneAny}, found)
	if err != nil {
		return nil, Meta{}, err
	}
	meta := Meta{ETag: a.etag(), NotModified: a.notModified, Date: a.date}
	if a.notModified {
		return nil, meta, nil
	}
	return found, meta, nil
}

// Issues lists issues and pull requests (as issues) that changed at or after since, the stalest first; the zero time lists all. A page that is given as
// next is followed as it is.
func (c *Client) Issues(ctx context.Context, repo Repo, since time.Time, etag, next string) (Page[*Issue], error) {
	return list[*Issue](ctx, c, repo.list("issues", withSince(since, url.Values{"state": {"all"}, "sort": {"updated"}, "direction": {"asc"}}), etag, next))
}

// PullRequests lists all pull requests, the last changed first. GitHub knows no since here: stop below the watermark.
func (c *Client) PullRequests(ctx context.Context, repo Repo, etag, next string) (Page[*PullRequest], error) {
	return list[*PullRequest](ctx, c, repo.list("pulls", url.Values{"state": {"all"}, "sort": {"updated"}, "direction": {"desc"}}, etag, next))
}

// IssueComments lists comments on issues and pull requests that changed at or after since, the stalest first. GitHub gives 30,000 at most: then
// go on with the last updated_at as since.
func (c *Client) IssueComments(ctx context.Context, repo Repo, since time.Time, etag, next string) (Page[*IssueComment], error) {
	return list[*IssueComment](ctx, c, repo.list("issues/comments", withSince(since, url.Values{"sort": {"updated"}, "direction": {"asc"}}), etag, next))
}

// ReviewComments lists comments on the lines of pull requests; otherwise like [Client.IssueComments].
func (c *Client) ReviewComments(ctx context.Context, repo Repo, since time.Time, etag, next string) (Page[*PullRequestComment], error) {
	return list[*PullRequestComment](ctx, c, repo.list("pulls/comments", withSince(since, url.Values{"sort": {"updated"}, "direction": {"asc"}}), etag, next))
}

// Events lists events of issues and pull requests, the newest first. GitHub gives 30,000 at most.
func (c *Client) Events(ctx context.Context, repo Repo, etag, next string) (Page[*IssueEvent], error) {
	return list[*IssueEvent](ctx, c, repo.list("issues/events", url.Values{}, etag, next))
}

// Contributors lists who has commits in the repository, anonymous e-mail addresses included. An empty repository has no rows.
func (c *Client) Contributors(ctx context.Context, repo Repo, etag, next string) (Page[*Contributor], error) {
	return list[*Contributor](ctx, c, repo.list("contributors", url.Values{"anon": {"1"}}, etag, next))
}

// OwnerRepos lists the repositories of an organization or, when there is none of the name, of a user. An owner that does not exist is a
// *[StatusError] with status 404.
func (c *Client) OwnerRepos(ctx context.Context, owner, next string) (Page[*Repository], error) {
	r := request{about: "list repositories of " + owner, path: "orgs/" + url.PathEscape(owner) + "/repos", query: url.Values{"type": {"all"}}, next: next}
	page, err := list[*Repository](ctx, c, r)
	if next != "" || !isStatus(err, http.StatusNotFound) {
		return page, err
	}
	r.path, r.query = "users/"+url.PathEscape(owner)+"/repos", url.Values{"type": {"owner"}}
	return list[*Repository](ctx, c, r)
}

// UserEvents lists what a user did lately in public, the newest first; GitHub keeps 300 events or 90 days. A user that does not exist is a
// *[StatusError] with status 404.
func (c *Client) UserEvents(ctx context.Context, login, etag, next string) (Page[*UserEvent], error) {
	return list[*UserEvent](ctx, c, request{
		about: "list events of user " + login, path: "users/" + url.PathEscape(login) + "/events", query: url.Values{}, etag: etag, next: next,
	})
}

// TrafficClones reads how often the repository was cloned in the last 14 days. Only keys that may push are told: for others it is a *[StatusError] with
// status 403.
func (c *Client) TrafficClones(ctx context.Context, repo Repo) (*TrafficClones, error) {
	clones := new(TrafficClones)
	_, err := c.ask(ctx, request{about: "read clones of " + repo.String(), path: repo.path() + "/traffic/clones", gone: goneMissing}, clones)
	if err != nil {
		return nil, err
	}
	return clones, nil
}

// list reads one page.
func list[T any](ctx context.Context, c *Client, r request) (Page[T], error) {
	var items []T
	if r.next == "" {
		r.query.Set("per_page", perPage)
	}
	a, err := c.ask(ctx, r, &items)
	if err != nil {
		return Page[T]{}, err
	}
	next, last := links(a.header.Values("Link"))
	page := Page[T]{Next: next, LastPage: last, ETag: a.etag(), NotModified: a.notModified, Date: a.date}
	if a.notModified {
		return page, nil
	}
	page.Items = present(items)
	return page, c.follow(r, page.Next)
}

// present leaves out what a list has in place of an element that is none: null.
func present[T any](items []T) []T {
	kept := items[:0]
	for _, item := range items {
		if any(item) != any(*new(T)) {
			kept = append(kept, item)
		}
	}
	return kept
}

func (r Repo) path() string { return "repos/" + url.PathEscape(r.Owner) + "/" + url.PathEscape(r.Name) }

func (r Repo) list(what string, query url.Values, etag, next string) request {
	return request{about: "list " + what + " of " + r.String(), path: r.path() + "/" + what, query: query, etag: etag, next: next, gone: goneMissing}
}

// withSince adds since, which GitHub takes inclusively and to the second.
func withSince(since time.Time, query url.Values) url.Values {
	if !since.IsZero() {
		query.Set("since", since.UTC().Truncate(time.Second).Format(time.RFC3339))
	}
	return query
}

// number reads a positive number of at most nine digits; anything else is 0.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || len(text) > 9 {
		return 0
	}
	return n
}

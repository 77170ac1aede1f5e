package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"augur/db/config"
	"augur/tasks/apikey"
)

// request is a GET.
type request struct {
	about string // what it is for, as a phrase
	path  string // below the base
	query url.Values
	etag  string
	next  string // in place of path and query: an address that GitHub gave
	gone  gone
}

// gone tells what it means that something is not there.
type gone int

const (
	goneNothing gone = iota // a refusal like others
	goneMissing             // 404: the repository is gone; 410: a part of it is switched off
	goneAny                 // 404 and 410: the repository is gone
)

// answer is what came back.
type answer struct {
	header      http.Header
	date        time.Time
	notModified bool
}

func (a *answer) etag() string { return a.header.Get("ETag") }

// ask makes a request and decodes what comes back into out.
func (c *Client) ask(ctx context.Context, r request, out any) (*answer, error) {
	base, err := config.Of[Settings](c.service.settings).rest()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.about, err)
	}
	address, err := r.address(base)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.about, err)
	}
	x, err := c.exchange(ctx, call{
		resource: Core, points: 1, etag: r.etag, base: base,
		request: func(gh *github.Client) (*http.Request, error) { return gh.NewRequest(http.MethodGet, address, nil) },
		read:    func(*exchange, *apikey.Outcome) error { return nil },
		meaning: func(err error) error { return meaning(err, r.gone) },
	}, out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.about, err)
	}
	return &answer{header: x.header, date: x.date(), notModified: x.notModified}, nil
}

// address is where the request goes. What GitHub gave as the next page must be at the same place: a key is sent there.
func (r request) address(base *url.URL) (string, error) {
	if r.next == "" {
		if len(r.query) == 0 {
			return base.String() + r.path, nil
		}
		return base.String() + r.path + "?" + r.query.Encode(), nil
	}
	next, err := url.Parse(r.next)
	if err != nil || !sameOrigin(next, base) || next.User != nil {
		return "", fmt.Errorf("the address of the next page is not below %s", base)
	}
	return r.next, nil
}

// Resolve reads the repository that something has moved to. Its FullName is the new name.
func (c *Client) Resolve(ctx context.Context, moved *MovedError) (*Repository, error) {
	r := request{about: "read what has moved", next: moved.NewURL, gone: goneAny}
	// A list below the repository has moved with it: /repositories/ID/issues.
	if before, after, ok := strings.Cut(moved.NewURL, "/repositories/"); ok {
		id, _, _ := strings.Cut(after, "/")
		id, _, _ = strings.Cut(id, "?")
		r.next = before + "/repositories/" + id
	}
	found := new(Repository)
	if _, err := c.ask(ctx, r, found); err != nil {
		return nil, err
	}
	return found, nil
}

// location is where an answer that is a redirect leads, relative ones from the base; empty when it does not say.
func (x *exchange) location() string {
	where := x.header.Get("Location")
	to, err := x.base.Parse(where)
	if err != nil || where == "" {
		return ""
	}
	return to.String()
}

// follow notes that a page was asked for and where it leads. Back to a page that led here is a circle. To ask for an earlier page again is the
// caller's right: then what came behind it is forgotten.
func (c *Client) follow(r request, next string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	chain := c.chains[r.about]
	if i := slices.Index(chain, r.next); i >= 0 {
		chain = chain[:i]
	}
	if r.next == "" {
		chain = nil
	}
	chain = append(chain, r.next)
	c.chains[r.about] = chain
	if next != "" && slices.Contains(chain, next) {
		return fmt.Errorf("%s: %w", r.about, ErrLoop)
	}
	return nil
}

// Package registry asks package registries which versions of a package there are, and when they were released.
//
// tasks/git computes libyears with it. One client serves a whole process: it keeps to a rate per registry, asks again only for what its cache has forgotten, and stops asking a
// registry that does not answer, for a while. It never fails because of a registry's answer: what is not known is a package without releases.
package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"augur/facade/manifest"
)

// ErrUnreachable says that a registry is switched off, does not answer, or answers with a fault of its own. The same question may be answered later.
var ErrUnreachable = errors.New("registry does not answer")

// ErrOff is the ErrUnreachable of a registry that nobody wants to be asked.
var ErrOff = fmt.Errorf("%w: it is switched off", ErrUnreachable)

// Release is a version of a package.
type Release struct {
	Version string `json:"v"`
	// Date is zero while nobody has asked for it: some registries tell it only one by one.
	Date time.Time `json:"t,omitzero"`
}

// Package is what a registry knows about a package. Without releases, it does not know it.
type Package struct {
	// Latest is the version that the registry recommends; empty when it recommends none.
	Latest   string    `json:"latest,omitempty"`
	Releases []Release `json:"releases,omitempty"`
}

// Cache keeps answers: JSON under a manager and a name.
type Cache interface {
	// Load returns an answer, and whether it is still good; nil and no error when there is none.
	Load(ctx context.Context, manager, name string) (answer []byte, fresh bool, err error)
	Save(ctx context.Context, manager, name string, answer []byte) error
}

// Options configure New.
type Options struct {
	// Bases are the addresses of the registries by manager, as in manifest. A manager without one is never asked.
	Bases map[string]string
	// Interval is the time between two requests to one registry; Slow has longer ones, by manager.
	Interval time.Duration
	Slow     map[string]time.Duration
	// Timeout bounds one request.
	Timeout time.Duration
	// Pause is how long a registry that does not answer is left alone.
	Pause time.Duration
	// UserAgent says who asks; some registries answer nobody else.
	UserAgent string
	// Transport is for the requests; nil is Go's own.
	Transport http.RoundTripper
}

// Client asks registries. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client

	mu    sync.Mutex
	lines map[string]*line
}

// line is the way to one registry.
type line struct {
	next  time.Time // when the next request may leave
	until time.Time // until when it is left alone
	fault error     // why
	fails int       // in a row
}

// failsBefore is how many faults in a row make a registry unreachable. One that cannot be connected to is so at once.
const failsBefore = 3

// New makes a client.
func New(o Options) *Client {
	return &Client{
		options: o, lines: map[string]*line{},
		http: &http.Client{Timeout: o.Timeout, Transport: o.Transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > 3 {
				return errors.New("too many redirects")
			}
			return nil
		}},
	}
}

// Find returns what the registry of the manager knows about a package, from the cache when that knows. When the registry does not answer, what it said long ago is still better than nothing. The error wraps ErrUnreachable, unless it is that of the context or the cache.
func (c *Client) Find(ctx context.Context, cache Cache, manager, name string) (*Package, error) {
	stored, fresh, err := cache.Load(ctx, manager, name)
	if err != nil {
		return nil, err
	}
	old := &Package{}
	known := stored != nil && json.Unmarshal(stored, old) == nil
	if known && fresh {
		return old, nil
	}
	p, err := c.ask(ctx, manager, name)
	switch {
	case known && errors.Is(err, ErrUnreachable):
		return old, nil
	case err != nil:
		return nil, err
	}
	return p, save(ctx, cache, manager, name, p)
}

func (c *Client) ask(ctx context.Context, manager, name string) (*Package, error) {
	protocol, ok := protocols[manager]
	if !ok || c.options.Bases[manager] == "" {
		return nil, ErrOff
	}
	return protocol.find(ctx, c, name)
}

func save(ctx context.Context, cache Cache, manager, name string, p *Package) error {
	answer, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("keep the answer about %s: %w", name, err)
	}
	return cache.Save(ctx, manager, name, answer)
}

// Date tells when a version was released, and asks the registry where the list of versions does not say. It is zero when the registry does not know.
func (c *Client) Date(ctx context.Context, cache Cache, manager, name string, p *Package, version string) (time.Time, error) {
	at := slices.IndexFunc(p.Releases, func(r Release) bool { return r.Version == version })
	if at >= 0 && !p.Releases[at].Date.IsZero() {
		return p.Releases[at].Date, nil
	}
	date := protocols[manager].date
	if date == nil || c.options.Bases[manager] == "" {
		return time.Time{}, nil
	}
	when, err := date(ctx, c, name, version)
	if err != nil || when.IsZero() {
		return time.Time{}, err
	}
	if at < 0 {
		at = len(p.Releases)
		p.Releases = append(p.Releases, Release{Version: version})
	}
	p.Releases[at].Date = when.UTC()
	return p.Releases[at].Date, save(ctx, cache, manager, name, p)
}

// pass waits for the turn of a request to the registry.
func (c *Client) pass(ctx context.Context, manager string) error {
	c.mu.Lock()
	l := c.lines[manager]
	if l == nil {
		l = &line{}
		c.lines[manager] = l
	}
	now := time.Now()
	if now.Before(l.until) {
		defer c.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrUnreachable, l.fault)
	}
	at := l.next
	if at.Before(now) {
		at = now
	}
	l.next = at.Add(max(c.options.Interval, c.options.Slow[manager]))
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Until(at)):
		return nil
	}
}

// note remembers how a request ended; a nil fault is an answer.
func (c *Client) note(manager string, fault error, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[manager]
	if fault == nil {
		l.fails = 0
		return
	}
	if l.fails++; l.fails >= failsBefore || pause > 0 {
		l.until, l.fault = time.Now().Add(max(pause, c.options.Pause)), fault
	}
}

// Highest is the newest of the versions that satisfy a requirement, which is what an installation of today takes: empty when none does, or the requirement is none that can be
// understood. Versions before a release count only when the requirement names one. No requirement is satisfied by the latest.
func Highest(manager, requirement string, p *Package) string {
	requirement = strings.TrimSpace(requirement)
	if manager == manifest.Go && len(p.Releases) > 0 {
		return requirement // a go.mod names the version itself
	}
	switch requirement {
	case "", "*", "latest", "x":
		return Recommended(manager, p)
	}
	return highest(manager, requirement, p)
}

// Recommended is the latest version: what the registry says, or the highest that is no pre-release.
func Recommended(manager string, p *Package) string {
	if p.Latest != "" {
		return p.Latest
	}
	return newest(manager, p, func(string) bool { return true })
}

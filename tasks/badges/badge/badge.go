// Package badge asks the OpenSSF Best Practices service about repositories.
//
// tasks/badges stores what it says. One client serves a whole process: it keeps to a rate, and leaves a service that does not answer alone for a while. It never believes that
// an answer is about the repository it asked for: it looks.
package badge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrUnreachable says that the service does not answer, or answers with a fault. The same question may be answered later.
var ErrUnreachable = errors.New("the badge service does not answer")

const (
	// maxAnswer is the longest answer that is read, in bytes. A project has about 100 KB.
	maxAnswer = 8 << 20
	// failsBefore is how many faults in a row make the service unreachable. One that cannot be connected to is so at once.
	failsBefore = 3
	maxPause    = 24 * time.Hour
)

// Options configure [New].
type Options struct {
	// Base is the address of the service.
	Base string
	// Interval is the time between two requests, Timeout bounds one, Pause is how long a service that does not answer is left alone.
	Interval, Timeout, Pause time.Duration
	// UserAgent says who asks.
	UserAgent string
	// Transport is for the requests; nil is Go's own.
	Transport http.RoundTripper
}

// Client asks the service. It is safe for concurrent use.
type Client struct {
	options Options
	http    *http.Client

	mu    sync.Mutex
	next  time.Time // when the next request may leave
	until time.Time // until when the service is left alone
	fault error     // why
	fails int       // in a row
}

// New makes a client.
func New(o Options) *Client {
	return &Client{options: o, http: &http.Client{Timeout: o.Timeout, Transport: o.Transport, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > 3 {
			return errors.New("too many redirects")
		}
		return nil
	}}}
}

// Find returns the project that a repository belongs to, as the service has it but fit for PostgreSQL; nil when there is none. The error wraps [ErrUnreachable], unless it is
// that of the context.
func (c *Client) Find(ctx context.Context, repository string) (json.RawMessage, error) {
	if err := c.pass(ctx); err != nil {
		return nil, err
	}
	body, pause, err := c.get(ctx, repository)
	var project json.RawMessage
	if err == nil {
		project, err = Parse(body, repository)
	}
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	c.note(err, pause)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return project, nil
}

// get asks the service, and says how long it is to be left alone in any case.
func (c *Client) get(ctx context.Context, repository string) (body []byte, pause time.Duration, err error) {
	address := strings.TrimRight(c.options.Base, "/") + "/projects.json?" + url.Values{"url": {repository}}.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("User-Agent", c.options.UserAgent)
	request.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(request)
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err // without the address: others are told of the fault, too
	}
	if err != nil {
		return nil, c.options.Pause, fmt.Errorf("%s: %w", request.URL.Host, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // a date, or nothing, is no wait
		return nil, min(time.Duration(max(seconds, 0))*time.Second, maxPause), fmt.Errorf("%s says %s", request.URL.Host, answer.Status)
	}
	body, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	return body, 0, err
}

// pass waits for the turn of a request.
func (c *Client) pass(ctx context.Context) error {
	c.mu.Lock()
	now := time.Now()
	if now.Before(c.until) {
		defer c.mu.Unlock()
		return fmt.Errorf("%w: %w", ErrUnreachable, c.fault)
	}
	at := c.next
	if at.Before(now) {
		at = now
	}
	c.next = at.Add(c.options.Interval)
	c.mu.Unlock()
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// note remembers how a request ended.
func (c *Client) note(fault error, pause time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fault == nil {
		c.fails = 0
		return
	}
	if c.fails++; c.fails >= failsBefore || pause > 0 {
		c.until, c.fault = time.Now().Add(max(pause, c.options.Pause)), fault
	}
}

// Parse finds the project of a repository in an answer: the one whose repository it is, else the one whose homepage it is; of several, the oldest. nil: there is none.
func Parse(answer []byte, repository string) (json.RawMessage, error) {
	var projects []json.RawMessage
	if err := json.Unmarshal(answer, &projects); err != nil {
		return nil, fmt.Errorf("read the list of projects: %w", err)
	}
	var best json.RawMessage
	var bestRank, bestID int64
	for _, document := range projects {
		var project struct {
			ID       int64  `json:"id"`
			RepoURL  string `json:"repo_url"`
			Homepage string `json:"homepage_url"`
			Level    string `json:"badge_level"`
		}
		if json.Unmarshal(document, &project) != nil {
			continue // it is not of the form that makes it a project
		}
		rank := int64(2)
		switch want := plain(repository); {
		case plain(project.RepoURL) == want:
			rank = 0
		case plain(project.Homepage) == want:
			rank = 1
		}
		if rank < 2 && (best == nil || cmp.Or(cmp.Compare(rank, bestRank), cmp.Compare(project.ID, bestID)) < 0) {
			best, bestRank, bestID = document, rank, project.ID
		}
	}
	if best == nil {
		return nil, nil
	}
	return fit(best)
}

// plain is an address without what makes no difference.
func plain(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	return strings.TrimSuffix(strings.TrimRight(strings.TrimPrefix(address, "www."), "/"), ".git")
}

// maxDepth is how deep a project may be nested: it is flat.
const maxDepth = 32

// fit makes a document one that jsonb can hold: no NUL, no number without end, no endless depth.
func fit(document []byte) (json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("read a project: %w", err)
	}
	clean, err := json.Marshal(fitValue(value, 0))
	if err != nil {
		return nil, fmt.Errorf("write a project: %w", err)
	}
	return clean, nil
}

func fitValue(value any, depth int) any {
	if depth > maxDepth {
		return nil
	}
	switch v := value.(type) {
	case string:
		return fitText(v)
	case json.Number:
		if _, err := v.Float64(); err != nil || len(v) > 100 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = fitValue(v[i], depth+1)
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, inner := range v {
			clean[fitText(key)] = fitValue(inner, depth+1)
		}
		return clean
	}
	return value
}

func fitText(text string) string { return strings.ReplaceAll(text, "\x00", "\uFFFD") }

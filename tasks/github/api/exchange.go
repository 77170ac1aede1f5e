package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/apikey"
)

const (
	// maxTries is how often a request is made that fails in a way that may pass.
	maxTries = 6
	// maxRefusals is how often a request goes on with another key.
	maxRefusals = 50
)

// call is what is asked, with any key.
type call struct {
	resource string
	points   int
	etag     string
	base     *url.URL
	final    []int // server errors that another try does not help against
	request  func(c *github.Client) (*http.Request, error)
	// read looks at an answer of success: it may find that it is none after all.
	read func(x *exchange, o *apikey.Outcome) error
	// meaning is what a refusal says to the caller. It is not asked about what goes wrong with keys.
	meaning func(refusal error) error
}

// verdict is what becomes of a request after an exchange.
type verdict int

const (
	done     verdict = iota // there is an answer, or an error that stays
	otherKey                // the key cannot be used now, or ever
	again                   // it may go better the next time
)

// exchange asks until there is an answer, an error that stays, or no budget.
func (c *Client) exchange(ctx context.Context, call call, out any) (*exchange, error) {
	renewed := map[string]bool{} // keys that got a new token after a refusal
	for try, refusals := 1, 0; ; {
		grant, err := c.keys.Take(ctx, call.resource, call.points)
		if err != nil {
			return nil, err
		}
		x, outcome, verdict, err := c.service.send(ctx, grant, renewed, call, out)
		if noted := grant.Done(ctx, outcome); noted != nil {
			return nil, noted
		}
		switch verdict {
		case done:
			if err != nil {
				err = call.meaning(err)
			}
			return x, err
		case otherKey:
			if refusals++; refusals > maxRefusals {
				return nil, &tasks.RateLimitError{Until: time.Now().Add(time.Minute), Err: err}
			}
		case again:
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if try++; try > maxTries {
				return nil, fmt.Errorf("%w (tried %d times)", err, maxTries)
			}
			wait := backoff(try - 1)
			if asked := x.retryAfter(); asked > 0 {
				wait = min(asked, maxBackoff)
			}
			c.service.options.Log.DebugContext(ctx, "request failed; it is made again", slog.Any("error", err), slog.Int("try", try), slog.Duration("wait", wait))
			if err := c.service.options.Sleep(ctx, wait); err != nil {
				return nil, err
			}
		}
	}
}

// maxBackoff is the longest wait between two tries.
const maxBackoff = 30 * time.Second

// backoff is the wait after so many failed tries: about 0.5 s, 1 s, 2 s, ..., and up to a half less or more, so that requests that failed together do not
// come back together.
func backoff(failed int) time.Duration {
	wait := min(time.Second<<(failed-1)/2, maxBackoff)
	return wait/2 + rand.N(wait) //nolint:gosec // spreading load needs no secret
}

// send makes one exchange.
func (s *Service) send(ctx context.Context, g *apikey.Grant, renewed map[string]bool, call call, out any) (*exchange, apikey.Outcome, verdict, error) {
	x := &exchange{base: call.base, etag: call.etag}
	var err error
	if x.token, err = g.Token(ctx); err != nil {
		o := apikey.Outcome{Failed: true}
		if invalid, ok := errors.AsType[*apikey.InvalidError](err); ok {
			o.Refused = invalid.Reason
			return x, o, otherKey, err
		}
		return x, o, again, fmt.Errorf("get a token of %s: %w", g.Source(), err)
	}
	err = s.roundTrip(ctx, g.Fingerprint(), x, call, out)
	o := apikey.Outcome{Cost: call.points, Said: x.said(call.resource)}
	if errors.Is(err, errOtherHost) || errors.Is(err, errTooMany) {
		o.Failed = true
		return x, o, done, tasks.Hint(err, "see the setting GitHub.api_url")
	}
	if x.status == 0 {
		o.Cost, o.Unanswered, o.Failed = 0, x.sent && !unsent(err), true
		if errors.Is(err, errTooLarge) {
			return x, o, done, err
		}
		return x, o, again, err
	}
	if x.notModified {
		o.Cost, o.Unchanged = 0, true
		return x, o, done, nil
	}
	if err == nil {
		if err = call.read(x, &o); err == nil {
			return x, o, done, nil
		}
	}
	o.Failed = true
	v, err := judge(g, renewed, x, &o, err)
	if v == again && slices.Contains(call.final, x.status) {
		v = done
	}
	return x, o, v, err
}

// roundTrip lets go-github make the request, and reads the answer.
func (s *Service) roundTrip(ctx context.Context, key string, x *exchange, call call, out any) error {
	ctx, cancel := context.WithTimeout(ctx, config.Of[Settings](s.settings).RequestTimeout)
	defer cancel()
	client := s.client(key, call.base)
	req, err := call.request(client)
	if err != nil {
		return err
	}
	if _, err = client.Do(x.within(ctx), req, nil); err != nil {
		return err
	}
	return x.decode(out)
}

// unsent tells whether the request did not leave, so that nobody can have counted it.
func unsent(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

var (
	suspended    = regexp.MustCompile(`(?i)account (was|is|has been) suspended|suspended account`)
	blocked      = regexp.MustCompile(`(?i)access blocked|repository (has been|was|is) (blocked|disabled)|DMCA`)
	singleSignOn = regexp.MustCompile(`(?i)SAML|single sign-on|organization has enabled or enforced|IP allow list`)
)

// judge tells what an answer means that is of no use. renewed are keys that got a new token already.
func judge(g *apikey.Grant, renewed map[string]bool, x *exchange, o *apikey.Outcome, err error) (verdict, error) {
	message := x.clean(x.refusal.Message)
	refused := &StatusError{Status: x.status, Message: message, blocks: len(x.refusal.Block) > 0}
	if o.TooFast || o.Exhausted || x.limited(x.status, x.refusal.Message, o) {
		return otherKey, refused
	}
	switch status := x.status; {
	case status == http.StatusUnauthorized && !renewed[g.Fingerprint()] && g.Renew():
		renewed[g.Fingerprint()] = true
		return otherKey, refused
	case refused.refusesKey():
		o.Refused = refused.Error()
		return otherKey, refused
	case (status == http.StatusMovedPermanently || status == http.StatusPermanentRedirect) && x.location() != "":
		return done, &MovedError{NewURL: x.location()}
	case status >= 500:
		return again, refused
	case status >= 200 && status < 300 && x.fault != nil:
		return again, x.fault
	case status >= 200 && status < 300:
		return done, err
	}
	return done, refused
}

// clean makes a text of the server fit to be shown: should it quote our token, that is taken out. What is shorter than a token can be is a word.
func (x *exchange) clean(text string) string {
	if len(x.token.Reveal()) >= 16 {
		text = strings.ReplaceAll(text, x.token.Reveal(), config.Redacted)
	}
	return tasks.Scrub(text)
}

// meaning gives the refusal of a request the meaning that it has for the repository.
func meaning(err error, g gone) error {
	refused, ok := errors.AsType[*StatusError](err)
	if !ok || g == goneNothing {
		return err
	}
	forbidden := refused.Status == http.StatusForbidden
	switch {
	case refused.Status == http.StatusNotFound, refused.Status == http.StatusGone && g == goneAny:
		return tasks.As(err, tasks.ErrGone)
	case refused.Status == http.StatusGone:
		return tasks.As(err, ErrDisabled)
	case refused.Status == http.StatusUnavailableForLegalReasons, forbidden && (refused.blocks || blocked.MatchString(refused.Message)):
		return tasks.As(err, tasks.ErrBlocked)
	case forbidden && singleSignOn.MatchString(refused.Message):
		return tasks.As(err, tasks.ErrPrivate)
	}
	return err
}

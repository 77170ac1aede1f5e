package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/google/go-github/v60/github"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/apikey"
)

// unlimited is what a key may use at a server that does not limit (GitHub Enterprise Server, as it is installed).
const unlimited = 1_000_000

// unlimitedText matches what such a server says.
var unlimitedText = regexp.MustCompile(`(?i)rate limiting is not enabled`)

// limit gives a refusal the meaning of a limit, if it is one. It is no longer a *[StatusError]: callers would take it for an answer to what they asked.
func limit(x *exchange, err error) error {
	var o apikey.Outcome
	if _, refused := errors.AsType[*StatusError](err); !refused {
		return err
	}
	err = errors.New(err.Error())
	if !x.limited(x.status, x.refusal.Message, &o) {
		return err
	}
	wait := time.Minute
	if o.Rest > 0 {
		wait = o.Rest
	}
	return &tasks.RateLimitError{Until: time.Now().Add(wait), Err: err}
}

// userCost is what remains of a key at least when GET /user is asked, which costs a point.
const userCost = 10

// about asks what a key may use, which costs nothing, and whose it is, which costs a point, once for each key.
func (s *Service) about(ctx context.Context, key apikey.Credential, account string) (apikey.About, error) {
	found := apikey.About{Budgets: map[string]apikey.Limits{}}
	var limits struct {
		Resources map[string]struct {
			Limit     int   `json:"limit"`
			Remaining int   `json:"remaining"`
			Reset     int64 `json:"reset"`
		} `json:"resources"`
	}
	x, requests, err := s.askWithKey(ctx, key, "rate_limit", &limits)
	found.Requests += requests
	switch {
	case isStatus(err, http.StatusNotFound) && unlimitedText.MatchString(x.refusal.Message):
		for _, resource := range []string{Core, GraphQL, Search} {
			found.Budgets[resource] = apikey.Limits{Limit: unlimited, Remaining: unlimited, Reset: maxWait}
		}
	case isStatus(err, http.StatusNotFound):
		// Everything would be not found there, and every repository gone.
		return found, tasks.Hint(errors.New("read the limits: "+err.Error()), "is the setting GitHub.api_url the address of GitHub's API?")
	case err != nil:
		return found, fmt.Errorf("read the limits: %w", limit(x, err))
	default:
		for resource, l := range limits.Resources {
			found.Budgets[resource] = apikey.Limits{Limit: l.Limit, Remaining: l.Remaining, Reset: bounded(time.Unix(l.Reset, 0).Sub(x.date()))}
		}
	}
	// An installation is an account of its own, and has no user.
	if account != "" || key.Renew != nil || found.Budgets[Core].Remaining < s.limit().Reserve+userCost {
		return found, nil
	}
	user := new(User)
	x, requests, err = s.askWithKey(ctx, key, "user", user)
	found.Requests += requests
	found.Cost = requests
	if _, refused := errors.AsType[*apikey.InvalidError](err); refused {
		return found, err
	}
	found.Account = user.GetLogin() // empty when GitHub did not tell: the key may be used, whoever has it
	if said := x.said(Core); said != nil {
		found.Budgets[Core] = *said
	}
	return found, nil
}

// askWithKey makes a request with a certain key. When the key is not accepted, the error is an *[apikey.InvalidError].
func (s *Service) askWithKey(ctx context.Context, key apikey.Credential, path string, out any) (x *exchange, requests int, err error) {
	r := plain{key: key.Fingerprint, method: http.MethodGet, path: path, token: key.Token}
	x, requests, err = s.askPlainly(ctx, r, out)
	if isStatus(err, http.StatusUnauthorized) && key.Renew != nil {
		key.Renew()
		var more int
		x, more, err = s.askPlainly(ctx, r, out)
		requests += more
	}
	if refused, ok := errors.AsType[*StatusError](err); ok && refused.refusesKey() {
		err = &apikey.InvalidError{Reason: refused.Error()}
	}
	return x, requests, err
}

// plain is a request outside of every budget.
type plain struct {
	key    string // which client is to be used
	method string
	path   string // below the base
	token  func(ctx context.Context) (config.Secret, error)
}

// askPlainly makes such a request, and makes it again when it fails in a way that may pass. A refusal is a *[StatusError].
func (s *Service) askPlainly(ctx context.Context, r plain, out any) (x *exchange, requests int, err error) {
	base, err := config.Of[Settings](s.settings).rest()
	if err != nil {
		return nil, 0, err
	}
	c := call{base: base, request: func(gh *github.Client) (*http.Request, error) {
		return gh.NewRequest(r.method, base.String()+r.path, nil)
	}}
	for try := 1; ; {
		x = &exchange{base: base}
		if x.token, err = r.token(ctx); err != nil {
			return x, requests, err
		}
		requests++
		if err = s.roundTrip(ctx, r.key, x, c, out); err == nil {
			return x, requests, nil
		}
		if x.status >= 300 {
			err = &StatusError{Status: x.status, Message: x.clean(x.refusal.Message)}
		}
		if x.status >= 300 && x.status < 500 {
			return x, requests, err
		}
		if try++; try > maxTries || ctx.Err() != nil {
			return x, requests, err
		}
		if err := s.options.Sleep(ctx, backoff(try-1)); err != nil {
			return x, requests, err
		}
	}
}

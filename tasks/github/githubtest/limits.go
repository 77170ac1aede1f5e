package githubtest

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Limits is what the server refuses. Zero switches a secondary limit off.
type Limits struct {
	Core, GraphQL int // points of a user in an hour
	Search        int // requests of a user in a minute
	Status        int // of a refusal for an hourly limit: 403 or 429

	Concurrent      int           // requests of a user at once
	Minute          int           // REST requests of a user in a minute
	GraphQLMinute   int           // queries of a user in a minute
	RetryAfter      time.Duration // what the refusal says to wait; 0: it says nothing
	SecondaryStatus int           // of a refusal for a secondary limit: 403 or 429

	IssueRows int // where the list of issues ends when it is asked for by page
	ListRows  int // where lists of comments and events end
	Nodes     int // possible nodes of a query: more are refused
	Resources int // nodes that a query may have found: the rest is null, with RESOURCE_LIMITS_EXCEEDED; 0: no end
}

// DefaultLimits are GitHub's for a user's token. The secondary limits of a minute are off, because the clock of a test stands still.
func DefaultLimits() Limits {
	return Limits{
		Core: 5000, GraphQL: 5000, Search: 30, Status: http.StatusForbidden, Concurrent: 100, SecondaryStatus: http.StatusForbidden,
		RetryAfter: time.Minute, IssueRows: 10_000, ListRows: 30_000, Nodes: 500_000,
	}
}

type resource string

const (
	core    resource = "core"
	graphql resource = "graphql"
	search  resource = "search"
)

// key is a token. Keys of one user share the user's budgets.
type key struct {
	token    string
	user     *account
	expires  time.Time // zero: never
	revoked  bool
	noEmails bool // it has no scope to read e-mails through GraphQL
	app      *App // it is no token but the signature of an app
}

// account is whose budget a request is charged to: a user or an installation of an app.
type account struct {
	login   string
	id      int64
	budgets map[resource]*budget
	minutes map[resource][]time.Time // when the requests of the last minute were made
	blocked time.Time                // until then a secondary limit holds
	told    bool                     // and the refusal said so
}

type budget struct {
	limit, used int
	reset       time.Time
	least       int // that was left after a request; limit before the first
}

func newBudget(limit int) *budget { return &budget{limit: limit, least: limit} }

func (b *budget) remaining() int { return max(0, b.limit-b.used) }

// keyring is all keys.
type keyring struct {
	s        *Server
	mu       sync.Mutex
	keys     map[string]*key
	ordered  []string
	apps     []*App
	accounts int
	issued   int // tokens of installations
	limits   Limits
	nobody   *key // who asks without a key
}

func (k *keyring) init(s *Server) {
	k.s, k.keys, k.limits = s, map[string]*key{}, s.options.limits
	k.nobody = &key{user: k.newAccount("nobody", 60, 0)}
	for range s.options.tokens {
		s.AddKey("")
	}
}

// Token is the first key.
func (s *Server) Token() string { return s.Tokens(1)[0] }

// Tokens are the first n keys, each of another user unless they were added otherwise. More are made when there are fewer.
func (s *Server) Tokens(n int) []string {
	for {
		s.keys.mu.Lock()
		have := len(s.keys.ordered)
		tokens := append([]string(nil), s.keys.ordered[:min(n, have)]...)
		s.keys.mu.Unlock()
		if len(tokens) == n {
			return tokens
		}
		s.AddKey("")
	}
}

// AddKey makes a key. An owner that is the token of another key makes it one of the same user, with whom it shares all limits.
func (s *Server) AddKey(owner string) string {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	n := len(s.keys.ordered) + 1
	token := fmt.Sprintf("ghp_fake%032d", n)
	added := &key{token: token}
	if of := s.keys.keys[owner]; of != nil {
		added.user = of.user
	} else {
		added.user = s.keys.newAccount(fmt.Sprintf("key-owner-%d", n), s.options.limits.Core, s.options.limits.GraphQL)
	}
	s.keys.keys[token] = added
	s.keys.ordered = append(s.keys.ordered, token)
	return token
}

func (k *keyring) newAccount(login string, perHour, graphqlPerHour int) *account {
	k.accounts++
	return &account{
		login: login, id: 5000 + int64(k.accounts), minutes: map[resource][]time.Time{},
		budgets: map[resource]*budget{core: newBudget(perHour), graphql: newBudget(graphqlPerHour), search: newBudget(k.limits.Search)},
	}
}

// Revoke makes a key unknown: GitHub says 401 to it.
func (s *Server) Revoke(token string) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.keys[token].revoked = true
}

// WithoutEmails takes from a key the scope that GraphQL asks for to tell e-mails.
func (s *Server) WithoutEmails(token string) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	s.keys.keys[token].noEmails = true
}

// Spend takes points of a key's budget of core, graphql or search, as another program with the same key would.
func (s *Server) Spend(token, of string, points int) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	b := s.keys.current(s.keys.keys[token].user, resource(of))
	b.used = min(b.used+points, b.limit)
}

// Remaining is what is left of a key's budget of core, graphql or search.
func (s *Server) Remaining(token, of string) int {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	return s.keys.current(s.keys.keys[token].user, resource(of)).remaining()
}

// Least is the least that any key had left of core or graphql after a request that cost something, since the start: what its owner spends otherwise does not count.
func (s *Server) Least() int {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	least := math.MaxInt
	for _, k := range s.keys.keys {
		least = min(least, k.user.budgets[core].least, k.user.budgets[graphql].least)
	}
	return least
}

// of is the key of a request, nil when it is none that GitHub knows. Without one, the limit is 60 an hour.
func (k *keyring) of(r *http.Request) *key {
	header := r.Header.Get("Authorization")
	if header == "" {
		return k.nobody
	}
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "token") {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if app := k.signed(token); app != nil {
		return &key{token: fmt.Sprintf("app %d", app.ID), user: app.account, app: app}
	}
	found := k.keys[strings.TrimSpace(token)]
	if found == nil || found.revoked || !found.expires.IsZero() && !found.expires.After(k.s.clock.Now()) {
		return nil
	}
	return found
}

// current is a budget, filled up again when its time is over.
func (k *keyring) current(u *account, of resource) *budget {
	b := u.budgets[of]
	now := k.s.clock.Now()
	if !b.reset.After(now) {
		b.used = 0
		b.reset = now.Add(time.Hour).Truncate(time.Second)
		if of == search {
			b.reset = now.Add(time.Minute).Truncate(time.Second)
		}
	}
	return b
}

// refuse is the refusal of a request for a limit, nil when it may be answered.
func (k *keyring) refuse(c *call) *Response {
	if c.name == "rate-limit/get" {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if resp := k.refuseSecondary(c); resp != nil {
		return resp
	}
	b := k.current(c.key.user, c.route.resource)
	if b.remaining() > 0 {
		return nil
	}
	k.s.counts.add(c, func(n *Count) { n.Limited++ })
	message := fmt.Sprintf("API rate limit exceeded for user ID %d. If you reach out to GitHub Support for help, please include the request ID and timestamp.", c.key.user.id)
	var resp *Response
	if c.route.resource == graphql {
		resp = graphqlRefusal("RATE_LIMITED", message)
	} else {
		resp = refusal(k.limits.Status, message)
	}
	k.headers(resp.Header, b, c.route.resource)
	return resp
}

func (k *keyring) refuseSecondary(c *call) *Response {
	u, now := c.key.user, k.s.clock.Now()
	allowed := k.limits.Minute
	if c.route.resource == graphql {
		allowed = k.limits.GraphQLMinute
	}
	recent := u.minutes[c.route.resource]
	for len(recent) > 0 && !recent[0].After(now.Add(-time.Minute)) {
		recent = recent[1:]
	}
	early := u.blocked.After(now)
	switch {
	case early:
		if u.told {
			k.s.counts.add(c, func(n *Count) { n.TooEarly++ })
		}
	case allowed > 0 && len(recent) >= allowed, k.limits.Concurrent > 0 && k.s.counts.underWay(c.key) > k.limits.Concurrent:
		u.blocked = now.Add(max(k.limits.RetryAfter, time.Minute))
		u.told = k.limits.RetryAfter > 0
	default:
		if allowed > 0 {
			recent = append(recent, now)
		}
		u.minutes[c.route.resource] = recent
		return nil
	}
	k.s.counts.add(c, func(n *Count) { n.Secondary++ })
	resp := secondaryRefusal(k.limits.SecondaryStatus, 0)
	if k.limits.RetryAfter > 0 {
		resp.Header.Set("Retry-After", strconv.Itoa(int(u.blocked.Sub(now)/time.Second)))
	}
	k.headers(resp.Header, k.current(u, c.route.resource), c.route.resource)
	return resp
}

func secondaryRefusal(status int, retryAfter time.Duration) *Response {
	resp := refusal(status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. For more on scraping GitHub and how it may affect your rights, please review our Terms of Service.")
	resp.points = 0
	if retryAfter > 0 {
		resp.Header.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	return resp
}

// charge takes the points of an answer and writes down what is left.
func (k *keyring) charge(c *call, resp *Response) *Response {
	k.mu.Lock()
	defer k.mu.Unlock()
	of := c.route.resource
	b := k.current(c.key.user, of)
	b.used = min(b.used+resp.points, b.limit)
	if resp.points > 0 {
		b.least = min(b.least, b.remaining())
	}
	k.headers(resp.Header, b, of)
	k.s.counts.add(c, func(n *Count) {
		n.Points += resp.points
		if resp.Status == http.StatusNotModified {
			n.NotModified++
		}
	})
	return resp
}

func (k *keyring) headers(h http.Header, b *budget, of resource) {
	h.Set("X-Ratelimit-Limit", strconv.Itoa(b.limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(b.remaining()))
	h.Set("X-Ratelimit-Used", strconv.Itoa(b.used))
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(b.reset.Unix(), 10))
	h.Set("X-Ratelimit-Resource", string(of))
}

package apikey_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/apikey"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	core    = "core"
	graphql = "graphql"
)

var errMissing = errors.New("there is no key")

// platform is what keys are for: it counts the requests of accounts, in windows of an hour.
type platform struct {
	mu       sync.Mutex
	limit    int
	tokens   []string          // that are listed
	owners   map[string]string // of tokens: the account, if it is told
	used     map[string]int    // by token and resource
	lowest   int               // the least that ever remained
	asked    map[string]int    // how often each token was asked about
	refused  map[string]string // tokens that are not accepted, and why
	asks     error             // what asking ends with
	inFlight map[string]int    // requests under way, by token
	most     map[string]int    // and the most there ever were
}

func newPlatform(limit int, tokens ...string) *platform {
	return &platform{
		limit: limit, tokens: tokens, owners: map[string]string{}, used: map[string]int{}, lowest: limit, asked: map[string]int{}, refused: map[string]string{},
		inFlight: map[string]int{}, most: map[string]int{},
	}
}

func (f *platform) account(token string) string {
	if f.owners[token] != "" {
		return f.owners[token]
	}
	return "owner of " + token
}

func (f *platform) limits(token, resource string) apikey.Limits {
	return apikey.Limits{Limit: f.limit, Remaining: f.limit - f.used[f.account(token)+resource], Reset: 30 * time.Minute}
}

func (f *platform) keys(context.Context) ([]apikey.Credential, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []apikey.Credential
	for _, token := range f.tokens {
		found = append(found, apikey.Plain("test", "source of "+token, config.NewSecret(token)))
	}
	return found, nil
}

func (f *platform) ask(ctx context.Context, key apikey.Credential, _ string) (apikey.About, error) {
	token, err := key.Token(ctx)
	if err != nil {
		return apikey.About{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[token.Reveal()]++
	if f.asks != nil {
		return apikey.About{Requests: 1}, f.asks
	}
	if reason := f.refused[token.Reveal()]; reason != "" {
		return apikey.About{Requests: 1}, &apikey.InvalidError{Reason: reason}
	}
	return apikey.About{Account: f.account(token.Reveal()), Requests: 1, Budgets: map[string]apikey.Limits{
		core: f.limits(token.Reveal(), core), graphql: f.limits(token.Reveal(), graphql),
	}}, nil
}

// request makes a request of so many points with a grant.
func (f *platform) request(t testing.TB, g *apikey.Grant, resource string, points int) {
	t.Helper()
	token, err := g.Token(t.Context())
	require.NoError(t, err)
	f.mu.Lock()
	f.inFlight[token.Reveal()]++
	f.most[token.Reveal()] = max(f.most[token.Reveal()], f.inFlight[token.Reveal()])
	f.used[f.account(token.Reveal())+resource] += points
	said := f.limits(token.Reveal(), resource)
	f.lowest = min(f.lowest, said.Remaining)
	f.mu.Unlock()
	// The answer is on its way while others go on.
	f.mu.Lock()
	f.inFlight[token.Reveal()]--
	f.mu.Unlock()
	require.NoError(t, g.Done(t.Context(), apikey.Outcome{Cost: points, Said: &said}))
}

// newHour begins new windows.
func (f *platform) newHour() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.used = map[string]int{}
}

func (f *platform) usedOf(token, resource string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.used[f.account(token)+resource]
}

// process is the pool of a process.
func (f *platform) process(t testing.TB, pool *pgxpool.Pool, limit apikey.Limit) *apikey.Pool {
	t.Helper()
	if limit.PerMinute == 0 {
		limit.PerMinute = 1e9
	}
	if limit.Concurrency == 0 {
		limit.Concurrency = 4
	}
	p := apikey.NewPool(pool, apikey.Options{
		Platform: "test", Title: "Test", Resources: []string{core, graphql}, Keys: f.keys, Ask: f.ask, Limit: func() apikey.Limit { return limit },
		Missing: errMissing, Hint: "add one", Log: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() { require.NoError(t, p.Flush(context.WithoutCancel(t.Context()))) })
	return p
}

// requireLimited takes a grant and expects none, and returns the error.
func requireLimited(t testing.TB, s *apikey.Spender, resource string) *tasks.RateLimitError {
	t.Helper()
	_, err := s.Take(t.Context(), resource, 1)
	limited, ok := errors.AsType[*tasks.RateLimitError](err)
	require.True(t, ok, "Take() = %v, want a RateLimitError", err)
	return limited
}

func take(t testing.TB, s *apikey.Spender, resource string) *apikey.Grant {
	t.Helper()
	g, err := s.Take(t.Context(), resource, 1)
	require.NoError(t, err)
	return g
}

// tokenOf is the token behind a grant.
func tokenOf(t testing.TB, g *apikey.Grant) string {
	t.Helper()
	token, err := g.Token(t.Context())
	require.NoError(t, err)
	return token.Reveal()
}

func scalar[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var value T
	require.NoError(t, pool.QueryRow(t.Context(), sql, args...).Scan(&value))
	return value
}

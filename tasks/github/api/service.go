package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db/config"
	"augur/tasks/apikey"
)

// Platform is GitHub's name in the ledger of keys.
const Platform = "github"

// The resources that GitHub counts for themselves.
const (
	Core    = "core"
	GraphQL = "graphql"
	Search  = "search"
)

// Options of a [Service].
type Options struct {
	// Version of the program, for the User-Agent.
	Version string
	Log     *slog.Logger
	// Sleep waits between two tries; nil means that it really does. Tests give their own.
	Sleep func(ctx context.Context, d time.Duration) error
	// Process names this process in the ledger; empty means a random name.
	Process string
}

// Service makes clients. There is one in a process; it is safe for concurrent use.
type Service struct {
	db       *pgxpool.Pool
	settings *config.Store
	options  Options
	keys     *apikey.Pool
	app      *app
	base     *http.Transport

	mu      sync.Mutex
	clients map[clientName]*github.Client
}

// clientName is what a client of go-github is for: one key at one address. It must not serve several keys, since it holds limits against all of
// them that only one has reached.
type clientName struct{ key, address string }

// New makes a service on the database of the ledger. It asks nobody anything before the first request. The store must serve [Settings] and [apikey.Keys].
func New(pool *pgxpool.Pool, settings *config.Store, o Options) (*Service, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	base := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // the library documents it
	base.MaxIdleConnsPerHost = 64
	s := &Service{db: pool, settings: settings, options: o, base: base, clients: map[clientName]*github.Client{}}
	s.app = newApp(s)
	s.keys = apikey.NewPool(pool, apikey.Options{
		Platform: Platform, Title: "GitHub", Resources: []string{Core, GraphQL, Search},
		Keys: s.credentials, Ask: s.about, Limit: s.limit, Missing: ErrNoKeys, Process: o.Process, Log: o.Log,
		Hint: "`augur github api-keys` says what is wrong; add a key with `augur config set --section Keys --setting github_api_key --value -`",
	})
	return s, nil
}

// Who makes requests, for the ledger.
type Who = apikey.Who

// Client makes the requests of one job, which are counted to it and pinned to the key of its repository. It is safe for concurrent use.
type Client struct {
	service *Service
	keys    *apikey.Spender

	mu     sync.Mutex
	chains map[string][]string // the pages of each list that were asked for, in order
	costs  map[string]int      // of each GraphQL operation, the last time
}

// Client makes a client.
func (s *Service) Client(who Who) *Client {
	return &Client{service: s, keys: s.keys.For(who), chains: map[string][]string{}, costs: map[string]int{}}
}

// Keys asks GitHub about every key: see [apikey.Pool.Check].
func (s *Service) Keys(ctx context.Context) ([]apikey.KeyState, error) { return s.keys.Check(ctx) }

// Close tells the ledger what was used, gives back what was not, and closes idle connections. A request that comes afterwards opens and takes them anew.
func (s *Service) Close(ctx context.Context) error {
	s.base.CloseIdleConnections()
	return s.keys.Flush(ctx)
}

// credentials lists the keys: the setting's, those in worker_oauth, and the installations of the App.
func (s *Service) credentials(ctx context.Context) ([]apikey.Credential, error) {
	keys := config.Of[apikey.Keys](s.settings)
	var found []apikey.Credential
	for _, token := range keys.GitHubTokens() {
		found = append(found, apikey.Plain(Platform, "Keys.github_api_key", token))
	}
	stored, err := apikey.Stored(ctx, s.db, Platform)
	if err != nil {
		return nil, err
	}
	return append(append(found, stored...), s.app.credentials(ctx, keys)...), nil
}

// Limit is what the settings say about the use of keys.
func (s Settings) Limit() apikey.Limit {
	return apikey.Limit{Reserve: s.Reserve, Block: s.Block, Concurrency: s.Concurrency, PerMinute: s.PerMinute}
}

func (s *Service) limit() apikey.Limit { return config.Of[Settings](s.settings).Limit() }

// client is the client of go-github for a key.
func (s *Service) client(key string, base *url.URL) *github.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := clientName{key, base.String()}
	c := s.clients[name]
	if c == nil {
		c = github.NewClient(&http.Client{Transport: &transport{base: s.base}, CheckRedirect: checkRedirect})
		c.BaseURL = base
		c.UserAgent = "augur/" + s.options.Version
		s.clients[name] = c
	}
	return c
}

// sleep waits, but not longer than ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-github/v60/github"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db/config"
	"augur/tasks/apikey"
)

// Options of a [Service].
type Options struct {
	// Version of the program, for the User-Agent.
	Version string
	Log     *slog.Logger
}

// Service makes clients. There is one in a process; it is safe for concurrent use.
type Service struct {
	pool     *pgxpool.Pool
	settings *config.Store
	options  Options
}

// New makes a service on the database of the ledger. It asks nobody anything before the first request. The store must serve [Settings] and [apikey.Keys].
func New(pool *pgxpool.Pool, settings *config.Store, o Options) (*Service, error) {
	return &Service{pool: pool, settings: settings, options: o}, nil
}

// Who makes requests, for the ledger.
type Who struct {
	JobID  int64
	RepoID int64 // 0: for no repository
	Kind   string
}

// Client makes the requests of one job, which are counted to it and pinned to the key of its repository. It is safe for concurrent use.
type Client struct {
	service *Service
	who     Who
}

// Client makes a client.
func (s *Service) Client(who Who) *Client { return &Client{service: s, who: who} }

// request is a GET.
type request struct {
	about string
	path  string // relative to the base
	query url.Values
	etag  string
	next  string // in place of path and query
	gone  gone
}

// gone tells what it means that something is not there.
type gone int

const (
	goneNothing gone = iota // a refusal like others
	goneMissing             // 404: the repository is gone
	goneAny                 // 404 and 410: the repository is gone
)

// answer is what came back.
type answer struct {
	header      http.Header
	date        time.Time
	notModified bool
}

func (a *answer) etag() string { return a.header.Get("ETag") }

func (c *Client) ask(ctx context.Context, r request, out any) (*answer, error) {
	settings := config.Of[Settings](c.service.settings)
	base, err := settings.rest()
	if err != nil {
		return nil, err
	}
	address := r.next
	if address == "" {
		address = r.path + "?" + r.query.Encode()
	}
	client := github.NewClient(nil).WithAuthToken(config.Of[apikey.Keys](c.service.settings).GitHub.Reveal())
	client.BaseURL = base
	req, err := client.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.about, err)
	}
	if r.etag != "" {
		req.Header.Set("If-None-Match", r.etag)
	}
	response, err := client.Do(ctx, req, out)
	if refused, ok := errors.AsType[*github.ErrorResponse](err); ok && refused.Response.StatusCode == http.StatusNotModified {
		return &answer{header: response.Header, notModified: true}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.about, err)
	}
	date, _ := http.ParseTime(response.Header.Get("Date"))
	return &answer{header: response.Header, date: date}, nil
}

func (c *Client) follow(request, string) error { return nil }

func (c *Client) query(ctx context.Context, operation, text string, variables map[string]any, out any) (Reply, error) {
	settings := config.Of[Settings](c.service.settings)
	address, err := settings.graphQL()
	if err != nil {
		return Reply{}, err
	}
	client := github.NewClient(nil).WithAuthToken(config.Of[apikey.Keys](c.service.settings).GitHub.Reveal())
	req, err := client.NewRequest(http.MethodPost, address.String(), map[string]any{"query": text, "variables": variables})
	if err != nil {
		return Reply{}, fmt.Errorf("query %s: %w", operation, err)
	}
	envelope := struct {
		Data   any          `json:"data"`
		Errors []QueryError `json:"errors"`
	}{Data: out}
	if _, err := client.Do(ctx, req, &envelope); err != nil {
		return Reply{}, fmt.Errorf("query %s: %w", operation, err)
	}
	return Reply{Cost: 1, Errors: envelope.Errors}, nil
}

func isStatus(err error, status int) bool {
	refused, ok := errors.AsType[*StatusError](err)
	return ok && refused.Status == status
}

package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/tasks"
	"augur/tasks/apikey"
	"augur/tasks/github/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var repo = api.Repo{Owner: "o", Name: "r"}

// request is what the server saw.
type request struct {
	method, uri, token, etag, body string
}

// forge is a server that answers as a test says.
type forge struct {
	*httptest.Server

	pool *pgxpool.Pool
	log  *bytes.Buffer // of the client, at level debug

	mu      sync.Mutex
	seen    []request
	answers map[string][]http.HandlerFunc // by path: one after the other, the last one again and again
	slept   []time.Duration
	logging sync.Mutex
}

// newForge is a server that knows what keys have, and whose they are.
func newForge(t testing.TB) *forge {
	t.Helper()
	f := &forge{pool: dbtest.New(t), log: &bytes.Buffer{}, answers: map[string][]http.HandlerFunc{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	f.on("/rate_limit", func(w http.ResponseWriter, _ *http.Request) {
		reset := time.Now().Add(time.Hour).Unix()
		resource := func(limit int) string {
			return fmt.Sprintf(`{"limit":%d,"remaining":%d,"reset":%d}`, limit, limit, reset)
		}
		fmt.Fprintf(w, `{"resources":{"core":%s,"graphql":%s,"search":%s},"rate":{}}`, resource(5000), resource(5000), resource(30))
	})
	f.on("/user", func(w http.ResponseWriter, r *http.Request) {
		owner := fnv.New32()
		_, _ = io.WriteString(owner, r.Header.Get("Authorization"))
		fmt.Fprintf(w, `{"login":"owner-%d"}`, owner.Sum32())
	})
	return f
}

// Write is the log of the client.
func (f *forge) Write(p []byte) (int, error) {
	f.logging.Lock()
	defer f.logging.Unlock()
	return f.log.Write(p)
}

func (f *forge) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	f.mu.Lock()
	if r.URL.Path != "/rate_limit" && r.URL.Path != "/user" {
		f.seen = append(f.seen, request{r.Method, r.URL.RequestURI(), token, r.Header.Get("If-None-Match"), string(body)})
	}
	answers := f.answers[r.URL.Path]
	if len(answers) > 1 {
		f.answers[r.URL.Path] = answers[1:]
	}
	f.mu.Unlock()
	if len(answers) == 0 {
		refuse(http.StatusNotFound, "Not Found")(w, r)
		return
	}
	answers[0](w, r)
}

// on lets the server answer requests of a path one after the other.
func (f *forge) on(path string, answers ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = answers
}

// requests are what the server saw, but for questions about keys.
func (f *forge) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.seen...)
}

// service is a process that uses the server.
func (f *forge) service(t testing.TB, pairs ...string) *api.Service {
	t.Helper()
	reg := config.NewRegistry(config.NewSection[api.Settings]("GitHub"), config.NewSection[apikey.Keys]("Keys"))
	store := config.Static(reg, append([]string{"GitHub.api_url=" + f.URL, "GitHub.graphql_url=" + f.URL + "/graphql", "Keys.github_api_key=a", "GitHub.requests_per_minute=100000"}, pairs...)...)
	s, err := api.New(f.pool, store, api.Options{
		Version: "test", Log: slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Sleep: func(ctx context.Context, d time.Duration) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.slept = append(f.slept, d)
			return ctx.Err()
		},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close(context.WithoutCancel(t.Context()))) })
	return s
}

// client is that of a job.
func (f *forge) client(t testing.TB, pairs ...string) *api.Client {
	t.Helper()
	return f.service(t, pairs...).Client(api.Who{JobID: 1, RepoID: 2, Kind: "github_test"})
}

// twoKeys are the pair that gives a service two keys.
const twoKeys = "Keys.github_api_key=a b"

// answer is a success with a body, and headers in pairs.
func answer(body string, headers ...string) http.HandlerFunc {
	return status(http.StatusOK, body, headers...)
}

// refuse is an answer of GitHub's form that is none.
func refuse(code int, message string, headers ...string) http.HandlerFunc {
	return status(code, fmt.Sprintf(`{"message":%q,"documentation_url":"https://docs.github.com/rest"}`, message), headers...)
}

func status(code int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for pair := range slices.Chunk(headers, 2) {
			if word, text, ok := strings.Cut(pair[1], " "); ok && (word == "in" || word == "date") {
				wait, err := time.ParseDuration(text)
				if err != nil {
					panic(err)
				}
				pair = []string{pair[0], fmt.Sprint(time.Now().Add(wait).Unix())}
				if word == "date" {
					pair[1] = time.Now().Add(wait).UTC().Format(http.TimeFormat)
				}
			}
			w.Header().Set(pair[0], pair[1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

// in is a header with a time from when it is sent, as those about resets have it.
func in(d time.Duration) string { return "in " + d.String() }

func limited(t testing.TB, err error) *tasks.RateLimitError {
	t.Helper()
	limit, ok := errors.AsType[*tasks.RateLimitError](err)
	require.True(t, ok, "got %v, want a RateLimitError", err)
	return limit
}

func scalar[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var value T
	require.NoError(t, pool.QueryRow(t.Context(), sql, args...).Scan(&value))
	return value
}

package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/monitor"
	"augur/monitor/care"
	"augur/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var silent = slog.New(slog.DiscardHandler)

// answer is what the server answered, its body decoded.
type answer struct {
	status int
	header http.Header
	body   map[string]any
}

// ask sends a request to a handler on the pool.
func ask(t testing.TB, pool *pgxpool.Pool, method, host, path string) answer {
	t.Helper()
	settings := config.Static(config.NewRegistry(config.NewSection[monitor.Tasks]("Tasks")))
	handler := web.NewHandler(web.Options{Pool: pool, Care: care.New(pool, settings, "", silent), Version: "1.2.3", Host: "augur.example.org", Log: silent})
	request := httptest.NewRequestWithContext(t.Context(), method, "http://"+host+path, nil)
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, request)
	got := answer{status: recorder.Code, header: recorder.Header()}
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &got.body), recorder.Body.String())
	require.Equal(t, "application/json; charset=utf-8", got.header.Get("Content-Type"))
	require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	require.Equal(t, "default-src 'none'; frame-ancestors 'none'", got.header.Get("Content-Security-Policy"))
	require.Empty(t, got.header.Get("Access-Control-Allow-Origin"))
	return got
}

func TestHealthFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	got := ask(t, pool, http.MethodGet, "localhost:5000", "/health")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "ok", got.body["status"])
	require.Equal(t, "1.2.3", got.body["version"])
	require.Empty(t, got.body["problems"])

	_, err := pool.Exec(t.Context(), "INSERT INTO augur_operations.machine_clock (host, ahead_seconds, measured_at) VALUES ('far', -600, now())")
	require.NoError(t, err)
	got = ask(t, pool, http.MethodGet, "localhost:5000", "/health")
	require.Equal(t, http.StatusOK, got.status, "collection goes on")
	require.Equal(t, []any{"the clock of far is 10m0s behind the database's: let it follow a time server"}, got.body["problems"])

	unreachable := pool.Config()
	unreachable.ConnConfig.Host, unreachable.ConnConfig.Port = t.TempDir(), 1
	unreachable.ConnConfig.Fallbacks = nil
	down, err := pgxpool.NewWithConfig(t.Context(), unreachable)
	require.NoError(t, err)
	defer down.Close()
	got = ask(t, down, http.MethodGet, "localhost:5000", "/health")
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "unavailable", got.body["status"])
	got = ask(t, down, http.MethodGet, "localhost:5000", "/api/status")
	require.Equal(t, http.StatusServiceUnavailable, got.status)
	require.Equal(t, "the status cannot be read from the database now; the log says why", got.body["error"])
	got = ask(t, down, http.MethodGet, "localhost:5000", "/api")
	require.Equal(t, http.StatusOK, got.status, "readiness is about the server alone")
}

func TestStatusIsTheOverview(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git, repo_added) VALUES (7, 1, 'https://example.org/a/b', now());
		INSERT INTO augur_operations.collection_status (repo_id) VALUES (7)`)
	require.NoError(t, err)
	want, err := monitor.Overview(t.Context(), pool, 100)
	require.NoError(t, err)
	require.Equal(t, int64(1), want.Phases["facade"]["Pending"])
	got := ask(t, pool, http.MethodGet, "127.0.0.1:5000", "/api/status")
	require.Equal(t, http.StatusOK, got.status)
	phases, ok := got.body["phases"].(map[string]any)
	require.True(t, ok)
	require.Equal(t, map[string]any{"Pending": 1.0}, phases["facade"])
	require.Zero(t, got.body["violations"])
}

func TestRequestsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, host := range []string{"localhost", "LOCALHOST:5000", "127.0.0.1", "127.8.8.8:80", "[::1]:5000", "[::1]", "augur.example.org:5000"} {
		got := ask(t, pool, http.MethodGet, host, "/api")
		require.Equal(t, http.StatusOK, got.status, host)
		require.Equal(t, "ok", got.body["status"])
	}
	for _, host := range []string{"evil.example.org", "localhost.evil.example.org:5000", "10.0.0.1", "192.168.1.1:5000", "[fe80::1]"} {
		got := ask(t, pool, http.MethodGet, host, "/api/status")
		require.Equal(t, http.StatusMisdirectedRequest, got.status, host)
		require.Equal(t, "this server answers to localhost and to Server.host only", got.body["error"])
	}
	got := ask(t, pool, http.MethodGet, "localhost", "/api/unknown")
	require.Equal(t, http.StatusNotFound, got.status)
	require.Equal(t, "there is no such route; / lists them", got.body["error"])
	for _, method := range []string{http.MethodPost, http.MethodDelete, http.MethodOptions} {
		got = ask(t, pool, method, "localhost", "/api/status")
		require.Equal(t, http.StatusMethodNotAllowed, got.status, method)
		require.Equal(t, "GET, HEAD", got.header.Get("Allow"))
	}
}

func TestEveryListedRouteExists(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	got := ask(t, pool, http.MethodGet, "localhost", "/")
	routes, ok := got.body["routes"].([]any)
	require.True(t, ok)
	require.NotEmpty(t, routes)
	for _, route := range routes {
		got := ask(t, pool, http.MethodGet, "localhost", fmt.Sprint(route))
		require.Equal(t, http.StatusOK, got.status, route)
	}
}

func TestListenServesThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"0.0.0.0", "::", "192.0.2.1"} {
		_, err := web.Listen(t.Context(), host, 0)
		var wide *web.WideError
		require.ErrorAs(t, err, &wide, host)
		require.ErrorContains(t, err, "augur config set --section Server --setting host --value 127.0.0.1")
	}
	_, err := web.Listen(t.Context(), "name.invalid", 0)
	require.ErrorContains(t, err, "Server.host: ")
	for _, host := range []string{"127.0.0.1", "localhost"} {
		listener, err := web.Listen(t.Context(), host, 0)
		require.NoError(t, err)
		require.True(t, netip.MustParseAddrPort(listener.Addr().String()).Addr().IsLoopback())
		require.NoError(t, listener.Close())
	}
}

func TestListenOnATakenPort(t *testing.T) {
	t.Parallel()
	first, err := web.Listen(t.Context(), "127.0.0.1", 0)
	require.NoError(t, err)
	defer first.Close()
	port := int(netip.MustParseAddrPort(first.Addr().String()).Port())
	_, err = web.Listen(t.Context(), "127.0.0.1", port)
	require.EqualError(t, err, "port "+strconv.Itoa(port)+" is taken by another program: choose another with --port, or in setting Server.port")
	require.EqualError(t, &web.PortError{Port: 80, Err: syscall.EACCES}, "port 80: permission denied: choose another with --port, or in setting Server.port")
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}

// serve runs a server and returns its address, and a function that stops it and returns its error.
func serve(t testing.TB, handler http.Handler, settings web.Server) (address string, stop func() error) {
	t.Helper()
	listener, err := web.Listen(t.Context(), "127.0.0.1", 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- web.Serve(ctx, listener, handler, settings, silent) }()
	return listener.Addr().String(), func() error {
		cancel()
		return <-done
	}
}

func TestServeFinishesRequestsWhenItStops(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	address, stop := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(arrived)
		<-release
		_, _ = io.WriteString(w, "late, but whole")
	}), web.Server{Timeout: time.Minute})
	type reply struct {
		text string
		err  error
	}
	replies := make(chan reply, 1)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	go func() {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+address, nil)
		if err != nil {
			replies <- reply{err: err}
			return
		}
		response, err := client.Do(request)
		if err != nil {
			replies <- reply{err: err}
			return
		}
		text, err := io.ReadAll(response.Body)
		replies <- reply{text: string(text), err: errors.Join(err, response.Body.Close())}
	}()
	<-arrived
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	close(release)
	got := <-replies
	require.NoError(t, got.err)
	require.Equal(t, "late, but whole", got.text)
	require.NoError(t, <-stopped)
}

func TestServeReportsCertificatesThatAreMissing(t *testing.T) {
	t.Parallel()
	missing := t.TempDir() + "/cert.pem"
	listener, err := web.Listen(t.Context(), "127.0.0.1", 0)
	require.NoError(t, err)
	err = web.Serve(t.Context(), listener, http.NotFoundHandler(), web.Server{Timeout: time.Minute, SSL: true, CertFile: missing, KeyFile: missing}, silent)
	require.ErrorContains(t, err, missing+": no such file or directory")
	require.ErrorIs(t, listener.Close(), net.ErrClosed)
}

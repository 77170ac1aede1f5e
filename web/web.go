package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/monitor"
	"augur/monitor/care"
)

const (
	// healthTimeout is how long the database may take to answer before it counts as down.
	healthTimeout = 3 * time.Second
	// statusRows is how many rows each list of the status has.
	statusRows = 100
)

// Options of the handler.
type Options struct {
	Pool *pgxpool.Pool
	// Care tells how the database and what depends on it are.
	Care    HealthReporter
	Version string
	// Host is the name that the server was told to listen on; requests may use it beside localhost.
	Host string
	Log  *slog.Logger
}

// HealthReporter reads a health report; [care.Care] does.
type HealthReporter interface {
	Health(ctx context.Context) (*care.Health, error)
}

// NewHandler answers the routes.
func NewHandler(o Options) http.Handler {
	h := &handler{Options: o}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", h.index)
	mux.HandleFunc("GET /health", h.health)
	mux.HandleFunc("GET /api", h.ready)
	mux.HandleFunc("GET /api/status", h.status)
	return h.guard(h.plain(mux))
}

type handler struct{ Options }

func (h *handler) index(w http.ResponseWriter, r *http.Request) {
	h.write(w, r, http.StatusOK, map[string]any{"name": "augur", "version": h.Version, "routes": []string{"/health", "/api", "/api/status"}})
}

func (h *handler) ready(w http.ResponseWriter, r *http.Request) {
	h.write(w, r, http.StatusOK, map[string]string{"status": "ok", "version": h.Version})
}

// health is a round trip to the database, and what is wrong with it and around it.
func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	began := time.Now()
	if err := h.Pool.Ping(ctx); err != nil {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		h.Log.WarnContext(ctx, "database does not answer", slog.Any("error", err))
		h.write(w, r, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "database": "does not answer", "version": h.Version})
		return
	}
	took := time.Since(began)
	report, err := h.Care.Health(ctx)
	if err != nil {
		if r.Context().Err() != nil {
			return
		}
		h.Log.WarnContext(ctx, "health not read", slog.Any("error", err))
		h.fail(w, r, http.StatusServiceUnavailable, "the health report cannot be read from the database now; the log says why")
		return
	}
	h.write(w, r, http.StatusOK, map[string]any{
		"status": "ok", "database": "ok", "database_ms": float64(took.Microseconds()) / 1000, "version": h.Version, "problems": report.Problems, "report": report,
	})
}

func (h *handler) status(w http.ResponseWriter, r *http.Request) {
	report, err := monitor.Overview(r.Context(), h.Pool, statusRows)
	if err != nil {
		if r.Context().Err() != nil {
			return // nobody waits for the answer
		}
		h.Log.ErrorContext(r.Context(), "status not read", slog.Any("error", err))
		h.fail(w, r, http.StatusServiceUnavailable, "the status cannot be read from the database now; the log says why")
		return
	}
	h.write(w, r, http.StatusOK, report)
}

// guard refuses requests that a page of another site made a browser send (DNS rebinding: a name of theirs that leads to this machine), and
// sets what every answer carries.
func (h *handler) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("X-Content-Type-Options", "nosniff")
		if !h.ours(r.Host) {
			h.fail(w, r, http.StatusMisdirectedRequest, "this server answers to localhost and to Server.host only")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ours tells whether the Host of a request is one that this server goes by.
func (h *handler) ours(host string) bool {
	name := host
	if n, _, err := net.SplitHostPort(host); err == nil {
		name = n
	}
	name = strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
	if ip := net.ParseIP(name); ip != nil {
		return ip.IsLoopback()
	}
	return strings.EqualFold(name, "localhost") || strings.EqualFold(name, h.Host)
}

// plain turns the multiplexer's texts about unknown routes and methods into JSON.
func (h *handler) plain(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			h.fail(w, r, http.StatusMethodNotAllowed, "only GET and HEAD are answered")
			return
		}
		h.fail(w, r, http.StatusNotFound, "there is no such route; / lists them")
	})
}

func (h *handler) fail(w http.ResponseWriter, r *http.Request, code int, reason string) {
	h.write(w, r, code, map[string]string{"error": reason})
}

func (h *handler) write(w http.ResponseWriter, r *http.Request, code int, answer any) {
	body, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		h.Log.ErrorContext(r.Context(), "answer not encoded", slog.String("path", r.URL.Path), slog.Any("error", err))
		http.Error(w, `{"error": "the answer cannot be encoded; the log says why"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(append(body, '\n')) // the client may have left
}

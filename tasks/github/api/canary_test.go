package api_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/github/api"
	"augur/tasks/tasktest"
)

// canaries are keys of several forms. They must not be found anywhere.
var canaries = []string{
	"ghp_CANARY0123456789abcdefghijklmnopqrst", "github_pat_11CANARY0_0123456789abcdefghijklmnopqrstuvwxyz", "CANARYCANARYCANARYCANARYCANARYCANARYCANA",
}

// echo refuses a request with everything that it knows.
func echo(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		token := r.Header.Get("Authorization")
		w.Header().Set("X-Echo", token)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		fmt.Fprintf(w, `{"message":"no: %s; Authorization: %s","errors":[{"message":"%s","type":"%s"}],"documentation_url":"%s"}`, token, token, token, token, token)
	}
}

// faults are all ways in which a request can fail.
func faults(f *forge) map[string]http.HandlerFunc {
	all := map[string]http.HandlerFunc{
		"cut": cut, "hang": hang, "empty": answer(""), "html": answer("<html>"), "form": answer(`"x"`), "loop": status(302, "", "Location", f.URL+"/repos/o/r"),
		"moved": status(301, "", "Location", f.URL+"/repositories/1"), "elsewhere": status(302, "", "Location", "https://example.org/"),
		"spent": refuse(403, "rate limit exceeded", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(time.Hour)), "fast": refuse(429, "slow down", "Retry-After", "1"),
	}
	for _, code := range []int{200, 202, 400, 401, 403, 404, 409, 410, 422, 429, 451, 500, 502, 503, 504} {
		all[fmt.Sprint(code)] = echo(code)
	}
	return all
}

func TestKeysAreNotTold(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	var services []*api.Service
	for _, key := range canaries {
		services = append(services, f.service(t, "Keys.github_api_key="+key))
	}
	var told bytes.Buffer
	i := 0
	for name, fault := range faults(f) {
		for _, path := range []string{"/repos/o/r", "/graphql", "/repos/o/r/issues"} {
			f.on(path, fault)
		}
		_, err := f.pool.Exec(t.Context(), "UPDATE augur_operations.api_key SET blocked_until = NULL, disabled_at = NULL, disabled_reason = NULL")
		require.NoError(t, err)
		_, err = f.pool.Exec(t.Context(), "UPDATE augur_operations.api_budget SET reset_at = NULL")
		require.NoError(t, err)
		s := services[i%len(services)]
		i++
		c := s.Client(api.Who{RepoID: 1, JobID: 2, Kind: "k"})
		_, _, err = c.Repository(t.Context(), repo, "")
		fmt.Fprintf(&told, "%s: %v %+v\n", name, err, err)
		_, err = c.Issues(t.Context(), repo, time.Time{}, "", "")
		fmt.Fprintf(&told, "%s: %v %+v\n", name, err, err)
		reply, err := c.Query(t.Context(), "Q", "{x}", nil, new(viewer))
		fmt.Fprintf(&told, "%s: %v %+v %+v\n", name, err, err, reply)
		states, err := s.Keys(t.Context())
		fmt.Fprintf(&told, "%v %+v %+v\n", err, states, c)
	}
	require.Greater(t, len(f.requests()), 100)
	for _, where := range []string{told.String(), f.log.String(), dump(t, f.pool)} {
		require.NotEmpty(t, where)
		for line := range strings.Lines(where) {
			require.NotContains(t, line, "CANARYC")
			require.NotContains(t, line, "CANARY0")
		}
	}
}

// dump is every row of the tables that jobs and the ledger write.
func dump(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	var all strings.Builder
	for _, table := range []string{
		"augur_operations.api_key", "augur_operations.api_budget", "augur_operations.api_lease", "augur_operations.api_pin", "augur_operations.api_spending",
		"augur_operations.collection_run", "augur_operations.collection_task", "augur_operations.collection_event", "augur_operations.collection_backoff",
		"river.river_job",
	} {
		rows, err := pool.Query(t.Context(), "SELECT to_jsonb(t)::text FROM "+table+" t")
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		fmt.Fprintln(&all, table, strings.Join(lines, "\n"))
	}
	return all.String()
}

func TestKeysAreNotInTheRowsOfJobs(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r", echo(422))
	s := f.service(t, "Keys.github_api_key="+canaries[2])
	catalog, settings := tasks.NewCatalog(), config.Static(config.NewRegistry())
	catalog.Add(tasks.Task{
		Kind: "github_canary", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, Timeout: func(*config.Store) time.Duration { return time.Minute },
		Worker: tasks.WorkerFunc(func(ctx context.Context, c *tasks.Collection) error {
			_, _, err := s.Client(api.Who{JobID: c.JobID, RepoID: c.Repo.ID, Kind: "github_canary"}).Repository(ctx, repo, "")
			c.Log.DebugContext(ctx, "asked", slog.Any("error", err))
			return err
		}),
	})
	outcome := tasktest.Collect(t, f.pool, catalog, settings, tasks.Core, tasktest.AddRepo(t, f.pool, "https://github.com/o/r"))
	require.Equal(t, "Error", outcome.Status)
	require.Contains(t, outcome.Reason, "read o/r: GitHub answers 422: no: ")
	require.NotContains(t, dump(t, f.pool), "CANARYC")
}

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// keyServer is a GitHub that knows what keys have left. Users' keys are u1-..., u2-...; the others are refused.
func keyServer(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, ok := cutToken(r.Header.Get("Authorization"))
		switch {
		case !ok:
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"message":"Bad credentials"}`)
		case r.URL.Path == "/user":
			fmt.Fprintf(w, `{"login":%q}`, user)
		default:
			remaining := map[string]int{"ann": 4321, "bob": 17}[user]
			fmt.Fprintf(w, `{"resources":{"core":{"limit":5000,"remaining":%d,"reset":%d},"graphql":{"limit":5000,"remaining":4999,"reset":%d}}}`,
				remaining, time.Now().Add(time.Hour).Unix(), time.Now().Add(time.Hour).Unix())
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// cutToken reads the user out of a key such as ghp_ann0123...
func cutToken(header string) (user, rest string, ok bool) {
	for _, user := range []string{"ann", "bob"} {
		if len(header) > 14 && header[len("Bearer ghp_"):len("Bearer ghp_")+3] == user {
			return user, header, true
		}
	}
	return "", "", false
}

func TestGitHubKeysAreShownMaskedWithTheBestFirst(t *testing.T) {
	t.Parallel()
	env := settled(t)
	got := augur(t, env, "github", "api-keys")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "There is no key: add one")
	require.Contains(t, succeeds(t, env, "github", "budget"), "Nothing was asked yet")

	const tail = "0123456789abcdefghijklmnopqrst"
	succeeds(t, env, set("GitHub", "api_url", keyServer(t))...)
	succeeds(t, env, set("Keys", "github_api_key", "ghp_bob"+tail+"1,ghp_ann"+tail+"2 ghp_ann"+tail+"3")...)
	execute(t, env, `INSERT INTO augur_operations.worker_oauth (name, consumer_key, consumer_secret, access_token, access_token_secret)
		VALUES ('x', '', '', $1, ''), ('y', '', '', $2, ''), ('z', '', '', $3, '')`, "ghp_bad"+tail+"4", "ghp_bob"+tail+"1", "no token\n")
	got = augur(t, env, "github", "api-keys")
	require.Equal(t, 1, got.status, "one is refused")
	require.NotContains(t, got.stdout+got.stderr, tail)
	require.Regexp(t, `(?s)ghp_\.\.\.rst[23] .*ann .*Keys.github_api_key .*4,321 of 5,000 .*good.*ghp_\.\.\.rst1.*17 of 5,000.*only the reserve is left.*duplicate of Keys.github_api_key.*ghp_\.\.\.rst4.*worker_oauth 1000.*refused`, got.stdout)
	require.Contains(t, got.stdout, "2 keys can be used.")
	require.Contains(t, got.stdout, "ghp_...rst4 (worker_oauth 1000): GitHub answers 401: Bad credentials")

	got = augur(t, env, "github", "api-keys", "--json")
	require.Equal(t, 1, got.status)
	require.NotContains(t, got.stdout+got.stderr, tail)
	var keys []map[string]any
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &keys))
	require.Len(t, keys, 5)
	require.Equal(t, "ann", keys[0]["account"])
	require.Equal(t, "GitHub answers 401: Bad credentials", keys[4]["refused"])

	// A key that is put right is used again.
	execute(t, env, "DELETE FROM augur_operations.worker_oauth")
	succeeds(t, env, set("Keys", "github_api_key", "ghp_ann"+tail+"2")...)
	require.Contains(t, succeeds(t, env, "github", "api-keys"), "1 key can be used.")

	out := succeeds(t, env, "github", "budget")
	require.Contains(t, out, "Of each budget 50 points are never used.")
	require.Regexp(t, `api_keys .*core .*2 `, out, "what asking cost: /user for each of ann's keys")
	require.Contains(t, out, "there is budget for the next one now")
	require.NotContains(t, out, tail)
	require.True(t, json.Valid([]byte(succeeds(t, env, "github", "budget", "--json", "--top", "1", "--hours", "2"))))
}

func TestGitHubBudgetTellsWhoUsedItAndWhenThereIsMore(t *testing.T) {
	t.Parallel()
	env := settled(t)
	execute(t, env, `INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git, repo_path, repo_name, data_source) VALUES (77, 1, 'https://github.com/o/r', '', '', 'x')`)
	execute(t, env, `INSERT INTO augur_operations.api_key (platform, fingerprint, source, account) VALUES ('github', 'f1', 'Keys.github_api_key', 'ann')`)
	execute(t, env, `INSERT INTO augur_operations.api_budget (platform, fingerprint, resource, points_limit, remaining, reset_at)
		VALUES ('github', 'f1', 'core', 5000, 55, now() + interval '20 min'), ('github', 'f1', 'graphql', 5000, 4000, now() + interval '20 min')`)
	execute(t, env, `INSERT INTO augur_operations.api_spending (hour, platform, fingerprint, resource, kind, repo_id, job_id, requests, points, unchanged, failed)
		VALUES (date_trunc('hour', now()), 'github', 'f1', 'core', 'github_issues', 77, 5, 1200, 1100, 100, 3), (date_trunc('hour', now()), 'github', 'f1', 'graphql', 'github_prs', 77, 6, 9, 9, 0, 0),
			(date_trunc('hour', now()), 'github', 'f0', 'core', 'github_issues', 78, 7, 1, 1, 0, 0)`)
	out := succeeds(t, env, "github", "budget")
	require.Regexp(t, `Keys.github_api_key .*ann .*core .*55 .*5,000 .*19 minutes from now .*1,100 .*1,200 .*100 .*3 .*good`, out)
	require.Regexp(t, `github_issues .*core .*1,101 .*1,201 .*100 .*3 .*2 `, out)
	require.Regexp(t, `https://github.com/o/r .*1,100 .*9 .*1,109`, out)
	require.Contains(t, out, "repository 78, which is gone")
	require.Regexp(t, `takes 551 points of core and 5 points of GraphQL on average: the next one fits \d+ minutes from now, at .*, because the budget for core is used up`, out)

	require.Equal(t, 2, augur(t, env, "github", "budget", "--hours", "0").status)
	require.Equal(t, 2, augur(t, env, "github", "budget", "--top", "-1").status)
	require.Equal(t, 2, augur(t, env, "github", "keys").status)
}

package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// withFakeGitHub points a database at a fake GitHub.
func withFakeGitHub(t testing.TB, env map[string]string, forge *githubtest.Server) {
	t.Helper()
	for setting, value := range map[string]string{"api_url": forge.URL(), "graphql_url": forge.GraphQLURL()} {
		succeeds(t, env, set("GitHub", setting, value)...)
	}
	succeeds(t, env, set("Keys", "github_api_key", forge.Token())...)
}

func TestGitHubPlanTellsWhatACollectionWillCost(t *testing.T) {
	t.Parallel()
	env := settled(t)
	got := augur(t, env, "github", "plan", "https://github.com/octo/widget")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "there is no usable GitHub key (`augur github api-keys` says what is wrong; add a key with")
	forge := githubtest.New(t, githubtest.With("octo/widget", githubtest.Shape{Issues: 250, Pulls: 60, Contributors: 3, Releases: 2}), githubtest.Small(2))
	withFakeGitHub(t, env, forge)

	out := succeeds(t, env, "github", "plan", "https://github.com/Octo/widget.git")
	require.Contains(t, out, "https://github.com/octo/widget: 250 issues, 60 pull requests, 2 releases, 0 tags; by a sample of 36 ")
	require.Regexp(t, `github_issues +│ 4 +│ 0 +│ +│`, out)
	require.Regexp(t, `github_pull_request_children +│ 0 +│ 3 +│`, out)
	require.Regexp(t, `The first collection takes about \d+ requests of REST and \d+ points of GraphQL: 1 minute with 1 key, and there is budget for all of it now`, out)

	got = augur(t, env, "github", "plan", "https://github.com/octo/nothing")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "https://github.com/octo/nothing is gone or private")

	require.Contains(t, succeeds(t, env, "github", "plan", "--group", "1"), "There is no repository on GitHub in the group.")
	succeeds(t, env, "db", "add-repo", "https://github.com/octo/widget", "https://github.com/org-000/repo-00000", "https://github.com/org-000/repo-00001", "https://git.example.org/x")
	out = succeeds(t, env, "github", "plan", "--group", "1", "--top", "2")
	require.Regexp(t, `(?s)https://github.com/octo/widget +│ 250 +│ 60 +│.*repo-00000.*and 1 more.*IN ALL`, out)
	require.NotContains(t, out, "repo-00001")
	var facts struct {
		Repositories []struct {
			URL    string         `json:"url"`
			Counts map[string]int `json:"counts"`
		} `json:"repositories"`
		Expected map[string]int `json:"expected"`
		Forecast map[string]any `json:"forecast"`
	}
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "github", "plan", "--group", "1", "--json")), &facts))
	require.Len(t, facts.Repositories, 3)
	require.Equal(t, 250, facts.Repositories[0].Counts["issues"])
	require.Positive(t, facts.Expected["core"])
	require.Equal(t, true, facts.Forecast["now"])

	for _, args := range [][]string{{}, {"--group", "0"}, {"--group", "1", "https://github.com/a/b"}, {"https://git.example.org/x"}, {"no url"}, {"--top", "-1", "--group", "1"}} {
		got := augur(t, env, append([]string{"github", "plan"}, args...)...)
		require.Equal(t, exitUsage, got.status, "%v: %s", args, got.stderr)
	}
	require.Contains(t, augur(t, env, "github", "plan", "--group", "99").stderr, "group 99 does not exist")
}

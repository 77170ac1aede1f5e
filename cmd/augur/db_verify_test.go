package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

func TestRepositoriesAreVerifiedByTheHundred(t *testing.T) {
	t.Parallel()
	env := settled(t)
	got := augur(t, env, "db", "add-repo", "--verify", "https://github.com/octo/widget")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "there is no usable GitHub key (`augur github api-keys` says what is wrong")

	forge := githubtest.New(t, githubtest.With("octo/widget", githubtest.Shape{Contributors: 1}), githubtest.With("octo/blocked", githubtest.Shape{Contributors: 1}), githubtest.Small(150))
	withFakeGitHub(t, env, forge)
	forge.Rename(forge.Repo("octo/widget"), "octo/gadget")
	blocked := forge.Repo("octo/blocked")
	blocked.Change(func() { blocked.Fault = githubtest.Blocked })
	got = augur(t, env, "db", "add-repo", "--verify", "https://github.com/octo/widget", "https://github.com/octo/nothing", "https://github.com/octo/blocked", "https://git.example.org/x", "https://github.com/org-000/repo-00000")
	require.Equal(t, 1, got.status)
	require.Equal(t, strings.Join([]string{
		"https://github.com/octo/widget has moved to https://github.com/octo/gadget: repository 1 of group 1",
		"https://github.com/octo/nothing: gone or private: GitHub does not show it",
		"https://github.com/octo/blocked: gone or private: GitHub does not show it",
		"https://git.example.org/x is not on GitHub and was not verified: repository 2 of group 1",
		"https://github.com/org-000/repo-00000 exists: repository 3 of group 1",
		"5 rows: 3 added, 0 already there, 2 rejected", "",
	}, "\n"), got.stdout)

	forge.Rename(forge.Repo("octo/gadget"), "octo/thing")
	require.Contains(t, succeeds(t, env, "db", "add-repo", "--verify", "https://github.com/octo/thing"),
		"https://github.com/octo/thing exists: already there as repository 1, renamed, it was https://github.com/octo/gadget")

	var file strings.Builder
	for n := range 150 {
		fmt.Fprintf(&file, "https://github.com/%s,1\n", githubtest.SmallName(n))
	}
	forge.ResetCounts()
	path := write(t, "repos.csv", file.String())
	out := succeeds(t, env, "db", "add-repos", "--verify", path)
	require.Contains(t, out, "line 1: https://github.com/org-000/repo-00000 exists: already there as repository 3\n")
	require.Contains(t, out, "line 150: https://github.com/org-001/repo-00149 exists: repository ")
	require.Contains(t, out, "150 rows: 149 added, 1 already there, 0 rejected")
	require.Equal(t, 2, forge.Counts().Operations["graphql verify"].Points)
	var facts struct {
		Rows []struct {
			Verified bool `json:"verified"`
		} `json:"verified_rows"`
	}
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "db", "add-repos", "--verify", "--json", path)), &facts))
	require.Len(t, facts.Rows, 150)
	require.True(t, facts.Rows[149].Verified)
}

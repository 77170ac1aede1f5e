package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

func TestOrganisationsAreAddedFollowedListedAndLeft(t *testing.T) {
	t.Parallel()
	env := settled(t)
	got := augur(t, env, "db", "add-github-org", "octo")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "there is no usable GitHub key (`augur github api-keys` says what is wrong")
	require.Contains(t, succeeds(t, env, "db", "get-github-orgs"), "no organisation is followed: `augur db add-github-org ORG` adds")
	require.Equal(t, 2, augur(t, env, "db", "add-github-org").status)
	require.Equal(t, 2, augur(t, env, "db", "unfollow-github-org").status)

	options := []githubtest.Option{githubtest.With("ann/dotfiles", githubtest.Shape{Contributors: 1})}
	for n := range 15 {
		options = append(options, githubtest.With(fmt.Sprintf("octo/r-%02d", n), githubtest.Shape{Contributors: 1}))
	}
	forge := githubtest.New(t, options...)
	withFakeGitHub(t, env, forge)
	for name, f := range map[string]func(*githubtest.Repo){
		"octo/r-01": func(r *githubtest.Repo) { r.Archived = true },
		"octo/r-02": func(r *githubtest.Repo) { r.Fork = true },
		"octo/r-03": func(r *githubtest.Repo) { r.Fork = true },
	} {
		r := forge.Repo(name)
		r.Change(func() { f(r) })
	}
	out := succeeds(t, env, "db", "add-github-org", "octo")
	group := query(t, env, "SELECT repo_group_id::text FROM augur_data.repo_groups WHERE rg_name = 'octo'")
	require.Regexp(t, `(?m)^https://github.com/octo/r-00 is repository \d+ of group `+group+`$`, out)
	require.Contains(t, out, "octo has 15 public repositories; left out: 1 archived one (--archived adds them), 2 forks (--forks adds them)\n"+
		"octo is followed: new repositories go into group "+group+" by themselves while the backend runs; `augur db unfollow-github-org octo` ends that\n"+
		"12 rows: 12 added, 0 already there, 0 rejected\n")
	out = succeeds(t, env, "db", "add-github-org", "https://github.com/octo")
	require.Contains(t, out, "and 2 more are already there\n")
	require.Contains(t, out, "12 rows: 0 added, 12 already there, 0 rejected\n")

	// One good name is added although another is not.
	got = augur(t, env, "db", "add-github-org", "--group", "Default Repo Group", "--no-follow", "nobody", "a--b", "ann")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "https://github.com/nobody: GitHub knows no organisation or user of this name: look for a typing error\n")
	require.Contains(t, got.stdout, "a--b: is no name that GitHub allows: letters, digits and single hyphens, at most 39\n")
	require.Regexp(t, `https://github.com/ann/dotfiles is repository \d+ of group 1\nann has 1 public repository\n3 rows: 1 added, 0 already there, 2 rejected\n$`, got.stdout)
	got = augur(t, env, "db", "add-github-org", "--group", "99", "ann")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "--group: there is no group \"99\": `augur db get-repo-groups` lists them")

	var facts struct {
		Rows   int `json:"rows"`
		Owners []struct {
			Login   string         `json:"login"`
			LeftOut map[string]int `json:"left_out"`
		} `json:"owners"`
	}
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "db", "add-github-org", "--json", "--archived", "octo")), &facts))
	require.Equal(t, 13, facts.Rows)
	require.Equal(t, 2, facts.Owners[0].LeftOut["forks"])

	require.Regexp(t, `octo +│ `+group+` octo +│ +13 │ archived +│ (now|\d+ seconds? ago) +│ (23 hours|1 day) from now +│ +│`, succeeds(t, env, "db", "get-github-orgs"))
	var owners []map[string]any
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "db", "get-github-orgs", "--json")), &owners))
	require.Len(t, owners, 1)
	require.Equal(t, "Organization", owners[0]["kind"])
	require.Regexp(t, `github_owners +│ graphql`, succeeds(t, env, "github", "budget"))

	require.Equal(t, "octo is not followed any more; its repositories stay\n", succeeds(t, env, "db", "unfollow-github-org", "https://github.com/Octo"))
	got = augur(t, env, "db", "unfollow-github-org", "octo")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "octo is not followed: `augur db get-github-orgs` lists those that are")
	require.Equal(t, "14", query(t, env, "SELECT count(*)::text FROM augur_data.repo"))
}

func TestTheBackendAddsNewRepositoriesOfFollowedOrganisations(t *testing.T) {
	t.Parallel()
	env := settled(t)
	env["AUGUR_HOME"] = t.TempDir()
	forge := githubtest.New(t, githubtest.With("octo/first", githubtest.Shape{Contributors: 1}))
	withFakeGitHub(t, env, forge)
	for _, phase := range []string{"primary_repo_collect_phase", "secondary_repo_collect_phase", "facade_phase"} {
		succeeds(t, env, set("Task_Routine", phase, "0")...)
	}
	succeeds(t, env, "db", "add-github-org", "--quiet", "octo")
	forge.AddRepo("octo/second", githubtest.Shape{Contributors: 1})
	execute(t, env, "UPDATE augur_operations.followed_owner SET checked_at = now() - interval '2 days'")
	d := startBackend(t, env, "--workers", "inline")
	d.await(t, "repositories of a followed owner added", 1)
	require.Equal(t, "https://github.com/octo/first https://github.com/octo/second", query(t, env, "SELECT string_agg(repo_git, ' ' ORDER BY repo_git) FROM augur_data.repo"))
	succeeds(t, env, "backend", "stop")
	require.Zero(t, d.status(t))
}

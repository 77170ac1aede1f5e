package github_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/githubtest"
	"augur/tasks/tasktest"
)

func TestARenamedRepositoryKeepsItsRow(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	w.forge.Rename(w.forge.Repo(name), "octo/gadget")
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	require.Equal(t, []string{"https://github.com/octo/gadget octo/widget"}, w.strings(`
		SELECT repo_git || ' ' || substring(git_url FROM 20) FROM repo JOIN historical_repo_urls USING (repo_id)`))
	require.Equal(t, githubtest.SmallShape().Issues, w.count("SELECT count(*) FROM issues"))
}

func TestOfTwoRowsOfARepositoryTheOneWithItsAddressIsCollected(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	w.forge.Rename(w.forge.Repo(name), "octo/gadget")
	newer := tasktest.AddRepo(t, w.pool, "https://github.com/octo/gadget")
	old := w.repo
	w.repo = newer
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	w.repo = old
	got := w.collect(tasks.Core)
	require.Equal(t, "Ignore", got.Outcome)
	require.Contains(t, got.Reason, "https://github.com/octo/widget has moved to https://github.com/octo/gadget, which is repository 2")
	require.Equal(t, []string{"2 https://github.com/octo/widget"}, w.strings("SELECT repo_id || ' ' || git_url FROM historical_repo_urls"))
}

func TestWhatBecameOfARepositoryIsAResult(t *testing.T) {
	t.Parallel()
	for fault, want := range map[githubtest.RepoFault]string{githubtest.Deleted: "gone", githubtest.Blocked: "blocked", githubtest.Taken: "blocked"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			w := setupSmall(t)
			repo := w.forge.Repo(name)
			repo.Change(func() { repo.Fault = fault })
			require.Equal(t, "Ignore", w.collect(tasks.Core).Outcome)
			require.Equal(t, []string{want}, w.strings("SELECT cause FROM augur_operations.collection_backoff"))
		})
	}
}

func TestWithoutAKeyNothingIsAsked(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.options = append(w.options, "Keys.github_api_key=")
	require.Empty(t, w.catalog().Graph(tasks.Core, "github", w.settings(), true))
}

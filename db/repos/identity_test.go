package repos_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/repos"
	"augur/facade/giturl"
)

func TestWhatHasMovedIsAddedUnderItsNewAddressOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	parse := func(url string) giturl.URL {
		u, err := giturl.Parse(url, giturl.Policy{})
		require.NoError(t, err)
		return u
	}
	moved := repos.Identity{Checked: true, SourceID: 7, URL: parse("https://github.com/fresh/name")}
	said := map[string]repos.Identity{
		"https://github.com/old/name":   moved,
		"https://github.com/fresh/name": moved,
		"https://github.com/a/there":    {Checked: true, SourceID: 8},
		"https://github.com/a/gone":     {Checked: true, Refused: "gone or private"},
		"https://git.example.org/else":  {},
	}
	var verdicts []repos.Verdict
	add := func(urls ...string) (repos.Summary, error) {
		verdicts = nil
		return repos.AddURLs(t.Context(), pool, 1, urls, repos.Options{
			OnVerdict: func(v repos.Verdict) { verdicts = append(verdicts, v) },
			Identify: func(_ context.Context, urls []giturl.URL) ([]repos.Identity, error) {
				found := make([]repos.Identity, len(urls))
				for i, url := range urls {
					identity, ok := said[url.Canonical]
					if !ok {
						return nil, errors.New("no budget")
					}
					found[i] = identity
				}
				return found, nil
			},
		})
	}
	sum, err := add("https://github.com/old/name", "https://github.com/a/there", "https://github.com/a/gone", "https://git.example.org/else", "https://github.com/fresh/name")
	require.NoError(t, err)
	require.Equal(t, repos.Summary{Rows: 5, Added: 3, Rejected: 2}, sum)
	require.Equal(t, []repos.Verdict{
		{Line: 1, URL: "https://github.com/fresh/name", RepoID: 1, Group: 1, Status: repos.Added, Verified: true, MovedFrom: "https://github.com/old/name"},
		{Line: 2, URL: "https://github.com/a/there", RepoID: 2, Group: 1, Status: repos.Added, Verified: true},
		{Line: 3, URL: "https://github.com/a/gone", Group: 1, Status: repos.Rejected, Verified: true, Reason: "gone or private"},
		{Line: 4, URL: "https://git.example.org/else", RepoID: 3, Group: 1, Status: repos.Added},
		{Line: 5, URL: "https://github.com/fresh/name", Group: 1, Status: repos.Rejected, Verified: true, Reason: "duplicate of line 1"},
	}, verdicts)
	rows := func(query string) []string {
		found, err := pool.Query(t.Context(), query)
		require.NoError(t, err)
		list, err := pgx.CollectRows(found, pgx.RowTo[string])
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []string{"https://github.com/fresh/name 7", "https://github.com/a/there 8", "https://git.example.org/else "},
		rows("SELECT repo_git || ' ' || coalesce(repo_src_id::text, '') FROM augur_data.repo ORDER BY repo_id"))
	require.Equal(t, []string{"1 https://github.com/old/name"}, rows("SELECT repo_id || ' ' || git_url FROM augur_data.historical_repo_urls"))

	// Its number is known: a new name is noticed, and the row follows.
	said["https://github.com/third/name"] = repos.Identity{Checked: true, SourceID: 7}
	sum, err = add("https://github.com/third/name", "https://github.com/a/there")
	require.NoError(t, err)
	require.Equal(t, repos.Summary{Rows: 2, AlreadyThere: 2}, sum)
	require.Equal(t, "renamed, it was https://github.com/fresh/name", verdicts[0].Reason)
	require.Equal(t, []string{"https://github.com/third/name"}, rows("SELECT repo_git FROM augur_data.repo WHERE repo_id = 1"))
	require.Equal(t, []string{"https://github.com/fresh/name", "https://github.com/old/name"}, rows("SELECT git_url FROM augur_data.historical_repo_urls ORDER BY 1"))

	// A row that nobody has a number of is found under the address that was written.
	_, err = pool.Exec(t.Context(), "INSERT INTO augur_data.repo (repo_group_id, repo_git, repo_path, repo_name) VALUES (1, 'https://github.com/b/before', '', '')")
	require.NoError(t, err)
	said["https://github.com/b/before"] = repos.Identity{Checked: true, SourceID: 9, URL: parse("https://github.com/b/after")}
	sum, err = add("https://github.com/b/before")
	require.NoError(t, err)
	require.Equal(t, repos.Summary{Rows: 1, AlreadyThere: 1}, sum)
	require.Equal(t, []string{"https://github.com/b/after 9"}, rows("SELECT repo_git || ' ' || repo_src_id FROM augur_data.repo WHERE repo_git LIKE '%/b/%'"))

	_, err = add("https://github.com/not/asked")
	require.ErrorContains(t, err, "add repositories: verify 1 repositories: no budget")
	require.Empty(t, verdicts)
}

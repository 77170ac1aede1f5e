package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddAffiliationsReachesStoredCommits(t *testing.T) {
	t.Parallel()
	env := settled(t)
	execute(t, env, `INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git, repo_path, repo_name) VALUES (1, 1, 'https://git.example.org/x', '', 'x')`)
	execute(t, env, `INSERT INTO augur_operations.git_history (repo_id, attributed, cached) VALUES (1, true, true)`)
	execute(t, env, `INSERT INTO augur_operations.commit_email (email, name, repo_id, commit_hash) VALUES ('ann@mail.corp.example', 'Ann', 1, 'a'), ('bob@redhat.com', 'Bob', 1, 'b')`)
	execute(t, env, `INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_author_affiliation,
			cmt_committer_name, cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_committer_affiliation, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
		SELECT 1, name, name, email, email, '2024-01-01', affiliation, name, email, email, '2024-01-01', affiliation, 5, 0, 0, 'f', now()
		FROM (VALUES ('Ann', 'ann@mail.corp.example', '(Unknown)'), ('Bob', 'bob@redhat.com', 'Red Hat')) AS v (name, email, affiliation)`)
	file := filepath.Join(t.TempDir(), "affiliations.csv")
	require.NoError(t, os.WriteFile(file, []byte("domain,affiliation\ncorp.example,Corp Ltd\nredhat.com,IBM\n\"a b\",Nobody\nann@mail.corp.example,Ann herself\n"), 0o600))
	const stored = `SELECT string_agg(concat_ws(' ', cmt_author_name, cmt_author_affiliation, cmt_committer_affiliation), ', ' ORDER BY cmt_author_name) FROM augur_data.commits`
	const sums = `SELECT string_agg(concat_ws(' ', email, affiliation, added), ', ') FROM augur_data.dm_repo_group_annual`

	got := augur(t, env, "db", "add-affiliations", file)
	require.Equal(t, exitFailed, got.status, "a row is rejected")
	require.Contains(t, got.stdout+got.stderr, "line 4")
	require.Contains(t, got.stdout+got.stderr, "2 added, 1 already there, 1 rejected")
	require.Contains(t, got.stderr, "1 rows of commits have another affiliation or person now")
	require.Equal(t, "Ann Ann herself Ann herself, Bob Red Hat Red Hat", query(t, env, stored), "the most exact counts, and what was there stays")
	require.Equal(t, "ann@mail.corp.example Ann herself 5", query(t, env, sums))

	again := augurReading(t, env, "ann@mail.corp.example,Ann herself\n", "db", "add-affiliations", "-")
	require.Zero(t, again.status, again.stderr)
	require.NotContains(t, again.stderr, "rows of commits")

	execute(t, env, "DELETE FROM augur_data.contributor_affiliations WHERE ca_domain LIKE '%corp.example'")
	succeeds(t, env, set("Facade", "force_invalidate_caches", "0")...)
	other := augurReading(t, env, "domain,affiliation\ncorp.example,Other\n", "db", "add-affiliations", "-")
	require.Zero(t, other.status, other.stderr)
	require.Equal(t, "Ann Ann herself Ann herself, Bob Red Hat Red Hat", query(t, env, stored), "the setting keeps what is stored")
}

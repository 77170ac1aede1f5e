package care_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/monitor/care"
)

// unknowns is unknown_cache, a row a line.
func unknowns(list string) []string { return strings.Fields(strings.ReplaceAll(list, "\n", " ")) }

func TestUnknownCacheIsFilledAfterTheViews(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	addRepo(t, pool)
	addRepo(t, pool)
	exec(t, pool, "INSERT INTO augur_data.repo_groups (repo_group_id, rg_name) VALUES (77, 'other')")
	exec(t, pool, "UPDATE augur_data.repo SET repo_group_id = 77 WHERE repo_id = (SELECT max(repo_id) FROM augur_data.repo)")
	add := func(repo, author, affiliation string, added int) {
		write(t, pool, fmt.Sprintf(`
			INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_author_affiliation,
				cmt_committer_name, cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_committer_affiliation,
				cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
			SELECT %s(repo_id), md5(random()::text), '', '', '%s', '2024-01-01', %s, '', '', 'cem@x.example', '2024-01-01', '(Unknown)', %d, 0, 0, '', now() FROM augur_data.repo`,
			repo, author, affiliation, added))
	}
	const unknown = "'(Unknown)'"
	add("min", "ann@x.example", unknown, 3)
	add("min", "ann@x.example", unknown, 4)
	add("max", "ann@x.example", unknown, 5)
	add("min", "bob@redhat.com", "'Red Hat'", 6)
	add("min", "eve", unknown, 7)
	add("min", "nobody@x.example", "NULL", 8)
	long := strings.Repeat("n", 120) + "@"
	add("min", long+"x.example", unknown, 9)
	add("min", long+"x.example.org", unknown, 10)
	const list = "SELECT coalesce(string_agg(concat_ws('|', type, repo_group_id, email, domain, added), ' ' ORDER BY type, repo_group_id, email), '') FROM augur_data.unknown_cache"
	refresh(t, c, care.RefreshOptions{})
	want := `
		author|1|ann@x.example|x.example|7
		author|1|eve||7
		author|1|` + long + `x.examp|x.example|9
		author|1|` + long + `x.examp|x.example.org|10
		author|77|ann@x.example|x.example|5
		committer|1|cem@x.example|x.example|47
		committer|77|cem@x.example|x.example|5`
	require.ElementsMatch(t, unknowns(want), unknowns(scalar[string](t, pool, list)))

	// Nothing is written where nothing changed, and what is no longer true goes.
	rows := scalar[string](t, pool, "SELECT string_agg(xmin::text || email, ' ' ORDER BY type, repo_group_id, email, domain) FROM augur_data.unknown_cache")
	refresh(t, c, care.RefreshOptions{Force: true})
	require.Equal(t, rows, scalar[string](t, pool, "SELECT string_agg(xmin::text || email, ' ' ORDER BY type, repo_group_id, email, domain) FROM augur_data.unknown_cache"))
	write(t, pool, "UPDATE augur_data.commits SET cmt_author_affiliation = 'New Ltd', cmt_committer_affiliation = 'New Ltd' WHERE cmt_author_email <> 'eve'")
	refresh(t, c, care.RefreshOptions{Views: []string{"api_get_all_repos_commits"}})
	require.Equal(t, "author|1|eve||7 committer|1|cem@x.example|x.example|7", scalar[string](t, pool, list))
}

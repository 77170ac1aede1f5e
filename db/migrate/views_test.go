package migrate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
)

func TestViewsRefreshConcurrentlyWhateverTheData(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	views := viewNames(t, pool)
	require.Len(t, views, 14)
	refresh(t, pool, views) // nothing
	exec(t, pool, tied(t))
	refresh(t, pool, views)
	before := contents(t, pool, views)
	refresh(t, pool, views)
	require.Equal(t, before, contents(t, pool, views), "a refresh without new data changes nothing")
	// Rows leave as well.
	exec(t, pool, "TRUNCATE augur_data.commits, augur_data.issues, augur_data.message, augur_data.pull_requests CASCADE")
	refresh(t, pool, views)
}

func TestViewsHoldWhatTheirNamesSay(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	exec(t, pool, tied(t))
	refresh(t, pool, viewNames(t, pool))
	for _, test := range []struct {
		name  string
		query string
		want  string
	}{
		{"pull requests", "SELECT repo_id, pull_requests_all_time FROM augur_data.api_get_all_repo_prs", "<nil> 1\n1 4"},
		{"commits, each once", "SELECT repo_id, commits_all_time FROM augur_data.api_get_all_repos_commits", "1 3"},
		{"issues, without pull requests", "SELECT repo_id, issues_all_time FROM augur_data.api_get_all_repos_issues", "<nil> 1\n1 2"},
		{
			"commits per day, not files",
			"SELECT repo_name, cmt_committer_date, num_of_commits, num_of_unique_committers " +
				"FROM augur_data.explorer_commits_and_committers_daily_count",
			"one 2024-01-03 3 2",
		},
		{"entry list", "SELECT repo_id, repo_name, rg_name FROM augur_data.explorer_entry_list", "1 one Default Repo Group\n2 <nil> Default Repo Group"},
		{"repositories of users", "SELECT * FROM augur_data.explorer_user_repos", "cli_user 1 1 1\ncli_user 1 1 2"},
		{
			"newest snapshot only",
			"SELECT repo_id, programming_language, code_lines, files FROM augur_data.explorer_repo_languages",
			"1 <nil> <nil> 1\n1 Go 12 2",
		},
		{
			"acts, newest first",
			"SELECT login, rank, action, created_at::date::text FROM augur_data.explorer_contributor_actions WHERE login IS NOT NULL",
			`ann 1 issue_closed 2024-01-05
ann 2 issue_comment 2024-01-02
ann 3 commit 2024-01-02
ann 4 pull_request_open 2024-01-02
ann-work 1 commit 2024-01-02
bob 1 pull_request_merged 2024-01-04
bob 2 pull_request_closed 2024-01-03
bob 3 pull_request_review_APPROVED 2024-01-03
bob 4 pull_request_comment 2024-01-02
bob 5 pull_request_comment 2024-01-02
bob 6 issue_opened 2024-01-02
bob 7 pull_request_open 2024-01-02`,
		},
		{
			"the same under another name",
			"SELECT count(*) FROM (TABLE augur_data.augur_new_contributors EXCEPT TABLE augur_data.explorer_contributor_actions) d",
			"0",
		},
		{
			"first acts of merged people",
			"SELECT login, full_name, rank, created_at::date::text, month, year FROM augur_data.explorer_new_contributors",
			`ann Ann 1 2024-01-02 1 2024
ann Ann 2 2024-01-02 1 2024
ann Ann 3 2024-01-02 1 2024
ann Ann 4 2024-01-02 1 2024
ann Ann 5 2024-01-05 1 2024
bob <nil> 1 2024-01-02 1 2024
bob <nil> 2 2024-01-02 1 2024
bob <nil> 3 2024-01-02 1 2024
bob <nil> 4 2024-01-02 1 2024
bob <nil> 5 2024-01-02 1 2024`,
		},
		{
			"one event of a node id, all without one, one row for no event",
			"SELECT issue_id, id, assignment_action, node_id, assign_date::date::text FROM augur_data.explorer_issue_assignments",
			`1 1 assigned <nil> 2024-01-02
1 1 assigned <nil> 2024-01-02
1 1 unassigned same 2024-01-03
2 1 <nil> <nil> <nil>
4 <nil> <nil> <nil> <nil>`,
		},
		{
			"pull requests with and without assignments",
			"SELECT pull_request_id, assignment_action, node_id FROM augur_data.explorer_pr_assignments",
			"1 assigned n1\n2 assigned <nil>\n2 assigned <nil>\n3 <nil> <nil>\n4 <nil> <nil>\n5 <nil> <nil>",
		},
		{
			"responses, equal ones once",
			"SELECT pull_request_id, left(msg_cntrb_id::text, 13), msg_timestamp::text FROM augur_data.explorer_pr_response",
			"1 01000000-0300 2024-01-02 06:00:00\n1 <nil> 2024-01-03 06:00:00\n2 <nil> <nil>\n3 <nil> <nil>\n4 <nil> <nil>\n5 <nil> <nil>",
		},
		{
			"counts that do not multiply",
			"SELECT pr_src_id, pr_src_meta_label, assigned_count, labeled_count, merged_count, closed_count, comment_count, " +
				"lines_added, lines_removed, commit_count, file_count FROM augur_data.explorer_pr_response_times WHERE pr_src_id IS NOT NULL",
			"11 x:main 1 2 1 1 3 20 2 2 2\n12 <nil> 2 0 0 1 0 0 0 0 0",
		},
		{
			"times",
			"SELECT hours_to_close::text, days_to_close::text, hours_to_first_response::text, hours_to_last_response::text, " +
				"average_time_between_responses::text, created_year, closed_month, repo_group " +
				"FROM augur_data.explorer_pr_response_times WHERE pr_src_id = 11",
			"60.00 2.50 6.00 30.00 12:00:00 2024 1 Default Repo Group",
		},
	} {
		require.Equal(t, sortedLines(test.want), sortedLines(strings.Join(lines(t, pool, test.query), "\n")), test.name)
	}
}

func tied(t *testing.T) string {
	t.Helper()
	sql, err := os.ReadFile(filepath.Join("testdata", "tied.sql"))
	require.NoError(t, err)
	return string(sql)
}

func viewNames(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	return lines(t, pool, "SELECT schemaname || '.' || matviewname FROM pg_matviews ORDER BY 1")
}

func refresh(t *testing.T, pool *pgxpool.Pool, views []string) {
	t.Helper()
	for _, view := range views {
		exec(t, pool, "REFRESH MATERIALIZED VIEW CONCURRENTLY "+view)
	}
}

func contents(t *testing.T, pool *pgxpool.Pool, views []string) []string {
	t.Helper()
	var all []string
	for _, view := range views {
		rows := lines(t, pool, fmt.Sprintf("SELECT %s::text FROM %s ORDER BY 1", view[strings.IndexByte(view, '.')+1:], view))
		require.NotEmpty(t, rows, view)
		all = append(all, rows...)
	}
	return all
}

// lines gives each row as its values with blanks between.
func lines(t *testing.T, pool *pgxpool.Pool, query string) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), query)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		return strings.TrimSuffix(fmt.Sprintln(values...), "\n"), err
	})
	require.NoError(t, err)
	return all
}

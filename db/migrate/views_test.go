package migrate_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
)

// people, a repository, and everything of one second: made-up data with ties wherever an index is unique.
const tied = `
	INSERT INTO augur_data.contributors (cntrb_id, cntrb_login, cntrb_email, cntrb_canonical, cntrb_full_name) VALUES
		('01000000-0100-0000-0000-000000000000', 'ann', 'ann@x.org', 'ann@x.org', 'Ann'),
		('01000000-0200-0000-0000-000000000000', 'ann-work', 'ann@work.org', 'ann@x.org', 'Ann W'),
		('01000000-0300-0000-0000-000000000000', 'bob', NULL, NULL, NULL),
		('01000000-0400-0000-0000-000000000000', NULL, NULL, '', NULL);
	INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git, repo_name) VALUES
		(1, 1, 'https://example.org/one', 'one'), (2, 10, 'https://example.org/two', NULL);

	INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date,
		cmt_committer_name, cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace,
		cmt_filename, cmt_date_attempted, cmt_author_timestamp, cmt_committer_timestamp, cmt_ght_author_id)
	SELECT 1, hash, 'Ann', 'ann@x.org', 'ann@x.org', '2024-01-02', 'C', email, email, '2024-01-03', 10, 1, 0,
		file, '2024-01-03', '2024-01-02 00:00+00', '2024-01-03 00:00+00', who::uuid
	FROM (VALUES
		('aaa', 'a.go', 'c@x.org', '01000000-0100-0000-0000-000000000000'),
		('aaa', 'b.go', 'c@x.org', '01000000-0100-0000-0000-000000000000'),
		('bbb', 'a.go', 'c@x.org', '01000000-0200-0000-0000-000000000000'),
		('ccc', 'a.go', 'd@x.org', NULL)
	) v (hash, file, email, who);

	INSERT INTO augur_data.issues (issue_id, repo_id, reporter_id, created_at, closed_at, pull_request, gh_issue_id, issue_url) VALUES
		(1, 1, '01000000-0300-0000-0000-000000000000', '2024-01-02', '2024-01-05', NULL, 1, 'i1'),
		(2, 1, NULL, '2024-01-02', NULL, NULL, 2, 'i2'),
		(3, 1, '01000000-0300-0000-0000-000000000000', '2024-01-02', NULL, 1, 3, 'i3'),
		(4, NULL, NULL, NULL, NULL, NULL, 4, 'i4');
	INSERT INTO augur_data.issue_events (issue_id, repo_id, action, created_at, node_id, platform_id, issue_event_src_id, cntrb_id) VALUES
		(1, 1, 'assigned', '2024-01-02', 'same', 1, 1, '01000000-0100-0000-0000-000000000000'),
		(1, 1, 'unassigned', '2024-01-03', 'same', 1, 2, '01000000-0100-0000-0000-000000000000'),
		(1, 1, 'assigned', '2024-01-02', NULL, 1, 3, NULL),
		(1, 1, 'assigned', '2024-01-02', NULL, 1, 4, NULL),
		(1, 1, 'closed', '2024-01-05', 'c1', 1, 5, '01000000-0100-0000-0000-000000000000');

	INSERT INTO augur_data.pull_requests (pull_request_id, repo_id, pr_src_id, pr_url, pr_src_state, pr_created_at, pr_closed_at, pr_merged_at,
		pr_augur_contributor_id) VALUES
		(1, 1, 11, 'p1', 'closed', '2024-01-02 00:00', '2024-01-04 12:00', '2024-01-04 12:00', '01000000-0100-0000-0000-000000000000'),
		(2, 1, 12, 'p2', 'closed', '2024-01-02 00:00', '2024-01-03 00:00', NULL, '01000000-0300-0000-0000-000000000000'),
		(3, 1, NULL, 'p3', 'open', NULL, NULL, NULL, NULL),
		(4, 1, NULL, 'p4', 'open', NULL, NULL, NULL, NULL),
		(5, NULL, 15, 'p5', 'open', NULL, NULL, NULL, NULL);
	INSERT INTO augur_data.pull_request_meta (pull_request_id, repo_id, pr_head_or_base, pr_src_meta_label, pr_sha) VALUES
		(1, 1, 'head', 'ann:fix', 's1'), (1, 1, 'base', 'x:main', 's2'), (1, 1, 'base', 'x:main', 's3'), (2, 1, 'base', NULL, 's4');
	INSERT INTO augur_data.pull_request_events (pull_request_id, repo_id, action, created_at, issue_event_src_id, node_id, platform_id, cntrb_id)
	VALUES
		(1, 1, 'assigned', '2024-01-02', 1, 'n1', 1, '01000000-0100-0000-0000-000000000000'),
		(1, 1, 'labeled', '2024-01-02', 2, 'n2', 1, '01000000-0300-0000-0000-000000000000'),
		(1, 1, 'labeled', '2024-01-02', 3, 'n3', 1, '01000000-0300-0000-0000-000000000000'),
		(1, 1, 'merged', '2024-01-04', 4, 'n4', 1, '01000000-0300-0000-0000-000000000000'),
		(1, 1, 'closed', '2024-01-04', 5, 'n5', 1, '01000000-0300-0000-0000-000000000000'),
		(2, 1, 'closed', '2024-01-03', 6, NULL, 1, '01000000-0300-0000-0000-000000000000'),
		(2, 1, 'assigned', '2024-01-03', 7, NULL, 1, NULL),
		(2, 1, 'assigned', '2024-01-03', 8, NULL, 1, NULL);
	INSERT INTO augur_data.message (msg_id, platform_msg_id, repo_id, msg_timestamp, pltfrm_id, cntrb_id) VALUES
		(1, 1, 1, '2024-01-02 06:00', 1, '01000000-0300-0000-0000-000000000000'),
		(2, 2, 1, '2024-01-02 06:00', 1, '01000000-0300-0000-0000-000000000000'),
		(3, 3, 1, '2024-01-03 06:00', 1, NULL),
		(4, 4, 1, '2024-01-02 06:00', 1, '01000000-0300-0000-0000-000000000000'),
		(5, 5, 1, '2024-01-02 06:00', 1, '01000000-0100-0000-0000-000000000000'),
		(6, 6, 1, NULL, 1, '01000000-0400-0000-0000-000000000000'),
		(7, 7, 1, '2024-01-02 07:00', 1, '01000000-0300-0000-0000-000000000000');
	INSERT INTO augur_data.pull_request_message_ref (pull_request_id, repo_id, msg_id, pr_message_ref_src_comment_id) VALUES
		(1, 1, 1, 1), (1, 1, 2, 2), (1, 1, 3, 3);
	INSERT INTO augur_data.pull_request_reviews (pr_review_id, pull_request_id, repo_id, pr_review_state, pr_review_submitted_at,
		pr_review_src_id, platform_id, cntrb_id) VALUES
		(1, 1, 1, 'APPROVED', '2024-01-03', 1, 1, '01000000-0300-0000-0000-000000000000'),
		(2, 1, 1, NULL, NULL, 2, 1, '01000000-0300-0000-0000-000000000000');
	INSERT INTO augur_data.pull_request_review_message_ref (pr_review_id, repo_id, msg_id, pr_review_msg_src_id) VALUES (1, 1, 4, 4);
	INSERT INTO augur_data.issue_message_ref (issue_id, repo_id, msg_id, issue_msg_ref_src_comment_id) VALUES (1, 1, 5, 5), (1, 1, 6, 6);
	INSERT INTO augur_data.pull_request_commits (pull_request_id, repo_id, pr_cmt_sha) VALUES (1, 1, 'aaa'), (1, NULL, 'aaa'), (1, 1, 'zzz');
	INSERT INTO augur_data.commit_comment_ref (cmt_id, msg_id, user_id, cmt_comment_src_id, created_at)
	SELECT min(cmt_id), 7, 1, 1, '2024-01-02 07:00' FROM augur_data.commits;

	INSERT INTO augur_data.repo_labor (repo_id, rl_analysis_date, programming_language, file_path, file_name, code_lines, data_collection_date)
	VALUES
		(1, '2024-01-01', 'Go', '/', 'old.go', 1000, '2024-01-01 00:00'),
		(1, '2024-02-01', 'Go', '/', 'a.go', 5, '2024-02-01 00:00'),
		(1, '2024-02-01', 'Go', '/', 'b.go', 7, '2024-02-01 00:05'),
		(1, '2024-02-01', NULL, '/', 'LICENSE', NULL, '2024-02-01 00:05');
	INSERT INTO augur_operations.user_repos (group_id, repo_id) VALUES (1, 1), (1, 2);
`

func TestViewsRefreshConcurrentlyWhateverTheData(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	views := viewNames(t, pool)
	require.Len(t, views, 14)
	refresh(t, pool, views) // nothing
	exec(t, pool, tied)
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
	exec(t, pool, tied)
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

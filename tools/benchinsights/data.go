package main

// benchData makes the sample: $1 repositories, $2 days. Each has 0 to 4 commits of 3 files, 0 to 2 issues with an answer, and 0 to 1 pull requests a day.
var benchData = []string{
	`INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git, repo_path, repo_name, data_source)
	SELECT r, 1, 'https://example.org/bench/' || r, '', '', 'bench' FROM generate_series(1, $1::int) AS r WHERE $2::int > 0`,
	`INSERT INTO augur_operations.collection_status (repo_id) SELECT repo_id FROM augur_data.repo WHERE $1::int + $2::int > 0`,
	`INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_committer_name,
		cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
	SELECT r, md5(r || '-' || d || '-' || n), 'Ann ' || n, 'a' || n || '@example.org', 'a' || (r * 31 + d * 7 + n) % 97 || '@example.org', to_char(now() - make_interval(days => d), 'YYYY-MM-DD'),
		'Ann', '', '', '', (r + d * 13 + n * 7 + f) % 60, 0, 0, 'file' || f, now()
	FROM generate_series(1, $1::int) AS r, generate_series(1, $2::int) AS d, generate_series(1, 4) AS n, generate_series(1, 3) AS f
	WHERE n <= (r * 5 + d * 11 + d % 7 * 3) % 5`,
	`INSERT INTO augur_data.issues (issue_id, repo_id, created_at, closed_at, gh_issue_number, gh_issue_id, issue_url)
	SELECT row_number() OVER (), r, now() - make_interval(days => d), now() - make_interval(days => d - 1), d * 2 + n, r * 100000 + d * 2 + n, 'i' || r || '-' || d || '-' || n
	FROM generate_series(1, $1::int) AS r, generate_series(1, $2::int) AS d, generate_series(0, 1) AS n
	WHERE (r + d * 3 + n) % 3 = 0`,
	`INSERT INTO augur_data.message (msg_id, repo_id, platform_msg_id, msg_timestamp, pltfrm_id)
	SELECT issue_id, repo_id, issue_id, created_at + interval '5 hours', (SELECT min(pltfrm_id) FROM augur_data.platform) FROM augur_data.issues WHERE $1::int + $2::int > 0`,
	`INSERT INTO augur_data.issue_message_ref (issue_id, repo_id, msg_id, issue_msg_ref_src_comment_id)
	SELECT issue_id, repo_id, issue_id, issue_id FROM augur_data.issues WHERE $1::int + $2::int > 0`,
	`INSERT INTO augur_data.pull_requests (repo_id, pr_created_at, pr_merged_at, pr_src_id, pr_url)
	SELECT r, now() - make_interval(days => d), now() - make_interval(days => d - 1), r * 100000 + d, 'p' || r || '-' || d
	FROM generate_series(1, $1::int) AS r, generate_series(1, $2::int) AS d
	WHERE (r + d * 5) % 3 = 0`,
}

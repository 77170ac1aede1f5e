-- Made-up data with ties wherever a view has a unique index: everything happens in one second, twice, or to nobody.

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

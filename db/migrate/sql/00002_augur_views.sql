-- The 14 materialized views of Augur. Column names, order and types are a contract, as in 00001; so are the unique indexes, which
-- REFRESH MATERIALIZED VIEW CONCURRENTLY needs. A refresh must never fail for the data that it meets: each index holds by construction
-- (a key of the tables, a GROUP BY, a DISTINCT or a row number), and the comment at a view says which when it is not plain.
-- NULLs in indexed columns are allowed; such rows are rewritten by each refresh.

-- +goose Up

-- Not one of Augur's: the acts of people, from which three of the views are made. A commit is one act however many files it
-- touches. source_id only breaks ties between acts of one second, so that refreshing without new data changes nothing.
-- An act whose author is unknown is no one's, and left out.
CREATE VIEW augur_operations.contributor_acts AS
SELECT
    c.cmt_ght_author_id AS cntrb_id,
    min(c.cmt_author_timestamp)::timestamptz AS created_at,
    c.repo_id,
    'commit'::text AS action,
    min(c.cmt_id) AS source_id
FROM augur_data.commits c
WHERE c.cmt_ght_author_id IS NOT NULL
GROUP BY c.cmt_ght_author_id, c.repo_id, c.cmt_commit_hash
UNION ALL
SELECT i.reporter_id, i.created_at AT TIME ZONE 'UTC', i.repo_id, 'issue_opened', i.issue_id
FROM augur_data.issues i
WHERE i.pull_request IS NULL
    AND i.reporter_id IS NOT NULL
UNION ALL
SELECT e.cntrb_id, e.created_at AT TIME ZONE 'UTC', i.repo_id, 'issue_closed', e.event_id
FROM augur_data.issue_events e
JOIN augur_data.issues i ON i.issue_id = e.issue_id
WHERE e.action = 'closed'
    AND i.pull_request IS NULL
    AND e.cntrb_id IS NOT NULL
UNION ALL
SELECT m.cntrb_id, m.msg_timestamp AT TIME ZONE 'UTC', i.repo_id, 'issue_comment', m.msg_id
FROM augur_data.issue_message_ref r
JOIN augur_data.issues i ON i.issue_id = r.issue_id
JOIN augur_data.message m ON m.msg_id = r.msg_id
WHERE i.pull_request IS NULL
    AND m.cntrb_id IS NOT NULL
UNION ALL
SELECT p.pr_augur_contributor_id, p.pr_created_at AT TIME ZONE 'UTC', p.repo_id, 'pull_request_open', p.pull_request_id
FROM augur_data.pull_requests p
WHERE p.pr_augur_contributor_id IS NOT NULL
UNION ALL
SELECT e.cntrb_id, e.created_at AT TIME ZONE 'UTC', p.repo_id, 'pull_request_closed', e.pr_event_id
FROM augur_data.pull_request_events e
JOIN augur_data.pull_requests p ON p.pull_request_id = e.pull_request_id
WHERE e.action = 'closed'
    AND p.pr_merged_at IS NULL
    AND e.cntrb_id IS NOT NULL
UNION ALL
SELECT e.cntrb_id, e.created_at AT TIME ZONE 'UTC', p.repo_id, 'pull_request_merged', e.pr_event_id
FROM augur_data.pull_request_events e
JOIN augur_data.pull_requests p ON p.pull_request_id = e.pull_request_id
WHERE e.action = 'merged'
    AND e.cntrb_id IS NOT NULL
UNION ALL
SELECT m.cntrb_id, m.msg_timestamp AT TIME ZONE 'UTC', p.repo_id, 'pull_request_comment', m.msg_id
FROM augur_data.pull_request_message_ref r
JOIN augur_data.pull_requests p ON p.pull_request_id = r.pull_request_id
JOIN augur_data.message m ON m.msg_id = r.msg_id
WHERE m.cntrb_id IS NOT NULL
UNION ALL
SELECT
    v.cntrb_id,
    v.pr_review_submitted_at AT TIME ZONE 'UTC',
    p.repo_id,
    'pull_request_review_' || v.pr_review_state,
    v.pr_review_id
FROM augur_data.pull_request_reviews v
JOIN augur_data.pull_requests p ON p.pull_request_id = v.pull_request_id
WHERE v.pr_review_state IS NOT NULL
UNION ALL
SELECT m.cntrb_id, r.created_at AT TIME ZONE 'UTC', c.repo_id, 'commit_comment', r.cmt_comment_id
FROM augur_data.commit_comment_ref r
JOIN augur_data.commits c ON c.cmt_id = r.cmt_id
JOIN augur_data.message m ON m.msg_id = r.msg_id
WHERE m.cntrb_id IS NOT NULL;
COMMENT ON VIEW augur_operations.contributor_acts IS
    'One row per act of a person: commits, issues, pull requests, comments, reviews. The views on contributors are made from it.';

CREATE MATERIALIZED VIEW augur_data.api_get_all_repo_prs AS
SELECT p.repo_id, count(*) AS pull_requests_all_time
FROM augur_data.pull_requests p
GROUP BY p.repo_id;
CREATE UNIQUE INDEX api_get_all_repo_prs_repo_id_idx ON augur_data.api_get_all_repo_prs (repo_id);
COMMENT ON MATERIALIZED VIEW augur_data.api_get_all_repo_prs IS 'Pull requests of each repository, over all time.';

CREATE MATERIALIZED VIEW augur_data.api_get_all_repos_commits AS
SELECT c.repo_id, count(DISTINCT c.cmt_commit_hash) AS commits_all_time
FROM augur_data.commits c
GROUP BY c.repo_id;
CREATE UNIQUE INDEX api_get_all_repos_commits_repo_id_idx ON augur_data.api_get_all_repos_commits (repo_id);
COMMENT ON MATERIALIZED VIEW augur_data.api_get_all_repos_commits IS 'Commits of each repository, over all time.';

CREATE MATERIALIZED VIEW augur_data.api_get_all_repos_issues AS
SELECT i.repo_id, count(*) AS issues_all_time
FROM augur_data.issues i
WHERE i.pull_request IS NULL
GROUP BY i.repo_id;
CREATE UNIQUE INDEX api_get_all_repos_issues_repo_id_idx ON augur_data.api_get_all_repos_issues (repo_id);
COMMENT ON MATERIALIZED VIEW augur_data.api_get_all_repos_issues IS 'Issues of each repository (pull requests excluded), over all time.';

-- The next two hold the same rows under two names. (cntrb_id, repo_id, rank) is unique: rank is a row number.
CREATE MATERIALIZED VIEW augur_data.augur_new_contributors AS
SELECT
    a.cntrb_id,
    a.created_at,
    a.repo_id,
    a.action,
    r.repo_name,
    c.cntrb_login AS login,
    row_number() OVER (
        PARTITION BY a.cntrb_id, a.repo_id
        ORDER BY a.created_at DESC NULLS LAST, a.action, a.source_id
    ) AS rank
FROM augur_operations.contributor_acts a
JOIN augur_data.repo r ON r.repo_id = a.repo_id
JOIN augur_data.contributors c ON c.cntrb_id = a.cntrb_id
WHERE a.action <> 'commit_comment';
CREATE UNIQUE INDEX augur_new_contributors_cntrb_id_created_at_repo_id_repo_nam_idx
    ON augur_data.augur_new_contributors (cntrb_id, created_at, repo_id, repo_name, login, rank);
COMMENT ON MATERIALIZED VIEW augur_data.augur_new_contributors IS
    'One row per act of a person in a repository; rank 1 is the person''s newest act there. The same as explorer_contributor_actions.';

CREATE MATERIALIZED VIEW augur_data.explorer_contributor_actions AS
SELECT
    a.cntrb_id,
    a.created_at,
    a.repo_id,
    a.action,
    r.repo_name,
    c.cntrb_login AS login,
    row_number() OVER (
        PARTITION BY a.cntrb_id, a.repo_id
        ORDER BY a.created_at DESC NULLS LAST, a.action, a.source_id
    ) AS rank
FROM augur_operations.contributor_acts a
JOIN augur_data.repo r ON r.repo_id = a.repo_id
JOIN augur_data.contributors c ON c.cntrb_id = a.cntrb_id
WHERE a.action <> 'commit_comment';
CREATE UNIQUE INDEX explorer_contributor_actions_cntrb_id_created_at_repo_id_ac_idx
    ON augur_data.explorer_contributor_actions (cntrb_id, created_at, repo_id, action, repo_name, login, rank);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_contributor_actions IS
    'One row per act of a person in a repository; rank 1 is the person''s newest act there. A comment counts for who wrote it.';

CREATE MATERIALIZED VIEW augur_data.explorer_commits_and_committers_daily_count AS
SELECT
    r.repo_id,
    r.repo_name,
    c.cmt_committer_date,
    count(DISTINCT c.cmt_commit_hash) AS num_of_commits,
    count(DISTINCT c.cmt_committer_raw_email) AS num_of_unique_committers
FROM augur_data.commits c
JOIN augur_data.repo r ON r.repo_id = c.repo_id
GROUP BY r.repo_id, r.repo_name, c.cmt_committer_date;
CREATE UNIQUE INDEX explorer_commits_and_committers__repo_id_cmt_committer_date_idx
    ON augur_data.explorer_commits_and_committers_daily_count (repo_id, cmt_committer_date);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_commits_and_committers_daily_count IS
    'Commits (each once, not once per file) and distinct committer e-mails per repository and committer date.';

CREATE MATERIALIZED VIEW augur_data.explorer_entry_list AS
SELECT r.repo_git, r.repo_id, r.repo_name, g.rg_name
FROM augur_data.repo r
JOIN augur_data.repo_groups g ON g.repo_group_id = r.repo_group_id;
CREATE UNIQUE INDEX explorer_entry_list_repo_id_idx ON augur_data.explorer_entry_list (repo_id);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_entry_list IS 'Each repository with the name of its group.';

-- Events have no key on node_id: of two events of one issue with the same node_id the newest stays. Events without one all stay.
CREATE MATERIALIZED VIEW augur_data.explorer_issue_assignments AS
SELECT DISTINCT ON (i.issue_id, coalesce(e.node_id, 'event ' || e.event_id))
    i.issue_id,
    i.repo_id AS id,
    i.created_at AS created,
    i.closed_at AS closed,
    e.created_at AS assign_date,
    e.action AS assignment_action,
    e.cntrb_id AS assignee,
    e.node_id
FROM augur_data.issues i
LEFT JOIN augur_data.issue_events e ON e.issue_id = i.issue_id AND e.action IN ('assigned', 'unassigned')
WHERE i.pull_request IS NULL
ORDER BY i.issue_id, coalesce(e.node_id, 'event ' || e.event_id), e.event_id DESC;
CREATE UNIQUE INDEX explorer_issue_assignments_issue_id_id_node_id_idx
    ON augur_data.explorer_issue_assignments (issue_id, id, node_id);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_issue_assignments IS
    'Each issue with each of its assigned and unassigned events; one row without an event for an issue that was never assigned.';

-- node_id is a key of pull_request_events.
CREATE MATERIALIZED VIEW augur_data.explorer_pr_assignments AS
SELECT
    p.pull_request_id,
    p.repo_id AS id,
    p.pr_created_at AS created,
    p.pr_closed_at AS closed,
    e.created_at AS assign_date,
    e.action AS assignment_action,
    e.cntrb_id AS assignee,
    e.node_id
FROM augur_data.pull_requests p
LEFT JOIN augur_data.pull_request_events e
    ON e.pull_request_id = p.pull_request_id AND e.action IN ('assigned', 'unassigned');
CREATE UNIQUE INDEX explorer_pr_assignments_pull_request_id_id_node_id_idx
    ON augur_data.explorer_pr_assignments (pull_request_id, id, node_id);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_pr_assignments IS
    'Each pull request with each of its assigned and unassigned events; one row without an event for one that was never assigned.';

-- People with one canonical e-mail are one person: the contributor that has it as e-mail, else the one with the lowest id.
-- (cntrb_id, repo_id, rank) is unique: rank is a row number over the merged person.
CREATE MATERIALIZED VIEW augur_data.explorer_new_contributors AS
WITH people AS (
    SELECT
        c.cntrb_id,
        first_value(c.cntrb_id) OVER same_person AS person_id
    FROM augur_data.contributors c
    WINDOW same_person AS (
        PARTITION BY coalesce(nullif(c.cntrb_canonical, ''), c.cntrb_id::text)
        ORDER BY coalesce(c.cntrb_email = c.cntrb_canonical, false) DESC, c.cntrb_id
    )
),
ranked AS (
    SELECT
        p.person_id,
        a.created_at,
        a.repo_id,
        row_number() OVER (
            PARTITION BY p.person_id, a.repo_id
            ORDER BY a.created_at, a.action, a.source_id
        ) AS rank
    FROM augur_operations.contributor_acts a
    JOIN people p ON p.cntrb_id = a.cntrb_id
    WHERE a.created_at IS NOT NULL
        AND a.action IN (
            'commit', 'commit_comment', 'issue_opened', 'issue_closed', 'issue_comment', 'pull_request_open', 'pull_request_comment'
        )
)
SELECT
    a.person_id AS cntrb_id,
    a.created_at,
    date_part('month', a.created_at AT TIME ZONE 'UTC') AS month,
    date_part('year', a.created_at AT TIME ZONE 'UTC') AS year,
    a.repo_id,
    r.repo_name,
    c.cntrb_full_name AS full_name,
    c.cntrb_login AS login,
    a.rank
FROM ranked a
JOIN augur_data.repo r ON r.repo_id = a.repo_id
JOIN augur_data.contributors c ON c.cntrb_id = a.person_id
WHERE a.rank <= 7;
CREATE UNIQUE INDEX explorer_new_contributors_cntrb_id_created_at_month_year_re_idx
    ON augur_data.explorer_new_contributors (cntrb_id, created_at, month, year, repo_id, full_name, repo_name, login, rank);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_new_contributors IS
    'The first seven acts of a person in a repository, oldest first (rank 1 is the first). People with one canonical e-mail are merged.';

-- UNION removes equal comments: two of one person in one second are one response.
CREATE MATERIALIZED VIEW augur_data.explorer_pr_response AS
WITH responses AS (
    SELECT r.pull_request_id, m.msg_timestamp, m.cntrb_id
    FROM augur_data.pull_request_message_ref r
    JOIN augur_data.message m ON m.msg_id = r.msg_id
    UNION
    SELECT v.pull_request_id, m.msg_timestamp, m.cntrb_id
    FROM augur_data.pull_request_review_message_ref r
    JOIN augur_data.pull_request_reviews v ON v.pr_review_id = r.pr_review_id
    JOIN augur_data.message m ON m.msg_id = r.msg_id
)
SELECT
    p.pull_request_id,
    p.repo_id AS id,
    p.pr_augur_contributor_id AS cntrb_id,
    m.msg_timestamp,
    m.cntrb_id AS msg_cntrb_id,
    p.pr_created_at,
    p.pr_closed_at
FROM augur_data.pull_requests p
LEFT JOIN responses m ON m.pull_request_id = p.pull_request_id;
CREATE UNIQUE INDEX explorer_pr_response_pull_request_id_id_cntrb_id_msg_cntrb__idx
    ON augur_data.explorer_pr_response (pull_request_id, id, cntrb_id, msg_cntrb_id, msg_timestamp);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_pr_response IS
    'Each pull request with the author and time of each comment and review comment; one row without a comment when there is none.';

-- One row per pull request: each part is grouped by pull request before it is joined, so events, comments and commits do not
-- multiply each other. A pull request has several rows of meta data when its branches moved: the newest 'base' counts.
CREATE MATERIALIZED VIEW augur_data.explorer_pr_response_times AS
WITH base AS (
    SELECT DISTINCT ON (t.pull_request_id) t.pull_request_id, t.pr_src_meta_label, t.pr_head_or_base
    FROM augur_data.pull_request_meta t
    WHERE t.pr_head_or_base = 'base'
    ORDER BY t.pull_request_id, t.pr_repo_meta_id DESC
),
responses AS (
    SELECT
        r.pull_request_id,
        count(DISTINCT m.msg_id) AS comment_count,
        min(m.msg_timestamp) AS first_response_time,
        max(m.msg_timestamp) AS last_response_time
    FROM augur_data.pull_request_message_ref r
    JOIN augur_data.message m ON m.msg_id = r.msg_id
    GROUP BY r.pull_request_id
),
events AS (
    SELECT
        e.pull_request_id,
        count(*) FILTER (WHERE e.action = 'assigned') AS assigned_count,
        count(*) FILTER (WHERE e.action = 'review_requested') AS review_requested_count,
        count(*) FILTER (WHERE e.action = 'labeled') AS labeled_count,
        count(*) FILTER (WHERE e.action = 'subscribed') AS subscribed_count,
        count(*) FILTER (WHERE e.action = 'mentioned') AS mentioned_count,
        count(*) FILTER (WHERE e.action = 'referenced') AS referenced_count,
        count(*) FILTER (WHERE e.action = 'closed') AS closed_count,
        count(*) FILTER (WHERE e.action = 'head_ref_force_pushed') AS head_ref_force_pushed_count,
        count(*) FILTER (WHERE e.action = 'merged') AS merged_count,
        count(*) FILTER (WHERE e.action = 'milestoned') AS milestoned_count,
        count(*) FILTER (WHERE e.action = 'unlabeled') AS unlabeled_count,
        count(*) FILTER (WHERE e.action = 'head_ref_deleted') AS head_ref_deleted_count
    FROM augur_data.pull_request_events e
    GROUP BY e.pull_request_id
),
changes AS (
    SELECT
        t.pull_request_id,
        sum(c.cmt_added) AS lines_added,
        sum(c.cmt_removed) AS lines_removed,
        count(DISTINCT t.pr_cmt_sha) AS commit_count,
        count(DISTINCT c.cmt_filename) AS file_count
    FROM (
        SELECT DISTINCT q.pull_request_id, p.repo_id, q.pr_cmt_sha
        FROM augur_data.pull_request_commits q
        JOIN augur_data.pull_requests p ON p.pull_request_id = q.pull_request_id
    ) t
    LEFT JOIN augur_data.commits c ON c.repo_id = t.repo_id AND c.cmt_commit_hash = t.pr_cmt_sha
    GROUP BY t.pull_request_id
)
SELECT
    p.repo_id,
    p.pr_src_id,
    r.repo_name,
    p.pr_src_author_association,
    g.rg_name AS repo_group,
    p.pr_src_state,
    p.pr_merged_at,
    p.pr_created_at,
    p.pr_closed_at,
    date_part('year', p.pr_created_at) AS created_year,
    date_part('month', p.pr_created_at) AS created_month,
    date_part('year', p.pr_closed_at) AS closed_year,
    date_part('month', p.pr_closed_at) AS closed_month,
    b.pr_src_meta_label,
    b.pr_head_or_base,
    round((date_part('epoch', p.pr_closed_at - p.pr_created_at) / 3600)::numeric, 2) AS hours_to_close,
    round((date_part('epoch', p.pr_closed_at - p.pr_created_at) / 86400)::numeric, 2) AS days_to_close,
    round((date_part('epoch', m.first_response_time - p.pr_created_at) / 3600)::numeric, 2) AS hours_to_first_response,
    round((date_part('epoch', m.first_response_time - p.pr_created_at) / 86400)::numeric, 2) AS days_to_first_response,
    round((date_part('epoch', m.last_response_time - p.pr_created_at) / 3600)::numeric, 2) AS hours_to_last_response,
    round((date_part('epoch', m.last_response_time - p.pr_created_at) / 86400)::numeric, 2) AS days_to_last_response,
    m.first_response_time,
    m.last_response_time,
    (m.last_response_time - m.first_response_time) / nullif(m.comment_count - 1, 0)::double precision AS average_time_between_responses,
    coalesce(e.assigned_count, 0) AS assigned_count,
    coalesce(e.review_requested_count, 0) AS review_requested_count,
    coalesce(e.labeled_count, 0) AS labeled_count,
    coalesce(e.subscribed_count, 0) AS subscribed_count,
    coalesce(e.mentioned_count, 0) AS mentioned_count,
    coalesce(e.referenced_count, 0) AS referenced_count,
    coalesce(e.closed_count, 0) AS closed_count,
    coalesce(e.head_ref_force_pushed_count, 0) AS head_ref_force_pushed_count,
    coalesce(e.merged_count, 0) AS merged_count,
    coalesce(e.milestoned_count, 0) AS milestoned_count,
    coalesce(e.unlabeled_count, 0) AS unlabeled_count,
    coalesce(e.head_ref_deleted_count, 0) AS head_ref_deleted_count,
    coalesce(m.comment_count, 0) AS comment_count,
    coalesce(d.lines_added, 0) AS lines_added,
    coalesce(d.lines_removed, 0) AS lines_removed,
    coalesce(d.commit_count, 0) AS commit_count,
    coalesce(d.file_count, 0) AS file_count
FROM augur_data.pull_requests p
JOIN augur_data.repo r ON r.repo_id = p.repo_id
JOIN augur_data.repo_groups g ON g.repo_group_id = r.repo_group_id
LEFT JOIN base b ON b.pull_request_id = p.pull_request_id
LEFT JOIN responses m ON m.pull_request_id = p.pull_request_id
LEFT JOIN events e ON e.pull_request_id = p.pull_request_id
LEFT JOIN changes d ON d.pull_request_id = p.pull_request_id;
CREATE UNIQUE INDEX explorer_pr_response_times_repo_id_pr_src_id_pr_src_meta_la_idx
    ON augur_data.explorer_pr_response_times (repo_id, pr_src_id, pr_src_meta_label);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_pr_response_times IS
    'One row per pull request: how long until it was answered and closed, how many comments and events of each kind, how much it changed.';

CREATE MATERIALIZED VIEW augur_data.explorer_repo_languages AS
SELECT
    r.repo_id,
    r.repo_git,
    r.repo_name,
    l.programming_language,
    sum(l.code_lines) AS code_lines,
    count(*)::integer AS files
FROM augur_data.repo_labor l
JOIN augur_data.repo r ON r.repo_id = l.repo_id
JOIN (
    SELECT n.repo_id, max(n.data_collection_date) AS collected
    FROM augur_data.repo_labor n
    GROUP BY n.repo_id
) newest ON newest.repo_id = l.repo_id
WHERE l.data_collection_date >= newest.collected - interval '5 minutes'
GROUP BY r.repo_id, r.repo_git, r.repo_name, l.programming_language;
CREATE UNIQUE INDEX explorer_repo_languages_repo_id_programming_language_idx
    ON augur_data.explorer_repo_languages (repo_id, programming_language);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_repo_languages IS
    'Lines of code and files per language in the newest snapshot of each repository: rows within five minutes of the latest.';

CREATE MATERIALIZED VIEW augur_data.explorer_user_repos AS
SELECT u.login_name, u.user_id, g.group_id, r.repo_id
FROM augur_operations.user_repos r
JOIN augur_operations.user_groups g ON g.group_id = r.group_id
JOIN augur_operations.users u ON u.user_id = g.user_id;
CREATE UNIQUE INDEX explorer_user_repos_login_name_user_id_group_id_repo_id_idx
    ON augur_data.explorer_user_repos (login_name, user_id, group_id, repo_id);
COMMENT ON MATERIALIZED VIEW augur_data.explorer_user_repos IS 'The repositories in the groups of each user.';

-- +goose Down

DROP MATERIALIZED VIEW
    augur_data.api_get_all_repo_prs,
    augur_data.api_get_all_repos_commits,
    augur_data.api_get_all_repos_issues,
    augur_data.augur_new_contributors,
    augur_data.explorer_commits_and_committers_daily_count,
    augur_data.explorer_contributor_actions,
    augur_data.explorer_entry_list,
    augur_data.explorer_issue_assignments,
    augur_data.explorer_new_contributors,
    augur_data.explorer_pr_assignments,
    augur_data.explorer_pr_response,
    augur_data.explorer_pr_response_times,
    augur_data.explorer_repo_languages,
    augur_data.explorer_user_repos;
DROP VIEW augur_operations.contributor_acts;

-- Who or what is behind the days of a series, the largest part first. They are asked for flagged days only.

-- name: DriversCommits :many
-- DriversCommits lists the authors of the commits of some days, each by the name that is most often theirs.
SELECT (mode() WITHIN GROUP (ORDER BY c.cmt_author_name))::text AS name, count(DISTINCT c.cmt_commit_hash)::float8 AS amount
FROM augur_data.commits c
WHERE c.repo_id = @repo_id
    AND c.cmt_author_date >= to_char(@from_day::timestamp, 'YYYY-MM-DD') AND c.cmt_author_date < to_char(@to_day::timestamp, 'YYYY-MM-DD')
GROUP BY coalesce(c.cmt_ght_author_id::text, lower(c.cmt_author_email))
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversLines :many
-- DriversLines lists the commits of some days with the lines that they added.
SELECT (left(c.cmt_commit_hash, 10) || ' by ' || min(c.cmt_author_name))::text AS name, sum(c.cmt_added)::float8 AS amount
FROM augur_data.commits c
WHERE c.repo_id = @repo_id
    AND c.cmt_author_date >= to_char(@from_day::timestamp, 'YYYY-MM-DD') AND c.cmt_author_date < to_char(@to_day::timestamp, 'YYYY-MM-DD')
GROUP BY c.cmt_commit_hash
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversIssuesNew :many
-- DriversIssuesNew lists who opened the issues of some days.
SELECT coalesce(p.cntrb_login, 'unknown')::text AS name, count(*)::float8 AS amount
FROM augur_data.issues i
LEFT JOIN augur_data.contributors p ON p.cntrb_id = i.reporter_id
WHERE i.repo_id = @repo_id::bigint AND i.pull_request IS NULL AND i.created_at >= @from_day::timestamp AND i.created_at < @to_day::timestamp
GROUP BY p.cntrb_login
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversIssuesClosed :many
-- DriversIssuesClosed lists who closed the issues of some days.
SELECT coalesce(p.cntrb_login, 'unknown')::text AS name, count(*)::float8 AS amount
FROM augur_data.issues i
LEFT JOIN augur_data.contributors p ON p.cntrb_id = i.cntrb_id
WHERE i.repo_id = @repo_id::bigint AND i.pull_request IS NULL AND i.closed_at >= @from_day::timestamp AND i.closed_at < @to_day::timestamp
GROUP BY p.cntrb_login
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversReviews :many
-- DriversReviews lists who opened the pull requests of some days.
SELECT coalesce(p.cntrb_login, 'unknown')::text AS name, count(*)::float8 AS amount
FROM augur_data.pull_requests r
LEFT JOIN augur_data.contributors p ON p.cntrb_id = r.pr_augur_contributor_id
WHERE r.repo_id = @repo_id::bigint AND r.pr_created_at >= @from_day::timestamp AND r.pr_created_at < @to_day::timestamp
GROUP BY p.cntrb_login
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversPullRequestsMerged :many
-- DriversPullRequestsMerged lists whose pull requests were merged on some days.
SELECT coalesce(p.cntrb_login, 'unknown')::text AS name, count(*)::float8 AS amount
FROM augur_data.pull_requests r
LEFT JOIN augur_data.contributors p ON p.cntrb_id = r.pr_augur_contributor_id
WHERE r.repo_id = @repo_id::bigint AND r.pr_merged_at >= @from_day::timestamp AND r.pr_merged_at < @to_day::timestamp
GROUP BY p.cntrb_login
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversContributorsNew :many
-- DriversContributorsNew lists the people who were new on some days.
SELECT coalesce(p.cntrb_login, f.person)::text AS name, 1::float8 AS amount
FROM augur_operations.contributor_first_day f
LEFT JOIN augur_data.contributors p ON p.cntrb_id::text = f.person
WHERE f.repo_id = @repo_id
    AND f.first_day >= to_char(@from_day::timestamp, 'YYYY-MM-DD') AND f.first_day < to_char(@to_day::timestamp, 'YYYY-MM-DD')
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversFirstResponse :many
-- DriversFirstResponse lists the issues that were first answered on some days, with the hours that they had waited.
SELECT ('issue ' || coalesce(a.gh_issue_number::text, '?'))::text AS name, (extract(epoch FROM a.answered_at - a.created_at) / 3600)::float8 AS amount
FROM (
    SELECT i.gh_issue_number, i.created_at, min(m.msg_timestamp) AS answered_at
    FROM augur_data.issues i
    JOIN augur_data.issue_message_ref r ON r.issue_id = i.issue_id
    JOIN augur_data.message m ON m.msg_id = r.msg_id AND m.cntrb_id IS DISTINCT FROM i.reporter_id AND m.msg_timestamp >= i.created_at
    WHERE i.repo_id = @repo_id::bigint AND i.pull_request IS NULL
    GROUP BY i.issue_id
) AS a
WHERE a.answered_at >= @from_day::timestamp AND a.answered_at < @to_day::timestamp
ORDER BY amount DESC, name
LIMIT 1000;

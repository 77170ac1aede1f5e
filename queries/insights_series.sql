-- The daily series of a repository: one definition each, shared by whatever shows them. Days are UTC, but those of commits, which are the author's. A day without a row
-- had none; to_day is the day after the last one.

-- name: SeriesIssuesNew :many
-- SeriesIssuesNew counts the issues that were opened on each day.
SELECT to_char(i.created_at, 'YYYY-MM-DD')::text AS day, count(*)::float8 AS value
FROM augur_data.issues i
WHERE i.repo_id = @repo_id::bigint AND i.pull_request IS NULL AND i.created_at >= @from_day::timestamp AND i.created_at < @to_day::timestamp
GROUP BY day
ORDER BY day;

-- name: SeriesIssuesClosed :many
-- SeriesIssuesClosed counts the issues that were closed on each day.
SELECT to_char(i.closed_at, 'YYYY-MM-DD')::text AS day, count(*)::float8 AS value
FROM augur_data.issues i
WHERE i.repo_id = @repo_id::bigint AND i.pull_request IS NULL AND i.closed_at >= @from_day::timestamp AND i.closed_at < @to_day::timestamp
GROUP BY day
ORDER BY day;

-- name: SeriesReviews :many
-- SeriesReviews counts the pull requests that were opened on each day: what Augur calls reviews.
SELECT to_char(p.pr_created_at, 'YYYY-MM-DD')::text AS day, count(*)::float8 AS value
FROM augur_data.pull_requests p
WHERE p.repo_id = @repo_id::bigint AND p.pr_created_at >= @from_day::timestamp AND p.pr_created_at < @to_day::timestamp
GROUP BY day
ORDER BY day;

-- name: SeriesPullRequestsMerged :many
-- SeriesPullRequestsMerged counts the pull requests that were merged on each day.
SELECT to_char(p.pr_merged_at, 'YYYY-MM-DD')::text AS day, count(*)::float8 AS value
FROM augur_data.pull_requests p
WHERE p.repo_id = @repo_id::bigint AND p.pr_merged_at >= @from_day::timestamp AND p.pr_merged_at < @to_day::timestamp
GROUP BY day
ORDER BY day;

-- name: SeriesCodeChanges :many
-- SeriesCodeChanges counts the commits of each day, by the date of their authors.
SELECT c.cmt_author_date::text AS day, count(DISTINCT c.cmt_commit_hash)::float8 AS value
FROM augur_data.commits c
WHERE c.repo_id = @repo_id
    AND c.cmt_author_date >= to_char(@from_day::timestamp, 'YYYY-MM-DD') AND c.cmt_author_date < to_char(@to_day::timestamp, 'YYYY-MM-DD')
GROUP BY day
ORDER BY day;

-- name: SeriesCodeChangesLines :many
-- SeriesCodeChangesLines counts the lines that the commits of each day added.
SELECT c.cmt_author_date::text AS day, sum(c.cmt_added)::float8 AS value
FROM augur_data.commits c
WHERE c.repo_id = @repo_id
    AND c.cmt_author_date >= to_char(@from_day::timestamp, 'YYYY-MM-DD') AND c.cmt_author_date < to_char(@to_day::timestamp, 'YYYY-MM-DD')
GROUP BY day
ORDER BY day;

-- name: SeriesContributorsNew :many
-- SeriesContributorsNew counts the people whose first activity was on each day.
SELECT f.first_day::text AS day, count(*)::float8 AS value
FROM augur_operations.contributor_first_day f
WHERE f.repo_id = @repo_id
    AND f.first_day >= to_char(@from_day::timestamp, 'YYYY-MM-DD') AND f.first_day < to_char(@to_day::timestamp, 'YYYY-MM-DD')
GROUP BY f.first_day
ORDER BY day;

-- name: SeriesTimeToFirstResponse :many
-- SeriesTimeToFirstResponse gives the median hours that the issues of each day on which some were first answered had waited for a comment by another person.
SELECT to_char(a.answered_at, 'YYYY-MM-DD')::text AS day,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.answered_at - a.created_at)) / 3600)::float8 AS value
FROM (
    SELECT i.created_at, min(m.msg_timestamp) AS answered_at
    FROM augur_data.issues i
    JOIN augur_data.issue_message_ref r ON r.issue_id = i.issue_id
    JOIN augur_data.message m ON m.msg_id = r.msg_id AND m.cntrb_id IS DISTINCT FROM i.reporter_id AND m.msg_timestamp >= i.created_at
    WHERE i.repo_id = @repo_id::bigint AND i.pull_request IS NULL
    GROUP BY i.issue_id
) AS a
WHERE a.answered_at >= @from_day::timestamp AND a.answered_at < @to_day::timestamp
GROUP BY day
ORDER BY day;

-- name: RepoKnown :one
-- RepoKnown tells until when each phase of a repository is known.
SELECT facade_data_last_collected, core_data_last_collected, statement_timestamp()::timestamptz AS now
FROM augur_operations.collection_status
WHERE repo_id = @repo_id;

-- name: RepoFirstDay :one
-- RepoFirstDay tells when a repository's first activity was, as text; empty when there is none.
SELECT coalesce(least(
    (SELECT min(c.cmt_author_date) FROM augur_data.commits c WHERE c.repo_id = @repo_id::bigint),
    (SELECT to_char(min(i.created_at), 'YYYY-MM-DD') FROM augur_data.issues i WHERE i.repo_id = @repo_id),
    (SELECT to_char(min(p.pr_created_at), 'YYYY-MM-DD') FROM augur_data.pull_requests p WHERE p.repo_id = @repo_id)
), '')::text AS first_day;

-- name: UpsertPullRequestFiles :exec
-- UpsertPullRequestFiles stores the files of pull requests.
INSERT INTO augur_data.pull_request_files AS t (
    pull_request_id, repo_id, pr_file_path, pr_file_additions, pr_file_deletions, tool_source, tool_version, data_source, data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_file_path, n.pr_file_additions, n.pr_file_deletions, 'pull_request_files_model', '2.0', 'Github API',
    localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_file_path text, pr_file_additions bigint, pr_file_deletions bigint
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY p.pull_request_id, n.pr_file_path
ON CONFLICT (pull_request_id, repo_id, pr_file_path) DO UPDATE
SET (
        pr_file_additions, pr_file_deletions, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.pr_file_additions, excluded.pr_file_deletions, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (t.pr_file_additions, t.pr_file_deletions)
    IS DISTINCT FROM (excluded.pr_file_additions, excluded.pr_file_deletions);

-- name: DropPullRequestFiles :exec
-- DropPullRequestFiles takes files from pull requests that do not change them any more, and keeps the rows as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.pull_request_files t
    USING augur_data.pull_requests p
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_file_path text)
        WHERE n.pr_id = p.pr_src_id AND n.pr_file_path = t.pr_file_path
    )
    RETURNING t.pr_file_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'pull_request_files', d.pr_file_id::text, d.content
FROM dropped d
ORDER BY d.pr_file_id;

-- name: UpsertPullRequestCommits :exec
-- UpsertPullRequestCommits stores the commits of pull requests.
INSERT INTO augur_data.pull_request_commits AS t (
    pull_request_id, repo_id, pr_cmt_sha, pr_cmt_node_id, pr_cmt_message, pr_cmt_timestamp, pr_cmt_author_email, pr_cmt_author_cntrb_id, tool_source,
    tool_version, data_source, data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_cmt_sha, n.pr_cmt_node_id, n.pr_cmt_message, n.pr_cmt_timestamp, n.pr_cmt_author_email,
    n.pr_cmt_author_cntrb_id, 'pull_request_commits_model', '0.41', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_cmt_sha text, pr_cmt_node_id text, pr_cmt_message text, pr_cmt_timestamp timestamp, pr_cmt_author_email text,
    pr_cmt_author_cntrb_id uuid
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY p.pull_request_id, n.pr_cmt_sha
ON CONFLICT (pull_request_id, repo_id, pr_cmt_sha) DO UPDATE
SET (
        pr_cmt_node_id, pr_cmt_message, pr_cmt_timestamp, pr_cmt_author_email, pr_cmt_author_cntrb_id, tool_source, tool_version, data_source,
        data_collection_date
    ) = (
        excluded.pr_cmt_node_id, excluded.pr_cmt_message, excluded.pr_cmt_timestamp, excluded.pr_cmt_author_email, excluded.pr_cmt_author_cntrb_id,
        excluded.tool_source, excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (
        t.pr_cmt_node_id, t.pr_cmt_message, t.pr_cmt_timestamp, t.pr_cmt_author_email, t.pr_cmt_author_cntrb_id
    )
    IS DISTINCT FROM (
        excluded.pr_cmt_node_id, excluded.pr_cmt_message, excluded.pr_cmt_timestamp, excluded.pr_cmt_author_email, excluded.pr_cmt_author_cntrb_id
    );

-- name: DropPullRequestCommits :exec
-- DropPullRequestCommits takes commits from pull requests that do not have them any more, and keeps the rows as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.pull_request_commits t
    USING augur_data.pull_requests p
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_cmt_sha text)
        WHERE n.pr_id = p.pr_src_id AND n.pr_cmt_sha = t.pr_cmt_sha
    )
    RETURNING t.pr_cmt_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'pull_request_commits', d.pr_cmt_id::text, d.content
FROM dropped d
ORDER BY d.pr_cmt_id;

-- name: UpsertPullRequestReviews :exec
-- UpsertPullRequestReviews stores the reviews of pull requests.
INSERT INTO augur_data.pull_request_reviews AS t (
    pull_request_id, repo_id, pr_review_src_id, pr_review_node_id, pr_review_author_association, pr_review_state, pr_review_body,
    pr_review_submitted_at, pr_review_html_url, pr_review_pull_request_url, pr_review_commit_id, platform_id, cntrb_id, tool_source, tool_version,
    data_source, data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_review_src_id, n.pr_review_node_id, n.pr_review_author_association, n.pr_review_state, n.pr_review_body,
    n.pr_review_submitted_at, n.pr_review_html_url, p.pr_url, n.pr_review_commit_id, 1, n.cntrb_id, 'pull_request_reviews model', '2.0_reviews',
    'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_review_src_id bigint, pr_review_node_id text, pr_review_author_association text, pr_review_state text, pr_review_body text,
    pr_review_submitted_at timestamp, pr_review_html_url text, pr_review_commit_id text, cntrb_id uuid
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY n.pr_review_src_id
ON CONFLICT (pr_review_src_id) DO UPDATE
SET (
        pull_request_id, repo_id, pr_review_node_id, pr_review_author_association, pr_review_state, pr_review_body, pr_review_submitted_at,
        pr_review_html_url, pr_review_pull_request_url, pr_review_commit_id, platform_id, cntrb_id, tool_source, tool_version, data_source,
        data_collection_date
    ) = (
        excluded.pull_request_id, excluded.repo_id, excluded.pr_review_node_id, excluded.pr_review_author_association, excluded.pr_review_state,
        excluded.pr_review_body, excluded.pr_review_submitted_at, excluded.pr_review_html_url, excluded.pr_review_pull_request_url,
        excluded.pr_review_commit_id, excluded.platform_id, excluded.cntrb_id, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (
        t.pull_request_id, t.repo_id, t.pr_review_node_id, t.pr_review_author_association, t.pr_review_state, t.pr_review_body,
        t.pr_review_submitted_at, t.pr_review_html_url, t.pr_review_pull_request_url, t.pr_review_commit_id, t.platform_id, t.cntrb_id
    )
    IS DISTINCT FROM (
        excluded.pull_request_id, excluded.repo_id, excluded.pr_review_node_id, excluded.pr_review_author_association, excluded.pr_review_state,
        excluded.pr_review_body, excluded.pr_review_submitted_at, excluded.pr_review_html_url, excluded.pr_review_pull_request_url,
        excluded.pr_review_commit_id, excluded.platform_id, excluded.cntrb_id
    );

-- name: MarkMissingReviews :exec
-- MarkMissingReviews notes reviews that pull requests do not have any more, and forgets that those were missing that they have.
WITH stored AS (
    SELECT t.pr_review_id, t.pr_review_src_id = ANY (@review_ids::bigint[]) AS there
    FROM augur_data.pull_requests p
    JOIN augur_data.pull_request_reviews t ON t.pull_request_id = p.pull_request_id
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[])
),
back AS (
    DELETE FROM augur_operations.github_tombstone g
    USING stored s
    WHERE s.there AND g.table_name = 'pull_request_reviews' AND g.row_key = s.pr_review_id::text
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key)
SELECT @repo_id, 'pull_request_reviews', s.pr_review_id::text
FROM stored s
WHERE NOT s.there
ORDER BY s.pr_review_id
ON CONFLICT (table_name, row_key) DO NOTHING;

-- name: KnownPullRequests :many
-- KnownPullRequests tells which pull requests are stored.
SELECT pr_src_id::bigint AS pr_src_id
FROM augur_data.pull_requests
WHERE repo_id = @repo_id AND pr_src_id = ANY (@pr_ids::bigint[])
ORDER BY pr_src_id;

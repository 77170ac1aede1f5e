-- name: UpsertMessages :exec
-- UpsertMessages stores comments; those that are as they were are left alone.
INSERT INTO augur_data.message AS t (
    platform_msg_id, pltfrm_id, platform_node_id, repo_id, msg_text, msg_timestamp, cntrb_id, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT n.platform_msg_id, 1, n.platform_node_id, @repo_id::bigint, n.msg_text, n.msg_timestamp, n.cntrb_id,
    n.tool_source, '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    platform_msg_id bigint, platform_node_id text, msg_text text, msg_timestamp timestamp, cntrb_id uuid, tool_source text
)
ORDER BY n.platform_msg_id
ON CONFLICT (platform_msg_id, pltfrm_id) DO UPDATE
SET (platform_node_id, repo_id, msg_text, msg_timestamp, cntrb_id, tool_source, tool_version, data_source, data_collection_date)
    = (excluded.platform_node_id, excluded.repo_id, excluded.msg_text, excluded.msg_timestamp, excluded.cntrb_id, excluded.tool_source,
    excluded.tool_version, excluded.data_source, excluded.data_collection_date)
WHERE (t.platform_node_id, t.repo_id, t.msg_text, t.msg_timestamp, t.cntrb_id)
    IS DISTINCT FROM (excluded.platform_node_id, excluded.repo_id, excluded.msg_text, excluded.msg_timestamp, excluded.cntrb_id);

-- name: MessageKeys :many
-- MessageKeys tells which ids of comments are taken by the other kind of comment: GitHub counts those on lines of code apart, and both are in one table. As long
-- as one id is not both, nothing comes back.
SELECT platform_msg_id::bigint AS platform_msg_id
FROM augur_data.message
WHERE platform_msg_id = ANY (@ids::bigint[]) AND pltfrm_id = 1 AND (tool_source = 'Pr review comment task') <> @on_code::boolean
ORDER BY platform_msg_id;

-- name: UpsertIssueMessageRefs :exec
-- UpsertIssueMessageRefs links comments to their issues.
INSERT INTO augur_data.issue_message_ref AS t (
    issue_id, repo_id, msg_id, issue_msg_ref_src_node_id, issue_msg_ref_src_comment_id, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.issue_id, @repo_id::bigint, m.msg_id, n.node_id, n.comment_id, 'Issue comment task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    issue_id bigint, platform_msg_id bigint, comment_id bigint, node_id text
)
JOIN augur_data.message m ON m.platform_msg_id = n.platform_msg_id AND m.pltfrm_id = 1
ORDER BY n.comment_id, n.issue_id
ON CONFLICT (issue_msg_ref_src_comment_id, issue_id) DO UPDATE
SET (
        repo_id, msg_id, issue_msg_ref_src_node_id, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.repo_id, excluded.msg_id, excluded.issue_msg_ref_src_node_id, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (t.repo_id, t.msg_id, t.issue_msg_ref_src_node_id)
    IS DISTINCT FROM (excluded.repo_id, excluded.msg_id, excluded.issue_msg_ref_src_node_id);

-- name: UpsertPullRequestMessageRefs :exec
-- UpsertPullRequestMessageRefs links comments to their pull requests.
INSERT INTO augur_data.pull_request_message_ref AS t (
    pull_request_id, repo_id, msg_id, pr_message_ref_src_comment_id, pr_message_ref_src_node_id, pr_issue_url, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT n.pull_request_id, @repo_id::bigint, m.msg_id, n.comment_id, n.node_id, n.pr_issue_url, 'Pr comment task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pull_request_id bigint, platform_msg_id bigint, comment_id bigint, node_id text, pr_issue_url text
)
JOIN augur_data.message m ON m.platform_msg_id = n.platform_msg_id AND m.pltfrm_id = 1
ORDER BY n.comment_id, n.pull_request_id
ON CONFLICT (pr_message_ref_src_comment_id, pull_request_id) DO UPDATE
SET (
        repo_id, msg_id, pr_message_ref_src_node_id, pr_issue_url, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.repo_id, excluded.msg_id, excluded.pr_message_ref_src_node_id, excluded.pr_issue_url, excluded.tool_source, excluded.tool_version,
        excluded.data_source, excluded.data_collection_date
    )
WHERE (t.repo_id, t.msg_id, t.pr_message_ref_src_node_id, t.pr_issue_url)
    IS DISTINCT FROM (excluded.repo_id, excluded.msg_id, excluded.pr_message_ref_src_node_id, excluded.pr_issue_url);

-- name: UpsertReviewMessageRefs :exec
-- UpsertReviewMessageRefs links comments on lines of code to their reviews.
INSERT INTO augur_data.pull_request_review_message_ref AS t (
    pr_review_id, repo_id, msg_id, pr_review_msg_url, pr_review_src_id, pr_review_msg_src_id, pr_review_msg_node_id, pr_review_msg_diff_hunk,
    pr_review_msg_path, pr_review_msg_position, pr_review_msg_original_position, pr_review_msg_commit_id, pr_review_msg_original_commit_id,
    pr_review_msg_updated_at, pr_review_msg_html_url, pr_url, pr_review_msg_author_association, pr_review_msg_start_line,
    pr_review_msg_original_start_line, pr_review_msg_start_side, pr_review_msg_line, pr_review_msg_original_line, pr_review_msg_side, tool_source,
    tool_version, data_source, data_collection_date
)
SELECT r.pr_review_id, @repo_id::bigint, m.msg_id, n.pr_review_msg_url, n.pr_review_src_id, n.pr_review_msg_src_id, n.pr_review_msg_node_id,
    n.pr_review_msg_diff_hunk, n.pr_review_msg_path, n.pr_review_msg_position, n.pr_review_msg_original_position, n.pr_review_msg_commit_id,
    n.pr_review_msg_original_commit_id, n.pr_review_msg_updated_at, n.pr_review_msg_html_url, n.pr_url, n.pr_review_msg_author_association,
    n.pr_review_msg_start_line, n.pr_review_msg_original_start_line, n.pr_review_msg_start_side, n.pr_review_msg_line, n.pr_review_msg_original_line,
    n.pr_review_msg_side, 'Pr review comment task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    platform_msg_id bigint, pr_review_msg_url text, pr_review_src_id bigint, pr_review_msg_src_id bigint, pr_review_msg_node_id text,
    pr_review_msg_diff_hunk text, pr_review_msg_path text, pr_review_msg_position bigint, pr_review_msg_original_position bigint,
    pr_review_msg_commit_id text, pr_review_msg_original_commit_id text, pr_review_msg_updated_at timestamp, pr_review_msg_html_url text, pr_url text,
    pr_review_msg_author_association text, pr_review_msg_start_line bigint, pr_review_msg_original_start_line bigint, pr_review_msg_start_side text,
    pr_review_msg_line bigint, pr_review_msg_original_line bigint, pr_review_msg_side text
)
JOIN augur_data.message m ON m.platform_msg_id = n.platform_msg_id AND m.pltfrm_id = 1
JOIN augur_data.pull_request_reviews r ON r.pr_review_src_id = n.pr_review_src_id
ORDER BY n.pr_review_msg_src_id
ON CONFLICT (pr_review_msg_src_id) DO UPDATE
SET (
        pr_review_id, repo_id, msg_id, pr_review_msg_url, pr_review_src_id, pr_review_msg_node_id, pr_review_msg_diff_hunk, pr_review_msg_path,
        pr_review_msg_position, pr_review_msg_original_position, pr_review_msg_commit_id, pr_review_msg_original_commit_id, pr_review_msg_updated_at,
        pr_review_msg_html_url, pr_url, pr_review_msg_author_association, pr_review_msg_start_line, pr_review_msg_original_start_line,
        pr_review_msg_start_side, pr_review_msg_line, pr_review_msg_original_line, pr_review_msg_side, tool_source, tool_version, data_source,
        data_collection_date
    ) = (
        excluded.pr_review_id, excluded.repo_id, excluded.msg_id, excluded.pr_review_msg_url, excluded.pr_review_src_id,
        excluded.pr_review_msg_node_id, excluded.pr_review_msg_diff_hunk, excluded.pr_review_msg_path, excluded.pr_review_msg_position,
        excluded.pr_review_msg_original_position, excluded.pr_review_msg_commit_id, excluded.pr_review_msg_original_commit_id,
        excluded.pr_review_msg_updated_at, excluded.pr_review_msg_html_url, excluded.pr_url, excluded.pr_review_msg_author_association,
        excluded.pr_review_msg_start_line, excluded.pr_review_msg_original_start_line, excluded.pr_review_msg_start_side, excluded.pr_review_msg_line,
        excluded.pr_review_msg_original_line, excluded.pr_review_msg_side, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (
        t.pr_review_id, t.repo_id, t.msg_id, t.pr_review_msg_url, t.pr_review_src_id, t.pr_review_msg_node_id, t.pr_review_msg_diff_hunk,
        t.pr_review_msg_path, t.pr_review_msg_position, t.pr_review_msg_original_position, t.pr_review_msg_commit_id,
        t.pr_review_msg_original_commit_id, t.pr_review_msg_updated_at, t.pr_review_msg_html_url, t.pr_url, t.pr_review_msg_author_association,
        t.pr_review_msg_start_line, t.pr_review_msg_original_start_line, t.pr_review_msg_start_side, t.pr_review_msg_line,
        t.pr_review_msg_original_line, t.pr_review_msg_side
    )
    IS DISTINCT FROM (
        excluded.pr_review_id, excluded.repo_id, excluded.msg_id, excluded.pr_review_msg_url, excluded.pr_review_src_id,
        excluded.pr_review_msg_node_id, excluded.pr_review_msg_diff_hunk, excluded.pr_review_msg_path, excluded.pr_review_msg_position,
        excluded.pr_review_msg_original_position, excluded.pr_review_msg_commit_id, excluded.pr_review_msg_original_commit_id,
        excluded.pr_review_msg_updated_at, excluded.pr_review_msg_html_url, excluded.pr_url, excluded.pr_review_msg_author_association,
        excluded.pr_review_msg_start_line, excluded.pr_review_msg_original_start_line, excluded.pr_review_msg_start_side, excluded.pr_review_msg_line,
        excluded.pr_review_msg_original_line, excluded.pr_review_msg_side
    );

-- name: KnownReviews :many
-- KnownReviews tells which reviews are stored.
SELECT pr_review_src_id::bigint AS pr_review_src_id
FROM augur_data.pull_request_reviews
WHERE pr_review_src_id = ANY (@ids::bigint[])
ORDER BY pr_review_src_id;

-- name: Numbered :many
-- Numbered finds the rows of issues and pull requests by their numbers.
SELECT t.gh_issue_number::bigint AS number, t.issue_id AS row_id, false AS pull_request, t.gh_issue_id::bigint AS src_id
FROM augur_data.issues t
WHERE t.repo_id = @repo_id AND t.gh_issue_number = ANY (@numbers::bigint[])
UNION ALL
SELECT p.pr_src_number::bigint, p.pull_request_id, true, p.pr_src_id::bigint
FROM augur_data.pull_requests p
WHERE p.repo_id = @repo_id AND p.pr_src_number = ANY (@numbers)
ORDER BY 1, 3;

-- name: MarkMissingMessages :exec
-- MarkMissingMessages notes comments that a whole pass, which began at a time, did not meet, and forgets that those were missing that it met.
WITH seen AS (
    SELECT s.src_id FROM augur_operations.github_seen s WHERE s.repo_id = @repo_id::bigint AND s.resource = @resource::text
),
stored AS (
    SELECT r.msg_id, r.issue_msg_ref_src_comment_id AS src_id FROM augur_data.issue_message_ref r WHERE r.repo_id = @repo_id AND NOT @on_code::boolean
    UNION ALL
    SELECT r.msg_id, r.pr_message_ref_src_comment_id FROM augur_data.pull_request_message_ref r WHERE r.repo_id = @repo_id AND NOT @on_code
    UNION ALL
    SELECT r.msg_id, r.pr_review_msg_src_id FROM augur_data.pull_request_review_message_ref r WHERE r.repo_id = @repo_id AND @on_code
),
back AS (
    DELETE FROM augur_operations.github_tombstone g
    USING stored t, seen
    WHERE g.repo_id = @repo_id AND g.table_name = 'message' AND g.row_key = t.msg_id::text AND t.src_id = seen.src_id
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key)
SELECT DISTINCT @repo_id, 'message', t.msg_id::text
FROM stored t
JOIN augur_data.message m ON m.msg_id = t.msg_id
WHERE m.msg_timestamp < @began::timestamp AND t.src_id NOT IN (SELECT seen.src_id FROM seen)
ORDER BY t.msg_id::text
ON CONFLICT (table_name, row_key) DO NOTHING;

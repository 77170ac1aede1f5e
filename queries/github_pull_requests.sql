-- name: FreePullRequestURLs :exec
-- FreePullRequestURLs takes addresses from pull requests that had them before: those of a repository whose name now belongs to another one.
UPDATE augur_data.pull_requests t
SET pr_url = NULL
FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_src_id bigint, pr_url text)
WHERE t.pr_url = n.pr_url AND (t.repo_id, t.pr_src_id) IS DISTINCT FROM (@repo_id::bigint, n.pr_src_id);

-- name: UpsertPullRequests :exec
-- UpsertPullRequests stores pull requests; those that are as they were are left alone.
INSERT INTO augur_data.pull_requests AS t (
    repo_id, pr_src_id, pr_src_node_id, pr_src_number, pr_url, pr_html_url, pr_diff_url, pr_patch_url, pr_issue_url, pr_src_state, pr_src_locked,
    pr_src_title, pr_body, pr_created_at, pr_updated_at, pr_closed_at, pr_merged_at, pr_merge_commit_sha, pr_milestone, pr_commits_url,
    pr_review_comments_url, pr_review_comment_url, pr_comments_url, pr_statuses_url, pr_meta_head_id, pr_meta_base_id, pr_src_issue_url,
    pr_src_comments_url, pr_src_review_comments_url, pr_src_commits_url, pr_src_statuses_url, pr_src_author_association, pr_augur_contributor_id,
    tool_source, tool_version, data_source, data_collection_date
)
SELECT @repo_id::bigint, n.pr_src_id, n.pr_src_node_id, n.pr_src_number, n.pr_url, n.pr_html_url, n.pr_diff_url, n.pr_patch_url, n.pr_issue_url,
    n.pr_src_state, n.pr_src_locked, n.pr_src_title, n.pr_body, n.pr_created_at, n.pr_updated_at, n.pr_closed_at, n.pr_merged_at,
    n.pr_merge_commit_sha, n.pr_milestone, n.pr_commits_url, n.pr_review_comments_url, n.pr_review_comment_url, n.pr_comments_url, n.pr_statuses_url,
    n.pr_meta_head_id, n.pr_meta_base_id, n.pr_issue_url, n.pr_comments_url, n.pr_review_comments_url, n.pr_commits_url, n.pr_statuses_url,
    n.pr_src_author_association, n.pr_augur_contributor_id, 'Pr Task', '2.0', 'GitHub API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_src_id bigint, pr_src_node_id text, pr_src_number bigint, pr_url text, pr_html_url text, pr_diff_url text, pr_patch_url text,
    pr_issue_url text, pr_src_state text, pr_src_locked boolean, pr_src_title text, pr_body text, pr_created_at timestamp, pr_updated_at timestamp,
    pr_closed_at timestamp, pr_merged_at timestamp, pr_merge_commit_sha text, pr_milestone text, pr_commits_url text, pr_review_comments_url text,
    pr_review_comment_url text, pr_comments_url text, pr_statuses_url text, pr_meta_head_id text, pr_meta_base_id text,
    pr_src_author_association text, pr_augur_contributor_id uuid
)
ORDER BY n.pr_src_id
ON CONFLICT (repo_id, pr_src_id) DO UPDATE
SET (
        pr_src_node_id, pr_src_number, pr_url, pr_html_url, pr_diff_url, pr_patch_url, pr_issue_url, pr_src_state, pr_src_locked, pr_src_title,
        pr_body, pr_created_at, pr_updated_at, pr_closed_at, pr_merged_at, pr_merge_commit_sha, pr_milestone, pr_commits_url, pr_review_comments_url,
        pr_review_comment_url, pr_comments_url, pr_statuses_url, pr_meta_head_id, pr_meta_base_id, pr_src_issue_url, pr_src_comments_url,
        pr_src_review_comments_url, pr_src_commits_url, pr_src_statuses_url, pr_src_author_association, pr_augur_contributor_id, tool_source,
        tool_version, data_source, data_collection_date
    ) = (
        excluded.pr_src_node_id, excluded.pr_src_number, excluded.pr_url, excluded.pr_html_url, excluded.pr_diff_url, excluded.pr_patch_url,
        excluded.pr_issue_url, excluded.pr_src_state, excluded.pr_src_locked, excluded.pr_src_title, excluded.pr_body, excluded.pr_created_at,
        excluded.pr_updated_at, excluded.pr_closed_at, excluded.pr_merged_at, excluded.pr_merge_commit_sha, excluded.pr_milestone,
        excluded.pr_commits_url, excluded.pr_review_comments_url, excluded.pr_review_comment_url, excluded.pr_comments_url, excluded.pr_statuses_url,
        excluded.pr_meta_head_id, excluded.pr_meta_base_id, excluded.pr_src_issue_url, excluded.pr_src_comments_url,
        excluded.pr_src_review_comments_url, excluded.pr_src_commits_url, excluded.pr_src_statuses_url, excluded.pr_src_author_association,
        excluded.pr_augur_contributor_id, excluded.tool_source, excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (
        t.pr_src_node_id, t.pr_src_number, t.pr_url, t.pr_html_url, t.pr_diff_url, t.pr_patch_url, t.pr_issue_url, t.pr_src_state, t.pr_src_locked,
        t.pr_src_title, t.pr_body, t.pr_created_at, t.pr_updated_at, t.pr_closed_at, t.pr_merged_at, t.pr_merge_commit_sha, t.pr_milestone,
        t.pr_commits_url, t.pr_review_comments_url, t.pr_review_comment_url, t.pr_comments_url, t.pr_statuses_url, t.pr_meta_head_id,
        t.pr_meta_base_id, t.pr_src_issue_url, t.pr_src_comments_url, t.pr_src_review_comments_url, t.pr_src_commits_url, t.pr_src_statuses_url,
        t.pr_src_author_association, t.pr_augur_contributor_id
    )
    IS DISTINCT FROM (
        excluded.pr_src_node_id, excluded.pr_src_number, excluded.pr_url, excluded.pr_html_url, excluded.pr_diff_url, excluded.pr_patch_url,
        excluded.pr_issue_url, excluded.pr_src_state, excluded.pr_src_locked, excluded.pr_src_title, excluded.pr_body, excluded.pr_created_at,
        excluded.pr_updated_at, excluded.pr_closed_at, excluded.pr_merged_at, excluded.pr_merge_commit_sha, excluded.pr_milestone,
        excluded.pr_commits_url, excluded.pr_review_comments_url, excluded.pr_review_comment_url, excluded.pr_comments_url, excluded.pr_statuses_url,
        excluded.pr_meta_head_id, excluded.pr_meta_base_id, excluded.pr_src_issue_url, excluded.pr_src_comments_url,
        excluded.pr_src_review_comments_url, excluded.pr_src_commits_url, excluded.pr_src_statuses_url, excluded.pr_src_author_association,
        excluded.pr_augur_contributor_id
    );

-- name: UpsertPullRequestLabels :exec
-- UpsertPullRequestLabels stores the labels of pull requests.
INSERT INTO augur_data.pull_request_labels AS t (
    pull_request_id, repo_id, pr_src_id, pr_src_node_id, pr_src_url, pr_src_description, pr_src_color, pr_src_default_bool, tool_source, tool_version,
    data_source, data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_src_id, n.pr_src_node_id, n.pr_src_url, n.pr_src_description, n.pr_src_color, n.pr_src_default_bool,
    'Pr Task', '2.0', 'GitHub API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_src_id bigint, pr_src_node_id text, pr_src_url text, pr_src_description text, pr_src_color text, pr_src_default_bool boolean
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY n.pr_src_id, p.pull_request_id
ON CONFLICT (pr_src_id, pull_request_id) DO UPDATE
SET (
        repo_id, pr_src_node_id, pr_src_url, pr_src_description, pr_src_color, pr_src_default_bool, tool_source, tool_version, data_source,
        data_collection_date
    ) = (
        excluded.repo_id, excluded.pr_src_node_id, excluded.pr_src_url, excluded.pr_src_description, excluded.pr_src_color,
        excluded.pr_src_default_bool, excluded.tool_source, excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (
        t.repo_id, t.pr_src_node_id, t.pr_src_url, t.pr_src_description, t.pr_src_color, t.pr_src_default_bool
    )
    IS DISTINCT FROM (
        excluded.repo_id, excluded.pr_src_node_id, excluded.pr_src_url, excluded.pr_src_description, excluded.pr_src_color,
        excluded.pr_src_default_bool
    );

-- name: DropPullRequestLabels :exec
-- DropPullRequestLabels takes labels from pull requests that do not have them any more, and keeps them as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.pull_request_labels t
    USING augur_data.pull_requests p
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_src_id bigint)
        WHERE n.pr_id = p.pr_src_id AND n.pr_src_id = t.pr_src_id
    )
    RETURNING t.pr_label_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'pull_request_labels', d.pr_label_id::text, d.content
FROM dropped d
ORDER BY d.pr_label_id;

-- name: UpsertPullRequestAssignees :exec
-- UpsertPullRequestAssignees stores who pull requests are assigned to.
INSERT INTO augur_data.pull_request_assignees AS t (
    pull_request_id, repo_id, pr_assignee_src_id, contrib_id, tool_source, tool_version, data_source, data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_assignee_src_id, n.contrib_id, 'Pr Task', '2.0', 'GitHub API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_assignee_src_id bigint, contrib_id uuid
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY p.pull_request_id, n.pr_assignee_src_id
ON CONFLICT (pull_request_id, pr_assignee_src_id) DO UPDATE
SET (repo_id, contrib_id, tool_source, tool_version, data_source, data_collection_date) = (
        excluded.repo_id, excluded.contrib_id, excluded.tool_source, excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (t.repo_id, t.contrib_id)
    IS DISTINCT FROM (excluded.repo_id, excluded.contrib_id);

-- name: DropPullRequestAssignees :exec
-- DropPullRequestAssignees takes people from pull requests that they are not assigned to any more, and keeps the rows as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.pull_request_assignees t
    USING augur_data.pull_requests p
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_assignee_src_id bigint)
        WHERE n.pr_id = p.pr_src_id AND n.pr_assignee_src_id = t.pr_assignee_src_id
    )
    RETURNING t.pr_assignee_map_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'pull_request_assignees', d.pr_assignee_map_id::text, d.content
FROM dropped d
ORDER BY d.pr_assignee_map_id;

-- name: UpsertPullRequestReviewers :exec
-- UpsertPullRequestReviewers stores who is asked for a review.
INSERT INTO augur_data.pull_request_reviewers AS t (
    pull_request_id, repo_id, pr_source_id, pr_reviewer_src_id, cntrb_id, tool_source, tool_version, data_source, data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_id, n.pr_reviewer_src_id, n.cntrb_id, 'Pr Task', '2.0', 'GitHub API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_reviewer_src_id bigint, cntrb_id uuid
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY p.pull_request_id, n.pr_reviewer_src_id
ON CONFLICT (pull_request_id, pr_reviewer_src_id) DO UPDATE
SET (repo_id, pr_source_id, cntrb_id, tool_source, tool_version, data_source, data_collection_date) = (
        excluded.repo_id, excluded.pr_source_id, excluded.cntrb_id, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (t.repo_id, t.pr_source_id, t.cntrb_id)
    IS DISTINCT FROM (excluded.repo_id, excluded.pr_source_id, excluded.cntrb_id);

-- name: DropPullRequestReviewers :exec
-- DropPullRequestReviewers takes people from pull requests that they are not asked to review any more, and keeps the rows as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.pull_request_reviewers t
    USING augur_data.pull_requests p
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_reviewer_src_id bigint)
        WHERE n.pr_id = p.pr_src_id AND n.pr_reviewer_src_id = t.pr_reviewer_src_id
    )
    RETURNING t.pr_reviewer_map_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'pull_request_reviewers', d.pr_reviewer_map_id::text, d.content
FROM dropped d
ORDER BY d.pr_reviewer_map_id;

-- name: DropPullRequestMeta :exec
-- DropPullRequestMeta removes the former heads and bases of pull requests: there is one row for each side, as it is now.
DELETE FROM augur_data.pull_request_meta t
USING augur_data.pull_requests p
WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
    SELECT 1
    FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_head_or_base text, pr_sha text)
    WHERE n.pr_id = p.pr_src_id AND n.pr_head_or_base = t.pr_head_or_base AND n.pr_sha = t.pr_sha
);

-- name: UpsertPullRequestMeta :exec
-- UpsertPullRequestMeta stores the head and the base of pull requests.
INSERT INTO augur_data.pull_request_meta AS t (
    pull_request_id, repo_id, pr_head_or_base, pr_src_meta_label, pr_src_meta_ref, pr_sha, cntrb_id, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT p.pull_request_id, @repo_id::bigint, n.pr_head_or_base, n.pr_src_meta_label, n.pr_src_meta_ref, n.pr_sha, n.cntrb_id, 'Pr Task', '2.0',
    'GitHub API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    pr_id bigint, pr_head_or_base text, pr_src_meta_label text, pr_src_meta_ref text, pr_sha text, cntrb_id uuid
)
JOIN augur_data.pull_requests p ON p.repo_id = @repo_id AND p.pr_src_id = n.pr_id
ORDER BY p.pull_request_id, n.pr_head_or_base
ON CONFLICT (pull_request_id, pr_head_or_base, pr_sha) DO UPDATE
SET (
        repo_id, pr_src_meta_label, pr_src_meta_ref, cntrb_id, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.repo_id, excluded.pr_src_meta_label, excluded.pr_src_meta_ref, excluded.cntrb_id, excluded.tool_source, excluded.tool_version,
        excluded.data_source, excluded.data_collection_date
    )
WHERE (t.repo_id, t.pr_src_meta_label, t.pr_src_meta_ref, t.cntrb_id)
    IS DISTINCT FROM (excluded.repo_id, excluded.pr_src_meta_label, excluded.pr_src_meta_ref, excluded.cntrb_id);

-- name: StorePullRequestRepos :exec
-- StorePullRequestRepos stores the repositories that heads and bases are in, one row for each; a repository that is gone leaves none.
WITH side AS (
    SELECT m.pr_repo_meta_id, n.pr_repo_head_or_base::text AS pr_repo_head_or_base, n.pr_src_repo_id::bigint AS pr_src_repo_id,
        n.pr_src_node_id::text AS pr_src_node_id, n.pr_repo_name::text AS pr_repo_name, n.pr_repo_full_name::text AS pr_repo_full_name,
        n.pr_repo_private_bool::boolean AS pr_repo_private_bool, n.pr_cntrb_id::uuid AS pr_cntrb_id
    FROM jsonb_to_recordset(@rows::jsonb) AS n (
        pr_id bigint, pr_repo_head_or_base text, pr_src_repo_id bigint, pr_src_node_id text, pr_repo_name text, pr_repo_full_name text,
        pr_repo_private_bool boolean, pr_cntrb_id uuid
    )
    JOIN augur_data.pull_requests p ON p.repo_id = @repo_id::bigint AND p.pr_src_id = n.pr_id
    JOIN augur_data.pull_request_meta m ON m.pull_request_id = p.pull_request_id AND m.pr_head_or_base = n.pr_repo_head_or_base
),
dropped AS (
    DELETE FROM augur_data.pull_request_repo t
    USING augur_data.pull_requests p, augur_data.pull_request_meta m
    WHERE p.repo_id = @repo_id AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND m.pull_request_id = p.pull_request_id AND t.pr_repo_meta_id = m.pr_repo_meta_id
        AND m.pr_repo_meta_id NOT IN (SELECT s.pr_repo_meta_id FROM side s)
),
changed AS (
    UPDATE augur_data.pull_request_repo t
    SET pr_repo_head_or_base = s.pr_repo_head_or_base, pr_src_repo_id = s.pr_src_repo_id, pr_src_node_id = s.pr_src_node_id, pr_repo_name = s.pr_repo_name,
        pr_repo_full_name = s.pr_repo_full_name, pr_repo_private_bool = s.pr_repo_private_bool, pr_cntrb_id = s.pr_cntrb_id, data_collection_date = localtimestamp
    FROM side s
    WHERE t.pr_repo_meta_id = s.pr_repo_meta_id
        AND (t.pr_repo_head_or_base, t.pr_src_repo_id, t.pr_src_node_id, t.pr_repo_name, t.pr_repo_full_name, t.pr_repo_private_bool, t.pr_cntrb_id)
        IS DISTINCT FROM (s.pr_repo_head_or_base, s.pr_src_repo_id, s.pr_src_node_id, s.pr_repo_name, s.pr_repo_full_name, s.pr_repo_private_bool, s.pr_cntrb_id)
)
INSERT INTO augur_data.pull_request_repo (
    pr_repo_meta_id, pr_repo_head_or_base, pr_src_repo_id, pr_src_node_id, pr_repo_name, pr_repo_full_name, pr_repo_private_bool, pr_cntrb_id,
    tool_source, tool_version, data_source, data_collection_date
)
SELECT s.pr_repo_meta_id, s.pr_repo_head_or_base, s.pr_src_repo_id, s.pr_src_node_id, s.pr_repo_name, s.pr_repo_full_name, s.pr_repo_private_bool, s.pr_cntrb_id,
    'Pr Task', '2.0', 'GitHub API', localtimestamp
FROM side s
WHERE NOT EXISTS (SELECT 1 FROM augur_data.pull_request_repo t WHERE t.pr_repo_meta_id = s.pr_repo_meta_id)
ORDER BY s.pr_repo_meta_id;

-- name: DropPullRequestTeams :exec
-- DropPullRequestTeams takes teams from pull requests that they are not asked to review any more, and keeps the rows as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.pull_request_teams t
    USING augur_data.pull_requests p
    WHERE p.repo_id = @repo_id::bigint AND p.pr_src_id = ANY (@pr_ids::bigint[]) AND t.pull_request_id = p.pull_request_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (pr_id bigint, pr_src_team_id bigint)
        WHERE n.pr_id = p.pr_src_id AND n.pr_src_team_id = t.pr_src_team_id
    )
    RETURNING t.pr_team_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'pull_request_teams', d.pr_team_id::text, d.content
FROM dropped d
ORDER BY d.pr_team_id;

-- name: StorePullRequestTeams :exec
-- StorePullRequestTeams stores the teams that are asked for a review, one row for each pull request and team.
WITH team AS (
    SELECT p.pull_request_id, n.pr_src_team_id::bigint AS pr_src_team_id, n.pr_src_team_node::text AS pr_src_team_node, n.pr_src_team_url::text AS pr_src_team_url,
        n.pr_team_name::text AS pr_team_name, n.pr_team_slug::text AS pr_team_slug, n.pr_team_description::text AS pr_team_description,
        n.pr_team_privacy::text AS pr_team_privacy, n.pr_team_permission::text AS pr_team_permission,
        n.pr_team_src_members_url::text AS pr_team_src_members_url, n.pr_team_src_repositories_url::text AS pr_team_src_repositories_url,
        n.pr_team_parent_id::bigint AS pr_team_parent_id
    FROM jsonb_to_recordset(@rows::jsonb) AS n (
        pr_id bigint, pr_src_team_id bigint, pr_src_team_node text, pr_src_team_url text, pr_team_name text, pr_team_slug text,
        pr_team_description text, pr_team_privacy text, pr_team_permission text, pr_team_src_members_url text, pr_team_src_repositories_url text,
        pr_team_parent_id bigint
    )
    JOIN augur_data.pull_requests p ON p.repo_id = @repo_id::bigint AND p.pr_src_id = n.pr_id
),
changed AS (
    UPDATE augur_data.pull_request_teams t
    SET (
        pr_src_team_node, pr_src_team_url, pr_team_name, pr_team_slug, pr_team_description, pr_team_privacy, pr_team_permission,
        pr_team_src_members_url, pr_team_src_repositories_url, pr_team_parent_id, data_collection_date
    ) = (
        s.pr_src_team_node, s.pr_src_team_url, s.pr_team_name, s.pr_team_slug, s.pr_team_description, s.pr_team_privacy, s.pr_team_permission,
        s.pr_team_src_members_url, s.pr_team_src_repositories_url, s.pr_team_parent_id, localtimestamp
    )
    FROM team s
    WHERE t.pull_request_id = s.pull_request_id AND t.pr_src_team_id = s.pr_src_team_id AND (
        t.pr_src_team_node, t.pr_src_team_url, t.pr_team_name, t.pr_team_slug, t.pr_team_description, t.pr_team_privacy, t.pr_team_permission,
        t.pr_team_src_members_url, t.pr_team_src_repositories_url, t.pr_team_parent_id
    ) IS DISTINCT FROM (
        s.pr_src_team_node, s.pr_src_team_url, s.pr_team_name, s.pr_team_slug, s.pr_team_description, s.pr_team_privacy, s.pr_team_permission,
        s.pr_team_src_members_url, s.pr_team_src_repositories_url, s.pr_team_parent_id
    )
)
INSERT INTO augur_data.pull_request_teams (
    pull_request_id, pr_src_team_id, pr_src_team_node, pr_src_team_url, pr_team_name, pr_team_slug, pr_team_description, pr_team_privacy,
    pr_team_permission, pr_team_src_members_url, pr_team_src_repositories_url, pr_team_parent_id, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT s.pull_request_id, s.pr_src_team_id, s.pr_src_team_node, s.pr_src_team_url, s.pr_team_name, s.pr_team_slug, s.pr_team_description, s.pr_team_privacy,
    s.pr_team_permission, s.pr_team_src_members_url, s.pr_team_src_repositories_url, s.pr_team_parent_id,
    'Pr Task', '2.0', 'GitHub API', localtimestamp
FROM team s
WHERE NOT EXISTS (
    SELECT 1 FROM augur_data.pull_request_teams t WHERE t.pull_request_id = s.pull_request_id AND t.pr_src_team_id = s.pr_src_team_id
)
ORDER BY s.pull_request_id, s.pr_src_team_id;

-- name: FindPullRequests :exec
-- FindPullRequests forgets that pull requests were missing, because they have been met. One that moves to the front of the list during a whole pass is not met by that pass.
DELETE FROM augur_operations.github_tombstone g
USING augur_data.pull_requests t
WHERE t.repo_id = @repo_id::bigint AND t.pr_src_id = ANY (@src_ids::bigint[]) AND g.table_name = 'pull_requests' AND g.row_key = t.pull_request_id::text;

-- name: MarkMissingPullRequests :exec
-- MarkMissingPullRequests notes pull requests that a whole pass, which began at a time, did not meet.
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key)
SELECT t.repo_id, 'pull_requests', t.pull_request_id::text
FROM augur_data.pull_requests t
WHERE t.repo_id = @repo_id::bigint AND t.pr_created_at < @began::timestamp AND t.pr_src_id NOT IN (
    SELECT s.src_id FROM augur_operations.github_seen s WHERE s.repo_id = @repo_id AND s.resource = @resource::text
)
ORDER BY t.pull_request_id
ON CONFLICT (table_name, row_key) DO NOTHING;

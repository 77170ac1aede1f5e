-- name: FreeIssueURLs :exec
-- FreeIssueURLs takes addresses from issues that had them before: those of a repository whose name now belongs to another one.
UPDATE augur_data.issues t
SET issue_url = NULL
FROM jsonb_to_recordset(@rows::jsonb) AS n (gh_issue_id bigint, issue_url text)
WHERE t.issue_url = n.issue_url AND (t.repo_id, t.gh_issue_id) IS DISTINCT FROM (@repo_id::bigint, n.gh_issue_id);

-- name: UpsertIssues :exec
-- UpsertIssues stores issues; those that are as they were are left alone.
INSERT INTO augur_data.issues AS t (
    repo_id, gh_issue_id, gh_issue_number, gh_user_id, issue_node_id, issue_title, issue_body, issue_state, comment_count, created_at, updated_at,
    closed_at, repository_url, issue_url, labels_url, comments_url, events_url, html_url, reporter_id, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT @repo_id::bigint, n.gh_issue_id, n.gh_issue_number, n.gh_user_id, n.issue_node_id, n.issue_title, n.issue_body, n.issue_state, n.comment_count,
    n.created_at, n.updated_at, n.closed_at, n.repository_url, n.issue_url, n.labels_url, n.comments_url, n.events_url, n.html_url, n.reporter_id,
    'Issue Task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    gh_issue_id bigint, gh_issue_number bigint, gh_user_id bigint, issue_node_id text, issue_title text, issue_body text, issue_state text,
    comment_count bigint, created_at timestamp, updated_at timestamp, closed_at timestamp, repository_url text, issue_url text, labels_url text,
    comments_url text, events_url text, html_url text, reporter_id uuid
)
ORDER BY n.gh_issue_id
ON CONFLICT (repo_id, gh_issue_id) DO UPDATE
SET (
        gh_issue_number, gh_user_id, issue_node_id, issue_title, issue_body, issue_state, comment_count, created_at, updated_at, closed_at,
        repository_url, issue_url, labels_url, comments_url, events_url, html_url, reporter_id, tool_source, tool_version, data_source,
        data_collection_date
    ) = (
        excluded.gh_issue_number, excluded.gh_user_id, excluded.issue_node_id, excluded.issue_title, excluded.issue_body, excluded.issue_state,
        excluded.comment_count, excluded.created_at, excluded.updated_at, excluded.closed_at, excluded.repository_url, excluded.issue_url,
        excluded.labels_url, excluded.comments_url, excluded.events_url, excluded.html_url, excluded.reporter_id, excluded.tool_source,
        excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (
        t.gh_issue_number, t.gh_user_id, t.issue_node_id, t.issue_title, t.issue_body, t.issue_state, t.comment_count, t.created_at, t.updated_at,
        t.closed_at, t.repository_url, t.issue_url, t.labels_url, t.comments_url, t.events_url, t.html_url, t.reporter_id
    )
    IS DISTINCT FROM (
        excluded.gh_issue_number, excluded.gh_user_id, excluded.issue_node_id, excluded.issue_title, excluded.issue_body, excluded.issue_state,
        excluded.comment_count, excluded.created_at, excluded.updated_at, excluded.closed_at, excluded.repository_url, excluded.issue_url,
        excluded.labels_url, excluded.comments_url, excluded.events_url, excluded.html_url, excluded.reporter_id
    );

-- name: UpsertIssueLabels :exec
-- UpsertIssueLabels stores the labels of issues.
INSERT INTO augur_data.issue_labels AS t (
    issue_id, repo_id, label_text, label_description, label_color, label_src_id, label_src_node_id, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT i.issue_id, @repo_id::bigint, n.label_text, n.label_description, n.label_color, n.label_src_id, n.label_src_node_id, 'Issue Task', '2.0',
    'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    gh_issue_id bigint, label_text text, label_description text, label_color text, label_src_id bigint, label_src_node_id text
)
JOIN augur_data.issues i ON i.repo_id = @repo_id AND i.gh_issue_id = n.gh_issue_id
ORDER BY n.label_src_id, i.issue_id
ON CONFLICT (label_src_id, issue_id) DO UPDATE
SET (
        repo_id, label_text, label_description, label_color, label_src_node_id, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.repo_id, excluded.label_text, excluded.label_description, excluded.label_color, excluded.label_src_node_id, excluded.tool_source,
        excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (t.repo_id, t.label_text, t.label_description, t.label_color, t.label_src_node_id)
    IS DISTINCT FROM (
        excluded.repo_id, excluded.label_text, excluded.label_description, excluded.label_color, excluded.label_src_node_id
    );

-- name: DropIssueLabels :exec
-- DropIssueLabels takes labels from issues that do not have them any more, and keeps them as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.issue_labels t
    USING augur_data.issues i
    WHERE i.repo_id = @repo_id::bigint AND i.gh_issue_id = ANY (@gh_issue_ids::bigint[]) AND t.issue_id = i.issue_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (gh_issue_id bigint, label_src_id bigint)
        WHERE n.gh_issue_id = i.gh_issue_id AND n.label_src_id = t.label_src_id
    )
    RETURNING t.issue_label_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'issue_labels', d.issue_label_id::text, d.content
FROM dropped d
ORDER BY d.issue_label_id;

-- name: UpsertIssueAssignees :exec
-- UpsertIssueAssignees stores who issues are assigned to.
INSERT INTO augur_data.issue_assignees AS t (
    issue_id, repo_id, issue_assignee_src_id, issue_assignee_src_node, cntrb_id, tool_source, tool_version, data_source, data_collection_date
)
SELECT i.issue_id, @repo_id::bigint, n.issue_assignee_src_id, n.issue_assignee_src_node, n.cntrb_id, 'Issue Task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    gh_issue_id bigint, issue_assignee_src_id bigint, issue_assignee_src_node text, cntrb_id uuid
)
JOIN augur_data.issues i ON i.repo_id = @repo_id AND i.gh_issue_id = n.gh_issue_id
ORDER BY n.issue_assignee_src_id, i.issue_id
ON CONFLICT (issue_assignee_src_id, issue_id) DO UPDATE
SET (
        repo_id, issue_assignee_src_node, cntrb_id, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.repo_id, excluded.issue_assignee_src_node, excluded.cntrb_id, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (t.repo_id, t.issue_assignee_src_node, t.cntrb_id)
    IS DISTINCT FROM (excluded.repo_id, excluded.issue_assignee_src_node, excluded.cntrb_id);

-- name: DropIssueAssignees :exec
-- DropIssueAssignees takes people from issues that they are not assigned to any more, and keeps the rows as tombstones.
WITH dropped AS (
    DELETE FROM augur_data.issue_assignees t
    USING augur_data.issues i
    WHERE i.repo_id = @repo_id::bigint AND i.gh_issue_id = ANY (@gh_issue_ids::bigint[]) AND t.issue_id = i.issue_id AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (gh_issue_id bigint, issue_assignee_src_id bigint)
        WHERE n.gh_issue_id = i.gh_issue_id AND n.issue_assignee_src_id = t.issue_assignee_src_id
    )
    RETURNING t.issue_assignee_id, to_jsonb(t) AS content
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key, content)
SELECT @repo_id, 'issue_assignees', d.issue_assignee_id::text, d.content
FROM dropped d
ORDER BY d.issue_assignee_id;

-- name: MarkMissingIssues :exec
-- MarkMissingIssues notes issues that a whole pass, which began at a time, did not meet, and forgets that those were missing that it met.
WITH seen AS (
    SELECT s.src_id FROM augur_operations.github_seen s WHERE s.repo_id = @repo_id::bigint AND s.resource = @resource::text
),
back AS (
    DELETE FROM augur_operations.github_tombstone g
    USING augur_data.issues t, seen
    WHERE g.repo_id = @repo_id AND g.table_name = 'issues' AND g.row_key = t.issue_id::text AND t.repo_id = @repo_id AND t.gh_issue_id = seen.src_id
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key)
SELECT t.repo_id, 'issues', t.issue_id::text
FROM augur_data.issues t
WHERE t.repo_id = @repo_id AND t.created_at < @began::timestamp AND t.gh_issue_id NOT IN (SELECT seen.src_id FROM seen)
ORDER BY t.issue_id
ON CONFLICT (table_name, row_key) DO NOTHING;

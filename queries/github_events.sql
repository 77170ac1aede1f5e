-- name: UpsertIssueEvents :exec
-- UpsertIssueEvents stores events of issues.
INSERT INTO augur_data.issue_events AS t (
    issue_id, repo_id, platform_id, issue_event_src_id, node_id, node_url, action, action_commit_hash, created_at, cntrb_id, tool_source,
    tool_version, data_source, data_collection_date
)
SELECT n.row_id, @repo_id::bigint, 1, n.issue_event_src_id, n.node_id, n.node_url, n.action, n.action_commit_hash, n.created_at, n.cntrb_id,
    'Github events task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    row_id bigint, issue_event_src_id bigint, node_id text, node_url text, action text, action_commit_hash text, created_at timestamp, cntrb_id uuid
)
ORDER BY n.row_id, n.issue_event_src_id
ON CONFLICT (issue_id, issue_event_src_id) DO UPDATE
SET (
        repo_id, platform_id, node_id, node_url, action, action_commit_hash, created_at, cntrb_id, tool_source, tool_version, data_source,
        data_collection_date
    ) = (
        excluded.repo_id, excluded.platform_id, excluded.node_id, excluded.node_url, excluded.action, excluded.action_commit_hash,
        excluded.created_at, excluded.cntrb_id, excluded.tool_source, excluded.tool_version, excluded.data_source, excluded.data_collection_date
    )
WHERE (
        t.repo_id, t.platform_id, t.node_id, t.node_url, t.action, t.action_commit_hash, t.created_at, t.cntrb_id
    )
    IS DISTINCT FROM (
        excluded.repo_id, excluded.platform_id, excluded.node_id, excluded.node_url, excluded.action, excluded.action_commit_hash,
        excluded.created_at, excluded.cntrb_id
    );

-- name: FreePullRequestEvents :exec
-- FreePullRequestEvents takes node ids from events that have them in another row: those of a repository that was stored twice.
UPDATE augur_data.pull_request_events t
SET node_id = NULL
FROM jsonb_to_recordset(@rows::jsonb) AS n (issue_event_src_id bigint, node_id text)
WHERE t.node_id = n.node_id AND (t.repo_id, t.issue_event_src_id) IS DISTINCT FROM (@repo_id::bigint, n.issue_event_src_id);

-- name: UpsertPullRequestEvents :exec
-- UpsertPullRequestEvents stores events of pull requests.
INSERT INTO augur_data.pull_request_events AS t (
    pull_request_id, repo_id, platform_id, pr_platform_event_id, issue_event_src_id, node_id, node_url, action, action_commit_hash, created_at,
    cntrb_id, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.row_id, @repo_id::bigint, 1, n.src_id, n.issue_event_src_id, n.node_id, n.node_url, n.action, n.action_commit_hash, n.created_at, n.cntrb_id,
    'Github events task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    row_id bigint, src_id bigint, issue_event_src_id bigint, node_id text, node_url text, action text, action_commit_hash text, created_at timestamp,
    cntrb_id uuid
)
ORDER BY n.issue_event_src_id
ON CONFLICT (repo_id, issue_event_src_id) DO UPDATE
SET (
        pull_request_id, platform_id, pr_platform_event_id, node_id, node_url, action, action_commit_hash, created_at, cntrb_id, tool_source,
        tool_version, data_source, data_collection_date
    ) = (
        excluded.pull_request_id, excluded.platform_id, excluded.pr_platform_event_id, excluded.node_id, excluded.node_url, excluded.action,
        excluded.action_commit_hash, excluded.created_at, excluded.cntrb_id, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    )
WHERE (
        t.pull_request_id, t.platform_id, t.pr_platform_event_id, t.node_id, t.node_url, t.action, t.action_commit_hash, t.created_at, t.cntrb_id
    )
    IS DISTINCT FROM (
        excluded.pull_request_id, excluded.platform_id, excluded.pr_platform_event_id, excluded.node_id, excluded.node_url, excluded.action,
        excluded.action_commit_hash, excluded.created_at, excluded.cntrb_id
    );

-- name: CloseIssues :exec
-- CloseIssues notes who closed issues: the actor of the last time. An issue that is open again was closed by nobody.
UPDATE augur_data.issues t
SET cntrb_id = c.cntrb_id
FROM (
    SELECT i.issue_id, CASE WHEN i.issue_state = 'closed' THEN (
        SELECT e.cntrb_id
        FROM augur_data.issue_events e
        WHERE e.issue_id = i.issue_id AND e.action = 'closed'
        ORDER BY e.created_at DESC, e.issue_event_src_id DESC
        LIMIT 1
    ) END AS cntrb_id
    FROM augur_data.issues i
    WHERE i.issue_id = ANY (@issue_ids::bigint[])
    ORDER BY i.issue_id
    FOR UPDATE OF i
) AS c
WHERE t.issue_id = c.issue_id AND t.cntrb_id IS DISTINCT FROM c.cntrb_id;

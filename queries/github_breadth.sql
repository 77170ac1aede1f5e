-- name: GithubBreadthAsked :one
-- GithubBreadthAsked counts the contributors whose events were asked for: ever, in the last 24 hours, and in this hour.
SELECT count(*) AS all_times, count(*) FILTER (WHERE asked_at > clock_timestamp() - interval '1 day') AS today,
    count(*) FILTER (WHERE asked_at >= date_trunc('hour', clock_timestamp(), 'UTC')) AS this_hour
FROM augur_operations.github_breadth;

-- name: GithubBreadthBudget :one
-- GithubBreadthBudget tells how many points the usable keys have in an hour, and how many of them a kind has spent in this one.
SELECT coalesce(sum(b.points_limit), 0)::bigint AS points,
    (
        SELECT coalesce(sum(s.points), 0)
        FROM augur_operations.api_spending s
        WHERE s.hour = date_trunc('hour', clock_timestamp(), 'UTC') AND s.platform = @platform AND s.resource = @resource AND s.kind = @kind
    )::bigint AS spent
FROM augur_operations.api_budget b
JOIN augur_operations.api_key k ON k.platform = b.platform AND k.fingerprint = b.fingerprint
WHERE b.platform = @platform AND b.resource = @resource AND k.disabled_at IS NULL;

-- name: GithubBreadthDue :many
-- GithubBreadthDue lists contributors who were first met in a repository and whose events are due, the longest not asked first. Only people count who have a pull request
-- or a commit in any repository.
SELECT u.cntrb_id, c.gh_login::text AS login, b.etag, b.read_at
FROM augur_operations.github_user u
JOIN augur_data.contributors c ON c.cntrb_id = u.cntrb_id
LEFT JOIN augur_operations.github_breadth b ON b.cntrb_id = u.cntrb_id
WHERE u.repo_id = @repo_id::bigint AND c.gh_type = 'User' AND c.gh_login <> '' AND c.gh_user_id <> @ghost::bigint
    AND (b.asked_at IS NULL OR b.asked_at < clock_timestamp() - @after::interval)
    AND (
        EXISTS (SELECT 1 FROM augur_data.pull_requests p WHERE p.pr_augur_contributor_id = u.cntrb_id)
        OR EXISTS (SELECT 1 FROM augur_data.commits m WHERE m.cmt_ght_author_id = u.cntrb_id)
    )
ORDER BY b.asked_at NULLS FIRST, u.cntrb_id
LIMIT @max_users;

-- name: UpsertContributorRepos :execrows
-- UpsertContributorRepos stores what a contributor did in public.
INSERT INTO augur_data.contributor_repo AS t (
    cntrb_id, repo_git, repo_name, gh_repo_id, cntrb_category, event_id, created_at, tool_source, tool_version, data_source, data_collection_date
)
SELECT @cntrb_id::uuid, n.repo_git, n.repo_name, n.gh_repo_id, n.cntrb_category, n.event_id, n.created_at, 'Contributor Breadth Worker', '0.0.1', 'GitHub API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (repo_git text, repo_name text, gh_repo_id bigint, cntrb_category text, event_id bigint, created_at timestamp)
ORDER BY n.event_id
ON CONFLICT (event_id, tool_version) DO UPDATE
SET (cntrb_id, repo_git, repo_name, gh_repo_id, cntrb_category, created_at, tool_source, data_source, data_collection_date) = (
        excluded.cntrb_id, excluded.repo_git, excluded.repo_name, excluded.gh_repo_id, excluded.cntrb_category, excluded.created_at, excluded.tool_source,
        excluded.data_source, excluded.data_collection_date
    )
WHERE (t.cntrb_id, t.repo_git, t.repo_name, t.gh_repo_id, t.cntrb_category, t.created_at, t.tool_source, t.data_source) IS DISTINCT FROM (
        excluded.cntrb_id, excluded.repo_git, excluded.repo_name, excluded.gh_repo_id, excluded.cntrb_category, excluded.created_at, excluded.tool_source,
        excluded.data_source
    );

-- name: SaveGithubBreadth :exec
-- SaveGithubBreadth notes that a contributor was asked for.
INSERT INTO augur_operations.github_breadth (cntrb_id, asked_at, read_at, etag, known)
VALUES (@cntrb_id::uuid, clock_timestamp(), @read_at, @etag, @known)
ON CONFLICT (cntrb_id) DO UPDATE
SET asked_at = excluded.asked_at, read_at = excluded.read_at, etag = excluded.etag, known = excluded.known;

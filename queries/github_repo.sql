-- name: GithubRepo :one
-- GithubRepo reads what is known about a repository, and whether that was asked for since a run began, or shortly before.
SELECT r.repo_id, r.repo_git, r.repo_src_id, coalesce(g.node_id, '')::text AS node_id, coalesce(g.answer, 'null')::jsonb AS answer,
    coalesce(g.checked_at > n.started_at - @fresh::interval, false)::boolean AS checked,
    coalesce(g.answered_at > n.started_at - @fresh::interval, false)::boolean AS answered
FROM augur_data.repo r
LEFT JOIN augur_operations.github_repo g ON g.repo_id = r.repo_id
LEFT JOIN augur_operations.collection_run n ON n.run_id = @run_id::bigint
WHERE r.repo_id = @repo_id;

-- name: GithubReposWaiting :many
-- GithubReposWaiting lists repositories that are about to ask the same question, but have not begun to: they can be asked about at once. Those who ask at the
-- same time go through them in different orders, so that they do not all ask about the same.
SELECT r.repo_id, r.repo_git, r.repo_src_id
FROM augur_operations.collection_task t
JOIN augur_operations.collection_run n ON n.run_id = t.run_id
JOIN augur_data.repo r ON r.repo_id = n.repo_id
JOIN river.river_job j ON j.id = t.job_id
LEFT JOIN augur_operations.github_repo g ON g.repo_id = r.repo_id
WHERE t.state = 'queued' AND t.kind = @kind::text AND n.finished_at IS NULL AND r.repo_id <> @repo_id AND j.state <> 'running'
    AND g.checked_at < n.started_at - @fresh::interval
ORDER BY md5(concat_ws(' ', @repo_id, r.repo_id)), r.repo_id
LIMIT @max_repos;

-- name: SaveGithubRepo :exec
-- SaveGithubRepo stores what GitHub said about a repository; a NULL answer leaves the last whole one.
INSERT INTO augur_operations.github_repo AS t (repo_id, node_id, activity, pushed, overall, answer, checked_at, answered_at)
VALUES (
    @repo_id, @node_id, @activity, @pushed, @overall, sqlc.narg('answer')::jsonb, clock_timestamp(),
    CASE WHEN sqlc.narg('answer') IS NOT NULL THEN clock_timestamp() END
)
ON CONFLICT (repo_id) DO UPDATE
SET node_id = excluded.node_id, activity = excluded.activity, pushed = excluded.pushed, overall = excluded.overall,
    answer = coalesce(excluded.answer, t.answer), checked_at = excluded.checked_at, answered_at = coalesce(excluded.answered_at, t.answered_at);

-- name: RepoOfSource :many
-- RepoOfSource finds other repositories that GitHub knows by an id, or that have an address.
SELECT repo_id, repo_git, repo_src_id
FROM augur_data.repo
WHERE repo_id <> @repo_id AND (repo_src_id = sqlc.narg('repo_src_id')::bigint OR repo_git = @repo_git::text)
ORDER BY repo_id;

-- name: SetRepoSource :exec
-- SetRepoSource stores GitHub's id of a repository.
UPDATE augur_data.repo
SET repo_src_id = @repo_src_id::bigint
WHERE repo_id = @repo_id AND repo_src_id IS DISTINCT FROM @repo_src_id;

-- name: TakeRepoSource :exec
-- TakeRepoSource takes GitHub's id of a repository from rows whose address is not that repository's any more.
UPDATE augur_data.repo
SET repo_src_id = NULL
WHERE repo_src_id = @repo_src_id::bigint AND repo_id <> @repo_id;

-- name: MoveRepo :exec
-- MoveRepo gives a repository its new address, and keeps the old one.
WITH former AS (
    INSERT INTO augur_data.historical_repo_urls (repo_id, git_url)
    SELECT r.repo_id, r.repo_git
    FROM augur_data.repo r
    WHERE r.repo_id = @repo_id AND r.repo_git <> @repo_git::text
    ON CONFLICT (repo_id, git_url) DO NOTHING
)
UPDATE augur_data.repo t
SET repo_git = @repo_git, repo_path = @repo_path::text, repo_name = @repo_name::text
WHERE t.repo_id = @repo_id;

-- name: KeepRepoURL :exec
-- KeepRepoURL notes that a repository had an address.
INSERT INTO augur_data.historical_repo_urls (repo_id, git_url)
VALUES (@repo_id, @git_url)
ON CONFLICT (repo_id, git_url) DO NOTHING;

-- name: DescribeRepo :exec
-- DescribeRepo stores what GitHub says about a repository itself.
UPDATE augur_data.repo t
SET repo_type = n.repo_type, description = n.description, primary_language = n.primary_language, created_at = n.created_at, forked_from = n.forked_from,
    updated_at = n.updated_at, repo_archived = n.repo_archived,
    repo_archived_date_collected = CASE WHEN n.repo_archived IS DISTINCT FROM t.repo_archived THEN clock_timestamp() ELSE t.repo_archived_date_collected END,
    data_collection_date = localtimestamp
FROM jsonb_to_record(@row::jsonb) AS n (
    repo_type text, description text, primary_language text, created_at text, forked_from text, updated_at timestamp, repo_archived integer
)
WHERE t.repo_id = @repo_id AND (t.repo_type, t.description, t.primary_language, t.created_at, t.forked_from, t.updated_at, t.repo_archived)
    IS DISTINCT FROM (n.repo_type, n.description, n.primary_language, n.created_at, n.forked_from, n.updated_at, n.repo_archived);

-- name: AddRepoInfo :execrows
-- AddRepoInfo adds a snapshot of a repository, unless it equals the last one.
WITH n AS (
    SELECT r.last_updated::timestamp AS last_updated, r.issues_enabled::text AS issues_enabled, r.open_issues::integer AS open_issues,
        r.wiki_enabled::text AS wiki_enabled, r.fork_count::integer AS fork_count, r.default_branch::text AS default_branch,
        r.watchers_count::integer AS watchers_count, r.license::text AS license, r.stars_count::integer AS stars_count,
        r.committers_count::integer AS committers_count, r.license_file::text AS license_file, r.code_of_conduct_file::text AS code_of_conduct_file,
        r.commit_count::bigint AS commit_count, r.issues_count::bigint AS issues_count, r.issues_closed::bigint AS issues_closed,
        r.pull_request_count::bigint AS pull_request_count, r.pull_requests_open::bigint AS pull_requests_open,
        r.pull_requests_closed::bigint AS pull_requests_closed, r.pull_requests_merged::bigint AS pull_requests_merged
    FROM jsonb_to_record(@row::jsonb) AS r (
        last_updated timestamp, issues_enabled text, open_issues integer, wiki_enabled text, fork_count integer, default_branch text, watchers_count integer,
        license text, stars_count integer, committers_count integer, license_file text, code_of_conduct_file text, commit_count bigint, issues_count bigint,
        issues_closed bigint, pull_request_count bigint, pull_requests_open bigint, pull_requests_closed bigint, pull_requests_merged bigint
    )
),
newest AS (
    SELECT t.last_updated, t.issues_enabled, t.open_issues, t.wiki_enabled, t.fork_count, t.default_branch, t.watchers_count, t.license, t.stars_count,
        t.committers_count, t.license_file, t.code_of_conduct_file, t.commit_count, t.issues_count, t.issues_closed, t.pull_request_count,
        t.pull_requests_open, t.pull_requests_closed, t.pull_requests_merged
    FROM augur_data.repo_info t
    WHERE t.repo_id = @repo_id::bigint
    ORDER BY t.repo_info_id DESC
    LIMIT 1
)
INSERT INTO augur_data.repo_info (
    repo_id, last_updated, issues_enabled, open_issues, wiki_enabled, fork_count, default_branch, watchers_count, license, stars_count, committers_count,
    license_file, code_of_conduct_file, commit_count, issues_count, issues_closed, pull_request_count, pull_requests_open, pull_requests_closed,
    pull_requests_merged, tool_source, tool_version, data_source, data_collection_date
)
SELECT @repo_id, n.last_updated, n.issues_enabled, n.open_issues, n.wiki_enabled, n.fork_count, n.default_branch, n.watchers_count, n.license, n.stars_count,
    n.committers_count, n.license_file, n.code_of_conduct_file, n.commit_count, n.issues_count, n.issues_closed, n.pull_request_count, n.pull_requests_open,
    n.pull_requests_closed, n.pull_requests_merged, 'Repo_info Model', '0.50.0', 'Github', localtimestamp
FROM n
WHERE NOT EXISTS (
    SELECT 1
    FROM newest t
    WHERE (
            t.last_updated, t.issues_enabled, t.open_issues, t.wiki_enabled, t.fork_count, t.default_branch, t.watchers_count, t.license, t.stars_count,
            t.committers_count, t.license_file, t.code_of_conduct_file, t.commit_count, t.issues_count, t.issues_closed, t.pull_request_count,
            t.pull_requests_open, t.pull_requests_closed, t.pull_requests_merged
        ) IS NOT DISTINCT FROM (
            n.last_updated, n.issues_enabled, n.open_issues, n.wiki_enabled, n.fork_count, n.default_branch, n.watchers_count, n.license, n.stars_count,
            n.committers_count, n.license_file, n.code_of_conduct_file, n.commit_count, n.issues_count, n.issues_closed, n.pull_request_count,
            n.pull_requests_open, n.pull_requests_closed, n.pull_requests_merged
        )
);

-- name: SizeRepo :exec
-- SizeRepo keeps how many issues and pull requests a repository has, by which the monitor tells large ones from small ones.
UPDATE augur_operations.collection_status
SET issue_pr_sum = @issue_pr_sum::bigint
WHERE repo_id = @repo_id AND issue_pr_sum IS DISTINCT FROM @issue_pr_sum;

-- name: UpsertReleases :exec
-- UpsertReleases stores releases, and tags that have none.
INSERT INTO augur_data.releases AS t (
    release_id, repo_id, release_name, release_description, release_author, release_created_at, release_published_at, release_updated_at, release_is_draft,
    release_is_prerelease, release_tag_name, release_url, tag_only, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.release_id, @repo_id::bigint, n.release_name, n.release_description, n.release_author, n.release_created_at, n.release_published_at,
    n.release_updated_at, n.release_is_draft, n.release_is_prerelease, n.release_tag_name, n.release_url, n.tag_only,
    'Release Task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    release_id text, release_name text, release_description text, release_author text, release_created_at timestamp, release_published_at timestamp,
    release_updated_at timestamp, release_is_draft boolean, release_is_prerelease boolean, release_tag_name text, release_url text, tag_only boolean
)
ORDER BY n.release_id
ON CONFLICT (release_id) DO UPDATE
SET (repo_id, release_name, release_description, release_author, release_created_at, release_published_at, release_updated_at, release_is_draft,
        release_is_prerelease, release_tag_name, release_url, tag_only, tool_source, tool_version, data_source, data_collection_date)
    = (excluded.repo_id, excluded.release_name, excluded.release_description, excluded.release_author, excluded.release_created_at,
        excluded.release_published_at, excluded.release_updated_at, excluded.release_is_draft, excluded.release_is_prerelease, excluded.release_tag_name,
        excluded.release_url, excluded.tag_only, excluded.tool_source, excluded.tool_version, excluded.data_source, excluded.data_collection_date)
WHERE (t.repo_id, t.release_name, t.release_description, t.release_author, t.release_created_at, t.release_published_at, t.release_updated_at,
        t.release_is_draft, t.release_is_prerelease, t.release_tag_name, t.release_url, t.tag_only)
    IS DISTINCT FROM (excluded.repo_id, excluded.release_name, excluded.release_description, excluded.release_author, excluded.release_created_at,
        excluded.release_published_at, excluded.release_updated_at, excluded.release_is_draft, excluded.release_is_prerelease, excluded.release_tag_name,
        excluded.release_url, excluded.tag_only);

-- name: MarkMissingReleases :exec
-- MarkMissingReleases notes releases and tags that a repository does not have any more, and forgets that those were missing that it has.
WITH stored AS (
    SELECT t.release_id, t.release_id = ANY (@release_ids::text[]) AS there
    FROM augur_data.releases t
    WHERE t.repo_id = @repo_id::bigint
),
back AS (
    DELETE FROM augur_operations.github_tombstone g
    USING stored s
    WHERE s.there AND g.table_name = 'releases' AND g.row_key = rtrim(s.release_id::text)
)
INSERT INTO augur_operations.github_tombstone (repo_id, table_name, row_key)
SELECT @repo_id, 'releases', rtrim(s.release_id::text)
FROM stored s
WHERE NOT s.there
ORDER BY s.release_id
ON CONFLICT (table_name, row_key) DO NOTHING;

-- name: ContributorsRead :one
-- ContributorsRead counts who has commits in a repository, as far as GitHub listed them; 0 when it did not.
SELECT coalesce(sum(rows_read) FILTER (WHERE completed_at IS NOT NULL AND started_at IS NULL), 0)::bigint AS contributors
FROM augur_operations.github_cursor
WHERE repo_id = @repo_id AND resource = @resource;

-- name: GithubReposWithoutKey :one
-- GithubReposWithoutKey counts repositories on GitHub of which nothing but the git history was collected yet.
SELECT count(*)
FROM augur_operations.collection_schedule
WHERE platform = 'github' AND phase = 'core' AND wait IN ('new', 'due', 'retry');

-- name: LockRepos :exec
-- LockRepos makes those who add repositories wait for one another until the end of the transaction: ids stay without gaps, and two loads of
-- the same file cannot deadlock. Nobody waits longer than a minute for a process that says nothing any more.
SELECT pg_advisory_xact_lock(hashtext('augur add repositories'))
FROM set_config('idle_in_transaction_session_timeout', '1min', true);

-- name: FindRepos :many
-- FindRepos gives the repositories that have one of the URLs, now or, because they moved, formerly.
SELECT r.repo_git::text AS url, r.repo_id, r.repo_group_id, r.repo_git::text AS current_url
FROM augur_data.repo r
WHERE r.repo_git = ANY (@urls::text[])
UNION ALL
SELECT h.git_url::text, r.repo_id, r.repo_group_id, r.repo_git::text
FROM augur_data.historical_repo_urls h
JOIN augur_data.repo r ON r.repo_id = h.repo_id
WHERE h.git_url = ANY (@urls)
ORDER BY 1, 2;

-- name: InsertRepos :many
-- InsertRepos adds repositories in the order of the arrays. One that is there already is left alone and is missing from the result.
INSERT INTO augur_data.repo (
    repo_group_id, repo_git, repo_path, repo_name, repo_added, repo_type, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.group_id, n.url, n.path, n.name, localtimestamp, '', 'CLI', @tool_version::text, 'Git', localtimestamp
FROM (
    SELECT unnest(@groups::bigint[]) AS group_id, unnest(@urls::text[]) AS url, unnest(@paths::text[]) AS path, unnest(@names::text[]) AS name,
        generate_series(1, cardinality(@urls)) AS place
) AS n
ORDER BY n.place
ON CONFLICT (repo_git) DO NOTHING
RETURNING repo_id, repo_git;

-- name: InsertCollectionStatus :execrows
-- InsertCollectionStatus gives repositories the status row that the monitor reads: everything Pending.
INSERT INTO augur_operations.collection_status (repo_id, core_status, secondary_status, facade_status, ml_status)
SELECT n.repo_id, 'Pending', 'Pending', 'Pending', 'Pending'
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id) AS n
ORDER BY n.repo_id
ON CONFLICT (repo_id) DO NOTHING;

-- name: InsertUserRepos :execrows
-- InsertUserRepos puts repositories into user group 1, the group of cli_user. A database without that group has no use for the rows.
INSERT INTO augur_operations.user_repos (group_id, repo_id)
SELECT g.group_id, n.repo_id
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id) AS n
JOIN augur_operations.user_groups g ON g.group_id = 1
ORDER BY n.repo_id
ON CONFLICT (group_id, repo_id) DO NOTHING;

-- name: RepoGroups :many
-- RepoGroups lists the groups with the number of their repositories.
SELECT g.repo_group_id, g.rg_name, coalesce(nullif(g.rg_description, 'NULL'), '')::text AS description, count(r.repo_id) AS repos
FROM augur_data.repo_groups g
LEFT JOIN augur_data.repo r ON r.repo_group_id = g.repo_group_id
GROUP BY g.repo_group_id
ORDER BY g.repo_group_id;

-- name: RepoGroupNames :many
-- RepoGroupNames gives those of the ids that are repository groups, with their names.
SELECT repo_group_id, rg_name
FROM augur_data.repo_groups
WHERE repo_group_id = ANY (@ids::bigint[])
ORDER BY repo_group_id;

-- name: RepoGroupOfName :one
-- RepoGroupOfName is the first group of a name, in whatever case; 0: there is none.
SELECT coalesce(min(repo_group_id), 0)::bigint AS repo_group_id
FROM augur_data.repo_groups
WHERE lower(rg_name) = lower(@name::text);

-- name: InsertRepoGroup :one
-- InsertRepoGroup adds a group under an id that the database chooses.
INSERT INTO augur_data.repo_groups (
    rg_name, rg_description, rg_website, rg_recache, rg_last_modified, rg_type, tool_source, tool_version, data_source, data_collection_date
)
VALUES (@name, '', @website, 0, localtimestamp, 'Unknown', 'Loaded by user', @tool_version::text, 'Git', localtimestamp)
RETURNING repo_group_id;

-- name: InsertRepoGroups :many
-- InsertRepoGroups adds groups under ids that people chose. One that is there already is left alone and is missing from the result.
INSERT INTO augur_data.repo_groups (
    repo_group_id, rg_name, rg_description, rg_website, rg_recache, rg_last_modified, rg_type, tool_source, tool_version, data_source,
    data_collection_date
)
SELECT n.id, n.name, '', '', 0, localtimestamp, 'Unknown', 'Loaded by user', @tool_version::text, 'Git', localtimestamp
FROM (SELECT unnest(@ids::bigint[]) AS id, unnest(@names::text[]) AS name) AS n
ORDER BY n.id
ON CONFLICT (repo_group_id) DO NOTHING
RETURNING repo_group_id;

-- name: RaiseRepoGroupSequence :exec
-- RaiseRepoGroupSequence lets ids that the database chooses begin after the largest one that a person chose. It never goes back.
SELECT setval('augur_data.repo_groups_repo_group_id_seq', m.largest)
FROM (SELECT max(repo_group_id)::bigint AS largest FROM augur_data.repo_groups) AS m
WHERE m.largest > coalesce(pg_sequence_last_value('augur_data.repo_groups_repo_group_id_seq'), 0);

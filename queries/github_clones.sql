-- name: GithubClonesDue :one
-- GithubClonesDue tells whether it is time to ask how often a repository is cloned.
SELECT coalesce(
    (
        SELECT c.asked_at < clock_timestamp() - CASE WHEN c.refused IS NULL THEN @after::interval ELSE @refused_for::interval END
        FROM augur_operations.github_clones c
        WHERE c.repo_id = @repo_id::bigint
    ), true
)::boolean AS due;

-- name: UpsertRepoClones :execrows
-- UpsertRepoClones stores how often a repository was cloned on each day. Augur's table has no key for that: the job of the repository is the only writer.
WITH n AS (
    SELECT r.cloned_on::timestamp AS cloned_on, r.count_clones::bigint AS count_clones, r.unique_clones::bigint AS unique_clones
    FROM jsonb_to_recordset(@rows::jsonb) AS r (cloned_on timestamp, count_clones bigint, unique_clones bigint)
),
changed AS (
    UPDATE augur_data.repo_clones_data t
    SET count_clones = n.count_clones, unique_clones = n.unique_clones
    FROM n
    WHERE t.repo_id = @repo_id::bigint AND t.clone_data_timestamp = n.cloned_on
        AND (t.count_clones, t.unique_clones) IS DISTINCT FROM (n.count_clones, n.unique_clones)
)
INSERT INTO augur_data.repo_clones_data (repo_id, unique_clones, count_clones, clone_data_timestamp)
SELECT @repo_id, n.unique_clones, n.count_clones, n.cloned_on
FROM n
WHERE NOT EXISTS (SELECT 1 FROM augur_data.repo_clones_data t WHERE t.repo_id = @repo_id AND t.clone_data_timestamp = n.cloned_on)
ORDER BY n.cloned_on;

-- name: SaveGithubClones :exec
-- SaveGithubClones notes that GitHub was asked how often a repository is cloned, and what it said when it did not tell.
INSERT INTO augur_operations.github_clones (repo_id, asked_at, refused)
VALUES (@repo_id, clock_timestamp(), @refused)
ON CONFLICT (repo_id) DO UPDATE
SET asked_at = excluded.asked_at, refused = excluded.refused;

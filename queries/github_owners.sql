-- name: FollowGithubOwner :exec
-- FollowGithubOwner makes an owner a followed one, or changes how it is followed, and claims it. Where it may now have more to add, it is listed anew.
INSERT INTO augur_operations.followed_owner AS t (platform, node_id, login, kind, repo_group_id, archived, forks, retry_at)
VALUES ('github', @node_id, @login, @kind, @repo_group_id, @archived, @forks, clock_timestamp() + @held::interval)
ON CONFLICT (platform, node_id) DO UPDATE
SET login = excluded.login, kind = excluded.kind, repo_group_id = excluded.repo_group_id, archived = excluded.archived, forks = excluded.forks,
    retry_at = excluded.retry_at, mark = CASE WHEN (t.archived, t.forks) = (excluded.archived, excluded.forks) THEN t.mark END;

-- name: GroupOfGithubOwner :one
-- GroupOfGithubOwner is the group that new repositories of a followed owner are added to; 0: it is not followed.
SELECT coalesce(max(repo_group_id), 0)::bigint AS repo_group_id
FROM augur_operations.followed_owner
WHERE platform = 'github' AND node_id = @node_id;

-- name: ClaimGithubOwners :many
-- ClaimGithubOwners takes owners whose turn it is, the longest not looked at first. Nobody else takes them while the claim lasts. listed tells whether the last list of
-- their repositories is young enough to go by the mark.
WITH due AS (
    SELECT f.platform, f.node_id
    FROM augur_operations.followed_owner f
    WHERE f.platform = 'github' AND coalesce(f.retry_at, f.checked_at + @owners_after::interval, f.followed_at) <= clock_timestamp()
    ORDER BY f.checked_at NULLS FIRST, f.node_id
    LIMIT @max_owners
    FOR UPDATE SKIP LOCKED
)
UPDATE augur_operations.followed_owner t
SET retry_at = clock_timestamp() + @held::interval
FROM due
WHERE t.platform = due.platform AND t.node_id = due.node_id
RETURNING t.node_id, t.login, t.repo_group_id, t.archived, t.forks, coalesce(t.mark, '')::text AS mark,
    (t.listed_at IS NOT NULL AND (@list_again::interval = interval '0' OR t.listed_at > clock_timestamp() - @list_again))::boolean AS listed;

-- name: SettleGithubOwner :exec
-- SettleGithubOwner notes what a look at an owner found. listed says that all its repositories were read.
UPDATE augur_operations.followed_owner
SET login = @login, kind = @kind, mark = sqlc.narg('mark'), checked_at = clock_timestamp(), retry_at = NULL, failures = 0, error = NULL,
    listed_at = CASE WHEN @listed::boolean THEN clock_timestamp() ELSE listed_at END
WHERE platform = 'github' AND node_id = @node_id;

-- name: FailGithubOwner :exec
-- FailGithubOwner notes why a look at an owner had no result. The next one is after the time between looks, twice that after another failure, and so on, up to 16 times.
UPDATE augur_operations.followed_owner
SET failures = failures + 1, error = @error, retry_at = clock_timestamp() + power(2, least(failures, 4)) * @owners_after::interval
WHERE platform = 'github' AND node_id = @node_id;

-- name: PutOffGithubOwners :exec
-- PutOffGithubOwners gives claimed owners back without a result, to be taken again after a time.
UPDATE augur_operations.followed_owner
SET retry_at = clock_timestamp() + @wait::interval, error = sqlc.narg('error')
WHERE platform = 'github' AND node_id = ANY (@node_ids::text[]);

-- name: FollowedGithubOwners :many
-- FollowedGithubOwners lists the owners that are followed, with the number of repositories that are stored under their names, wherever they are.
SELECT f.node_id, f.login, f.kind, f.repo_group_id, g.rg_name, f.archived, f.forks, f.followed_at, f.checked_at, f.listed_at, f.failures, coalesce(f.error, '')::text AS error,
    greatest(coalesce(f.retry_at, f.checked_at + @owners_after::interval, f.followed_at), clock_timestamp())::timestamptz AS next_at, coalesce(k.repos, 0)::bigint AS repos,
    clock_timestamp()::timestamptz AS now
FROM augur_operations.followed_owner f
JOIN augur_data.repo_groups g ON g.repo_group_id = f.repo_group_id
LEFT JOIN (
    SELECT lower(split_part(r.repo_git, '/', 4)) AS login, count(*) AS repos
    FROM augur_data.repo r
    WHERE augur_operations.collection_platform(r.repo_git) = 'github'
    GROUP BY 1
) AS k ON k.login = lower(f.login)
WHERE f.platform = 'github'
ORDER BY lower(f.login), f.node_id;

-- name: UnfollowGithubOwner :many
-- UnfollowGithubOwner ends the following of owners of a name.
DELETE FROM augur_operations.followed_owner
WHERE platform = 'github' AND lower(login) = lower(@login::text)
RETURNING login;

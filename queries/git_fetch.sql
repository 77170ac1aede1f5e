-- name: GitHistory :one
-- GitHistory reads how far the history of a repository is stored.
SELECT repo_id, branch, fetched, head, target, commits, repaired, fetched_at, stored_at, mailmap, attributed, cached, reattributed, inherited
FROM augur_operations.git_history
WHERE repo_id = @repo_id;

-- name: SaveFetch :exec
-- SaveFetch notes what a fetch found, and writes Augur's fetch log.
WITH history AS (
    INSERT INTO augur_operations.git_history (repo_id, branch, fetched, fetched_at)
    VALUES (@repo_id, sqlc.narg('branch')::text, sqlc.narg('fetched')::text, clock_timestamp())
    ON CONFLICT (repo_id) DO UPDATE
    SET branch = excluded.branch, fetched = excluded.fetched, fetched_at = excluded.fetched_at
)
INSERT INTO augur_data.repos_fetch_log (repos_id, status)
VALUES (@log_repo_id, @log_status);

-- name: NothingNew :one
-- NothingNew notes a fetch that found the commit up to which the history is stored whole, and tells what the other tasks of the phase would find: whether the last run of it failed, whether the
-- people of the repository, and the changes of people and sums of all repositories, are followed, and which looks at files, by their kinds, rules and lifetimes (0: for ever), are true still. No row tells
-- that there is something new.
WITH history AS (
    UPDATE augur_operations.git_history g
    SET branch = @branch::text, fetched = g.head, fetched_at = clock_timestamp()
    WHERE g.repo_id = @repo_id AND g.head = @head::text AND g.target IS NULL
    RETURNING g.repo_id, g.head, g.attributed, g.cached
), logged AS (
    INSERT INTO augur_data.repos_fetch_log (repos_id, status)
    SELECT @log_repo_id::int, @log_status::text
    FROM history
)
SELECT h.attributed, h.cached,
    EXISTS (SELECT FROM augur_operations.collection_backoff b WHERE b.repo_id = h.repo_id AND b.phase = 'facade') AS failed,
    EXISTS (SELECT FROM augur_operations.people_change) AS people_changed,
    EXISTS (SELECT FROM augur_operations.git_history u WHERE NOT u.cached AND u.attributed AND u.target IS NULL) AS sums_old,
    ARRAY(
        SELECT s.kind
        FROM (SELECT unnest(@kinds::text[]) AS kind, unnest(@rules::text[]) AS rules, unnest(@lifetimes::interval[]) AS lifetime) AS w
        JOIN augur_operations.tree_snapshot s ON s.repo_id = h.repo_id AND s.kind = w.kind AND s.rules = w.rules AND s.head = h.head
        WHERE w.lifetime = '0' OR clock_timestamp() - s.checked_at < w.lifetime
    )::text[] AS fresh
FROM history h;

-- name: NameRepo :exec
-- NameRepo sets path and name of a repository as its clone has them, if they differ.
UPDATE augur_data.repo
SET repo_path = @repo_path::text, repo_name = @repo_name::text
WHERE repo_id = @repo_id AND (repo_path, repo_name) IS DISTINCT FROM (@repo_path::text, @repo_name::text);

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

-- name: LogFetch :exec
-- LogFetch writes a line of Augur's fetch log.
INSERT INTO augur_data.repos_fetch_log (repos_id, status)
VALUES (@repos_id, @status);

-- name: NameRepo :exec
-- NameRepo sets path and name of a repository as its clone has them, if they differ.
UPDATE augur_data.repo
SET repo_path = @repo_path::text, repo_name = @repo_name::text
WHERE repo_id = @repo_id AND (repo_path, repo_name) IS DISTINCT FROM (@repo_path::text, @repo_name::text);

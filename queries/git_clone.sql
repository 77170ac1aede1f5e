-- name: KnowClone :exec
-- KnowClone makes the row that uses of a clone hang on. Others wait for whoever has it locked, so the server ends a transaction in which nothing is said for a minute.
INSERT INTO augur_operations.git_clone (store, repo_id, name, host)
SELECT @store, @repo_id, @name, @host
FROM set_config('idle_in_transaction_session_timeout', '1min', true)
ON CONFLICT (store, repo_id) DO NOTHING;

-- name: LockClone :one
-- LockClone locks the row of a clone for the rest of the transaction, and notes its use.
UPDATE augur_operations.git_clone
SET used_at = clock_timestamp(), host = @host, name = @name
WHERE store = @store AND repo_id = @repo_id
RETURNING broken, bytes;

-- name: OtherUses :many
-- OtherUses lists the other running jobs that use a clone. The caller has locked its row.
SELECT u.job_id, u.exclusive
FROM augur_operations.git_clone_use u
JOIN river.river_job j ON j.id = u.job_id AND j.state = 'running'
WHERE u.store = @store AND u.repo_id = @repo_id AND u.job_id <> @job_id
ORDER BY u.job_id;

-- name: UseClone :exec
-- UseClone notes that a job uses a clone, and forgets uses of jobs that do not run any more. The caller has locked its row.
WITH ended AS (
    DELETE FROM augur_operations.git_clone_use e
    WHERE e.store = @store AND e.repo_id = @repo_id AND e.job_id <> @job_id
        AND NOT EXISTS (SELECT FROM river.river_job j WHERE j.id = e.job_id AND j.state = 'running')
)
INSERT INTO augur_operations.git_clone_use (store, repo_id, job_id, exclusive)
VALUES (@store, @repo_id, @job_id, @exclusive)
ON CONFLICT (store, repo_id, job_id) DO UPDATE
SET exclusive = excluded.exclusive
WHERE augur_operations.git_clone_use.exclusive <> excluded.exclusive;

-- name: LeaveClone :exec
-- LeaveClone ends a job's use of a clone.
DELETE FROM augur_operations.git_clone_use
WHERE store = @store AND repo_id = @repo_id AND job_id = @job_id;

-- name: MeasureClone :exec
-- MeasureClone notes the size of a clone that was just made or fetched.
UPDATE augur_operations.git_clone
SET bytes = @bytes, broken = false, used_at = clock_timestamp()
WHERE store = @store AND repo_id = @repo_id;

-- name: BreakClone :exec
-- BreakClone notes that a clone has to be made again.
UPDATE augur_operations.git_clone
SET broken = true
WHERE store = @store AND repo_id = @repo_id;

-- name: ClaimVictim :one
-- ClaimVictim takes the clone that is to be evicted next, for the job: the one whose repository is gone, or that was not used for longest. One that a running
-- job uses is never taken.
WITH victim AS (
    SELECT c.store, c.repo_id
    FROM augur_operations.git_clone c
    LEFT JOIN augur_data.repo r ON r.repo_id = c.repo_id
    WHERE c.store = @store AND c.repo_id <> @keep AND c.bytes > 0 AND NOT EXISTS (
        SELECT
        FROM augur_operations.git_clone_use u
        JOIN river.river_job j ON j.id = u.job_id AND j.state = 'running'
        WHERE u.store = c.store AND u.repo_id = c.repo_id
    )
    ORDER BY r.repo_id IS NOT NULL, c.used_at, c.repo_id
    LIMIT 1
    FOR UPDATE OF c SKIP LOCKED
), claimed AS (
    INSERT INTO augur_operations.git_clone_use (store, repo_id, job_id, exclusive)
    SELECT v.store, v.repo_id, @job_id::bigint, true
    FROM victim v
    ON CONFLICT (store, repo_id, job_id) DO UPDATE
    SET exclusive = true
)
SELECT c.repo_id, c.name, c.bytes
FROM augur_operations.git_clone c
JOIN victim v ON v.store = c.store AND v.repo_id = c.repo_id;

-- name: ForgetClone :exec
-- ForgetClone removes the row of a clone that is gone, with its uses.
DELETE FROM augur_operations.git_clone
WHERE store = @store AND repo_id = @repo_id;

-- name: StoreSize :one
-- StoreSize is how many bytes the clones of a directory take.
SELECT coalesce(sum(bytes), 0)::bigint AS bytes
FROM augur_operations.git_clone
WHERE store = @store;

-- name: SizeOfOthers :one
-- SizeOfOthers is how many bytes the clones of a directory take beside that of one repository.
SELECT coalesce(sum(bytes), 0)::bigint AS bytes
FROM augur_operations.git_clone
WHERE store = @store AND repo_id <> @repo_id;

-- name: Clones :many
-- Clones lists the clones of all machines, in the order in which they would be evicted.
SELECT c.store, c.repo_id, c.name, c.host, c.bytes, c.broken, c.used_at, coalesce(r.repo_git, '')::text AS repo_git,
    ARRAY(
        SELECT u.job_id
        FROM augur_operations.git_clone_use u
        JOIN river.river_job j ON j.id = u.job_id AND j.state = 'running'
        WHERE u.store = c.store AND u.repo_id = c.repo_id
        ORDER BY u.job_id
    )::bigint[] AS job_ids
FROM augur_operations.git_clone c
LEFT JOIN augur_data.repo r ON r.repo_id = c.repo_id
ORDER BY c.store, r.repo_id IS NOT NULL, c.used_at, c.repo_id;

-- name: Beat :one
-- Beat renews the lease of a worker process with the jobs that it really holds, and returns the time.
INSERT INTO augur_operations.worker_lease (client_id, host, pid, queues, held)
VALUES (@client_id, @host, @pid, @queues, @held)
ON CONFLICT (client_id) DO UPDATE
SET beat_at = clock_timestamp(), held = excluded.held, queues = excluded.queues
RETURNING clock_timestamp()::timestamptz AS at;

-- name: EndLease :exec
-- EndLease takes a worker process off the list when it stops in order.
DELETE FROM augur_operations.worker_lease WHERE client_id = @client_id;

-- name: ExpireLeases :execrows
-- ExpireLeases ends the leases of processes that are known to be dead: the named ones of one machine.
DELETE FROM augur_operations.worker_lease WHERE host = @host AND pid = ANY (@pids::int[]);

-- name: ForgetLeases :exec
-- ForgetLeases removes leases that ended long ago.
DELETE FROM augur_operations.worker_lease WHERE beat_at < clock_timestamp() - interval '1 day';

-- name: UnheldJobs :many
-- UnheldJobs lists every job that is running without a live lease that holds it. Died tells that its worker is gone, and did not just lose
-- the job on the way; deaths counts the workers before it. A server that started just now says nothing about workers, which could not send
-- heartbeats before.
SELECT j.id, j.kind, j.args, j.attempt, coalesce((j.metadata ->> 'deaths')::int, 0)::int AS deaths,
    (NOT w.lives AND w.heard)::boolean AS died
FROM river.river_job j
LEFT JOIN augur_operations.worker_lease l ON l.client_id = j.attempted_by[array_upper(j.attempted_by, 1)]
CROSS JOIN LATERAL (
    SELECT coalesce(l.beat_at > clock_timestamp() - @lease::interval, false) AS lives, pg_postmaster_start_time() < clock_timestamp() - @lease AS heard
) AS w
WHERE j.state = 'running' AND NOT (w.lives AND (j.id = ANY (l.held) OR j.attempted_at > clock_timestamp() - @grace::interval))
ORDER BY j.id;

-- name: Rescue :many
-- Rescue replaces every job that is running without a live lease that holds it, but for those that are spared: the dead row is finalised and a
-- copy with a new id takes its place, with the same attempt count and unique key; the task and the status follow to the new id, all in one
-- statement. A stale attempt that wakes up later finds its own row ended, so the id is the fence. Those in died count the death of their worker. It waits for nobody: a job
-- whose row, or whose repository's status, somebody has locked is left to the next look. A frozen worker may have either, and would keep all the others.
WITH dead AS MATERIALIZED (
    SELECT j.id, (j.args ->> 'repo_id')::bigint AS repo_id
    FROM river.river_job j
    WHERE j.state = 'running'
        AND NOT EXISTS (
            SELECT 1
            FROM augur_operations.worker_lease l
            WHERE l.client_id = j.attempted_by[array_upper(j.attempted_by, 1)]
                AND l.beat_at > clock_timestamp() - @lease::interval
                AND (j.id = ANY (l.held) OR j.attempted_at > clock_timestamp() - @grace::interval)
        )
        AND j.id <> ALL (coalesce(@spared::bigint[], '{}'))
    FOR UPDATE SKIP LOCKED
),
locked_status AS MATERIALIZED (
    SELECT s.repo_id
    FROM augur_operations.collection_status s
    WHERE s.repo_id IN (SELECT dead.repo_id FROM dead)
    FOR UPDATE SKIP LOCKED
),
free AS (
    SELECT dead.id
    FROM dead
    WHERE dead.repo_id IS NULL OR dead.repo_id IN (SELECT l.repo_id FROM locked_status l)
        OR NOT EXISTS (SELECT 1 FROM augur_operations.collection_status s WHERE s.repo_id = dead.repo_id)
),
ended AS (
    UPDATE river.river_job j
    SET state = 'cancelled', finalized_at = clock_timestamp(),
        errors = array_append(j.errors, jsonb_build_object('at', clock_timestamp(), 'attempt', j.attempt, 'error', 'its worker is gone: the job was given to another', 'trace', ''))
    FROM free
    WHERE j.id = free.id
    RETURNING j.id, j.kind, j.args, j.queue, j.priority, j.max_attempts, j.metadata, j.tags, j.unique_key, j.unique_states, j.attempt, j.errors
),
replaced AS (
    INSERT INTO river.river_job (kind, args, queue, priority, max_attempts, metadata, tags, state, unique_key, unique_states, attempt, errors)
    SELECT e.kind, e.args, e.queue, e.priority, e.max_attempts,
        e.metadata || jsonb_build_object(
            'rescued_from', e.id,
            'rescues', coalesce((e.metadata ->> 'rescues')::int, 0) + 1,
            'deaths', coalesce((e.metadata ->> 'deaths')::int, 0) + (e.id = ANY (coalesce(@died::bigint[], '{}')))::int
        ),
        e.tags, 'available', e.unique_key, e.unique_states, e.attempt, e.errors
    FROM ended e
    RETURNING id, kind, args, (metadata ->> 'rescued_from')::bigint AS old_id, (metadata ->> 'rescues')::int AS rescues
),
moved_tasks AS (
    UPDATE augur_operations.collection_task t
    SET job_id = n.id
    FROM replaced n
    WHERE t.run_id = (n.args ->> 'run_id')::bigint AND t.kind = n.kind AND t.job_id = n.old_id AND t.state = 'queued'
    RETURNING t.run_id
),
ids AS (
    SELECT (n.args ->> 'repo_id')::bigint AS repo_id, jsonb_object_agg(n.old_id::text, n.id::text) AS new_id
    FROM replaced n
    WHERE n.args ? 'repo_id'
    GROUP BY 1
),
moved_status AS (
    UPDATE augur_operations.collection_status s
    SET core_task_id = coalesce(ids.new_id ->> s.core_task_id, s.core_task_id),
        secondary_task_id = coalesce(ids.new_id ->> s.secondary_task_id, s.secondary_task_id),
        facade_task_id = coalesce(ids.new_id ->> s.facade_task_id, s.facade_task_id),
        ml_task_id = coalesce(ids.new_id ->> s.ml_task_id, s.ml_task_id)
    FROM ids
    WHERE s.repo_id = ids.repo_id
    RETURNING s.repo_id
)
SELECT n.id AS new_id, n.old_id, n.kind, n.rescues,
    coalesce((n.args ->> 'repo_id')::bigint, 0)::bigint AS repo_id
FROM replaced n
ORDER BY n.id;

-- name: EndSessionsOfDeadWorkers :one
-- EndSessionsOfDeadWorkers ends sessions of workers that keep a job from being rescued, and counts them: those that hold the fence of a job whose worker has no live lease, and those that hold the
-- status of its repository and have been silent since before the grace. The worker is frozen, or the connection to it is lost, and the server would wait for it.
SELECT augur_operations.end_sessions_of_dead_workers(@lease::interval, @grace::interval)::bigint AS ended;

-- name: ForgetDeaths :exec
-- ForgetDeaths notes that a job got on since its workers died: it was not the reason.
UPDATE river.river_job SET metadata = metadata - 'deaths' WHERE id = @job_id;

-- name: LockFreeJob :one
-- LockFreeJob locks a job's row and tells whether the attempt still owns it; no row is returned when somebody else has it.
SELECT (state = 'running' AND attempt = @attempt::int)::boolean AS held
FROM river.river_job
WHERE id = @job_id
FOR UPDATE SKIP LOCKED;

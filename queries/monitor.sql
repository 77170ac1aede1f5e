-- name: TryLead :one
-- TryLead takes the monitor's turn until the end of the transaction, and reads the time; leads is false when another monitor has the turn. The server ends the transaction of a monitor that says nothing for a minute: it is frozen, or its
-- machine is gone, and nobody else would ever have the turn.
SELECT pg_try_advisory_xact_lock(hashtext('augur monitor tick'))::boolean AS leads, statement_timestamp()::timestamptz AS at
FROM set_config('idle_in_transaction_session_timeout', '1min', true);

-- name: DatabaseTime :one
-- DatabaseTime reads the database's clock, the only one that decides what is due.
SELECT clock_timestamp()::timestamptz AS at;

-- name: RunningShares :many
-- RunningShares counts what is Collecting, by phase, share and size.
SELECT c.phase, c.fresh, c.user_group_id, c.repo_group_id,
    (c.size >= CASE WHEN c.phase IN ('core', 'secondary') THEN @large_issues::bigint ELSE @large_commits::bigint END)::boolean AS large,
    count(*) AS repos
FROM augur_operations.collection_schedule c
WHERE c.wait = 'running'
GROUP BY c.phase, c.fresh, c.user_group_id, c.repo_group_id, large
ORDER BY c.phase, c.fresh, c.user_group_id, c.repo_group_id, large;

-- name: WaitingRepos :many
-- WaitingRepos lists what may start now in a phase: of small and of large repositories the max_repos that wait longest, new ones, due ones
-- and those whose back-off is over each for themselves. What was collected, or failed, before since is due whatever its interval; early is the
-- part of the interval by which jitter lets phases come early. Due ones are found by the 64th of the jitter that they have: a range of an index for each.
WITH places AS (
    SELECT q.platform, t.turn::smallint AS turn
    FROM unnest(@platforms::text[]) AS q (platform)
    CROSS JOIN generate_series(0, 63) AS t (turn)
),
waiting AS (
    (
        SELECT n.repo_id, n.wait, n.fresh, n.user_group_id, n.repo_group_id, n.since AS due_at, false AS large
        FROM unnest(@platforms) AS q (platform)
        CROSS JOIN LATERAL (
            SELECT c.repo_id, c.wait, c.fresh, c.user_group_id, c.repo_group_id, c.since
            FROM augur_operations.collection_schedule c
            WHERE c.phase = @phase::text AND c.wait = 'new' AND c.platform = q.platform AND c.turn = 0 AND c.size < @large::bigint
            ORDER BY c.since, c.repo_id
            LIMIT @max_repos::int
        ) AS n
        ORDER BY due_at, n.repo_id
        LIMIT @max_repos
    )
    UNION ALL
    (
        SELECT d.repo_id, d.wait, d.fresh, d.user_group_id, d.repo_group_id, d.due_at, false AS large
        FROM places p
        CROSS JOIN LATERAL (
            SELECT c.repo_id, c.wait, c.fresh, c.user_group_id, c.repo_group_id,
                c.since + sqlc.arg('interval')::interval * (1 - sqlc.arg('early')::float8 * augur_operations.collection_jitter(c.repo_id, c.phase)) AS due_at
            FROM augur_operations.collection_schedule c
            WHERE c.phase = @phase AND c.wait = 'due' AND c.platform = p.platform AND c.turn = p.turn AND c.size < @large
                AND c.since <= greatest(statement_timestamp() - sqlc.arg('interval') * (1 - sqlc.arg('early') * (p.turn + 1) / 64), @since::timestamptz)
                AND c.since <= greatest(
                    statement_timestamp() - sqlc.arg('interval') * (1 - sqlc.arg('early') * augur_operations.collection_jitter(c.repo_id, c.phase)), @since
                )
            ORDER BY c.since, c.repo_id
            LIMIT sqlc.arg('max_repos') / 8 + 8
        ) AS d
        ORDER BY d.due_at, d.repo_id
        LIMIT @max_repos
    )
    UNION ALL
    (
        SELECT n.repo_id, n.wait, n.fresh, n.user_group_id, n.repo_group_id, n.since AS due_at, false AS large
        FROM unnest(@platforms) AS q (platform)
        CROSS JOIN LATERAL (
            SELECT c.repo_id, c.wait, c.fresh, c.user_group_id, c.repo_group_id, c.since
            FROM augur_operations.collection_schedule c
            WHERE c.phase = @phase AND c.wait = 'retry' AND c.platform = q.platform AND c.turn = 0 AND c.size < @large
                AND c.since <= CASE WHEN @since > 'epoch' THEN 'infinity' ELSE statement_timestamp() END
                AND (c.since <= statement_timestamp() OR EXISTS (
                    SELECT 1
                    FROM augur_operations.collection_backoff b
                    WHERE b.repo_id = c.repo_id AND b.phase = c.phase AND b.failed_at <= @since
                ))
            ORDER BY c.since, c.repo_id
            LIMIT @max_repos
        ) AS n
        ORDER BY due_at, n.repo_id
        LIMIT @max_repos
    )
    UNION ALL
    (
        SELECT l.repo_id, l.wait, l.fresh, l.user_group_id, l.repo_group_id, l.due_at, true AS large
        FROM unnest(@platforms) AS q (platform)
        CROSS JOIN unnest('{new,due,retry}'::text[]) AS w (wait)
        CROSS JOIN LATERAL (
            SELECT c.repo_id, c.wait, c.fresh, c.user_group_id, c.repo_group_id,
                c.since + CASE c.wait
                    WHEN 'due' THEN sqlc.arg('interval') * (1 - sqlc.arg('early') * augur_operations.collection_jitter(c.repo_id, c.phase))
                    ELSE interval '0'
                END AS due_at
            FROM augur_operations.collection_schedule c
            WHERE c.phase = @phase AND c.wait = w.wait AND c.wait IN ('new', 'due', 'retry') AND c.platform = q.platform
                AND c.size >= 10000 AND c.size >= @large
                AND CASE c.wait
                    WHEN 'new' THEN true
                    WHEN 'due' THEN c.since <= greatest(
                        statement_timestamp() - sqlc.arg('interval') * (1 - sqlc.arg('early') * augur_operations.collection_jitter(c.repo_id, c.phase)), @since
                    )
                    ELSE c.since <= statement_timestamp() OR EXISTS (
                        SELECT 1
                        FROM augur_operations.collection_backoff b
                        WHERE b.repo_id = c.repo_id AND b.phase = c.phase AND b.failed_at <= @since
                    )
                END
            ORDER BY c.since, c.repo_id
            LIMIT @max_repos
        ) AS l
        ORDER BY l.due_at, l.repo_id
        LIMIT @max_repos
    )
)
SELECT v.repo_id::bigint AS repo_id, v.wait::text AS wait, v.fresh::boolean AS fresh, v.user_group_id::bigint AS user_group_id,
    v.repo_group_id::bigint AS repo_group_id, v.due_at::timestamptz AS due_at, v.large::boolean AS large
FROM waiting v
ORDER BY v.due_at, v.repo_id;

-- name: WaitingUsers :many
-- WaitingUsers visits user groups of which something waits, in the order of their ids, from one on: at most max_users for each platform.
WITH RECURSIVE visited AS (
    (
        SELECT q.platform, f.user_group_id, 1 AS visits
        FROM unnest(@platforms::text[]) AS q (platform)
        CROSS JOIN LATERAL (
            SELECT c.user_group_id
            FROM augur_operations.collection_schedule c
            WHERE c.phase = @phase::text AND c.wait = @wait::text AND c.wait IN ('new', 'due', 'retry') AND c.platform = q.platform
                AND c.user_group_id >= @from_user::bigint
            ORDER BY c.user_group_id, c.repo_group_id, c.since, c.repo_id
            LIMIT 1
        ) AS f
    )
    UNION ALL
    SELECT v.platform, n.user_group_id, v.visits + 1
    FROM visited v
    CROSS JOIN LATERAL (
        SELECT c.user_group_id
        FROM augur_operations.collection_schedule c
        WHERE c.phase = @phase AND c.wait = @wait AND c.wait IN ('new', 'due', 'retry') AND c.platform = v.platform AND c.user_group_id > v.user_group_id
        ORDER BY c.user_group_id, c.repo_group_id, c.since, c.repo_id
        LIMIT 1
    ) AS n
    WHERE v.visits < @max_users::int
)
SELECT v.user_group_id::bigint AS user_group_id
FROM visited v
GROUP BY v.user_group_id
ORDER BY v.user_group_id
LIMIT @max_users;

-- name: WaitingShares :many
-- WaitingShares visits repository groups of each of the user groups, in the order of their ids, from one on, and lists what waits longest in each: new
-- ones, or due ones whose whole interval is over. Users and from_groups are parallel. A group where nothing may start has a row with repository 0.
WITH RECURSIVE visited AS (
    (
        SELECT q.platform, u.user_group_id, f.repo_group_id, 1 AS visits
        FROM unnest(@platforms::text[]) AS q (platform)
        CROSS JOIN (SELECT unnest(@users::bigint[]) AS user_group_id, unnest(@from_groups::bigint[]) AS from_group) AS u
        CROSS JOIN LATERAL (
            SELECT c.repo_group_id
            FROM augur_operations.collection_schedule c
            WHERE c.phase = @phase::text AND c.wait = @wait::text AND c.wait IN ('new', 'due', 'retry') AND c.platform = q.platform
                AND c.user_group_id = u.user_group_id AND c.repo_group_id >= u.from_group
            ORDER BY c.repo_group_id, c.since, c.repo_id
            LIMIT 1
        ) AS f
    )
    UNION ALL
    SELECT v.platform, v.user_group_id, n.repo_group_id, v.visits + 1
    FROM visited v
    CROSS JOIN LATERAL (
        SELECT c.repo_group_id
        FROM augur_operations.collection_schedule c
        WHERE c.phase = @phase AND c.wait = @wait AND c.wait IN ('new', 'due', 'retry') AND c.platform = v.platform
            AND c.user_group_id = v.user_group_id AND c.repo_group_id > v.repo_group_id
        ORDER BY c.repo_group_id, c.since, c.repo_id
        LIMIT 1
    ) AS n
    WHERE v.visits < @max_groups::int
)
SELECT coalesce(w.repo_id, 0)::bigint AS repo_id, coalesce(w.fresh, false)::boolean AS fresh, coalesce(w.since, 'epoch')::timestamptz AS since,
    v.user_group_id::bigint AS user_group_id, v.repo_group_id::bigint AS repo_group_id, v.visits::int AS visits
FROM visited v
LEFT JOIN LATERAL (
    SELECT c.repo_id, c.fresh, c.since
    FROM augur_operations.collection_schedule c
    WHERE c.phase = @phase AND c.wait = @wait AND c.wait IN ('new', 'due', 'retry') AND c.platform = v.platform
        AND c.user_group_id = v.user_group_id AND c.repo_group_id = v.repo_group_id AND c.size < @large::bigint
        AND c.since <= CASE @wait WHEN 'due' THEN statement_timestamp() - sqlc.arg('interval')::interval ELSE 'infinity' END
    ORDER BY c.since, c.repo_id
    LIMIT @max_repos::int
) AS w ON true
ORDER BY v.user_group_id, v.platform, v.repo_group_id, w.since, w.repo_id;

-- name: LockWaiting :many
-- LockWaiting locks the statuses of repositories that still wait for what they waited for when they were chosen: arrays are parallel. What was collected since then is left out: the turn was lost, and
-- another monitor started it. So is what another transaction holds; a later tick will see what became of it.
SELECT s.repo_id, augur_operations.collection_platform(r.repo_git)::text AS platform
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@waits::text[]) AS wait) AS u
JOIN augur_operations.collection_status s ON s.repo_id = u.repo_id
JOIN augur_data.repo r ON r.repo_id = s.repo_id
WHERE CASE @phase::text
        WHEN 'core' THEN s.core_status
        WHEN 'secondary' THEN s.secondary_status
        WHEN 'facade' THEN s.facade_status
        ELSE s.ml_status
    END = ANY (CASE u.wait
        WHEN 'new' THEN '{Pending,Initializing,Update,Failed Clone}'::text[]
        WHEN 'due' THEN '{Success}'::text[]
        ELSE '{Error,Ignore}'::text[]
    END)
    AND (@phase <> 'secondary' OR s.core_status <> 'Pending')
    AND (u.wait <> 'due' OR CASE @phase
        WHEN 'core' THEN s.core_data_last_collected
        WHEN 'secondary' THEN s.secondary_data_last_collected
        WHEN 'facade' THEN s.facade_data_last_collected
        ELSE s.ml_data_last_collected
    END <= @chosen_at::timestamptz)
ORDER BY s.repo_id
FOR UPDATE OF s SKIP LOCKED;
-- name: StartRuns :many
-- StartRuns opens a run for each repository.
INSERT INTO augur_operations.collection_run (repo_id, phase, full_collection)
SELECT u.repo_id, @phase::text, u.full_collection
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@full_collections::boolean[]) AS full_collection) AS u
RETURNING run_id, repo_id;

-- name: AddTasks :exec
-- AddTasks writes the graphs of new runs: parallel arrays, one entry for each task of each run. What a task waits for comes as one text,
-- separated by blanks; a task that waits for nothing has a job, others have 0.
INSERT INTO augur_operations.collection_task (run_id, kind, queue, after, state, job_id)
SELECT u.run_id, u.kind, @queue::text, string_to_array(u.after, ' '), CASE u.job_id WHEN 0 THEN 'waiting' ELSE 'queued' END, nullif(u.job_id, 0)
FROM (
    SELECT unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind, unnest(@afters::text[]) AS after, unnest(@job_ids::bigint[]) AS job_id
) AS u;

-- name: ResetRuns :one
-- ResetRuns closes the open runs of repositories (none named: of all) and cancels their jobs.
WITH open_runs AS (
    SELECT c.run_id
    FROM augur_operations.collection_run c
    WHERE c.finished_at IS NULL AND (cardinality(@repo_ids::bigint[]) = 0 OR c.repo_id = ANY (@repo_ids))
    FOR UPDATE
),
cancelled AS (
    UPDATE river.river_job j
    SET state = 'cancelled', finalized_at = clock_timestamp()
    WHERE j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled') AND j.args ? 'repo_id'
        AND (cardinality(@repo_ids) = 0 OR (j.args ->> 'repo_id')::bigint = ANY (@repo_ids))
    RETURNING j.id
),
ended AS (
    UPDATE augur_operations.collection_run c
    SET finished_at = clock_timestamp(), outcome = 'Reset', reason = @reason::text
    FROM open_runs o
    WHERE c.run_id = o.run_id
    RETURNING c.run_id
)
SELECT (SELECT count(*) FROM ended)::bigint AS runs, (SELECT count(*) FROM cancelled)::bigint AS jobs;

-- name: CollectingPhases :many
-- CollectingPhases lists the phases that are Collecting, of the named repositories or of all.
SELECT p.repo_id, p.phase, (p.last_collected IS NULL)::boolean AS never_collected
FROM augur_operations.collection_phase p
WHERE p.status = 'Collecting' AND (cardinality(@repo_ids::bigint[]) = 0 OR p.repo_id = ANY (@repo_ids))
ORDER BY p.phase, p.repo_id;

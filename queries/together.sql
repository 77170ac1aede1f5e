-- name: CollectionsOf :many
-- CollectionsOf reads what tasks need to know about their runs and repositories, for many tasks at once: arrays are parallel, and place tells which of them a row answers. A task that there is not
-- has no row. Last tells that every other task of the run is done.
WITH unfinished AS MATERIALIZED (
    SELECT o.run_id, count(*) AS tasks
    FROM augur_operations.collection_task o
    WHERE o.run_id = ANY (@run_ids::bigint[]) AND o.state <> 'done'
    GROUP BY o.run_id
)
SELECT u.place::int AS place, t.state, t.job_id, c.full_collection, c.finished_at, r.repo_id, r.repo_group_id, r.repo_git, r.repo_path, r.repo_name,
    (f.tasks = 1)::boolean AS last
FROM (
    SELECT unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind, unnest(@places::int[]) AS place
) AS u
JOIN augur_operations.collection_run c ON c.run_id = u.run_id
JOIN augur_operations.collection_task t ON t.run_id = u.run_id AND t.kind = u.kind
JOIN augur_data.repo r ON r.repo_id = c.repo_id
JOIN unfinished f ON f.run_id = u.run_id
ORDER BY u.place;

-- name: EndLastTasks :many
-- EndLastTasks ends runs of a phase whose last tasks are done: the jobs are completed, the tasks done, the runs succeed, and earlier failures are
-- forgotten. Arrays are parallel, in the order of the jobs. It leaves alone, and out of the result, jobs that the attempt does not own any more (that
-- is the fence), and runs of which any other task is not done. The fence looks jobs up by id alone: the index that begins with the state is full of
-- what ran a moment ago.
WITH held AS MATERIALIZED (
    SELECT u.job_id, u.run_id, u.kind, (j.state = 'running' AND j.attempt = u.attempt) AS owned
    FROM (
        SELECT unnest(@job_ids::bigint[]) AS job_id, unnest(@attempts::int[]) AS attempt, unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind
    ) AS u
    JOIN river.river_job j ON j.id = u.job_id
    ORDER BY j.id
    FOR UPDATE OF j
),
completed AS (
    UPDATE river.river_job j
    SET state = 'completed', finalized_at = clock_timestamp()
    FROM held h
    JOIN augur_operations.collection_run c ON c.run_id = h.run_id AND c.finished_at IS NULL AND c.phase = @phase::text
    JOIN augur_operations.collection_task t ON t.run_id = h.run_id AND t.kind = h.kind AND t.state = 'queued' AND t.job_id = h.job_id
    WHERE j.id = h.job_id AND h.owned
        AND NOT EXISTS (SELECT 1 FROM augur_operations.collection_task o WHERE o.run_id = h.run_id AND o.kind <> h.kind AND o.state <> 'done')
    RETURNING h.job_id, h.run_id, h.kind, c.repo_id
),
done AS (
    UPDATE augur_operations.collection_task t
    SET state = 'done', ended_at = clock_timestamp()
    FROM completed
    WHERE t.run_id = completed.run_id AND t.kind = completed.kind
),
ended AS (
    UPDATE augur_operations.collection_run c
    SET finished_at = clock_timestamp(), outcome = 'Success'
    FROM completed
    WHERE c.run_id = completed.run_id
),
forgotten AS (
    DELETE FROM augur_operations.collection_backoff b
    USING completed
    WHERE b.repo_id = completed.repo_id AND b.phase = @phase
)
SELECT completed.job_id::bigint AS job_id, completed.repo_id
FROM completed
ORDER BY completed.repo_id;

-- name: ByIndex :exec
-- ByIndex does for a transaction that has begun what the options of that name do for one that begins.
SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true);

-- name: LockRuns :exec
-- LockRuns serialises the ends of tasks of the same runs, in the order in which everybody locks them.
SELECT run_id
FROM augur_operations.collection_run
WHERE run_id = ANY (@run_ids::bigint[]) AND finished_at IS NULL
ORDER BY run_id
FOR UPDATE;

-- name: EndTasks :many
-- EndTasks ends tasks on whose end nothing else depends: the jobs are completed and the tasks done. Arrays are parallel, but for runs, which has each run once. The caller has locked the runs. It leaves alone, and out of
-- the result, jobs that the attempt does not own any more (that is the fence), tasks for which another one waits, and, where they are all that is left of a run, the task with the newest job.
WITH held AS MATERIALIZED (
    SELECT u.job_id, u.run_id, u.kind, (j.state = 'running' AND j.attempt = u.attempt) AS owned
    FROM (
        SELECT unnest(@job_ids::bigint[]) AS job_id, unnest(@attempts::int[]) AS attempt, unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind
    ) AS u
    JOIN river.river_job j ON j.id = u.job_id
    ORDER BY j.id
    FOR UPDATE OF j
),
queued AS MATERIALIZED (
    SELECT o.run_id, max(o.job_id) AS newest, bool_or(e.job_id IS NULL) AS others
    FROM augur_operations.collection_task o
    JOIN augur_operations.collection_run c ON c.run_id = o.run_id AND c.finished_at IS NULL
    LEFT JOIN (SELECT unnest(@job_ids) AS job_id) AS e ON e.job_id = o.job_id
    -- Said of both, so that neither is read as a whole.
    WHERE o.run_id = ANY (@runs::bigint[]) AND c.run_id = ANY (@runs) AND o.state = 'queued'
    GROUP BY o.run_id
),
awaited AS MATERIALIZED (
    SELECT DISTINCT w.run_id, unnest(w.after) AS kind
    FROM augur_operations.collection_task w
    WHERE w.run_id = ANY (@runs) AND w.state = 'waiting'
),
completed AS (
    UPDATE river.river_job j
    SET state = 'completed', finalized_at = clock_timestamp()
    FROM held h
    JOIN queued q ON q.run_id = h.run_id AND (q.others OR h.job_id < q.newest)
    JOIN augur_operations.collection_task t ON t.run_id = h.run_id AND t.kind = h.kind AND t.state = 'queued' AND t.job_id = h.job_id
    WHERE j.id = h.job_id AND h.owned
        AND NOT EXISTS (SELECT 1 FROM awaited a WHERE a.run_id = h.run_id AND a.kind = h.kind)
    RETURNING h.job_id, h.run_id, h.kind
),
done AS (
    UPDATE augur_operations.collection_task t
    SET state = 'done', ended_at = clock_timestamp()
    FROM completed
    WHERE t.run_id = completed.run_id AND t.kind = completed.kind
)
SELECT completed.job_id::bigint AS job_id
FROM completed
ORDER BY completed.job_id;

-- name: PointPhases :exec
-- PointPhases moves the task ids of phases that are still Collecting, and name one of the jobs, to the first unfinished job of their runs.
UPDATE augur_operations.collection_status s
SET core_task_id = coalesce(n.core, s.core_task_id),
    secondary_task_id = coalesce(n.secondary, s.secondary_task_id),
    facade_task_id = coalesce(n.facade, s.facade_task_id),
    ml_task_id = coalesce(n.ml, s.ml_task_id)
FROM (
    -- One row for each repository: of several that match a row, an update takes only one.
    SELECT o.repo_id,
        min(o.job_id) FILTER (WHERE o.phase = 'core') AS core,
        min(o.job_id) FILTER (WHERE o.phase = 'secondary') AS secondary,
        min(o.job_id) FILTER (WHERE o.phase = 'facade') AS facade,
        min(o.job_id) FILTER (WHERE o.phase = 'ml') AS ml
    FROM (
        SELECT c.repo_id, c.phase, p.task_id, (
            SELECT min(t.job_id)::text
            FROM augur_operations.collection_task t
            WHERE t.run_id = c.run_id AND t.state = 'queued'
        ) AS job_id
        FROM augur_operations.collection_run c
        JOIN augur_operations.collection_phase p ON p.repo_id = c.repo_id AND p.phase = c.phase AND p.task_id = ANY (@task_ids::text[])
        WHERE c.run_id = ANY (@run_ids::bigint[])
    ) AS o
    WHERE o.job_id <> o.task_id
    GROUP BY o.repo_id
) AS n
WHERE s.repo_id = n.repo_id;

-- name: AnnounceJobs :exec
-- AnnounceJobs tells the workers of queues that there are new jobs, as River does when it inserts some.
SELECT pg_notify('river.river_insert', jsonb_build_object('queue', q.queue)::text)
FROM unnest(@queues::text[]) AS q (queue);

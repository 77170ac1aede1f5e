-- name: CollectionsOf :many
-- CollectionsOf reads what tasks need to know about their runs and repositories, for many tasks at once: arrays are parallel, and place tells which of them a row answers. A task that there is not
-- has no row. Last tells that every other task of the run is done.
SELECT u.place::int AS place, t.state, t.job_id, c.full_collection, c.finished_at, r.repo_id, r.repo_group_id, r.repo_git, r.repo_path, r.repo_name,
    NOT EXISTS (SELECT 1 FROM augur_operations.collection_task o WHERE o.run_id = u.run_id AND o.kind <> u.kind AND o.state <> 'done') AS last
FROM (
    SELECT unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind, generate_series(1, cardinality(@run_ids::bigint[])) AS place
) AS u
JOIN augur_operations.collection_run c ON c.run_id = u.run_id
JOIN augur_operations.collection_task t ON t.run_id = u.run_id AND t.kind = u.kind
JOIN augur_data.repo r ON r.repo_id = c.repo_id
ORDER BY u.place;

-- name: EndLastTasks :many
-- EndLastTasks ends runs of a phase whose last tasks are done: the jobs are completed, the tasks done, the runs succeed, and earlier failures are
-- forgotten. Arrays are parallel, in the order of the jobs. It leaves alone, and out of the result, jobs that the attempt does not own any more (that
-- is the fence), and runs of which any other task is not done.
WITH completed AS (
    UPDATE river.river_job j
    SET state = 'completed', finalized_at = clock_timestamp()
    FROM (
        SELECT unnest(@job_ids::bigint[]) AS job_id, unnest(@attempts::int[]) AS attempt, unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind
    ) AS u
    JOIN augur_operations.collection_run c ON c.run_id = u.run_id AND c.finished_at IS NULL AND c.phase = @phase::text
    JOIN augur_operations.collection_task t ON t.run_id = u.run_id AND t.kind = u.kind AND t.state = 'queued' AND t.job_id = u.job_id
    WHERE j.id = u.job_id AND j.state = 'running' AND j.attempt = u.attempt
        AND NOT EXISTS (SELECT 1 FROM augur_operations.collection_task o WHERE o.run_id = u.run_id AND o.kind <> u.kind AND o.state <> 'done')
    RETURNING u.job_id, u.run_id, u.kind, c.repo_id
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

-- name: AnnounceJobs :exec
-- AnnounceJobs tells the workers of queues that there are new jobs, as River does when it inserts some.
SELECT pg_notify('river.river_insert', jsonb_build_object('queue', q.queue)::text)
FROM unnest(@queues::text[]) AS q (queue);

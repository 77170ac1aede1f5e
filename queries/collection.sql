-- name: Explain :exec
-- Explain says who changes statuses in this transaction, and why, for the rows of collection_event.
SELECT set_config('augur.who', @who::text, true), set_config('augur.why', @why::text, true);

-- name: LockJob :one
-- LockJob is the fence: it locks the job's row and tells whether the attempt still owns it.
SELECT (state = 'running' AND attempt = @attempt::int)::boolean AS held
FROM river.river_job
WHERE id = @job_id
FOR UPDATE;

-- name: LockRun :one
-- LockRun serialises the tasks of a run that end at the same time.
SELECT run_id, repo_id, phase, full_collection
FROM augur_operations.collection_run
WHERE run_id = @run_id AND finished_at IS NULL
FOR UPDATE;

-- name: EndTask :execrows
-- EndTask gives a queued task its final state; cause and reason are for a failed one.
UPDATE augur_operations.collection_task
SET state = @state, ended_at = clock_timestamp(), cause = sqlc.narg('cause')::text, reason = sqlc.narg('reason')::text
WHERE run_id = @run_id AND kind = @kind AND state = 'queued';

-- name: SkipTasks :exec
-- SkipTasks skips everything that waits, directly or not, for a task that failed.
WITH RECURSIVE lost AS (
    SELECT t.kind FROM augur_operations.collection_task t WHERE t.run_id = @run_id AND t.state = 'failed'
    UNION
    SELECT t.kind FROM augur_operations.collection_task t JOIN lost ON lost.kind = ANY (t.after) WHERE t.run_id = @run_id AND t.state = 'waiting'
)
UPDATE augur_operations.collection_task t
SET state = 'skipped', ended_at = clock_timestamp()
WHERE t.run_id = @run_id AND t.state = 'waiting' AND t.kind IN (SELECT lost.kind FROM lost);

-- name: SpareTasks :exec
-- SpareTasks ends waiting tasks that have nothing to do, and never get a job.
UPDATE augur_operations.collection_task
SET state = 'done', ended_at = clock_timestamp()
WHERE run_id = @run_id AND kind = ANY (@kinds::text[]) AND state = 'waiting';

-- name: TasksOfRun :many
-- TasksOfRun lists the tasks of a run with what they wait for.
SELECT kind, queue, after, state, job_id, cause, reason
FROM augur_operations.collection_task
WHERE run_id = @run_id
ORDER BY kind;

-- name: QueueTasks :exec
-- QueueTasks notes the jobs that were inserted for waiting tasks.
UPDATE augur_operations.collection_task t
SET state = 'queued', job_id = u.job_id
FROM (SELECT unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind, unnest(@job_ids::bigint[]) AS job_id) AS u
WHERE t.run_id = u.run_id AND t.kind = u.kind;

-- name: SaveProgress :exec
-- SaveProgress notes how far a task is. Rates count from when it began, or began again with less.
UPDATE augur_operations.collection_task
SET progress_done = @done::bigint, progress_total = @total::bigint, progress_rows = sqlc.narg('rows')::bigint, progress_at = clock_timestamp(),
    progress_since = CASE WHEN progress_since IS NULL OR @done = 0 OR @done < progress_done THEN clock_timestamp() ELSE progress_since END
WHERE run_id = @run_id AND kind = @kind;

-- name: NoteWait :exec
-- NoteWait notes why the job of a task is put off.
UPDATE augur_operations.collection_task
SET waits_for = @waits_for::text
WHERE run_id = @run_id AND kind = @kind AND waits_for IS DISTINCT FROM @waits_for::text;

-- name: EndRuns :exec
-- EndRuns closes runs with their outcome.
UPDATE augur_operations.collection_run
SET finished_at = clock_timestamp(), outcome = @outcome::text, reason = sqlc.narg('reason')::text
WHERE run_id = ANY (@run_ids::bigint[]) AND finished_at IS NULL;

-- name: FinaliseJob :execrows
-- FinaliseJob ends a running job that will not be tried again, in the transaction that says so in the status.
UPDATE river.river_job
SET state = @state, finalized_at = clock_timestamp(),
    errors = array_append(errors, jsonb_build_object('at', clock_timestamp(), 'attempt', attempt, 'error', @error::text, 'trace', ''))
WHERE id = @job_id AND state = 'running';

-- name: SetPhase :execrows
-- SetPhase moves one phase of repositories to a status. Arrays are parallel; an empty task id stands for none; collected stamps the
-- phase's date of last collection.
UPDATE augur_operations.collection_status s
SET core_status = CASE WHEN @phase::text = 'core' THEN u.status ELSE s.core_status END,
    core_task_id = CASE WHEN @phase = 'core' THEN nullif(u.task_id, '') ELSE s.core_task_id END,
    core_data_last_collected = CASE WHEN @phase = 'core' AND @collected::boolean THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE s.core_data_last_collected END,
    secondary_status = CASE WHEN @phase = 'secondary' THEN u.status ELSE s.secondary_status END,
    secondary_task_id = CASE WHEN @phase = 'secondary' THEN nullif(u.task_id, '') ELSE s.secondary_task_id END,
    secondary_data_last_collected = CASE WHEN @phase = 'secondary' AND @collected THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE s.secondary_data_last_collected END,
    facade_status = CASE WHEN @phase = 'facade' THEN u.status ELSE s.facade_status END,
    facade_task_id = CASE WHEN @phase = 'facade' THEN nullif(u.task_id, '') ELSE s.facade_task_id END,
    facade_data_last_collected = CASE WHEN @phase = 'facade' AND @collected THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE s.facade_data_last_collected END,
    ml_status = CASE WHEN @phase = 'ml' THEN u.status ELSE s.ml_status END,
    ml_task_id = CASE WHEN @phase = 'ml' THEN nullif(u.task_id, '') ELSE s.ml_task_id END,
    ml_data_last_collected = CASE WHEN @phase = 'ml' AND @collected THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE s.ml_data_last_collected END
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@statuses::text[]) AS status, unnest(@task_ids::text[]) AS task_id) AS u
WHERE s.repo_id = u.repo_id;

-- name: PointPhase :exec
-- PointPhase moves the task id of a phase that is still Collecting to another of its jobs.
UPDATE augur_operations.collection_status s
SET core_task_id = CASE WHEN @phase::text = 'core' THEN @task_id::text ELSE s.core_task_id END,
    secondary_task_id = CASE WHEN @phase = 'secondary' THEN @task_id ELSE s.secondary_task_id END,
    facade_task_id = CASE WHEN @phase = 'facade' THEN @task_id ELSE s.facade_task_id END,
    ml_task_id = CASE WHEN @phase = 'ml' THEN @task_id ELSE s.ml_task_id END
WHERE s.repo_id = @repo_id;

-- name: BackOff :exec
-- BackOff notes that a phase ended without success. Each failure in a row doubles the wait, up to 16 times.
INSERT INTO augur_operations.collection_backoff (repo_id, phase, cause, failures, failed_at, retry_at, reason)
SELECT p.repo_id, p.phase, @cause::text, coalesce(b.failures, 0) + 1, clock_timestamp(),
    clock_timestamp() + power(2, least(coalesce(b.failures, 0), 4)) * sqlc.arg('wait')::interval, @reason::text
FROM augur_operations.collection_phase p
LEFT JOIN augur_operations.collection_backoff b ON b.repo_id = p.repo_id AND b.phase = p.phase
WHERE p.repo_id = @repo_id AND p.phase = @phase::text
ON CONFLICT (repo_id, phase) DO UPDATE
SET cause = excluded.cause, failures = excluded.failures, failed_at = excluded.failed_at, retry_at = excluded.retry_at, reason = excluded.reason;

-- name: ClearBackOff :exec
-- ClearBackOff forgets earlier failures after a success.
DELETE FROM augur_operations.collection_backoff WHERE repo_id = @repo_id AND phase = @phase;

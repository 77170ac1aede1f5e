-- name: Lies :many
-- Lies lists what was changed by hand so that queue, tasks, runs and statuses disagree, of the named repositories or of all. The kinds of lies:
-- job: a queued task whose job has ended or is not there; extra: an unfinished job that no task has; run: an open run without a queued task;
-- left: an open run of a phase that is not Collecting; status: a phase that is Collecting without an open run; pointer: a phase whose task id is not that
-- of one of its jobs. Detail is the error of a discarded job, or the status that is not Collecting.
WITH open_runs AS (
    SELECT c.run_id, c.repo_id, c.phase
    FROM augur_operations.collection_run c
    WHERE c.finished_at IS NULL AND (cardinality(@repo_ids::bigint[]) = 0 OR c.repo_id = ANY (@repo_ids))
),
queued AS (
    SELECT o.run_id, o.repo_id, o.phase, t.kind, t.job_id
    FROM open_runs o
    JOIN augur_operations.collection_task t ON t.run_id = o.run_id AND t.state = 'queued'
)
SELECT 'job'::text AS lie, q.repo_id, q.phase::text AS phase, q.run_id::bigint AS run_id, q.kind::text AS kind, q.job_id::bigint AS job_id,
    CASE WHEN j.state = 'discarded' THEN coalesce(j.errors[array_upper(j.errors, 1)] ->> 'error', '') ELSE '' END::text AS detail
FROM queued q
LEFT JOIN river.river_job j ON j.id = q.job_id
WHERE j.id IS NULL OR j.state IN ('cancelled', 'completed', 'discarded')
UNION ALL
SELECT 'extra', (j.args ->> 'repo_id')::bigint, j.args ->> 'phase', (j.args ->> 'run_id')::bigint, j.kind, j.id, ''
FROM river.river_job j
WHERE j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled') AND j.args ?& ARRAY['repo_id', 'run_id', 'phase']
    AND (cardinality(@repo_ids) = 0 OR (j.args ->> 'repo_id')::bigint = ANY (@repo_ids))
    AND NOT EXISTS (SELECT 1 FROM queued q WHERE q.job_id = j.id)
UNION ALL
SELECT 'run', o.repo_id, o.phase, o.run_id, '', 0, ''
FROM open_runs o
WHERE NOT EXISTS (SELECT 1 FROM queued q WHERE q.run_id = o.run_id)
UNION ALL
SELECT 'left', o.repo_id, o.phase, o.run_id, '', 0, p.status
FROM open_runs o
JOIN augur_operations.collection_phase p ON p.repo_id = o.repo_id AND p.phase = o.phase
WHERE p.status <> 'Collecting'
UNION ALL
SELECT 'pointer', o.repo_id, o.phase, o.run_id, '', 0, ''
FROM open_runs o
JOIN augur_operations.collection_phase p ON p.repo_id = o.repo_id AND p.phase = o.phase
WHERE p.status = 'Collecting'
    AND EXISTS (SELECT 1 FROM queued q WHERE q.run_id = o.run_id)
    AND NOT EXISTS (SELECT 1 FROM queued q WHERE q.run_id = o.run_id AND q.job_id::text = p.task_id)
UNION ALL
SELECT 'status', p.repo_id, p.phase, 0, '', 0, ''
FROM augur_operations.collection_phase p
WHERE p.status = 'Collecting' AND (cardinality(@repo_ids) = 0 OR p.repo_id = ANY (@repo_ids))
    AND NOT EXISTS (SELECT 1 FROM open_runs o WHERE o.repo_id = p.repo_id AND o.phase = p.phase)
ORDER BY 1, 2, 3, 4, 5, 6;

-- name: EndWhenSilent :exec
-- EndWhenSilent lets the server end this transaction when nothing is said in it for a minute: it locks what workers need, and its process may be frozen.
SELECT set_config('idle_in_transaction_session_timeout', '1min', true);

-- name: LockJobsOfRun :exec
-- LockJobsOfRun locks a job, and those of the tasks of a run.
SELECT j.id
FROM river.river_job j
WHERE j.id = @job_id OR j.id IN (SELECT t.job_id FROM augur_operations.collection_task t WHERE t.run_id = @run_id)
ORDER BY j.id
FOR UPDATE;

-- name: LockStatus :exec
-- LockStatus locks the statuses of a repository.
SELECT repo_id
FROM augur_operations.collection_status
WHERE repo_id = @repo_id
FOR UPDATE;

-- name: CancelJobs :execrows
-- CancelJobs cancels an unfinished job, and those of the queued tasks of a run.
UPDATE river.river_job j
SET state = 'cancelled', finalized_at = clock_timestamp()
WHERE j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled')
    AND (j.id = @job_id OR j.id IN (SELECT t.job_id FROM augur_operations.collection_task t WHERE t.run_id = @run_id AND t.state = 'queued'));

-- name: PhaseOf :one
-- PhaseOf tells whether a phase of a repository was ever collected.
SELECT (last_collected IS NULL)::boolean AS never_collected
FROM augur_operations.collection_phase
WHERE repo_id = @repo_id AND phase = @phase::text;

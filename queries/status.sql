-- name: PhaseCounts :many
-- PhaseCounts counts repositories per phase and status.
SELECT p.phase::text AS phase, p.status::text AS status, count(*) AS repos
FROM augur_operations.collection_phase p
GROUP BY p.phase, p.status
ORDER BY p.phase, p.status;

-- name: RunningTasks :many
-- RunningTasks lists the queued tasks of open runs, those that run first.
SELECT r.repo_id, r.repo_git, c.phase, t.kind, c.full_collection, c.started_at, t.progress_done, t.progress_total, t.progress_rows,
    coalesce(extract(epoch FROM t.progress_at - t.progress_since), 0)::float8 AS progress_seconds,
    CASE WHEN j.state = 'scheduled' THEN coalesce(t.waits_for, '') ELSE '' END::text AS waits_for,
    j.id AS job_id, j.state AS job_state, j.attempt, j.scheduled_at, j.attempted_at,
    coalesce(j.attempted_by[array_upper(j.attempted_by, 1)], '')::text AS client_id,
    coalesce(j.errors[array_upper(j.errors, 1)] ->> 'error', '')::text AS last_error
FROM augur_operations.collection_task t
JOIN augur_operations.collection_run c ON c.run_id = t.run_id
JOIN augur_data.repo r ON r.repo_id = c.repo_id
JOIN river.river_job j ON j.id = t.job_id
WHERE t.state = 'queued' AND c.finished_at IS NULL
ORDER BY (j.state = 'running') DESC, c.started_at, t.run_id, t.kind
LIMIT @max_rows;

-- name: Troubles :many
-- Troubles lists what ended without success and why, the newest first.
SELECT r.repo_id, r.repo_git, b.phase, p.status::text AS status, b.cause, b.failures, b.retry_at, b.reason
FROM augur_operations.collection_backoff b
JOIN augur_operations.collection_phase p ON p.repo_id = b.repo_id AND p.phase = b.phase
JOIN augur_data.repo r ON r.repo_id = b.repo_id
ORDER BY b.retry_at DESC, r.repo_id, b.phase
LIMIT @max_rows;

-- name: Workers :many
-- Workers lists worker processes with a lease, and how long ago each was heard of.
SELECT client_id, host, pid, queues, started_at, cardinality(held)::int AS jobs,
    extract(epoch FROM clock_timestamp() - beat_at)::float8 AS silent_seconds
FROM augur_operations.worker_lease
WHERE beat_at > clock_timestamp() - interval '1 hour'
ORDER BY host, pid, client_id;

-- name: CountViolations :one
-- CountViolations counts where status and queue disagree: always 0.
SELECT count(*) FROM augur_operations.collection_violation;

-- name: RepoSummaries :many
-- RepoSummaries tells for each repository how its facade phase stands, how many commits are stored, and how long the newest run took.
SELECT r.repo_id, r.repo_git, s.facade_status::text AS status, coalesce(b.reason, '')::text AS reason, coalesce(g.commits, 0)::bigint AS commits,
    coalesce((
        SELECT extract(epoch FROM n.finished_at - n.started_at)
        FROM augur_operations.collection_run n
        WHERE n.repo_id = r.repo_id AND n.phase = 'facade' AND n.finished_at IS NOT NULL
        ORDER BY n.run_id DESC
        LIMIT 1
    ), 0)::float8 AS seconds
FROM augur_data.repo r
JOIN augur_operations.collection_status s ON s.repo_id = r.repo_id
LEFT JOIN augur_operations.collection_backoff b ON b.repo_id = r.repo_id AND b.phase = 'facade'
LEFT JOIN augur_operations.git_history g ON g.repo_id = r.repo_id
ORDER BY r.repo_id;

-- name: CommitTotals :many
-- CommitTotals counts commits, files, people and lines per repository.
SELECT repo_id, count(DISTINCT cmt_commit_hash) AS commits,
    count(DISTINCT cmt_filename) FILTER (WHERE cmt_filename NOT IN ('', '(Merge commit)')) AS files,
    count(DISTINCT cmt_author_email) AS people,
    coalesce(sum(cmt_added), 0)::bigint AS added, coalesce(sum(cmt_removed), 0)::bigint AS removed
FROM augur_data.commits
WHERE repo_id = ANY (@repo_ids::bigint[])
GROUP BY repo_id
ORDER BY repo_id;

-- name: TaskTimes :many
-- TaskTimes tells when the tasks of the newest run ended.
SELECT kind, ended_at
FROM augur_operations.collection_task
WHERE run_id = (SELECT max(run_id) FROM augur_operations.collection_run) AND ended_at IS NOT NULL
ORDER BY ended_at, kind;

-- name: TryLead :one
-- TryLead takes the monitor's turn until the end of the transaction; false when another monitor has it.
SELECT pg_try_advisory_xact_lock(hashtext('augur monitor tick'))::boolean AS leads;

-- name: DatabaseTime :one
-- DatabaseTime reads the database's clock, the only one that decides what is due.
SELECT clock_timestamp()::timestamptz AS at;

-- name: CollectingCounts :many
-- CollectingCounts counts repositories that are Collecting, per phase.
SELECT p.phase::text AS phase, count(*) AS repos
FROM augur_operations.collection_phase p
WHERE p.status = 'Collecting'
GROUP BY p.phase
ORDER BY p.phase;

-- name: DueRepos :many
-- DueRepos lists and locks repositories whose phase may start now: never collected ones, and those whose interval or back-off is over. At most
-- max_new and max_due of each sort, the smallest first among the new, the stalest first among the due. What was collected, or failed, before
-- since is due whatever its interval. An empty list of patterns stands for any URL.
WITH fresh AS (
    SELECT p.repo_id, 'new'::text AS sort,
        row_number() OVER (ORDER BY coalesce(s.commit_sum, s.issue_pr_sum) NULLS LAST, p.repo_id) AS place
    FROM augur_operations.collection_phase p
    JOIN augur_operations.collection_status s ON s.repo_id = p.repo_id
    JOIN augur_data.repo r ON r.repo_id = p.repo_id
    WHERE p.phase = @phase::text AND p.status IN ('Pending', 'Initializing', 'Update', 'Failed Clone')
        AND (@phase <> 'secondary' OR s.core_status <> 'Pending')
        AND (cardinality(@patterns::text[]) = 0 OR r.repo_git LIKE ANY (@patterns))
    ORDER BY place
    LIMIT @max_new::int
),
due AS (
    SELECT p.repo_id, 'due'::text AS sort,
        row_number() OVER (ORDER BY coalesce(b.retry_at, p.last_collected) NULLS FIRST, p.repo_id) AS place
    FROM augur_operations.collection_phase p
    JOIN augur_operations.collection_status s ON s.repo_id = p.repo_id
    JOIN augur_data.repo r ON r.repo_id = p.repo_id
    LEFT JOIN augur_operations.collection_backoff b ON b.repo_id = p.repo_id AND b.phase = p.phase
    WHERE p.phase = @phase
        AND (
            (p.status = 'Success' AND p.last_collected <= greatest(clock_timestamp() - @interval::interval, sqlc.narg('since')::timestamptz))
            OR (p.status IN ('Error', 'Ignore') AND (b.retry_at <= clock_timestamp() OR b.failed_at <= sqlc.narg('since')))
        )
        AND (@phase <> 'secondary' OR s.core_status <> 'Pending')
        AND (cardinality(@patterns) = 0 OR r.repo_git LIKE ANY (@patterns))
    ORDER BY place
    LIMIT @max_due::int
)
SELECT s.repo_id, r.repo_group_id, r.repo_git, c.sort, c.place, (p.last_collected IS NULL)::boolean AS never_collected
FROM (SELECT repo_id, sort, place FROM fresh UNION ALL SELECT repo_id, sort, place FROM due) AS c
JOIN augur_operations.collection_status s ON s.repo_id = c.repo_id
JOIN augur_operations.collection_phase p ON p.repo_id = c.repo_id AND p.phase = @phase
JOIN augur_data.repo r ON r.repo_id = c.repo_id
ORDER BY c.sort DESC, c.place
FOR UPDATE OF s SKIP LOCKED;

-- name: StartRuns :many
-- StartRuns opens a run for each repository.
INSERT INTO augur_operations.collection_run (repo_id, phase, full_collection)
SELECT u.repo_id, @phase::text, u.full_collection
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@full_collections::boolean[]) AS full_collection) AS u
RETURNING run_id, repo_id;

-- name: AddTasks :exec
-- AddTasks writes the graphs of new runs: parallel arrays, one entry for each task of each run. What a task waits for comes as one text,
-- separated by blanks.
INSERT INTO augur_operations.collection_task (run_id, kind, queue, after, state)
SELECT u.run_id, u.kind, @queue::text, string_to_array(u.after, ' '), 'waiting'
FROM (SELECT unnest(@run_ids::bigint[]) AS run_id, unnest(@kinds::text[]) AS kind, unnest(@afters::text[]) AS after) AS u;

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

-- A worker that freezes at the very end of a transaction has the status of its repository locked. Its own lease may not be over for seconds when those jobs
-- of the repository have to be rescued whose worker died before.

-- +goose Up
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.end_sessions_of_dead_workers(lease interval, grace interval) RETURNS bigint LANGUAGE sql AS $$
    WITH running AS MATERIALIZED (
        SELECT j.id, j.args, j.xmax AS locked_by, coalesce(l.beat_at > clock_timestamp() - lease, false) AS lives,
            coalesce(j.id = ANY (l.held) OR j.attempted_at > clock_timestamp() - grace, false) AS held
        FROM river.river_job j
        LEFT JOIN augur_operations.worker_lease l ON l.client_id = j.attempted_by[array_upper(j.attempted_by, 1)]
        WHERE j.state = 'running'
    ),
    -- Whoever locks a row is in its xmax, and holds the lock on that transaction.
    sessions AS MATERIALIZED (
        SELECT a.pid, k.transactionid AS xid, a.xact_start, CASE a.state WHEN 'idle in transaction' THEN a.state_change END AS silent_since
        FROM pg_locks k
        JOIN pg_stat_activity a ON a.pid = k.pid
        WHERE k.locktype = 'transactionid' AND k.granted AND k.mode = 'ExclusiveLock' AND a.pid <> pg_backend_pid()
    ),
    keepers AS (
        -- Those of dead workers, which have the fence of their job. Short transactions are left alone: they are those of other reapers.
        SELECT s.pid
        FROM sessions s
        JOIN running r ON r.locked_by = s.xid
        WHERE NOT r.lives AND s.xact_start < clock_timestamp() - grace
        UNION
        -- Those that have the status of a repository of which a job must be rescued, and say nothing. Only workers: they have the fence of some job, and a
        -- status is the last thing that they write.
        SELECT s.pid
        FROM running r
        JOIN augur_operations.collection_status c ON c.repo_id = (r.args ->> 'repo_id')::bigint
        JOIN sessions s ON s.xid = c.xmax
        WHERE NOT (r.lives AND r.held) AND s.silent_since < clock_timestamp() - grace
            AND EXISTS (SELECT FROM running f WHERE f.locked_by = s.xid)
    )
    SELECT count(*) FILTER (WHERE pg_terminate_backend(k.pid)) FROM keepers k
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.end_sessions_of_dead_workers IS 'Ends sessions of workers that keep a job from being rescued, and counts them: dead ones have the fence of their job, frozen ones the status of its repository';

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.end_sessions_of_dead_workers(lease interval, grace interval) RETURNS bigint LANGUAGE sql AS $$
    -- Whoever locks a row is in its xmax, and holds the lock on that transaction. Short transactions are left alone: those of other reapers.
    SELECT count(*) FILTER (WHERE pg_terminate_backend(holder.pid))
    FROM (
        SELECT DISTINCT a.pid
        FROM river.river_job j
        LEFT JOIN augur_operations.worker_lease l ON l.client_id = j.attempted_by[array_upper(j.attempted_by, 1)]
        JOIN pg_locks k ON k.locktype = 'transactionid' AND k.transactionid = j.xmax AND k.granted AND k.mode = 'ExclusiveLock'
        JOIN pg_stat_activity a ON a.pid = k.pid
        WHERE j.state = 'running'
            AND NOT coalesce(l.beat_at > clock_timestamp() - lease, false)
            AND a.pid <> pg_backend_pid()
            AND a.xact_start < clock_timestamp() - grace
    ) AS holder
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.end_sessions_of_dead_workers IS 'Ends sessions that hold the fence of a job whose worker has no live lease, and counts them';

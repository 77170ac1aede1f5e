-- A worker that is frozen, or whose machine lost power, leaves its session behind in the middle of a transaction: the row of its job stays locked, and
-- nobody can take the job over until the server notices, which may take hours.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION augur_operations.end_sessions_of_dead_workers(lease interval, grace interval) RETURNS bigint LANGUAGE sql AS $$
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

-- +goose Down
DROP FUNCTION augur_operations.end_sessions_of_dead_workers(interval, interval);

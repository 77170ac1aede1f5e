-- name: InsightsToTell :many
-- InsightsToTell lists what nobody was told yet: new insights, and told ones whose score rose by 1. What is withdrawn, acknowledged, muted, or older than since
-- is not told. A repo_id of 0 stands for all, -1 for the collection itself.
SELECT i.insight_id, i.found_at
FROM augur_operations.insight_shown i
WHERE (@repo_id::bigint = 0 OR coalesce(i.repo_id, -1) = @repo_id) AND i.withdrawn_at IS NULL AND i.acknowledged_at IS NULL AND NOT i.muted
    AND i.last_day >= (@since::timestamp)::date AND (i.notified_score IS NULL OR i.score >= i.notified_score + 1)
ORDER BY i.score DESC, i.insight_id
LIMIT @max_insights::int;

-- name: LockWave :exec
-- LockWave waits for whoever asks for the wave and has not committed yet, so that of repositories that end together one is the last.
SELECT pg_advisory_xact_lock(hashtext('augur insights wave'));

-- name: Wave :one
-- Wave tells whether other repositories are still in their machine learning phase, whether one of them has begun to tell people (its task, of the kind, says so by its
-- progress), and when people were told last.
SELECT EXISTS (SELECT FROM augur_operations.collection_run c WHERE c.phase = 'ml' AND c.finished_at IS NULL AND c.repo_id <> @repo_id)::boolean AS goes_on,
    EXISTS (
        SELECT
        FROM augur_operations.collection_run c
        JOIN augur_operations.collection_task t ON t.run_id = c.run_id AND t.kind = @kind AND t.state = 'queued' AND t.progress_total IS NOT NULL
        WHERE c.phase = 'ml' AND c.finished_at IS NULL AND c.repo_id <> @repo_id
    )::boolean AS telling,
    coalesce((SELECT max(i.notified_at) FROM augur_operations.insight i), 'epoch')::timestamptz AS told_at,
    clock_timestamp()::timestamptz AS now;

-- name: InsightsTold :exec
-- InsightsTold notes that people were told.
UPDATE augur_operations.insight
SET notified_at = clock_timestamp(), notified_score = score
WHERE insight_id = ANY (@insight_ids::bigint[]);

-- name: LogDelivery :exec
-- LogDelivery notes an attempt to tell people.
INSERT INTO augur_operations.insight_delivery (channel, insight_ids, error)
VALUES (@channel, @insight_ids, sqlc.narg('error')::text);

-- name: DeliveredInsights :many
-- DeliveredInsights lists those of some insights that a channel got since all channels had them last.
SELECT i.insight_id
FROM augur_operations.insight i
WHERE i.insight_id = ANY (@insight_ids::bigint[])
    AND EXISTS (
        SELECT
        FROM augur_operations.insight_delivery d
        WHERE d.channel = @channel AND d.error IS NULL AND d.tried_at > coalesce(i.notified_at, i.found_at) AND i.insight_id = ANY (d.insight_ids)
    )
ORDER BY i.insight_id;

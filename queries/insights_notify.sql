-- name: InsightsToTell :many
-- InsightsToTell lists what channels were not told yet, once for each of them, the strongest first: new insights, told ones whose score rose by 1, and what was given up
-- (missed, since then). What is withdrawn, acknowledged, muted, or older than since is not told. A repo_id of 0 stands for all, -1 for the collection itself.
SELECT t.insight_id, t.channel::text AS channel, t.waits_since::timestamptz AS waits_since, t.missed::boolean AS missed
FROM (
    SELECT i.insight_id, i.score, c.channel, coalesce(d.given_up, false) AS missed,
        CASE WHEN d.given_up THEN d.tried_at ELSE i.found_at END AS waits_since,
        CASE
            WHEN d.given_up THEN true
            WHEN i.notified_score IS NULL OR i.score >= i.notified_score + 1 THEN coalesce(d.tried_at <= i.notified_at, d.tried_at IS NULL)
            ELSE false
        END AS wanted
    FROM augur_operations.insight_shown i
    CROSS JOIN unnest(@channels::text[]) AS c (channel)
    LEFT JOIN LATERAL (
        SELECT e.tried_at, e.given_up
        FROM augur_operations.insight_delivery e
        WHERE e.channel = c.channel AND (e.error IS NULL OR e.given_up) AND i.insight_id = ANY (e.insight_ids)
        ORDER BY e.delivery_id DESC
        LIMIT 1
    ) AS d ON true
    WHERE (@repo_id::bigint = 0 OR coalesce(i.repo_id, -1) = @repo_id) AND i.withdrawn_at IS NULL AND i.acknowledged_at IS NULL AND NOT i.muted
        AND i.last_day >= (@since::timestamp)::date
) AS t
WHERE t.wanted
ORDER BY t.score DESC, t.insight_id, t.channel
LIMIT @max_rows::int;

-- name: LockWave :exec
-- LockWave waits for whoever asks for the wave and has not committed yet, so that of repositories that end together one is the last.
SELECT pg_advisory_xact_lock(hashtext('augur insights wave'));

-- name: Wave :one
-- Wave tells whether other repositories are still in their machine learning phase, whether one of them has begun to tell people (its task, of the kind, says so by its
-- progress), and when people were told last, or it was given up.
SELECT EXISTS (SELECT FROM augur_operations.collection_run c WHERE c.phase = 'ml' AND c.finished_at IS NULL AND c.repo_id <> @repo_id)::boolean AS goes_on,
    EXISTS (
        SELECT
        FROM augur_operations.collection_run c
        JOIN augur_operations.collection_task t ON t.run_id = c.run_id AND t.kind = @kind AND t.state = 'queued' AND t.progress_total IS NOT NULL
        WHERE c.phase = 'ml' AND c.finished_at IS NULL AND c.repo_id <> @repo_id
    )::boolean AS telling,
    coalesce(greatest(
        (SELECT max(i.notified_at) FROM augur_operations.insight i), (SELECT max(d.tried_at) FROM augur_operations.insight_delivery d WHERE d.given_up)
    ), 'epoch')::timestamptz AS told_at,
    clock_timestamp()::timestamptz AS now;

-- name: InsightsTold :exec
-- InsightsTold notes that people were told, as far as a channel delivered it.
UPDATE augur_operations.insight i
SET notified_at = clock_timestamp(), notified_score = CASE WHEN i.score < i.notified_score + 1 THEN i.notified_score ELSE i.score END
WHERE i.insight_id = ANY (@insight_ids::bigint[])
    AND EXISTS (
        SELECT
        FROM augur_operations.insight_delivery d
        WHERE d.error IS NULL AND d.tried_at > coalesce(i.notified_at, i.found_at) AND i.insight_id = ANY (d.insight_ids)
    );

-- name: LogDelivery :exec
-- LogDelivery notes an attempt to tell people.
INSERT INTO augur_operations.insight_delivery (channel, insight_ids, error, given_up)
VALUES (@channel, @insight_ids, sqlc.narg('error')::text, @given_up);

-- name: UndeliveredInsights :many
-- UndeliveredInsights lists the channels whose last message was given up, with the reason and how much they missed.
SELECT l.channel, l.tried_at, l.error::text AS error, cardinality(l.insight_ids)::bigint AS insights
FROM (
    SELECT DISTINCT ON (d.channel) d.channel, d.tried_at, d.error, d.given_up, d.insight_ids
    FROM augur_operations.insight_delivery d
    WHERE (d.error IS NULL OR d.given_up) AND d.channel = ANY (@channels::text[])
    ORDER BY d.channel, d.delivery_id DESC
) AS l
WHERE l.given_up
ORDER BY l.channel;

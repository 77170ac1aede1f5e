-- name: InsightsToTell :many
-- InsightsToTell lists what nobody was told yet: new insights, and told ones whose score rose by 1. What is withdrawn, acknowledged, muted, or older than since
-- is not told. Channel is the one that it was not delivered to.
SELECT i.insight_id, i.metric, i.field, i.direction, i.first_day::timestamp AS first_day, i.last_day::timestamp AS last_day, i.peak_day::timestamp AS peak_day,
    i.value, i.expected, i.expected_low, i.expected_high, i.score, i.probability, i.method, i.reason, i.drivers
FROM augur_operations.insight i
WHERE i.repo_id = @repo_id AND i.withdrawn_at IS NULL AND i.acknowledged_at IS NULL AND i.last_day >= (@since::timestamp)::date
    AND (i.notified_score IS NULL OR i.score >= i.notified_score + 1)
    AND NOT EXISTS (
        SELECT FROM augur_operations.insight_mute m
        WHERE m.repo_id = i.repo_id AND (m.metric IS NULL OR m.metric = i.metric) AND (m.until IS NULL OR m.until > clock_timestamp())
    )
ORDER BY i.peak_day DESC, i.score DESC, i.insight_id;

-- name: InsightsTold :exec
-- InsightsTold notes that people were told.
UPDATE augur_operations.insight
SET notified_at = clock_timestamp(), notified_score = score
WHERE insight_id = ANY (@insight_ids::bigint[]);

-- name: LogDelivery :exec
-- LogDelivery notes an attempt to tell people.
INSERT INTO augur_operations.insight_delivery (repo_id, channel, insight_ids, error)
VALUES (@repo_id, @channel, @insight_ids, sqlc.narg('error')::text);

-- name: DeliveredInsights :many
-- DeliveredInsights lists what a channel has got since a time.
SELECT unnest(d.insight_ids)::bigint AS insight_id
FROM augur_operations.insight_delivery d
WHERE d.repo_id = @repo_id AND d.channel = @channel AND d.error IS NULL AND d.tried_at >= @since::timestamptz
ORDER BY insight_id;

-- name: ListInsights :many
-- ListInsights lists insights, the newest first. A repo_id of 0 stands for all, -1 for the collection itself.
SELECT i.insight_id, i.repo_id, i.repo_git, i.metric, i.field, i.direction, i.first_day::timestamp AS first_day, i.last_day::timestamp AS last_day,
    i.peak_day::timestamp AS peak_day, i.value, i.expected, i.expected_low, i.expected_high, i.score, i.threshold, i.probability, i.method, i.reason,
    i.drivers, i.found_at, i.withdrawn_at, i.acknowledged_at, i.acknowledged_by, i.notified_at, i.muted, i.together::jsonb AS together
FROM augur_operations.insight_shown i
WHERE (@repo_id::bigint = 0 OR coalesce(i.repo_id, -1) = @repo_id) AND (@group_id::bigint = 0 OR i.repo_group_id = @group_id)
    AND (coalesce(cardinality(@insight_ids::bigint[]), 0) = 0 OR i.insight_id = ANY (@insight_ids)) AND i.last_day >= (@since::timestamp)::date
    AND (@whole::boolean OR (i.withdrawn_at IS NULL AND i.acknowledged_at IS NULL AND NOT i.muted))
ORDER BY i.peak_day DESC, i.repo_id NULLS FIRST, i.score DESC, i.insight_id
LIMIT @max_insights::int;

-- name: InsightComments :many
-- InsightComments lists what people said about an insight.
SELECT said_at, said_by, comment
FROM augur_operations.insight_comment
WHERE insight_id = @insight_id
ORDER BY comment_id;

-- name: AcknowledgeInsight :execrows
-- AcknowledgeInsight notes that a person knows.
UPDATE augur_operations.insight
SET acknowledged_at = clock_timestamp(), acknowledged_by = @who::text
WHERE insight_id = @insight_id;

-- name: CommentInsight :exec
-- CommentInsight notes what a person says.
INSERT INTO augur_operations.insight_comment (insight_id, said_by, comment)
VALUES (@insight_id, @who, @comment);

-- name: MuteInsights :exec
-- MuteInsights stops notifications of a repository, or of the collection itself (-1); a metric of NULL stands for all.
INSERT INTO augur_operations.insight_mute (repo_id, metric, until, muted_by)
VALUES (nullif(@repo_id::bigint, -1), sqlc.narg('metric')::text, sqlc.narg('until')::timestamptz, @who)
ON CONFLICT (coalesce(repo_id, 0), coalesce(metric, '')) DO UPDATE
SET until = excluded.until, muted_at = excluded.muted_at, muted_by = excluded.muted_by;

-- name: UnmuteInsights :execrows
-- UnmuteInsights lets notifications begin again; a metric of NULL takes back what was muted for all.
DELETE FROM augur_operations.insight_mute
WHERE coalesce(repo_id, -1) = @repo_id::bigint AND metric IS NOT DISTINCT FROM sqlc.narg('metric')::text;

-- name: ReposForInsights :many
-- ReposForInsights lists the repositories that have something to judge.
SELECT s.repo_id, r.repo_git
FROM augur_operations.collection_status s
JOIN augur_data.repo r ON r.repo_id = s.repo_id
WHERE s.facade_data_last_collected IS NOT NULL OR s.core_data_last_collected IS NOT NULL
ORDER BY s.repo_id;

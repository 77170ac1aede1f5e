-- name: InsightStates :many
-- InsightStates reads how far the series of a repository are judged.
SELECT metric, field, first_day::timestamp AS first_day, settled_day::timestamp AS settled_day, replayed_day::timestamp AS replayed_day, options, state
FROM augur_operations.insight_state
WHERE repo_id = @repo_id
ORDER BY metric, field;

-- name: SaveInsightState :exec
-- SaveInsightState notes how far a series is judged.
INSERT INTO augur_operations.insight_state AS s (repo_id, metric, field, first_day, settled_day, replayed_day, options, state)
VALUES (@repo_id, @metric, @field, (@first_day::timestamp)::date, (@settled_day::timestamp)::date, (@replayed_day::timestamp)::date, @options, @state)
ON CONFLICT (repo_id, metric, field) DO UPDATE
SET first_day = excluded.first_day, settled_day = excluded.settled_day, replayed_day = excluded.replayed_day, options = excluded.options, state = excluded.state
WHERE (s.first_day, s.settled_day, s.replayed_day, s.options, s.state)
    IS DISTINCT FROM (excluded.first_day, excluded.settled_day, excluded.replayed_day, excluded.options, excluded.state);

-- name: UpsertInsightRecords :execrows
-- UpsertInsightRecords notes anomalous days, each once however often it is judged.
INSERT INTO augur_data.repo_insights_records AS r (
    repo_id, ri_metric, ri_field, ri_value, ri_date, ri_score, ri_detection_method, tool_source, tool_version, data_source, data_collection_date
)
SELECT @repo_id::bigint, n.metric, n.field, n.value, n.day, n.score, n.method, 'Insight Worker', @tool_version::text, 'Augur', @collected_at::timestamp
FROM (
    SELECT unnest(@metrics::text[]) AS metric, unnest(@fields::text[]) AS field, unnest(@days::timestamp[]) AS day, unnest(@days_values::text[]) AS value,
        unnest(@scores::float8[]) AS score, unnest(@methods::text[]) AS method
) AS n
ORDER BY n.metric, n.field, n.day
ON CONFLICT (repo_id, ri_metric, ri_field, ri_date) DO UPDATE
SET ri_value = excluded.ri_value, ri_score = excluded.ri_score, ri_detection_method = excluded.ri_detection_method,
    tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date
WHERE (r.ri_value, r.ri_score, r.ri_detection_method) IS DISTINCT FROM (excluded.ri_value, excluded.ri_score, excluded.ri_detection_method);

-- name: WithdrawInsightRecords :execrows
-- WithdrawInsightRecords marks days that were judged again, and are anomalous no more.
UPDATE augur_data.repo_insights_records r
SET ri_detection_method = 'withdrawn: ' || r.ri_detection_method, ri_score = n.score, ri_value = n.value
FROM (
    SELECT unnest(@metrics::text[]) AS metric, unnest(@fields::text[]) AS field, unnest(@days::timestamp[]) AS day, unnest(@days_values::text[]) AS value,
        unnest(@scores::float8[]) AS score
) AS n
WHERE r.repo_id = @repo_id::bigint AND r.ri_metric = n.metric AND r.ri_field = n.field AND r.ri_date = n.day AND r.ri_detection_method NOT LIKE 'withdrawn: %';

-- name: UpsertInsightDays :execrows
-- UpsertInsightDays notes all judged days of a series that had an anomaly among them.
INSERT INTO augur_data.repo_insights AS r (
    repo_id, ri_metric, ri_field, ri_value, ri_date, ri_fresh, ri_score, ri_detection_method, tool_source, tool_version, data_source, data_collection_date
)
SELECT @repo_id::bigint, n.metric, n.field, n.value, n.day, n.fresh, n.score::numeric, n.method, 'Insight Worker', @tool_version::text, 'Augur',
    @collected_at::timestamp
FROM (
    SELECT unnest(@metrics::text[]) AS metric, unnest(@fields::text[]) AS field, unnest(@days::timestamp[]) AS day, unnest(@days_values::text[]) AS value,
        unnest(@fresh::boolean[]) AS fresh, unnest(@scores::float8[]) AS score, unnest(@methods::text[]) AS method
) AS n
ORDER BY n.metric, n.field, n.day
ON CONFLICT (repo_id, ri_metric, ri_field, ri_date) DO UPDATE
SET ri_value = excluded.ri_value, ri_fresh = excluded.ri_fresh, ri_score = excluded.ri_score, ri_detection_method = excluded.ri_detection_method,
    tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date
WHERE (r.ri_value, r.ri_fresh, r.ri_score, r.ri_detection_method)
    IS DISTINCT FROM (excluded.ri_value, excluded.ri_fresh, excluded.ri_score, excluded.ri_detection_method);

-- name: InsightConditions :many
-- InsightConditions lists the insights of a repository, or of the collection itself (-1), that days from a day on may belong to.
SELECT insight_id, metric, field, direction, first_day::timestamp AS first_day, last_day::timestamp AS last_day, peak_day::timestamp AS peak_day, score,
    withdrawn_at
FROM augur_operations.insight
WHERE coalesce(repo_id, 0) = greatest(@repo_id::bigint, 0) AND last_day >= (@from_day::timestamp)::date - 2
ORDER BY insight_id;

-- name: SaveInsight :one
-- SaveInsight notes a condition that lasts up to last_day. The most surprising day describes it. A repo_id of -1 stands for the collection itself.
INSERT INTO augur_operations.insight AS i (
    repo_id, metric, field, direction, first_day, last_day, peak_day, value, expected, expected_low, expected_high, score, threshold, probability, method,
    reason, drivers
)
VALUES (
    nullif(@repo_id::bigint, -1), @metric, @field, @direction, (@first_day::timestamp)::date, (@last_day::timestamp)::date, (@peak_day::timestamp)::date, @value, @expected,
    @expected_low, @expected_high, @score, @threshold, @probability, @method, @reason, @drivers
)
ON CONFLICT (coalesce(repo_id, 0), metric, field, direction, first_day) DO UPDATE
SET last_day = excluded.last_day, peak_day = excluded.peak_day, value = excluded.value, expected = excluded.expected, expected_low = excluded.expected_low,
    expected_high = excluded.expected_high, score = excluded.score, threshold = excluded.threshold, probability = excluded.probability,
    method = excluded.method, reason = excluded.reason, drivers = excluded.drivers, withdrawn_at = NULL
WHERE (i.last_day, i.peak_day, i.value, i.score, i.threshold, i.method, i.reason, i.drivers, i.withdrawn_at)
    IS DISTINCT FROM (excluded.last_day, excluded.peak_day, excluded.value, excluded.score, excluded.threshold, excluded.method, excluded.reason,
        excluded.drivers, NULL)
RETURNING insight_id;

-- name: ExtendInsight :exec
-- ExtendInsight lets a condition, whose most surprising day stays, last until a day.
UPDATE augur_operations.insight
SET last_day = (@last_day::timestamp)::date, withdrawn_at = NULL
WHERE insight_id = @insight_id AND (last_day <> (@last_day::timestamp)::date OR withdrawn_at IS NOT NULL);

-- name: WithdrawInsights :execrows
-- WithdrawInsights marks insights that late data showed to be none. They stay.
UPDATE augur_operations.insight
SET withdrawn_at = clock_timestamp()
WHERE insight_id = ANY (@insight_ids::bigint[]) AND withdrawn_at IS NULL;

-- name: OtherReposDown :one
-- OtherReposDown counts the other repositories that are judged, and those of them in which something stopped about a day.
SELECT (SELECT count(DISTINCT s.repo_id) FROM augur_operations.insight_state s WHERE s.repo_id <> @repo_id::bigint) AS judged,
    (
        SELECT count(DISTINCT i.repo_id)
        FROM augur_operations.insight i
        WHERE i.repo_id <> @repo_id AND i.direction IN ('down', 'gap') AND i.withdrawn_at IS NULL
            AND i.first_day <= (@day::timestamp)::date + 1 AND i.last_day >= (@day::timestamp)::date - 1
    ) AS stopped;

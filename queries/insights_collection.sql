-- The daily series of the collection itself, in all repositories together: one definition each.

-- name: TryCollectionTurn :one
-- TryCollectionTurn takes the turn to close days, until the end of the transaction; false when somebody else has it.
SELECT pg_try_advisory_xact_lock(hashtext('augur insights of the collection'))::boolean AS taken;

-- name: CollectionDue :one
-- CollectionDue tells whether yesterday is not closed yet.
SELECT coalesce((SELECT max(d.day) FROM augur_operations.collection_day d) < (clock_timestamp() AT TIME ZONE 'UTC')::date - 1, true)::boolean AS due;

-- name: CloseCollectionDays :one
-- CloseCollectionDays notes what the collection did on the days that are over and not noted yet, and returns the first of them. Nothing is noted, and no row returned, as
-- long as nothing was collected.
WITH days AS (
    SELECT coalesce(
            (SELECT max(c.day) + 1 FROM augur_operations.collection_day c),
            (SELECT min((r.finished_at AT TIME ZONE 'UTC')::date) FROM augur_operations.collection_run r)
        ) AS first_day,
        (clock_timestamp() AT TIME ZONE 'UTC')::date AS today
),
measured AS (
    -- How many records came in. The first collection of a repository reads its whole past, and says nothing about the day. A list in which nothing had moved was
    -- not read: it has 0. The machine learning phase reads nothing from outside.
    SELECT 'collection-rows' AS metric, t.kind AS field, (t.ended_at AT TIME ZONE 'UTC')::date AS day,
        sum(coalesce(t.progress_done, 0))::float8 AS value, bool_or(t.progress_done IS NOT NULL) AS counted
    FROM days d
    JOIN augur_operations.collection_task t
        ON t.ended_at >= d.first_day::timestamp AT TIME ZONE 'UTC' AND t.ended_at < d.today::timestamp AT TIME ZONE 'UTC' AND t.state = 'done'
    JOIN augur_operations.collection_run r ON r.run_id = t.run_id AND NOT r.full_collection AND r.phase <> 'ml'
    GROUP BY t.kind, 3
    UNION ALL
    -- How many runs failed, on days on which any ended.
    SELECT 'collection-errors', r.phase, (r.finished_at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE r.outcome = 'Error')::float8, true
    FROM days d
    JOIN augur_operations.collection_run r
        ON r.finished_at >= d.first_day::timestamp AT TIME ZONE 'UTC' AND r.finished_at < d.today::timestamp AT TIME ZONE 'UTC'
    GROUP BY r.phase, 3
    UNION ALL
    -- What was asked of APIs, and how often that was in vain, on days on which anything was asked.
    SELECT m.metric, s.platform, (s.hour AT TIME ZONE 'UTC')::date, sum(CASE m.metric WHEN 'collection-api-points' THEN s.points ELSE s.failed END)::float8, true
    FROM days d
    JOIN augur_operations.api_spending s ON s.hour >= d.first_day::timestamp AT TIME ZONE 'UTC' AND s.hour < d.today::timestamp AT TIME ZONE 'UTC'
    CROSS JOIN (VALUES ('collection-api-points'), ('collection-api-failures')) AS m (metric)
    GROUP BY m.metric, s.platform, 3
),
series AS (
    SELECT c.metric, c.field FROM augur_operations.collection_day c
    UNION
    SELECT m.metric, m.field FROM measured m WHERE m.counted
),
noted AS (
    INSERT INTO augur_operations.collection_day (metric, field, day, value)
    SELECT s.metric, s.field, g.day::date, m.value
    FROM days d
    CROSS JOIN LATERAL generate_series(d.first_day::timestamp, d.today::timestamp - interval '1 day', interval '1 day') AS g (day)
    CROSS JOIN series s
    LEFT JOIN measured m ON m.metric = s.metric AND m.field = s.field AND m.day = g.day::date
    ORDER BY s.metric, s.field, g.day
    ON CONFLICT (metric, field, day) DO NOTHING
    RETURNING day
)
SELECT min(noted.day)::timestamp AS first_day
FROM noted
HAVING count(*) > 0;

-- name: CollectionSeries :many
-- CollectionSeries reads the series of the collection from a day on.
SELECT c.metric, c.field, c.day::timestamp AS day, c.value
FROM augur_operations.collection_day c
WHERE c.day >= (@from_day::timestamp)::date
ORDER BY c.metric, c.field, c.day;

-- name: CollectionFalls :many
-- CollectionFalls lists the kinds of tasks that brought too little from a day on, and when, as far as they have to do with a repository: what seems to have
-- stopped in it may just not have arrived.
SELECT i.field AS kind, i.first_day::timestamp AS first_day, i.last_day::timestamp AS last_day
FROM augur_operations.insight i
JOIN augur_data.repo r ON r.repo_id = @repo_id
WHERE i.repo_id IS NULL AND i.metric = 'collection-rows' AND i.direction = 'down' AND i.withdrawn_at IS NULL AND i.last_day >= (@from_day::timestamp)::date
    AND split_part(i.field, '_', 1) IN ('git', augur_operations.collection_platform(r.repo_git))
ORDER BY i.insight_id;

-- name: DriversCollectionRows :many
-- DriversCollectionRows lists the repositories whose collections brought records on some days.
SELECT o.repo_git::text AS name, sum(t.progress_done)::float8 AS amount
FROM augur_operations.collection_task t
JOIN augur_operations.collection_run r ON r.run_id = t.run_id AND NOT r.full_collection
JOIN augur_data.repo o ON o.repo_id = r.repo_id
WHERE t.kind = @field::text AND t.state = 'done' AND t.progress_done > 0
    AND t.ended_at >= (@from_day::timestamp) AT TIME ZONE 'UTC' AND t.ended_at < (@to_day::timestamp) AT TIME ZONE 'UTC'
GROUP BY o.repo_git
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversCollectionErrors :many
-- DriversCollectionErrors lists the reasons for which runs of a phase failed on some days.
SELECT left(coalesce(r.reason, 'unknown'), 100)::text AS name, count(*)::float8 AS amount
FROM augur_operations.collection_run r
WHERE r.phase = @field::text AND r.outcome = 'Error'
    AND r.finished_at >= (@from_day::timestamp) AT TIME ZONE 'UTC' AND r.finished_at < (@to_day::timestamp) AT TIME ZONE 'UTC'
GROUP BY name
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversCollectionPoints :many
-- DriversCollectionPoints lists the kinds of tasks that used the budget of a platform's API on some days.
SELECT s.kind::text AS name, sum(s.points)::float8 AS amount
FROM augur_operations.api_spending s
WHERE s.platform = @field::text AND s.hour >= (@from_day::timestamp) AT TIME ZONE 'UTC' AND s.hour < (@to_day::timestamp) AT TIME ZONE 'UTC'
GROUP BY s.kind
ORDER BY amount DESC, name
LIMIT 1000;

-- name: DriversCollectionFailures :many
-- DriversCollectionFailures lists the kinds of tasks whose requests to a platform's API were in vain on some days.
SELECT s.kind::text AS name, sum(s.failed)::float8 AS amount
FROM augur_operations.api_spending s
WHERE s.platform = @field::text AND s.hour >= (@from_day::timestamp) AT TIME ZONE 'UTC' AND s.hour < (@to_day::timestamp) AT TIME ZONE 'UTC'
GROUP BY s.kind
ORDER BY amount DESC, name
LIMIT 1000;

-- Jobs that run, or that can within half a minute.
SELECT count(*)
FROM river.river_job
WHERE state IN ('running', 'available', 'pending') OR (state IN ('scheduled', 'retryable') AND scheduled_at < clock_timestamp() + interval '30 s')

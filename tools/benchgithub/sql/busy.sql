-- Jobs that run, or that can within half a minute. Lists of pull requests' children look every minute whether the pull requests are there, and are woken when they are.
SELECT count(*)
FROM river.river_job
WHERE state IN ('running', 'available', 'pending')
    OR (state IN ('scheduled', 'retryable') AND scheduled_at < clock_timestamp() + interval '30 s' AND kind <> 'github_pull_request_children')

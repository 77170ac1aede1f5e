SELECT c.finished_at - min(j.attempted_at)
FROM augur_operations.collection_run c
JOIN augur_operations.collection_task t ON t.run_id = c.run_id
JOIN river.river_job j ON j.id = t.job_id
WHERE c.run_id = (SELECT max(run_id) FROM augur_operations.collection_run)
GROUP BY c.finished_at

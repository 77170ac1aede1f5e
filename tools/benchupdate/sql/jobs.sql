SELECT j.kind, j.finalized_at - j.attempted_at, j.state::text
FROM river.river_job j
JOIN augur_operations.collection_task t ON t.job_id = j.id AND t.run_id = (SELECT max(run_id) FROM augur_operations.collection_run)

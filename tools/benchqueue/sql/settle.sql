-- Brings the tables into the state in which a server that runs for long has them.
VACUUM ANALYZE augur_data.repo, augur_operations.collection_status, augur_operations.collection_schedule, augur_operations.collection_run,
    augur_operations.collection_task, augur_operations.collection_backoff, river.river_job;

-- Removes all repositories and jobs.
TRUNCATE augur_data.repo, augur_operations.collection_status, augur_operations.collection_event, river.river_job CASCADE;

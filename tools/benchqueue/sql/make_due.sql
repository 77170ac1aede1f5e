-- Makes the facade phase of repositories $1 to $2 due.
UPDATE augur_operations.collection_status
SET facade_data_last_collected = clock_timestamp() AT TIME ZONE 'UTC' - interval '20 days'
WHERE repo_id BETWEEN $1 AND $2;

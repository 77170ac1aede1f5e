-- Phases of GitHub that were not collected with success.
SELECT count(*)
FROM augur_operations.collection_status
WHERE core_status IS DISTINCT FROM 'Success' OR secondary_status IS DISTINCT FROM 'Success'

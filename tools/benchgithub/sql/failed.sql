-- Tasks that failed for good.
SELECT count(*) FROM augur_operations.collection_task WHERE state <> 'done'

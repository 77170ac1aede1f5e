-- Tells whether a run is open.
SELECT EXISTS (SELECT 1 FROM augur_operations.collection_run WHERE finished_at IS NULL);

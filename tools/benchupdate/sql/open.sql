SELECT EXISTS (SELECT FROM augur_operations.collection_run WHERE finished_at IS NULL)

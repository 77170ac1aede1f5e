SELECT EXISTS (SELECT FROM augur_operations.collection_run WHERE finished_at IS NULL),
    coalesce((SELECT min(kind) FROM river.river_job WHERE state = 'running'), '')

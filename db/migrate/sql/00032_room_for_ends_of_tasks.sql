-- +goose Up
-- A task is updated when its job begins to tell its progress and when it ends, and no index has what changes: with half of each page free, these new versions stay in it.
ALTER TABLE augur_operations.collection_task SET (fillfactor = 50);

-- +goose Down
ALTER TABLE augur_operations.collection_task SET (fillfactor = 80);

-- Every job is inserted, fetched and finished, and each of these steps wrote into two GIN indexes that nothing reads: jobs are looked for by state,
-- queue and id. River only looks into metadata when somebody lists jobs by it.

-- +goose Up
DROP INDEX IF EXISTS river.river_job_args_index;
DROP INDEX IF EXISTS river.river_job_metadata_index;

-- +goose Down
CREATE INDEX river_job_args_index ON river.river_job USING gin (args);
CREATE INDEX river_job_metadata_index ON river.river_job USING gin (metadata);

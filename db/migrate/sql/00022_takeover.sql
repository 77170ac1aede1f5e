-- A database that another program has filled: its rows of commits are replaced by exact ones, commit by commit.

-- +goose Up
ALTER TABLE augur_operations.git_history ADD COLUMN inherited bigint;
COMMENT ON COLUMN augur_operations.git_history.inherited IS 'Rows of commits up to this cmt_id were stored by another program (Augur), and each run replaces what is left of them by exact ones; NULL: none is left';

-- What may stand there comes from a program that stopped filling it years ago. The next refresh of the views fills it.
DELETE FROM augur_data.unknown_cache;
COMMENT ON TABLE augur_data.unknown_cache IS 'Lines added by e-mails without affiliation, per repository group; current to the last refresh of the materialized views';
COMMENT ON COLUMN augur_data.unknown_cache.type IS 'author or committer: whose e-mail it is';
COMMENT ON COLUMN augur_data.unknown_cache.repo_group_id IS 'The repository group';
COMMENT ON COLUMN augur_data.unknown_cache.email IS 'Canonical e-mail whose affiliation is (Unknown), its first 128 characters';
COMMENT ON COLUMN augur_data.unknown_cache.domain IS 'What follows its last @, the first 128 characters; empty without an @';
COMMENT ON COLUMN augur_data.unknown_cache.added IS 'Sum of cmt_added of its commits without affiliation';
COMMENT ON COLUMN augur_data.unknown_cache.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.unknown_cache.tool_version IS 'Version of that program; NULL: the monitor wrote it';
COMMENT ON COLUMN augur_data.unknown_cache.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.unknown_cache.data_collection_date IS 'When the row was written, UTC';

-- +goose Down
ALTER TABLE augur_operations.git_history DROP COLUMN inherited;

-- A database that another program has filled: its rows of commits are replaced by exact ones, commit by commit.

-- +goose Up
ALTER TABLE augur_operations.git_history ADD COLUMN inherited bigint;
COMMENT ON COLUMN augur_operations.git_history.inherited IS 'Rows of commits up to this cmt_id were stored by another program (Augur), and each run replaces what is left of them by exact ones; NULL: none is left';

-- +goose Down
ALTER TABLE augur_operations.git_history DROP COLUMN inherited;

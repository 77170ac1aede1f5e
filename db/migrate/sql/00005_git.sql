-- How far the git history of each repository is stored, and which commits have left it.

-- +goose Up
CREATE TABLE augur_operations.git_history (
    repo_id bigint PRIMARY KEY REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    branch text,
    fetched text,
    head text,
    target text,
    commits bigint NOT NULL DEFAULT 0,
    repaired bigint NOT NULL DEFAULT 0,
    fetched_at timestamptz,
    stored_at timestamptz
);
COMMENT ON TABLE augur_operations.git_history IS 'How far the git history of a repository is stored: the cursor of the facade phase';
COMMENT ON COLUMN augur_operations.git_history.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.git_history.branch IS 'Default branch at the last fetch; NULL when the repository has no commit';
COMMENT ON COLUMN augur_operations.git_history.fetched IS 'Commit that the default branch pointed to at the last fetch; NULL when the repository has no commit';
COMMENT ON COLUMN augur_operations.git_history.head IS 'Commit whose history is stored whole; NULL before the first collection is complete';
COMMENT ON COLUMN augur_operations.git_history.target IS 'Commit whose history is being stored; NULL unless a collection was begun and is not complete';
COMMENT ON COLUMN augur_operations.git_history.commits IS 'Commits that are stored';
COMMENT ON COLUMN augur_operations.git_history.repaired IS 'Values that PostgreSQL could not hold as they were: bytes that are not UTF-8, NULs, dates and zones out of range, overlong names';
COMMENT ON COLUMN augur_operations.git_history.fetched_at IS 'Last fetch, or last look that found nothing new';
COMMENT ON COLUMN augur_operations.git_history.stored_at IS 'When commits were last written';

CREATE TABLE augur_operations.unreachable_commit (
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    commit_hash text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (repo_id, commit_hash)
);
COMMENT ON TABLE augur_operations.unreachable_commit IS 'Commits that were stored once and left the default branch by a rewritten history; they are no longer in commits';
COMMENT ON COLUMN augur_operations.unreachable_commit.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.unreachable_commit.commit_hash IS 'The commit';
COMMENT ON COLUMN augur_operations.unreachable_commit.noticed_at IS 'When it was found to be unreachable';

-- +goose Down
DROP TABLE augur_operations.unreachable_commit;
DROP TABLE augur_operations.git_history;

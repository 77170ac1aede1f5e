-- +goose Up
-- Organisations and users whose repositories are followed: new ones are added by themselves.

CREATE TABLE augur_operations.followed_owner (
    platform text NOT NULL,
    node_id text NOT NULL,
    login text NOT NULL,
    kind text NOT NULL,
    repo_group_id bigint NOT NULL REFERENCES augur_data.repo_groups (repo_group_id) ON DELETE CASCADE,
    archived boolean NOT NULL,
    forks boolean NOT NULL,
    followed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    mark text,
    checked_at timestamptz,
    listed_at timestamptz,
    retry_at timestamptz,
    failures int NOT NULL DEFAULT 0,
    error text,
    PRIMARY KEY (platform, node_id)
);
COMMENT ON TABLE augur_operations.followed_owner IS 'Organisations and users whose new repositories are added by themselves, until augur db unfollow-github-org or until their group is gone';
COMMENT ON COLUMN augur_operations.followed_owner.platform IS 'Where the owner is: github';
COMMENT ON COLUMN augur_operations.followed_owner.node_id IS 'The platform''s id of the owner, which stays when it is renamed';
COMMENT ON COLUMN augur_operations.followed_owner.login IS 'What the owner is called, as of the last look';
COMMENT ON COLUMN augur_operations.followed_owner.kind IS 'Organization or User';
COMMENT ON COLUMN augur_operations.followed_owner.repo_group_id IS 'Group that its new repositories are added to; those that are there already stay in theirs';
COMMENT ON COLUMN augur_operations.followed_owner.archived IS 'Whether archived repositories are added, too';
COMMENT ON COLUMN augur_operations.followed_owner.forks IS 'Whether forks are added, too';
COMMENT ON COLUMN augur_operations.followed_owner.followed_at IS 'Since when it is followed';
COMMENT ON COLUMN augur_operations.followed_owner.mark IS 'How many repositories of the wanted kind it had, and the newest of them, before they were last listed; NULL: they were not listed yet, or not all could be read';
COMMENT ON COLUMN augur_operations.followed_owner.checked_at IS 'When the platform last told about it; NULL: never';
COMMENT ON COLUMN augur_operations.followed_owner.listed_at IS 'When all its repositories were last listed; NULL: never';
COMMENT ON COLUMN augur_operations.followed_owner.retry_at IS 'It is not looked at before: somebody is at it, or it failed; NULL: the setting GitHub.owners_after after checked_at';
COMMENT ON COLUMN augur_operations.followed_owner.failures IS 'How many looks in a row failed; each doubles the time to the next';
COMMENT ON COLUMN augur_operations.followed_owner.error IS 'Why the last look had no result; NULL: it had one';

-- +goose Down
DROP TABLE augur_operations.followed_owner;

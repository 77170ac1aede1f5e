-- What the GitHub source keeps of what it asks beyond the lists of a repository: who was asked for his public events, and whether GitHub tells how often a
-- repository is cloned.

-- +goose Up
CREATE TABLE augur_operations.github_breadth (
    cntrb_id uuid PRIMARY KEY REFERENCES augur_data.contributors (cntrb_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    asked_at timestamptz NOT NULL,
    read_at timestamptz,
    etag text,
    known boolean NOT NULL DEFAULT true
);
CREATE INDEX github_breadth_asked ON augur_operations.github_breadth (asked_at);
COMMENT ON TABLE augur_operations.github_breadth IS 'Contributors whose public events were asked for (contributor_repo), each once in GitHub.breadth_after';
COMMENT ON COLUMN augur_operations.github_breadth.cntrb_id IS 'The contributor';
COMMENT ON COLUMN augur_operations.github_breadth.asked_at IS 'When GitHub was last asked';
COMMENT ON COLUMN augur_operations.github_breadth.read_at IS 'GitHub''s clock when the events were last read; NULL: never';
COMMENT ON COLUMN augur_operations.github_breadth.etag IS 'Version of the first page, for asking again at no cost; NULL when it is not known';
COMMENT ON COLUMN augur_operations.github_breadth.known IS 'Whether GitHub knew the login then; false when the account was deleted or renamed';

CREATE TABLE augur_operations.github_clones (
    repo_id bigint PRIMARY KEY REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    asked_at timestamptz NOT NULL,
    refused text
);
COMMENT ON TABLE augur_operations.github_clones IS 'When GitHub was asked how often a repository is cloned (repo_clones_data), which it only tells keys that may push';
COMMENT ON COLUMN augur_operations.github_clones.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.github_clones.asked_at IS 'When GitHub was last asked';
COMMENT ON COLUMN augur_operations.github_clones.refused IS 'What it said when it did not tell: it is asked again after GitHub.clones_refused_for; NULL when it told';

CREATE INDEX github_pull_requests_author ON augur_data.pull_requests (pr_augur_contributor_id);
CREATE INDEX github_repo_clones_day ON augur_data.repo_clones_data (repo_id, clone_data_timestamp);

COMMENT ON TABLE augur_data.contributor_repo IS 'Public events of contributors, in any repository at GitHub: where else they are active. GitHub tells the last 300 of the last 90 days.';
COMMENT ON COLUMN augur_data.contributor_repo.cntrb_repo_id IS 'Row id.';
COMMENT ON COLUMN augur_data.contributor_repo.repo_git IS 'Address of the repository in the REST API. It need not be one that is collected.';
COMMENT ON COLUMN augur_data.contributor_repo.repo_name IS 'Its owner and name.';
COMMENT ON COLUMN augur_data.contributor_repo.gh_repo_id IS 'GitHub''s id of it.';
COMMENT ON COLUMN augur_data.contributor_repo.cntrb_category IS 'What was done, as GitHub names it: PushEvent, IssuesEvent.';
COMMENT ON COLUMN augur_data.contributor_repo.event_id IS 'GitHub''s id of the event.';
COMMENT ON COLUMN augur_data.contributor_repo.created_at IS 'When it happened, UTC.';
COMMENT ON COLUMN augur_data.contributor_repo.tool_source IS 'Task that wrote the row.';
COMMENT ON COLUMN augur_data.contributor_repo.tool_version IS 'Version of that task, as in Augur.';
COMMENT ON COLUMN augur_data.contributor_repo.data_source IS 'Where the data came from.';
COMMENT ON COLUMN augur_data.contributor_repo.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.contributor_repo.cntrb_id IS 'The contributor.';
COMMENT ON TABLE augur_data.repo_clones_data IS 'How often a repository was cloned from GitHub, by day. Only keys that may push are told, for the last 14 days.';
COMMENT ON COLUMN augur_data.repo_clones_data.repo_clone_data_id IS 'Row id.';
COMMENT ON COLUMN augur_data.repo_clones_data.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_data.repo_clones_data.unique_clones IS 'How many different ones cloned it that day.';
COMMENT ON COLUMN augur_data.repo_clones_data.count_clones IS 'How often it was cloned that day.';
COMMENT ON COLUMN augur_data.repo_clones_data.clone_data_timestamp IS 'The day, UTC.';

-- +goose Down
DROP INDEX augur_data.github_repo_clones_day;
DROP INDEX augur_data.github_pull_requests_author;
DROP TABLE augur_operations.github_clones;
DROP TABLE augur_operations.github_breadth;

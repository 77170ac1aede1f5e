-- What the GitHub source knows beside Augur's rows: how far each list is stored, what each repository looked like, who was asked about, and what has
-- vanished upstream. And the indexes with which its pages find rows.

-- +goose Up
CREATE TABLE augur_operations.github_repo (
    repo_id bigint PRIMARY KEY REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    node_id text NOT NULL,
    activity text NOT NULL,
    pushed text NOT NULL,
    overall text NOT NULL,
    answer jsonb,
    checked_at timestamptz NOT NULL,
    answered_at timestamptz
);
COMMENT ON TABLE augur_operations.github_repo IS 'What GitHub last said about a repository as a whole: its watermarks, by which lists that did not change are not read';
COMMENT ON COLUMN augur_operations.github_repo.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.github_repo.node_id IS 'GitHub''s id of the repository in GraphQL, which stays when it is renamed';
COMMENT ON COLUMN augur_operations.github_repo.activity IS 'Watermark of issues and pull requests: how many there are, and when one last changed';
COMMENT ON COLUMN augur_operations.github_repo.pushed IS 'Watermark of the code: when something was last pushed';
COMMENT ON COLUMN augur_operations.github_repo.overall IS 'Watermark of everything that one question for many repositories can tell: also stars, forks, watchers and releases';
COMMENT ON COLUMN augur_operations.github_repo.answer IS 'The last whole answer, of which repo_info makes its row; NULL when only watermarks were asked for';
COMMENT ON COLUMN augur_operations.github_repo.checked_at IS 'When the watermarks were read';
COMMENT ON COLUMN augur_operations.github_repo.overall IS 'Watermark of everything that one question for many repositories can tell: also stars, forks, watchers and releases';
COMMENT ON COLUMN augur_operations.github_repo.answered_at IS 'When the whole answer was read';

CREATE TABLE augur_operations.github_cursor (
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    resource text NOT NULL,
    since timestamptz,
    etag text,
    mark text,
    started_at timestamptz,
    started_mark text,
    whole boolean NOT NULL DEFAULT false,
    position timestamptz,
    next text,
    rows_read bigint NOT NULL DEFAULT 0,
    page_size integer,
    unplaced bigint NOT NULL DEFAULT 0,
    scrubbed bigint NOT NULL DEFAULT 0,
    completed_at timestamptz,
    whole_at timestamptz,
    PRIMARY KEY (repo_id, resource)
);
COMMENT ON TABLE augur_operations.github_cursor IS 'How far each list of a repository is stored. A pass reads a list from its watermark to its end, page by page; only a pass that came to the end moves the watermark';
COMMENT ON COLUMN augur_operations.github_cursor.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.github_cursor.resource IS 'The list, by the name of the task that reads it';
COMMENT ON COLUMN augur_operations.github_cursor.since IS 'Watermark: what changed before is stored. It stays as it is while nothing comes, so that the address stays the same; NULL before the first pass is complete';
COMMENT ON COLUMN augur_operations.github_cursor.etag IS 'Version of the first page under that watermark, for asking again at no cost; NULL when it is not known';
COMMENT ON COLUMN augur_operations.github_cursor.mark IS 'Watermark of the repository (github_repo) that the last complete pass knew before it began; while it holds, the list is not read';
COMMENT ON COLUMN augur_operations.github_cursor.started_at IS 'GitHub''s clock when the pass that is under way began; NULL when none is';
COMMENT ON COLUMN augur_operations.github_cursor.started_mark IS 'What mark becomes when the pass is complete';
COMMENT ON COLUMN augur_operations.github_cursor.whole IS 'The pass that is under way reads the whole list again, to find what has vanished';
COMMENT ON COLUMN augur_operations.github_cursor.position IS 'How far the pass has come: everything that changed before is stored; NULL at its beginning';
COMMENT ON COLUMN augur_operations.github_cursor.next IS 'Where the next page of the pass is, when its position does not say it all: an address, or a cursor of GraphQL';
COMMENT ON COLUMN augur_operations.github_cursor.rows_read IS 'Rows that the pass has read';
COMMENT ON COLUMN augur_operations.github_cursor.page_size IS 'How many items a query may ask for, as far as GitHub had to teach us; NULL: as many as usual';
COMMENT ON COLUMN augur_operations.github_cursor.unplaced IS 'Rows of the last pass that belong to something unknown, such as a deleted issue, and are not stored';
COMMENT ON COLUMN augur_operations.github_cursor.scrubbed IS 'Texts in all that held a NUL character, which PostgreSQL cannot store, and are stored without it';
COMMENT ON COLUMN augur_operations.github_cursor.completed_at IS 'When a pass last came to the end, or found that nothing had changed';
COMMENT ON COLUMN augur_operations.github_cursor.whole_at IS 'When a pass over the whole list last came to the end';

CREATE TABLE augur_operations.github_seen (
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    resource text NOT NULL,
    src_id bigint NOT NULL,
    PRIMARY KEY (repo_id, resource, src_id)
);
COMMENT ON TABLE augur_operations.github_seen IS 'What a pass over a whole list has met so far; empty when none is under way. What is stored and was not met has vanished';
COMMENT ON COLUMN augur_operations.github_seen.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.github_seen.resource IS 'The list';
COMMENT ON COLUMN augur_operations.github_seen.src_id IS 'GitHub''s id of the item';

CREATE TABLE augur_operations.github_tombstone (
    tombstone_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    table_name text NOT NULL,
    row_key text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    content jsonb,
    UNIQUE (table_name, row_key)
);
CREATE INDEX github_tombstone_repo ON augur_operations.github_tombstone (repo_id);
COMMENT ON TABLE augur_operations.github_tombstone IS 'What GitHub does not list any more. Things that happened (issues, comments) keep their row in augur_data; what is only true for a time (a label, an assignee, a file of a pull request) leaves it, and its row is kept here';
COMMENT ON COLUMN augur_operations.github_tombstone.tombstone_id IS 'Row id, in the order in which it was noticed';
COMMENT ON COLUMN augur_operations.github_tombstone.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.github_tombstone.table_name IS 'Table of augur_data that the row is, or was, in';
COMMENT ON COLUMN augur_operations.github_tombstone.row_key IS 'Its primary key there';
COMMENT ON COLUMN augur_operations.github_tombstone.noticed_at IS 'When it was found to be missing';
COMMENT ON COLUMN augur_operations.github_tombstone.content IS 'The row as it was; NULL when it is still in its table';

CREATE TABLE augur_operations.github_user (
    cntrb_id uuid PRIMARY KEY REFERENCES augur_data.contributors (cntrb_id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    node_id text NOT NULL,
    repo_id bigint REFERENCES augur_data.repo (repo_id) ON DELETE SET NULL,
    asked_at timestamptz,
    known boolean NOT NULL DEFAULT false
);
CREATE INDEX github_user_unasked ON augur_operations.github_user (repo_id, cntrb_id) WHERE asked_at IS NULL;
CREATE INDEX github_user_repo ON augur_operations.github_user (repo_id, asked_at);
COMMENT ON TABLE augur_operations.github_user IS 'People and bots of GitHub, and when their name, company and place were asked for';
COMMENT ON COLUMN augur_operations.github_user.cntrb_id IS 'The contributor';
COMMENT ON COLUMN augur_operations.github_user.node_id IS 'GitHub''s id of the account in GraphQL';
COMMENT ON COLUMN augur_operations.github_user.repo_id IS 'The repository in which the account was first met, whose task asks about it';
COMMENT ON COLUMN augur_operations.github_user.asked_at IS 'When GitHub was last asked about the account; NULL: not yet';
COMMENT ON COLUMN augur_operations.github_user.known IS 'Whether GitHub knew it then; deleted accounts are not known';

CREATE INDEX github_issues_number ON augur_data.issues (repo_id, gh_issue_number);
CREATE INDEX github_pull_requests_number ON augur_data.pull_requests (repo_id, pr_src_number);
CREATE INDEX github_issue_labels_issue ON augur_data.issue_labels (issue_id);
CREATE INDEX github_issue_assignees_issue ON augur_data.issue_assignees (issue_id);
CREATE INDEX github_pull_request_labels_pr ON augur_data.pull_request_labels (pull_request_id);
CREATE INDEX github_pull_request_teams_pr ON augur_data.pull_request_teams (pull_request_id);
CREATE INDEX github_pull_request_repo_meta ON augur_data.pull_request_repo (pr_repo_meta_id);
CREATE INDEX github_pull_request_reviews_pr ON augur_data.pull_request_reviews (pull_request_id);
CREATE INDEX github_repo_info_newest ON augur_data.repo_info (repo_id, repo_info_id DESC);
CREATE INDEX github_releases_repo ON augur_data.releases (repo_id);

-- +goose Down
DROP INDEX augur_data.github_releases_repo;
DROP INDEX augur_data.github_repo_info_newest;
DROP INDEX augur_data.github_pull_request_reviews_pr;
DROP INDEX augur_data.github_pull_request_repo_meta;
DROP INDEX augur_data.github_pull_request_teams_pr;
DROP INDEX augur_data.github_pull_request_labels_pr;
DROP INDEX augur_data.github_issue_assignees_issue;
DROP INDEX augur_data.github_issue_labels_issue;
DROP INDEX augur_data.github_pull_requests_number;
DROP INDEX augur_data.github_issues_number;
DROP TABLE augur_operations.github_user;
DROP TABLE augur_operations.github_tombstone;
DROP TABLE augur_operations.github_seen;
DROP TABLE augur_operations.github_cursor;
DROP TABLE augur_operations.github_repo;

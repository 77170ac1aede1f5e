-- +goose Up
-- Comments and events whose issue, pull request or review is not stored yet are kept until it is: GitHub does not list them again, since they did not change.

CREATE TABLE augur_operations.github_unplaced (
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    resource text NOT NULL,
    src_id bigint NOT NULL,
    parent_table text NOT NULL,
    parent bigint NOT NULL,
    content jsonb NOT NULL,
    PRIMARY KEY (repo_id, resource, src_id)
);
COMMENT ON TABLE augur_operations.github_unplaced IS 'Comments and events that belong to something that is not stored. They are stored as soon as it is; a pass over the whole list begins anew';
COMMENT ON COLUMN augur_operations.github_unplaced.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.github_unplaced.resource IS 'The list, by the name of the task that reads it';
COMMENT ON COLUMN augur_operations.github_unplaced.src_id IS 'GitHub''s id of the item';
COMMENT ON COLUMN augur_operations.github_unplaced.parent_table IS 'Table of augur_data that lacks what it belongs to: issues, pull_requests or pull_request_reviews';
COMMENT ON COLUMN augur_operations.github_unplaced.parent IS 'What it belongs to: the number of an issue or pull request, or GitHub''s id of a review';
COMMENT ON COLUMN augur_operations.github_unplaced.content IS 'The item, as the list told it';

ALTER TABLE augur_operations.github_cursor ADD COLUMN timelines boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN augur_operations.github_cursor.unplaced IS 'Rows of the last pass that belong to something unknown, such as a deleted issue. Those that say to what wait in github_unplaced';
COMMENT ON COLUMN augur_operations.github_cursor.timelines IS 'The pass read timelines of more than a page of items: those of items that changed meanwhile are read by the next one, which reads timelines, too';

-- +goose Down
COMMENT ON COLUMN augur_operations.github_cursor.unplaced IS 'Rows of the last pass that belong to something unknown, such as a deleted issue, and are not stored';
ALTER TABLE augur_operations.github_cursor DROP COLUMN timelines;
DROP TABLE augur_operations.github_unplaced;

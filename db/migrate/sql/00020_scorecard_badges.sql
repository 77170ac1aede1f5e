-- What the tables mean that the sources badges and scorecard write. Both keep how they stand in tree_snapshot, beside the snapshots of files.

-- +goose Up
CREATE INDEX repo_badging_newest ON augur_data.repo_badging (repo_id, badge_collection_id DESC);

COMMENT ON TABLE augur_data.repo_badging IS 'What the OpenSSF Best Practices service says about a project: a row when it differs from the newest one. Without a row, or when tree_snapshot has no rows of kind badges, there is no project.';
COMMENT ON COLUMN augur_data.repo_badging.badge_collection_id IS 'Row id; the newest row of a repository is what holds.';
COMMENT ON COLUMN augur_data.repo_badging.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_data.repo_badging.created_at IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.repo_badging.tool_source IS 'Task that wrote the row.';
COMMENT ON COLUMN augur_data.repo_badging.tool_version IS 'Version of the program that wrote it.';
COMMENT ON COLUMN augur_data.repo_badging.data_source IS 'Where the data came from.';
COMMENT ON COLUMN augur_data.repo_badging.data_collection_date IS 'When the row was written, UTC.';
COMMENT ON COLUMN augur_data.repo_badging.data IS 'The project as the service gives it. badge_level is in_progress, passing, silver or gold; tiered_percentage goes to 300.';
COMMENT ON TABLE augur_data.repo_deps_scorecard IS 'OpenSSF Scorecard: a row for each check, and one for the whole. All rows of a snapshot have one data_collection_date; a snapshot is written when it differs from the newest one.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.repo_deps_scorecard_id IS 'Row id.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.repo_id IS 'The repository.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.name IS 'Name of the check as Scorecard publishes it; OSSF_SCORECARD_AGGREGATE_SCORE is the whole.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.score IS 'From 0 to 10 as text; -1: it cannot be known.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.tool_source IS 'Task that wrote the row.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.tool_version IS 'Version of that task, as in Augur.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.data_source IS 'Where the score comes from: `scorecard` is the tool, `rows` what is stored about the repository.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.data_collection_date IS 'When the snapshot was written, UTC.';
COMMENT ON COLUMN augur_data.repo_deps_scorecard.scorecard_check_details IS 'The check with its reason, in the form of the tool; of the whole: the repository and commit.';
COMMENT ON TABLE augur_operations.tree_snapshot IS 'The last look of a task that writes snapshots: git_labor, git_dependencies and git_libyear at the files of a repository, scorecard and badges. A new snapshot is written only when it differs from the last';
COMMENT ON COLUMN augur_operations.tree_snapshot.kind IS 'The task: git_labor (repo_labor), git_dependencies (repo_dependencies), git_libyear (repo_deps_libyear), scorecard (repo_deps_scorecard) or badges (repo_badging)';
COMMENT ON COLUMN augur_operations.tree_snapshot.head IS 'Commit that was looked at; empty when the task looks at none';

-- +goose Down
DROP INDEX augur_data.repo_badging_newest;

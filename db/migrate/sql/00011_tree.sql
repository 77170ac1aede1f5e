-- What a clone tells beside its history, where clones lie and who uses them, and how fast a task gets on.

-- +goose Up
CREATE TABLE augur_operations.tree_snapshot (
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    kind text NOT NULL,
    head text NOT NULL,
    content text NOT NULL,
    rules text NOT NULL,
    digest text NOT NULL,
    rows bigint NOT NULL,
    skipped bigint NOT NULL,
    note text,
    taken_at timestamp(0) without time zone,
    checked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (repo_id, kind)
);
COMMENT ON TABLE augur_operations.tree_snapshot IS 'The last look of git_labor, git_dependencies and git_libyear at the files of a repository: a new snapshot is written only when it differs from the last';
COMMENT ON COLUMN augur_operations.tree_snapshot.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.tree_snapshot.kind IS 'The task: git_labor (repo_labor), git_dependencies (repo_dependencies) or git_libyear (repo_deps_libyear)';
COMMENT ON COLUMN augur_operations.tree_snapshot.head IS 'Commit that was looked at';
COMMENT ON COLUMN augur_operations.tree_snapshot.content IS 'What the rows were made of: the hash of the tree, or of the manifests in it';
COMMENT ON COLUMN augur_operations.tree_snapshot.rules IS 'Version of what made the rows, and the settings that change them; another one means another look';
COMMENT ON COLUMN augur_operations.tree_snapshot.digest IS 'Hash of the rows of the newest snapshot';
COMMENT ON COLUMN augur_operations.tree_snapshot.rows IS 'Rows of the newest snapshot';
COMMENT ON COLUMN augur_operations.tree_snapshot.skipped IS 'Files that were left out: larger than Facade.tree_file_limit, binary, or unreadable';
COMMENT ON COLUMN augur_operations.tree_snapshot.note IS 'What is missing and why, such as a registry that did not answer; NULL when nothing is';
COMMENT ON COLUMN augur_operations.tree_snapshot.taken_at IS 'data_collection_date of the newest snapshot, UTC; NULL when there was never a row';
COMMENT ON COLUMN augur_operations.tree_snapshot.checked_at IS 'When the repository was last looked at, with or without a new snapshot';

CREATE TABLE augur_operations.registry_package (
    manager text NOT NULL,
    name text NOT NULL,
    answer jsonb NOT NULL,
    fetched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (manager, name)
);
CREATE INDEX registry_package_expiry ON augur_operations.registry_package (expires_at);
COMMENT ON TABLE augur_operations.registry_package IS 'What package registries said about packages: a cache, shared by all repositories and workers';
COMMENT ON COLUMN augur_operations.registry_package.manager IS 'Package manager, as in repo_deps_libyear.package_manager';
COMMENT ON COLUMN augur_operations.registry_package.name IS 'Name of the package';
COMMENT ON COLUMN augur_operations.registry_package.answer IS 'Versions with their dates, and the latest; no versions when the registry does not know the package';
COMMENT ON COLUMN augur_operations.registry_package.fetched_at IS 'When the registry was asked';
COMMENT ON COLUMN augur_operations.registry_package.expires_at IS 'From when on the registry is asked again';

CREATE TABLE augur_operations.git_clone (
    store uuid NOT NULL,
    repo_id bigint NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    bytes bigint NOT NULL DEFAULT 0,
    broken boolean NOT NULL DEFAULT false,
    used_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (store, repo_id)
);
COMMENT ON TABLE augur_operations.git_clone IS 'Clones on the disks of all machines, and the lock on each: whoever works on a clone has a row in git_clone_use';
COMMENT ON COLUMN augur_operations.git_clone.store IS 'The directory of clones: what its file .augur-store says. Machines that share a directory share its clones';
COMMENT ON COLUMN augur_operations.git_clone.repo_id IS 'The repository; one that is no longer in repo is the first to be evicted';
COMMENT ON COLUMN augur_operations.git_clone.name IS 'Name of the clone in the directory';
COMMENT ON COLUMN augur_operations.git_clone.host IS 'Machine that used it last';
COMMENT ON COLUMN augur_operations.git_clone.bytes IS 'Size on disk when it was last cloned or fetched; 0 while it is being made';
COMMENT ON COLUMN augur_operations.git_clone.broken IS 'True when objects could not be read: the next task makes it again';
COMMENT ON COLUMN augur_operations.git_clone.used_at IS 'Last use; the clone that was not used for longest is evicted first';

CREATE TABLE augur_operations.git_clone_use (
    store uuid NOT NULL,
    repo_id bigint NOT NULL,
    job_id bigint NOT NULL,
    exclusive boolean NOT NULL,
    PRIMARY KEY (store, repo_id, job_id),
    FOREIGN KEY (store, repo_id) REFERENCES augur_operations.git_clone (store, repo_id) ON DELETE CASCADE
);
COMMENT ON TABLE augur_operations.git_clone_use IS 'Which jobs use which clone; a row counts as long as its job runs, so a worker that dies leaves no lock';
COMMENT ON COLUMN augur_operations.git_clone_use.store IS 'The directory of clones';
COMMENT ON COLUMN augur_operations.git_clone_use.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.git_clone_use.job_id IS 'The River job';
COMMENT ON COLUMN augur_operations.git_clone_use.exclusive IS 'True while the job makes, fetches or removes the clone; then nobody else may read it';

ALTER TABLE augur_operations.collection_task ADD COLUMN progress_rows bigint;
ALTER TABLE augur_operations.collection_task ADD COLUMN progress_since timestamptz;
ALTER TABLE augur_operations.collection_task ADD COLUMN progress_at timestamptz;
ALTER TABLE augur_operations.collection_task ADD COLUMN waits_for text;
COMMENT ON COLUMN augur_operations.collection_task.progress_rows IS 'Rows written so far; NULL when the task does not count them';
COMMENT ON COLUMN augur_operations.collection_task.progress_since IS 'When the progress began to be counted, for rates';
COMMENT ON COLUMN augur_operations.collection_task.progress_at IS 'When the progress was last saved';
COMMENT ON COLUMN augur_operations.collection_task.waits_for IS 'Why its job was last put off without using an attempt; it is waiting for that only while the job is scheduled';

COMMENT ON TABLE augur_data.repo_labor IS 'Lines of code of each file of a repository: a snapshot each time something changed';
COMMENT ON COLUMN augur_data.repo_labor.repo_labor_id IS 'Id of the row';
COMMENT ON COLUMN augur_data.repo_labor.repo_id IS 'The repository';
COMMENT ON COLUMN augur_data.repo_labor.repo_clone_date IS 'Not written';
COMMENT ON COLUMN augur_data.repo_labor.rl_analysis_date IS 'When the snapshot was taken, the same in all of its rows (UTC)';
COMMENT ON COLUMN augur_data.repo_labor.programming_language IS 'Language';
COMMENT ON COLUMN augur_data.repo_labor.file_path IS 'Directory of the file and its name';
COMMENT ON COLUMN augur_data.repo_labor.file_name IS 'Name of the file';
COMMENT ON COLUMN augur_data.repo_labor.total_lines IS 'All lines';
COMMENT ON COLUMN augur_data.repo_labor.code_lines IS 'Lines with code';
COMMENT ON COLUMN augur_data.repo_labor.comment_lines IS 'Lines with nothing but a comment';
COMMENT ON COLUMN augur_data.repo_labor.blank_lines IS 'Empty lines';
COMMENT ON COLUMN augur_data.repo_labor.code_complexity IS 'Branches and loops, as scc counts them';
COMMENT ON COLUMN augur_data.repo_labor.repo_url IS 'URL of the repository';
COMMENT ON COLUMN augur_data.repo_labor.tool_source IS 'Task that wrote the row';
COMMENT ON COLUMN augur_data.repo_labor.tool_version IS 'Version of the program';
COMMENT ON COLUMN augur_data.repo_labor.data_source IS 'Where the facts are from';
COMMENT ON COLUMN augur_data.repo_labor.data_collection_date IS 'When the snapshot was taken, the same in all of its rows (UTC)';

COMMENT ON TABLE augur_data.repo_dependencies IS 'What the source files of a repository import: a snapshot each time something changed';
COMMENT ON COLUMN augur_data.repo_dependencies.repo_dependencies_id IS 'Id of the row';
COMMENT ON COLUMN augur_data.repo_dependencies.repo_id IS 'The repository';
COMMENT ON COLUMN augur_data.repo_dependencies.dep_name IS 'What is imported';
COMMENT ON COLUMN augur_data.repo_dependencies.dep_count IS 'How often';
COMMENT ON COLUMN augur_data.repo_dependencies.dep_language IS 'Language of the files';
COMMENT ON COLUMN augur_data.repo_dependencies.tool_source IS 'Task that wrote the row';
COMMENT ON COLUMN augur_data.repo_dependencies.tool_version IS 'Version of the program';
COMMENT ON COLUMN augur_data.repo_dependencies.data_source IS 'Where the facts are from';
COMMENT ON COLUMN augur_data.repo_dependencies.data_collection_date IS 'When the snapshot was taken, the same in all of its rows (UTC)';

COMMENT ON TABLE augur_data.repo_deps_libyear IS 'Dependencies that manifests name, and how far they are behind: a snapshot each time something changed';
COMMENT ON COLUMN augur_data.repo_deps_libyear.repo_deps_libyear_id IS 'Id of the row';
COMMENT ON COLUMN augur_data.repo_deps_libyear.repo_id IS 'The repository';
COMMENT ON COLUMN augur_data.repo_deps_libyear.name IS 'Package';
COMMENT ON COLUMN augur_data.repo_deps_libyear.requirement IS 'What the manifest asks for';
COMMENT ON COLUMN augur_data.repo_deps_libyear.type IS 'Kind of dependency';
COMMENT ON COLUMN augur_data.repo_deps_libyear.package_manager IS 'Registry';
COMMENT ON COLUMN augur_data.repo_deps_libyear.current_verion IS 'Newest version that the requirement allows (the name of the column is Augurs)';
COMMENT ON COLUMN augur_data.repo_deps_libyear.latest_version IS 'Newest version of the package';
COMMENT ON COLUMN augur_data.repo_deps_libyear.current_release_date IS 'When the current version was released';
COMMENT ON COLUMN augur_data.repo_deps_libyear.latest_release_date IS 'When the newest version was released';
COMMENT ON COLUMN augur_data.repo_deps_libyear.libyear IS 'Years between the two; -1 when the newest is not known';
COMMENT ON COLUMN augur_data.repo_deps_libyear.tool_source IS 'Task that wrote the row';
COMMENT ON COLUMN augur_data.repo_deps_libyear.tool_version IS 'Version of the program';
COMMENT ON COLUMN augur_data.repo_deps_libyear.data_source IS 'Where the facts are from';
COMMENT ON COLUMN augur_data.repo_deps_libyear.data_collection_date IS 'When the snapshot was taken, the same in all of its rows (UTC)';

-- +goose Down
ALTER TABLE augur_operations.collection_task DROP COLUMN waits_for;
ALTER TABLE augur_operations.collection_task DROP COLUMN progress_at;
ALTER TABLE augur_operations.collection_task DROP COLUMN progress_since;
ALTER TABLE augur_operations.collection_task DROP COLUMN progress_rows;
DROP TABLE augur_operations.git_clone_use;
DROP TABLE augur_operations.git_clone;
DROP TABLE augur_operations.registry_package;
DROP TABLE augur_operations.tree_snapshot;

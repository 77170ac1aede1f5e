-- name: CopyDependencies :copyfrom
-- CopyDependencies writes what files import.
INSERT INTO augur_data.repo_dependencies (repo_id, dep_name, dep_count, dep_language, tool_source, tool_version, data_source, data_collection_date)
VALUES (@repo_id, @dep_name, @dep_count, @dep_language, @tool_source, @tool_version, @data_source, @data_collection_date);

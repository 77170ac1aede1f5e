-- name: CopyDependencies :copyfrom
-- CopyDependencies writes what files import.
INSERT INTO augur_data.repo_dependencies (repo_id, dep_name, dep_count, dep_language, tool_source, tool_version, data_source, data_collection_date)
VALUES (@repo_id, @dep_name, @dep_count, @dep_language, @tool_source, @tool_version, @data_source, @data_collection_date);

-- name: DropOldDependencies :execrows
-- DropOldDependencies removes the snapshots of a repository that have more than so many newer ones.
DELETE FROM augur_data.repo_dependencies d
WHERE d.repo_id = @repo_id::bigint AND d.data_collection_date < (
    SELECT s.data_collection_date
    FROM augur_data.repo_dependencies s
    WHERE s.repo_id = @repo_id::bigint
    GROUP BY s.data_collection_date
    ORDER BY s.data_collection_date DESC
    LIMIT 1 OFFSET @newer::int
);

-- name: CopyLabor :copyfrom
-- CopyLabor writes the lines of files.
INSERT INTO augur_data.repo_labor (
    repo_id, repo_clone_date, rl_analysis_date, programming_language, file_path, file_name,
    total_lines, code_lines, comment_lines, blank_lines, code_complexity, repo_url,
    tool_source, tool_version, data_source, data_collection_date
) VALUES (
    @repo_id, @repo_clone_date, @rl_analysis_date, @programming_language, @file_path, @file_name,
    @total_lines, @code_lines, @comment_lines, @blank_lines, @code_complexity, @repo_url,
    @tool_source, @tool_version, @data_source, @data_collection_date
);

-- name: DropOldLabor :execrows
-- DropOldLabor removes the snapshots of a repository that have more than so many newer ones.
DELETE FROM augur_data.repo_labor d
WHERE d.repo_id = @repo_id::bigint AND d.rl_analysis_date < (
    SELECT s.rl_analysis_date
    FROM augur_data.repo_labor s
    WHERE s.repo_id = @repo_id::bigint
    GROUP BY s.rl_analysis_date
    ORDER BY s.rl_analysis_date DESC
    LIMIT 1 OFFSET @newer::int
);

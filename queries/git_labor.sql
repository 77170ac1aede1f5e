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

-- name: AddRepoBadge :execrows
-- AddRepoBadge stores what the service says about a project, unless the newest row says the same.
INSERT INTO augur_data.repo_badging (repo_id, created_at, tool_source, tool_version, data_source, data_collection_date, data)
SELECT @repo_id::bigint, localtimestamp, 'collect_linux_badge_info', @tool_version::text, 'OSSF CII', localtimestamp, @data::jsonb
WHERE NOT EXISTS (
    SELECT 1
    FROM (
        SELECT t.data AS stored FROM augur_data.repo_badging t WHERE t.repo_id = @repo_id ORDER BY t.badge_collection_id DESC LIMIT 1
    ) AS newest
    WHERE newest.stored IS NOT DISTINCT FROM @data
);

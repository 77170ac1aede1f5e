-- name: ScorecardFacts :one
-- ScorecardFacts reads what the rows of a repository say about the checks of OpenSSF Scorecard. What is not stored is NULL.
SELECT coalesce(r.repo_archived = 1, false)::boolean AS archived, coalesce(r.created_at, '')::text AS created_at,
    info.license, coalesce(info.repo_info_id IS NOT NULL, false)::boolean AS described,
    coalesce(s.facade_data_last_collected IS NOT NULL, false)::boolean AS has_history,
    (
        SELECT count(*)
        FROM (
            SELECT DISTINCT c.cmt_commit_hash
            FROM augur_data.commits c
            WHERE c.repo_id = r.repo_id AND c.cmt_committer_timestamp > clock_timestamp() - interval '90 days'
        ) AS recent
    )::bigint AS recent_commits,
    coalesce(badges.digest <> '', false)::boolean AS badge_known, coalesce(badges.rows, 0)::bigint AS badge_rows,
    coalesce(
        (SELECT b.data ->> 'badge_level' FROM augur_data.repo_badging b WHERE b.repo_id = r.repo_id ORDER BY b.badge_collection_id DESC LIMIT 1), ''
    )::text AS badge_level,
    coalesce(
        (
            SELECT min(l.file_path)
            FROM augur_data.repo_labor l
            JOIN augur_operations.tree_snapshot t ON t.repo_id = l.repo_id AND t.kind = 'git_labor' AND t.taken_at = l.rl_analysis_date AND t.rows > 0
            WHERE l.repo_id = r.repo_id AND lower(l.file_path) = ANY (@update_configs::text[])
        ), ''
    )::text AS update_config,
    EXISTS (
        SELECT 1
        FROM augur_data.commits c
        WHERE c.repo_id = r.repo_id AND c.cmt_author_raw_email = @dependabot::text
    ) AS by_dependabot,
    EXISTS (
        SELECT 1
        FROM augur_operations.collection_run o
        WHERE o.repo_id = r.repo_id AND o.phase = 'core' AND o.finished_at IS NULL
    ) AS core_open
FROM augur_data.repo r
LEFT JOIN augur_operations.collection_status s ON s.repo_id = r.repo_id
LEFT JOIN augur_operations.tree_snapshot badges ON badges.repo_id = r.repo_id AND badges.kind = 'badges'
LEFT JOIN augur_data.repo_info info ON info.repo_info_id = (SELECT max(i.repo_info_id) FROM augur_data.repo_info i WHERE i.repo_id = r.repo_id)
WHERE r.repo_id = @repo_id;

-- name: AddScorecard :exec
-- AddScorecard writes a snapshot: the checks in the order of their names.
INSERT INTO augur_data.repo_deps_scorecard (
    repo_id, name, score, tool_source, tool_version, data_source, data_collection_date, scorecard_check_details
)
SELECT @repo_id::bigint, n.name, n.score, 'scorecard_model', '0.89.1', @data_source::text, @taken_at::timestamp, n.details
FROM jsonb_to_recordset(@rows::jsonb) AS n (name text, score text, details jsonb)
ORDER BY n.name;

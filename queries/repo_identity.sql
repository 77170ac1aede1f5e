-- name: ReposOfSources :many
-- ReposOfSources finds repositories on GitHub by its ids of them.
SELECT repo_id, repo_group_id, repo_git, repo_src_id::bigint AS repo_src_id
FROM augur_data.repo
WHERE repo_src_id = ANY (@repo_src_ids::bigint[]) AND augur_operations.collection_platform(repo_git) = 'github'
ORDER BY repo_id;

-- name: SetRepoSources :exec
-- SetRepoSources stores GitHub's ids of repositories that have none, unless another one has the id.
UPDATE augur_data.repo t
SET repo_src_id = n.repo_src_id
FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@repo_src_ids::bigint[]) AS repo_src_id) AS n
WHERE t.repo_id = n.repo_id AND t.repo_src_id IS NULL AND NOT EXISTS (
    SELECT 1
    FROM augur_data.repo o
    WHERE o.repo_src_id = n.repo_src_id
);

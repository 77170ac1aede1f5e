-- name: KeepGithubUnplaced :exec
-- KeepGithubUnplaced keeps items of a list that belong to something that is not stored, and forgets the other ones of ids, which are stored now.
WITH placed AS (
    DELETE FROM augur_operations.github_unplaced t
    WHERE t.repo_id = @repo_id::bigint AND t.resource = @resource::text AND t.src_id = ANY (@ids::bigint[]) AND NOT EXISTS (
        SELECT 1
        FROM jsonb_to_recordset(@rows::jsonb) AS n (src_id bigint)
        WHERE n.src_id = t.src_id
    )
)
INSERT INTO augur_operations.github_unplaced AS t (repo_id, resource, src_id, parent_table, parent, content)
SELECT @repo_id, @resource, n.src_id, n.parent_table, n.parent, n.content
FROM jsonb_to_recordset(@rows::jsonb) AS n (src_id bigint, parent_table text, parent bigint, content jsonb)
ORDER BY n.src_id
ON CONFLICT (repo_id, resource, src_id) DO UPDATE
SET (parent_table, parent, content) = (excluded.parent_table, excluded.parent, excluded.content)
WHERE (t.parent_table, t.parent, t.content) IS DISTINCT FROM (excluded.parent_table, excluded.parent, excluded.content);

-- name: PlaceableGithubItems :many
-- PlaceableGithubItems lists items after an id that waited for what they belong to, which is stored now.
SELECT u.src_id, u.content
FROM augur_operations.github_unplaced u
WHERE u.repo_id = @repo_id AND u.resource = @resource AND u.src_id > @after AND CASE u.parent_table
        WHEN 'issues' THEN EXISTS (SELECT 1 FROM augur_data.issues i WHERE i.repo_id = u.repo_id AND i.gh_issue_number = u.parent)
        WHEN 'pull_requests' THEN EXISTS (SELECT 1 FROM augur_data.pull_requests p WHERE p.repo_id = u.repo_id AND p.pr_src_number = u.parent)
        ELSE EXISTS (SELECT 1 FROM augur_data.pull_request_reviews v WHERE v.pr_review_src_id = u.parent)
    END
ORDER BY u.src_id
LIMIT @max_items;

-- name: ForgetGithubUnplaced :exec
-- ForgetGithubUnplaced forgets all items of a list that wait: a pass over the whole list meets them again.
DELETE FROM augur_operations.github_unplaced
WHERE repo_id = @repo_id AND resource = @resource;

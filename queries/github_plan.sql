-- name: GithubReposOf :many
-- GithubReposOf lists the repositories on GitHub of a group, or those that have one of the addresses.
SELECT repo_id, repo_git
FROM augur_data.repo
WHERE (repo_group_id = @repo_group_id::bigint OR repo_git = ANY (@urls::text[])) AND augur_operations.collection_platform(repo_git) = 'github'
ORDER BY repo_id;

-- name: CollectionsSpent :many
-- CollectionsSpent sums up what the first and the last collection of repositories spent, by kind of task, as far as the ledger goes back. When one collection is both, it is the first.
WITH ended AS (
    SELECT c.run_id, c.repo_id, c.started_at, row_number() OVER early AS age, row_number() OVER late AS youth
    FROM augur_operations.collection_run c
    WHERE c.repo_id = ANY (@repo_ids::bigint[]) AND c.phase IN ('core', 'secondary') AND c.outcome = 'Success'
    WINDOW early AS (PARTITION BY c.repo_id, c.phase ORDER BY c.run_id), late AS (PARTITION BY c.repo_id, c.phase ORDER BY c.run_id DESC)
)
SELECT e.repo_id, (e.age = 1)::boolean AS first, t.kind, coalesce(sum(s.points) FILTER (WHERE s.resource = 'core'), 0)::bigint AS core,
    coalesce(sum(s.points) FILTER (WHERE s.resource = 'graphql'), 0)::bigint AS graphql
FROM ended e
JOIN augur_operations.collection_task t ON t.run_id = e.run_id
JOIN augur_operations.api_spending s ON s.job_id = t.job_id AND s.repo_id = e.repo_id AND s.platform = 'github' AND s.hour >= date_trunc('hour', e.started_at, 'UTC')
WHERE e.age = 1 OR e.youth = 1
GROUP BY e.repo_id, e.age = 1, t.kind
ORDER BY e.repo_id, e.age = 1 DESC, t.kind;

-- name: CommitEmailsOf :many
-- CommitEmailsOf counts the e-mails in the commits of repositories, as far as these are stored. An e-mail counts for the repository in which it was seen first.
SELECT s.repo_id, count(e.email)::bigint AS emails
FROM augur_operations.collection_status s
LEFT JOIN augur_operations.commit_email e ON e.repo_id = s.repo_id
WHERE s.repo_id = ANY (@repo_ids::bigint[]) AND s.facade_data_last_collected IS NOT NULL
GROUP BY s.repo_id
ORDER BY s.repo_id;

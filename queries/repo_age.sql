-- name: ResetRepoAge :execrows
-- ResetRepoAge makes all repositories as old as this moment.
UPDATE augur_data.repo
SET repo_added = localtimestamp;

SELECT repo_id, repo_git
FROM augur_data.repo

TRUNCATE augur_data.commits, augur_data.commit_parents, augur_data.commit_comment_ref

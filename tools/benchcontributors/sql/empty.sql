DELETE FROM augur_data.contributors WHERE gh_user_id > 0

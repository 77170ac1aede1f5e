INSERT INTO augur_data.contributors AS c (cntrb_id, cntrb_login, gh_user_id, gh_login)
SELECT n.cntrb_id, n.login, n.user_id, n.login
FROM (SELECT unnest($1::uuid[]) AS cntrb_id, unnest($2::text[]) AS login, unnest($3::bigint[]) AS user_id) AS n
ON CONFLICT (cntrb_id) DO UPDATE
SET cntrb_login = excluded.cntrb_login, gh_login = excluded.gh_login
WHERE (c.cntrb_login, c.gh_login) IS DISTINCT FROM (excluded.cntrb_login, excluded.gh_login)

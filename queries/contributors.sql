-- name: UpsertContributors :execrows
-- UpsertContributors adds or updates accounts of GitHub with what every mention of one tells. It does not touch names, e-mails and the other parts of a
-- profile. Rows are locked in the order of their ids, so that those who write the same people at once wait for one another and never deadlock; that
-- holds for one call in a transaction. An empty text, and a user id of 0, is NULL.
INSERT INTO augur_data.contributors AS c (
    cntrb_id, cntrb_login, gh_user_id, gh_login, gh_node_id, gh_url, gh_html_url, gh_avatar_url, gh_type, gh_site_admin,
    tool_source, tool_version, data_source, data_collection_date
)
SELECT DISTINCT ON (n.cntrb_id) n.cntrb_id, nullif(n.login, ''), nullif(n.user_id, 0), nullif(n.login, ''), nullif(n.node_id, ''), nullif(n.url, ''), nullif(n.html_url, ''),
    nullif(n.avatar_url, ''), nullif(n.type, ''), nullif(n.site_admin, ''), @tool_source::text, @tool_version::text, @data_source::text, now() AT TIME ZONE 'UTC'
FROM (
    SELECT unnest(@cntrb_ids::uuid[]) AS cntrb_id, unnest(@logins::text[]) AS login, unnest(@user_ids::bigint[]) AS user_id, unnest(@node_ids::text[]) AS node_id,
        unnest(@urls::text[]) AS url, unnest(@html_urls::text[]) AS html_url, unnest(@avatar_urls::text[]) AS avatar_url, unnest(@types::text[]) AS type,
        unnest(@site_admins::text[]) AS site_admin, generate_series(1, cardinality(@cntrb_ids::uuid[])) AS place
) AS n
ORDER BY n.cntrb_id, n.place
ON CONFLICT (cntrb_id) DO UPDATE
SET cntrb_login = excluded.cntrb_login, gh_user_id = excluded.gh_user_id, gh_login = excluded.gh_login, gh_node_id = excluded.gh_node_id, gh_url = excluded.gh_url,
    gh_html_url = excluded.gh_html_url, gh_avatar_url = excluded.gh_avatar_url, gh_type = excluded.gh_type, gh_site_admin = excluded.gh_site_admin,
    tool_source = excluded.tool_source, tool_version = excluded.tool_version, data_source = excluded.data_source, data_collection_date = excluded.data_collection_date
WHERE (c.cntrb_login, c.gh_user_id, c.gh_login, c.gh_node_id, c.gh_url, c.gh_html_url, c.gh_avatar_url, c.gh_type, c.gh_site_admin)
    IS DISTINCT FROM (excluded.cntrb_login, excluded.gh_user_id, excluded.gh_login, excluded.gh_node_id, excluded.gh_url, excluded.gh_html_url, excluded.gh_avatar_url, excluded.gh_type, excluded.gh_site_admin);

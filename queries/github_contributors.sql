-- name: UpsertGithubUsers :exec
-- UpsertGithubUsers stores people and bots as lists show them, and leaves their details alone. Those who are stored like that already are not even
-- locked: the same people write in many repositories at once.
INSERT INTO augur_data.contributors AS t (
    cntrb_id, cntrb_login, cntrb_type, gh_user_id, gh_login, gh_url, gh_html_url, gh_node_id, gh_avatar_url, gh_gravatar_id, gh_followers_url,
    gh_following_url, gh_gists_url, gh_starred_url, gh_subscriptions_url, gh_organizations_url, gh_repos_url, gh_events_url, gh_received_events_url,
    gh_type, gh_site_admin, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.cntrb_id, n.cntrb_login, n.cntrb_type, n.gh_user_id, n.gh_login, n.gh_url, n.gh_html_url, n.gh_node_id, n.gh_avatar_url, n.gh_gravatar_id,
    n.gh_followers_url, n.gh_following_url, n.gh_gists_url, n.gh_starred_url, n.gh_subscriptions_url, n.gh_organizations_url, n.gh_repos_url,
    n.gh_events_url, n.gh_received_events_url, n.gh_type, n.gh_site_admin, 'Contributors task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    cntrb_id uuid, cntrb_login text, cntrb_type text, gh_user_id bigint, gh_login text, gh_url text, gh_html_url text, gh_node_id text, gh_avatar_url text,
    gh_gravatar_id text, gh_followers_url text, gh_following_url text, gh_gists_url text, gh_starred_url text, gh_subscriptions_url text,
    gh_organizations_url text, gh_repos_url text, gh_events_url text, gh_received_events_url text, gh_type text, gh_site_admin text
)
LEFT JOIN augur_data.contributors o ON o.cntrb_id = n.cntrb_id
WHERE (
        o.cntrb_login, o.cntrb_type, o.gh_user_id, o.gh_login, o.gh_url, o.gh_html_url, o.gh_node_id, o.gh_avatar_url, o.gh_gravatar_id,
        o.gh_followers_url, o.gh_following_url, o.gh_gists_url, o.gh_starred_url, o.gh_subscriptions_url, o.gh_organizations_url, o.gh_repos_url,
        o.gh_events_url, o.gh_received_events_url, o.gh_type, o.gh_site_admin
    )
    IS DISTINCT FROM (
        n.cntrb_login, n.cntrb_type, n.gh_user_id, n.gh_login, n.gh_url, n.gh_html_url, n.gh_node_id,
        n.gh_avatar_url, n.gh_gravatar_id, n.gh_followers_url, n.gh_following_url, n.gh_gists_url,
        n.gh_starred_url, n.gh_subscriptions_url, n.gh_organizations_url, n.gh_repos_url, n.gh_events_url,
        n.gh_received_events_url, n.gh_type, n.gh_site_admin
    )
ORDER BY n.cntrb_id
ON CONFLICT (cntrb_id) DO UPDATE
SET (
        cntrb_login, cntrb_type, gh_user_id, gh_login, gh_url, gh_html_url, gh_node_id, gh_avatar_url, gh_gravatar_id, gh_followers_url,
        gh_following_url, gh_gists_url, gh_starred_url, gh_subscriptions_url, gh_organizations_url, gh_repos_url, gh_events_url,
        gh_received_events_url, gh_type, gh_site_admin, tool_source, tool_version, data_source, data_collection_date
    ) = (
        excluded.cntrb_login, excluded.cntrb_type, excluded.gh_user_id, excluded.gh_login, excluded.gh_url, excluded.gh_html_url, excluded.gh_node_id,
        excluded.gh_avatar_url, excluded.gh_gravatar_id, excluded.gh_followers_url, excluded.gh_following_url, excluded.gh_gists_url,
        excluded.gh_starred_url, excluded.gh_subscriptions_url, excluded.gh_organizations_url, excluded.gh_repos_url, excluded.gh_events_url,
        excluded.gh_received_events_url, excluded.gh_type, excluded.gh_site_admin, excluded.tool_source, excluded.tool_version, excluded.data_source,
        excluded.data_collection_date
    );

-- name: InsertGithubUsers :exec
-- InsertGithubUsers stores people and bots of whom only name and id are known, unless they are stored.
INSERT INTO augur_data.contributors AS t (
    cntrb_id, cntrb_login, cntrb_type, gh_user_id, gh_login, gh_url, gh_html_url, gh_node_id, gh_avatar_url, gh_gravatar_id, gh_followers_url,
    gh_following_url, gh_gists_url, gh_starred_url, gh_subscriptions_url, gh_organizations_url, gh_repos_url, gh_events_url, gh_received_events_url,
    gh_type, gh_site_admin, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.cntrb_id, n.cntrb_login, n.cntrb_type, n.gh_user_id, n.gh_login, n.gh_url, n.gh_html_url, n.gh_node_id, n.gh_avatar_url, n.gh_gravatar_id,
    n.gh_followers_url, n.gh_following_url, n.gh_gists_url, n.gh_starred_url, n.gh_subscriptions_url, n.gh_organizations_url, n.gh_repos_url,
    n.gh_events_url, n.gh_received_events_url, n.gh_type, n.gh_site_admin, 'Contributors task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    cntrb_id uuid, cntrb_login text, cntrb_type text, gh_user_id bigint, gh_login text, gh_url text, gh_html_url text, gh_node_id text, gh_avatar_url text,
    gh_gravatar_id text, gh_followers_url text, gh_following_url text, gh_gists_url text, gh_starred_url text, gh_subscriptions_url text,
    gh_organizations_url text, gh_repos_url text, gh_events_url text, gh_received_events_url text, gh_type text, gh_site_admin text
)
ORDER BY n.cntrb_id
ON CONFLICT (cntrb_id) DO NOTHING;

-- name: MeetGithubUsers :exec
-- MeetGithubUsers notes people and bots that are met for the first time, so that GitHub is asked about them.
INSERT INTO augur_operations.github_user (cntrb_id, node_id, repo_id)
SELECT n.cntrb_id, n.gh_node_id, @repo_id::bigint
FROM jsonb_to_recordset(@rows::jsonb) AS n (cntrb_id uuid, gh_node_id text)
WHERE n.gh_node_id <> ''
ORDER BY n.cntrb_id
ON CONFLICT (cntrb_id) DO NOTHING;

-- name: GithubUsersToAsk :many
-- GithubUsersToAsk lists the accounts first met in a repository about which GitHub was not asked yet, or not since a time.
SELECT cntrb_id::text AS cntrb_id, node_id
FROM augur_operations.github_user
WHERE repo_id = @repo_id AND (asked_at IS NULL OR asked_at < @asked_before::timestamptz)
ORDER BY asked_at NULLS FIRST, cntrb_id
LIMIT @max_users;

-- name: UpdateGithubUsers :exec
-- UpdateGithubUsers stores what GitHub says about people and bots. Their e-mail addresses stay as they are when the key may not ask for them.
UPDATE augur_data.contributors t
SET cntrb_login = n.login, gh_login = n.login, cntrb_email = CASE WHEN @with_email::boolean THEN n.email ELSE t.cntrb_email END, cntrb_full_name = n.name,
    cntrb_company = n.company, cntrb_location = n.location, cntrb_created_at = n.created_at, data_collection_date = localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    cntrb_id uuid, login text, email text, name text, company text, location text, created_at timestamp
)
WHERE t.cntrb_id = n.cntrb_id AND (
        t.cntrb_login, t.gh_login, t.cntrb_email, t.cntrb_full_name, t.cntrb_company, t.cntrb_location, t.cntrb_created_at
    ) IS DISTINCT FROM (n.login, n.login, CASE WHEN @with_email THEN n.email ELSE t.cntrb_email END, n.name, n.company, n.location, n.created_at);

-- name: AliasGithubUsers :exec
-- AliasGithubUsers makes the public e-mail address of an account an address that it stands for, unless the address belongs to somebody already.
INSERT INTO augur_data.contributors_aliases (
    cntrb_id, canonical_email, alias_email, cntrb_active, cntrb_last_modified, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.cntrb_id, n.email, n.email, 1, localtimestamp, 'Contributors task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (cntrb_id uuid, email text)
WHERE n.email <> ''
ORDER BY n.email, n.cntrb_id
ON CONFLICT (alias_email) DO NOTHING;

-- name: AnsweredGithubUsers :exec
-- AnsweredGithubUsers notes that GitHub was asked about accounts, and which of them it knows.
UPDATE augur_operations.github_user t
SET asked_at = clock_timestamp(), known = n.known
FROM jsonb_to_recordset(@rows::jsonb) AS n (cntrb_id uuid, known boolean)
WHERE t.cntrb_id = n.cntrb_id;

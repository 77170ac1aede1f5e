-- name: CommitsCome :one
-- CommitsCome tells whether the facade phase, which is under way for the first time, is about to store the commits of a repository and the e-mails in them.
SELECT EXISTS (
    SELECT 1
    FROM augur_operations.collection_run o
    JOIN augur_operations.collection_status s ON s.repo_id = o.repo_id
    JOIN augur_operations.collection_task t ON t.run_id = o.run_id
    WHERE o.repo_id = @repo_id AND o.phase = 'facade' AND o.finished_at IS NULL AND s.facade_data_last_collected IS NULL
        AND t.kind = 'git_contributors' AND t.state IN ('waiting', 'queued')
);

-- name: CommitEmailsToAsk :many
-- CommitEmailsToAsk lists e-mails that a platform can be asked about with a commit of a repository, after a cursor: new ones, and those that it did not know as long ago
-- as they had been known by then, at least retry and at most 16 times that. A retry of 0 is never.
SELECT e.email, e.name, e.commit_hash
FROM (
    SELECT n.email, n.name, n.commit_hash
    FROM augur_operations.commit_email n
    WHERE n.repo_id = @repo_id AND n.state = 'new'
    UNION ALL
    SELECT u.email, u.name, u.commit_hash
    FROM augur_operations.commit_email u
    WHERE u.repo_id = @repo_id AND u.state = 'unknown' AND @retry::interval > interval '0'
        AND (u.asked_at IS NULL OR u.asked_at < clock_timestamp() - least(greatest(@retry, u.asked_at - u.noticed_at), 16 * @retry))
) AS e
WHERE e.email > @after::text
ORDER BY e.email
LIMIT @max_emails;

-- name: TakeCommitEmails :many
-- TakeCommitEmails takes new e-mails of other repositories on GitHub, to ask about them on this occasion. Those that were taken shortly before are left to who did, and private
-- addresses of accounts to their repository, which need not ask.
WITH RECURSIVE waiting AS (
    (
        SELECT f.repo_id
        FROM augur_operations.commit_email f
        WHERE f.state = 'new' AND f.repo_id IS NOT NULL
        ORDER BY f.repo_id
        LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT n.repo_id
        FROM augur_operations.commit_email n
        WHERE n.state = 'new' AND n.repo_id > w.repo_id
        ORDER BY n.repo_id
        LIMIT 1
    )
    FROM waiting w
    WHERE w.repo_id IS NOT NULL
),
taken AS (
    SELECT e.email, r.repo_git
    FROM waiting w
    JOIN augur_data.repo r ON r.repo_id = w.repo_id
    JOIN augur_operations.commit_email e ON e.repo_id = w.repo_id
    WHERE e.state = 'new' AND w.repo_id <> @repo_id::bigint AND augur_operations.collection_platform(r.repo_git) = 'github'
        AND (e.asked_at IS NULL OR e.asked_at < clock_timestamp() - @taken_for::interval)
        AND e.email !~* '^[1-9][0-9]*\+[^@]+@users\.noreply\.github\.com$'
    ORDER BY e.repo_id, e.email
    LIMIT @max_emails
    FOR UPDATE OF e SKIP LOCKED
)
UPDATE augur_operations.commit_email t
SET asked_at = clock_timestamp()
FROM taken k
WHERE t.email = k.email
RETURNING t.email, t.name, t.commit_hash, k.repo_git::text AS repo_git;

-- name: LockCommitEmails :exec
-- LockCommitEmails locks e-mails in their order, before the people that they belong to.
SELECT 1
FROM augur_operations.commit_email
WHERE email = ANY (@emails::text[])
ORDER BY email
FOR UPDATE;

-- name: AddCommitUsers :exec
-- AddCommitUsers stores accounts that were found by commits, unless they are stored. An e-mail of their commits is their canonical one, where they have none.
INSERT INTO augur_data.contributors AS t (
    cntrb_id, cntrb_login, cntrb_type, gh_user_id, gh_login, gh_url, gh_html_url, gh_node_id, gh_avatar_url, gh_gravatar_id, gh_followers_url,
    gh_following_url, gh_gists_url, gh_starred_url, gh_subscriptions_url, gh_organizations_url, gh_repos_url, gh_events_url, gh_received_events_url,
    gh_type, cntrb_full_name, cntrb_canonical, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.cntrb_id, n.cntrb_login, n.cntrb_type, n.gh_user_id, n.gh_login, n.gh_url, n.gh_html_url, n.gh_node_id, n.gh_avatar_url, n.gh_gravatar_id,
    n.gh_followers_url, n.gh_following_url, n.gh_gists_url, n.gh_starred_url, n.gh_subscriptions_url, n.gh_organizations_url, n.gh_repos_url,
    n.gh_events_url, n.gh_received_events_url, n.gh_type, n.full_name, n.email, 'Contributors task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (
    cntrb_id uuid, cntrb_login text, cntrb_type text, gh_user_id bigint, gh_login text, gh_url text, gh_html_url text, gh_node_id text, gh_avatar_url text,
    gh_gravatar_id text, gh_followers_url text, gh_following_url text, gh_gists_url text, gh_starred_url text, gh_subscriptions_url text,
    gh_organizations_url text, gh_repos_url text, gh_events_url text, gh_received_events_url text, gh_type text, full_name text, email text
)
ORDER BY n.cntrb_id
ON CONFLICT (cntrb_id) DO UPDATE
SET cntrb_canonical = CASE WHEN t.cntrb_email <> '' THEN t.cntrb_email ELSE excluded.cntrb_canonical END
WHERE t.cntrb_canonical IS NULL OR t.cntrb_canonical = '';

-- name: AliasCommitEmails :exec
-- AliasCommitEmails says that e-mails of commits belong to accounts. An e-mail that has an alias keeps it.
INSERT INTO augur_data.contributors_aliases (
    cntrb_id, canonical_email, alias_email, cntrb_active, cntrb_last_modified, tool_source, tool_version, data_source, data_collection_date
)
SELECT n.cntrb_id, coalesce(nullif(c.cntrb_canonical, ''), n.email), n.email, 1, localtimestamp, 'Contributors task', '2.0', 'Github API', localtimestamp
FROM jsonb_to_recordset(@rows::jsonb) AS n (email text, cntrb_id uuid)
JOIN augur_data.contributors c ON c.cntrb_id = n.cntrb_id
ORDER BY n.email
ON CONFLICT (alias_email) DO NOTHING;

-- name: AnswerCommitEmails :execrows
-- AnswerCommitEmails notes that a platform was asked about e-mails: those that have an alias now are resolved, the others are unknown. It counts the former.
WITH answered AS (
    UPDATE augur_operations.commit_email e
    SET asked_at = clock_timestamp(), cntrb_id = n.cntrb_id, state = CASE WHEN n.cntrb_id IS NULL THEN 'unknown' ELSE 'resolved' END
    FROM (
        SELECT o.email, a.cntrb_id
        FROM augur_operations.commit_email o
        LEFT JOIN augur_data.contributors_aliases a ON a.alias_email = o.email
        WHERE o.email = ANY (@emails::text[])
    ) AS n
    WHERE e.email = n.email
    RETURNING e.state
)
SELECT 1
FROM answered
WHERE state = 'resolved';

-- name: AskAboutAnotherCommit :exec
-- AskAboutAnotherCommit lets e-mails be asked about with another commit the next time, since the platform does not have the one that is noted: the newest of another repository on
-- GitHub, else of the same.
UPDATE augur_operations.commit_email e
SET repo_id = n.repo_id, commit_hash = n.cmt_commit_hash
FROM (
    SELECT o.email, c.repo_id, c.cmt_commit_hash
    FROM augur_operations.commit_email o
    CROSS JOIN LATERAL (
        SELECT x.repo_id, x.cmt_commit_hash
        FROM (
            SELECT a.cmt_id, a.repo_id, a.cmt_commit_hash
            FROM augur_data.commits a
            WHERE a.cmt_author_raw_email = o.email
            UNION ALL
            SELECT m.cmt_id, m.repo_id, m.cmt_commit_hash
            FROM augur_data.commits m
            WHERE m.cmt_committer_raw_email = o.email
        ) AS x
        JOIN augur_data.repo r ON r.repo_id = x.repo_id
        WHERE x.cmt_commit_hash <> o.commit_hash AND augur_operations.collection_platform(r.repo_git) = 'github'
        ORDER BY x.repo_id IS NOT DISTINCT FROM o.repo_id, x.cmt_id DESC
        LIMIT 1
    ) AS c
    WHERE o.email = ANY (@emails::text[])
) AS n
WHERE e.email = n.email;

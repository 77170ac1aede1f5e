-- name: LockPeople :exec
-- LockPeople lets one transaction alone change what commits are attributed to. Whoever stores commits holds it shared, see SharePeople.
SELECT pg_advisory_xact_lock(hashtext('augur attribute commits'));

-- name: SharePeople :exec
-- SharePeople keeps what commits are attributed to as it is until the end of the transaction.
SELECT pg_advisory_xact_lock_shared(hashtext('augur attribute commits'));

-- name: AttributeIdentities :many
-- AttributeIdentities finds canonical e-mail and contributor for names and e-mails of commits, in the order of the arrays. The e-mail that .mailmap
-- names decides, and contributors_aliases has the last word about it; where that knows nobody, the alias of the raw e-mail names the contributor.
SELECT coalesce(nullif(a.canonical_email, ''), n.email)::text AS email, coalesce(a.cntrb_id, r.cntrb_id) AS cntrb_id
FROM (
    SELECT i.place, i.raw, coalesce(m.mapped_email, i.raw) AS email
    FROM (
        SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@names::text[]) AS name, unnest(@emails::text[]) AS raw, generate_series(1, cardinality(@emails::text[])) AS place
    ) AS i
    LEFT JOIN augur_operations.commit_identity m ON m.repo_id = i.repo_id AND m.email = i.raw AND m.name = i.name
) AS n
LEFT JOIN augur_data.contributors_aliases a ON a.alias_email = n.email AND a.cntrb_active = 1 AND a.alias_email <> ''
LEFT JOIN augur_data.contributors_aliases r ON r.alias_email = n.raw AND r.cntrb_active = 1 AND r.alias_email <> ''
ORDER BY n.place;

-- name: AffiliationSpans :many
-- AffiliationSpans tells the affiliation of e-mails from which day on; an empty day is the beginning of time. Of what contributor_affiliations has begun to
-- say by a day the most exact counts: the e-mail, its domain, the last two labels of the domain; of equals the one that began last.
WITH address AS (
    SELECT e.email, lower(e.email COLLATE "C") AS whole, lower(substring(e.email FROM '@([^@]+)$') COLLATE "C") AS domain
    FROM (SELECT DISTINCT unnest(@emails::text[]) AS email) AS e
), candidate AS (
    SELECT k.email, k.level, CASE WHEN a.ca_start_date > '1970-01-01' THEN to_char(a.ca_start_date, 'YYYY-MM-DD') ELSE '' END AS since, a.ca_id, a.ca_affiliation
    FROM (
        SELECT w.email, 1 AS level, w.whole AS key FROM address w
        UNION ALL
        SELECT d.email, 2, d.domain FROM address d
        UNION ALL
        SELECT l.email, 3, substring(l.domain FROM '[^.]+\.[^.]+$') FROM address l
    ) AS k
    JOIN augur_data.contributor_affiliations a ON lower(a.ca_domain COLLATE "C") = k.key
    WHERE a.ca_active = 1 AND a.ca_affiliation <> ''
)
SELECT b.email::text AS email, b.since::text AS since, coalesce(
    (
        SELECT c.ca_affiliation
        FROM candidate c
        WHERE c.email = b.email AND c.since COLLATE "C" <= b.since
        ORDER BY c.level, c.since COLLATE "C" DESC, c.ca_id
        LIMIT 1
    ),
    CASE WHEN b.domain LIKE '%.edu' THEN '(Academic)' ELSE '(Unknown)' END
)::text AS affiliation
FROM (
    SELECT f.email, '' AS since, f.domain FROM address f
    UNION
    SELECT s.email, s.since, t.domain FROM candidate s JOIN address t ON t.email = s.email
) AS b
ORDER BY b.email, b.since COLLATE "C";

-- name: IdentitiesOf :many
-- IdentitiesOf lists the names with which raw e-mails stand in commits, by repository.
SELECT i.repo_id, i.name::text AS name, i.email::text AS email
FROM (
    SELECT a.repo_id, a.cmt_author_name AS name, a.cmt_author_raw_email AS email
    FROM augur_data.commits a
    WHERE a.cmt_author_raw_email = ANY (@emails::text[])
    UNION
    SELECT c.repo_id, c.cmt_committer_name, c.cmt_committer_raw_email
    FROM augur_data.commits c
    WHERE c.cmt_committer_raw_email = ANY (@emails::text[])
) AS i
ORDER BY i.repo_id, i.email, i.name;

-- name: IdentitiesIn :many
-- IdentitiesIn lists the names and e-mails in the commits of a repository.
SELECT i.name::text AS name, i.email::text AS email, min(i.cmt_commit_hash)::text AS commit_hash
FROM (
    SELECT a.cmt_author_name AS name, a.cmt_author_raw_email AS email, a.cmt_commit_hash
    FROM augur_data.commits a
    WHERE a.repo_id = @repo_id
    UNION ALL
    SELECT c.cmt_committer_name, c.cmt_committer_raw_email, c.cmt_commit_hash
    FROM augur_data.commits c
    WHERE c.repo_id = @repo_id
) AS i
GROUP BY i.name, i.email
ORDER BY i.email, i.name;

-- name: IdentitiesLike :many
-- IdentitiesLike lists the names and e-mails in the commits of a repository whose e-mails are these, in lower case as far as they are ASCII.
SELECT i.name::text AS name, i.email::text AS email
FROM (
    SELECT a.cmt_author_name AS name, a.cmt_author_raw_email AS email
    FROM augur_operations.commit_email e
    JOIN augur_data.commits a ON a.cmt_author_raw_email = e.email AND a.repo_id = @repo_id
    WHERE lower(e.email COLLATE "C") = ANY (@folded::text[])
    UNION
    SELECT c.cmt_committer_name, c.cmt_committer_raw_email
    FROM augur_operations.commit_email f
    JOIN augur_data.commits c ON c.cmt_committer_raw_email = f.email AND c.repo_id = @repo_id
    WHERE lower(f.email COLLATE "C") = ANY (@folded::text[])
) AS i
ORDER BY i.email, i.name;

-- name: UpdateAuthors :many
-- UpdateAuthors attributes commits by their authors, at most so many rows that differ, in the order of their ids. It tells which e-mails they had and have.
WITH wanted AS (
    SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@names::text[]) AS name, unnest(@raws::text[]) AS raw, unnest(@since::text[]) AS since, unnest(@until::text[]) AS until,
        unnest(@emails::text[]) AS email, unnest(@affiliations::text[]) AS affiliation, unnest(@cntrb_ids::uuid[]) AS cntrb_id
), differing AS (
    SELECT c.cmt_id, c.cmt_author_email AS old_email, w.email, w.affiliation, w.cntrb_id
    FROM wanted w
    JOIN augur_data.commits c ON c.cmt_author_raw_email = w.raw AND c.repo_id = w.repo_id AND c.cmt_author_name = w.name
    WHERE c.cmt_author_date COLLATE "C" >= w.since AND c.cmt_author_date COLLATE "C" < w.until AND (
        c.cmt_author_email <> w.email
        OR (@with_affiliations::bool AND c.cmt_author_affiliation IS DISTINCT FROM w.affiliation)
        OR (@with_contributors::bool AND c.cmt_ght_author_id IS DISTINCT FROM w.cntrb_id)
    )
    ORDER BY c.cmt_id
    LIMIT @max_rows
), changed AS (
    UPDATE augur_data.commits u
    SET cmt_author_email = d.email,
        cmt_author_affiliation = CASE WHEN @with_affiliations::bool THEN d.affiliation ELSE u.cmt_author_affiliation END,
        cmt_ght_author_id = CASE WHEN @with_contributors::bool THEN d.cntrb_id ELSE u.cmt_ght_author_id END
    FROM differing d
    WHERE u.cmt_id = d.cmt_id
    RETURNING u.repo_id, d.old_email, d.email
)
SELECT repo_id, old_email::text AS old_email, email::text AS email, count(*) AS rows
FROM changed
GROUP BY repo_id, old_email, email
ORDER BY repo_id, old_email, email;

-- name: UpdateCommitters :many
-- UpdateCommitters is UpdateAuthors for committers, whose contributor no column holds.
WITH wanted AS (
    SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@names::text[]) AS name, unnest(@raws::text[]) AS raw, unnest(@since::text[]) AS since, unnest(@until::text[]) AS until,
        unnest(@emails::text[]) AS email, unnest(@affiliations::text[]) AS affiliation
), differing AS (
    SELECT c.cmt_id, c.cmt_committer_email AS old_email, w.email, w.affiliation
    FROM wanted w
    JOIN augur_data.commits c ON c.cmt_committer_raw_email = w.raw AND c.repo_id = w.repo_id AND c.cmt_committer_name = w.name
    WHERE c.cmt_committer_date COLLATE "C" >= w.since AND c.cmt_committer_date COLLATE "C" < w.until AND (
        c.cmt_committer_email <> w.email
        OR (@with_affiliations::bool AND c.cmt_committer_affiliation IS DISTINCT FROM w.affiliation)
    )
    ORDER BY c.cmt_id
    LIMIT @max_rows
), changed AS (
    UPDATE augur_data.commits u
    SET cmt_committer_email = d.email,
        cmt_committer_affiliation = CASE WHEN @with_affiliations::bool THEN d.affiliation ELSE u.cmt_committer_affiliation END
    FROM differing d
    WHERE u.cmt_id = d.cmt_id
    RETURNING u.repo_id, d.old_email, d.email
)
SELECT repo_id, old_email::text AS old_email, email::text AS email, count(*) AS rows
FROM changed
GROUP BY repo_id, old_email, email
ORDER BY repo_id, old_email, email;

-- name: NoteIdentities :exec
-- NoteIdentities notes what .mailmap makes of names and e-mails, where that is not noted yet.
INSERT INTO augur_operations.commit_identity (repo_id, email, name, mapped_email, mapped_name)
SELECT @repo_id, n.email, n.name, n.mapped_email, n.mapped_name
FROM (
    SELECT unnest(@emails::text[]) AS email, unnest(@names::text[]) AS name, unnest(@mapped_emails::text[]) AS mapped_email, unnest(@mapped_names::text[]) AS mapped_name
) AS n
ORDER BY n.email, n.name
ON CONFLICT (repo_id, email, name) DO UPDATE
SET mapped_email = excluded.mapped_email, mapped_name = excluded.mapped_name
WHERE (commit_identity.mapped_email, commit_identity.mapped_name) IS DISTINCT FROM (excluded.mapped_email, excluded.mapped_name);

-- name: ForgetIdentities :exec
-- ForgetIdentities removes names and e-mails that .mailmap no longer changes.
DELETE FROM augur_operations.commit_identity i
USING (SELECT unnest(@emails::text[]) AS email, unnest(@names::text[]) AS name) AS n
WHERE i.repo_id = @repo_id AND i.email = n.email AND i.name = n.name;

-- name: NotedIdentities :many
-- NotedIdentities lists what the .mailmap of a repository changes.
SELECT email, name, mapped_email, mapped_name
FROM augur_operations.commit_identity
WHERE repo_id = @repo_id
ORDER BY email, name;

-- name: SaveMailmap :exec
-- SaveMailmap notes the .mailmap that the identities of a repository were made with.
UPDATE augur_operations.git_history
SET mailmap = sqlc.narg('mailmap')::text
WHERE repo_id = @repo_id AND mailmap IS DISTINCT FROM sqlc.narg('mailmap')::text;

-- name: NoteChanges :exec
-- NoteChanges notes e-mails whose commits have to be attributed anew.
INSERT INTO augur_operations.people_change (kind, key)
SELECT DISTINCT 'alias', n.email
FROM (SELECT unnest(@emails::text[]) AS email) AS n
WHERE n.email <> '';

-- name: PeopleChanges :many
-- PeopleChanges lists the oldest changes of people that commits do not follow yet.
SELECT change_id, kind, key
FROM augur_operations.people_change
ORDER BY change_id
LIMIT @max_rows;

-- name: ForgetChanges :exec
-- ForgetChanges removes changes that commits follow now.
DELETE FROM augur_operations.people_change
WHERE change_id = ANY (@change_ids::bigint[]);

-- name: EmailsMappedTo :many
-- EmailsMappedTo lists the e-mails of commits that a .mailmap maps to one of these.
SELECT DISTINCT email
FROM augur_operations.commit_identity
WHERE mapped_email = ANY (@emails::text[])
ORDER BY email;

-- name: EmailsAffiliatedBy :many
-- EmailsAffiliatedBy lists the e-mails of commits whose affiliation depends on one of these domains and e-mails.
SELECT DISTINCT p.raw::text AS email
FROM (
    SELECT n.raw, coalesce(nullif(a.canonical_email, ''), n.email) AS email
    FROM (
        SELECT e.email AS raw, e.email FROM augur_operations.commit_email e
        UNION ALL
        SELECT i.email, i.mapped_email FROM augur_operations.commit_identity i
    ) AS n
    LEFT JOIN augur_data.contributors_aliases a ON a.alias_email = n.email AND a.cntrb_active = 1
) AS p
WHERE lower(p.email COLLATE "C") = ANY (@keys::text[])
    OR lower(substring(p.email FROM '@([^@]+)$') COLLATE "C") = ANY (@keys::text[])
    OR lower(substring(p.email FROM '[@.]([^@.]+\.[^@.]+)$') COLLATE "C") = ANY (@keys::text[])
ORDER BY 1;

-- name: NoteCommitEmails :exec
-- NoteCommitEmails notes e-mails of commits that are not known yet.
INSERT INTO augur_operations.commit_email (email, name, repo_id, commit_hash)
SELECT n.email, n.name, @repo_id, n.hash
FROM (SELECT unnest(@emails::text[]) AS email, unnest(@names::text[]) AS name, unnest(@hashes::text[]) AS hash) AS n
WHERE n.email <> ''
ORDER BY n.email
ON CONFLICT (email) DO NOTHING;

-- name: KnownCommitEmails :many
-- KnownCommitEmails gives those of the e-mails that are noted.
SELECT e.email
FROM augur_operations.commit_email e
WHERE e.email = ANY (@emails::text[])
ORDER BY e.email;

-- name: AskElsewhere :exec
-- AskElsewhere lets new e-mails be asked about with a commit of this repository, which is on a platform, where the one that is noted is not.
UPDATE augur_operations.commit_email e
SET repo_id = @repo_id, commit_hash = n.hash
FROM (
    SELECT o.email, w.hash
    FROM (SELECT unnest(@emails::text[]) AS email, unnest(@hashes::text[]) AS hash) AS w
    JOIN augur_operations.commit_email o ON o.email = w.email
    LEFT JOIN augur_data.repo r ON r.repo_id = o.repo_id
    WHERE o.state = 'new' AND EXISTS (
        SELECT FROM augur_data.repo h WHERE h.repo_id = @repo_id AND augur_operations.collection_platform(h.repo_git) <> 'git'
    ) AND (r.repo_id IS NULL OR augur_operations.collection_platform(r.repo_git) = 'git')
    ORDER BY o.email
    FOR UPDATE OF o SKIP LOCKED
) AS n
WHERE e.email = n.email;

-- name: NewCommitEmails :many
-- NewCommitEmails lists and locks e-mails that a repository brought and that nobody was found for yet, after a cursor.
SELECT email, name
FROM augur_operations.commit_email
WHERE repo_id = @repo_id AND state = 'new' AND email > @after
ORDER BY email
LIMIT @max_rows
FOR UPDATE;

-- name: ResolvableEmails :many
-- ResolvableEmails locks those of the e-mails of commits that nobody was found for yet.
SELECT email, name
FROM augur_operations.commit_email
WHERE email = ANY (@emails::text[]) AND state <> 'resolved'
ORDER BY email
FOR UPDATE;

-- name: AddContributors :exec
-- AddContributors adds accounts of GitHub of which nothing but id, login and an e-mail is known. One that is there already is left alone.
INSERT INTO augur_data.contributors (
    cntrb_id, cntrb_login, gh_user_id, gh_login, gh_type, cntrb_full_name, cntrb_canonical, tool_source, tool_version, data_source
)
SELECT DISTINCT ON (n.cntrb_id) n.cntrb_id, n.login, n.user_id, n.login, nullif(n.type, ''), nullif(n.name, ''), n.email, 'Facade', @tool_version::text, 'git'
FROM (
    SELECT unnest(@cntrb_ids::uuid[]) AS cntrb_id, unnest(@logins::text[]) AS login, unnest(@user_ids::bigint[]) AS user_id, unnest(@types::text[]) AS type,
        unnest(@names::text[]) AS name, unnest(@emails::text[]) AS email
) AS n
ORDER BY n.cntrb_id, n.email
ON CONFLICT (cntrb_id) DO NOTHING;

-- name: AddAliases :exec
-- AddAliases says that e-mails belong to contributors. An e-mail that has an alias keeps it.
INSERT INTO augur_data.contributors_aliases (alias_email, canonical_email, cntrb_active, cntrb_id, tool_source, tool_version, data_source)
SELECT n.email, coalesce(nullif(c.cntrb_canonical, ''), n.email), 1, c.cntrb_id, 'Facade', @tool_version::text, 'git'
FROM (SELECT unnest(@emails::text[]) AS email, unnest(@cntrb_ids::uuid[]) AS cntrb_id) AS n
JOIN augur_data.contributors c ON c.cntrb_id = n.cntrb_id
WHERE n.email <> ''
ORDER BY n.email
ON CONFLICT (alias_email) DO NOTHING;

-- name: ContributorsByCanonical :many
-- ContributorsByCanonical finds the contributors whose canonical e-mail is one of these; of several the first one of a platform.
SELECT DISTINCT ON (cntrb_canonical) cntrb_canonical::text AS email, cntrb_id
FROM augur_data.contributors
WHERE cntrb_canonical = ANY (@emails::text[]) AND cntrb_canonical <> ''
ORDER BY cntrb_canonical, substring(uuid_send(cntrb_id) FROM 1 FOR 1) = '\x00'::bytea, cntrb_id;

-- name: ResolveCommitEmails :execrows
-- ResolveCommitEmails marks e-mails of commits as resolved whose alias names a contributor.
UPDATE augur_operations.commit_email e
SET state = 'resolved', cntrb_id = n.cntrb_id
FROM (
    SELECT o.email, a.cntrb_id
    FROM augur_operations.commit_email o
    JOIN augur_data.contributors_aliases a ON a.alias_email = o.email
    WHERE o.email = ANY (@emails::text[]) AND (o.state, o.cntrb_id) IS DISTINCT FROM ('resolved', a.cntrb_id)
    ORDER BY o.email
    FOR UPDATE OF o
) AS n
WHERE e.email = n.email;

-- name: BeginPeople :exec
-- BeginPeople notes what a run over the history will leave behind: whether commits are attributed whole, and whether caches are kept. A run that stores only some of
-- the commits can take both away, and gives neither.
UPDATE augur_operations.git_history
SET attributed = @attributed::bool AND (attributed OR @every::bool), cached = @cached::bool AND (cached OR @every::bool)
WHERE repo_id = @repo_id AND (attributed, cached) IS DISTINCT FROM (@attributed::bool AND (attributed OR @every::bool), @cached::bool AND (cached OR @every::bool));

-- name: EndAttribution :exec
-- EndAttribution notes that every stored commit of a repository is attributed.
UPDATE augur_operations.git_history
SET attributed = true
WHERE repo_id = @repo_id AND NOT attributed;

-- name: ForgetAttribution :exec
-- ForgetAttribution notes that not every stored commit of repositories is attributed.
UPDATE augur_operations.git_history
SET attributed = false
WHERE repo_id IN (
    SELECT g.repo_id
    FROM augur_operations.git_history g
    WHERE g.repo_id = ANY (@repo_ids::bigint[]) AND g.attributed
    ORDER BY g.repo_id
    FOR UPDATE
);

-- name: MappedEmails :many
-- MappedEmails lists what .mailmap files make of e-mails of commits, with the names that go with them.
SELECT DISTINCT ON (mapped_email) mapped_email AS email, mapped_name AS name
FROM augur_operations.commit_identity
WHERE email = ANY (@emails::text[]) AND mapped_email <> email
ORDER BY mapped_email, mapped_name;

-- name: AliasesOf :many
-- AliasesOf gives those of the e-mails that have an alias, active or not.
SELECT alias_email::text AS email
FROM augur_data.contributors_aliases
WHERE alias_email = ANY (@emails::text[])
ORDER BY alias_email;

-- name: LockCaches :exec
-- LockCaches keeps the group of repositories as it is, and lets nobody else change the sums of those groups, until the end of the transaction.
SELECT pg_advisory_xact_lock(hashtext('augur group caches'), g.repo_group_id::int)
FROM (
    SELECT DISTINCT l.repo_group_id
    FROM (
        SELECT r.repo_group_id
        FROM augur_data.repo r
        WHERE r.repo_id = ANY (@repo_ids::bigint[])
        ORDER BY r.repo_id
        FOR SHARE
    ) AS l
    ORDER BY l.repo_group_id
) AS g;

-- name: ReportRules :one
-- ReportRules reads over whose e-mail and over which date the caches sum up; anything but committer for the first, and author for the second, is the default.
SELECT coalesce(bool_or(setting = 'report_attribution' AND value = 'committer'), false)::bool AS by_committer,
    coalesce(bool_or(setting = 'report_date' AND value = 'author'), false)::bool AS by_author_date
FROM augur_data.settings;

-- name: LeftOut :many
-- LeftOut gives those of the e-mails that the caches of a repository leave out.
SELECT n.email::text AS email
FROM (SELECT unnest(@emails::text[]) AS email) AS n
JOIN augur_data.repo r ON r.repo_id = @repo_id
WHERE augur_operations.left_out(r.repo_group_id, n.email)
ORDER BY n.email;

-- name: CachesOf :one
-- CachesOf tells whether the caches of a repository are the sums of its commits, and keeps it so until the end of the transaction; and how often its stored
-- commits were attributed anew.
SELECT cached, reattributed
FROM augur_operations.git_history
WHERE repo_id = @repo_id
FOR UPDATE;

-- name: SetCached :exec
-- SetCached notes that the caches of a repository are the sums of its commits, by rules that may be others than before.
UPDATE augur_operations.git_history
SET cached = true, reattributed = reattributed + 1
WHERE repo_id = @repo_id AND NOT cached;

-- name: UncachedRepos :many
-- UncachedRepos lists repositories whose commits are stored whole and whose caches are not their sums, after a cursor.
SELECT repo_id
FROM augur_operations.git_history
WHERE NOT cached AND attributed AND target IS NULL AND repo_id > @after
ORDER BY repo_id
LIMIT @max_rows;

-- name: CachedEmails :many
-- CachedEmails gives those of the e-mails that have rows in the caches of a repository, from a year on.
SELECT DISTINCT email::text AS email
FROM augur_data.dm_repo_annual
WHERE repo_id = @repo_id AND email = ANY (@emails::text[]) AND year >= @from_year
ORDER BY 1;

-- name: CountedFiles :many
-- CountedFiles lists the rows of a repository's commits by which the caches have counted these files for these e-mails, from a day on, and before a row.
SELECT a.cmt_author_email::text AS email, coalesce(a.cmt_author_affiliation, '(Unknown)')::text AS affiliation, a.cmt_filename::text AS path,
    CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END::text AS day
FROM augur_data.commits a
WHERE NOT @by_committer::bool AND a.repo_id = @repo_id AND a.cmt_author_email = ANY (@emails::text[]) AND a.cmt_id < @first_id
    AND CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END COLLATE "C" >= @from_day::text AND a.cmt_filename = ANY (@paths::text[])
UNION ALL
SELECT c.cmt_committer_email, coalesce(c.cmt_committer_affiliation, '(Unknown)'), c.cmt_filename,
    CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END
FROM augur_data.commits c
WHERE @by_committer::bool AND c.repo_id = @repo_id AND c.cmt_committer_email = ANY (@emails::text[]) AND c.cmt_id < @first_id
    AND CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END COLLATE "C" >= @from_day::text AND c.cmt_filename = ANY (@paths::text[])
ORDER BY 1, 2, 3, 4
LIMIT @max_rows;

-- name: EmailsToSum :many
-- EmailsToSum lists the e-mails that a repository's commits have and that its caches have.
SELECT email::text AS email
FROM (
    SELECT CASE WHEN @by_committer::bool THEN c.cmt_committer_email ELSE c.cmt_author_email END AS email
    FROM augur_data.commits c
    WHERE c.repo_id = @repo_id
    UNION
    SELECT d.email
    FROM augur_data.dm_repo_annual d
    WHERE d.repo_id = @repo_id
) AS e
ORDER BY 1;

-- name: EmailsOfCommits :many
-- EmailsOfCommits lists the e-mails of commits over which the caches sum up.
SELECT DISTINCT CASE WHEN @by_committer::bool THEN cmt_committer_email ELSE cmt_author_email END::text AS email
FROM augur_data.commits
WHERE repo_id = @repo_id AND cmt_commit_hash = ANY (@hashes::text[])
ORDER BY 1;

-- name: SumAnnual :exec
-- SumAnnual makes the rows of dm_repo_annual for pairs of repository and e-mail the sums of their commits, from a year on, and changes only those that are not.
WITH pair AS (
    SELECT k.repo_id, k.email, min(k.from_year) AS from_year, lpad(min(k.from_year)::text, 4, '0') || '-01-01' AS from_day
    FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@emails::text[]) AS email, unnest(@from_years::smallint[]) AS from_year) AS k
    GROUP BY k.repo_id, k.email
), source AS (
    SELECT a.repo_id, a.cmt_author_email AS email, a.cmt_author_affiliation AS affiliation, a.cmt_added, a.cmt_removed, a.cmt_whitespace, a.cmt_filename, a.cmt_commit_hash,
        CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END::date AS day
    FROM pair p
    JOIN augur_data.commits a ON a.repo_id = p.repo_id AND a.cmt_author_email = p.email
    WHERE NOT @by_committer::bool AND CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END COLLATE "C" >= p.from_day
    UNION ALL
    SELECT c.repo_id, c.cmt_committer_email, c.cmt_committer_affiliation, c.cmt_added, c.cmt_removed, c.cmt_whitespace, c.cmt_filename, c.cmt_commit_hash,
        CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END::date
    FROM pair q
    JOIN augur_data.commits c ON c.repo_id = q.repo_id AND c.cmt_committer_email = q.email
    WHERE @by_committer::bool AND CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END COLLATE "C" >= q.from_day
), fresh AS (
    SELECT s.repo_id, s.email, coalesce(s.affiliation, '(Unknown)') AS affiliation, date_part('year', s.day)::smallint AS year,
        sum(s.cmt_added)::bigint AS added, sum(s.cmt_removed)::bigint AS removed, sum(s.cmt_whitespace)::bigint AS whitespace,
        count(DISTINCT s.cmt_filename) AS files, count(DISTINCT s.cmt_commit_hash) AS patches
    FROM source s
    JOIN augur_data.repo r ON r.repo_id = s.repo_id
    WHERE (r.repo_group_id, s.email) NOT IN (
        SELECT g.repo_group_id, x.email
        FROM pair x
        JOIN augur_data.repo g ON g.repo_id = x.repo_id
        WHERE augur_operations.left_out(g.repo_group_id, x.email)
    )
    GROUP BY 1, 2, 3, 4
), gone AS (
    DELETE FROM augur_data.dm_repo_annual d
    USING pair p
    WHERE d.repo_id = p.repo_id AND d.email = p.email AND d.year >= p.from_year AND NOT EXISTS (
        SELECT FROM fresh f WHERE d.repo_id = f.repo_id AND d.email = f.email AND d.affiliation = f.affiliation AND d.year = f.year
    )
)
INSERT INTO augur_data.dm_repo_annual (repo_id, email, affiliation, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
SELECT f.repo_id, f.email, f.affiliation, f.year, f.added, f.removed, f.whitespace, f.files, f.patches, 'Facade', @tool_version::text, 'git', now() AT TIME ZONE 'UTC'
FROM fresh f
WHERE NOT EXISTS (
    SELECT FROM augur_data.dm_repo_annual d WHERE d.repo_id = f.repo_id AND d.email = f.email AND d.affiliation = f.affiliation AND d.year = f.year AND d.added = f.added AND d.removed = f.removed AND d.whitespace = f.whitespace AND d.files = f.files AND d.patches = f.patches
)
ORDER BY f.repo_id, f.email, f.affiliation, f.year
ON CONFLICT (repo_id, email, affiliation, year) DO UPDATE
SET added = excluded.added, removed = excluded.removed, whitespace = excluded.whitespace, files = excluded.files, patches = excluded.patches,
    tool_source = excluded.tool_source, tool_version = excluded.tool_version, data_source = excluded.data_source, data_collection_date = excluded.data_collection_date;

-- name: AddAnnual :exec
-- AddAnnual adds to the rows of a repository in dm_repo_annual. Keys must be unique.
INSERT INTO augur_data.dm_repo_annual AS t (repo_id, email, affiliation, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
SELECT @repo_id, n.email, n.affiliation, n.year, n.added, n.removed, n.whitespace, n.files, n.patches, 'Facade', @tool_version::text, 'git', now() AT TIME ZONE 'UTC'
FROM (
    SELECT unnest(@emails::text[]) AS email, unnest(@affiliations::text[]) AS affiliation, unnest(@years::smallint[]) AS year,
        unnest(@added::bigint[]) AS added, unnest(@removed::bigint[]) AS removed, unnest(@whitespace::bigint[]) AS whitespace, unnest(@files::bigint[]) AS files,
        unnest(@patches::bigint[]) AS patches
) AS n
ORDER BY n.email, n.affiliation, n.year
ON CONFLICT (repo_id, email, affiliation, year) DO UPDATE
SET added = t.added + excluded.added, removed = t.removed + excluded.removed, whitespace = t.whitespace + excluded.whitespace, files = t.files + excluded.files,
    patches = t.patches + excluded.patches, tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date;

-- name: SumMonthly :exec
-- SumMonthly makes the rows of dm_repo_monthly for pairs of repository and e-mail the sums of their commits, from a year on, and changes only those that are not.
WITH pair AS (
    SELECT k.repo_id, k.email, min(k.from_year) AS from_year, lpad(min(k.from_year)::text, 4, '0') || '-01-01' AS from_day
    FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@emails::text[]) AS email, unnest(@from_years::smallint[]) AS from_year) AS k
    GROUP BY k.repo_id, k.email
), source AS (
    SELECT a.repo_id, a.cmt_author_email AS email, a.cmt_author_affiliation AS affiliation, a.cmt_added, a.cmt_removed, a.cmt_whitespace, a.cmt_filename, a.cmt_commit_hash,
        CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END::date AS day
    FROM pair p
    JOIN augur_data.commits a ON a.repo_id = p.repo_id AND a.cmt_author_email = p.email
    WHERE NOT @by_committer::bool AND CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END COLLATE "C" >= p.from_day
    UNION ALL
    SELECT c.repo_id, c.cmt_committer_email, c.cmt_committer_affiliation, c.cmt_added, c.cmt_removed, c.cmt_whitespace, c.cmt_filename, c.cmt_commit_hash,
        CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END::date
    FROM pair q
    JOIN augur_data.commits c ON c.repo_id = q.repo_id AND c.cmt_committer_email = q.email
    WHERE @by_committer::bool AND CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END COLLATE "C" >= q.from_day
), fresh AS (
    SELECT s.repo_id, s.email, coalesce(s.affiliation, '(Unknown)') AS affiliation, date_part('month', s.day)::smallint AS month, date_part('year', s.day)::smallint AS year,
        sum(s.cmt_added)::bigint AS added, sum(s.cmt_removed)::bigint AS removed, sum(s.cmt_whitespace)::bigint AS whitespace,
        count(DISTINCT s.cmt_filename) AS files, count(DISTINCT s.cmt_commit_hash) AS patches
    FROM source s
    JOIN augur_data.repo r ON r.repo_id = s.repo_id
    WHERE (r.repo_group_id, s.email) NOT IN (
        SELECT g.repo_group_id, x.email
        FROM pair x
        JOIN augur_data.repo g ON g.repo_id = x.repo_id
        WHERE augur_operations.left_out(g.repo_group_id, x.email)
    )
    GROUP BY 1, 2, 3, 4, 5
), gone AS (
    DELETE FROM augur_data.dm_repo_monthly d
    USING pair p
    WHERE d.repo_id = p.repo_id AND d.email = p.email AND d.year >= p.from_year AND NOT EXISTS (
        SELECT FROM fresh f WHERE d.repo_id = f.repo_id AND d.email = f.email AND d.affiliation = f.affiliation AND d.month = f.month AND d.year = f.year
    )
)
INSERT INTO augur_data.dm_repo_monthly (repo_id, email, affiliation, month, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
SELECT f.repo_id, f.email, f.affiliation, f.month, f.year, f.added, f.removed, f.whitespace, f.files, f.patches, 'Facade', @tool_version::text, 'git', now() AT TIME ZONE 'UTC'
FROM fresh f
WHERE NOT EXISTS (
    SELECT FROM augur_data.dm_repo_monthly d WHERE d.repo_id = f.repo_id AND d.email = f.email AND d.affiliation = f.affiliation AND d.month = f.month AND d.year = f.year AND d.added = f.added AND d.removed = f.removed AND d.whitespace = f.whitespace AND d.files = f.files AND d.patches = f.patches
)
ORDER BY f.repo_id, f.email, f.affiliation, f.year, f.month
ON CONFLICT (repo_id, email, affiliation, year, month) DO UPDATE
SET added = excluded.added, removed = excluded.removed, whitespace = excluded.whitespace, files = excluded.files, patches = excluded.patches,
    tool_source = excluded.tool_source, tool_version = excluded.tool_version, data_source = excluded.data_source, data_collection_date = excluded.data_collection_date;

-- name: AddMonthly :exec
-- AddMonthly adds to the rows of a repository in dm_repo_monthly. Keys must be unique.
INSERT INTO augur_data.dm_repo_monthly AS t (repo_id, email, affiliation, month, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
SELECT @repo_id, n.email, n.affiliation, n.month, n.year, n.added, n.removed, n.whitespace, n.files, n.patches, 'Facade', @tool_version::text, 'git', now() AT TIME ZONE 'UTC'
FROM (
    SELECT unnest(@emails::text[]) AS email, unnest(@affiliations::text[]) AS affiliation, unnest(@months::smallint[]) AS month, unnest(@years::smallint[]) AS year,
        unnest(@added::bigint[]) AS added, unnest(@removed::bigint[]) AS removed, unnest(@whitespace::bigint[]) AS whitespace, unnest(@files::bigint[]) AS files,
        unnest(@patches::bigint[]) AS patches
) AS n
ORDER BY n.email, n.affiliation, n.year, n.month
ON CONFLICT (repo_id, email, affiliation, year, month) DO UPDATE
SET added = t.added + excluded.added, removed = t.removed + excluded.removed, whitespace = t.whitespace + excluded.whitespace, files = t.files + excluded.files,
    patches = t.patches + excluded.patches, tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date;

-- name: SumWeekly :exec
-- SumWeekly makes the rows of dm_repo_weekly for pairs of repository and e-mail the sums of their commits, from a year on, and changes only those that are not.
WITH pair AS (
    SELECT k.repo_id, k.email, min(k.from_year) AS from_year, lpad(greatest(min(k.from_year) - 1, 0)::text, 4, '0') || '-12-29' AS from_day
    FROM (SELECT unnest(@repo_ids::bigint[]) AS repo_id, unnest(@emails::text[]) AS email, unnest(@from_years::smallint[]) AS from_year) AS k
    GROUP BY k.repo_id, k.email
), source AS (
    SELECT a.repo_id, a.cmt_author_email AS email, a.cmt_author_affiliation AS affiliation, a.cmt_added, a.cmt_removed, a.cmt_whitespace, a.cmt_filename, a.cmt_commit_hash, p.from_year,
        CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END::date AS day
    FROM pair p
    JOIN augur_data.commits a ON a.repo_id = p.repo_id AND a.cmt_author_email = p.email
    WHERE NOT @by_committer::bool AND CASE WHEN @by_author_date::bool THEN a.cmt_author_date ELSE a.cmt_committer_date END COLLATE "C" >= p.from_day
    UNION ALL
    SELECT c.repo_id, c.cmt_committer_email, c.cmt_committer_affiliation, c.cmt_added, c.cmt_removed, c.cmt_whitespace, c.cmt_filename, c.cmt_commit_hash, q.from_year,
        CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END::date
    FROM pair q
    JOIN augur_data.commits c ON c.repo_id = q.repo_id AND c.cmt_committer_email = q.email
    WHERE @by_committer::bool AND CASE WHEN @by_author_date::bool THEN c.cmt_author_date ELSE c.cmt_committer_date END COLLATE "C" >= q.from_day
), fresh AS (
    SELECT s.repo_id, s.email, coalesce(s.affiliation, '(Unknown)') AS affiliation, date_part('week', s.day)::smallint AS week, date_part('isoyear', s.day)::smallint AS year,
        sum(s.cmt_added)::bigint AS added, sum(s.cmt_removed)::bigint AS removed, sum(s.cmt_whitespace)::bigint AS whitespace,
        count(DISTINCT s.cmt_filename) AS files, count(DISTINCT s.cmt_commit_hash) AS patches
    FROM source s
    JOIN augur_data.repo r ON r.repo_id = s.repo_id
    WHERE (r.repo_group_id, s.email) NOT IN (
        SELECT g.repo_group_id, x.email
        FROM pair x
        JOIN augur_data.repo g ON g.repo_id = x.repo_id
        WHERE augur_operations.left_out(g.repo_group_id, x.email)
    ) AND date_part('isoyear', s.day) >= s.from_year
    GROUP BY 1, 2, 3, 4, 5
), gone AS (
    DELETE FROM augur_data.dm_repo_weekly d
    USING pair p
    WHERE d.repo_id = p.repo_id AND d.email = p.email AND d.year >= p.from_year AND NOT EXISTS (
        SELECT FROM fresh f WHERE d.repo_id = f.repo_id AND d.email = f.email AND d.affiliation = f.affiliation AND d.week = f.week AND d.year = f.year
    )
)
INSERT INTO augur_data.dm_repo_weekly (repo_id, email, affiliation, week, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
SELECT f.repo_id, f.email, f.affiliation, f.week, f.year, f.added, f.removed, f.whitespace, f.files, f.patches, 'Facade', @tool_version::text, 'git', now() AT TIME ZONE 'UTC'
FROM fresh f
WHERE NOT EXISTS (
    SELECT FROM augur_data.dm_repo_weekly d WHERE d.repo_id = f.repo_id AND d.email = f.email AND d.affiliation = f.affiliation AND d.week = f.week AND d.year = f.year AND d.added = f.added AND d.removed = f.removed AND d.whitespace = f.whitespace AND d.files = f.files AND d.patches = f.patches
)
ORDER BY f.repo_id, f.email, f.affiliation, f.year, f.week
ON CONFLICT (repo_id, email, affiliation, year, week) DO UPDATE
SET added = excluded.added, removed = excluded.removed, whitespace = excluded.whitespace, files = excluded.files, patches = excluded.patches,
    tool_source = excluded.tool_source, tool_version = excluded.tool_version, data_source = excluded.data_source, data_collection_date = excluded.data_collection_date;

-- name: AddWeekly :exec
-- AddWeekly adds to the rows of a repository in dm_repo_weekly. Keys must be unique.
INSERT INTO augur_data.dm_repo_weekly AS t (repo_id, email, affiliation, week, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
SELECT @repo_id, n.email, n.affiliation, n.week, n.year, n.added, n.removed, n.whitespace, n.files, n.patches, 'Facade', @tool_version::text, 'git', now() AT TIME ZONE 'UTC'
FROM (
    SELECT unnest(@emails::text[]) AS email, unnest(@affiliations::text[]) AS affiliation, unnest(@weeks::smallint[]) AS week, unnest(@years::smallint[]) AS year,
        unnest(@added::bigint[]) AS added, unnest(@removed::bigint[]) AS removed, unnest(@whitespace::bigint[]) AS whitespace, unnest(@files::bigint[]) AS files,
        unnest(@patches::bigint[]) AS patches
) AS n
ORDER BY n.email, n.affiliation, n.year, n.week
ON CONFLICT (repo_id, email, affiliation, year, week) DO UPDATE
SET added = t.added + excluded.added, removed = t.removed + excluded.removed, whitespace = t.whitespace + excluded.whitespace, files = t.files + excluded.files,
    patches = t.patches + excluded.patches, tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date;

-- name: CountReattribution :exec
-- CountReattribution notes that stored commits of repositories were attributed anew.
UPDATE augur_operations.git_history
SET reattributed = reattributed + 1
WHERE repo_id IN (
    SELECT g.repo_id
    FROM augur_operations.git_history g
    WHERE g.repo_id = ANY (@repo_ids::bigint[])
    ORDER BY g.repo_id
    FOR UPDATE
);

-- name: CachedRepos :many
-- CachedRepos gives those of the repositories whose caches are the sums of their commits.
SELECT repo_id
FROM augur_operations.git_history
WHERE repo_id = ANY (@repo_ids::bigint[]) AND cached
ORDER BY repo_id;

-- name: ForgetCaches :exec
-- ForgetCaches notes that the caches of repositories are no longer the sums of their commits.
UPDATE augur_operations.git_history
SET cached = false
WHERE repo_id IN (
    SELECT g.repo_id
    FROM augur_operations.git_history g
    WHERE g.repo_id = ANY (@repo_ids::bigint[]) AND g.cached
    ORDER BY g.repo_id
    FOR UPDATE
);

-- name: ForgetCachesByRules :exec
-- ForgetCachesByRules notes that the caches of repositories, and of those in groups, are no longer the sums that the rules want. Group 0 is all groups.
UPDATE augur_operations.git_history
SET cached = false
WHERE repo_id IN (
    SELECT g.repo_id
    FROM augur_operations.git_history g
    JOIN augur_data.repo r ON r.repo_id = g.repo_id
    WHERE g.cached AND (g.repo_id = ANY (@repo_ids::bigint[]) OR r.repo_group_id = ANY (@group_ids::bigint[]) OR 0 = ANY (@group_ids::bigint[]))
    ORDER BY g.repo_id
    FOR UPDATE OF g
);

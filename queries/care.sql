-- name: TryTurn :one
-- TryTurn takes a turn by name until the end of the transaction; false when another process has it. As with the turn of monitors, one that says nothing for a minute loses it.
SELECT pg_try_advisory_xact_lock(hashtext(@name::text))::boolean AS taken
FROM set_config('idle_in_transaction_session_timeout', '1min', true);

-- name: MaterializedViews :many
-- MaterializedViews lists the materialized views of our schemas as the catalog has them, what each is made from, and how the last look at it
-- ended. The evidence is a digest of the tables below a view: their files, and how many rows were ever inserted, updated and deleted. While it
-- stays the same, nothing changed; empty when that cannot be told (something other than tables below it, or nobody counts). A table's counters
-- start again when statistics are reset, so the time of the reset is part of it; TRUNCATE counts nothing, but gives the table a new file.
WITH RECURSIVE uses AS (
    SELECT c.oid AS view, d.refobjid AS relation
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
    WHERE c.relkind = 'm' AND n.nspname IN ('augur_data', 'augur_operations', 'spdx')
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> c.oid
    UNION
    SELECT u.view, d.refobjid
    FROM uses u
    JOIN pg_catalog.pg_class v ON v.oid = u.relation AND v.relkind = 'v'
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
    WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> v.oid
),
below AS (
    SELECT u.view,
        array_agg(n.nspname || '.' || c.relname ORDER BY n.nspname, c.relname) FILTER (WHERE c.relkind = 'm') AS views,
        array_agg(n.nspname || '.' || c.relname ORDER BY n.nspname, c.relname) AS names,
        bool_and(c.relkind IN ('r', 'm')) AS countable,
        string_agg(concat_ws(
            ' ', c.oid, pg_catalog.pg_relation_filenode(c.oid), pg_catalog.pg_stat_get_tuples_inserted(c.oid),
            pg_catalog.pg_stat_get_tuples_updated(c.oid), pg_catalog.pg_stat_get_tuples_deleted(c.oid)
        ), ',' ORDER BY c.oid) AS counters
    FROM uses u
    JOIN pg_catalog.pg_class c ON c.oid = u.relation AND c.relkind <> 'v'
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    GROUP BY u.view
)
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relispopulated::boolean AS populated,
    coalesce(b.names, '{}')::text[] AS made_from, coalesce(b.views, '{}')::text[] AS after,
    (CASE WHEN b.countable AND pg_catalog.current_setting('track_counts') = 'on' THEN
        md5(concat_ws(' ', c.oid, pg_catalog.pg_stat_get_db_stat_reset_time(o.oid), b.counters))
    ELSE '' END)::text AS evidence,
    r.started_at, r.finished_at, r.seconds, coalesce(r.outcome, '')::text AS outcome, coalesce(r.error, '')::text AS error, r.current_to,
    coalesce(r.empty, false)::boolean AS empty, coalesce(r.evidence, '')::text AS last_evidence,
    pg_catalog.clock_timestamp()::timestamptz AS now
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_database o ON o.datname = pg_catalog.current_database()
LEFT JOIN below b ON b.view = c.oid
LEFT JOIN augur_operations.view_refresh r ON r.view = n.nspname || '.' || c.relname
WHERE c.relkind = 'm' AND n.nspname IN ('augur_data', 'augur_operations', 'spdx')
ORDER BY n.nspname, c.relname;

-- name: BeginView :exec
-- BeginView notes that a refresh begins, for those who watch.
INSERT INTO augur_operations.view_refresh (view, outcome)
VALUES (@view, 'running')
ON CONFLICT (view) DO UPDATE
SET started_at = clock_timestamp(), finished_at = NULL, outcome = 'running', error = NULL;

-- name: EndView :exec
-- EndView notes how a look at a view ended. What only a complete refresh knows stays as it is after any other outcome.
INSERT INTO augur_operations.view_refresh AS r (view, started_at, finished_at, outcome, error, seconds, current_to, empty, evidence)
VALUES (
    @view, @started_at, clock_timestamp(), @outcome::text, sqlc.narg('error'), sqlc.narg('seconds'), sqlc.narg('current_to'), sqlc.narg('empty'),
    sqlc.narg('evidence')
)
ON CONFLICT (view) DO UPDATE
SET started_at = excluded.started_at, finished_at = excluded.finished_at, outcome = excluded.outcome, error = excluded.error,
    seconds = coalesce(excluded.seconds, r.seconds), current_to = coalesce(excluded.current_to, r.current_to),
    empty = coalesce(excluded.empty, r.empty), evidence = CASE WHEN excluded.outcome = 'refreshed' THEN excluded.evidence ELSE r.evidence END;

-- name: FillUnknownCache :execrows
-- FillUnknownCache makes unknown_cache the sums over commits whose affiliation is unknown, and changes only rows that are not.
WITH fresh AS (
    SELECT n.type, r.repo_group_id::int AS repo_group_id, left(n.email, 128) AS email, left(coalesce(substring(n.email FROM '@([^@]*)$'), ''), 128) AS domain, sum(n.added)::bigint AS added
    FROM (
        SELECT 'author' AS type, a.repo_id, a.cmt_author_email AS email, sum(a.cmt_added) AS added
        FROM augur_data.commits a
        WHERE a.cmt_author_affiliation = '(Unknown)'
        GROUP BY a.repo_id, a.cmt_author_email
        UNION ALL
        SELECT 'committer', c.repo_id, c.cmt_committer_email, sum(c.cmt_added)
        FROM augur_data.commits c
        WHERE c.cmt_committer_affiliation = '(Unknown)'
        GROUP BY c.repo_id, c.cmt_committer_email
    ) AS n
    JOIN augur_data.repo r ON r.repo_id = n.repo_id
    GROUP BY 1, 2, 3, 4
), gone AS (
    DELETE FROM augur_data.unknown_cache u
    WHERE NOT EXISTS (
        SELECT FROM fresh f
        WHERE f.type = u.type AND f.repo_group_id = u.repo_group_id AND f.email = u.email AND f.domain = u.domain AND f.added = u.added
    )
)
INSERT INTO augur_data.unknown_cache (type, repo_group_id, email, domain, added, tool_source, data_source, data_collection_date)
SELECT f.type, f.repo_group_id, f.email, f.domain, f.added, 'Facade', 'git', now() AT TIME ZONE 'UTC'
FROM fresh f
WHERE NOT EXISTS (
    SELECT FROM augur_data.unknown_cache u
    WHERE f.type = u.type AND f.repo_group_id = u.repo_group_id AND f.email = u.email AND f.domain = u.domain AND f.added = u.added
)
ORDER BY f.type, f.repo_group_id, f.email;

-- name: ForgetViews :exec
-- ForgetViews removes what is known about views that no longer exist.
DELETE FROM augur_operations.view_refresh r
WHERE NOT EXISTS (
    SELECT 1
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND n.nspname || '.' || c.relname = r.view
);

-- name: ForgetRuns :one
-- ForgetRuns looks at some runs after a run, in the order of their ids, and removes those, with their tasks, that ended before the age
-- and are not among the newest of their repository and phase. It returns the last run that it looked at, 0 when there was none.
WITH page AS (
    SELECT c.run_id, c.repo_id, c.phase, c.finished_at
    FROM augur_operations.collection_run c
    WHERE c.run_id > @after::bigint AND c.started_at < clock_timestamp() - @age::interval
    ORDER BY c.run_id
    LIMIT @max_rows::int
),
gone AS (
    DELETE FROM augur_operations.collection_run c
    USING page p
    WHERE c.run_id = p.run_id AND p.finished_at < clock_timestamp() - @age
        AND @kept::int <= (
            SELECT count(*)
            FROM (
                SELECT 1
                FROM augur_operations.collection_run n
                WHERE n.repo_id = p.repo_id AND n.phase = p.phase AND n.run_id > p.run_id
                ORDER BY n.run_id DESC
                LIMIT @kept
            ) AS newer
        )
    RETURNING c.run_id
)
SELECT (SELECT coalesce(max(page.run_id), 0) FROM page)::bigint AS last, (SELECT count(*) FROM gone)::bigint AS removed;

-- name: ForgetEvents :one
-- ForgetEvents does the same for changes of status: the newest of each repository and phase stays, since it says how things came to be as they are.
WITH page AS (
    SELECT e.event_id, e.repo_id, e.phase
    FROM augur_operations.collection_event e
    WHERE e.event_id > @after::bigint AND e.at < clock_timestamp() - @age::interval
    ORDER BY e.event_id
    LIMIT @max_rows::int
),
gone AS (
    DELETE FROM augur_operations.collection_event e
    USING page p
    WHERE e.event_id = p.event_id AND EXISTS (
        SELECT 1 FROM augur_operations.collection_event n WHERE n.repo_id = p.repo_id AND n.phase = p.phase AND n.event_id > p.event_id
    )
    RETURNING e.event_id
)
SELECT (SELECT coalesce(max(page.event_id), 0) FROM page)::bigint AS last, (SELECT count(*) FROM gone)::bigint AS removed;

-- name: ForgetFetches :execrows
-- ForgetFetches removes some rows of the log of clones and fetches that are older than the age.
DELETE FROM augur_data.repos_fetch_log
WHERE ctid = ANY (ARRAY(
    SELECT l.ctid
    FROM augur_data.repos_fetch_log l
    WHERE l.date < clock_timestamp() AT TIME ZONE 'UTC' - @age::interval
    ORDER BY l.ctid
    LIMIT @max_rows::int
));

-- name: NoteClock :exec
-- NoteClock notes how far the clock of a machine is ahead of the database's.
INSERT INTO augur_operations.machine_clock (host, ahead_seconds)
VALUES (@host, @ahead_seconds)
ON CONFLICT (host) DO UPDATE
SET ahead_seconds = excluded.ahead_seconds, measured_at = clock_timestamp();

-- name: MachineClocks :many
-- MachineClocks lists the machines whose clocks were measured within the hour.
SELECT host, ahead_seconds, measured_at
FROM augur_operations.machine_clock
WHERE measured_at > clock_timestamp() - interval '1 hour'
ORDER BY host;

-- name: ForgetClocks :exec
-- ForgetClocks removes machines that are gone.
DELETE FROM augur_operations.machine_clock WHERE measured_at < clock_timestamp() - interval '7 days';

-- name: Connections :one
-- Connections counts the connections of clients to the server, and says how many it takes and how long the oldest transaction lasts.
SELECT (SELECT count(*) FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'client backend')::bigint AS used,
    pg_catalog.current_setting('max_connections')::int AS most,
    (
        SELECT coalesce(extract(epoch FROM clock_timestamp() - min(a.xact_start)), 0)
        FROM pg_catalog.pg_stat_activity a
        WHERE a.datname = pg_catalog.current_database() AND a.backend_type = 'client backend'
    )::float8 AS oldest_transaction_seconds;

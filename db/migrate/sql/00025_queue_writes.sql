-- Collection at a large scale: less to write for each job and each change of a status, and one look at a change where there were two.

-- +goose Up

-- Every task was found by its job only when a dead worker's job was replaced, and there its run and kind are known from the arguments of the job. The index
-- was partial by the state, so that the end of a task could not be a heap-only update: it wrote into the primary key, too.
DROP INDEX augur_operations.collection_task_job;

-- Nothing looks for jobs by kind alone: workers look by state and queue, we by id. Every insertion, fetch and completion wrote into it. A list of jobs by
-- kind in a tool for River reads the table. As for the two indexes of migration 16, River's reindexer knows that it is gone.
DROP INDEX IF EXISTS river.river_job_kind;

-- record_collection_event and schedule_changed both compared all rows of a statement before and after. One function now does that once, and says the same
-- about what changed: it holds for changes of the program and for those by hand.
DROP TRIGGER record_collection_event ON augur_operations.collection_status;
DROP TRIGGER schedule_changed ON augur_operations.collection_status;
DROP FUNCTION augur_operations.record_collection_event();
DROP FUNCTION augur_operations.schedule_changed();

-- It runs at both ends of every run, for one repository or for thousands. Its plans must do for both: rows before and after are joined by hash, rows of the
-- schedule are looked up by key. What a phase waits for is said again as collection_wait says it, because asking the view takes twice as long.
-- A plan that has to use what is switched off looks so dear that a server with jit would compile it each time, for many times longer than it runs.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.status_changed() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on SET enable_seqscan = off SET jit = off AS $$
DECLARE
    repos bigint[];
    phases text[];
    statuses_before text[];
    statuses text[];
    task_ids text[];
    core_statuses text[];
    collected timestamp[];
    sizes bigint[];
    changed_by text := coalesce(nullif(current_setting('augur.who', true), ''), nullif(current_setting('application_name', true), ''), session_user);
    because text := nullif(current_setting('augur.why', true), '');
BEGIN
    -- In order: several statements at once must not wait for each other's rows of the schedule in a circle.
    SELECT array_agg(c.repo_id), array_agg(c.phase), array_agg(c.status_before), array_agg(c.status), array_agg(c.task_id),
        array_agg(c.core_status), array_agg(c.last_collected), array_agg(c.size)
    INTO repos, phases, statuses_before, statuses, task_ids, core_statuses, collected, sizes
    FROM (
        SELECT n.repo_id, p.phase, p.status_before, p.status, p.task_id, p.core_status, p.last_collected, coalesce(p.size, 0) AS size
        FROM before o
        JOIN changed n ON n.repo_id = o.repo_id
        CROSS JOIN LATERAL (
            SELECT 'core'::text AS phase, o.core_status AS status_before, n.core_status AS status, coalesce(n.core_task_id, o.core_task_id) AS task_id,
                n.core_status AS core_status, n.core_data_last_collected AS last_collected, n.issue_pr_sum AS size
            WHERE (o.core_status, o.core_data_last_collected, o.issue_pr_sum) IS DISTINCT FROM (n.core_status, n.core_data_last_collected, n.issue_pr_sum)
            UNION ALL
            SELECT 'secondary'::text, o.secondary_status, n.secondary_status, coalesce(n.secondary_task_id, o.secondary_task_id),
                n.core_status, n.secondary_data_last_collected, n.issue_pr_sum
            WHERE (o.secondary_status, o.secondary_data_last_collected, o.issue_pr_sum, o.core_status = 'Pending')
                IS DISTINCT FROM (n.secondary_status, n.secondary_data_last_collected, n.issue_pr_sum, n.core_status = 'Pending')
            UNION ALL
            SELECT 'facade'::text, o.facade_status, n.facade_status, coalesce(n.facade_task_id, o.facade_task_id),
                n.core_status, n.facade_data_last_collected, n.commit_sum
            WHERE (o.facade_status, o.facade_data_last_collected, o.commit_sum) IS DISTINCT FROM (n.facade_status, n.facade_data_last_collected, n.commit_sum)
            UNION ALL
            SELECT 'ml'::text, o.ml_status, n.ml_status, coalesce(n.ml_task_id, o.ml_task_id),
                CASE WHEN n.core_data_last_collected IS NULL AND n.facade_data_last_collected IS NULL THEN 'Pending' END,
                n.ml_data_last_collected, n.commit_sum
            WHERE (
                    o.ml_status, o.ml_data_last_collected, o.commit_sum,
                    o.core_data_last_collected IS NULL AND o.facade_data_last_collected IS NULL
                ) IS DISTINCT FROM (
                    n.ml_status, n.ml_data_last_collected, n.commit_sum,
                    n.core_data_last_collected IS NULL AND n.facade_data_last_collected IS NULL
                )
        ) AS p
        ORDER BY n.repo_id
    ) AS c;
    IF repos IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO augur_operations.collection_event (repo_id, phase, from_status, to_status, who, why, task_id)
    SELECT n.repo_id, n.phase, n.status_before, n.status, changed_by, because, n.task_id
    FROM unnest(repos, phases, statuses_before, statuses, task_ids) AS n (repo_id, phase, status_before, status, task_id)
    WHERE n.status_before <> n.status;
    PERFORM set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true);
    UPDATE augur_operations.collection_schedule s
    SET wait = augur_operations.collection_waits_for(n.phase, n.status, n.core_status),
        since = CASE
            WHEN n.status IN ('Error', 'Ignore') OR (n.last_collected IS NULL AND (s.wait = 'retry' OR NOT s.fresh))
            THEN augur_operations.collection_waits_since(n.repo_id, n.phase, n.status)
            ELSE coalesce(n.last_collected AT TIME ZONE 'UTC', s.since)
        END,
        turn = CASE WHEN n.status = 'Success' THEN floor(64 * augur_operations.collection_jitter(n.repo_id, n.phase)) ELSE 0 END,
        fresh = n.last_collected IS NULL,
        size = n.size
    FROM unnest(repos, phases, statuses, core_statuses, collected, sizes) AS n (repo_id, phase, status, core_status, last_collected, size)
    WHERE s.repo_id = n.repo_id AND s.phase = n.phase;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.status_changed() IS 'Records every change of a status in collection_event, and keeps collection_schedule in step with collection_status';
CREATE TRIGGER status_changed AFTER UPDATE ON augur_operations.collection_status
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.status_changed();

-- A repository's share was looked for four times, once for each phase, by a function that cannot be taken apart. Nearly always there is at most one list.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.schedule_new() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
BEGIN
    WITH listed AS MATERIALIZED (
        SELECT c.repo_id, CASE WHEN u.lists < 2 THEN coalesce(u.first, 0) ELSE augur_operations.collection_user_group(c.repo_id) END AS user_group_id
        FROM changed c
        CROSS JOIN LATERAL (SELECT count(*) AS lists, min(r.group_id) AS first FROM augur_operations.user_repos r WHERE r.repo_id = c.repo_id) AS u
    )
    INSERT INTO augur_operations.collection_schedule (repo_id, phase, wait, since, turn, fresh, size, platform, repo_group_id, user_group_id)
    SELECT w.repo_id, w.phase, w.wait, w.since, w.turn, w.fresh, w.size, w.platform, w.repo_group_id, l.user_group_id
    FROM listed l
    JOIN augur_operations.collection_wait w ON w.repo_id = l.repo_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Repositories are put into a list before they have a status: then there is nothing in the schedule to follow.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.schedule_listed() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET jit = off AS $$
BEGIN
    UPDATE augur_operations.collection_schedule s
    SET user_group_id = c.user_group_id
    FROM (
        SELECT n.repo_id, augur_operations.collection_user_group(n.repo_id) AS user_group_id
        FROM (
            SELECT DISTINCT d.repo_id
            FROM changed d
            WHERE EXISTS (SELECT 1 FROM augur_operations.collection_schedule e WHERE e.repo_id = d.repo_id)
            ORDER BY d.repo_id
        ) AS n
    ) AS c
    WHERE s.repo_id = c.repo_id AND s.user_group_id <> c.user_group_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.schedule_listed() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    UPDATE augur_operations.collection_schedule s
    SET user_group_id = c.user_group_id
    FROM (
        SELECT n.repo_id, augur_operations.collection_user_group(n.repo_id) AS user_group_id
        FROM (SELECT DISTINCT d.repo_id FROM changed d ORDER BY d.repo_id) AS n
    ) AS c
    WHERE s.repo_id = c.repo_id AND s.user_group_id <> c.user_group_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.schedule_new() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
BEGIN
    INSERT INTO augur_operations.collection_schedule (repo_id, phase, wait, since, turn, fresh, size, platform, repo_group_id, user_group_id)
    SELECT w.repo_id, w.phase, w.wait, w.since, w.turn, w.fresh, w.size, w.platform, w.repo_group_id, w.user_group_id
    FROM changed c
    JOIN augur_operations.collection_wait w ON w.repo_id = c.repo_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

DROP TRIGGER status_changed ON augur_operations.collection_status;
DROP FUNCTION augur_operations.status_changed();
-- +goose StatementBegin
CREATE FUNCTION augur_operations.schedule_changed() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on SET enable_seqscan = off AS $$
DECLARE
    repos bigint[];
    phases text[];
    statuses text[];
    core_statuses text[];
    collected timestamp[];
    sizes bigint[];
BEGIN
    SELECT array_agg(n.repo_id ORDER BY n.repo_id), array_agg(p.phase ORDER BY n.repo_id), array_agg(p.status ORDER BY n.repo_id),
        array_agg(p.core_status ORDER BY n.repo_id), array_agg(p.last_collected ORDER BY n.repo_id), array_agg(coalesce(p.size, 0) ORDER BY n.repo_id)
    INTO repos, phases, statuses, core_statuses, collected, sizes
    FROM before o
    JOIN changed n ON n.repo_id = o.repo_id
    CROSS JOIN LATERAL (
        SELECT 'core'::text AS phase, n.core_status AS core_status, n.core_status AS status, n.core_data_last_collected AS last_collected, n.issue_pr_sum AS size
        WHERE (o.core_status, o.core_data_last_collected, o.issue_pr_sum) IS DISTINCT FROM (n.core_status, n.core_data_last_collected, n.issue_pr_sum)
        UNION ALL
        SELECT 'secondary'::text, n.core_status, n.secondary_status, n.secondary_data_last_collected, n.issue_pr_sum
        WHERE (o.secondary_status, o.secondary_data_last_collected, o.issue_pr_sum, o.core_status = 'Pending')
            IS DISTINCT FROM (n.secondary_status, n.secondary_data_last_collected, n.issue_pr_sum, n.core_status = 'Pending')
        UNION ALL
        SELECT 'facade'::text, n.core_status, n.facade_status, n.facade_data_last_collected, n.commit_sum
        WHERE (o.facade_status, o.facade_data_last_collected, o.commit_sum) IS DISTINCT FROM (n.facade_status, n.facade_data_last_collected, n.commit_sum)
        UNION ALL
        SELECT 'ml'::text,
            CASE WHEN n.core_data_last_collected IS NULL AND n.facade_data_last_collected IS NULL THEN 'Pending' END,
            n.ml_status, n.ml_data_last_collected, n.commit_sum
        WHERE (
                o.ml_status, o.ml_data_last_collected, o.commit_sum,
                o.core_data_last_collected IS NULL AND o.facade_data_last_collected IS NULL
            ) IS DISTINCT FROM (
                n.ml_status, n.ml_data_last_collected, n.commit_sum,
                n.core_data_last_collected IS NULL AND n.facade_data_last_collected IS NULL
            )
    ) AS p;
    IF repos IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('enable_nestloop', 'on', true), set_config('enable_hashjoin', 'off', true);
    UPDATE augur_operations.collection_schedule s
    SET wait = augur_operations.collection_waits_for(n.phase, n.status, n.core_status),
        since = CASE
            WHEN n.status IN ('Error', 'Ignore') OR (n.last_collected IS NULL AND (s.wait = 'retry' OR NOT s.fresh))
            THEN augur_operations.collection_waits_since(n.repo_id, n.phase, n.status)
            ELSE coalesce(n.last_collected AT TIME ZONE 'UTC', s.since)
        END,
        turn = CASE WHEN n.status = 'Success' THEN floor(64 * augur_operations.collection_jitter(n.repo_id, n.phase)) ELSE 0 END,
        fresh = n.last_collected IS NULL,
        size = n.size
    FROM unnest(repos, phases, statuses, core_statuses, collected, sizes) AS n (repo_id, phase, status, core_status, last_collected, size)
    WHERE s.repo_id = n.repo_id AND s.phase = n.phase;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.schedule_changed() IS 'Keeps collection_schedule in step with collection_status';

-- +goose StatementBegin
CREATE FUNCTION augur_operations.record_collection_event() RETURNS trigger LANGUAGE plpgsql
SET enable_nestloop = off SET enable_mergejoin = off SET enable_hashjoin = on AS $$
BEGIN
    INSERT INTO augur_operations.collection_event (repo_id, phase, from_status, to_status, who, why, task_id)
    SELECT n.repo_id, p.phase, p.from_status, p.to_status,
        coalesce(nullif(current_setting('augur.who', true), ''), nullif(current_setting('application_name', true), ''), session_user),
        nullif(current_setting('augur.why', true), ''), p.task_id
    FROM before o
    JOIN changed n ON n.repo_id = o.repo_id
    CROSS JOIN LATERAL (
        SELECT 'core'::text AS phase, o.core_status AS from_status, n.core_status AS to_status, coalesce(n.core_task_id, o.core_task_id) AS task_id
        WHERE o.core_status IS DISTINCT FROM n.core_status
        UNION ALL
        SELECT 'secondary'::text, o.secondary_status, n.secondary_status, coalesce(n.secondary_task_id, o.secondary_task_id)
        WHERE o.secondary_status IS DISTINCT FROM n.secondary_status
        UNION ALL
        SELECT 'facade'::text, o.facade_status, n.facade_status, coalesce(n.facade_task_id, o.facade_task_id)
        WHERE o.facade_status IS DISTINCT FROM n.facade_status
        UNION ALL
        SELECT 'ml'::text, o.ml_status, n.ml_status, coalesce(n.ml_task_id, o.ml_task_id)
        WHERE o.ml_status IS DISTINCT FROM n.ml_status
    ) AS p;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER record_collection_event AFTER UPDATE ON augur_operations.collection_status
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.record_collection_event();
CREATE TRIGGER schedule_changed AFTER UPDATE ON augur_operations.collection_status
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.schedule_changed();
CREATE INDEX river_job_kind ON river.river_job USING btree (kind);
CREATE INDEX collection_task_job ON augur_operations.collection_task (job_id) WHERE state = 'queued';

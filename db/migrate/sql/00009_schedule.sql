-- What waits for collection, in the order in which the monitor looks for it. collection_status says what is true; these rows follow it by
-- triggers, so that a tick finds what is due, fairly among users and groups, without reading what is not.

-- +goose Up
CREATE INDEX user_repos_repo ON augur_operations.user_repos (repo_id);

CREATE FUNCTION augur_operations.collection_jitter(repo_id bigint, phase text) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (((repo_id & 2147483647) * 2654435761
        + CASE phase WHEN 'core' THEN 0 WHEN 'secondary' THEN 1073741824 WHEN 'facade' THEN 2147483648 ELSE 3221225472 END
        ) & 4294967295)::float8 / 4294967296
$$;
COMMENT ON FUNCTION augur_operations.collection_jitter(bigint, text) IS
    'The part of the jitter, from 0 to below 1, by which a phase of a repository comes early: always the same one, and evenly spread over neighbouring ids (multiples of the golden ratio)';

CREATE FUNCTION augur_operations.collection_platform(repo_git text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN repo_git LIKE 'https://github.com/%' THEN 'github' WHEN repo_git LIKE 'https://gitlab.com/%' THEN 'gitlab' ELSE 'git' END
$$;
COMMENT ON FUNCTION augur_operations.collection_platform(text) IS 'Platform of a repository''s URL in its canonical form';

CREATE FUNCTION augur_operations.collection_user_group(repo bigint) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN count(*) < 2 THEN coalesce(min(u.group_id), 0)
        ELSE (
            SELECT f.group_id
            FROM augur_operations.user_repos f
            WHERE f.repo_id = repo
            ORDER BY (SELECT count(*) FROM (SELECT 1 FROM augur_operations.user_repos o WHERE o.group_id = f.group_id LIMIT 1000) AS few), f.group_id
            LIMIT 1
        )
    END
    FROM augur_operations.user_repos u
    WHERE u.repo_id = repo
$$;
COMMENT ON FUNCTION augur_operations.collection_user_group(bigint) IS
    'The user group whose share pays for a repository: of those that list it the one with the fewest repositories (counted to 1,000); 0 when none does';

CREATE FUNCTION augur_operations.collection_waits_for(phase text, status text, core_status text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN status = 'Collecting' THEN 'running'
        WHEN phase = 'secondary' AND core_status = 'Pending' THEN 'held'
        WHEN status = 'Success' THEN 'due'
        WHEN status IN ('Error', 'Ignore') THEN 'retry'
        WHEN status IN ('Pending', 'Initializing', 'Update', 'Failed Clone') THEN 'new'
        ELSE 'held'
    END
$$;
COMMENT ON FUNCTION augur_operations.collection_waits_for(text, text, text) IS 'What a phase with a status waits for';

CREATE FUNCTION augur_operations.collection_waits_since(repo bigint, the_phase text, status text) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN status IN ('Error', 'Ignore') THEN coalesce(
            (SELECT b.retry_at FROM augur_operations.collection_backoff b WHERE b.repo_id = repo AND b.phase = the_phase),
            CASE status WHEN 'Error' THEN 'epoch' ELSE 'infinity' END::timestamptz
        )
        ELSE (SELECT r.repo_added AT TIME ZONE 'UTC' FROM augur_data.repo r WHERE r.repo_id = repo)
    END
$$;
COMMENT ON FUNCTION augur_operations.collection_waits_since(bigint, text, text) IS
    'Until when a phase that failed waits, and since when one that was never collected. An error without a back-off is tried again at once; what a person set to Ignore has none, and is never started';

CREATE VIEW augur_operations.collection_wait AS
SELECT p.repo_id, p.phase,
    augur_operations.collection_waits_for(p.phase, p.status, p.core_status) AS wait,
    CASE
        WHEN p.status IN ('Error', 'Ignore') THEN augur_operations.collection_waits_since(p.repo_id, p.phase, p.status)
        ELSE coalesce(p.last_collected, r.repo_added) AT TIME ZONE 'UTC'
    END AS since,
    CASE WHEN p.status = 'Success' THEN floor(64 * augur_operations.collection_jitter(p.repo_id, p.phase)) ELSE 0 END::smallint AS turn,
    p.last_collected IS NULL AS fresh,
    coalesce(p.size, 0) AS size,
    augur_operations.collection_platform(r.repo_git) AS platform,
    r.repo_group_id,
    augur_operations.collection_user_group(p.repo_id) AS user_group_id
FROM (
    SELECT s.repo_id, s.core_status, q.phase,
        CASE q.phase WHEN 'core' THEN s.core_status WHEN 'secondary' THEN s.secondary_status WHEN 'facade' THEN s.facade_status ELSE s.ml_status END AS status,
        CASE q.phase
            WHEN 'core' THEN s.core_data_last_collected
            WHEN 'secondary' THEN s.secondary_data_last_collected
            WHEN 'facade' THEN s.facade_data_last_collected
            ELSE s.ml_data_last_collected
        END AS last_collected,
        CASE WHEN q.phase IN ('core', 'secondary') THEN s.issue_pr_sum ELSE s.commit_sum END AS size
    FROM augur_operations.collection_status s
    CROSS JOIN (SELECT unnest('{core,secondary,facade,ml}'::text[]) AS phase) AS q
) AS p
JOIN augur_data.repo r ON r.repo_id = p.repo_id;
COMMENT ON VIEW augur_operations.collection_wait IS 'What collection_schedule must say, worked out from the tables that it follows';

CREATE TABLE augur_operations.collection_schedule (
    repo_id bigint NOT NULL REFERENCES augur_operations.collection_status (repo_id) ON DELETE CASCADE,
    phase text NOT NULL CHECK (phase IN ('core', 'secondary', 'facade', 'ml')),
    wait text NOT NULL CHECK (wait IN ('new', 'due', 'retry', 'running', 'held')),
    since timestamptz NOT NULL,
    turn smallint NOT NULL CHECK (turn BETWEEN 0 AND 63),
    fresh boolean NOT NULL,
    size bigint NOT NULL,
    platform text NOT NULL,
    repo_group_id bigint NOT NULL,
    user_group_id bigint NOT NULL,
    PRIMARY KEY (repo_id, phase)
);
CREATE INDEX collection_schedule_order ON augur_operations.collection_schedule (phase, wait, platform, turn, since, repo_id)
    WHERE wait IN ('new', 'due', 'retry');
CREATE INDEX collection_schedule_share ON augur_operations.collection_schedule (phase, wait, platform, user_group_id, repo_group_id, since, repo_id)
    WHERE wait IN ('new', 'due', 'retry');
CREATE INDEX collection_schedule_large ON augur_operations.collection_schedule (phase, wait, platform, since, repo_id)
    WHERE size >= 10000 AND wait IN ('new', 'due', 'retry');
CREATE INDEX collection_schedule_running ON augur_operations.collection_schedule (phase, fresh, user_group_id, repo_group_id)
    WHERE wait = 'running';
COMMENT ON TABLE augur_operations.collection_schedule IS 'What each phase of each repository waits for, as the monitor looks it up; triggers keep it in step with collection_status';
COMMENT ON COLUMN augur_operations.collection_schedule.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.collection_schedule.phase IS 'The phase';
COMMENT ON COLUMN augur_operations.collection_schedule.wait IS 'new (to be collected for the first time, or set so by hand), due (when its interval is over), retry (when its back-off is over), running, or held (never started: ignored by hand, or secondary before core)';
COMMENT ON COLUMN augur_operations.collection_schedule.since IS 'new: when the repository was added; due: when it was last collected; retry: when it may be tried again';
COMMENT ON COLUMN augur_operations.collection_schedule.turn IS 'Which 64th of the jitter it has while it is due; otherwise 0';
COMMENT ON COLUMN augur_operations.collection_schedule.fresh IS 'True until the phase is collected for the first time';
COMMENT ON COLUMN augur_operations.collection_schedule.size IS 'Commits (facade, ml), or issues and pull requests (core, secondary); 0 while unknown';
COMMENT ON COLUMN augur_operations.collection_schedule.platform IS 'github, gitlab or git';
COMMENT ON COLUMN augur_operations.collection_schedule.repo_group_id IS 'The repository''s group, which has a fair share inside its user group';
COMMENT ON COLUMN augur_operations.collection_schedule.user_group_id IS 'The user group whose share pays for it; 0 for none';

-- The plans of functions stay in a session for long: those that touch many rows must not be those of a day when the tables were small.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.schedule_new() RETURNS trigger LANGUAGE plpgsql
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
COMMENT ON FUNCTION augur_operations.schedule_new() IS 'Gives new rows of collection_status their rows in collection_schedule';

-- The next two run at both ends of every run, for one repository or for thousands. Their plans must do for both: rows before and after are joined by hash,
-- rows of the schedule are looked up by key. What changed is said again as collection_wait says it, because asking the view takes twice as long.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.record_collection_event() RETURNS trigger LANGUAGE plpgsql
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
DROP TRIGGER record_collection_event ON augur_operations.collection_status;
CREATE TRIGGER record_collection_event AFTER UPDATE ON augur_operations.collection_status
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.record_collection_event();

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
    SELECT array_agg(n.repo_id), array_agg(p.phase), array_agg(p.status),
        array_agg(n.core_status), array_agg(p.last_collected), array_agg(coalesce(p.size, 0))
    INTO repos, phases, statuses, core_statuses, collected, sizes
    FROM before o
    JOIN changed n ON n.repo_id = o.repo_id
    CROSS JOIN LATERAL (
        SELECT 'core'::text AS phase, n.core_status AS status, n.core_data_last_collected AS last_collected, n.issue_pr_sum AS size
        WHERE (o.core_status, o.core_data_last_collected, o.issue_pr_sum) IS DISTINCT FROM (n.core_status, n.core_data_last_collected, n.issue_pr_sum)
        UNION ALL
        SELECT 'secondary'::text, n.secondary_status, n.secondary_data_last_collected, n.issue_pr_sum
        WHERE (o.secondary_status, o.secondary_data_last_collected, o.issue_pr_sum, o.core_status = 'Pending')
            IS DISTINCT FROM (n.secondary_status, n.secondary_data_last_collected, n.issue_pr_sum, n.core_status = 'Pending')
        UNION ALL
        SELECT 'facade'::text, n.facade_status, n.facade_data_last_collected, n.commit_sum
        WHERE (o.facade_status, o.facade_data_last_collected, o.commit_sum) IS DISTINCT FROM (n.facade_status, n.facade_data_last_collected, n.commit_sum)
        UNION ALL
        SELECT 'ml'::text, n.ml_status, n.ml_data_last_collected, n.commit_sum
        WHERE (o.ml_status, o.ml_data_last_collected, o.commit_sum) IS DISTINCT FROM (n.ml_status, n.ml_data_last_collected, n.commit_sum)
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
CREATE FUNCTION augur_operations.schedule_backed_off() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    b augur_operations.collection_backoff := coalesce(new, old);
BEGIN
    UPDATE augur_operations.collection_schedule s
    SET wait = w.wait, since = w.since
    FROM augur_operations.collection_wait w
    WHERE w.repo_id = b.repo_id AND w.phase = b.phase AND s.repo_id = b.repo_id AND s.phase = b.phase AND (s.wait, s.since) <> (w.wait, w.since);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.schedule_backed_off() IS 'Keeps collection_schedule in step with collection_backoff';

-- +goose StatementBegin
CREATE FUNCTION augur_operations.schedule_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE augur_operations.collection_schedule s
    SET platform = augur_operations.collection_platform(new.repo_git), repo_group_id = new.repo_group_id
    WHERE s.repo_id = new.repo_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.schedule_moved() IS 'Follows a repository whose group or URL changes';

-- +goose StatementBegin
CREATE FUNCTION augur_operations.schedule_listed() RETURNS trigger LANGUAGE plpgsql
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
COMMENT ON FUNCTION augur_operations.schedule_listed() IS 'Follows repositories that users put into their groups or take out';

INSERT INTO augur_operations.collection_schedule (repo_id, phase, wait, since, turn, fresh, size, platform, repo_group_id, user_group_id)
SELECT w.repo_id, w.phase, w.wait, w.since, w.turn, w.fresh, w.size, w.platform, w.repo_group_id, w.user_group_id
FROM augur_operations.collection_wait w;

CREATE TRIGGER schedule_new AFTER INSERT ON augur_operations.collection_status
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.schedule_new();
CREATE TRIGGER schedule_changed AFTER UPDATE ON augur_operations.collection_status
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.schedule_changed();
CREATE TRIGGER schedule_backed_off AFTER INSERT OR UPDATE OR DELETE ON augur_operations.collection_backoff
    FOR EACH ROW EXECUTE FUNCTION augur_operations.schedule_backed_off();
CREATE TRIGGER schedule_moved AFTER UPDATE OF repo_group_id, repo_git ON augur_data.repo
    FOR EACH ROW WHEN (old.repo_group_id <> new.repo_group_id OR old.repo_git <> new.repo_git)
    EXECUTE FUNCTION augur_operations.schedule_moved();
CREATE TRIGGER schedule_listed AFTER INSERT ON augur_operations.user_repos
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.schedule_listed();
CREATE TRIGGER schedule_relisted AFTER UPDATE ON augur_operations.user_repos
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.schedule_listed();
CREATE TRIGGER schedule_unlisted AFTER DELETE ON augur_operations.user_repos
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.schedule_listed();

-- +goose Down
DROP TRIGGER record_collection_event ON augur_operations.collection_status;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.record_collection_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    who text := coalesce(nullif(current_setting('augur.who', true), ''), nullif(current_setting('application_name', true), ''), session_user);
    why text := nullif(current_setting('augur.why', true), '');
BEGIN
    IF old.core_status IS DISTINCT FROM new.core_status THEN
        INSERT INTO augur_operations.collection_event (repo_id, phase, from_status, to_status, who, why, task_id)
        VALUES (new.repo_id, 'core', old.core_status, new.core_status, who, why, coalesce(new.core_task_id, old.core_task_id));
    END IF;
    IF old.secondary_status IS DISTINCT FROM new.secondary_status THEN
        INSERT INTO augur_operations.collection_event (repo_id, phase, from_status, to_status, who, why, task_id)
        VALUES (new.repo_id, 'secondary', old.secondary_status, new.secondary_status, who, why, coalesce(new.secondary_task_id, old.secondary_task_id));
    END IF;
    IF old.facade_status IS DISTINCT FROM new.facade_status THEN
        INSERT INTO augur_operations.collection_event (repo_id, phase, from_status, to_status, who, why, task_id)
        VALUES (new.repo_id, 'facade', old.facade_status, new.facade_status, who, why, coalesce(new.facade_task_id, old.facade_task_id));
    END IF;
    IF old.ml_status IS DISTINCT FROM new.ml_status THEN
        INSERT INTO augur_operations.collection_event (repo_id, phase, from_status, to_status, who, why, task_id)
        VALUES (new.repo_id, 'ml', old.ml_status, new.ml_status, who, why, coalesce(new.ml_task_id, old.ml_task_id));
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER record_collection_event
    AFTER UPDATE ON augur_operations.collection_status
    FOR EACH ROW EXECUTE FUNCTION augur_operations.record_collection_event();

DROP TRIGGER schedule_unlisted ON augur_operations.user_repos;
DROP TRIGGER schedule_relisted ON augur_operations.user_repos;
DROP TRIGGER schedule_listed ON augur_operations.user_repos;
DROP TRIGGER schedule_moved ON augur_data.repo;
DROP TRIGGER schedule_backed_off ON augur_operations.collection_backoff;
DROP TRIGGER schedule_changed ON augur_operations.collection_status;
DROP TRIGGER schedule_new ON augur_operations.collection_status;
DROP FUNCTION augur_operations.schedule_listed();
DROP FUNCTION augur_operations.schedule_moved();
DROP FUNCTION augur_operations.schedule_backed_off();
DROP FUNCTION augur_operations.schedule_changed();
DROP FUNCTION augur_operations.schedule_new();
DROP TABLE augur_operations.collection_schedule;
DROP VIEW augur_operations.collection_wait;
DROP FUNCTION augur_operations.collection_waits_since(bigint, text, text);
DROP FUNCTION augur_operations.collection_waits_for(text, text, text);
DROP FUNCTION augur_operations.collection_user_group(bigint);
DROP FUNCTION augur_operations.collection_platform(text);
DROP FUNCTION augur_operations.collection_jitter(bigint, text);
DROP INDEX augur_operations.user_repos_repo;

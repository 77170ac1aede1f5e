-- Who wrote a commit: the e-mails of commits, what a .mailmap makes of them, and what changed about people since commits were attributed. And the
-- upkeep of the caches of repository groups.

-- +goose Up
ALTER TABLE augur_operations.git_history
    ADD COLUMN mailmap text,
    ADD COLUMN attributed boolean NOT NULL DEFAULT false,
    ADD COLUMN cached boolean NOT NULL DEFAULT false,
    ADD COLUMN reattributed bigint NOT NULL DEFAULT 0;
CREATE INDEX git_history_unsettled ON augur_operations.git_history (repo_id) WHERE NOT attributed OR NOT cached;
COMMENT ON COLUMN augur_operations.git_history.mailmap IS 'Blob of the .mailmap that commit_identity was made with; NULL when there was none';
COMMENT ON COLUMN augur_operations.git_history.attributed IS 'True when every stored commit was attributed at least once: canonical e-mail, contributor, affiliation';
COMMENT ON COLUMN augur_operations.git_history.cached IS 'True while the dm_* tables are the sums of all stored commits; false once the rules of the sums (exclude, settings) are others';

COMMENT ON COLUMN augur_operations.git_history.reattributed IS 'How often stored commits were attributed, or summed up, anew: a run that stores commits meanwhile must not rely on what it remembers of the sums';

CREATE TABLE augur_operations.commit_email (
    email text PRIMARY KEY,
    name text NOT NULL,
    repo_id bigint REFERENCES augur_data.repo (repo_id) ON DELETE SET NULL,
    commit_hash text NOT NULL,
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'resolved', 'unknown')),
    asked_at timestamptz,
    cntrb_id uuid REFERENCES augur_data.contributors (cntrb_id) ON UPDATE CASCADE ON DELETE SET NULL,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX commit_email_new ON augur_operations.commit_email (repo_id, email) WHERE state = 'new';
CREATE INDEX commit_email_cntrb ON augur_operations.commit_email (cntrb_id);
COMMENT ON TABLE augur_operations.commit_email IS 'Every e-mail of commits, and whether its account was found. Platforms look for rows that are new';
COMMENT ON COLUMN augur_operations.commit_email.email IS 'E-mail of an author or committer, as in git; never empty';
COMMENT ON COLUMN augur_operations.commit_email.name IS 'A name that it was used with, as .mailmap has it';
COMMENT ON COLUMN augur_operations.commit_email.repo_id IS 'The repository of commit_hash: the first one that used it, or the first one on GitHub; NULL when that one is gone';
COMMENT ON COLUMN augur_operations.commit_email.commit_hash IS 'A commit whose author or committer has the e-mail, to ask the platform about';
COMMENT ON COLUMN augur_operations.commit_email.state IS 'new: nobody was asked yet; resolved: see cntrb_id; unknown: the platform knows no account';
COMMENT ON COLUMN augur_operations.commit_email.asked_at IS 'When the platform was last asked';
COMMENT ON COLUMN augur_operations.commit_email.cntrb_id IS 'The contributor that was found. What counts for commits is contributors_aliases';
COMMENT ON COLUMN augur_operations.commit_email.noticed_at IS 'When it was first seen';

CREATE TABLE augur_operations.commit_identity (
    repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE,
    email text NOT NULL,
    name text NOT NULL,
    mapped_email text NOT NULL,
    mapped_name text NOT NULL,
    PRIMARY KEY (repo_id, email, name)
);
CREATE INDEX commit_identity_email ON augur_operations.commit_identity (email);
CREATE INDEX commit_identity_mapped ON augur_operations.commit_identity (mapped_email);
COMMENT ON TABLE augur_operations.commit_identity IS 'What the .mailmap of a repository makes of the names and e-mails of its commits; only those that it changes';
COMMENT ON COLUMN augur_operations.commit_identity.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.commit_identity.email IS 'E-mail as in git (cmt_author_raw_email, cmt_committer_raw_email)';
COMMENT ON COLUMN augur_operations.commit_identity.name IS 'Name as in git (cmt_author_name, cmt_committer_name)';
COMMENT ON COLUMN augur_operations.commit_identity.mapped_email IS 'E-mail that the .mailmap names instead';
COMMENT ON COLUMN augur_operations.commit_identity.mapped_name IS 'Name that the .mailmap names instead';

CREATE TABLE augur_operations.people_change (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('alias', 'contributor', 'affiliation', 'group', 'repo')),
    key text NOT NULL,
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE augur_operations.people_change IS 'What changed about people since commits were last attributed: written by triggers, taken off when the commits are attributed anew';
COMMENT ON COLUMN augur_operations.people_change.change_id IS 'Order of the changes';
COMMENT ON COLUMN augur_operations.people_change.kind IS 'alias: key is an e-mail whose alias or .mailmap entry changed; contributor: the canonical e-mail of a contributor; affiliation: a domain or e-mail of contributor_affiliations; group, repo: the id of a repository group (0: all) or repository whose sums follow other rules';
COMMENT ON COLUMN augur_operations.people_change.key IS 'What changed, see kind';
COMMENT ON COLUMN augur_operations.people_change.noticed_at IS 'When it changed';

-- What is unresolved, as programs for Augur know it: the e-mails of commits without an account.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.unresolved_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO augur_data.unresolved_commit_emails (email, name, tool_source, data_source)
        SELECT n.email, n.name, 'Facade', 'git'
        FROM changed n
        WHERE n.state <> 'resolved'
        ORDER BY n.email
        ON CONFLICT (email) DO NOTHING;
        DELETE FROM augur_data.unresolved_commit_emails u
        USING changed n
        WHERE u.email = n.email AND n.state = 'resolved';
    ELSE
        DELETE FROM augur_data.unresolved_commit_emails u
        USING changed o
        WHERE u.email = o.email;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.unresolved_follows() IS 'Keeps unresolved_commit_emails in step with commit_email';
CREATE TRIGGER unresolved_new AFTER INSERT ON augur_operations.commit_email
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.unresolved_follows();
CREATE TRIGGER unresolved_changed AFTER UPDATE ON augur_operations.commit_email
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.unresolved_follows();
CREATE TRIGGER unresolved_gone AFTER DELETE ON augur_operations.commit_email
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.unresolved_follows();

-- Changes of people.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.note_alias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (old.alias_email, old.canonical_email, old.cntrb_active, old.cntrb_id)
        IS NOT DISTINCT FROM (new.alias_email, new.canonical_email, new.cntrb_active, new.cntrb_id) THEN
        RETURN NULL;
    END IF;
    INSERT INTO augur_operations.people_change (kind, key)
    SELECT DISTINCT 'alias', e.email
    FROM (SELECT unnest(CASE TG_OP WHEN 'INSERT' THEN ARRAY[new.alias_email] WHEN 'DELETE' THEN ARRAY[old.alias_email] ELSE ARRAY[old.alias_email, new.alias_email] END) AS email) AS e
    WHERE e.email <> '';
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.note_alias() IS 'Notes that commits with an e-mail have to be attributed anew';
CREATE TRIGGER note_alias AFTER INSERT OR UPDATE OR DELETE ON augur_data.contributors_aliases
    FOR EACH ROW EXECUTE FUNCTION augur_operations.note_alias();

-- +goose StatementBegin
CREATE FUNCTION augur_operations.note_contributor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO augur_operations.people_change (kind, key) VALUES ('contributor', new.cntrb_canonical);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.note_contributor() IS 'Notes that an e-mail may belong to a contributor now';
CREATE TRIGGER note_contributor AFTER INSERT ON augur_data.contributors
    FOR EACH ROW WHEN (new.cntrb_canonical <> '') EXECUTE FUNCTION augur_operations.note_contributor();
CREATE TRIGGER note_canonical AFTER UPDATE OF cntrb_canonical ON augur_data.contributors
    FOR EACH ROW WHEN (new.cntrb_canonical <> '' AND new.cntrb_canonical IS DISTINCT FROM old.cntrb_canonical)
    EXECUTE FUNCTION augur_operations.note_contributor();

-- +goose StatementBegin
CREATE FUNCTION augur_operations.note_affiliation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (old.ca_domain, old.ca_start_date, old.ca_affiliation, old.ca_active)
        IS NOT DISTINCT FROM (new.ca_domain, new.ca_start_date, new.ca_affiliation, new.ca_active) THEN
        RETURN NULL;
    END IF;
    INSERT INTO augur_operations.people_change (kind, key)
    SELECT DISTINCT 'affiliation', lower(e.domain COLLATE "C")
    FROM (SELECT unnest(CASE TG_OP WHEN 'INSERT' THEN ARRAY[new.ca_domain] WHEN 'DELETE' THEN ARRAY[old.ca_domain] ELSE ARRAY[old.ca_domain, new.ca_domain] END) AS domain) AS e;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.note_affiliation() IS 'Notes that commits with e-mails of a domain have to be attributed anew';
CREATE TRIGGER note_affiliation AFTER INSERT OR UPDATE OR DELETE ON augur_data.contributor_affiliations
    FOR EACH ROW EXECUTE FUNCTION augur_operations.note_affiliation();

-- What the sums leave out, and what they are taken over.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.note_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'settings' THEN
        INSERT INTO augur_operations.people_change (kind, key) VALUES ('group', '0');
    ELSE
        INSERT INTO augur_operations.people_change (kind, key) SELECT DISTINCT 'group', e.projects_id::text FROM changed e;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.note_rules() IS 'Notes that the sums of a repository group, or of all, follow other rules now';
CREATE TRIGGER note_excluded AFTER INSERT ON augur_data.exclude
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.note_rules();
CREATE TRIGGER note_included AFTER DELETE ON augur_data.exclude
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.note_rules();
CREATE TRIGGER note_excluded_before AFTER UPDATE ON augur_data.exclude
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.note_rules();
CREATE TRIGGER note_excluded_after AFTER UPDATE ON augur_data.exclude
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.note_rules();
CREATE TRIGGER note_report AFTER UPDATE ON augur_data.settings
    FOR EACH ROW WHEN (new.setting IN ('report_date', 'report_attribution') AND new.value IS DISTINCT FROM old.value)
    EXECUTE FUNCTION augur_operations.note_rules();

CREATE FUNCTION augur_operations.left_out(group_id bigint, email text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT EXISTS (
        SELECT FROM augur_data.exclude e
        WHERE e.projects_id IN (0, group_id) AND (
            (e.email NOT IN ('', 'NULL') AND lower(e.email COLLATE "C") = lower(left_out.email COLLATE "C"))
            OR (e.domain NOT IN ('', 'NULL') AND '.' || lower(substring(left_out.email FROM '@([^@]+)$') COLLATE "C") LIKE '%.' || replace(replace(replace(lower(ltrim(e.domain, '@.') COLLATE "C"), '\', '\\'), '%', '\%'), '_', '\_'))
        )
    )
$$;
COMMENT ON FUNCTION augur_operations.left_out(bigint, text) IS 'Whether the dm_* tables leave out the commits of an e-mail in a repository group, because of exclude';

-- The rows of a group are the sums of the rows of its repositories, and follow them in the same transaction. Whoever changes rows takes the lock of
-- the group, groups in the order of their ids.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.add_to_group_annual(deltas augur_data.dm_repo_group_annual[]) RETURNS void LANGUAGE plpgsql
SET enable_mergejoin = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('augur group caches'), g.id::int)
    FROM (SELECT DISTINCT d.repo_group_id AS id FROM unnest(deltas) d ORDER BY 1) AS g;
    WITH changed AS (
        UPDATE augur_data.dm_repo_group_annual t
        SET added = t.added + d.added, removed = t.removed + d.removed, whitespace = t.whitespace + d.whitespace, files = t.files + d.files,
            patches = t.patches + d.patches, tool_version = d.tool_version, data_collection_date = d.data_collection_date
        FROM unnest(deltas) d
        WHERE t.repo_group_id = d.repo_group_id AND t.email = d.email AND t.affiliation = d.affiliation AND t.year = d.year
        RETURNING t.repo_group_id, t.email, t.affiliation, t.year
    )
    INSERT INTO augur_data.dm_repo_group_annual (repo_group_id, email, affiliation, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
    SELECT d.repo_group_id, d.email, d.affiliation, d.year, d.added, d.removed, d.whitespace, d.files, d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
    FROM unnest(deltas) d
    LEFT JOIN changed c ON (c.repo_group_id, c.email, c.affiliation, c.year) = (d.repo_group_id, d.email, d.affiliation, d.year)
    WHERE c.year IS NULL;
    IF EXISTS (SELECT FROM unnest(deltas) d WHERE d.patches < 0) THEN
        DELETE FROM augur_data.dm_repo_group_annual t
        USING unnest(deltas) d
        WHERE t.repo_group_id = d.repo_group_id AND t.email = d.email AND t.affiliation = d.affiliation AND t.year = d.year AND t.patches = 0;
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.add_to_group_annual(augur_data.dm_repo_group_annual[]) IS 'Adds to the rows of groups; keys must be unique';

-- +goose StatementBegin
CREATE FUNCTION augur_operations.group_annual_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas augur_data.dm_repo_group_annual[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_annual) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.year, sum(n.added)::bigint, sum(n.removed)::bigint, sum(n.whitespace)::bigint, sum(n.files)::bigint,
                sum(n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM inserted n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.year
        ) AS s;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_annual) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.year, -sum(n.added)::bigint, -sum(n.removed)::bigint, -sum(n.whitespace)::bigint, -sum(n.files)::bigint,
                -sum(n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM deleted n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.year
        ) AS s;
    ELSE
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_annual) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.year, sum(n.sign * n.added)::bigint, sum(n.sign * n.removed)::bigint, sum(n.sign * n.whitespace)::bigint,
                sum(n.sign * n.files)::bigint, sum(n.sign * n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM (
                SELECT 1 AS sign, i.repo_id, i.email, i.affiliation, i.year, i.added, i.removed, i.whitespace, i.files, i.patches, i.tool_source, i.tool_version,
                    i.data_source, i.data_collection_date
                FROM inserted i
                UNION ALL
                SELECT -1, o.repo_id, o.email, o.affiliation, o.year, o.added, o.removed, o.whitespace, o.files, o.patches, o.tool_source, o.tool_version,
                    o.data_source, o.data_collection_date
                FROM deleted o
            ) AS n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.year
        ) AS s;
    END IF;
    IF deltas IS NOT NULL THEN
        PERFORM augur_operations.add_to_group_annual(deltas);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.group_annual_follows() IS 'Keeps dm_repo_group_annual in step with dm_repo_annual';
CREATE TRIGGER group_follows_insert AFTER INSERT ON augur_data.dm_repo_annual
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_annual_follows();
CREATE TRIGGER group_follows_update AFTER UPDATE ON augur_data.dm_repo_annual
    REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_annual_follows();
CREATE TRIGGER group_follows_delete AFTER DELETE ON augur_data.dm_repo_annual
    REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_annual_follows();

-- +goose StatementBegin
CREATE FUNCTION augur_operations.add_to_group_monthly(deltas augur_data.dm_repo_group_monthly[]) RETURNS void LANGUAGE plpgsql
SET enable_mergejoin = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('augur group caches'), g.id::int)
    FROM (SELECT DISTINCT d.repo_group_id AS id FROM unnest(deltas) d ORDER BY 1) AS g;
    WITH changed AS (
        UPDATE augur_data.dm_repo_group_monthly t
        SET added = t.added + d.added, removed = t.removed + d.removed, whitespace = t.whitespace + d.whitespace, files = t.files + d.files,
            patches = t.patches + d.patches, tool_version = d.tool_version, data_collection_date = d.data_collection_date
        FROM unnest(deltas) d
        WHERE t.repo_group_id = d.repo_group_id AND t.email = d.email AND t.affiliation = d.affiliation AND t.year = d.year AND t.month = d.month
        RETURNING t.repo_group_id, t.email, t.affiliation, t.year, t.month
    )
    INSERT INTO augur_data.dm_repo_group_monthly (repo_group_id, email, affiliation, month, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
    SELECT d.repo_group_id, d.email, d.affiliation, d.month, d.year, d.added, d.removed, d.whitespace, d.files, d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
    FROM unnest(deltas) d
    LEFT JOIN changed c ON (c.repo_group_id, c.email, c.affiliation, c.year, c.month) = (d.repo_group_id, d.email, d.affiliation, d.year, d.month)
    WHERE c.year IS NULL;
    IF EXISTS (SELECT FROM unnest(deltas) d WHERE d.patches < 0) THEN
        DELETE FROM augur_data.dm_repo_group_monthly t
        USING unnest(deltas) d
        WHERE t.repo_group_id = d.repo_group_id AND t.email = d.email AND t.affiliation = d.affiliation AND t.year = d.year AND t.month = d.month AND t.patches = 0;
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.add_to_group_monthly(augur_data.dm_repo_group_monthly[]) IS 'Adds to the rows of groups; keys must be unique';

-- +goose StatementBegin
CREATE FUNCTION augur_operations.group_monthly_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas augur_data.dm_repo_group_monthly[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_monthly) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.month, n.year, sum(n.added)::bigint, sum(n.removed)::bigint, sum(n.whitespace)::bigint, sum(n.files)::bigint,
                sum(n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM inserted n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.month, n.year
        ) AS s;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_monthly) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.month, n.year, -sum(n.added)::bigint, -sum(n.removed)::bigint, -sum(n.whitespace)::bigint, -sum(n.files)::bigint,
                -sum(n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM deleted n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.month, n.year
        ) AS s;
    ELSE
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_monthly) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.month, n.year, sum(n.sign * n.added)::bigint, sum(n.sign * n.removed)::bigint, sum(n.sign * n.whitespace)::bigint,
                sum(n.sign * n.files)::bigint, sum(n.sign * n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM (
                SELECT 1 AS sign, i.repo_id, i.email, i.affiliation, i.month, i.year, i.added, i.removed, i.whitespace, i.files, i.patches, i.tool_source, i.tool_version,
                    i.data_source, i.data_collection_date
                FROM inserted i
                UNION ALL
                SELECT -1, o.repo_id, o.email, o.affiliation, o.month, o.year, o.added, o.removed, o.whitespace, o.files, o.patches, o.tool_source, o.tool_version,
                    o.data_source, o.data_collection_date
                FROM deleted o
            ) AS n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.month, n.year
        ) AS s;
    END IF;
    IF deltas IS NOT NULL THEN
        PERFORM augur_operations.add_to_group_monthly(deltas);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.group_monthly_follows() IS 'Keeps dm_repo_group_monthly in step with dm_repo_monthly';
CREATE TRIGGER group_follows_insert AFTER INSERT ON augur_data.dm_repo_monthly
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_monthly_follows();
CREATE TRIGGER group_follows_update AFTER UPDATE ON augur_data.dm_repo_monthly
    REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_monthly_follows();
CREATE TRIGGER group_follows_delete AFTER DELETE ON augur_data.dm_repo_monthly
    REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_monthly_follows();

-- +goose StatementBegin
CREATE FUNCTION augur_operations.add_to_group_weekly(deltas augur_data.dm_repo_group_weekly[]) RETURNS void LANGUAGE plpgsql
SET enable_mergejoin = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('augur group caches'), g.id::int)
    FROM (SELECT DISTINCT d.repo_group_id AS id FROM unnest(deltas) d ORDER BY 1) AS g;
    WITH changed AS (
        UPDATE augur_data.dm_repo_group_weekly t
        SET added = t.added + d.added, removed = t.removed + d.removed, whitespace = t.whitespace + d.whitespace, files = t.files + d.files,
            patches = t.patches + d.patches, tool_version = d.tool_version, data_collection_date = d.data_collection_date
        FROM unnest(deltas) d
        WHERE t.repo_group_id = d.repo_group_id AND t.email = d.email AND t.affiliation = d.affiliation AND t.year = d.year AND t.week = d.week
        RETURNING t.repo_group_id, t.email, t.affiliation, t.year, t.week
    )
    INSERT INTO augur_data.dm_repo_group_weekly (repo_group_id, email, affiliation, week, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
    SELECT d.repo_group_id, d.email, d.affiliation, d.week, d.year, d.added, d.removed, d.whitespace, d.files, d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
    FROM unnest(deltas) d
    LEFT JOIN changed c ON (c.repo_group_id, c.email, c.affiliation, c.year, c.week) = (d.repo_group_id, d.email, d.affiliation, d.year, d.week)
    WHERE c.year IS NULL;
    IF EXISTS (SELECT FROM unnest(deltas) d WHERE d.patches < 0) THEN
        DELETE FROM augur_data.dm_repo_group_weekly t
        USING unnest(deltas) d
        WHERE t.repo_group_id = d.repo_group_id AND t.email = d.email AND t.affiliation = d.affiliation AND t.year = d.year AND t.week = d.week AND t.patches = 0;
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.add_to_group_weekly(augur_data.dm_repo_group_weekly[]) IS 'Adds to the rows of groups; keys must be unique';

-- +goose StatementBegin
CREATE FUNCTION augur_operations.group_weekly_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    deltas augur_data.dm_repo_group_weekly[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_weekly) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.week, n.year, sum(n.added)::bigint, sum(n.removed)::bigint, sum(n.whitespace)::bigint, sum(n.files)::bigint,
                sum(n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM inserted n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.week, n.year
        ) AS s;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_weekly) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.week, n.year, -sum(n.added)::bigint, -sum(n.removed)::bigint, -sum(n.whitespace)::bigint, -sum(n.files)::bigint,
                -sum(n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM deleted n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.week, n.year
        ) AS s;
    ELSE
        SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_weekly) INTO deltas
        FROM (
            SELECT r.repo_group_id, n.email, n.affiliation, n.week, n.year, sum(n.sign * n.added)::bigint, sum(n.sign * n.removed)::bigint, sum(n.sign * n.whitespace)::bigint,
                sum(n.sign * n.files)::bigint, sum(n.sign * n.patches)::bigint, max(n.tool_source), max(n.tool_version), max(n.data_source), max(n.data_collection_date)
            FROM (
                SELECT 1 AS sign, i.repo_id, i.email, i.affiliation, i.week, i.year, i.added, i.removed, i.whitespace, i.files, i.patches, i.tool_source, i.tool_version,
                    i.data_source, i.data_collection_date
                FROM inserted i
                UNION ALL
                SELECT -1, o.repo_id, o.email, o.affiliation, o.week, o.year, o.added, o.removed, o.whitespace, o.files, o.patches, o.tool_source, o.tool_version,
                    o.data_source, o.data_collection_date
                FROM deleted o
            ) AS n
            JOIN augur_data.repo r ON r.repo_id = n.repo_id
            GROUP BY r.repo_group_id, n.email, n.affiliation, n.week, n.year
        ) AS s;
    END IF;
    IF deltas IS NOT NULL THEN
        PERFORM augur_operations.add_to_group_weekly(deltas);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.group_weekly_follows() IS 'Keeps dm_repo_group_weekly in step with dm_repo_weekly';
CREATE TRIGGER group_follows_insert AFTER INSERT ON augur_data.dm_repo_weekly
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_weekly_follows();
CREATE TRIGGER group_follows_update AFTER UPDATE ON augur_data.dm_repo_weekly
    REFERENCING OLD TABLE AS deleted NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_weekly_follows();
CREATE TRIGGER group_follows_delete AFTER DELETE ON augur_data.dm_repo_weekly
    REFERENCING OLD TABLE AS deleted FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.group_weekly_follows();

-- +goose StatementBegin
CREATE FUNCTION augur_operations.caches_follow_move() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    annuals augur_data.dm_repo_group_annual[];
    monthlys augur_data.dm_repo_group_monthly[];
    weeklys augur_data.dm_repo_group_weekly[];
BEGIN
    IF EXISTS (SELECT FROM augur_data.exclude e WHERE e.projects_id IN (old.repo_group_id, new.repo_group_id)) THEN
        INSERT INTO augur_operations.people_change (kind, key) VALUES ('repo', new.repo_id::text);
    END IF;
    SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_annual) INTO annuals
    FROM (
        SELECT CASE n.sign WHEN 1 THEN new.repo_group_id ELSE old.repo_group_id END, d.email, d.affiliation, d.year, n.sign * d.added, n.sign * d.removed,
            n.sign * d.whitespace, n.sign * d.files, n.sign * d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
        FROM augur_data.dm_repo_annual d
        CROSS JOIN (SELECT unnest('{-1,1}'::int[]) AS sign) AS n
        WHERE d.repo_id = new.repo_id
    ) AS s;
    IF annuals IS NOT NULL THEN
        PERFORM augur_operations.add_to_group_annual(annuals);
    END IF;
    SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_monthly) INTO monthlys
    FROM (
        SELECT CASE n.sign WHEN 1 THEN new.repo_group_id ELSE old.repo_group_id END, d.email, d.affiliation, d.month, d.year, n.sign * d.added, n.sign * d.removed,
            n.sign * d.whitespace, n.sign * d.files, n.sign * d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
        FROM augur_data.dm_repo_monthly d
        CROSS JOIN (SELECT unnest('{-1,1}'::int[]) AS sign) AS n
        WHERE d.repo_id = new.repo_id
    ) AS s;
    IF monthlys IS NOT NULL THEN
        PERFORM augur_operations.add_to_group_monthly(monthlys);
    END IF;
    SELECT array_agg(ROW(s.*)::augur_data.dm_repo_group_weekly) INTO weeklys
    FROM (
        SELECT CASE n.sign WHEN 1 THEN new.repo_group_id ELSE old.repo_group_id END, d.email, d.affiliation, d.week, d.year, n.sign * d.added, n.sign * d.removed,
            n.sign * d.whitespace, n.sign * d.files, n.sign * d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
        FROM augur_data.dm_repo_weekly d
        CROSS JOIN (SELECT unnest('{-1,1}'::int[]) AS sign) AS n
        WHERE d.repo_id = new.repo_id
    ) AS s;
    IF weeklys IS NOT NULL THEN
        PERFORM augur_operations.add_to_group_weekly(weeklys);
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION augur_operations.caches_follow_move() IS 'Moves the sums of a repository from one group to another with it';
CREATE TRIGGER caches_follow_move AFTER UPDATE OF repo_group_id ON augur_data.repo
    FOR EACH ROW WHEN (old.repo_group_id <> new.repo_group_id) EXECUTE FUNCTION augur_operations.caches_follow_move();

-- An address that a platform gave out to hide another says nothing about an organisation, least of all that the person works for the platform.
INSERT INTO augur_data.contributor_affiliations (ca_domain, ca_affiliation)
VALUES ('users.noreply.github.com', '(Unknown)'), ('users.noreply.gitlab.com', '(Unknown)')
ON CONFLICT (ca_domain) DO NOTHING;

-- What may stand there comes from a program that stopped filling these tables years ago. The first run over each repository fills them.
DELETE FROM augur_data.dm_repo_annual;
DELETE FROM augur_data.dm_repo_monthly;
DELETE FROM augur_data.dm_repo_weekly;
TRUNCATE augur_data.dm_repo_group_annual, augur_data.dm_repo_group_monthly, augur_data.dm_repo_group_weekly;

COMMENT ON TABLE augur_data.dm_repo_annual IS 'The commits of a repository, summed per e-mail, affiliation and year; without what exclude names';
COMMENT ON COLUMN augur_data.dm_repo_annual.repo_id IS 'The repository';
COMMENT ON COLUMN augur_data.dm_repo_annual.email IS 'Canonical e-mail of the author (of the committer, if report_attribution in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_annual.affiliation IS 'Affiliation of that e-mail at the time';
COMMENT ON COLUMN augur_data.dm_repo_annual.year IS 'Year of the committer date (of the author date, if report_date in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_annual.added IS 'Sum of cmt_added';
COMMENT ON COLUMN augur_data.dm_repo_annual.removed IS 'Sum of cmt_removed';
COMMENT ON COLUMN augur_data.dm_repo_annual.whitespace IS 'Sum of cmt_whitespace';
COMMENT ON COLUMN augur_data.dm_repo_annual.files IS 'Different files';
COMMENT ON COLUMN augur_data.dm_repo_annual.patches IS 'Commits';
COMMENT ON COLUMN augur_data.dm_repo_annual.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.dm_repo_annual.tool_version IS 'Version of that program';
COMMENT ON COLUMN augur_data.dm_repo_annual.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.dm_repo_annual.data_collection_date IS 'When the row was written, UTC';
COMMENT ON TABLE augur_data.dm_repo_monthly IS 'The commits of a repository, summed per e-mail, affiliation and month; without what exclude names';
COMMENT ON COLUMN augur_data.dm_repo_monthly.repo_id IS 'The repository';
COMMENT ON COLUMN augur_data.dm_repo_monthly.email IS 'Canonical e-mail of the author (of the committer, if report_attribution in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_monthly.affiliation IS 'Affiliation of that e-mail at the time';
COMMENT ON COLUMN augur_data.dm_repo_monthly.month IS 'Month of that date, 1 to 12';
COMMENT ON COLUMN augur_data.dm_repo_monthly.year IS 'Year of the committer date (of the author date, if report_date in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_monthly.added IS 'Sum of cmt_added';
COMMENT ON COLUMN augur_data.dm_repo_monthly.removed IS 'Sum of cmt_removed';
COMMENT ON COLUMN augur_data.dm_repo_monthly.whitespace IS 'Sum of cmt_whitespace';
COMMENT ON COLUMN augur_data.dm_repo_monthly.files IS 'Different files';
COMMENT ON COLUMN augur_data.dm_repo_monthly.patches IS 'Commits';
COMMENT ON COLUMN augur_data.dm_repo_monthly.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.dm_repo_monthly.tool_version IS 'Version of that program';
COMMENT ON COLUMN augur_data.dm_repo_monthly.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.dm_repo_monthly.data_collection_date IS 'When the row was written, UTC';
COMMENT ON TABLE augur_data.dm_repo_weekly IS 'The commits of a repository, summed per e-mail, affiliation and ISO week; without what exclude names';
COMMENT ON COLUMN augur_data.dm_repo_weekly.repo_id IS 'The repository';
COMMENT ON COLUMN augur_data.dm_repo_weekly.email IS 'Canonical e-mail of the author (of the committer, if report_attribution in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_weekly.affiliation IS 'Affiliation of that e-mail at the time';
COMMENT ON COLUMN augur_data.dm_repo_weekly.week IS 'ISO week of that date, 1 to 53';
COMMENT ON COLUMN augur_data.dm_repo_weekly.year IS 'ISO year of that week: the last days of December may belong to week 1 of the next year';
COMMENT ON COLUMN augur_data.dm_repo_weekly.added IS 'Sum of cmt_added';
COMMENT ON COLUMN augur_data.dm_repo_weekly.removed IS 'Sum of cmt_removed';
COMMENT ON COLUMN augur_data.dm_repo_weekly.whitespace IS 'Sum of cmt_whitespace';
COMMENT ON COLUMN augur_data.dm_repo_weekly.files IS 'Different files';
COMMENT ON COLUMN augur_data.dm_repo_weekly.patches IS 'Commits';
COMMENT ON COLUMN augur_data.dm_repo_weekly.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.dm_repo_weekly.tool_version IS 'Version of that program';
COMMENT ON COLUMN augur_data.dm_repo_weekly.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.dm_repo_weekly.data_collection_date IS 'When the row was written, UTC';
COMMENT ON TABLE augur_data.dm_repo_group_annual IS 'The sums of dm_repo_annual over the repositories of a group: a file or commit of two repositories counts in each';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.repo_group_id IS 'The repository group';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.email IS 'Canonical e-mail of the author (of the committer, if report_attribution in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.affiliation IS 'Affiliation of that e-mail at the time';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.year IS 'Year of the committer date (of the author date, if report_date in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.added IS 'Sum of cmt_added';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.removed IS 'Sum of cmt_removed';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.whitespace IS 'Sum of cmt_whitespace';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.files IS 'Different files, each repository for itself';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.patches IS 'Commits';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.tool_version IS 'Version of that program';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.dm_repo_group_annual.data_collection_date IS 'When the row was written, UTC';
COMMENT ON TABLE augur_data.dm_repo_group_monthly IS 'The sums of dm_repo_monthly over the repositories of a group: a file or commit of two repositories counts in each';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.repo_group_id IS 'The repository group';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.email IS 'Canonical e-mail of the author (of the committer, if report_attribution in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.affiliation IS 'Affiliation of that e-mail at the time';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.month IS 'Month of that date, 1 to 12';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.year IS 'Year of the committer date (of the author date, if report_date in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.added IS 'Sum of cmt_added';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.removed IS 'Sum of cmt_removed';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.whitespace IS 'Sum of cmt_whitespace';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.files IS 'Different files, each repository for itself';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.patches IS 'Commits';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.tool_version IS 'Version of that program';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.dm_repo_group_monthly.data_collection_date IS 'When the row was written, UTC';
COMMENT ON TABLE augur_data.dm_repo_group_weekly IS 'The sums of dm_repo_weekly over the repositories of a group: a file or commit of two repositories counts in each';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.repo_group_id IS 'The repository group';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.email IS 'Canonical e-mail of the author (of the committer, if report_attribution in settings says so)';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.affiliation IS 'Affiliation of that e-mail at the time';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.week IS 'ISO week of that date, 1 to 53';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.year IS 'ISO year of that week: the last days of December may belong to week 1 of the next year';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.added IS 'Sum of cmt_added';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.removed IS 'Sum of cmt_removed';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.whitespace IS 'Sum of cmt_whitespace';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.files IS 'Different files, each repository for itself';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.patches IS 'Commits';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.tool_source IS 'Program or task that wrote the row';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.tool_version IS 'Version of that program';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.data_source IS 'Where the data came from';
COMMENT ON COLUMN augur_data.dm_repo_group_weekly.data_collection_date IS 'When the row was written, UTC';
COMMENT ON COLUMN augur_data.exclude.id IS 'Row id';
COMMENT ON COLUMN augur_data.exclude.projects_id IS 'The repository group that it is left out of; 0: of all';
COMMENT ON COLUMN augur_data.exclude.email IS 'E-mail whose commits the dm_* tables leave out; NULL, empty or the text NULL for none';
COMMENT ON COLUMN augur_data.exclude.domain IS 'Domain whose e-mails, and those of its subdomains, are left out; NULL, empty or the text NULL for none';
COMMENT ON TABLE augur_data.exclude IS 'Whose commits the dm_* tables leave out';
COMMENT ON COLUMN augur_data.commits.cmt_author_email IS 'Canonical e-mail of the author: the raw one, through .mailmap, then through contributors_aliases.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_email IS 'Canonical e-mail of the committer: the raw one, through .mailmap, then through contributors_aliases.';
COMMENT ON COLUMN augur_data.commits.cmt_author_affiliation IS 'Organisation of the author at the time, from contributor_affiliations; (Academic) for .edu, (Unknown) when none is known.';
COMMENT ON COLUMN augur_data.commits.cmt_committer_affiliation IS 'Organisation of the committer at the time, as for the author.';
COMMENT ON COLUMN augur_data.commits.cmt_ght_committer_id IS 'Always NULL, as in Augur: an integer cannot hold a contributor. Join contributors_aliases on the committer''s e-mail instead.';

-- +goose Down
DROP TRIGGER caches_follow_move ON augur_data.repo;
DROP FUNCTION augur_operations.caches_follow_move();
DROP TRIGGER group_follows_insert ON augur_data.dm_repo_annual;
DROP TRIGGER group_follows_update ON augur_data.dm_repo_annual;
DROP TRIGGER group_follows_delete ON augur_data.dm_repo_annual;
DROP FUNCTION augur_operations.group_annual_follows();
DROP FUNCTION augur_operations.add_to_group_annual(augur_data.dm_repo_group_annual[]);
DROP TRIGGER group_follows_insert ON augur_data.dm_repo_monthly;
DROP TRIGGER group_follows_update ON augur_data.dm_repo_monthly;
DROP TRIGGER group_follows_delete ON augur_data.dm_repo_monthly;
DROP FUNCTION augur_operations.group_monthly_follows();
DROP FUNCTION augur_operations.add_to_group_monthly(augur_data.dm_repo_group_monthly[]);
DROP TRIGGER group_follows_insert ON augur_data.dm_repo_weekly;
DROP TRIGGER group_follows_update ON augur_data.dm_repo_weekly;
DROP TRIGGER group_follows_delete ON augur_data.dm_repo_weekly;
DROP FUNCTION augur_operations.group_weekly_follows();
DROP FUNCTION augur_operations.add_to_group_weekly(augur_data.dm_repo_group_weekly[]);
DROP TRIGGER note_report ON augur_data.settings;
DROP TRIGGER note_excluded_after ON augur_data.exclude;
DROP TRIGGER note_excluded_before ON augur_data.exclude;
DROP TRIGGER note_included ON augur_data.exclude;
DROP TRIGGER note_excluded ON augur_data.exclude;
DROP FUNCTION augur_operations.note_rules();
DROP FUNCTION augur_operations.left_out(bigint, text);
DROP TRIGGER note_affiliation ON augur_data.contributor_affiliations;
DROP FUNCTION augur_operations.note_affiliation();
DROP TRIGGER note_canonical ON augur_data.contributors;
DROP TRIGGER note_contributor ON augur_data.contributors;
DROP FUNCTION augur_operations.note_contributor();
DROP TRIGGER note_alias ON augur_data.contributors_aliases;
DROP FUNCTION augur_operations.note_alias();
DROP TABLE augur_operations.people_change;
DROP TABLE augur_operations.commit_identity;
DROP TABLE augur_operations.commit_email;
DROP FUNCTION augur_operations.unresolved_follows();
ALTER TABLE augur_operations.git_history DROP COLUMN mailmap, DROP COLUMN attributed, DROP COLUMN cached, DROP COLUMN reattributed;

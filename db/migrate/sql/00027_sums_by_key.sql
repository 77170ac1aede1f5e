-- A delta was added to the row of its group, e-mail, affiliation and date by a join, for which the planner took the index on affiliations whenever a table had just grown. The rows of one
-- affiliation, such as the unknown one, may be all of a group. With an index on the whole key, there is nothing to plan.

-- +goose Up
CREATE UNIQUE INDEX dm_repo_group_annual_key ON augur_data.dm_repo_group_annual (repo_group_id, email, affiliation, year);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.add_to_group_annual(deltas augur_data.dm_repo_group_annual[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    empty tid[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('augur group caches'), g.id::int)
    FROM (SELECT DISTINCT d.repo_group_id AS id FROM unnest(deltas) d ORDER BY 1) AS g;
    WITH changed AS (
        INSERT INTO augur_data.dm_repo_group_annual AS t (repo_group_id, email, affiliation, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
        SELECT d.repo_group_id, d.email, d.affiliation, d.year, d.added, d.removed, d.whitespace, d.files, d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
        FROM unnest(deltas) d
        ORDER BY d.repo_group_id, d.email, d.affiliation, d.year
        ON CONFLICT (repo_group_id, email, affiliation, year) DO UPDATE
        SET added = t.added + excluded.added, removed = t.removed + excluded.removed, whitespace = t.whitespace + excluded.whitespace, files = t.files + excluded.files,
            patches = t.patches + excluded.patches, tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date
        RETURNING t.ctid, t.patches
    )
    SELECT array_agg(c.ctid) INTO empty
    FROM changed c
    WHERE c.patches = 0;
    IF empty IS NOT NULL THEN
        DELETE FROM augur_data.dm_repo_group_annual WHERE ctid = ANY (empty);
    END IF;
END
$$;
-- +goose StatementEnd

CREATE UNIQUE INDEX dm_repo_group_monthly_key ON augur_data.dm_repo_group_monthly (repo_group_id, email, affiliation, year, month);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.add_to_group_monthly(deltas augur_data.dm_repo_group_monthly[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    empty tid[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('augur group caches'), g.id::int)
    FROM (SELECT DISTINCT d.repo_group_id AS id FROM unnest(deltas) d ORDER BY 1) AS g;
    WITH changed AS (
        INSERT INTO augur_data.dm_repo_group_monthly AS t (repo_group_id, email, affiliation, month, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
        SELECT d.repo_group_id, d.email, d.affiliation, d.month, d.year, d.added, d.removed, d.whitespace, d.files, d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
        FROM unnest(deltas) d
        ORDER BY d.repo_group_id, d.email, d.affiliation, d.year, d.month
        ON CONFLICT (repo_group_id, email, affiliation, year, month) DO UPDATE
        SET added = t.added + excluded.added, removed = t.removed + excluded.removed, whitespace = t.whitespace + excluded.whitespace, files = t.files + excluded.files,
            patches = t.patches + excluded.patches, tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date
        RETURNING t.ctid, t.patches
    )
    SELECT array_agg(c.ctid) INTO empty
    FROM changed c
    WHERE c.patches = 0;
    IF empty IS NOT NULL THEN
        DELETE FROM augur_data.dm_repo_group_monthly WHERE ctid = ANY (empty);
    END IF;
END
$$;
-- +goose StatementEnd

CREATE UNIQUE INDEX dm_repo_group_weekly_key ON augur_data.dm_repo_group_weekly (repo_group_id, email, affiliation, year, week);
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.add_to_group_weekly(deltas augur_data.dm_repo_group_weekly[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    empty tid[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('augur group caches'), g.id::int)
    FROM (SELECT DISTINCT d.repo_group_id AS id FROM unnest(deltas) d ORDER BY 1) AS g;
    WITH changed AS (
        INSERT INTO augur_data.dm_repo_group_weekly AS t (repo_group_id, email, affiliation, week, year, added, removed, whitespace, files, patches, tool_source, tool_version, data_source, data_collection_date)
        SELECT d.repo_group_id, d.email, d.affiliation, d.week, d.year, d.added, d.removed, d.whitespace, d.files, d.patches, d.tool_source, d.tool_version, d.data_source, d.data_collection_date
        FROM unnest(deltas) d
        ORDER BY d.repo_group_id, d.email, d.affiliation, d.year, d.week
        ON CONFLICT (repo_group_id, email, affiliation, year, week) DO UPDATE
        SET added = t.added + excluded.added, removed = t.removed + excluded.removed, whitespace = t.whitespace + excluded.whitespace, files = t.files + excluded.files,
            patches = t.patches + excluded.patches, tool_version = excluded.tool_version, data_collection_date = excluded.data_collection_date
        RETURNING t.ctid, t.patches
    )
    SELECT array_agg(c.ctid) INTO empty
    FROM changed c
    WHERE c.patches = 0;
    IF empty IS NOT NULL THEN
        DELETE FROM augur_data.dm_repo_group_weekly WHERE ctid = ANY (empty);
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.add_to_group_annual(deltas augur_data.dm_repo_group_annual[]) RETURNS void LANGUAGE plpgsql
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

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.add_to_group_monthly(deltas augur_data.dm_repo_group_monthly[]) RETURNS void LANGUAGE plpgsql
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

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION augur_operations.add_to_group_weekly(deltas augur_data.dm_repo_group_weekly[]) RETURNS void LANGUAGE plpgsql
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

DROP INDEX augur_data.dm_repo_group_annual_key;
DROP INDEX augur_data.dm_repo_group_monthly_key;
DROP INDEX augur_data.dm_repo_group_weekly_key;

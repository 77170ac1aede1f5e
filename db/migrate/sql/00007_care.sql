-- Care of the database: how fresh the materialized views are, how the clocks of the machines go, and how tables that change all the
-- time are vacuumed.

-- +goose Up
CREATE TABLE augur_operations.view_refresh (
    view text PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    seconds double precision,
    outcome text NOT NULL CHECK (outcome IN ('running', 'refreshed', 'unchanged', 'timeout', 'failed')),
    error text,
    current_to timestamptz,
    empty boolean,
    evidence text,
    CHECK ((outcome = 'running') = (finished_at IS NULL)),
    CHECK ((outcome IN ('timeout', 'failed')) = (error IS NOT NULL))
);
COMMENT ON TABLE augur_operations.view_refresh IS 'The last look at each materialized view: whether it was refreshed, and how that went';
COMMENT ON COLUMN augur_operations.view_refresh.view IS 'Schema and name of the view';
COMMENT ON COLUMN augur_operations.view_refresh.started_at IS 'When the last look began';
COMMENT ON COLUMN augur_operations.view_refresh.finished_at IS 'When it ended; NULL while it goes on, or when its process died';
COMMENT ON COLUMN augur_operations.view_refresh.seconds IS 'How long the last complete refresh took; NULL before the first';
COMMENT ON COLUMN augur_operations.view_refresh.outcome IS 'running, refreshed, unchanged (nothing to do), timeout or failed';
COMMENT ON COLUMN augur_operations.view_refresh.error IS 'What went wrong, and what a person can do; NULL unless timeout or failed';
COMMENT ON COLUMN augur_operations.view_refresh.current_to IS 'The view holds what was stored up to then; NULL before the first refresh';
COMMENT ON COLUMN augur_operations.view_refresh.empty IS 'Whether the view had no row after the last refresh: then it is looked at again soon';
COMMENT ON COLUMN augur_operations.view_refresh.evidence IS 'Digest of the counters of the tables below the view as the last refresh began; while it stays the same, nothing changed';

CREATE TABLE augur_operations.machine_clock (
    host text PRIMARY KEY,
    ahead_seconds double precision NOT NULL,
    measured_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE augur_operations.machine_clock IS 'How the clock of each machine with a backend or a worker differs from the database''s, which alone decides';
COMMENT ON COLUMN augur_operations.machine_clock.host IS 'The machine';
COMMENT ON COLUMN augur_operations.machine_clock.ahead_seconds IS 'Seconds that its clock is ahead of the database''s; negative when it is behind';
COMMENT ON COLUMN augur_operations.machine_clock.measured_at IS 'When that was measured, on the database''s clock';

-- Autovacuum waits by default until a fifth of a table is dead. For a queue that is too late: what is looked for is always at the same
-- end of an index, behind everything that was there before. So these tables are vacuumed after one or two hundredths.
--
-- fillfactor leaves room in each page for the next version of a row, so that an update that touches no indexed column needs no new
-- index entry, and the page cleans itself. It holds for pages written from now on.

-- Every job is inserted, fetched, finished and deleted within a day, and each of these steps changes an indexed column.
ALTER TABLE river.river_job SET (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 1000
);
-- One row for each repository, changed twice in each phase of each collection.
ALTER TABLE augur_operations.collection_status SET (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_analyze_scale_factor = 0.05
);
-- Changed with every page that a task saves.
ALTER TABLE augur_operations.collection_task SET (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000
);
-- A few rows, each changed every 3 s: one page, which cleans itself.
ALTER TABLE augur_operations.worker_lease SET (fillfactor = 30, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
-- The cursor of the facade phase: changed with every window of commits.
ALTER TABLE augur_operations.git_history SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- +goose Down
ALTER TABLE augur_operations.git_history RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE augur_operations.worker_lease RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE augur_operations.collection_task RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE augur_operations.collection_status RESET (
    fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor
);
ALTER TABLE river.river_job RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor, autovacuum_analyze_threshold
);
DROP TABLE augur_operations.machine_clock;
DROP TABLE augur_operations.view_refresh;

-- The schemas themselves, which migrate.Up makes before the first migration.
CREATE SCHEMA augur_data;
CREATE SCHEMA augur_operations;
CREATE SCHEMA spdx;

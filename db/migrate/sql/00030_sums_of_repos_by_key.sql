-- A window was added to the sums of its repository by a join, for which there are several plans, and some read all rows of the repository: when all plans were made anew before each window, some windows took 1.3 to 3.1 s
-- in place of .1. With an index on the whole key, there is nothing to plan. Two rows with one key, which this program does not write, would both have been added to; one stays.

-- +goose Up
DELETE FROM augur_data.dm_repo_annual d USING augur_data.dm_repo_annual k
WHERE (d.repo_id, d.email, d.affiliation, d.year) = (k.repo_id, k.email, k.affiliation, k.year) AND d.ctid > k.ctid;
CREATE UNIQUE INDEX dm_repo_annual_key ON augur_data.dm_repo_annual (repo_id, email, affiliation, year);
DELETE FROM augur_data.dm_repo_monthly d USING augur_data.dm_repo_monthly k
WHERE (d.repo_id, d.email, d.affiliation, d.year, d.month) = (k.repo_id, k.email, k.affiliation, k.year, k.month) AND d.ctid > k.ctid;
CREATE UNIQUE INDEX dm_repo_monthly_key ON augur_data.dm_repo_monthly (repo_id, email, affiliation, year, month);
DELETE FROM augur_data.dm_repo_weekly d USING augur_data.dm_repo_weekly k
WHERE (d.repo_id, d.email, d.affiliation, d.year, d.week) = (k.repo_id, k.email, k.affiliation, k.year, k.week) AND d.ctid > k.ctid;
CREATE UNIQUE INDEX dm_repo_weekly_key ON augur_data.dm_repo_weekly (repo_id, email, affiliation, year, week);

-- +goose Down
DROP INDEX augur_data.dm_repo_weekly_key;
DROP INDEX augur_data.dm_repo_monthly_key;
DROP INDEX augur_data.dm_repo_annual_key;

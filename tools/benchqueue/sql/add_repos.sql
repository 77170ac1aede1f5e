-- Adds repositories $1 to $2, in groups of a thousand. A status of Success comes with a date of last collection between $4 and $5 ago.
WITH numbers AS (
    SELECT n, clock_timestamp() AT TIME ZONE 'UTC' - ($4::interval + ($5::interval - $4::interval) * random()) AS collected
    FROM generate_series($1::bigint, $2::bigint) AS n
),
groups AS (
    INSERT INTO augur_data.repo_groups (repo_group_id, rg_name, rg_description)
    SELECT DISTINCT 1000 + n / 1000, 'group ' || n / 1000, '' FROM numbers
    ON CONFLICT DO NOTHING
),
added AS (
    INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git)
    SELECT n, 1000 + n / 1000, 'https://github.com/owner/repo' || n FROM numbers
)
INSERT INTO augur_operations.collection_status (
    repo_id, core_status, core_data_last_collected, secondary_status, secondary_data_last_collected, facade_status, facade_data_last_collected
)
SELECT n, $3::text, CASE WHEN $3 = 'Success' THEN collected END, $3, CASE WHEN $3 = 'Success' THEN collected END, $3, CASE WHEN $3 = 'Success' THEN collected END
FROM numbers;

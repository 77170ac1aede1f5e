-- An hour passes: budgets are whole again, and what waited for that comes.
WITH budgets AS (
    UPDATE augur_operations.api_budget SET reset_at = reset_at - interval '1 hour'
)
UPDATE river.river_job SET state = 'available', scheduled_at = clock_timestamp() WHERE state = 'scheduled'

-- A day passes: what was looked at is a day older.
WITH looks AS (
    UPDATE augur_operations.github_repo SET checked_at = checked_at - interval '1 day', answered_at = answered_at - interval '1 day'
),
asked AS (
    UPDATE augur_operations.github_user SET asked_at = asked_at - interval '1 day'
)
UPDATE augur_operations.github_cursor SET completed_at = completed_at - interval '1 day', whole_at = whole_at - interval '1 day'

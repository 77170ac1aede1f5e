-- Attempts that jobs used up beyond the first: those after an error. What is put off for want of budget uses none.
SELECT coalesce(sum(cardinality(errors)), 0)::bigint FROM river.river_job WHERE errors IS NOT NULL

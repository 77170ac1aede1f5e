-- Jobs that must get on before their worker dies once more: after a third death without a page in between they would be taken for the cause.
SELECT count(*)
FROM river.river_job
WHERE finalized_at IS NULL AND (metadata ->> 'deaths')::int >= 2

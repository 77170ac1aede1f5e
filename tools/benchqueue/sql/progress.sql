-- Tells how many runs are open, and how many ended in success.
SELECT count(*) FILTER (WHERE finished_at IS NULL), count(*) FILTER (WHERE outcome = 'Success') FROM augur_operations.collection_run;

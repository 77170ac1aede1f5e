-- Counts the runs that ended in success.
SELECT count(*) FROM augur_operations.collection_run WHERE outcome = 'Success';

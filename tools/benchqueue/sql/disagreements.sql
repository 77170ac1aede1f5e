-- Counts what must not be: statuses that disagree with the queue, and rows of the schedule that disagree with the statuses.
SELECT (SELECT count(*) FROM augur_operations.collection_violation)
    + (
        SELECT count(*)
        FROM augur_operations.collection_wait w
        FULL JOIN augur_operations.collection_schedule s ON s.repo_id = w.repo_id AND s.phase = w.phase
        WHERE (w.wait, w.since, w.turn, w.fresh, w.size) IS DISTINCT FROM (s.wait, s.since, s.turn, s.fresh, s.size)
    );

-- name: DropAllCommits :exec
-- DropAllCommits empties the tables of git history for all repositories at once.
TRUNCATE augur_data.commits, augur_data.commit_messages, augur_data.commit_parents, augur_data.commit_comment_ref;

-- name: ForgetHistories :exec
-- ForgetHistories forgets how far git histories are stored, and which commits left them.
TRUNCATE augur_operations.git_history, augur_operations.unreachable_commit;

-- name: ForgetBackOffs :exec
-- ForgetBackOffs forgets which phases ended without success.
DELETE FROM augur_operations.collection_backoff;

-- name: PendAll :execrows
-- PendAll makes every phase of every repository look as if it was never collected, and counts the repositories that this changed.
UPDATE augur_operations.collection_status
SET core_status = 'Pending', core_task_id = NULL, core_data_last_collected = NULL, event_last_collected = NULL,
    secondary_status = 'Pending', secondary_task_id = NULL, secondary_data_last_collected = NULL,
    facade_status = 'Pending', facade_task_id = NULL, facade_data_last_collected = NULL,
    ml_status = 'Pending', ml_task_id = NULL, ml_data_last_collected = NULL
WHERE (core_status, secondary_status, facade_status, ml_status) IS DISTINCT FROM ('Pending', 'Pending', 'Pending', 'Pending')
    OR num_nonnulls(
        core_task_id, core_data_last_collected, event_last_collected, secondary_task_id, secondary_data_last_collected,
        facade_task_id, facade_data_last_collected, ml_task_id, ml_data_last_collected
    ) > 0;

-- name: CountCollecting :one
-- CountCollecting counts phases of repositories that are Collecting.
SELECT count(*)
FROM augur_operations.collection_phase
WHERE status = 'Collecting';

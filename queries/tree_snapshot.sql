-- name: TreeSnapshot :one
-- TreeSnapshot reads the last look of a task at the files of a repository.
SELECT head, content, rules, digest, rows, skipped, note, taken_at, checked_at, (clock_timestamp() - checked_at)::interval AS age
FROM augur_operations.tree_snapshot
WHERE repo_id = @repo_id AND kind = @kind;

-- name: SnapshotTime :one
-- SnapshotTime is the one timestamp of all rows of a new snapshot, in the precision of the columns: later than that of any before it, of which the
-- rows may be there when the look is not.
SELECT greatest(
    date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC'),
    interval '1 second' + greatest(
        (SELECT s.taken_at FROM augur_operations.tree_snapshot s WHERE s.repo_id = @repo_id AND s.kind = @kind),
        (SELECT max(l.rl_analysis_date) FROM augur_data.repo_labor l WHERE l.repo_id = @repo_id AND @kind = 'git_labor'),
        (SELECT max(d.data_collection_date) FROM augur_data.repo_dependencies d WHERE d.repo_id = @repo_id AND @kind = 'git_dependencies'),
        (SELECT max(y.data_collection_date) FROM augur_data.repo_deps_libyear y WHERE y.repo_id = @repo_id AND @kind = 'git_libyear')
    )
)::timestamp(0) AS taken_at;

-- name: SaveTreeSnapshot :exec
-- SaveTreeSnapshot notes a look at the files of a repository.
INSERT INTO augur_operations.tree_snapshot (repo_id, kind, head, content, rules, digest, rows, skipped, note, taken_at, checked_at)
VALUES (@repo_id, @kind, @head, @content, @rules, @digest, @rows, @skipped, sqlc.narg('note')::text, sqlc.narg('taken_at')::timestamp, clock_timestamp())
ON CONFLICT (repo_id, kind) DO UPDATE
SET head = excluded.head, content = excluded.content, rules = excluded.rules, digest = excluded.digest, rows = excluded.rows, skipped = excluded.skipped,
    note = excluded.note, taken_at = excluded.taken_at, checked_at = excluded.checked_at;

-- name: SnapshotNotes :many
-- SnapshotNotes lists snapshots of files that are not whole, the newest first.
SELECT s.repo_id, r.repo_git, s.kind, s.skipped, s.note::text AS note, s.checked_at
FROM augur_operations.tree_snapshot s
JOIN augur_data.repo r ON r.repo_id = s.repo_id
WHERE s.note IS NOT NULL
ORDER BY s.checked_at DESC, s.repo_id, s.kind
LIMIT @max_rows;

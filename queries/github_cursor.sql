-- name: GithubCursor :one
-- GithubCursor reads how far a list of a repository is stored, what the repository looked like when it was last looked at, and the watermark of the lists
-- whose rows this one's belong to: the year 1 when one of them was never read to the end. Those may be about to be read by the core phase. Rows may be
-- waiting for what they belong to.
SELECT c.since, c.etag, c.mark, c.started_at, c.started_mark, coalesce(c.whole, false)::boolean AS whole, c.position, c.next,
    coalesce(c.rows_read, 0)::bigint AS rows_read, c.page_size, coalesce(c.unplaced, 0)::bigint AS unplaced, coalesce(c.scrubbed, 0)::bigint AS scrubbed,
    c.completed_at, c.whole_at, coalesce(c.timelines, false)::boolean AS timelines, coalesce(g.activity, '')::text AS activity,
    coalesce(g.pushed, '')::text AS pushed, coalesce(g.overall, '')::text AS overall,
    EXISTS (SELECT 1 FROM augur_operations.github_unplaced u WHERE u.repo_id = r.repo_id AND u.resource = @resource::text)::boolean AS waiting,
    coalesce(g.checked_at > n.started_at - @fresh::interval AND c.completed_at > clock_timestamp() - @idle::interval, false)::boolean AS may_skip,
    coalesce(@reconcile::interval > interval '0' AND c.whole_at < clock_timestamp() - @reconcile::interval, false)::boolean AS whole_due,
    (
        SELECT CASE WHEN count(p.since) = cardinality(@parents::text[]) THEN coalesce(min(p.since), '0001-01-01 UTC') ELSE '0001-01-01 UTC' END
        FROM augur_operations.github_cursor p
        WHERE p.repo_id = r.repo_id AND p.resource = ANY (@parents)
    )::timestamptz AS parents_since,
    (
        EXISTS (
            SELECT 1
            FROM augur_operations.collection_run o
            JOIN augur_operations.collection_task t ON t.run_id = o.run_id
            WHERE o.repo_id = r.repo_id AND o.phase = 'core' AND o.finished_at IS NULL AND t.kind = ANY (@parents) AND t.state IN ('waiting', 'queued')
        ) OR (c.since IS NULL AND coalesce(s.core_status = 'Pending', false))
    )::boolean AS parents_come
FROM augur_data.repo r
LEFT JOIN augur_operations.collection_status s ON s.repo_id = r.repo_id
LEFT JOIN augur_operations.github_cursor c ON c.repo_id = r.repo_id AND c.resource = @resource::text
LEFT JOIN augur_operations.github_repo g ON g.repo_id = r.repo_id
LEFT JOIN augur_operations.collection_run n ON n.run_id = @run_id::bigint
WHERE r.repo_id = @repo_id;

-- name: SaveGithubCursor :exec
-- SaveGithubCursor moves a cursor.
INSERT INTO augur_operations.github_cursor AS t (
    repo_id, resource, since, etag, mark, started_at, started_mark, whole, position, next, rows_read, page_size, unplaced, scrubbed, timelines
) VALUES (
    @repo_id, @resource, @since, @etag, @mark, @started_at, @started_mark, @whole, @position, @next, @rows_read, @page_size, @unplaced, @scrubbed,
    @timelines
)
ON CONFLICT (repo_id, resource) DO UPDATE
SET (since, etag, mark, started_at, started_mark, whole, position, next, rows_read, page_size, unplaced, scrubbed, timelines) = (
        excluded.since, excluded.etag, excluded.mark, excluded.started_at, excluded.started_mark, excluded.whole, excluded.position, excluded.next,
        excluded.rows_read, excluded.page_size, excluded.unplaced, excluded.scrubbed, excluded.timelines
    );

-- name: CompleteGithubCursor :exec
-- CompleteGithubCursor notes that a pass came to the end.
UPDATE augur_operations.github_cursor
SET completed_at = clock_timestamp(), whole_at = CASE WHEN @whole::boolean THEN clock_timestamp() ELSE whole_at END
WHERE repo_id = @repo_id AND resource = @resource;

-- name: SeeGithubItems :exec
-- SeeGithubItems notes what a whole pass has met.
INSERT INTO augur_operations.github_seen (repo_id, resource, src_id)
SELECT @repo_id::bigint, @resource::text, n.src_id
FROM (SELECT DISTINCT unnest(@src_ids::bigint[]) AS src_id) AS n
ORDER BY n.src_id
ON CONFLICT (repo_id, resource, src_id) DO NOTHING;

-- name: ForgetGithubItems :exec
-- ForgetGithubItems forgets what a whole pass has met.
DELETE FROM augur_operations.github_seen
WHERE repo_id = @repo_id AND resource = @resource;

-- name: RestartGithubCursors :exec
-- RestartGithubCursors makes every list of a repository be read from the beginning, and compared with what is stored.
WITH dropped AS (
    DELETE FROM augur_operations.github_unplaced u
    WHERE u.repo_id = @repo_id
)
UPDATE augur_operations.github_cursor c
SET since = NULL, etag = NULL, mark = NULL, started_at = NULL, started_mark = NULL, whole = false, position = NULL, next = NULL, rows_read = 0, whole_at = 'epoch'
WHERE c.repo_id = @repo_id;

-- name: WakeGithubTask :exec
-- WakeGithubTask makes a task of a repository that was put off come at once, in whichever phase it is, and tells the workers.
WITH woken AS (
    UPDATE river.river_job j
    SET state = 'available', scheduled_at = clock_timestamp()
    FROM augur_operations.collection_run c
    JOIN augur_operations.collection_task t ON t.run_id = c.run_id
    WHERE c.repo_id = @repo_id AND c.finished_at IS NULL AND t.kind = @kind AND t.state = 'queued' AND t.job_id = j.id AND j.state = 'scheduled'
    RETURNING j.queue
)
SELECT pg_notify('river.river_insert', jsonb_build_object('queue', w.queue)::text)
FROM woken w;

-- name: LockLedger :exec
-- LockLedger waits for the turn to change the ledger of a platform, until the end of the transaction. Should the process freeze in the middle of it,
-- the server ends the transaction before others give up waiting.
SELECT set_config('idle_in_transaction_session_timeout', '5s', true), pg_advisory_xact_lock(hashtext('augur api ledger ' || @platform::text));

-- name: StoredKeys :many
-- StoredKeys lists the keys of users for a platform.
SELECT o.oauth_id, o.access_token
FROM augur_operations.worker_oauth o
WHERE o.platform = @platform::text AND o.access_token <> ''
ORDER BY o.oauth_id;

-- name: RegisterKeys :exec
-- RegisterKeys makes keys known, each with an empty budget of every resource. One that is known is seen again.
WITH seen AS (
    SELECT DISTINCT ON (n.fingerprint) n.fingerprint, n.source
    FROM (SELECT unnest(@fingerprints::text[]) AS fingerprint, unnest(@sources::text[]) AS source) AS n
    ORDER BY n.fingerprint, n.source
),
registered AS (
    INSERT INTO augur_operations.api_key AS k (platform, fingerprint, source)
    SELECT @platform::text, s.fingerprint, s.source
    FROM seen s
    ORDER BY s.fingerprint
    ON CONFLICT (platform, fingerprint) DO UPDATE
    SET source = excluded.source, seen_at = clock_timestamp()
    WHERE k.source IS DISTINCT FROM excluded.source OR k.seen_at < clock_timestamp() - interval '1 hour'
)
INSERT INTO augur_operations.api_budget (platform, fingerprint, resource)
SELECT @platform, s.fingerprint, r.resource
FROM seen s
CROSS JOIN unnest(@resources::text[]) AS r (resource)
ORDER BY s.fingerprint, r.resource
ON CONFLICT (platform, fingerprint, resource) DO NOTHING;

-- name: NoteBudgets :exec
-- NoteBudgets takes over what answers said about budgets. Within a window the lowest number is the newest. A window that ends later than the one that
-- is known is a new one; an answer from a window that has ended comes late, and says nothing. Ends that differ by seconds are the same.
UPDATE augur_operations.api_budget b
SET points_limit = n.points_limit,
    remaining = CASE WHEN b.reset_at > clock_timestamp() AND n.reset_at <= b.reset_at + interval '10 s' THEN least(b.remaining, n.remaining) ELSE n.remaining END,
    reset_at = CASE WHEN b.reset_at > clock_timestamp() AND n.reset_at <= b.reset_at + interval '10 s' THEN greatest(b.reset_at, n.reset_at) ELSE n.reset_at END
FROM (
    SELECT a.fingerprint, a.resource, a.points_limit, a.remaining, clock_timestamp() + make_interval(secs => a.reset_in) AS reset_at
    FROM (
        SELECT unnest(@fingerprints::text[]) AS fingerprint, unnest(@resources::text[]) AS resource, unnest(@limits::int[]) AS points_limit,
            unnest(@remainings::int[]) AS remaining, unnest(@reset_ins::float8[]) AS reset_in
    ) AS a
) AS n
WHERE b.platform = @platform::text AND b.fingerprint = n.fingerprint AND b.resource = n.resource
    AND NOT coalesce(b.reset_at > clock_timestamp() + interval '10 s' AND n.reset_at <= clock_timestamp() + interval '5 s', false);

-- name: ExhaustBudget :exec
-- ExhaustBudget notes that a request was refused because nothing is left until a time from now; where the platform did not say until when (0), the window
-- that is known goes on, or one of a minute begins.
UPDATE augur_operations.api_budget b
SET remaining = least(b.remaining, 0),
    reset_at = CASE
        WHEN @reset_in::interval > interval '0' THEN clock_timestamp() + @reset_in
        ELSE greatest(b.reset_at, clock_timestamp() + interval '1 min')
    END
WHERE b.platform = @platform::text AND b.fingerprint = @fingerprint::text AND b.resource = @resource::text;

-- name: NoteUnanswered :exec
-- NoteUnanswered takes points off budgets for requests that may have been counted, although no answer came.
UPDATE augur_operations.api_budget b
SET remaining = b.remaining - n.points
FROM (SELECT unnest(@fingerprints::text[]) AS fingerprint, unnest(@resources::text[]) AS resource, unnest(@points::int[]) AS points) AS n
WHERE b.platform = @platform::text AND b.fingerprint = n.fingerprint AND b.resource = n.resource;

-- name: HoldLeases :exec
-- HoldLeases says what a process holds now, and that it lives.
INSERT INTO augur_operations.api_lease AS l (platform, fingerprint, resource, process, outstanding, expires_at)
SELECT @platform::text, n.fingerprint, n.resource, @process::text, n.outstanding, clock_timestamp() + @length::interval
FROM (SELECT unnest(@fingerprints::text[]) AS fingerprint, unnest(@resources::text[]) AS resource, unnest(@outstandings::int[]) AS outstanding) AS n
JOIN augur_operations.api_budget b ON b.platform = @platform AND b.fingerprint = n.fingerprint AND b.resource = n.resource
ORDER BY n.fingerprint, n.resource
ON CONFLICT (platform, fingerprint, resource, process) DO UPDATE
SET outstanding = excluded.outstanding, expires_at = excluded.expires_at;

-- name: EndLeases :exec
-- EndLeases removes the leases of which a process holds nothing more, and those of processes that died: what these held may have been used, so it is
-- taken off the budgets.
WITH gone AS (
    DELETE FROM augur_operations.api_lease l
    WHERE l.platform = @platform::text AND ((l.process = @process::text AND l.outstanding = 0) OR l.expires_at <= clock_timestamp())
    RETURNING l.fingerprint, l.resource, l.outstanding
),
lost AS (
    SELECT g.fingerprint, g.resource, sum(g.outstanding)::int AS points
    FROM gone g
    GROUP BY g.fingerprint, g.resource
)
UPDATE augur_operations.api_budget b
SET remaining = b.remaining - o.points
FROM lost o
WHERE b.platform = @platform AND b.fingerprint = o.fingerprint AND b.resource = o.resource AND o.points > 0;

-- name: Budgets :many
-- Budgets lists budgets with the state of their keys, the longest known key first.
SELECT k.fingerprint, k.source, coalesce(k.account, '')::text AS account, k.disabled_at, coalesce(k.disabled_reason, '')::text AS disabled_reason,
    k.blocked_until, k.strikes, b.resource, b.points_limit, b.remaining, b.reset_at,
    (
        SELECT coalesce(sum(l.outstanding), 0)
        FROM augur_operations.api_lease l
        WHERE l.platform = b.platform AND l.fingerprint = b.fingerprint AND l.resource = b.resource
    )::int AS outstanding,
    (
        SELECT count(DISTINCT l.process)
        FROM augur_operations.api_lease l
        WHERE l.platform = b.platform AND l.fingerprint = b.fingerprint
    )::int AS processes,
    clock_timestamp()::timestamptz AS now
FROM augur_operations.api_key k
JOIN augur_operations.api_budget b ON b.platform = k.platform AND b.fingerprint = k.fingerprint
WHERE k.platform = @platform::text AND k.fingerprint = ANY (@fingerprints::text[])
ORDER BY k.first_seen_at, k.fingerprint, b.resource;

-- name: RestKey :exec
-- RestKey lets a key rest that was used too fast: for the time that the platform asked for or, where it did not say (0), for a minute, which doubles with
-- every strike, up to an hour. Refusals that arrive while it rests already are of the same strike.
UPDATE augur_operations.api_key k
SET strikes = CASE WHEN k.blocked_until > clock_timestamp() THEN k.strikes ELSE k.strikes + 1 END,
    blocked_until = greatest(
        k.blocked_until,
        clock_timestamp() + CASE
            WHEN @asked::interval > interval '0' THEN @asked
            WHEN k.blocked_until > clock_timestamp() THEN interval '0'
            ELSE least(interval '1 h', interval '1 min' * power(2, least(k.strikes, 10)))
        END
    )
WHERE k.platform = @platform::text AND k.fingerprint = @fingerprint::text;

-- name: ForgiveKeys :exec
-- ForgiveKeys ends the strikes of keys that were used with success after their rest.
UPDATE augur_operations.api_key k
SET strikes = 0
WHERE k.platform = @platform::text AND k.fingerprint = ANY (@fingerprints::text[]) AND k.strikes > 0 AND k.blocked_until < clock_timestamp();

-- name: DisableKey :execrows
-- DisableKey notes that the platform does not accept a key; 0 when that was known.
UPDATE augur_operations.api_key k
SET disabled_at = clock_timestamp(), disabled_reason = @reason::text
WHERE k.platform = @platform::text AND k.fingerprint = @fingerprint::text AND (k.disabled_at IS NULL OR k.disabled_at < clock_timestamp() - interval '1 min');

-- name: AcceptKey :exec
-- AcceptKey notes that the platform accepts a key, and whose it is; an empty account leaves what is known.
UPDATE augur_operations.api_key k
SET disabled_at = NULL, disabled_reason = NULL, account = coalesce(nullif(@account::text, ''), k.account)
WHERE k.platform = @platform::text AND k.fingerprint = @fingerprint::text
    AND (k.disabled_at IS NOT NULL OR k.account IS DISTINCT FROM coalesce(nullif(@account, ''), k.account));

-- name: Pin :one
-- Pin is the key that a repository is pinned to.
SELECT p.fingerprint
FROM augur_operations.api_pin p
WHERE p.platform = @platform::text AND p.repo_id = @repo_id::bigint;

-- name: PinRepo :exec
-- PinRepo pins a repository to a key.
INSERT INTO augur_operations.api_pin AS p (platform, repo_id, fingerprint)
VALUES (@platform::text, @repo_id::bigint, @fingerprint::text)
ON CONFLICT (platform, repo_id) DO UPDATE
SET fingerprint = excluded.fingerprint, pinned_at = clock_timestamp()
WHERE p.fingerprint <> excluded.fingerprint;

-- name: NoteSpending :exec
-- NoteSpending adds requests to those of the hour.
INSERT INTO augur_operations.api_spending AS s (
    hour, platform, fingerprint, resource, kind, repo_id, job_id, requests, points, unchanged, failed
)
SELECT date_trunc('hour', clock_timestamp(), 'UTC'), @platform::text, n.fingerprint, n.resource, n.kind, n.repo_id, n.job_id,
    n.requests, n.points, n.unchanged, n.failed
FROM (
    SELECT unnest(@fingerprints::text[]) AS fingerprint, unnest(@resources::text[]) AS resource, unnest(@kinds::text[]) AS kind,
        unnest(@repo_ids::bigint[]) AS repo_id, unnest(@job_ids::bigint[]) AS job_id, unnest(@requests::bigint[]) AS requests,
        unnest(@points::bigint[]) AS points, unnest(@unchanged::bigint[]) AS unchanged, unnest(@failed::bigint[]) AS failed
) AS n
ORDER BY n.job_id, n.repo_id, n.kind, n.resource, n.fingerprint
ON CONFLICT (hour, platform, job_id, repo_id, kind, resource, fingerprint) DO UPDATE
SET requests = s.requests + excluded.requests, points = s.points + excluded.points,
    unchanged = s.unchanged + excluded.unchanged, failed = s.failed + excluded.failed;

-- name: SpendingByKind :many
-- SpendingByKind sums up requests since some time before now, by kind of task and resource, the most costly first.
SELECT s.kind, s.resource, sum(s.requests)::bigint AS requests, sum(s.points)::bigint AS points, sum(s.unchanged)::bigint AS unchanged,
    sum(s.failed)::bigint AS failed, count(DISTINCT s.repo_id) FILTER (WHERE s.repo_id <> 0)::bigint AS repos
FROM augur_operations.api_spending s
WHERE s.platform = @platform::text AND s.hour > clock_timestamp() - @period::interval
GROUP BY s.kind, s.resource
ORDER BY points DESC, requests DESC, s.kind, s.resource;

-- name: SpendingByRepo :many
-- SpendingByRepo sums up requests since some time before now, by repository and resource, the most costly repositories first.
SELECT s.repo_id, coalesce(r.repo_git, '')::text AS repo_git, sum(s.requests)::bigint AS requests,
    coalesce(sum(s.points) FILTER (WHERE s.resource = 'core'), 0)::bigint AS core_points,
    coalesce(sum(s.points) FILTER (WHERE s.resource = 'graphql'), 0)::bigint AS graphql_points,
    sum(s.points)::bigint AS points, sum(s.unchanged)::bigint AS unchanged, sum(s.failed)::bigint AS failed
FROM augur_operations.api_spending s
LEFT JOIN augur_data.repo r ON r.repo_id = s.repo_id
WHERE s.platform = @platform::text AND s.hour > clock_timestamp() - @period::interval AND s.repo_id <> 0
GROUP BY s.repo_id, r.repo_git
ORDER BY points DESC, requests DESC, s.repo_id
LIMIT @max_repos::int;

-- name: SpendingByKey :many
-- SpendingByKey sums up requests since some time before now, by key and resource.
SELECT s.fingerprint, s.resource, sum(s.requests)::bigint AS requests, sum(s.points)::bigint AS points, sum(s.unchanged)::bigint AS unchanged,
    sum(s.failed)::bigint AS failed
FROM augur_operations.api_spending s
WHERE s.platform = @platform::text AND s.hour > clock_timestamp() - @period::interval
GROUP BY s.fingerprint, s.resource
ORDER BY s.fingerprint, s.resource;

-- name: CollectionCost :one
-- CollectionCost is what the collection of one repository cost on average since some time before now, by resource.
SELECT coalesce(ceil(avg(c.core)), 0)::bigint AS core, coalesce(ceil(avg(c.graphql)), 0)::bigint AS graphql, count(*)::bigint AS repos
FROM (
    SELECT coalesce(sum(s.points) FILTER (WHERE s.resource = 'core'), 0) AS core, coalesce(sum(s.points) FILTER (WHERE s.resource = 'graphql'), 0) AS graphql
    FROM augur_operations.api_spending s
    WHERE s.platform = @platform::text AND s.hour > clock_timestamp() - @period::interval AND s.repo_id <> 0
    GROUP BY s.repo_id
) AS c;

-- name: KnownKeys :many
-- KnownKeys lists the fingerprints of all keys of a platform that were seen lately.
SELECT k.fingerprint
FROM augur_operations.api_key k
WHERE k.platform = @platform::text AND k.seen_at > clock_timestamp() - interval '1 day'
ORDER BY k.first_seen_at, k.fingerprint;

-- name: ForgetSpending :execrows
-- ForgetSpending removes some rows about requests that are older than the age.
DELETE FROM augur_operations.api_spending
WHERE ctid = ANY (ARRAY(
    SELECT s.ctid
    FROM augur_operations.api_spending s
    WHERE s.hour < clock_timestamp() - @age::interval
    ORDER BY s.hour
    LIMIT @max_rows::int
));

-- name: ForgetKeys :exec
-- ForgetKeys removes keys that nobody has seen for a month, with their budgets and pins.
DELETE FROM augur_operations.api_key WHERE seen_at < clock_timestamp() - interval '30 days';

-- name: RefusedKeys :many
-- RefusedKeys lists the keys in use that a platform does not accept, and how many of the platform are accepted.
SELECT k.platform, k.source, coalesce(k.disabled_reason, '')::text AS reason,
    (
        SELECT count(*)
        FROM augur_operations.api_key g
        WHERE g.platform = k.platform AND g.disabled_at IS NULL AND g.seen_at > clock_timestamp() - interval '1 day'
    )::bigint AS accepted
FROM augur_operations.api_key k
WHERE k.disabled_at IS NOT NULL AND k.seen_at > clock_timestamp() - interval '1 day'
ORDER BY k.platform, k.source, k.fingerprint;

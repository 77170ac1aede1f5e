-- The keys of foreign APIs, how much each may still be used, and who used it. All processes share these tables. The keys themselves are not in them: a
-- fingerprint stands for each.

-- +goose Up
CREATE TABLE augur_operations.api_key (
    platform text NOT NULL,
    fingerprint text NOT NULL,
    source text NOT NULL,
    account text,
    first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    disabled_at timestamptz,
    disabled_reason text,
    blocked_until timestamptz,
    strikes int NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, fingerprint),
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
COMMENT ON TABLE augur_operations.api_key IS 'The keys with which foreign APIs are asked; the keys themselves are in config and worker_oauth';
COMMENT ON COLUMN augur_operations.api_key.platform IS 'Whose API it is for: github';
COMMENT ON COLUMN augur_operations.api_key.fingerprint IS 'The beginning of a digest of the key: the same key has the same one, and it does not lead back to the key';
COMMENT ON COLUMN augur_operations.api_key.source IS 'Where the key is: a setting, a row of worker_oauth, or an installation of an App';
COMMENT ON COLUMN augur_operations.api_key.account IS 'The account that the key belongs to, by which the platform counts; NULL while it is not known';
COMMENT ON COLUMN augur_operations.api_key.first_seen_at IS 'When the key was first used';
COMMENT ON COLUMN augur_operations.api_key.seen_at IS 'When a process last found the key in its source, to the hour';
COMMENT ON COLUMN augur_operations.api_key.disabled_at IS 'When the platform refused the key; NULL while it is accepted. It is tried again after a day, and by augur github api-keys';
COMMENT ON COLUMN augur_operations.api_key.disabled_reason IS 'What the platform said';
COMMENT ON COLUMN augur_operations.api_key.blocked_until IS 'Until when the key rests because it was used too fast (a secondary limit); NULL or past: it does not';
COMMENT ON COLUMN augur_operations.api_key.strikes IS 'How often in a row it was used too fast; each doubles the rest where the platform gives no time';

CREATE TABLE augur_operations.api_budget (
    platform text NOT NULL,
    fingerprint text NOT NULL,
    resource text NOT NULL,
    points_limit int NOT NULL DEFAULT 0,
    remaining int NOT NULL DEFAULT 0,
    reset_at timestamptz,
    PRIMARY KEY (platform, fingerprint, resource),
    FOREIGN KEY (platform, fingerprint) REFERENCES augur_operations.api_key (platform, fingerprint) ON DELETE CASCADE
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE augur_operations.api_budget IS 'What each key has left of each of its hourly limits, as the last answers said';
COMMENT ON COLUMN augur_operations.api_budget.platform IS 'As in api_key';
COMMENT ON COLUMN augur_operations.api_budget.fingerprint IS 'As in api_key';
COMMENT ON COLUMN augur_operations.api_budget.resource IS 'What is limited: core, graphql or search';
COMMENT ON COLUMN augur_operations.api_budget.points_limit IS 'Points that the platform gives for one window';
COMMENT ON COLUMN augur_operations.api_budget.remaining IS 'Points left, before what processes have taken (api_lease); it says nothing when reset_at is past';
COMMENT ON COLUMN augur_operations.api_budget.reset_at IS 'When the window ends, on the database''s clock; NULL before the first answer';

CREATE TABLE augur_operations.api_lease (
    platform text NOT NULL,
    fingerprint text NOT NULL,
    resource text NOT NULL,
    process text NOT NULL,
    outstanding int NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (platform, fingerprint, resource, process),
    FOREIGN KEY (platform, fingerprint, resource) REFERENCES augur_operations.api_budget (platform, fingerprint, resource) ON DELETE CASCADE
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE augur_operations.api_lease IS 'Points that processes have taken from budgets and may use without asking again';
COMMENT ON COLUMN augur_operations.api_lease.platform IS 'As in api_budget';
COMMENT ON COLUMN augur_operations.api_lease.fingerprint IS 'As in api_budget';
COMMENT ON COLUMN augur_operations.api_lease.resource IS 'As in api_budget';
COMMENT ON COLUMN augur_operations.api_lease.process IS 'A random name of the process';
COMMENT ON COLUMN augur_operations.api_lease.outstanding IS 'Points that are taken and not accounted for';
COMMENT ON COLUMN augur_operations.api_lease.expires_at IS 'When the process is taken for dead, and the points for used';

CREATE TABLE augur_operations.api_pin (
    platform text NOT NULL,
    repo_id bigint NOT NULL,
    fingerprint text NOT NULL,
    pinned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (platform, repo_id),
    FOREIGN KEY (platform, fingerprint) REFERENCES augur_operations.api_key (platform, fingerprint) ON DELETE CASCADE
);
CREATE INDEX api_pin_key ON augur_operations.api_pin (platform, fingerprint);
COMMENT ON TABLE augur_operations.api_pin IS 'The key with which each repository is asked for: an ETag holds only for the key that got it';
COMMENT ON COLUMN augur_operations.api_pin.platform IS 'As in api_key';
COMMENT ON COLUMN augur_operations.api_pin.repo_id IS 'The repository';
COMMENT ON COLUMN augur_operations.api_pin.fingerprint IS 'As in api_key';
COMMENT ON COLUMN augur_operations.api_pin.pinned_at IS 'Since when it is this key';

CREATE TABLE augur_operations.api_spending (
    hour timestamptz NOT NULL,
    platform text NOT NULL,
    fingerprint text NOT NULL,
    resource text NOT NULL,
    kind text NOT NULL,
    repo_id bigint NOT NULL,
    job_id bigint NOT NULL,
    requests bigint NOT NULL,
    points bigint NOT NULL,
    unchanged bigint NOT NULL,
    failed bigint NOT NULL,
    PRIMARY KEY (hour, platform, job_id, repo_id, kind, resource, fingerprint)
);
COMMENT ON TABLE augur_operations.api_spending IS 'Requests to foreign APIs, by hour, key, kind of task, repository and job';
COMMENT ON COLUMN augur_operations.api_spending.hour IS 'The beginning of the hour, UTC';
COMMENT ON COLUMN augur_operations.api_spending.platform IS 'As in api_key';
COMMENT ON COLUMN augur_operations.api_spending.fingerprint IS 'As in api_key; the key may be gone';
COMMENT ON COLUMN augur_operations.api_spending.resource IS 'As in api_budget';
COMMENT ON COLUMN augur_operations.api_spending.kind IS 'The kind of the task, or what else asked';
COMMENT ON COLUMN augur_operations.api_spending.repo_id IS 'The repository; 0 for none';
COMMENT ON COLUMN augur_operations.api_spending.job_id IS 'The job; 0 for none';
COMMENT ON COLUMN augur_operations.api_spending.requests IS 'Requests made, those included that failed or cost nothing';
COMMENT ON COLUMN augur_operations.api_spending.points IS 'Points that they cost';
COMMENT ON COLUMN augur_operations.api_spending.unchanged IS 'Requests answered with: unchanged (304), which cost nothing';
COMMENT ON COLUMN augur_operations.api_spending.failed IS 'Requests without a usable answer: refused, or broken on the way';

-- +goose Down
DROP TABLE augur_operations.api_spending;
DROP TABLE augur_operations.api_pin;
DROP TABLE augur_operations.api_lease;
DROP TABLE augur_operations.api_budget;
DROP TABLE augur_operations.api_key;

-- Insights about the collection itself, which belong to no repository; what is unusual at the same time; messages about many repositories.

-- +goose Up
CREATE TABLE augur_operations.collection_day (
    metric text NOT NULL,
    field text NOT NULL,
    day date NOT NULL,
    value double precision,
    PRIMARY KEY (metric, field, day)
);
COMMENT ON TABLE augur_operations.collection_day IS 'What the collection did on each day that is over, in all repositories together. It stays when the runs behind it are forgotten';
COMMENT ON COLUMN augur_operations.collection_day.metric IS
    'collection-rows (records that collections read which were not the first of their repository), collection-errors (runs that ended as Error), collection-api-points (points of the budgets of APIs), collection-api-failures (requests without a usable answer)';
COMMENT ON COLUMN augur_operations.collection_day.field IS 'The kind of task, the phase, or the platform';
COMMENT ON COLUMN augur_operations.collection_day.day IS 'The day, UTC';
COMMENT ON COLUMN augur_operations.collection_day.value IS 'How many; NULL when nothing was tried that could have brought any';

ALTER TABLE augur_operations.insight ALTER COLUMN repo_id DROP NOT NULL;
COMMENT ON COLUMN augur_operations.insight.repo_id IS 'The repository; NULL for the collection itself, in all repositories together';
COMMENT ON COLUMN augur_operations.insight.metric IS 'Name of the series, as in repo_insights; collection for a suspected gap in one repository; collection-... for those of collection_day';
COMMENT ON COLUMN augur_operations.insight.expected_low IS 'Lower end of the band of usual values of such a day, window or run';
COMMENT ON COLUMN augur_operations.insight.field IS 'Name of its number, as in repo_insights or in collection_day';
DROP INDEX augur_operations.insight_condition;
CREATE UNIQUE INDEX insight_condition ON augur_operations.insight (coalesce(repo_id, 0), metric, field, direction, first_day);
CREATE INDEX insight_repo ON augur_operations.insight (repo_id, last_day);

ALTER TABLE augur_operations.insight_mute ALTER COLUMN repo_id DROP NOT NULL;
COMMENT ON COLUMN augur_operations.insight_mute.repo_id IS 'The repository; NULL for the collection itself';
DROP INDEX augur_operations.insight_mute_what;
CREATE UNIQUE INDEX insight_mute_what ON augur_operations.insight_mute (coalesce(repo_id, 0), coalesce(metric, ''));

ALTER TABLE augur_operations.insight_delivery DROP COLUMN repo_id;
CREATE INDEX insight_delivery_channel ON augur_operations.insight_delivery (channel, tried_at);

CREATE VIEW augur_operations.insight_shown AS
SELECT i.insight_id, i.repo_id, r.repo_git, r.repo_group_id, i.metric, i.field, i.direction, i.first_day, i.last_day, i.peak_day, i.value, i.expected,
    i.expected_low, i.expected_high, i.score, i.threshold, i.probability, i.method, i.reason, i.drivers, i.found_at, i.withdrawn_at, i.acknowledged_at,
    i.acknowledged_by, i.notified_at, i.notified_score,
    EXISTS (
        SELECT FROM augur_operations.insight_mute m
        WHERE coalesce(m.repo_id, 0) = coalesce(i.repo_id, 0) AND (m.metric IS NULL OR m.metric = i.metric) AND (m.until IS NULL OR m.until > clock_timestamp())
    ) AS muted,
    (
        SELECT coalesce(
            jsonb_agg(
                jsonb_build_object('insight_id', o.insight_id, 'metric', o.metric, 'field', o.field, 'direction', o.direction)
                ORDER BY o.score DESC, o.insight_id
            ), '[]'
        )
        FROM augur_operations.insight o
        WHERE coalesce(o.repo_id, 0) = coalesce(i.repo_id, 0) AND o.insight_id <> i.insight_id AND o.withdrawn_at IS NULL
            AND o.first_day <= i.last_day AND o.last_day >= i.first_day
    ) AS together
FROM augur_operations.insight i
LEFT JOIN augur_data.repo r ON r.repo_id = i.repo_id;
COMMENT ON VIEW augur_operations.insight_shown IS
    'Insights with the URL of their repository, whether somebody muted them, and what else was unusual in the same repository at the same time, the strongest first (together)';

-- +goose Down
DROP VIEW augur_operations.insight_shown;
DELETE FROM augur_operations.insight WHERE repo_id IS NULL;
DELETE FROM augur_operations.insight_mute WHERE repo_id IS NULL;
DROP INDEX augur_operations.insight_delivery_channel;
DELETE FROM augur_operations.insight_delivery;
ALTER TABLE augur_operations.insight_delivery ADD COLUMN repo_id bigint NOT NULL REFERENCES augur_data.repo (repo_id) ON DELETE CASCADE;
CREATE INDEX insight_delivery_of ON augur_operations.insight_delivery (repo_id, delivery_id);
COMMENT ON COLUMN augur_operations.insight_delivery.repo_id IS 'The repository';
DROP INDEX augur_operations.insight_mute_what;
CREATE UNIQUE INDEX insight_mute_what ON augur_operations.insight_mute (repo_id, coalesce(metric, ''));
ALTER TABLE augur_operations.insight_mute ALTER COLUMN repo_id SET NOT NULL;
DROP INDEX augur_operations.insight_repo;
DROP INDEX augur_operations.insight_condition;
CREATE UNIQUE INDEX insight_condition ON augur_operations.insight (repo_id, metric, field, direction, first_day);
ALTER TABLE augur_operations.insight ALTER COLUMN repo_id SET NOT NULL;
DROP TABLE augur_operations.collection_day;

-- +goose Up
-- Keys that users have stored are used without a word in the settings, as in Augur: GitHub.stored_keys follows the table that they are in.

-- +goose StatementBegin
CREATE FUNCTION augur_operations.follow_stored_keys() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO augur_operations.config AS c (section_name, setting_name, value, type)
    SELECT 'GitHub', 'stored_keys', CASE WHEN EXISTS (
        SELECT 1 FROM augur_operations.worker_oauth o WHERE o.platform = 'github' AND o.access_token <> ''
    ) THEN '1' ELSE '0' END, 'int'
    ON CONFLICT (section_name, setting_name) DO UPDATE
    SET value = excluded.value
    WHERE c.value IS DISTINCT FROM excluded.value;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

COMMENT ON FUNCTION augur_operations.follow_stored_keys IS 'Sets GitHub.stored_keys to whether there is a key for GitHub in worker_oauth.';

CREATE TRIGGER follow_stored_keys
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON augur_operations.worker_oauth
FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.follow_stored_keys();

INSERT INTO augur_operations.config AS c (section_name, setting_name, value, type)
SELECT 'GitHub', 'stored_keys', '1', 'int'
WHERE EXISTS (SELECT 1 FROM augur_operations.worker_oauth o WHERE o.platform = 'github' AND o.access_token <> '')
ON CONFLICT (section_name, setting_name) DO UPDATE
SET value = excluded.value
WHERE c.value IS DISTINCT FROM excluded.value;

-- +goose Down
DROP TRIGGER follow_stored_keys ON augur_operations.worker_oauth;
DROP FUNCTION augur_operations.follow_stored_keys;

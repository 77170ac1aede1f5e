-- +goose Up
-- A change of a setting is announced, so that running processes take it over at once (db/config).

-- +goose StatementBegin
CREATE FUNCTION augur_operations.announce_settings() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- A payload has at most 8000 bytes. The same payload twice in a transaction is sent once.
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('augur_config', '');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM pg_notify('augur_config', left(OLD.section_name, 200));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM pg_notify('augur_config', left(NEW.section_name, 200));
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

COMMENT ON FUNCTION augur_operations.announce_settings IS 'NOTIFY augur_config with the name of the section whose settings changed.';

CREATE TRIGGER announce_rows
AFTER INSERT OR UPDATE OR DELETE ON augur_operations.config
FOR EACH ROW EXECUTE FUNCTION augur_operations.announce_settings();

CREATE TRIGGER announce_truncate
AFTER TRUNCATE ON augur_operations.config
FOR EACH STATEMENT EXECUTE FUNCTION augur_operations.announce_settings();

COMMENT ON TABLE augur_operations.config IS
    'Settings of the program, one row each. An UPDATE takes effect within a second; a value that makes no sense changes nothing (augur config check).';
COMMENT ON COLUMN augur_operations.config.id IS 'Row number.';
COMMENT ON COLUMN augur_operations.config.section_name IS 'Group of settings, such as Facade.';
COMMENT ON COLUMN augur_operations.config.setting_name IS 'Name within the section, such as repo_directory.';
COMMENT ON COLUMN augur_operations.config.value IS 'Value as text; NULL means the default.';
COMMENT ON COLUMN augur_operations.config.type IS 'How the text is to be read: str, int, float or bool; NULL counts as str.';

-- +goose Down
DROP TRIGGER announce_truncate ON augur_operations.config;
DROP TRIGGER announce_rows ON augur_operations.config;
DROP FUNCTION augur_operations.announce_settings;

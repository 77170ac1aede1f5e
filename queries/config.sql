-- name: Settings :many
-- Settings lists the settings. Values are cut after max_length characters.
SELECT section_name, setting_name, coalesce(left(value, @max_length::int), '')::text AS value, (value IS NULL)::boolean AS is_null,
    coalesce(type, 'str')::text AS type
FROM augur_operations.config
ORDER BY section_name, setting_name;

-- name: LockSettings :exec
-- LockSettings keeps other writers of the settings away until the end of the transaction; readers go on.
LOCK TABLE augur_operations.config IN SHARE ROW EXCLUSIVE MODE;

-- name: InsertSettings :execrows
-- InsertSettings adds settings; those that exist stay as they are. It takes no number from the sequence for them: the ids are smallints.
INSERT INTO augur_operations.config (section_name, setting_name, value, type)
SELECT u.section_name, u.setting_name, CASE WHEN u.is_null THEN NULL ELSE u.value END, u.type
FROM (
    SELECT unnest(@section_names::text[]) AS section_name, unnest(@setting_names::text[]) AS setting_name, unnest(@values::text[]) AS value,
        unnest(@nulls::boolean[]) AS is_null, unnest(@types::text[]) AS type
) AS u
WHERE NOT EXISTS (
    SELECT FROM augur_operations.config c WHERE c.section_name = u.section_name AND c.setting_name = u.setting_name
)
ORDER BY u.section_name, u.setting_name
ON CONFLICT (section_name, setting_name) DO NOTHING;

-- name: UpdateSettings :execrows
-- UpdateSettings changes the values of settings that exist and differ. Their types stay.
UPDATE augur_operations.config c
SET value = CASE WHEN u.is_null THEN NULL ELSE u.value END
FROM (
    SELECT unnest(@section_names::text[]) AS section_name, unnest(@setting_names::text[]) AS setting_name, unnest(@values::text[]) AS value,
        unnest(@nulls::boolean[]) AS is_null
) AS u
WHERE c.section_name = u.section_name AND c.setting_name = u.setting_name
    AND c.value IS DISTINCT FROM CASE WHEN u.is_null THEN NULL ELSE u.value END;

-- name: DeleteSettings :execrows
-- DeleteSettings removes the named settings.
DELETE FROM augur_operations.config c
USING (SELECT unnest(@section_names::text[]) AS section_name, unnest(@setting_names::text[]) AS setting_name) AS u
WHERE c.section_name = u.section_name AND c.setting_name = u.setting_name;

-- name: ClearSettings :execrows
-- ClearSettings removes all settings.
DELETE FROM augur_operations.config;

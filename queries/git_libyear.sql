-- name: CopyLibyears :copyfrom
-- CopyLibyears writes what manifests ask for, and how old it is.
INSERT INTO augur_data.repo_deps_libyear (
    repo_id, name, requirement, type, package_manager, current_verion, latest_version, current_release_date, latest_release_date, libyear,
    tool_source, tool_version, data_source, data_collection_date
) VALUES (
    @repo_id, @name, @requirement, @type, @package_manager, @current_verion, @latest_version, @current_release_date, @latest_release_date, @libyear,
    @tool_source, @tool_version, @data_source, @data_collection_date
);

-- name: DropOldLibyears :execrows
-- DropOldLibyears removes the snapshots of a repository that have more than so many newer ones.
DELETE FROM augur_data.repo_deps_libyear d
WHERE d.repo_id = @repo_id::bigint AND d.data_collection_date < (
    SELECT s.data_collection_date
    FROM augur_data.repo_deps_libyear s
    WHERE s.repo_id = @repo_id::bigint
    GROUP BY s.data_collection_date
    ORDER BY s.data_collection_date DESC
    LIMIT 1 OFFSET @newer::int
);

-- name: RegistryPackage :one
-- RegistryPackage is what a registry said about a package, and whether that was lately.
SELECT answer, (expires_at > clock_timestamp())::boolean AS fresh
FROM augur_operations.registry_package
WHERE manager = @manager AND name = @name;

-- name: SaveRegistryPackage :exec
-- SaveRegistryPackage keeps what a registry said.
INSERT INTO augur_operations.registry_package (manager, name, answer, fetched_at, expires_at)
VALUES (@manager, @name, @answer, clock_timestamp(), clock_timestamp() + @lifetime::interval)
ON CONFLICT (manager, name) DO UPDATE
SET answer = excluded.answer, fetched_at = excluded.fetched_at, expires_at = excluded.expires_at;

-- name: ForgetRegistryPackages :execrows
-- ForgetRegistryPackages removes answers that expired long ago: nothing depends on those packages any more.
DELETE FROM augur_operations.registry_package
WHERE expires_at < clock_timestamp() - interval '30 days';

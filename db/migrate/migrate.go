// Package migrate brings a database to the schema that this program needs: River's tables in schema river through River's own
// migrator, then ours through goose, from the SQL files in sql/, which are embedded.
//
// Commands that create or upgrade a database call [Up]; every other command calls [Check] first and refuses a schema of another age.
// The package never runs a migration down outside its tests, never touches a table that another program made, and writes no rows
// except those of sql/*_seed.sql.
//
// Words: a version is the number of a migration file. The database has a version when it and all versions before it are applied; the
// program needs its last one. River counts its versions separately.
package migrate

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"augur/db"
)

//go:generate go run augur/tools/schemadoc ../../docs/schema.md

//go:embed sql/*.sql
var files embed.FS

const (
	riverSchema  = "river"
	versionTable = "augur_operations.goose_db_version"
	// minServer is the oldest PostgreSQL, as in server_version_num: gen_random_uuid is built in from there on.
	minServer = 130000
)

// ErrForeignTables is returned by [Up] for a database that holds Augur's tables without our record of having made them, such as one of
// Augur itself. Nothing was changed; use a database of its own.
var ErrForeignTables = errors.New("database holds tables of Augur that this program did not make: give it a database of its own")

// Result says what [Up] did.
type Result struct {
	// From and To are the versions of our schema before and after; equal when there was nothing to do.
	From, To int64
	// Applied are the migrations of this run, River's first, in their order. Empty when there was nothing to do.
	Applied []Applied
}

// Up brings the database to the schema of this program. On a database that is there already it reads the two version tables and
// changes nothing. It is safe when several processes call it at once: one migrates, under an advisory lock in a transaction on a connection
// of its own, and the others wait and then find nothing to do. The URL may lead to a pooler that shares sessions between transactions.
//
// Each migration is one transaction. On an error Result holds what was applied before it, and a later Up goes on from there. A schema
// that is newer than the program is a [*VersionError].
func Up(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (Result, error) {
	before, err := read(ctx, pool)
	switch {
	case db.IsUndefined(err): // another process is in the middle of it
	case err != nil:
		return Result{}, err
	default:
		if done, result, err := settled(before); done {
			return result, err
		}
	}
	if err := checkServer(ctx, pool); err != nil {
		return Result{}, err
	}

	unlock, err := lock(ctx, pool, log)
	if err != nil {
		return Result{}, err
	}
	defer unlock()

	// Another process may have migrated while this one waited.
	before, err = read(ctx, pool)
	if err != nil {
		return Result{}, err
	}
	if done, result, err := settled(before); done {
		return result, err
	}
	if len(before.ours) == 0 {
		if err := checkForeign(ctx, pool); err != nil {
			return Result{}, err
		}
	}

	result := Result{From: before.version().Have, To: before.version().Have}
	if err := createSchemas(ctx, pool); err != nil {
		return result, err
	}
	river, err := upRiver(ctx, pool, log)
	result.Applied = append(result.Applied, river...)
	if err != nil {
		return result, err
	}
	ours, err := upOurs(ctx, pool, log)
	result.Applied = append(result.Applied, ours...)
	if err != nil {
		return result, err
	}
	after, err := read(ctx, pool)
	if err != nil {
		return result, err
	}
	result.To = after.version().Have
	return result, after.version().err()
}

// settled tells whether there is nothing to migrate: the schema is the right one, or newer than this program.
func settled(state state) (bool, Result, error) {
	version := state.version()
	err := version.err()
	if e, ok := errors.AsType[*VersionError](err); ok && e.Have < e.Want {
		return false, Result{}, nil
	}
	return true, Result{From: version.Have, To: version.Have}, err
}

func checkServer(ctx context.Context, pool *pgxpool.Pool) error {
	var number int
	var version string
	err := pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_version')").Scan(&number, &version)
	if err != nil {
		return fmt.Errorf("read the server version: %w", err)
	}
	if number < minServer {
		return fmt.Errorf("PostgreSQL %s is too old: version 13 or newer is needed", version)
	}
	return nil
}

func checkForeign(ctx context.Context, pool *pgxpool.Pool) error {
	var exists bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass('augur_data.repo') IS NOT NULL").Scan(&exists); err != nil {
		return fmt.Errorf("look for tables of Augur: %w", err)
	}
	if exists {
		return ErrForeignTables
	}
	return nil
}

// createSchemas makes the two schemas that hold version tables. They may be there already, made by an administrator for a role that
// has no right to create any, and PostgreSQL checks that right before it looks.
func createSchemas(ctx context.Context, pool *pgxpool.Pool) error {
	for _, schema := range []string{riverSchema, "augur_operations"} {
		var exists bool
		if err := pool.QueryRow(ctx, "SELECT to_regnamespace($1) IS NOT NULL", schema).Scan(&exists); err != nil {
			return fmt.Errorf("look for schema %s: %w", schema, err)
		}
		if exists {
			continue
		}
		if _, err := pool.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+schema); err != nil {
			return fmt.Errorf("create schema %s: %w", schema, err)
		}
	}
	return nil
}

func upRiver(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) ([]Applied, error) {
	migrator, err := riverMigrator(pool)
	if err != nil {
		return nil, err
	}
	result, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	if err != nil {
		return nil, fmt.Errorf("migrate schema %s: %w", riverSchema, err)
	}
	applied := make([]Applied, 0, len(result.Versions))
	now := time.Now().UTC()
	for _, v := range result.Versions {
		applied = append(applied, Applied{Part: PartRiver, Version: int64(v.Version), Name: v.Name, At: now})
	}
	logApplied(ctx, log, applied...)
	return applied, nil
}

func riverMigrator(pool *pgxpool.Pool) (*rivermigrate.Migrator[pgx.Tx], error) {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{
		Schema: riverSchema,
		Logger: slog.New(slog.DiscardHandler), // upRiver logs in our words
	})
	if err != nil {
		return nil, fmt.Errorf("open the migrations of River: %w", err)
	}
	return migrator, nil
}

func upOurs(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (applied []Applied, err error) {
	provider, err := newProvider(pool)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	for {
		result, err := provider.UpByOne(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return applied, nil
		}
		if partial, ok := errors.AsType[*goose.PartialError](err); ok {
			source := partial.Failed.Source
			return applied, fmt.Errorf("migrate to version %d (%s): %w", source.Version, name(source.Path), partial.Err)
		}
		if err != nil {
			return applied, fmt.Errorf("migrate: %w", err)
		}
		one := Applied{Part: PartAugur, Version: result.Source.Version, Name: name(result.Source.Path), At: time.Now().UTC()}
		applied = append(applied, one)
		logApplied(ctx, log, one)
	}
}

// newProvider opens goose on connections of its own, so that a pool of one connection suffices. Closing it closes them.
func newProvider(pool *pgxpool.Pool) (*goose.Provider, error) {
	sub, err := fs.Sub(files, "sql")
	if err != nil {
		return nil, fmt.Errorf("open the embedded migrations: %w", err)
	}
	conn := pool.Config().ConnConfig
	conn.RuntimeParams["timezone"] = "UTC" // goose records local time without a zone
	door := stdlib.OpenDB(*conn)
	provider, err := goose.NewProvider(goose.DialectPostgres, door, sub,
		goose.WithTableName(versionTable),
		goose.WithDisableGlobalRegistry(true),
		// Branches of development number their files independently; Check misses none, whatever the order.
		goose.WithAllowOutofOrder(true),
	)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the embedded migrations: %w", err), door.Close())
	}
	return provider, nil
}

func logApplied(ctx context.Context, log *slog.Logger, applied ...Applied) {
	for _, a := range applied {
		log.InfoContext(ctx, "migration applied",
			slog.String("part", a.Part), slog.Int64("version", a.Version), slog.String("name", a.Name))
	}
}

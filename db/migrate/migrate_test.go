package migrate_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"augur/db/dbtest"
	"augur/db/migrate"
)

func TestUpTakesAnEmptyDatabaseToTheLastVersion(t *testing.T) {
	t.Parallel()
	pool := open(t, dbtest.Empty(t))
	var log recorder
	result, err := migrate.Up(t.Context(), pool, log.logger())
	require.NoError(t, err)

	version, err := migrate.Version(t.Context(), pool)
	require.NoError(t, err)
	require.Equal(t, version.Want, version.Have)
	require.Equal(t, version.RiverWant, version.RiverHave)
	require.NoError(t, migrate.Check(t.Context(), pool))
	require.Zero(t, result.From)
	require.Equal(t, version.Want, result.To)

	history, err := migrate.History(t.Context(), pool)
	require.NoError(t, err)
	require.Len(t, result.Applied, len(history))
	for i, applied := range history {
		require.Equal(t, result.Applied[i].Part, applied.Part, "River's come first")
		require.Equal(t, result.Applied[i].Version, applied.Version)
		require.Equal(t, result.Applied[i].Name, applied.Name)
		require.NotEmpty(t, applied.Name)
		require.WithinDuration(t, result.Applied[i].At, applied.At, allowedSkew)
	}
	require.Equal(t, len(history), log.count("migration applied"))
}

func TestSecondUpChangesNothing(t *testing.T) {
	t.Parallel()
	pool := open(t, dbtest.Empty(t))
	_, err := migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
	before := fingerprint(t, pool)

	var log recorder
	result, err := migrate.Up(t.Context(), pool, log.logger())
	require.NoError(t, err)
	require.Empty(t, result.Applied)
	require.Equal(t, result.From, result.To)
	requireSame(t, before, fingerprint(t, pool))
	require.Zero(t, log.count(""), "nothing to say")
}

func TestFiveUpsAtOnceMigrateOnce(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	results := make([]migrate.Result, 5)
	start := make(chan struct{})
	var group errgroup.Group
	for i := range results {
		pool := open(t, url)
		group.Go(func() error {
			<-start
			var err error
			results[i], err = migrate.Up(t.Context(), pool, discard())
			return err
		})
	}
	close(start)
	require.NoError(t, group.Wait())
	migrated := 0
	for _, result := range results {
		require.NotZero(t, result.To)
		require.Equal(t, results[0].To, result.To)
		if len(result.Applied) > 0 {
			migrated++
		}
	}
	require.Equal(t, 1, migrated)
	require.NoError(t, migrate.Check(t.Context(), open(t, url)))
}

func TestUpNeedsOneConnectionOfThePool(t *testing.T) {
	t.Parallel()
	config, err := pgxpool.ParseConfig(dbtest.Empty(t))
	require.NoError(t, err)
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	_, err = migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
}

func TestUpWaitsForTheOneWhoMigrates(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	other, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), "SELECT pg_advisory_lock($1)", int64(migrate.LockKey))
	require.NoError(t, err)

	pool := open(t, url)
	log := recorder{signal: make(chan struct{})}
	var group errgroup.Group
	group.Go(func() error {
		_, err := migrate.Up(t.Context(), pool, log.logger())
		return err
	})
	<-log.signal // it waits
	var exists bool
	require.NoError(t, other.QueryRow(t.Context(), "SELECT to_regnamespace('river') IS NOT NULL").Scan(&exists))
	require.False(t, exists)
	require.NoError(t, other.Close(t.Context()), "the end of the session frees the lock")
	require.NoError(t, group.Wait())
}

func TestCancelledUpStopsWaiting(t *testing.T) {
	t.Parallel()
	url := dbtest.Empty(t)
	other, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close(context.WithoutCancel(t.Context()))) }()
	_, err = other.Exec(t.Context(), "SELECT pg_advisory_lock($1)", int64(migrate.LockKey))
	require.NoError(t, err)

	pool := open(t, url)
	ctx, cancel := context.WithCancel(t.Context())
	log := recorder{signal: make(chan struct{})}
	var group errgroup.Group
	group.Go(func() error {
		_, err := migrate.Up(ctx, pool, log.logger())
		return err
	})
	<-log.signal
	cancel()
	require.ErrorIs(t, group.Wait(), context.Canceled)
}

func TestEveryMigrationGoesDownAndUpAgain(t *testing.T) {
	t.Parallel()
	pool := open(t, dbtest.Empty(t))
	_, err := migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
	before := fingerprint(t, pool)
	version, err := migrate.Version(t.Context(), pool)
	require.NoError(t, err)

	require.NoError(t, migrate.DownTo(t.Context(), pool, 0))
	rows, err := pool.Query(t.Context(), `
		SELECT n.nspname || '.' || c.relname
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx') AND c.relkind IN ('r', 'v', 'm', 'S')
			AND c.relname NOT LIKE 'goose_db_version%'`)
	require.NoError(t, err)
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, left)

	result, err := migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
	require.Equal(t, version.Want, result.To)
	requireSame(t, before, fingerprint(t, pool))

	// Each alone, the newest first, as a developer goes down.
	history, err := migrate.History(t.Context(), pool)
	require.NoError(t, err)
	for i := len(history) - 1; i > 0 && history[i-1].Part == migrate.PartAugur; i-- {
		require.NoError(t, migrate.DownTo(t.Context(), pool, history[i-1].Version))
		_, err := migrate.Up(t.Context(), pool, discard())
		require.NoError(t, err)
	}
	requireSame(t, before, fingerprint(t, pool))
}

func TestFailedMigrationLeavesNothingAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	pool := open(t, dbtest.Empty(t))
	// Someone's table in the way of the last table of the first migration.
	exec(t, pool, "CREATE SCHEMA spdx", "CREATE TABLE spdx.scanners (id int)")
	result, err := migrate.Up(t.Context(), pool, discard())
	require.ErrorContains(t, err, "migrate to version 1 (augur_schema)")
	require.ErrorContains(t, err, `"scanners" already exists`)
	require.Zero(t, result.To)
	require.Zero(t, count(t, pool, "SELECT count(*) FROM pg_namespace WHERE nspname = 'augur_data'"))

	exec(t, pool, "DROP TABLE spdx.scanners")
	_, err = migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
}

func TestUpLeavesTheTablesOfAugurAlone(t *testing.T) {
	t.Parallel()
	pool := open(t, dbtest.Empty(t))
	exec(t, pool, "CREATE SCHEMA augur_data", "CREATE TABLE augur_data.repo (repo_id bigint)")
	_, err := migrate.Up(t.Context(), pool, discard())
	require.ErrorIs(t, err, migrate.ErrForeignTables)
	require.Zero(t, count(t, pool, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('river', 'augur_operations')"))
}

func TestCheckSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change string // to a current database
		want   migrate.VersionError
		text   string
	}{
		{
			"old",
			"DELETE FROM augur_operations.goose_db_version WHERE version_id > 2",
			migrate.VersionError{Part: migrate.PartAugur, Have: 2},
			"schema is at version 2, this program needs LAST: run `augur db upgrade`",
		},
		{
			"a hole in the middle",
			"DELETE FROM augur_operations.goose_db_version WHERE version_id = 2",
			migrate.VersionError{Part: migrate.PartAugur, Have: 1},
			"schema is at version 1, this program needs LAST: run `augur db upgrade`",
		},
		{
			"newer",
			"INSERT INTO augur_operations.goose_db_version (version_id, is_applied) VALUES (99999, true)",
			migrate.VersionError{Part: migrate.PartAugur, Have: 99999},
			"schema is at version 99999, this program knows only LAST: it is too old for this database, run a newer augur",
		},
		{
			"old queue",
			"DELETE FROM river.river_migration WHERE version > 6",
			migrate.VersionError{Part: migrate.PartRiver, Have: 6},
			"schema river is at version 6, this program needs LAST: run `augur db upgrade`",
		},
		{
			"newer queue",
			"INSERT INTO river.river_migration (line, version) VALUES ('main', 999)",
			migrate.VersionError{Part: migrate.PartRiver, Have: 999},
			"schema river is at version 999, this program knows only LAST: it is too old for this database, run a newer augur",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pool := dbtest.New(t)
			current, err := migrate.Version(t.Context(), pool)
			require.NoError(t, err)
			test.want.Want = current.Want
			if test.want.Part == migrate.PartRiver {
				test.want.Want = current.RiverWant
			}
			exec(t, pool, test.change)

			err = migrate.Check(t.Context(), pool)
			var got *migrate.VersionError
			require.ErrorAs(t, err, &got)
			require.Equal(t, test.want, *got)
			require.EqualError(t, err, strings.ReplaceAll(test.text, "LAST", itoa(test.want.Want)))
			if test.want.Have > test.want.Want {
				_, err = migrate.Up(t.Context(), pool, discard())
				require.ErrorAs(t, err, &got, "an old program leaves a newer schema alone")
			}
		})
	}
}

func TestCheckOfAnEmptyDatabaseAsksForASchema(t *testing.T) {
	t.Parallel()
	err := migrate.Check(t.Context(), open(t, dbtest.Empty(t)))
	require.ErrorContains(t, err, "schema does not exist yet, this program needs version ")
	require.ErrorContains(t, err, "run `augur db upgrade`")
}

func TestMigrationThatComesLateIsStillApplied(t *testing.T) {
	t.Parallel()
	pool := open(t, dbtest.Empty(t))
	_, err := migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
	// As on a database that was migrated before another branch's lower number was merged.
	exec(t, pool, "DELETE FROM augur_operations.goose_db_version WHERE version_id = 3")
	result, err := migrate.Up(t.Context(), pool, discard())
	require.NoError(t, err)
	require.Equal(t, int64(2), result.From)
	require.Len(t, result.Applied, 1)
	require.Equal(t, int64(3), result.Applied[0].Version)
	require.NoError(t, migrate.Check(t.Context(), pool))
}

func TestHistoryShowsWhatIsPendingAndWhatIsUnknown(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	exec(t, pool,
		"DELETE FROM augur_operations.goose_db_version WHERE version_id = 2",
		"INSERT INTO augur_operations.goose_db_version (version_id, is_applied) VALUES (99999, true)")
	history, err := migrate.History(t.Context(), pool)
	require.NoError(t, err)
	last := history[len(history)-1]
	require.Equal(t, int64(99999), last.Version)
	require.Empty(t, last.Name)
	for _, m := range history {
		require.Equal(t, m.Part == migrate.PartAugur && m.Version == 2, m.At.IsZero(), "%+v", m)
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

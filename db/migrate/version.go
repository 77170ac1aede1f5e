package migrate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The two lines of migrations.
const (
	PartAugur = "augur" // ours: augur_data, augur_operations, spdx
	PartRiver = "river" // the queue's
)

// Applied is one migration.
type Applied struct {
	Part    string // [PartAugur] or [PartRiver]
	Version int64
	Name    string    // empty when a newer program applied it
	At      time.Time // UTC; zero when it is not applied yet
}

// Versions says what the database has and what this program needs.
type Versions struct {
	Have, Want           int64
	RiverHave, RiverWant int64
}

// VersionError says that the schema of the database is not the one that this program needs. [Check] and [Up] return it; a person runs
// the command in its message, or a newer program.
type VersionError struct {
	Part       string // [PartAugur] or [PartRiver]
	Have, Want int64
}

// Error says what to do: upgrade the schema when it is old, the program when it is not.
func (e *VersionError) Error() string {
	schema := "schema"
	if e.Part == PartRiver {
		schema = "schema river"
	}
	switch {
	case e.Have > e.Want:
		return fmt.Sprintf("%s is at version %d, this program knows only %d: it is too old for this database, run a newer augur",
			schema, e.Have, e.Want)
	case e.Have == 0:
		return fmt.Sprintf("%s does not exist yet, this program needs version %d: run `augur db upgrade`", schema, e.Want)
	default:
		return fmt.Sprintf("%s is at version %d, this program needs %d: run `augur db upgrade`", schema, e.Have, e.Want)
	}
}

// Check returns a [*VersionError] unless the database has exactly the schema that this program needs, River's part included.
func Check(ctx context.Context, pool *pgxpool.Pool) error {
	version, err := Version(ctx, pool)
	if err != nil {
		return err
	}
	return version.err()
}

// Version reads what the database has; an empty database has 0.
func Version(ctx context.Context, pool *pgxpool.Pool) (Versions, error) {
	state, err := read(ctx, pool)
	if err != nil {
		return Versions{}, err
	}
	return state.version(), nil
}

// History lists every migration that is applied or that this program knows: River's, then ours, each in the order of versions.
func History(ctx context.Context, pool *pgxpool.Pool) ([]Applied, error) {
	state, err := read(ctx, pool)
	if err != nil {
		return nil, err
	}
	var all []Applied
	for _, line := range []struct {
		part    string
		known   map[int64]string
		applied map[int64]time.Time
	}{
		{PartRiver, state.riverKnown, state.river},
		{PartAugur, state.oursKnown, state.ours},
	} {
		versions := map[int64]bool{}
		for v := range line.known {
			versions[v] = true
		}
		for v := range line.applied {
			versions[v] = true
		}
		for v := range versions {
			all = append(all, Applied{Part: line.part, Version: v, Name: line.known[v], At: line.applied[v]})
		}
	}
	slices.SortFunc(all, func(a, b Applied) int {
		return cmp.Or(-cmp.Compare(a.Part, b.Part), cmp.Compare(a.Version, b.Version))
	})
	return all, nil
}

func (v Versions) err() error {
	ours := &VersionError{Part: PartAugur, Have: v.Have, Want: v.Want}
	river := &VersionError{Part: PartRiver, Have: v.RiverHave, Want: v.RiverWant}
	switch {
	// A newer schema is worse news than an old one: there is no command for it.
	case v.Have > v.Want:
		return ours
	case v.RiverHave > v.RiverWant:
		return river
	case v.Have < v.Want:
		return ours
	case v.RiverHave < v.RiverWant:
		return river
	default:
		return nil
	}
}

// state is what the two version tables hold and what this program knows: versions with their times, and with their names.
type state struct {
	ours, river           map[int64]time.Time
	oursKnown, riverKnown map[int64]string
}

func read(ctx context.Context, pool *pgxpool.Pool) (state, error) {
	var s state
	var err error
	if s.oursKnown, err = embedded(); err != nil {
		return s, err
	}
	migrator, err := riverMigrator(pool)
	if err != nil {
		return s, err
	}
	s.riverKnown = map[int64]string{}
	for _, m := range migrator.AllVersions() {
		s.riverKnown[int64(m.Version)] = m.Name
	}
	// goose keeps a version 0 to mark its table, and local time, which newProvider makes UTC.
	s.ours, err = readTable(ctx, pool, versionTable,
		"SELECT version_id, max(tstamp AT TIME ZONE 'UTC') FROM "+versionTable+" WHERE is_applied AND version_id > 0 GROUP BY version_id")
	if err != nil {
		return s, err
	}
	s.river, err = readTable(ctx, pool, riverSchema+".river_migration",
		"SELECT version, created_at FROM "+riverSchema+".river_migration WHERE line = 'main'")
	return s, err
}

func readTable(ctx context.Context, pool *pgxpool.Pool, table, query string) (map[int64]time.Time, error) {
	applied := map[int64]time.Time{}
	var exists bool
	if err := pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", table).Scan(&exists); err != nil {
		return nil, fmt.Errorf("look for table %s: %w", table, err)
	}
	if !exists {
		return applied, nil
	}
	rows, err := pool.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", table, err)
	}
	var version int64
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&version, &at}, func() error {
		applied[version] = at.UTC()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read table %s: %w", table, err)
	}
	return applied, nil
}

func (s state) version() Versions {
	var v Versions
	v.Have, v.Want = compare(s.ours, s.oursKnown)
	v.RiverHave, v.RiverWant = compare(s.river, s.riverKnown)
	return v
}

// compare says up to which version all known migrations are applied, and which is the last known one. A migration that is applied and
// not known is of a newer program, and then its version is what the database has.
func compare(applied map[int64]time.Time, known map[int64]string) (have, want int64) {
	var newest int64
	for v := range applied {
		newest = max(newest, v)
	}
	versions := make([]int64, 0, len(known))
	for v := range known {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	want = versions[len(versions)-1]
	if newest > want {
		return newest, want
	}
	for _, v := range versions {
		if _, ok := applied[v]; !ok {
			break
		}
		have = v
	}
	return have, want
}

// embedded lists the migration files: version to name.
func embedded() (map[int64]string, error) {
	entries, err := files.ReadDir("sql")
	if err != nil {
		return nil, fmt.Errorf("list the embedded migrations: %w", err)
	}
	known := map[int64]string{}
	for _, entry := range entries {
		var version int64
		if _, err := fmt.Sscanf(entry.Name(), "%d_", &version); err != nil {
			return nil, fmt.Errorf("name of migration %s: %w", entry.Name(), err)
		}
		known[version] = name(entry.Name())
	}
	return known, nil
}

// Fingerprint identifies what [Up] makes of an empty database: a hash of all migrations, River's included. It changes with every statement, and is for
// those who keep a copy of a migrated database.
func Fingerprint() (string, error) {
	hash := sha256.New()
	entries, err := files.ReadDir("sql")
	if err != nil {
		return "", fmt.Errorf("list the embedded migrations: %w", err)
	}
	for _, entry := range entries {
		text, err := files.ReadFile(path.Join("sql", entry.Name()))
		if err != nil {
			return "", fmt.Errorf("read migration %s: %w", entry.Name(), err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", entry.Name(), len(text), text)
	}
	migrator, err := riverMigrator(nil)
	if err != nil {
		return "", err
	}
	for _, v := range migrator.AllVersions() {
		fmt.Fprintf(hash, "%d %s\n%s", v.Version, v.Name, v.SQLUp)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// name is the middle of a file name: augur_schema for 00001_augur_schema.sql.
func name(file string) string {
	_, after, _ := strings.Cut(strings.TrimSuffix(path.Base(file), ".sql"), "_")
	return after
}

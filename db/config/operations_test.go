package config_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"augur/db/config"
	"augur/db/dbtest"
)

// table is the rows of section Sample and others as "Section.setting type=value", by name; without the sections of Augur that nothing uses.
func table(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
SELECT section_name || '.' || setting_name || ' ' || coalesce(type, 'NULL') || '=' || coalesce(value, 'NULL')
FROM augur_operations.config
WHERE section_name NOT IN ('Augur', 'Clustering_Task', 'Frontend', 'Message_Insights')
ORDER BY section_name, setting_name`)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return lines
}

func initial(t *testing.T, pool *pgxpool.Pool, values map[string]string) config.Report {
	t.Helper()
	report, err := config.Init(t.Context(), pool, registry(), config.InitOptions{Values: values})
	require.NoError(t, err)
	return report
}

var defaults = []string{
	"Sample.api_key str=", "Sample.count int=5", "Sample.dead int=1", "Sample.every int=30", "Sample.flag bool=False", "Sample.limit str=2h",
	"Sample.pairs str=a=b", "Sample.share float=0.25", "Sample.switch int=1", "Sample.text str=hello", "Sample.word str=INFO",
}

func TestInitWritesDefaultsOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	report := initial(t, pool, nil)
	require.Equal(t, defaults, table(t, pool))
	require.Len(t, report.Inserted, len(registry().Settings()))
	require.Empty(t, report.Kept)

	report = initial(t, pool, nil)
	require.Equal(t, defaults, table(t, pool))
	require.Empty(t, report.Inserted)
	require.Len(t, report.Kept, len(registry().Settings()))
}

func TestInitNeverOverwritesUnlessForced(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, map[string]string{"Sample.count": "7", "Sample.api_key": canary, "Sample.text": "mine", "Redis.cache_group": "3"})
	_, err := pool.Exec(ctx, "UPDATE augur_operations.config SET value = NULL WHERE setting_name IN ('word', 'share')")
	require.NoError(t, err)

	report := initial(t, pool, map[string]string{"Sample.count": "8", "Sample.text": "mine", "Sample.word": "DEBUG", "Sample.dead": "1"})
	require.Equal(t, []string{"Sample.count"}, report.NotApplied)
	require.Equal(t, []string{"Sample.word"}, report.Overwritten, "NULL is nothing")
	require.Equal(t, []string{"Sample.dead: has no effect: nobody reads it"}, report.Warnings)
	got := table(t, pool)
	require.Contains(t, got, "Sample.count int=7")
	require.Contains(t, got, "Sample.word str=DEBUG")
	require.Contains(t, got, "Sample.share float=NULL")

	report, err = config.Init(ctx, pool, registry(), config.InitOptions{Values: map[string]string{"Sample.count": "8"}, Force: true})
	require.NoError(t, err)
	require.Empty(t, report.NotApplied)
	require.Equal(t, []string{"Sample.count", "Sample.share", "Sample.text", "Sample.word"}, report.Overwritten)
	got = table(t, pool)
	require.Contains(t, got, "Sample.count int=8")
	require.Contains(t, got, "Sample.text str=hello")
	require.Contains(t, got, "Sample.api_key str="+canary, "a key is not lost by --force")
	require.Contains(t, got, "Redis.cache_group str=3")
}

func TestInitReportsAllFaultsAndWritesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := config.Init(t.Context(), pool, registry(), config.InitOptions{Values: map[string]string{
		"Sample.count": "many", "Sample.text": "hi", "Sample.word": "LOUD", "Sample.api_key": "bad" + canary, "nodot": "1", "Redis.x": "a\x00",
	}})
	require.EqualError(t, err, `Redis.x: must be UTF-8 text
nodot.: the name of the setting must not be empty`)
	_, err = config.Init(t.Context(), pool, registry(), config.InitOptions{Values: map[string]string{
		"Sample.count": "many", "Sample.text": "hi", "Sample.word": "LOUD", "Sample.api_key": "bad" + canary,
	}})
	require.EqualError(t, err, `Sample.api_key: is bad (got REDACTED)
Sample.count: must be a whole number (got "many")
Sample.word: must be one of DEBUG, INFO (got "LOUD")`)
	require.Empty(t, table(t, pool))
}

func TestInitManyAtOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	group, ctx := errgroup.WithContext(t.Context())
	for range 5 {
		group.Go(func() error {
			_, err := config.Init(ctx, pool, registry(), config.InitOptions{})
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, defaults, table(t, pool))
}

func TestIDsAreNotUsedUp(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, nil)
	for range 20 {
		initial(t, pool, nil)
		all, err := config.RevealJSON(ctx, pool)
		require.NoError(t, err)
		_, err = config.Load(ctx, pool, registry(), strings.NewReader(string(all)))
		require.NoError(t, err)
	}
	var last int
	require.NoError(t, pool.QueryRow(ctx, "SELECT last_value FROM augur_operations.config_id_seq").Scan(&last))
	require.Equal(t, len(registry().Settings()), last)

	removed, err := config.Clear(ctx, pool)
	require.NoError(t, err)
	require.EqualValues(t, last, removed)
	initial(t, pool, nil)
	require.NoError(t, pool.QueryRow(ctx, "SELECT max(id) FROM augur_operations.config").Scan(&last))
	require.Equal(t, len(registry().Settings()), last)
}

func TestSetChecksBeforeItWrites(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, map[string]string{"Custom.size": "1"})
	_, err := pool.Exec(ctx, "UPDATE augur_operations.config SET type = 'int' WHERE section_name = 'Custom'")
	require.NoError(t, err)
	before := table(t, pool)
	for _, c := range []struct{ section, setting, value, want string }{
		{"Sample", "count", "many", `Sample.count: must be a whole number (got "many")`},
		{"Sample", "count", "101", `Sample.count: must be from 0 to 100 (got "101")`},
		{"Sample", "text", "123456", `Sample.text: must be at most 5 characters long`},
		{"Sample", "api_key", "REDACTED", `Sample.api_key: REDACTED is what a secret is shown as`},
		{"Sample", "api_key", "bad" + canary, `Sample.api_key: is bad (got REDACTED)`},
		{"Custom", "size", "big", `Custom.size: must be a whole number (got "big")`},
		{"Custom", "", "1", `Custom.: the name of the setting must not be empty`},
		{"", "size", "1", `.size: the name of the section must not be empty`},
		{"a.b", "size", "1", `a.b.size: the name of a section must not contain a dot`},
		{"a\nb", "size", "1", "a\nb.size: the name of the section must be at most 200 characters of UTF-8 without control characters"},
	} {
		_, _, err := config.Set(ctx, pool, registry(), c.section, c.setting, c.value)
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "CANARY")
	}
	require.Equal(t, before, table(t, pool))
}

func TestSetKeepsTheTypeOfARow(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, nil)
	value, report, err := config.Set(ctx, pool, registry(), "Sample", "count", "7")
	require.NoError(t, err)
	require.Equal(t, config.Report{Overwritten: []string{"Sample.count"}}, report)
	require.Equal(t, "7", value.Value)
	require.Equal(t, config.Restart, value.Effect)
	require.Contains(t, table(t, pool), "Sample.count int=7")

	_, err = pool.Exec(ctx, "DELETE FROM augur_operations.config WHERE setting_name = 'count'")
	require.NoError(t, err)
	_, report, err = config.Set(ctx, pool, registry(), "Sample", "count", "8")
	require.NoError(t, err)
	require.Equal(t, []string{"Sample.count"}, report.Inserted)
	require.Contains(t, table(t, pool), "Sample.count int=8")

	value, _, err = config.Set(ctx, pool, registry(), "Sample", "api_key", canary)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v", value.Value, value), "CANARY")
	require.Equal(t, canary, value.Reveal())

	_, report, err = config.Set(ctx, pool, registry(), "sample", "coumt", "8")
	require.NoError(t, err)
	require.Equal(t, []string{"sample.coumt: nothing reads this setting; did you mean Sample.count?"}, report.Warnings)
	require.Contains(t, table(t, pool), "sample.coumt str=8")

	_, report, err = config.Set(ctx, pool, registry(), "sample", "coumt", "8")
	require.NoError(t, err)
	require.Empty(t, report.Overwritten)
}

func TestSetOfOneFaultDoesNotWaitForAnother(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, nil)
	update(t, pool, "word", "LOUD")
	_, _, err := config.Set(ctx, pool, registry(), "Sample", "count", "7")
	require.NoError(t, err)
	_, _, err = config.Set(ctx, pool, registry(), "Sample", "word", "LOUD")
	require.ErrorContains(t, err, "Sample.word: must be one of DEBUG, INFO")
}

func TestGetShowsTheTableOrTheDefault(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	value, err := config.Get(ctx, pool, registry(), "Sample", "count")
	require.NoError(t, err)
	require.True(t, value.Default)
	require.Equal(t, "5", value.Value)

	initial(t, pool, map[string]string{"Sample.api_key": canary, "Redis.connection_string": "redis://me:" + canary + "@127.0.0.1/"})
	update(t, pool, "count", "many")
	value, err = config.Get(ctx, pool, registry(), "Sample", "count")
	require.NoError(t, err)
	require.Equal(t, "many", value.Value)
	require.Equal(t, `must be a whole number (got "many")`, value.Problem)

	value, err = config.Get(ctx, pool, registry(), "Redis", "connection_string")
	require.NoError(t, err)
	require.Equal(t, "redis://me:xxxxx@127.0.0.1/", value.Value)
	require.Equal(t, "nothing reads this setting", value.Unused)

	values, err := config.GetSection(ctx, pool, registry(), "Sample")
	require.NoError(t, err)
	require.Len(t, values, len(defaults))
	encoded, err := json.Marshal(values)
	require.NoError(t, err)
	require.NotContains(t, string(encoded)+fmt.Sprintf("%+v", values), "CANARY")

	_, err = config.Get(ctx, pool, registry(), "Sample", "cuont")
	require.ErrorIs(t, err, config.ErrUnknown)
	require.EqualError(t, err, "Sample.cuont: no such setting; did you mean Sample.count?")
	_, err = config.GetSection(ctx, pool, registry(), "Simple")
	require.ErrorIs(t, err, config.ErrUnknown)
}

func TestCheckFindsProblemsAndWhatNothingReads(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, map[string]string{"Redis.cache_group": "0"})
	update(t, pool, "count", "many")
	update(t, pool, "word", "DEBUG")
	_, err := pool.Exec(ctx, "UPDATE augur_operations.config SET type = 'str' WHERE setting_name = 'share'")
	require.NoError(t, err)
	found, err := config.Check(ctx, pool, registry(), func(_ context.Context, s *config.Store) []config.Problem {
		return []config.Problem{{Section: "Sample", Setting: "a_file", Reason: "is missing; the word is " + config.Of[sample](s).Word}}
	})
	require.NoError(t, err)
	require.Len(t, found.Problems, 2)
	require.Equal(t, "Sample.a_file: is missing; the word is DEBUG", found.Problems[0].String())
	require.Equal(t, `Sample.count: must be a whole number (got "many")`, found.Problems[1].String())
	require.Contains(t, found.Unused, config.Unused{Section: "Redis", Setting: "cache_group", Reason: "no section of this program", Unknown: true})
	require.Contains(t, found.Unused, config.Unused{Section: "Sample", Setting: "dead", Reason: "nobody reads it", Default: true})
	require.Equal(t, []string{`Sample.share: is of type "str" in the table, where float is usual; the value is read all the same`}, found.Notes)
}

func TestChangesJoinTheTransactionOfTheCaller(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	tx, err := pool.Begin(ctx)
	require.NoError(t, err)
	_, err = config.Init(ctx, tx, registry(), config.InitOptions{})
	require.NoError(t, err)
	store, err := config.Read(ctx, tx, registry(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.Equal(t, 5, config.Of[sample](store).Count)
	require.NoError(t, tx.Rollback(ctx))
	require.Empty(t, table(t, pool))
}

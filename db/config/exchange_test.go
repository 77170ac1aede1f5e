package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/db/dbtest"
)

func TestAllJSONIsReadBackWithoutLosingSecrets(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, map[string]string{
		"Sample.api_key": canary, "Keys.other": canary, "RabbitMQ.connection_string": "amqp://augur:" + canary + "@localhost:5672/v", "Mail.smtp_password": canary,
		"Sample.text": "<&>é",
	})
	_, err := pool.Exec(ctx, "UPDATE augur_operations.config SET value = NULL WHERE setting_name = 'word'")
	require.NoError(t, err)
	before := table(t, pool)
	all, err := config.AllJSON(ctx, pool, registry())
	require.NoError(t, err)
	require.NotContains(t, string(all), "CANARY")
	require.Contains(t, string(all), `"api_key": "REDACTED"`)
	require.Contains(t, string(all), `"connection_string": "amqp://augur:xxxxx@localhost:5672/v"`)
	require.Contains(t, string(all), `"word": null`)
	require.Contains(t, string(all), `"text": "<&>é"`)

	report, err := config.Load(ctx, pool, registry(), strings.NewReader(string(all)))
	require.NoError(t, err)
	require.Empty(t, report.Inserted)
	require.Empty(t, report.Overwritten)
	require.Empty(t, report.Deleted)
	require.Equal(t, before, table(t, pool))

	all, err = config.RevealJSON(ctx, pool)
	require.NoError(t, err)
	require.Equal(t, 4, strings.Count(string(all), canary))
}

func TestLoadReplacesTheTable(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, map[string]string{"Sample.count": "7", "Redis.cache_group": "1"})
	report, err := config.Load(ctx, pool, registry(), strings.NewReader(`{
		"Sample": {"count": 8, "switch": false, "flag": true, "share": 0.5, "limit": "90s", "text": null},
		"Old": {"a": 1, "b": 1.5, "c": true, "d": "x", "e": null}
	}`))
	require.NoError(t, err)
	require.Equal(t, []string{
		"Old.a int=1", "Old.b float=1.5", "Old.c bool=True", "Old.d str=x", "Old.e str=NULL", "Sample.count int=8", "Sample.flag bool=True", "Sample.limit str=90s",
		"Sample.share float=0.5", "Sample.switch int=0", "Sample.text str=NULL",
	}, table(t, pool))
	require.Contains(t, report.Deleted, "Redis.cache_group")
	require.Contains(t, report.Overwritten, "Sample.count")
	require.Len(t, report.Inserted, 5)
	require.Len(t, report.Warnings, 5)
}

func TestLoadWritesNothingWhenSomethingIsWrong(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, nil)
	for text, want := range map[string]string{
		``:                                     "unexpected EOF",
		`{`:                                    "unexpected EOF",
		`{"Sample": {"count"`:                  "unexpected EOF",
		`[]`:                                   "the file: must be an object",
		`{"Sample": 1}`:                        "Sample: must be an object",
		`{"Sample": {"count": {"a": 1}}}`:      "Sample.count: must be a text, a number, true, false or null",
		`{"Sample": {"count": [1]}}`:           "Sample.count: must be a text, a number, true, false or null",
		`{"Sample": {"count": 1, "count": 2}}`: `Sample: has "count" twice`,
		`{"Sample": {}, "Sample": {}}`:         `the file: has "Sample" twice`,
		`{"Sample": {"count": 1}} {}`:          "something follows the object",
		`{"Sample": {"count": 1e9, "word": "LOUD"}}`:        "Sample.count: must be a whole number (got \"1e9\")\nSample.word: must be one of DEBUG, INFO (got \"LOUD\")",
		`{"Sample": {"api_key": "REDACTED"}, "": {"a": 1}}`: ".a: the name of the section must not be empty",
		`{"Keys": {"some": "REDACTED"}}`:                    "Keys.some: REDACTED stands for a secret, and there is none in the table",
	} {
		_, err := config.Load(ctx, pool, registry(), strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
	require.Equal(t, defaults, table(t, pool))
}

func TestAddSectionReplacesOneSection(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), dbtest.New(t)
	initial(t, pool, map[string]string{"Other.old": "1"})
	report, err := config.AddSection(ctx, pool, registry(), "Other", strings.NewReader(`{"new": 2}`))
	require.NoError(t, err)
	require.Equal(t, []string{"Other.new"}, report.Inserted)
	require.Equal(t, []string{"Other.old"}, report.Deleted)
	require.Equal(t, append([]string{"Other.new int=2"}, defaults...), table(t, pool))

	_, err = config.AddSection(ctx, pool, registry(), "Sample", strings.NewReader(`{"count": -1}`))
	require.ErrorContains(t, err, `Sample.count: must be from 0 to 100 (got "-1")`)
	_, err = config.AddSection(ctx, pool, registry(), "Other", strings.NewReader(`{"new": 2} x`))
	require.Error(t, err)
}

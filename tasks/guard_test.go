package tasks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/tasktest"
)

// spiteful is an error that panics when it is asked for its text.
type spiteful struct{}

func (spiteful) Error() string { panic("no text \x00 for you") }

const secret = "ghp_0123456789abcdefghijklmnop"

// Each of these wedged a River client for good before there was a guard: nothing that the process worked on ended any more.
func TestPoisonDoesNotHoldUpTheJobsBeside(t *testing.T) {
	t.Parallel()
	finish := func(ctx context.Context, c *tasks.Collection) error { return c.Finish(ctx, nil) }
	record := func(end func(context.Context, *tasks.Collection) error, note func(context.Context) error) tasks.WorkerFunc {
		return func(ctx context.Context, c *tasks.Collection) error {
			if err := note(ctx); err != nil {
				return err
			}
			return end(ctx, c)
		}
	}
	fail := func(context.Context, *tasks.Collection) error { return errors.New("it failed") }
	tests := map[string]struct {
		work tasks.WorkerFunc
		want string // of the job's row, once the task had its one attempt
	}{
		"error":           {func(context.Context, *tasks.Collection) error { return errors.New("bad name \x00 \xff in " + secret) }, "bad name \uFFFD \uFFFD in ghp_xxxxx"},
		"huge error":      {func(context.Context, *tasks.Collection) error { return errors.New(strings.Repeat("x", 64<<20)) }, "xxx ... (cut)"},
		"spiteful error":  {func(context.Context, *tasks.Collection) error { return spiteful{} }, "whose text cannot be told: no text \uFFFD for you"},
		"panic":           {func(context.Context, *tasks.Collection) error { panic("NUL \x00 and " + secret) }, "panic: NUL \uFFFD and ghp_xxxxx"},
		"panic with nil":  {func(context.Context, *tasks.Collection) error { panic(nil) }, "panic: panic called with nil argument"},
		"output":          {record(finish, func(ctx context.Context) error { return river.RecordOutput(ctx, "NUL \x00 and "+secret) }), "NUL \uFFFD and ghp_xxxxx"},
		"output of error": {record(fail, func(ctx context.Context) error { return river.RecordOutput(ctx, map[string]any{"k\x00": "v\x00"}) }), `"k` + "\uFFFD" + `": "v` + "\uFFFD" + `"`},
		"raw output": {record(finish, func(ctx context.Context) error {
			return river.RecordOutput(ctx, json.RawMessage(`{"half a pair": "\ud800", "bytes": "`+"\xff"+`"}`))
		}), `"half a pair": "` + "\uFFFD" + `"`},
		"huge output": {record(finish, func(ctx context.Context) error {
			return river.RecordOutput(ctx, strings.Split(strings.Repeat("x,", 1<<20), ","))
		}), "too many to be stored"},
		"huge number":    {record(finish, func(ctx context.Context) error { return river.RecordOutput(ctx, json.Number("1e999999")) }), `"1e999999"`},
		"metadata":       {record(finish, func(ctx context.Context) error { return river.MetadataSet(ctx, "no\x00te", "NUL \x00 \xff") }), `"no` + "\uFFFD" + `te": "NUL ` + "\uFFFD \uFFFD"},
		"impossible":     {record(finish, func(ctx context.Context) error { return river.MetadataSet(ctx, "note", math.NaN()) }), "not stored: json: unsupported value: NaN"},
		"impossible too": {record(fail, func(ctx context.Context) error { return river.MetadataSet(ctx, "note", func() {}) }), "not stored: json: unsupported type: func()"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			other := tasktest.AddRepo(t, w.pool, "https://github.com/chaoss/other")
			first := make(chan struct{})
			catalog := catalogOf(task("picky", func(ctx context.Context, c *tasks.Collection) error {
				if c.Repo.ID == w.repo {
					defer close(first)
					return test.work(ctx, c)
				}
				<-first // beside the poison, in the same batch or after it
				return nil
			}))
			tasktest.Start(t, w.pool, catalog, settings(), tasks.Facade, w.repo, other)
			_, err := w.pool.Exec(t.Context(), "UPDATE river.river_job SET max_attempts = 1")
			require.NoError(t, err)
			tasktest.Work(t, w.pool, catalog, settings())
			require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, other).Outcome)
			var row string
			require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT coalesce(errors::text, '') || metadata::text FROM river.river_job WHERE (args ->> 'repo_id')::bigint = $1", w.repo).Scan(&row))
			require.Contains(t, strings.ReplaceAll(row, `\"`, `"`), test.want)
			require.NotContains(t, row, "0123456789", "secrets in the job's row")
			require.Less(t, len(row), 200<<10, "size of the row")
		})
	}
}

// poisonArgs are arguments as nobody should give them.
type poisonArgs struct {
	Text string `json:"text"`
}

func (poisonArgs) Kind() string { return "poison" }

func TestArgumentsAreScrubbedWhenAJobIsInserted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client, err := river.NewClient(riverpgxv5.New(w.pool), &river.Config{Schema: tasks.Schema, Logger: dbtestLog(), Middleware: tasks.Middleware(dbtestLog())})
	require.NoError(t, err)
	err = pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
		_, err := client.InsertTx(t.Context(), tx, poisonArgs{Text: "NUL \x00 \xff https://user:" + secret + "@host/"}, &river.InsertOpts{Metadata: []byte(`{"note": "\u0000"}`)})
		return err
	})
	require.NoError(t, err)
	var row string
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT args::text || metadata::text FROM river.river_job").Scan(&row))
	require.Contains(t, row, `{"text": "NUL `+"\uFFFD \uFFFD"+` https://xxxxx@host/"}`)
	require.Contains(t, row, `{"note": "`+"\uFFFD"+`"}`)
}

func TestScrubJSONKeepsWhatIsFit(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ document, want string }{
		"ids":       {`{"run_id":9007199254740993,"repo_id":1,"phase":"core"}`, `{"phase":"core","repo_id":1,"run_id":9007199254740993}`},
		"nested":    {`[1.5,null,true,{"a":["b"]}]`, `[1.5,null,true,{"a":["b"]}]`},
		"not JSON":  {"{", `"not JSON: {"`},
		"two":       {"1 2", `"not one JSON value: 1 2"`},
		"empty":     {"", `"not JSON: "`},
		"raw bytes": {"\"a\xffb\"", "\"a\uFFFDb\""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, string(tasks.ScrubJSON([]byte(test.document))))
		})
	}
}

func FuzzScrubJSON(f *testing.F) {
	for _, seed := range []string{`{"a":"\u0000"}`, `"\ud800"`, "\xff", `1e999999`, `[[[`, `{"a":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		clean := tasks.ScrubJSON(document)
		var value any
		if json.Unmarshal(clean, &value) != nil {
			require.True(t, json.Valid(clean), "valid JSON") // a number that no float can hold
		}
		require.NotContains(t, fmt.Sprint(value), "\x00")
		require.Less(t, len(clean), 128<<10)
	})
}

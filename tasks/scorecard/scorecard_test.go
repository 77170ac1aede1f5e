package scorecard_test

import (
	"context"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/tasks"
	"augur/tasks/apikey"
	"augur/tasks/scorecard"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	repository = "https://github.com/octo/widget"
	token      = "ghp_canaryCanaryCanaryCanary"
)

// world is a database that collects one repository.
type world struct {
	t    *testing.T
	pool *pgxpool.Pool
	repo int64
}

func setup(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, pool: dbtest.New(t)}
	w.repo = tasktest.AddRepo(t, w.pool, repository)
	w.exec("UPDATE augur_operations.collection_status SET core_status = 'Success', core_data_last_collected = now()") // the secondary phase comes after it
	return w
}

// collect runs the secondary phase.
func (w *world) collect(options ...string) {
	w.t.Helper()
	settings := config.Static(config.NewRegistry(config.NewSection[scorecard.Settings]("Scorecard"), config.NewSection[apikey.Keys]("Keys")),
		append([]string{"Keys.github_api_key=" + token}, options...)...)
	catalog := tasks.NewCatalog()
	catalog.Add(tasks.Task{
		Kind: "secondary_work", Phase: tasks.Secondary, Timeout: func(*config.Store) time.Duration { return time.Minute },
		Worker: tasks.WorkerFunc(func(ctx context.Context, c *tasks.Collection) error { return c.Finish(ctx, nil) }),
	})
	scorecard.Add(catalog, settings, scorecard.Options{Env: []string{"PATH=/usr/bin:/bin", "SECRET=" + token}, Log: slog.New(slog.DiscardHandler)})
	got := tasktest.Collect(w.t, w.pool, catalog, settings, tasks.Secondary, w.repo)
	require.Equal(w.t, "Success", got.Outcome, got.Reason)
}

// tool is a program that does what the script says.
func (w *world) tool(script string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "scorecard")
	// Another process writes it: while a file is open for writing in this one, nobody can run it.
	cmd := exec.CommandContext(w.t.Context(), "sh", "-c", `cat >"$1" && chmod 700 "$1"`, "sh", path)
	cmd.Stdin = strings.NewReader("#!/bin/sh\n" + script)
	require.NoError(w.t, cmd.Run())
	return "Scorecard.tool=" + path
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), query, args...)
	require.NoError(w.t, err)
}

func (w *world) strings(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), query, args...)
	require.NoError(w.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.t, err)
	return list
}

// scores are the known scores of the newest snapshot.
func (w *world) scores() []string {
	w.t.Helper()
	return w.strings(`SELECT name || ' ' || score FROM repo_deps_scorecard
		WHERE score <> '-1' AND data_collection_date = (SELECT max(data_collection_date) FROM repo_deps_scorecard) ORDER BY name`)
}

// due makes the repository due.
func (w *world) due() {
	w.t.Helper()
	w.exec("UPDATE augur_operations.tree_snapshot SET checked_at = checked_at - interval '8 days' WHERE kind = 'scorecard'")
}

func TestRowsDecideWhatTheyCan(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collect()
	require.Empty(t, w.scores(), "nothing is known yet")
	require.Equal(t, []string{"21 1 scorecard_model 0.89.1 rows"}, w.strings(`SELECT concat_ws(' ', count(*), count(DISTINCT data_collection_date), min(tool_source), min(tool_version), min(data_source))
		FROM repo_deps_scorecard`))

	w.exec("UPDATE repo SET created_at = '2015-01-01T00:00:00Z', repo_archived = 0")
	w.exec("INSERT INTO repo_info (repo_id, license) VALUES ($1, 'MIT License')", w.repo)
	w.exec("INSERT INTO repo_badging (repo_id, data) VALUES ($1, '{\"badge_level\":\"silver\"}')", w.repo)
	w.exec("INSERT INTO augur_operations.tree_snapshot (repo_id, kind, head, content, rules, digest, rows, skipped) VALUES ($1, 'badges', '', '', '', 'x', 1, 0)", w.repo)
	w.exec(`INSERT INTO augur_operations.tree_snapshot (repo_id, kind, head, content, rules, digest, rows, skipped, taken_at) VALUES ($1, 'git_labor', '', '', '', '', 1, 0, '2026-01-01')`, w.repo)
	w.exec("INSERT INTO repo_labor (repo_id, rl_analysis_date, file_path, file_name) VALUES ($1, '2026-01-01', '.github/dependabot.yml', 'dependabot.yml')", w.repo)
	w.exec(`INSERT INTO commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_committer_name, cmt_committer_raw_email, cmt_committer_email,
		cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted, cmt_committer_timestamp)
		SELECT $1, n::text, 'a', 'a', 'a', '', 'a', 'a', 'a', '', 0, 0, 0, 'f', now(), now() - n * interval '2 days' FROM generate_series(1, 20) AS n`, w.repo)
	w.collect()
	require.Empty(t, w.scores(), "not yet due")
	w.due()
	w.collect()
	want := []string{"CII-Best-Practices 7", "Dependency-Update-Tool 10", "License 10", "Maintained 10"}
	require.Equal(t, want, w.scores())
	require.Equal(t, []string{"https://github.com/ossf/scorecard/blob/main/docs/checks.md#maintained"}, w.strings(`SELECT DISTINCT scorecard_check_details->'documentation'->>'url'
		FROM repo_deps_scorecard WHERE name = 'Maintained'`))
	w.due()
	w.collect()
	require.Equal(t, []string{"42"}, w.strings("SELECT count(*)::text FROM repo_deps_scorecard"), "an unchanged snapshot is not written again")
	w.exec("UPDATE augur_operations.tree_snapshot SET note = 'the badge service does not answer' WHERE kind = 'badges'")
	w.due()
	w.collect()
	require.Equal(t, []string{"42"}, w.strings("SELECT count(*)::text FROM repo_deps_scorecard"), "what the service said before holds while it does not answer")

	w.exec("UPDATE repo SET repo_archived = 1")
	w.exec("UPDATE augur_operations.tree_snapshot SET rows = 0 WHERE kind = 'badges'")
	w.due()
	w.collect()
	require.Equal(t, []string{"CII-Best-Practices 0", "Dependency-Update-Tool 10", "License 10", "Maintained 0"}, w.scores())
}

const printed = `{"date":"2026-01-01","repo":{"name":"github.com/octo/widget","commit":"abc"},"scorecard":{"version":"v5","commit":"x"},"score":6.3,
"checks":[{"details":null,"score":10,"reason":"no binaries\u0000found","name":"Binary-Artifacts","documentation":{"url":"u","short":"s"}},
{"details":["Warn: x"],"score":-1,"reason":"error","name":"SAST","documentation":{"url":"u","short":"s"}}],"metadata":null}`

func TestTheToolIsRunWithTheTokenInItsEnvironment(t *testing.T) {
	t.Parallel()
	w := setup(t)
	seen := filepath.Join(t.TempDir(), "seen")
	// It ends with a status other than 0, as it does when a check has failed, and it says too much.
	tool := w.tool(`{ echo "$*"; env; } >` + seen + `
cat <<'END' | sed "s/no binaries/token $GITHUB_AUTH_TOKEN/"
` + printed + `
END
exit 1`)
	w.collect(tool)
	require.Equal(t, []string{"Binary-Artifacts 10", "OSSF_SCORECARD_AGGREGATE_SCORE 6.3"}, w.scores())
	require.Equal(t, []string{
		`Binary-Artifacts scorecard "token REDACTED�found"`, `OSSF_SCORECARD_AGGREGATE_SCORE scorecard "abc"`, `SAST scorecard "error"`,
	}, w.strings(`SELECT concat_ws(' ', name, data_source, coalesce(scorecard_check_details->'reason', scorecard_check_details->'commit')) FROM repo_deps_scorecard ORDER BY name`))
	got, err := exec.CommandContext(t.Context(), "cat", seen).Output()
	require.NoError(t, err)
	require.Contains(t, string(got), "--repo=github.com/octo/widget --format=json\n")
	require.Contains(t, string(got), "GITHUB_AUTH_TOKEN="+token)
	require.NotContains(t, string(got), "SECRET")

	w.due()
	w.collect(tool)
	require.Equal(t, []string{"3"}, w.strings("SELECT count(*)::text FROM repo_deps_scorecard"))
}

func TestAToolThatFailsFailsNothingAndLeavesTheRows(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collect(w.tool("cat <<'END'\n" + printed + "\nEND"))
	before := w.strings("SELECT ctid::text FROM repo_deps_scorecard ORDER BY ctid")
	for script, want := range map[string]string{
		`echo "bad token $GITHUB_AUTH_TOKEN" >&2; exit 1`: "bad token REDACTED",
		`echo '<html>'`:              "read the output of scorecard",
		`head -c 17000000 /dev/zero`: "printed more than",
		`sleep 100 & sleep 100`:      "did not end within 1s",
		`echo '{"repo":{"name":"github.com/octo/widget"},"score":77,"checks":[]}'`: "no score",
		`echo '{"repo":{"name":"github.com/other/one"},"score":7,"checks":[]}'`:    "it is about",
	} {
		limit := "Scorecard.tool_timeout=15m"
		if strings.HasPrefix(script, "sleep") {
			limit = "Scorecard.tool_timeout=1s"
		}
		w.collect(w.tool(script), limit)
		notes := w.strings("SELECT note FROM augur_operations.tree_snapshot")
		require.Contains(t, notes[0], want)
		require.NotContains(t, notes[0], token)
	}
	w.collect("Scorecard.tool=/does/not/exist")
	require.Contains(t, w.strings("SELECT note FROM augur_operations.tree_snapshot")[0], "no such file")
	w.collect("Scorecard.tool=/does/not/exist", "Keys.github_api_key=")
	require.Contains(t, w.strings("SELECT note FROM augur_operations.tree_snapshot")[0], "needs a token")
	require.Equal(t, before, w.strings("SELECT ctid::text FROM repo_deps_scorecard ORDER BY ctid"))
}

func TestSwitchedOffNothingIsWritten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collect("Scorecard.enabled=0")
	require.Empty(t, w.strings("SELECT name FROM repo_deps_scorecard"))
}

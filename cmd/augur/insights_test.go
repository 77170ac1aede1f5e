package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/tasks/insights"
)

// TestInsightsAreFoundShownAndKnown goes through the commands as a person does.
func TestInsightsAreFoundShownAndKnown(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, sql := range []string{
		"INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git, repo_path, repo_name, data_source) VALUES (7, 1, 'https://example.org/a/b', '', '', 'Git')",
		"INSERT INTO augur_operations.collection_status (repo_id, facade_status, facade_data_last_collected) VALUES (7, 'Success', now() AT TIME ZONE 'UTC')",
		`INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_committer_name,
			cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
		SELECT 7, md5(d || '-' || n), 'Ann', 'a@example.org', 'a@example.org', to_char((now() AT TIME ZONE 'UTC')::date - d, 'YYYY-MM-DD'), 'Ann', '', '', '', 4, 1, 0, 'f', now()
		FROM generate_series(1, 400) AS d CROSS JOIN LATERAL generate_series(1, CASE d WHEN 1 THEN 90 ELSE 3 + d * 7 % 4 END) AS n`,
	} {
		_, err := pool.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	env := map[string]string{"AUGUR_DB": pool.Config().ConnString(), "USER": "ann"}
	require.Contains(t, succeeds(t, env, "insights", "run", "https://example.org/a/b"), "new or stronger")
	var listed []insights.Insight
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "insights", "list", "--json")), &listed))
	require.Len(t, listed, 2)
	require.Equal(t, "code-changes", listed[0].Metric)
	shown := succeeds(t, env, "insights", "show", "1")
	require.Contains(t, shown, "90 commits on ")
	require.Contains(t, shown, "Unusual at the same time: many added lines.")
	require.Contains(t, shown, "▲")
	succeeds(t, env, "insights", "ack", "1", "--comment", "a release")
	require.Contains(t, succeeds(t, env, "insights", "show", "1"), "ann: a release")
	require.NotContains(t, succeeds(t, env, "insights", "list"), "90 commits on ")
	require.Contains(t, succeeds(t, env, "insights", "list", "--all"), "known")
	succeeds(t, env, "insights", "mute", "7", "code-changes-lines", "--until", "2999-01-01")
	require.Contains(t, succeeds(t, env, "insights", "list"), "no anomalies")
	succeeds(t, env, "insights", "unmute", "7", "code-changes-lines")
	require.Equal(t, exitFailed, augur(t, env, "insights", "unmute", "7").status)
	back := succeeds(t, env, "insights", "backtest", "7")
	require.Contains(t, back, "code-changes-lines")
	require.Contains(t, back, "Behind it: Ann (100 %). There were never as many in the ")
	require.Contains(t, succeeds(t, env, "insights", "list", "collection"), "no anomalies")
	succeeds(t, env, "insights", "mute", "collection", "collection-rows")
	succeeds(t, env, "insights", "unmute", "collection", "collection-rows")
	for _, name := range []string{"a.svg", "a.png"} {
		path := filepath.Join(t.TempDir(), name)
		succeeds(t, env, "insights", "plot", "7", "code-changes", "-o", path)
		drawn, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Greater(t, len(drawn), 2000)
	}
}

func TestABacktestOfAFileNeedsNoDatabase(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out.csv")
	const series = "series_id,metric,date,value,observed\na,commits,2024-01-01,1,1\na,commits,2024-01-02,,0\n"
	done := augurReading(t, map[string]string{"AUGUR_DB": "postgres://nowhere.invalid/"}, series, "insights", "backtest", "--in", "-", "--out", out)
	require.Equal(t, exitOK, done.status, done.stderr)
	require.Contains(t, done.stderr, "1 series, 2 days, 0 flagged")
	written, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "series_id,date,score,is_anomaly,reason\na,2024-01-01,-1.000000,0,\na,2024-01-02,-1.000000,0,\n", string(written))
}

func TestWrongUseOfInsightsIsSaid(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"insights", "run"},
		{"insights", "show", "one"},
		{"insights", "mute"},
		{"insights", "mute", "7", "no-such-metric"},
		{"insights", "plot", "7"},
		{"insights", "plot", "7", "code-changes", "-o", "a.gif"},
		{"insights", "backtest"},
		{"insights", "backtest", "--in", "x", "--contamination", "2"},
		{"insights", "list", "--since", "yesterday"},
	} {
		require.Equal(t, exitUsage, augur(t, nil, args...).status, "%v", args)
	}
}

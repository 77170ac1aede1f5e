package insights_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// runsOf notes an incremental run of the phase on each of the days, counted back from today, with a task that read so many records; a run failed where outcome
// says so.
func (w *world) runsOf(repo int64, phase, kind string, from, to int, records, outcome string) {
	w.t.Helper()
	w.exec(`
		WITH days AS (SELECT d, now() AT TIME ZONE 'UTC' - make_interval(days => d) AS at FROM generate_series($4::int, $5::int, -1) AS d),
		runs AS (
			INSERT INTO augur_operations.collection_run (repo_id, phase, full_collection, started_at, finished_at, outcome, reason)
			SELECT $1, $2, false, at AT TIME ZONE 'UTC', at AT TIME ZONE 'UTC', `+outcome+`, CASE WHEN `+outcome+` = 'Error' THEN 'no room on the disk' END FROM days
			RETURNING run_id, finished_at
		)
		INSERT INTO augur_operations.collection_task (run_id, kind, queue, after, state, progress_done, progress_total, ended_at)
		SELECT r.run_id, $3, $2, '{}', 'done', `+records+`, 0, r.finished_at
		FROM runs r JOIN days ON days.at AT TIME ZONE 'UTC' = r.finished_at`, repo, phase, kind, from, to)
}

// collectionInsights are those of the collection itself.
func (w *world) collectionInsights() []insightRow {
	w.t.Helper()
	return rowsOf[insightRow](w, `
		SELECT metric || ' ' || field, direction, reason, last_day - first_day + 1 AS days, withdrawn_at IS NOT NULL AS withdrawn
		FROM augur_operations.insight WHERE repo_id IS NULL ORDER BY 1, first_day`)
}

func TestWhatDidNotArriveIsNoFallOfTheRepository(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("quiet")
	w.commits(repo, "Ann", 400, 4, steady)
	w.runsOf(repo, "facade", "git_commits", 150, 4, "40 + d * 7 % 9", "'Success'")
	w.runsOf(repo, "facade", "git_commits", 3, 1, "0", "'Success'")
	w.runsOf(repo, "core", "github_messages", 150, 1, "30 + d * 5 % 7", "'Success'")
	require.Equal(t, "Success", w.run(repo).Status)
	require.Empty(t, w.insights(repo))
	found := w.collectionInsights()
	require.Len(t, found, 1, "%+v", found)
	require.Equal(t, "collection-rows git_commits", found[0].Metric)
	require.Equal(t, "down", found[0].Direction)
	require.Regexp(t, `^No records read by git_commits for 3 days up to .*, where about \d+ would be usual`, found[0].Reason)
	// Dashboards see no fall, either.
	require.Empty(t, rowsOf[struct{ Metric string }](w, "SELECT ri_metric FROM augur_data.repo_insights_records"))
	before := w.content()
	w.run(repo)
	require.Equal(t, before, w.content())
}

func TestTheSameIsAFallWhenTheCollectionWorks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("quiet")
	w.commits(repo, "Ann", 400, 6, steady)
	w.runsOf(repo, "facade", "git_commits", 150, 1, "40 + d * 7 % 9", "'Success'")
	w.run(repo)
	require.NotEmpty(t, w.insights(repo))
	require.Empty(t, w.collectionInsights())
}

func TestFailuresOfTheCollectionAreNoticed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("failing")
	w.runsOf(repo, "core", "github_issues", 150, 1, "NULL", "'Success'")
	for range 40 {
		w.runsOf(repo, "core", "github_issues", 1, 1, "NULL", "'Error'")
	}
	w.exec(`INSERT INTO augur_operations.api_spending (hour, platform, fingerprint, resource, kind, repo_id, job_id, requests, points, unchanged, failed)
		SELECT date_trunc('hour', now()) - make_interval(days => d), 'github', 'key', 'core', 'github_events', $1, d, 50, CASE d WHEN 1 THEN 4900 ELSE 40 + d % 5 END, 0, 0
		FROM generate_series(1, 100) AS d`, repo)
	require.Equal(t, "Success", w.run(repo).Status)
	found := w.collectionInsights()
	require.Len(t, found, 2, "%+v", found)
	require.Equal(t, "collection-api-points github", found[0].Metric)
	require.Contains(t, found[0].Reason, "4,900 points of the budget of github on ")
	require.Contains(t, found[0].Reason, "Behind it: github_events (100 %).")
	require.Equal(t, "collection-errors core", found[1].Metric)
	require.Contains(t, found[1].Reason, "40 failed runs of the core phase on ")
	require.Contains(t, found[1].Reason, "Behind it: no room on the disk (100 %).")
	// What was unusual at the same time is shown with each.
	together := rowsOf[struct{ Metric string }](w, "SELECT together -> 0 ->> 'metric' FROM augur_operations.insight_shown ORDER BY metric")
	require.Equal(t, []struct{ Metric string }{{"collection-errors"}, {"collection-api-points"}}, together)
}

// TestDaysOfTheCollectionStayWhenItsRunsAreForgotten: the series outlive the rows that they were made from.
func TestDaysOfTheCollectionStayWhenItsRunsAreForgotten(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("old")
	w.runsOf(repo, "core", "github_messages", 60, 3, "30", "'Success'")
	w.runsOf(repo, "core", "github_messages", 1, 1, "30", "'Success'")
	w.run(repo)
	days := func() []float64 {
		return rowsOf[float64](w, "SELECT coalesce(value, -1) FROM augur_operations.collection_day WHERE metric = 'collection-rows' ORDER BY day")
	}
	want := days()
	require.Len(t, want, 60)
	require.InDelta(t, -1, want[58], 0, "on a day without a run nothing could come")
	w.exec("DELETE FROM augur_operations.collection_run WHERE phase = 'core'")
	w.run(repo)
	require.Equal(t, want, days())
}

package insights_test

import (
	"fmt"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/insight"
	"augur/tasks"
	"augur/tasks/insights"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a database with repositories.
type world struct {
	t    *testing.T
	pool *pgxpool.Pool
	set  []string
	// patience is how long a message may take; 0: as long as in earnest.
	patience time.Duration
}

func setup(t *testing.T, set ...string) *world {
	t.Helper()
	return &world{t: t, pool: dbtest.New(t), set: set}
}

func (w *world) settings() *config.Store {
	registry := config.NewRegistry(config.NewSection[insight.Settings]("Insight_Task"), config.NewSection[insights.Notify]("Insight_Task"))
	return config.Static(registry, w.set...)
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), sql, args...)
	require.NoError(w.t, err)
}

// repo adds a repository that was collected just now.
func (w *world) repo(name string) int64 {
	w.t.Helper()
	id := tasktest.AddRepo(w.t, w.pool, "https://example.org/"+name+".git")
	w.collected(id, time.Now())
	return id
}

// collected says that git history was collected at a time.
func (w *world) collected(repo int64, at time.Time) {
	w.t.Helper()
	w.exec("UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_data_last_collected = $2 WHERE repo_id = $1", repo, at.UTC())
}

// commits adds so many commits of the author on each of the days, counted back from today: the same numbers each time.
func (w *world) commits(repo int64, author string, from, to int, count string) {
	w.t.Helper()
	w.exec(`
		INSERT INTO augur_data.commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_committer_name,
			cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
		SELECT $1, md5($2 || d || '-' || n), $2, $2 || '@example.org', $2 || '@example.org', day, $2, '', '', day, 10, 1, 0, 'file', now()
		FROM (SELECT d, to_char((now() AT TIME ZONE 'UTC')::date - d, 'YYYY-MM-DD') AS day FROM generate_series($4::int, $3::int) AS d) AS days
		CROSS JOIN LATERAL generate_series(1, `+count+`) AS n`, repo, author, from, to)
}

// steady is a number of commits that varies a little.
const steady = "3 + d * 7 % 4"

func (w *world) run(repo int64) tasktest.Outcome {
	w.t.Helper()
	w.runTogether(repo)
	return tasktest.Last(w.t, w.pool, tasks.ML, repo)
}

// runTogether judges repositories at the same time.
func (w *world) runTogether(repos ...int64) {
	w.t.Helper()
	catalog := tasks.NewCatalog()
	settings := w.settings()
	insights.Add(catalog, settings, insights.Options{Version: "1.2", Log: slog.New(slog.DiscardHandler), SendTimeout: w.patience})
	tasktest.Start(w.t, w.pool, catalog, settings, tasks.ML, repos...)
	tasktest.Work(w.t, w.pool, catalog, settings)
}

// insightRow is what tests look at.
type insightRow struct {
	Metric, Direction, Reason string
	Days                      int
	Withdrawn                 bool
}

func (w *world) insights(repo int64) []insightRow {
	w.t.Helper()
	return rowsOf[insightRow](w, `
		SELECT metric, direction, reason, last_day - first_day + 1 AS days, withdrawn_at IS NOT NULL AS withdrawn
		FROM augur_operations.insight WHERE repo_id = $1 ORDER BY metric, first_day`, repo)
}

func rowsOf[T any](w *world, sql string, args ...any) []T {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), sql, args...)
	require.NoError(w.t, err)
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (T, error) {
		if kind := reflect.TypeFor[T](); kind.Kind() == reflect.Struct && kind != reflect.TypeFor[time.Time]() {
			return pgx.RowToStructByPos[T](row)
		}
		return pgx.RowTo[T](row)
	})
	require.NoError(w.t, err)
	return all
}

// content is everything that is stored about insights, so that two moments can be compared.
func (w *world) content() string {
	w.t.Helper()
	var text string
	require.NoError(w.t, w.pool.QueryRow(w.t.Context(), `
		SELECT concat((SELECT string_agg(i::text || i.xmin, ';' ORDER BY insight_id) FROM augur_operations.insight i),
			(SELECT string_agg(s::text || s.xmin, ';' ORDER BY metric) FROM augur_operations.insight_state s),
			(SELECT string_agg(d::text || d.xmin, ';' ORDER BY metric, field, day) FROM augur_operations.collection_day d),
			(SELECT string_agg(r::text || r.xmin, ';' ORDER BY ri_id) FROM augur_data.repo_insights r),
			(SELECT string_agg(r::text || r.xmin, ';' ORDER BY ri_id) FROM augur_data.repo_insights_records r))`).Scan(&text))
	return text
}

func TestASpikeBecomesAnInsightOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("spike")
	w.commits(repo, "Ann", 400, 1, steady)
	w.commits(repo, "Bob", 1, 1, "70")
	require.Equal(t, "Success", w.run(repo).Status)
	found := w.insights(repo)
	require.Len(t, found, 2, "%+v", found)
	require.Equal(t, "code-changes", found[0].Metric)
	require.Equal(t, "up", found[0].Direction)
	require.Regexp(t, `^7\d commits on .*, where \d to \d+ would be usual .*Behind it: Bob \(9\d %\)\. There were never as many in the 13 months before\.$`, found[0].Reason)
	require.Equal(t, "code-changes-lines", found[1].Metric)
	records := rowsOf[struct {
		Metric, Field, Value, Method string
		Score                        float64
	}](w, "SELECT ri_metric, ri_field, ri_value, ri_detection_method, ri_score FROM augur_data.repo_insights_records WHERE repo_id = $1 ORDER BY 1", repo)
	require.Len(t, records, 2)
	require.Equal(t, "commit_count", records[0].Field)
	require.Equal(t, "count surprise: day", records[0].Method)
	require.Negative(t, records[0].Score)
	days := rowsOf[struct {
		Metric string
		Fresh  bool
	}](w, "SELECT ri_metric, ri_fresh FROM augur_data.repo_insights WHERE repo_id = $1 AND ri_metric = 'code-changes' ORDER BY ri_date", repo)
	require.Len(t, days, 2) // anomaly_days
	require.True(t, days[1].Fresh)
	before := w.content()
	require.Equal(t, "Success", w.run(repo).Status)
	require.Equal(t, before, w.content())
}

func TestLateDataWithdrawsAnInsight(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("late")
	w.commits(repo, "Ann", 400, 1, steady)
	w.commits(repo, "Bob", 1, 1, "70")
	w.run(repo)
	w.exec("DELETE FROM augur_data.commits WHERE cmt_author_name = 'Bob'")
	w.run(repo)
	found := w.insights(repo)
	require.Len(t, found, 2)
	require.True(t, found[0].Withdrawn)
	method := rowsOf[struct{ Method string }](w, "SELECT ri_detection_method FROM augur_data.repo_insights_records ORDER BY ri_metric")
	require.Equal(t, "withdrawn: count surprise: day", method[0].Method)
	// And back again.
	w.commits(repo, "Bob", 1, 1, "70")
	w.run(repo)
	require.False(t, w.insights(repo)[0].Withdrawn)
	require.Len(t, w.insights(repo), 2)
}

func TestDaysThatWereNotWhollyCollectedAreNotJudged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("stale")
	w.commits(repo, "Ann", 400, 10, steady) // nothing is known of the last nine days
	w.collected(repo, time.Now().AddDate(0, 0, -9))
	w.run(repo)
	require.Empty(t, w.insights(repo))
	w.collected(repo, time.Now())
	w.run(repo)
	found := w.insights(repo)
	require.NotEmpty(t, found)
	require.Equal(t, "down", found[0].Direction)
	require.Greater(t, found[0].Days, 3)
	require.Contains(t, found[0].Reason, "No commits ")
}

// TestGoingOnDayByDayEqualsAReplay compares the states after ten daily runs with that of one run.
func TestGoingOnDayByDayEqualsAReplay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	daily, once := w.repo("daily"), w.repo("once")
	for _, repo := range []int64{daily, once} {
		w.commits(repo, "Ann", 200, 1, steady)
		w.commits(repo, "Bob", 6, 5, "40")
	}
	source := insights.New(w.settings(), insights.Options{})
	judge := func(repo int64, daysAgo int) {
		w.collected(repo, time.Now().AddDate(0, 0, -daysAgo))
		found, err := source.Judge(t.Context(), w.pool, repo)
		require.NoError(t, err)
		require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error { return found.Save(t.Context(), tx) }))
	}
	for ago := 10; ago >= 0; ago-- {
		judge(daily, ago)
	}
	judge(once, 0)
	states := rowsOf[struct {
		Metric string
		Equal  bool
	}](w, `SELECT a.metric, a.state = b.state AND a.settled_day = b.settled_day FROM augur_operations.insight_state a
		JOIN augur_operations.insight_state b ON a.metric = b.metric WHERE a.repo_id = $1 AND b.repo_id = $2`, daily, once)
	require.Len(t, states, 3)
	for _, s := range states {
		require.True(t, s.Equal, s.Metric)
	}
	require.NotEmpty(t, w.insights(daily)) // the burst is older than anomaly_days, but was new when it came
	require.Empty(t, w.insights(once))
}

func TestWhatStopsEverywhereIsAGapOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var repos []int64
	for i := range 5 {
		repo := w.repo(fmt.Sprintf("gap%d", i))
		w.commits(repo, "Ann", 400, 8, steady)
		w.run(repo)
		repos = append(repos, repo)
	}
	last := w.insights(repos[4])
	require.Len(t, last, 1, "%+v", last)
	require.Equal(t, "gap", last[0].Direction)
	require.Contains(t, last[0].Reason, "A gap in the collection?")
	// The first ones could not know. The next run puts that right.
	w.run(repos[0])
	standing := rowsOf[struct{ Metric string }](w, "SELECT metric FROM augur_operations.insight WHERE repo_id = $1 AND withdrawn_at IS NULL", repos[0])
	require.Equal(t, []struct{ Metric string }{{"collection"}}, standing)
}

func TestOtherDetectorsCanBeChosen(t *testing.T) {
	t.Parallel()
	w := setup(t, "Insight_Task.detector=isolation_forest")
	repo := w.repo("forest")
	w.commits(repo, "Ann", 400, 1, steady)
	w.commits(repo, "Bob", 1, 1, "70")
	require.Equal(t, "Success", w.run(repo).Status)
	require.Contains(t, w.insights(repo)[0].Reason, "one of the most isolated values")
}

func TestTheMachineLearningPhaseWaitsForSomethingToLearnFrom(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := tasktest.AddRepo(t, w.pool, "https://example.org/new.git")
	wait := func() string {
		return rowsOf[struct{ Wait string }](w, "SELECT wait FROM augur_operations.collection_schedule WHERE repo_id = $1 AND phase = 'ml'", repo)[0].Wait
	}
	require.Equal(t, "held", wait())
	w.collected(repo, time.Now())
	require.Equal(t, "new", wait())
	require.Empty(t, rowsOf[struct{ Phase string }](w, `
		SELECT w.phase FROM augur_operations.collection_wait w JOIN augur_operations.collection_schedule s USING (repo_id, phase)
		WHERE (w.wait, w.since, w.fresh) <> (s.wait, s.since, s.fresh)`))
}

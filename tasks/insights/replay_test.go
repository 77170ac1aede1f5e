package insights_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/insight"
	"augur/tasks/insights"
)

// daily judges a repository day after day, while commits come late, days pass without a run, and people change settings.
type daily struct {
	*world
	random *rand.Rand
	repo   int64
	change int // numbers what is added
}

// add adds so many commits on a day, counted back from today.
func (d *daily) add(ago, count int) {
	d.change++
	d.commits(d.repo, fmt.Sprintf("Ann%d", d.change), ago, ago, fmt.Sprint(count))
}

// count is how many commits a day brings: mostly few, seldom very many, in some weeks none.
func (d *daily) count(ago int) int {
	switch {
	case ago/7%6 == 5:
		return 0
	case d.random.IntN(8) == 0:
		return 40 + d.random.IntN(30)
	}
	return 2 + d.random.IntN(5)
}

// settle is how a series was stored.
type settle struct {
	First, Settled time.Time
	State          []byte
}

func (d *daily) settle() map[string]settle {
	all := map[string]settle{}
	for _, row := range rowsOf[struct {
		Metric         string
		First, Settled time.Time
		State          []byte
	}](d.world, "SELECT metric, first_day, settled_day, state FROM augur_operations.insight_state WHERE repo_id = $1", d.repo) {
		all[row.Metric] = settle{row.First, row.Settled, row.State}
	}
	return all
}

// TestJudgingDayByDayEqualsAReplay: after each day, what is stored about each series is what a detector comes to that sees the data of that day from the beginning: its
// state, which days are anomalous, and which were withdrawn.
func TestJudgingDayByDayEqualsAReplay(t *testing.T) {
	t.Parallel()
	w := setup(t)
	d := &daily{world: w, random: rand.New(rand.NewPCG(5, 1)), repo: w.repo("daily")}
	const days = 45
	d.commits(d.repo, "Ann", 250, days+1, "CASE WHEN d / 7 % 6 = 5 THEN 0 ELSE 2 + d * 7919 % 101 % 5 END")
	for ago := days; ago >= 1; ago-- {
		d.add(ago, d.count(ago))
		if d.random.IntN(6) == 0 {
			continue // nothing ran on this day
		}
		d.someSettings()
		before := d.settle()
		d.late(ago, before["code-changes"].Settled)
		d.judge(ago, before)
	}
	withdrawn := rowsOf[int](w, "SELECT count(*)::int FROM augur_data.repo_insights_records WHERE ri_detection_method LIKE 'withdrawn: %'")
	standing := rowsOf[int](w, "SELECT count(*)::int FROM augur_data.repo_insights_records WHERE ri_detection_method NOT LIKE 'withdrawn: %'")
	require.Positive(t, withdrawn[0], "late data withdrew nothing: the test shows too little")
	require.Greater(t, standing[0], 5)
}

// someSettings changes the settings now and then.
func (d *daily) someSettings() {
	if d.random.IntN(8) == 0 {
		d.set = []string{
			fmt.Sprintf("Insight_Task.contamination=%g", []float64{.02, .041, .2}[d.random.IntN(3)]),
			fmt.Sprintf("Insight_Task.anomaly_days=%d", 1+d.random.IntN(4)),
			fmt.Sprintf("Insight_Task.training_days=%d", []int{60, 120, 365}[d.random.IntN(3)]),
			"Insight_Task.detector=" + []string{"count_surprise", "reference"}[d.random.IntN(2)],
		}
	}
}

// late changes a day that is not settled: commits are added to it, or taken away.
func (d *daily) late(ago int, settled time.Time) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	changed := ago + d.random.IntN(3)
	if day := today.AddDate(0, 0, -changed); !settled.IsZero() && !day.After(settled) {
		return
	}
	if d.random.IntN(2) == 0 {
		d.add(changed, 1+d.random.IntN(3))
		return
	}
	d.exec("DELETE FROM augur_data.commits WHERE repo_id = $1 AND cmt_author_date = to_char((now() AT TIME ZONE 'UTC')::date - $2::int, 'YYYY-MM-DD')", d.repo, changed)
}

// judge judges the days up to one, and compares.
func (d *daily) judge(ago int, before map[string]settle) {
	t := d.t
	settings := config.Of[insight.Settings](d.settings())
	d.collected(d.repo, time.Now().AddDate(0, 0, 1-ago))
	found, err := insights.New(d.settings(), insights.Options{}).Judge(t.Context(), d.pool, d.repo)
	require.NoError(t, err)
	require.NoError(t, pgx.BeginFunc(t.Context(), d.pool, func(tx pgx.Tx) error { return found.Save(t.Context(), tx) }))

	last := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -ago)
	after := d.settle()
	require.Len(t, after, 3)
	metrics := insights.Metrics()
	for i := range metrics {
		m := &metrics[i]
		stored, ok := after[m.Name]
		if !ok {
			continue
		}
		series, err := m.Read(t.Context(), d.pool, d.repo, stored.First, last)
		require.NoError(t, err)
		anew := settings.Judge(stored.First, m.Amounts, m.RisesOnly)
		want := []time.Time{}
		window := last.AddDate(0, 0, -settings.AnomalyDays)
		if before[m.Name].Settled.After(window) {
			window = before[m.Name].Settled
		}
		for n, value := range series.Values {
			if verdict := anew.Next(value); verdict.Anomalous() && series.Date(n).After(window) {
				want = append(want, series.Date(n))
			}
			if series.Date(n).Equal(stored.Settled) {
				state, err := anew.MarshalBinary()
				require.NoError(t, err)
				require.Equal(t, state, stored.State, "state of %s, %d days ago", m.Name, ago)
			}
		}
		got := rowsOf[time.Time](d.world, `SELECT ri_date FROM augur_data.repo_insights_records
			WHERE repo_id = $1 AND ri_metric = $2 AND ri_date > $3 AND ri_detection_method NOT LIKE 'withdrawn: %' ORDER BY ri_date`, d.repo, m.Name, window)
		require.Equal(t, want, append([]time.Time{}, got...), "anomalous days of %s, %d days ago", m.Name, ago)
		told := rowsOf[time.Time](d.world, `SELECT g.day::timestamp FROM augur_operations.insight i
			JOIN generate_series(i.first_day::timestamp, i.last_day::timestamp, interval '1 day') AS g (day) ON true
			WHERE i.repo_id = $1 AND i.metric = $2 AND i.withdrawn_at IS NULL AND g.day > $3 GROUP BY 1 ORDER BY 1`, d.repo, m.Name, window)
		require.Subset(t, append([]time.Time{}, told...), want, "days of the insights of %s, %d days ago", m.Name, ago)
		if len(want) == 0 {
			require.Empty(t, told, "insights of %s, %d days ago, without an anomalous day", m.Name, ago)
		}
	}
}

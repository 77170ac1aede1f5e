package insight_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

var (
	commits = insight.Noun{One: "commit", Many: "commits"}
	authors = insight.Noun{One: "author", Many: "authors"}
)

// lastReason is the reason of the last flagged day of the series.
func lastReason(t *testing.T, values []float64, drivers ...insight.Driver) string {
	t.Helper()
	d := insight.NewDetector(monday, defaults())
	reason := ""
	for _, verdict := range insight.Replay(d, values) {
		if verdict.Anomalous() {
			reason = verdict.Reason(commits, .95, authors, insight.Drivers(drivers))
		}
	}
	return reason
}

func TestAReasonIsASentence(t *testing.T) {
	t.Parallel()
	spike := poisson(701, steady(4))
	spike[700] = 60
	require.Equal(t, "60 commits on Monday, 2 December 2024, where 0 to 7 would be usual on a Monday (less than 1 day in a billion). Behind it: Ann (70 %), Bob (20 %).",
		lastReason(t, spike, insight.Driver{Name: "Ann", Share: .7}, insight.Driver{Name: "Bob", Share: .2}, insight.Driver{Name: "Cid", Share: .1}))
	gone := poisson(703, steady(4))
	copy(gone[698:], []float64{0, 0, 0, 0, 0})
	require.Regexp(t, `^No commits for 5 days up to 4 December 2024, where about 1\d|2\d would be usual \(1 day in [\d,]+\)\.$`, lastReason(t, gone))
	week := poisson(707, steady(4))
	for i := 700; i < 707; i++ {
		week[i] = 8
	}
	require.Regexp(t, `^56 commits in the 7 days up to 8 December 2024, where about \d+ would be usual \(1 day in [\d,]+\)\.$`, lastReason(t, week))
}

func TestManyDriversAreCounted(t *testing.T) {
	t.Parallel()
	spike := poisson(701, steady(4))
	spike[700] = 60
	drivers := make([]insight.Driver, 10)
	for i := range drivers {
		drivers[i] = insight.Driver{Name: "x", Share: .1}
	}
	require.Contains(t, lastReason(t, spike, drivers...), "Behind it: 8 authors.")
}

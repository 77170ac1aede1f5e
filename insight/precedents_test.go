package insight_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

// lastPrecedents are those of the last flagged day of the series.
func lastPrecedents(t *testing.T, values []float64) []string {
	t.Helper()
	var notes []string
	found := false
	for i, verdict := range insight.Replay(insight.NewDetector(monday, defaults()), values) {
		if verdict.Anomalous() {
			found = true
			notes = verdict.Precedents(&insight.Series{First: monday, Values: values[:i+1]})
		}
	}
	require.True(t, found)
	return notes
}

func TestAReasonSaysWhetherItWasLikeThisBefore(t *testing.T) {
	t.Parallel()
	spike := poisson(701, steady(4))
	spike[700] = 60
	require.Equal(t, []string{"There were never as many in the 23 months before"}, lastPrecedents(t, spike))
	spike[650] = 70
	require.Equal(t, []string{"There were last as many on Sunday, 13 October 2024 (70)"}, lastPrecedents(t, spike))
	spike[700-364] = 55
	require.Equal(t, []string{
		"There were last as many on Sunday, 13 October 2024 (70)", "It was like this a year before, too: on Monday, 4 December 2023 (55)",
	}, lastPrecedents(t, spike))
	spike[699] = 65
	require.Equal(t, "The day before was like it (65)", lastPrecedents(t, spike)[0])

	gone := poisson(703, steady(4))
	copy(gone[698:], []float64{0, 0, 0, 0, 0})
	require.Equal(t, []string{"There was no pause as long in the 23 months before"}, lastPrecedents(t, gone))
	copy(gone[300:], []float64{0, 0, 0, 0, 0})
	require.Equal(t, []string{"The last pause as long was up to 2 November 2023"}, lastPrecedents(t, gone))
	gone[302] = math.NaN() // what is not known is no precedent
	require.Equal(t, []string{"There was no pause as long in the 23 months before"}, lastPrecedents(t, gone))
}

func TestAShortTimeSaysNothingAboutNever(t *testing.T) {
	t.Parallel()
	spike := poisson(61, steady(4))
	spike[60] = 80
	require.Empty(t, lastPrecedents(t, spike))
}

// TestTheBandIsOfWhatIsUnusual: that of a week is one of weeks.
func TestTheBandIsOfWhatIsUnusual(t *testing.T) {
	t.Parallel()
	week := poisson(707, steady(4))
	for i := 700; i < 707; i++ {
		week[i] = 8
	}
	verdicts := insight.Replay(insight.NewDetector(monday, defaults()), week)
	verdict := verdicts[706]
	require.Equal(t, insight.SevenDays, verdict.Evidence)
	low, high := verdict.Usual(.95)
	require.Less(t, low, verdict.Mean)
	require.Greater(t, high, verdict.Mean)
	require.Less(t, high, verdict.Total)
	_, daily := verdict.Band(.95)
	require.Greater(t, high, 2*daily)
}

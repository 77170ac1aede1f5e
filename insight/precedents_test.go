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
	require.Equal(t, []string{"There was never as much in the 23 months before"}, lastPrecedents(t, spike))
	spike[650] = 70
	require.Equal(t, []string{"There was last as much on Sunday, 13 October 2024 (70)"}, lastPrecedents(t, spike))
	spike[700-364] = 55
	require.Equal(t, []string{
		"There was last as much on Sunday, 13 October 2024 (70)", "It was like this a year before, too: on Monday, 4 December 2023 (55)",
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

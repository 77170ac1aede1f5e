package insight_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"augur/insight"
)

// TestScoresAreThoseOfTheReference compares the published detector, day by day, with scores that another program made.
func TestScoresAreThoseOfTheReference(t *testing.T) {
	t.Parallel()
	type want struct {
		score float64
		flag  bool
	}
	reference := map[[2]string]want{}
	for _, row := range readGZ(t, "reference.csv.gz") {
		reference[[2]string{row[0], row[1]}] = want{number(t, row[2]), row[3] == "1"}
	}
	compared := 0
	for _, s := range readSeries(t) {
		o := s.options()
		o.Reference = true
		for i, got := range insight.Replay(insight.NewDetector(s.First, o), s.Values) {
			if i < s.test {
				continue
			}
			want, ok := reference[[2]string{s.id, s.dates[i]}]
			require.True(t, ok, "no reference for %s on %s", s.id, s.dates[i])
			if math.Abs(got.Score-want.score) > .001 {
				t.Errorf("%s on %s: score %f, want %f", s.id, s.dates[i], got.Score, want.score)
			}
			if got.Anomalous() != want.flag && math.Abs(got.Score-got.Threshold) > .001 {
				t.Errorf("%s on %s: flagged %t, want %t", s.id, s.dates[i], got.Anomalous(), want.flag)
			}
			compared++
		}
	}
	require.Equal(t, 48_910, compared)
}

// TestTheDetectorFindsWhatWasPutIn holds the detector to its figures on the public series. They hold a year of false alarms against it, too: without
// those, the best detector is one that flags every day.
func TestTheDetectorFindsWhatWasPutIn(t *testing.T) {
	t.Parallel()
	synthetic, actual := evaluate(t, func(*insight.Options) {})
	t.Logf("synthetic: F1 %.3f, %.2f false alarms a series-year, delay %.2f; by kind %v", synthetic.f1(), synthetic.alarmsPerYear(), synthetic.meanDelay(), synthetic.kinds)
	t.Logf("real:      F1 %.3f, %.2f alarms a series-year, delay %.2f; by kind %v", actual.f1(), actual.alarmsPerYear(), actual.meanDelay(), actual.kinds)
	assert.GreaterOrEqual(t, synthetic.f1(), .76)
	assert.LessOrEqual(t, synthetic.alarmsPerYear(), 1.2)
	assert.GreaterOrEqual(t, actual.f1(), .62)
	assert.LessOrEqual(t, actual.alarmsPerYear(), 1.2)
	assert.LessOrEqual(t, max(synthetic.meanDelay(), actual.meanDelay()), 2.0)
}

// TestTheDetectorIsBetterThanTheReference: what was added to the published detector has to pay.
func TestTheDetectorIsBetterThanTheReference(t *testing.T) {
	t.Parallel()
	synthetic, actual := evaluate(t, func(*insight.Options) {})
	oldSynthetic, oldActual := evaluate(t, func(o *insight.Options) { o.Reference = true })
	assert.Greater(t, synthetic.f1(), oldSynthetic.f1())
	assert.Greater(t, actual.f1(), oldActual.f1())
	assert.LessOrEqual(t, synthetic.alarmsPerYear(), oldSynthetic.alarmsPerYear())
	assert.LessOrEqual(t, actual.alarmsPerYear(), oldActual.alarmsPerYear())
	// The scorer is the one that the published figures are from.
	assert.InDelta(t, .744, oldSynthetic.f1(), .001)
	assert.InDelta(t, 1.219, oldSynthetic.alarmsPerYear(), .001)
	assert.InDelta(t, .611, oldActual.f1(), .001)
	assert.InDelta(t, 1.086, oldActual.alarmsPerYear(), .001)
}

func evaluate(t testing.TB, change func(*insight.Options)) (synthetic, actual tally) {
	t.Helper()
	flags := map[string][]bool{}
	dates := map[string][]string{}
	for _, s := range readSeries(t) {
		o := s.options()
		change(&o)
		for _, verdict := range insight.Replay(insight.NewDetector(s.First, o), s.Values)[s.test:] {
			flags[s.id] = append(flags[s.id], verdict.Anomalous())
		}
		dates[s.id] = s.dates[s.test:]
	}
	for _, l := range readLabelled(t, dates) {
		if l.domain == "real" {
			actual.add(l, flags[l.id])
		} else {
			synthetic.add(l, flags[l.id])
		}
	}
	return synthetic, actual
}

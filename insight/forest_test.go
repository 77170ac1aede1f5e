package insight_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

// TestTheForestIsThatOfScikitLearn compares means and spreads over seeds: two random forests are never equal, but their distributions are.
func TestTheForestIsThatOfScikitLearn(t *testing.T) {
	t.Parallel()
	const seeds = 50
	inputs := map[string][]float32{}
	for _, row := range readGZ(t, "iforest_golden_data.csv.gz") {
		inputs[row[0]] = append(inputs[row[0]], float32(number(t, row[2])))
	}
	forests := map[string][]*insight.TestForest{}
	for name, values := range inputs {
		for seed := range uint64(seeds) {
			forests[name] = append(forests[name], insight.GrowForest(values, rand.New(rand.NewPCG(seed, 99))))
		}
	}
	for _, row := range readGZ(t, "iforest_golden.csv.gz") {
		name, probe := row[0], float32(number(t, row[3]))
		compare := func(what string, mean, sd string, of func(*insight.TestForest) float64) {
			got := make([]float64, seeds)
			for i, f := range forests[name] {
				got[i] = of(f)
			}
			gotMean, gotSD := spread(got)
			wantMean, wantSD := number(t, mean), number(t, sd)
			tolerance := 4*wantSD*math.Sqrt(1./200+1./seeds) + 1e-4
			if math.Abs(gotMean-wantMean) > tolerance {
				t.Errorf("%s, %s of %g: mean %f, want %f ± %f", name, what, probe, gotMean, wantMean, tolerance)
			}
			if wantSD > 1e-6 && (gotSD < .6*wantSD || gotSD > 1.5*wantSD) {
				t.Errorf("%s, %s of %g: standard deviation %f, want %f", name, what, probe, gotSD, wantSD)
			}
		}
		compare("score", row[4], row[5], func(f *insight.TestForest) float64 { return f.Score(probe) })
		compare("depth", row[6], row[7], func(f *insight.TestForest) float64 { return f.Depth(probe) })
		compare("offset .041", row[8], row[9], func(f *insight.TestForest) float64 { return f.Offset(inputs[name], .041) })
		compare("offset .1", row[10], row[11], func(f *insight.TestForest) float64 { return f.Offset(inputs[name], .1) })
	}
}

func spread(values []float64) (mean, sd float64) {
	for _, value := range values {
		mean += value / float64(len(values))
	}
	for _, value := range values {
		sd += (value - mean) * (value - mean) / float64(len(values))
	}
	return mean, math.Sqrt(sd)
}

func TestTheForestReportsTheShareThatItIsToldTo(t *testing.T) {
	t.Parallel()
	values := poisson(430, steady(6))
	o := insight.Options{Contamination: .1, TrainingDays: 365}
	d := insight.NewForestDetector(monday, o)
	found := 0
	for _, verdict := range insight.Replay(d, values)[365:] {
		if verdict.Anomalous() {
			require.Greater(t, verdict.Value, 1.)
			found++
		}
	}
	require.InDelta(t, 6, found, 6)
	require.Positive(t, found)
}

func TestTheForestGoesOnFromAStoredState(t *testing.T) {
	t.Parallel()
	values := poisson(60, steady(6))
	o := insight.Options{Contamination: .1, TrainingDays: 40}
	whole := insight.Replay(insight.NewForestDetector(monday, o), values)
	first := insight.NewForestDetector(monday, o)
	insight.Replay(first, values[:50])
	state, err := first.MarshalBinary()
	require.NoError(t, err)
	second := insight.NewForestDetector(monday, o)
	require.NoError(t, second.UnmarshalBinary(state))
	require.Equal(t, whole[50:], slices.Clip(insight.Replay(second, values[50:])))
	require.ErrorIs(t, second.UnmarshalBinary(state[:20]), insight.ErrState)
	require.ErrorIs(t, second.UnmarshalBinary(nil), insight.ErrState)
}

package insight_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"augur/insight"
)

var monday = time.Date(2023, 1, 2, 0, 0, 0, 0, time.UTC)

func defaults() insight.Options {
	return insight.Options{Contamination: contamination, TrainingDays: 365}
}

// flagged are the days of the series that are reported, by number.
func flagged(t testing.TB, values []float64, o insight.Options) []int {
	t.Helper()
	var days []int
	for i, verdict := range insight.Replay(insight.NewDetector(monday, o), values) {
		require.False(t, math.IsNaN(verdict.Score) || math.IsInf(verdict.Score, 0), "day %d: score %f", i, verdict.Score)
		if verdict.Anomalous() {
			days = append(days, i)
		}
	}
	return days
}

func constant(value float64, days int) []float64 { return slices.Repeat([]float64{value}, days) }

// poisson are days with so many events on average, the same ones each time.
func poisson(days int, mean func(day int) float64) []float64 {
	random := rand.New(rand.NewPCG(5, 7))
	values := make([]float64, days)
	for i := range values {
		limit, product := math.Exp(-mean(i)), random.Float64()
		for product > limit {
			values[i]++
			product *= random.Float64()
		}
	}
	return values
}

func steady(mean float64) func(int) float64 { return func(int) float64 { return mean } }

func TestNothingIsFoundWhereThereIsNothing(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]float64{
		"no day":      nil,
		"one day":     {7},
		"all zero":    constant(0, 800),
		"constant":    constant(4, 800),
		"all missing": constant(math.NaN(), 800),
		"forty days":  poisson(40, steady(2)),
		"a trend":     poisson(30, steady(1)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, flagged(t, values, defaults()))
		})
	}
}

func TestTheFirstActivityCountsFromFive(t *testing.T) {
	t.Parallel()
	values := constant(0, 500)
	values[450] = 1
	require.Empty(t, flagged(t, values, defaults()))
	values[450] = 5
	require.Contains(t, flagged(t, values, defaults()), 450)
}

func TestAHugeDayIsFlaggedAndHarmsNothing(t *testing.T) {
	t.Parallel()
	for _, huge := range []float64{1e9, 1e300, math.Inf(1)} {
		values := poisson(700, steady(3))
		before := flagged(t, values, defaults())
		values[500] = huge
		after := flagged(t, values, defaults())
		require.Contains(t, after, 500)
		// What follows is as before, but for the days whose windows hold the huge one.
		early := func(day int) bool { return day <= 510 }
		require.ElementsMatch(t, slices.DeleteFunc(before, early), slices.DeleteFunc(after, early))
	}
}

func TestMissingDaysAreNotFlagged(t *testing.T) {
	t.Parallel()
	values := poisson(700, steady(6))
	for i := 500; i < 530; i++ {
		values[i] = math.NaN()
	}
	for _, day := range flagged(t, values, defaults()) {
		require.False(t, day >= 500 && day < 537, "day %d", day)
	}
}

func TestZerosWhereWorkIsUsualAreFlagged(t *testing.T) {
	t.Parallel()
	values := poisson(900, steady(5))
	for i := 600; i < len(values); i++ {
		values[i] = 0
	}
	days := flagged(t, values, defaults())
	first := days[slices.IndexFunc(days, func(day int) bool { return day >= 600 })]
	assert.LessOrEqual(t, first, 604)
	// A repository that has died is told once, not for ever.
	assert.Less(t, slices.Max(days), 630)
}

func TestALevelShiftIsFlaggedAndThenAdopted(t *testing.T) {
	t.Parallel()
	for _, factor := range []float64{3, 2, .3} {
		values := poisson(900, func(day int) float64 {
			if day >= 600 {
				return 6 * factor
			}
			return 6
		})
		during, after := 0, 0
		for _, day := range flagged(t, values, defaults()) {
			switch {
			case day >= 600 && day < 615:
				during++
			case day >= 630:
				after++
			}
		}
		assert.Positive(t, during, "factor %v", factor)
		assert.LessOrEqual(t, after, 2, "factor %v", factor)
	}
}

// TestASpikeIsSeenSoonAfterALevelShift is what the published detector misses for most of a year.
func TestASpikeIsSeenSoonAfterALevelShift(t *testing.T) {
	t.Parallel()
	values := poisson(900, func(day int) float64 {
		if day >= 600 {
			return 18
		}
		return 6
	})
	values[660] = 35
	require.Contains(t, flagged(t, values, defaults()), 660)
	reference := defaults()
	reference.Reference = true
	require.NotContains(t, flagged(t, values, reference), 660)
}

func TestWeekendsAreNoAnomaly(t *testing.T) {
	t.Parallel()
	values := poisson(800, func(day int) float64 {
		if day%7 > 4 { // the first day is a Monday
			return .1
		}
		return 8
	})
	require.LessOrEqual(t, len(flagged(t, values, defaults())), 3)
	values[705] = 9 // a Saturday
	require.Contains(t, flagged(t, values, defaults()), 705)
}

func TestAQuietChristmasIsNoAnomaly(t *testing.T) {
	t.Parallel()
	quiet := func(first, last time.Time) []int {
		values := poisson(730, steady(1.8))
		for i := range values {
			if day := monday.AddDate(0, 0, i); !day.Before(first) && !day.After(last) {
				values[i] = 0
			}
		}
		return flagged(t, values, defaults())
	}
	inYear := func(day int) bool { return day > 500 }
	require.False(t, slices.ContainsFunc(quiet(time.Date(2024, 12, 23, 0, 0, 0, 0, time.UTC), time.Date(2024, 12, 27, 0, 0, 0, 0, time.UTC)), inYear))
	require.True(t, slices.ContainsFunc(quiet(time.Date(2024, 9, 23, 0, 0, 0, 0, time.UTC), time.Date(2024, 9, 27, 0, 0, 0, 0, time.UTC)), inYear))
}

func TestMoreContaminationReportsMore(t *testing.T) {
	t.Parallel()
	values := poisson(3000, func(day int) float64 { return 3 + 2*math.Sin(float64(day)/40) })
	last := -1
	for _, contamination := range []float64{.005, .041, .2, .5} {
		o := defaults()
		o.Contamination = contamination
		found := len(flagged(t, values, o))
		require.Greater(t, found, last)
		last = found
	}
}

func TestAShortHistoryNeedsMoreEvidence(t *testing.T) {
	t.Parallel()
	d := insight.NewDetector(monday, defaults())
	verdicts := insight.Replay(d, constant(1, 200))
	require.InDelta(t, math.Log10(2), verdicts[50].Threshold-verdicts[150].Threshold, 1e-9)
}

func TestWaitingTimesOnlyRise(t *testing.T) {
	t.Parallel()
	values := poisson(700, steady(9))
	for i := 500; i < 520; i++ {
		values[i] = 0
	}
	o := defaults()
	o.RisesOnly = true
	for _, day := range flagged(t, values, o) {
		require.False(t, day >= 500 && day < 520)
	}
}

// TestNoDayLooksAhead: the verdict of a day is the same whatever comes after it.
func TestNoDayLooksAhead(t *testing.T) {
	t.Parallel()
	for _, s := range readSeries(t)[:20] {
		whole := insight.Replay(insight.NewDetector(s.First, s.options()), s.Values)
		for _, cut := range []int{29, 400, 555} {
			part := insight.Replay(insight.NewDetector(s.First, s.options()), s.Values[:cut])
			for i := range part {
				require.Equal(t, whole[i].Score, part[i].Score, "%s, day %d of %d", s.id, i, cut) //nolint:testifylint // exactly
			}
		}
	}
}

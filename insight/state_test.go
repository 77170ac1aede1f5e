package insight_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/insight"
)

// TestGoingOnFromAStoredStateEqualsAReplay cuts series at random days, more than once.
func TestGoingOnFromAStoredStateEqualsAReplay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range readSeries(t) {
		whole := insight.Replay(insight.NewDetector(s.First, s.options()), s.Values)
		d := insight.NewDetector(s.First, s.options())
		for i, value := range s.Values {
			if i < 40 || random.IntN(30) == 0 {
				state, err := d.MarshalBinary()
				require.NoError(t, err)
				d = insight.NewDetector(monday, s.options())
				require.NoError(t, d.UnmarshalBinary(state))
				require.Equal(t, s.Date(i), d.NextDay())
			}
			require.Equal(t, whole[i].Score, d.Next(value).Score, "%s, day %d", s.id, i) //nolint:testifylint // exactly
		}
	}
}

func TestAStateOfAYearIsSmall(t *testing.T) {
	t.Parallel()
	s := readSeries(t)[0]
	d := insight.NewDetector(s.First, s.options())
	insight.Replay(d, s.Values)
	state, err := d.MarshalBinary()
	require.NoError(t, err)
	require.Less(t, len(state), 12_000)
}

// FuzzDetector: whatever the values are, every score is a number, and a stored state goes on in the same way.
func FuzzDetector(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1})
	seed := make([]byte, 0, 8*80)
	for i, value := range constant(3, 80) {
		if i%9 == 8 {
			value = []float64{math.NaN(), math.Inf(1), math.Inf(-1), -5, 1e300, 1e9, .4}[i%7]
		}
		seed = binary.LittleEndian.AppendUint64(seed, math.Float64bits(value))
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		var values []float64
		for ; len(data) >= 8 && len(values) < 200; data = data[8:] {
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(data)))
		}
		for _, o := range []insight.Options{{Contamination: .041, TrainingDays: 365}, {Contamination: .5, TrainingDays: 30, Amounts: true}, {Contamination: .1, Reference: true, RisesOnly: true}} {
			// Short series are repeated: most of the detector begins after four weeks.
			d := insight.NewDetector(monday, o)
			for round := 0; round < 4 && len(values) > 0; round++ {
				for _, value := range values {
					verdict := d.Next(value)
					low, high := verdict.Band(.95)
					least, most := verdict.Usual(.95)
					for _, number := range []float64{verdict.Score, verdict.Threshold, verdict.Probability(), verdict.Mean, low, high, least, most} {
						if math.IsNaN(number) || math.IsInf(number, 0) {
							t.Fatalf("verdict on %g: %+v, band %g to %g", value, verdict, low, high)
						}
					}
				}
				state, err := d.MarshalBinary()
				require.NoError(t, err)
				require.NoError(t, d.UnmarshalBinary(state))
			}
			series := insight.Series{First: monday, Values: values}
			for _, verdict := range insight.Replay(insight.NewDetector(monday, o), values) {
				verdict.Precedents(&series)
			}
		}
	})
}

// FuzzState: bytes that are no state are refused or harmless.
func FuzzState(f *testing.F) {
	d := insight.NewDetector(monday, defaults())
	for i := range 60 {
		if i%20 == 0 {
			state, err := d.MarshalBinary()
			require.NoError(f, err)
			f.Add(state)
		}
		d.Next(float64(i % 5))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d := insight.NewDetector(monday, defaults())
		if err := d.UnmarshalBinary(data); err != nil {
			require.ErrorIs(t, err, insight.ErrState)
			return
		}
		for range 60 {
			d.Next(4)
		}
	})
}

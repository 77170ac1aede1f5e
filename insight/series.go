package insight

import "time"

// Series is one value a day, without gaps in the days: NaN stands for a day that was not collected.
type Series struct {
	First  time.Time // the day of the first value, in UTC
	Values []float64
}

// Date is the day of value i.
func (s *Series) Date(i int) time.Time { return s.First.AddDate(0, 0, i) }

// Judge judges days one after the other; see [Detector] and [ForestDetector].
type Judge interface {
	// Next judges the next day. NaN is a day that was not collected.
	Next(value float64) Verdict
	// NextDay is the day that Next will judge.
	NextDay() time.Time
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(data []byte) error
}

// Replay judges every day of the series.
func Replay(j Judge, values []float64) []Verdict {
	verdicts := make([]Verdict, len(values))
	for i, value := range values {
		verdicts[i] = j.Next(value)
	}
	return verdicts
}

package insight

import (
	"math"
	"time"
)

// Options say how a series is judged.
type Options struct {
	// Contamination is the sensitivity: a day is reported when its surprise comes on no more than a fortieth of this share of days.
	Contamination float64
	// TrainingDays is how much of the past days are compared with; more than a year makes no difference.
	TrainingDays int
	// Amounts says that values are sums of sizes, such as lines: heavy tails, judged by their square root.
	Amounts bool
	// RisesOnly says that few or none of it is nothing to report, as for waiting times.
	RisesOnly bool
	// Reference leaves out what was found to improve the published detector: holidays, and the forgetting of level shifts.
	Reference bool
}

const (
	// significanceShare is how much smaller the reported share of days is than the contamination.
	significanceShare = 40
	// shortHistory is the number of days below which histories say so little that half as much is reported.
	shortHistory = 120
	yearDays     = 365
	// noScore is the score of a day that has none: not collected, or too early.
	noScore = -1
)

// calibration is how many days a statistic is compared with.
func (o Options) calibration() int {
	if o.TrainingDays <= 0 {
		return yearDays
	}
	return min(o.TrainingDays, yearDays)
}

// threshold is the score from which day t of a series is reported.
func (o Options) threshold(t int) float64 {
	contamination := o.Contamination
	if !o.Reference && min(t, o.calibration()) < shortHistory {
		contamination /= 2
	}
	return -math.Log10(contamination / significanceShare)
}

// scale is the count that a value is judged as.
func (o Options) scale(value float64) float64 {
	if math.IsNaN(value) {
		return value
	}
	value = math.Min(math.Max(value, 0), maxValue)
	if o.Amounts {
		value = math.Sqrt(value)
	}
	return math.Round(value)
}

// unscale is the value that a count, expected over so many days, stands for.
func (o Options) unscale(count float64, days int) float64 {
	if o.Amounts {
		return count * count / float64(max(days, 1))
	}
	return count
}

// Evidence is which look at the series was the most surprising.
type Evidence int

// The kinds of evidence.
const (
	Day       Evidence = iota // the value of the day
	ThreeDays                 // the sum of 3 days
	SevenDays                 // the sum of 7 days
	Few                       // a small sum of 7 days
	Zeros                     // days without any
	Forest                    // the isolation forest, which gives no reason
)

// String is the name of the evidence, as it is stored.
func (e Evidence) String() string {
	return [...]string{"day", "3 days", "7 days", "few in 7 days", "zero run", "isolation forest"}[e]
}

// Verdict is the judgement of one day.
type Verdict struct {
	Date  time.Time
	Value float64 // NaN for a day that was not collected
	// Score is -log10 of the share of days that are as extreme; negative for a day without a score.
	Score, Threshold float64
	Evidence         Evidence
	// Days is the length of the window or run behind the evidence, Total the sum of the values in it, and Mean the sum that was expected.
	Days        int
	Total, Mean float64

	expected counts // of the day
	window   counts // of the window or run, when that is the evidence
	options  Options
}

// Anomalous tells whether the day is reported.
func (v *Verdict) Anomalous() bool { return v.Score >= v.Threshold }

// Probability is the share of days in this series that are as extreme. A forest knows only the share that it was told to report.
func (v *Verdict) Probability() float64 {
	if v.Evidence == Forest {
		return v.options.Contamination
	}
	return math.Pow(10, -math.Max(v.Score, 0))
}

// Up tells whether there was too much rather than too little.
func (v *Verdict) Up() bool {
	return v.Evidence != Few && v.Evidence != Zeros && (v.Evidence != Forest || v.Value >= v.Mean)
}

// Band is where a share (0.95) of the days like this one lie.
func (v *Verdict) Band(share float64) (low, high float64) { return v.band(v.expected, 1, share) }

// Usual is where a share (0.95) of what Total is lie: days like this one, or windows or runs of as many days.
func (v *Verdict) Usual(share float64) (low, high float64) {
	if v.Evidence == Day || v.Evidence == Forest {
		return v.Band(share)
	}
	return v.band(v.window, v.Days, share)
}

func (v *Verdict) band(c counts, days int, share float64) (low, high float64) {
	if c.v == 0 {
		return v.Mean, v.Mean
	}
	tail := (1 - share) / 2
	return v.options.unscale(c.quantile(tail), days), v.options.unscale(c.quantile(1-tail), days)
}

// ofWindow makes a window the strongest evidence.
func (v *Verdict) ofWindow(score float64, e Evidence, window int, found *findings) {
	v.Score, v.Evidence = score, e
	v.Days, v.Total, v.window = windows[window], found.raw[window], found.sum[window]
	v.Mean = v.options.unscale(v.window.mean, v.Days)
}

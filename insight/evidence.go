package insight

import (
	"math"
	"time"
)

// findings are the statistics of a day, as far as they are known, and the sums of its windows.
type findings struct {
	value [statistics]float64
	known [statistics]bool
	total [len(windows)]float64 // of the capped values
	sum   [len(windows)]counts  // what was expected
	raw   [len(windows)]float64 // of the values as they were given
}

func (f *findings) set(statistic int, value float64) {
	f.value[statistic], f.known[statistic] = value, true
}

// zeroRun is the surprise of the days without any up to today, under what was believed on the first of them.
func (d *Detector) zeroRun(b belief, weekday time.Weekday, y, v float64) float64 {
	s := &d.state
	if y > 0 {
		s.Zeros, s.ZeroSum, s.ZeroMean = 0, 0, 0
		return 0
	}
	if s.Zeros == 0 {
		s.ZeroStart = b
	}
	s.Zeros++
	mean := math.Max(1e-4, s.ZeroStart.mean(weekday))
	s.ZeroMean += mean
	s.ZeroSum += math.Log10(1+mean*v) / v
	return s.ZeroSum
}

// look sums up the window that ends on day t, under what was believed on the morning of its first day.
func (d *Detector) look(window, t int, weekday time.Weekday, dispersion float64, found *findings) {
	s := &d.state
	length := windows[window]
	first := t - length + 1
	if first < windowStart {
		return
	}
	b := &s.Recent[first%memory].Belief
	var total, mean, raw float64
	known := 0
	for i := first; i <= t; i++ {
		past := &s.Recent[i%memory]
		if math.IsNaN(past.Capped) {
			continue
		}
		total += past.Capped
		mean += b.mean(before(weekday, t-i))
		raw += past.Value
		known++
	}
	if known < max(2, length/2) {
		return
	}
	mean = math.Max(.001, mean)
	q := float64(length)
	sum := counts{mean, max(s.Dispersions.of(window), dispersion/q, leastDispersion/q)}
	found.total[window], found.sum[window], found.raw[window] = total, sum, raw
	found.set(ofThree+window-1, nlog(sum.atLeast(total)))
	if length == 7 {
		found.set(ofFew, nlog(sum.atMost(total)))
	}
	limit := 3 * math.Sqrt(mean+sum.v*mean*mean)
	s.Dispersions.learn(window, math.Min(math.Max(total-mean, -limit), limit), mean)
}

// before is the weekday so many days, at most a fortnight, before another.
func before(weekday time.Weekday, days int) time.Weekday {
	return (weekday + 14 - time.Weekday(days)) % 7
}

// calibrate turns each statistic into -log10 of the share of days that are as extreme in this very series.
func (d *Detector) calibrate(found *findings) (score [statistics]float64) {
	capacity := d.options.calibration()
	for i := range score {
		if found.known[i] {
			score[i] = d.past[i].surprise(found.value[i], slopes[i])
			d.past[i].add(found.value[i], capacity)
		}
	}
	return score
}

// judge chooses the strongest evidence.
func (d *Detector) judge(date time.Time, y float64, score [statistics]float64, found *findings, out *Verdict) {
	handicap, holiday := handicapDay, 0.0
	if d.options.Reference {
		handicap = 0
	} else if isHoliday(date) {
		holiday = holidayPenalty
	}
	single := (score[ofDay]+score[ofRaw])/2 - handicap
	if y < 2 {
		single = 0
	}
	three, seven := score[ofThree]-handicapThree, score[ofSeven]-handicapSeven
	if found.total[1] < 3 {
		three = 0
	}
	if found.total[2] < 3 {
		seven = 0
	}
	out.Score, out.Evidence = single, Day
	out.Days, out.Total, out.Mean = 1, out.Value, d.options.unscale(out.expected.mean, 1)
	if three > out.Score {
		out.ofWindow(three, ThreeDays, 1, found)
	}
	if seven > out.Score {
		out.ofWindow(seven, SevenDays, 2, found)
	}
	if !d.options.RisesOnly {
		if few := score[ofFew] - handicapFew - holiday; few > out.Score {
			out.ofWindow(few, Few, 2, found)
		}
		if zeros := score[ofZeros] - handicapZeros - holiday; zeros > out.Score {
			run := int(d.state.Zeros)
			out.Score, out.Evidence = zeros, Zeros
			out.Days, out.Total, out.Mean = run, 0, d.options.unscale(d.state.ZeroMean, run)
			// Its days are taken as independent, as in the surprise of the run.
			out.window = counts{d.state.ZeroMean, out.expected.v / float64(run)}
		}
	}
	out.Score = math.Min(math.Max(out.Score, 0), maxScore)
}

// isHoliday tells whether most of the world does other things than usual.
func isHoliday(date time.Time) bool {
	month, day := date.Month(), date.Day()
	return (month == time.December && day >= 22) || (month == time.January && day <= 5)
}

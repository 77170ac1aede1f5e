package insight

import (
	"math"
	"time"
)

// The constants of the detector. They lie on a plateau: half or double of one changes little.
const (
	levelDecay      = .97  // of the level: it remembers 33 days
	slowDecay       = .995 // of the weekday factors and the dispersions: 200 days
	weekdayPrior    = 3.0
	capDeviations   = 4.0
	leastDispersion = .02
	leastMean       = .02
	warmUp          = 28 // days without a score; the level starts with their mean
	windowStart     = 21 // no window starts before this day of the series
	maxScore        = 99.0
	maxValue        = 1e12 // larger values count as this
)

// The statistics of a day, each with a history of its own.
const (
	ofDay   = iota // how many on the day, against what is expected
	ofRaw          // how many on the day, whatever is expected
	ofThree        // how many in 3 days
	ofSeven        // how many in 7 days
	ofFew          // how few in 7 days
	ofZeros        // days without any
	statistics
)

// slopes are the tails of the statistics. Most are -log10 of a probability under a model: if the model were right, their tail had the slope log10 e.
var slopes = [statistics]slope{
	ofDay: {.4343, 30}, ofRaw: {.2, 5}, ofThree: {.4343, 30}, ofSeven: {.4343, 30}, ofFew: {.4343, 30}, ofZeros: {.4343, 30},
}

// Handicaps of the kinds of evidence, so that looking at a series in five ways does not find five times as much.
const (
	handicapDay    = .03 // not in the reference
	handicapThree  = .2
	handicapSeven  = .5
	handicapFew    = .4
	handicapZeros  = .3
	holidayPenalty = 1.0 // for too few, between 22 December and 5 January; not in the reference
)

// windows are the lengths of the sums that are looked at. The dispersion of each is estimated on its own, because neighbouring days are alike.
var windows = [...]int{1, 3, 7}

// belief is what the detector expected on the morning of a day.
type belief struct {
	Level   float64
	Weekday [7]float64
}

// mean is what is expected of a weekday.
func (b *belief) mean(day time.Weekday) float64 { return b.Level * b.Weekday[day] }

// dispersions are those of the windows, as quotients of two sums that decay.
type dispersions struct {
	Over, Under [len(windows)]float64
}

func (d *dispersions) of(window int) float64 { return d.Over[window] / d.Under[window] }

// learn adds the error e of an expectation mean.
func (d *dispersions) learn(window int, e, mean float64) {
	d.Over[window] = slowDecay*d.Over[window] + e*e - mean
	d.Under[window] = slowDecay*d.Under[window] + mean*mean
}

// memory is how far back days are remembered one by one.
const memory = 2 * shiftHalf

// day is one of the last days: what was believed on its morning, and what came.
type day struct {
	Belief      belief
	Dispersions dispersions
	Capped      float64 // the value, without what is beyond belief; NaN for a day that was not collected
	Value       float64 // as it was given
	Noted       [statistics]bool
}

// state is the part of a detector that has a fixed size. Its fields are exported for encoding/binary.
type state struct {
	Days        int64   // seen so far
	Base        float64 // the mean of the first days
	A, B        float64 // the level is A/B
	Sum, Mass   [7]float64
	Dispersions dispersions
	Recent      [memory]day // by number of the day
	Zeros       int64       // length of the run of days without any
	ZeroStart   belief
	ZeroSum     float64           // the surprise of the run
	ZeroMean    float64           // how many were expected in it
	Shifting    bool              // in a level shift
	Noted       [statistics]int64 // days of the shift in each history
}

// Detector finds anomalies in one series of counts. It judges the days one after the other, each with nothing but itself and the days before. Its state can be
// stored ([Detector.MarshalBinary]) and taken up another day. It is not safe for concurrent use.
type Detector struct {
	options Options
	next    time.Time // the day that comes next
	state   state
	start   []float64 // the first days, until there are enough to start
	past    [statistics]history
}

// NewDetector is a detector for a series that begins at the day first.
func NewDetector(first time.Time, o Options) *Detector {
	return &Detector{options: o, next: first}
}

// NextDay is the day that [Detector.Next] will judge.
func (d *Detector) NextDay() time.Time { return d.next }

// Next judges the next day. NaN is a day that was not collected.
func (d *Detector) Next(value float64) Verdict {
	t := int(d.state.Days)
	verdict := Verdict{Date: d.next, Value: value, Score: noScore, Threshold: d.options.threshold(t), options: d.options}
	switch {
	case t < warmUp-1:
		d.start = append(d.start, value)
	case t == warmUp-1:
		d.start = append(d.start, value)
		d.begin()
		first := d.next.AddDate(0, 0, 1-warmUp)
		for i, value := range d.start {
			d.observe(i, first.AddDate(0, 0, i), value, &Verdict{})
		}
		d.start = nil
	default:
		d.observe(t, d.next, value, &verdict)
	}
	d.state.Days++
	d.next = d.next.AddDate(0, 0, 1)
	return verdict
}

// begin sets the level to that of the first days.
func (d *Detector) begin() {
	var total, known float64
	for _, value := range d.start {
		if y := d.options.scale(value); !math.IsNaN(y) {
			total += y
			known++
		}
	}
	s := &d.state
	s.Base = math.Max(total/math.Max(known, 1), leastMean)
	s.A, s.B = 5*s.Base, 5
	for k := range s.Sum {
		s.Sum[k], s.Mass[k] = weekdayPrior, weekdayPrior
	}
	for i := range windows {
		s.Dispersions.Under[i] = 1e-9
	}
}

// believe is what is expected before the day is looked at.
func (d *Detector) believe() belief {
	b := belief{Level: d.state.A / d.state.B}
	var mean float64
	for k := range b.Weekday {
		b.Weekday[k] = d.state.Sum[k] / d.state.Mass[k]
		mean += b.Weekday[k] / 7
	}
	for k := range b.Weekday {
		b.Weekday[k] /= mean
	}
	return b
}

// observe scores day t of the series, and then learns from it.
func (d *Detector) observe(t int, date time.Time, value float64, out *Verdict) {
	s := &d.state
	b := d.believe()
	today := &s.Recent[t%memory]
	*today = day{Belief: b, Dispersions: s.Dispersions, Capped: math.NaN(), Value: value}
	weekday := date.Weekday()
	m := math.Max(b.mean(weekday), .001)
	dispersion := math.Max(0, s.Dispersions.of(0))
	out.expected = counts{m, math.Max(dispersion, leastDispersion)}
	y := d.options.scale(value)
	if math.IsNaN(y) {
		return
	}
	var found findings
	found.set(ofDay, nlog(out.expected.atLeast(y)))
	found.set(ofRaw, y)
	found.set(ofZeros, d.zeroRun(b, weekday, y, out.expected.v))
	today.Capped = math.Min(y, m+capDeviations*math.Sqrt(m+dispersion*m*m)+1)
	s.Dispersions.learn(0, today.Capped-m, m)
	for window := 1; window < len(windows); window++ {
		d.look(window, t, weekday, dispersion, &found)
	}
	score := d.calibrate(&found)
	if t >= warmUp {
		d.judge(date, y, score, &found, out)
	}
	today.Noted = found.known
	d.learn(b, weekday, today.Capped)
	if !d.options.Reference {
		d.followShift(t, weekday)
	}
}

// learn lets the level and the weekdays follow the value.
func (d *Detector) learn(b belief, weekday time.Weekday, value float64) {
	s := &d.state
	s.A = levelDecay*s.A + value
	s.B = levelDecay*s.B + b.Weekday[weekday]
	for k := range s.Sum {
		s.Sum[k] = slowDecay*s.Sum[k] + (1-slowDecay)*weekdayPrior
		s.Mass[k] = slowDecay*s.Mass[k] + (1-slowDecay)*weekdayPrior
	}
	norm := math.Max(s.Base, b.Level)
	s.Sum[weekday] += value / norm
	s.Mass[weekday] += b.Level / norm
}

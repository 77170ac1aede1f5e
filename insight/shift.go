package insight

import (
	"math"
	"time"
)

// A level shift is seen when this many days, and as many before them, both lie on the same side of what was expected before, by the ratio, and the sum of both is
// so surprising. It is over when such a sum is surprising no more.
const (
	shiftHalf     = 7
	shiftRatio    = 2.0
	shiftSurprise = 4.0
	shiftOver     = 1.0
)

// followShift makes the detector see again after a level shift. The days of the transition are surprising in all windows; as long as they stay in
// the histories, the tail of what is usual looks long, and for a year nothing is surprising any more. Once the level has followed, the transition is known to
// be no example of usual days, and is forgotten.
func (d *Detector) followShift(t int, weekday time.Weekday) {
	s := &d.state
	first := t - memory + 1
	if first < warmUp {
		return
	}
	if s.Shifting {
		s.count(&s.Recent[t%memory])
	}
	surprise, large := d.fortnight(t, first, weekday)
	switch {
	case !s.Shifting && large && surprise >= shiftSurprise:
		s.Shifting = true
		for i := range s.Recent {
			s.count(&s.Recent[i])
		}
	case s.Shifting && surprise < shiftOver:
		for statistic, count := range s.Noted {
			d.past[statistic].forget(int(count))
		}
		s.Shifting, s.Noted = false, [statistics]int64{}
	}
}

// count notes that the day belongs to a transition. The plain values are not forgotten, as they do not depend on the level, nor are
// days without any: a repository that died would be found dead again.
func (s *state) count(past *day) {
	for statistic, noted := range past.Noted {
		if noted && statistic != ofRaw && statistic != ofZeros {
			s.Noted[statistic]++
		}
	}
	past.Noted = [statistics]bool{}
}

// fortnight is how surprising the last 14 days are together under what was believed on the morning of the first, and whether both weeks are far off.
func (d *Detector) fortnight(t, first int, weekday time.Weekday) (surprise float64, large bool) {
	s := &d.state
	start := &s.Recent[first%memory]
	var total, mean [2]float64
	var known [2]int
	for i := range memory {
		past := &s.Recent[(first+i)%memory]
		if math.IsNaN(past.Capped) {
			continue
		}
		half := i / shiftHalf
		total[half] += past.Capped
		mean[half] += math.Max(.001, start.Belief.mean(before(weekday, t-first-i)))
		known[half]++
	}
	if min(known[0], known[1]) <= shiftHalf/2 {
		return shiftOver, false
	}
	up := total[0] > shiftRatio*mean[0] && total[1] > shiftRatio*mean[1]
	down := total[0]*shiftRatio < mean[0] && total[1]*shiftRatio < mean[1]
	// The dispersion of a fortnight is taken from that of a week.
	v := max(start.Dispersions.of(2)*7/memory, start.Dispersions.of(0)/memory, leastDispersion/memory)
	sum := counts{mean[0] + mean[1], v}
	both := total[0] + total[1]
	return nlog(math.Min(sum.atLeast(both), sum.atMost(both))), up || down
}

package insight

import (
	"math"
	"slices"
)

// history is what a statistic was on the last known days, to tell how rare its value of today is for this very series. Values are kept as
// float32: that is more than their meaning, and half the state.
type history struct {
	recent []float32 // oldest first
	sorted []float32 // the same, by size
}

// slope is the tail above the quantile that is assumed before there are enough excesses to measure it: so many (prior) of the mean size base, which is
// also the least that is believed.
type slope struct {
	base, prior float64
}

const (
	// calibrationQuantile is where the measured part of the tail begins.
	calibrationQuantile = .9
	// calibrationLeast is how many days a statistic must be known before it says anything.
	calibrationLeast = 30
)

// surprise is -log10 of the share of days on which the statistic is as large as s, judged by its past: counted up to the quantile, and from an
// exponential tail above it. It is 0 as long as the past is too short.
func (h *history) surprise(s float64, tail slope) float64 {
	s = float64(float32(s))
	n := len(h.sorted)
	if n < calibrationLeast {
		return 0
	}
	at := int(calibrationQuantile * float64(n))
	u := float64(h.sorted[at])
	if s <= u {
		below, _ := slices.BinarySearch(h.sorted, float32(s))
		return nlog(float64(n-below+1) / float64(n+1))
	}
	var excess float64
	for _, past := range h.sorted[at+1:] {
		excess += float64(past) - u
	}
	mean := (excess + tail.prior*tail.base) / (float64(n-at-1) + tail.prior)
	return 1 + (s-u)/(math.Max(tail.base, mean)*math.Ln10)
}

// add notes the value of a known day, and forgets the oldest when there are more than capacity.
func (h *history) add(s float64, capacity int) {
	if len(h.recent) >= capacity {
		h.unsort(h.recent[0])
		h.recent = append(h.recent[:0], h.recent[1:]...)
	}
	value := float32(s)
	i, _ := slices.BinarySearch(h.sorted, value)
	h.sorted = slices.Insert(h.sorted, i, value)
	h.recent = append(h.recent, value)
}

// forget drops the newest values.
func (h *history) forget(count int) {
	keep := max(0, len(h.recent)-count)
	for _, value := range h.recent[keep:] {
		h.unsort(value)
	}
	h.recent = h.recent[:keep]
}

func (h *history) unsort(value float32) {
	i, _ := slices.BinarySearch(h.sorted, value)
	h.sorted = slices.Delete(h.sorted, i, i+1)
}

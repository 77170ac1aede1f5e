package insight

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// counts is the distribution of a number of events: negative binomial with a mean and a dispersion v, so that the variance is mean + v mean².
type counts struct {
	mean, v float64
}

// atLeast is P(Y >= y).
func (c counts) atLeast(y float64) float64 {
	if y <= 0 {
		return 1
	}
	return mathext.RegIncBeta(y, 1/c.v, c.mean/(c.mean+1/c.v))
}

// atMost is P(Y <= y).
func (c counts) atMost(y float64) float64 {
	return mathext.RegIncBeta(1/c.v, y+1, (1/c.v)/(c.mean+1/c.v))
}

// quantile is the smallest whole y with P(Y <= y) >= p.
func (c counts) quantile(p float64) float64 {
	low, high := -1.0, 1.0
	for c.atMost(high) < p && high < maxValue {
		low, high = high, 2*high
	}
	for high-low > 1 {
		middle := math.Floor((low + high) / 2)
		if middle <= low || middle >= high {
			break
		}
		if c.atMost(middle) < p {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// nlog turns a probability into a surprise: 3 stands for one in a thousand.
func nlog(p float64) float64 { return -math.Log10(math.Max(p, 1e-300)) }

package insight

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Noun names what a series counts: "commit" and "commits".
type Noun struct {
	One, Many string
}

// Driver is who or what is behind an anomaly, with its part of it.
type Driver struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"` // of the day, between 0 and 1
}

// namedDrivers is up to how many drivers are named; more are counted.
const namedDrivers = 3

// driversShare is the part of a day that the drivers have to explain together.
const driversShare = .8

// Drivers are those of the largest that explain most of the day together. The input is sorted by share, the largest first.
func Drivers(all []Driver) []Driver {
	var sum float64
	for i, driver := range all {
		if sum += driver.Share; sum >= driversShare-1e-9 {
			return all[:i+1]
		}
	}
	return all
}

// Reason is the verdict as a sentence. Share is the width of the band that is called usual, such as 0.95; what are the kind of the drivers, such as "author"
// and "authors"; notes are added as they are.
func (v *Verdict) Reason(noun Noun, share float64, what Noun, drivers []Driver, notes ...string) string {
	var b strings.Builder
	date := v.Date.Format("2 January 2006")
	switch v.Evidence {
	case Zeros:
		fmt.Fprintf(&b, "No %s for %s up to %s, where about %s would be usual", noun.Many, plural(v.Days, Noun{"day", "days"}), date, amount(v.Mean))
	case ThreeDays, SevenDays, Few:
		total := "No " + noun.Many
		if v.Total > 0 {
			total = quantity(v.Total, noun)
		}
		fmt.Fprintf(&b, "%s in the %d days up to %s, where about %s would be usual", total, v.Days, date, amount(v.Mean))
	case Day:
		low, high := v.Band(share)
		fmt.Fprintf(&b, "%s on %s, %s, where %s would be usual on a %s", quantity(v.Value, noun), v.Date.Weekday(), date, between(low, high), v.Date.Weekday())
	case Forest:
		fmt.Fprintf(&b, "%s on %s, %s, one of the most isolated values of the time before (mean %s)", quantity(v.Value, noun), v.Date.Weekday(), date, amount(v.Mean))
	}
	if v.Evidence != Forest {
		fmt.Fprintf(&b, " (%s)", odds(v.Probability()))
	}
	b.WriteByte('.')
	switch {
	case len(drivers) > namedDrivers:
		fmt.Fprintf(&b, " Behind it: %d %s.", len(drivers), what.Many)
	case len(drivers) > 0:
		names := make([]string, len(drivers))
		for i, driver := range drivers {
			names[i] = fmt.Sprintf("%s (%.0f %%)", driver.Name, 100*driver.Share)
		}
		fmt.Fprintf(&b, " Behind it: %s.", strings.Join(names, ", "))
	}
	for _, note := range notes {
		b.WriteString(" " + note + ".")
	}
	return b.String()
}

// Method is how the day was found, for ri_detection_method.
func (v *Verdict) Method() string {
	if v.Evidence == Forest {
		return "Isolation Forest"
	}
	return "count surprise: " + v.Evidence.String()
}

// odds is a small probability as people say it.
func odds(p float64) string {
	switch {
	case p < 1e-9:
		return "less than 1 day in a billion"
	case p > .5:
		return "any day"
	}
	return "1 day in " + amount(roundTo(1/p, 2))
}

// roundTo keeps so many digits.
func roundTo(x float64, digits int) float64 {
	if x <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(x))-float64(digits-1))
	return math.Round(x/unit) * unit
}

func between(low, high float64) string {
	if amount(low) == amount(high) {
		return amount(low)
	}
	return amount(low) + " to " + amount(high)
}

func quantity(x float64, noun Noun) string {
	if amount(x) == "1" {
		return "1 " + noun.One
	}
	return amount(x) + " " + noun.Many
}

func plural(n int, noun Noun) string { return quantity(float64(n), noun) }

// amount is a number as people write it: 0.4, 7, 1,200, 3.1e+20.
func amount(x float64) string {
	switch {
	case math.IsNaN(x):
		return "an unknown number"
	case math.Abs(x) >= 1e15:
		return strconv.FormatFloat(x, 'g', 2, 64)
	case x > 0 && x < .05:
		return "less than 0.1"
	case math.Abs(x) < 10 && math.Abs(x-math.Round(x)) > .05:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(math.Round(x), 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

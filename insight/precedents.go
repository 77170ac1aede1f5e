package insight

import (
	"fmt"
	"math"
	"time"
)

const (
	// sameWeekday is how many days ago the same weekday about a year ago was.
	sameWeekday = 364
	// speaking is how many days must be known before "never" says anything.
	speaking = 90
)

// Precedents says whether it was like this before, as notes for [Verdict.Reason]: when there was last as much or as little, and whether it was alike on the
// same weekday a year ago. The series has the days up to that of the verdict, and as many before it as there is something to be said about.
func (v *Verdict) Precedents(s *Series) []string {
	end := int(v.Date.Sub(s.First) / (24 * time.Hour))
	if end < 0 || end >= len(s.Values) || v.Days < 1 || v.Evidence == Forest {
		return nil
	}
	var notes []string
	last := end - v.Days
	for last >= 0 && !v.asExtreme(s.sum(last, v.Days)) {
		last--
	}
	switch {
	case last == end-1:
		notes = append(notes, fmt.Sprintf("The day before was like it (%s)", amount(s.Values[last])))
	case last >= 0:
		notes = append(notes, v.lastTime(s, last))
	default:
		if known := s.known(end); known >= speaking {
			notes = append(notes, fmt.Sprintf("%s in the %s before", v.never(), period(known)))
		}
	}
	if year := end - sameWeekday; year >= 0 && year != last {
		if sum := s.sum(year, v.Days); v.alike(sum) {
			notes = append(notes, "It was like this a year before, too: "+v.then(s, year, sum))
		}
	}
	return notes
}

// sum is that of the days up to one; NaN when one of them is not known.
func (s *Series) sum(end, days int) float64 {
	if end-days+1 < 0 {
		return math.NaN()
	}
	var sum float64
	for _, value := range s.Values[end-days+1 : end+1] {
		sum += value
	}
	return sum
}

// known counts the days before one that are known.
func (s *Series) known(end int) int {
	n := 0
	for _, value := range s.Values[:end] {
		if !math.IsNaN(value) {
			n++
		}
	}
	return n
}

func (v *Verdict) asExtreme(sum float64) bool {
	if v.Up() {
		return sum >= v.Total
	}
	return sum <= v.Total
}

// alike tells whether the sum is nearer to that of the verdict than to what is usual.
func (v *Verdict) alike(sum float64) bool {
	root := math.Sqrt(math.Max(sum, 0))
	return !math.IsNaN(sum) && math.Abs(root-math.Sqrt(v.Total)) < math.Abs(root-math.Sqrt(math.Max(v.Mean, 0)))
}

// lastTime says when it was last like this: in the days up to that one.
func (v *Verdict) lastTime(s *Series, last int) string {
	if v.Evidence == Zeros {
		return fmt.Sprintf("The last pause as long was up to %s", longDate(s.Date(last)))
	}
	many := "as many"
	if !v.Up() {
		many = "as few"
	}
	return fmt.Sprintf("There were last %s %s", many, v.then(s, last, s.sum(last, v.Days)))
}

// then is the time up to a day, with its sum.
func (v *Verdict) then(s *Series, end int, sum float64) string {
	if v.Days == 1 {
		return fmt.Sprintf("on %s, %s (%s)", s.Date(end).Weekday(), longDate(s.Date(end)), amount(sum))
	}
	return fmt.Sprintf("in the %d days up to %s (%s)", v.Days, longDate(s.Date(end)), amount(sum))
}

func (v *Verdict) never() string {
	switch {
	case v.Evidence == Zeros:
		return "There was no pause as long"
	case v.Up():
		return "There were never as many"
	}
	return "There were never as few"
}

// period is a number of days as people say it.
func period(days int) string {
	if months := days / 30; months < 24 {
		return plural(months, Noun{"month", "months"})
	}
	return plural(days/yearDays, Noun{"year", "years"})
}

func longDate(day time.Time) string { return day.Format("2 January 2006") }

package insight_test

import (
	"slices"
	"testing"
)

// The scoring of a detector on labelled series, in the rules of the reference: an event is found when a day inside it is flagged; an alarm is a run of
// flagged days, merged over one day without a flag and cut every 14 days; an alarm is good when it has a flag inside an event, neutral when all its flags
// are in the time after an event that is still its consequence, and false otherwise. A flag never makes neighbours right (no point adjustment).

type event struct {
	kind               string
	from, to, ignoreTo int // days of the test year
	expected           bool
}

type labelled struct {
	id, domain, family string
	injected           bool
	events             []event
}

type tally struct {
	events, found, hits, falseAlarms int
	delay                            int
	clean                            int
	years                            float64
	kinds                            map[string][2]int
}

func (s *tally) recall() float64    { return float64(s.found) / float64(max(s.events, 1)) }
func (s *tally) precision() float64 { return float64(s.hits) / float64(max(s.hits+s.falseAlarms, 1)) }

func (s *tally) f1() float64 {
	p, r := s.precision(), s.recall()
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}
func (s *tally) alarmsPerYear() float64 { return float64(s.clean) / s.years }
func (s *tally) meanDelay() float64     { return float64(s.delay) / float64(max(s.found, 1)) }

func alarms(flags []bool) [][]int {
	var all [][]int
	var current []int
	for i, flag := range flags {
		if !flag {
			continue
		}
		if len(current) > 0 && (i-current[len(current)-1] > 2 || i-current[0] >= 14) {
			all = append(all, current)
			current = nil
		}
		current = append(current, i)
	}
	if current != nil {
		all = append(all, current)
	}
	return all
}

func (s *tally) add(l labelled, flags []bool) {
	if !l.injected {
		s.clean += len(alarms(flags))
		s.years += float64(len(flags)) / 365
		return
	}
	const inside, after = 1, 2
	zone := make([]int, len(flags))
	for _, e := range l.events {
		if !e.expected {
			continue
		}
		for i := e.to + 1; i <= min(e.ignoreTo, len(flags)-1); i++ {
			if zone[i] == 0 {
				zone[i] = after
			}
		}
		for i := e.from; i <= e.to; i++ {
			zone[i] = inside
		}
	}
	for _, alarm := range alarms(flags) {
		switch {
		case slices.ContainsFunc(alarm, func(i int) bool { return zone[i] == inside }):
			s.hits++
		case slices.ContainsFunc(alarm, func(i int) bool { return zone[i] != after }):
			s.falseAlarms++
		}
	}
	for _, e := range l.events {
		if !e.expected {
			continue
		}
		s.events++
		k := s.kinds[e.kind]
		k[1]++
		if first := slices.Index(flags[e.from:e.to+1], true); first >= 0 {
			s.found++
			s.delay += first
			k[0]++
		}
		if s.kinds == nil {
			s.kinds = map[string][2]int{}
		}
		s.kinds[e.kind] = k
	}
}

// readLabelled reads what was put into the series; dates are the test days of each series.
func readLabelled(t testing.TB, dates map[string][]string) []labelled {
	t.Helper()
	events := map[string][]event{}
	for _, r := range readGZ(t, "labels.csv.gz") {
		days := dates[r[0]]
		from, _ := slices.BinarySearch(days, r[3])
		to := upTo(days, r[4])
		events[r[0]] = append(events[r[0]], event{kind: r[2], from: from, to: to, ignoreTo: upTo(days, r[5]), expected: r[6] == "1"})
	}
	var all []labelled
	for _, r := range readGZ(t, "meta.csv.gz") {
		all = append(all, labelled{id: r[0], domain: r[2], family: r[3], injected: r[6] == "1", events: events[r[0]]})
	}
	return all
}

// upTo is the index of the last day that is not after date.
func upTo(days []string, date string) int {
	i, found := slices.BinarySearch(days, date)
	if found {
		return i
	}
	return i - 1
}

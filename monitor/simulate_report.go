package monitor

import (
	"fmt"
	"math"
	"slices"
	"time"

	"augur/tasks"
)

// Simulation is the result of [Simulate].
type Simulation struct {
	Options SimulationOptions `json:"options"`
	Phases  []PhaseSimulation `json:"phases"`
	// FirstFull is how long it took until everything that was there at the beginning was collected in every phase; nil when that did not happen.
	FirstFull *Days `json:"first_full_collection_days"`
	// Bottleneck is the phase that is held up most, and by what; empty when none is.
	Bottleneck string `json:"bottleneck"`
}

// Days is a duration that JSON shows in days.
type Days time.Duration

// MarshalJSON shows the duration in days, to a thousandth.
func (d Days) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(d).Hours()/24), nil
}

// PhaseSimulation is what became of a phase.
type PhaseSimulation struct {
	Phase    tasks.Phase `json:"phase"`
	Interval Days        `json:"interval_days"`
	// Places is the limit of the phase, Workers how many jobs run at a time.
	Places  int `json:"places"`
	Workers int `json:"workers"`
	// Runs is how many ended.
	Runs int `json:"runs"`
	// Uncollected is how many repositories were never collected when the simulation ended.
	Uncollected int `json:"uncollected"`
	// FirstFull is when the last repository that was there at the beginning was collected for the first time.
	FirstFull *Days `json:"first_full_collection_days"`
	// Staleness is how long repositories went from one collection to the next; those that wait at the end count with what they have waited.
	Staleness Quantiles `json:"staleness_days"`
	// Load is how many runs were started in an hour, in the last interval of the simulation, and from the day of the first full collection on.
	Load HourlyLoad `json:"load_per_hour"`
	// Waiting is the part of the time in which something that was due had no place, Busy that of the workers' time in which they worked, and Throttled that of
	// the work that was waiting for the budget of API keys.
	Waiting   float64 `json:"waiting"`
	Busy      float64 `json:"busy"`
	Throttled float64 `json:"throttled"`
}

// Quantiles of durations.
type Quantiles struct {
	Median Days `json:"median"`
	P95    Days `json:"p95"`
	Max    Days `json:"max"`
}

// HourlyLoad is a mean and its coefficient of variation: 0 is perfectly even.
type HourlyLoad struct {
	Mean      float64 `json:"mean"`
	Variation float64 `json:"variation"`
	Max       int     `json:"max"`
}

func (s *simulation) report() *Simulation {
	result := &Simulation{Options: s.SimulationOptions}
	full := time.Duration(0)
	complete := len(s.phases) > 0
	for _, p := range s.phases {
		phase := s.reportPhase(p)
		result.Phases = append(result.Phases, phase)
		if phase.FirstFull == nil {
			complete = false
			continue
		}
		full = max(full, time.Duration(*phase.FirstFull))
	}
	if complete {
		days := Days(full)
		result.FirstFull = &days
	}
	result.Bottleneck = bottleneck(result.Phases)
	return result
}

func (s *simulation) reportPhase(p *simulatedPhase) PhaseSimulation {
	r := PhaseSimulation{
		Phase: p.phase, Interval: Days(p.interval), Places: p.places.limit, Workers: p.workers, Runs: p.runs,
		Uncollected: len(p.states), Staleness: quantiles(s.staleness(p)), Load: hourlyLoad(p.hours, s.steadyFrom(p)),
	}
	for _, state := range p.states {
		if !state.collected.IsZero() {
			r.Uncollected--
		}
	}
	if !p.allFirst.IsZero() || s.Repos == 0 {
		days := Days(max(0, p.allFirst.Sub(s.began)))
		r.FirstFull = &days
	}
	r.Waiting = float64(p.waitingTicks) / float64(max(1, p.ticks))
	r.Busy = min(1, p.worked.Hours()/(float64(p.workers)*s.ends.Sub(s.began).Hours()))
	r.Throttled = p.throttled.Hours() / max(1e-9, p.worked.Hours())
	return r
}

// staleness are the gaps between collections, and those that were open at the end where they were longer than the interval already.
func (s *simulation) staleness(p *simulatedPhase) []time.Duration {
	lengths := make([]time.Duration, 0, len(p.gaps))
	for _, g := range p.gaps {
		lengths = append(lengths, g.length)
	}
	for _, state := range p.states {
		if open := s.ends.Sub(state.collected); !state.collected.IsZero() && open > p.interval {
			lengths = append(lengths, open)
		}
	}
	slices.Sort(lengths)
	return lengths
}

// steadyFrom is the hour from which the load of a phase is looked at: an interval before the end, but not before the first full collection.
func (s *simulation) steadyFrom(p *simulatedPhase) int {
	from := s.ends.Add(-p.interval)
	if p.allFirst.After(from) {
		from = p.allFirst
	}
	return max(0, int(from.Sub(s.began)/time.Hour))
}

func quantiles(sorted []time.Duration) Quantiles {
	if len(sorted) == 0 {
		return Quantiles{}
	}
	at := func(q float64) Days { return Days(sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]) }
	return Quantiles{Median: at(0.5), P95: at(0.95), Max: at(1)}
}

func hourlyLoad(hours []int, from int) HourlyLoad {
	// The last hour is not a whole one.
	hours = hours[min(from, len(hours)-1) : len(hours)-1]
	if len(hours) == 0 {
		return HourlyLoad{}
	}
	sum, squares := 0.0, 0.0
	for _, n := range hours {
		sum += float64(n)
		squares += float64(n) * float64(n)
	}
	mean := sum / float64(len(hours))
	load := HourlyLoad{Mean: mean, Max: slices.Max(hours)}
	if mean > 0 {
		load.Variation = math.Sqrt(max(0, squares/float64(len(hours))-mean*mean)) / mean
	}
	return load
}

// bottleneck names what holds collection up most: the phase in which something waits for most of the time, and what it is that is missing there.
func bottleneck(phases []PhaseSimulation) string {
	worst := PhaseSimulation{}
	for _, p := range phases {
		if p.Waiting > worst.Waiting {
			worst = p
		}
	}
	switch {
	case worst.Waiting < 0.01:
		return ""
	case worst.Throttled > 0.2:
		return fmt.Sprintf("%s: the budget of the API keys", worst.Phase)
	case worst.Workers < worst.Places && worst.Busy > worst.Waiting/2:
		return fmt.Sprintf("%s: its workers", worst.Phase)
	}
	return fmt.Sprintf("%s: its places (Tasks.max_%s)", worst.Phase, worst.Phase)
}

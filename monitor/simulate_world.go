package monitor

import (
	"math"
	"math/rand/v2"
	"time"

	"augur/tasks"
)

// Rates are what collection costs. Those of git were measured on histories of 5,000 to 82,000 commits with durable writes on two cores; those of
// the API are GitHub's limit and the number of requests that 15,000 issues, 5,000 pull requests and all that hangs on them took.
type Rates struct {
	// CloneSetup and FetchSetup are what git costs before the first commit is read; CommitsPerSecond what follows, clone included.
	CloneSetup, FetchSetup time.Duration
	CommitsPerSecond       float64
	// DailyGrowth is the part by which a repository grows in a day.
	DailyGrowth float64
	// ItemsPerCoreRequest and ItemsPerSecondaryRequest are how many issues and pull requests a request of a first collection brings, on average;
	// UpdateRequests what a phase needs to see what is new.
	ItemsPerCoreRequest, ItemsPerSecondaryRequest float64
	UpdateRequests                                float64
	// RequestTime is what a request takes, and RequestsPerKey how many an API key has in an hour.
	RequestTime    time.Duration
	RequestsPerKey float64
	// MLTime is what the machine learning phase takes.
	MLTime time.Duration
}

// DefaultRates are the measured ones.
func DefaultRates() Rates {
	return Rates{
		CloneSetup: 3 * time.Second, FetchSetup: time.Second, CommitsPerSecond: 2000, DailyGrowth: 0.001,
		ItemsPerCoreRequest: 23, ItemsPerSecondaryRequest: 42, UpdateRequests: 5,
		RequestTime: 300 * time.Millisecond, RequestsPerKey: 5000, MLTime: 5 * time.Second,
	}
}

// cost is what a run costs: time on a worker, and requests of the API.
func (r Rates) cost(phase tasks.Phase, repo madeUp, state phaseState, at time.Time) (took time.Duration, requests float64) {
	first := state.collected.IsZero()
	grown := r.DailyGrowth * at.Sub(state.collected).Hours() / 24
	switch phase {
	case tasks.Facade:
		if first {
			return r.CloneSetup + seconds(float64(repo.commits)/r.CommitsPerSecond), 0
		}
		return r.FetchSetup + seconds(grown*float64(repo.commits)/r.CommitsPerSecond), 0
	case tasks.ML:
		return r.MLTime, 0
	default:
		items := r.ItemsPerCoreRequest
		if phase == tasks.Secondary {
			items = r.ItemsPerSecondaryRequest
		}
		requests = r.UpdateRequests + math.Ceil(float64(repo.items)/items)
		if !first {
			requests = r.UpdateRequests + math.Ceil(grown*float64(repo.items)/items)
		}
		return time.Duration(requests * float64(r.RequestTime)), requests
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// madeUp is a repository that does not exist.
type madeUp struct {
	id, group      int64
	commits, items int64
}

// size is what decides whether it is large in the phase.
func (r madeUp) size(phase tasks.Phase) int64 {
	if phase == tasks.Core || phase == tasks.Secondary {
		return r.items
	}
	return r.commits
}

// world makes repositories: numbers of commits and of issues and pull requests are log-normal and depend on each other, as they do in the wild: most
// repositories are small, a few hundred commits, and one in a thousand has more than 100,000.
type world struct {
	random *rand.Rand
	// cumulated are the shares of the groups, added up.
	cumulated []float64
	// sizes are how many more repositories each group gets, when that is given.
	sizes []int
}

const (
	medianCommits, medianItems = 300, 60
	spread                     = 1.9 // standard deviation of the logarithms
	maxCommits, maxItems       = 1_500_000, 300_000
)

func newWorld(o SimulationOptions) *world {
	w := &world{random: rand.New(rand.NewPCG(o.Seed, 0)), sizes: append([]int(nil), o.Sizes...)} //nolint:gosec // a simulation needs no secret
	total := 0.0
	for group := range max(1, o.Groups) {
		total += 1 / float64(group+1)
		w.cumulated = append(w.cumulated, total)
	}
	return w
}

func (w *world) make(id int64) madeUp {
	size := w.random.NormFloat64()
	talk := 0.7*size + math.Sqrt(1-0.7*0.7)*w.random.NormFloat64()
	return madeUp{
		id: id, group: w.group(),
		commits: int64(min(maxCommits, 1+medianCommits*math.Exp(spread*size))),
		items:   int64(min(maxItems, medianItems*math.Exp(spread*talk))),
	}
}

// group is the group of the next repository.
func (w *world) group() int64 {
	for i := range w.sizes {
		if w.sizes[i] > 0 {
			w.sizes[i]--
			return int64(i + 1)
		}
	}
	at := w.random.Float64() * w.cumulated[len(w.cumulated)-1]
	for i, upTo := range w.cumulated {
		if at < upTo {
			return int64(i + 1)
		}
	}
	return int64(len(w.cumulated))
}

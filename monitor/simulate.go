package monitor

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"
	"time"

	"augur/tasks"
)

// SimulationOptions describe a simulation. The zero value of a field has no meaning of its own unless it says so.
type SimulationOptions struct {
	// Repos is how many repositories there are when it begins, all of them new; NewPerDay how many are added each day.
	Repos     int `json:"repos"`
	NewPerDay int `json:"new_per_day"`
	// Groups is how many user groups they belong to. Their sizes follow Zipf's law: the second has half as many as the first, the third a third.
	Groups int `json:"groups"`
	// Sizes are the sizes of the groups instead, when it is not empty; their sum is Repos.
	Sizes []int `json:"sizes,omitempty"`
	Days  int   `json:"days"`
	// Seed decides everything that is random.
	Seed uint64 `json:"seed"`
	// Workers is how many jobs of each phase run at a time, over all machines.
	Workers map[tasks.Phase]int `json:"workers"`
	// Keys is the number of API keys that the core and the secondary phase have.
	Keys int `json:"keys"`
	// Rates are the costs of collection.
	Rates Rates `json:"-"`

	Tasks   Tasks       `json:"-"`
	Routine TaskRoutine `json:"-"`
}

// simulation is a run of the scheduler over made-up repositories with a clock of its own.
type simulation struct {
	SimulationOptions
	now    time.Time
	began  time.Time
	ends   time.Time
	repos  []madeUp
	phases []*simulatedPhase
	events soonest[event]
	// apiFree is when all requests that were sent so far are covered by the keys' budget.
	apiFree time.Time
	world   *world
}

// Simulate lets the monitor's decision ([choose], places, jitter, intervals: the very functions of a tick) start collections of made-up repositories, tick by
// tick, and tells what would come of it. The same options give the same result.
func Simulate(ctx context.Context, o SimulationOptions) (*Simulation, error) {
	s := &simulation{SimulationOptions: o, began: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), world: newWorld(o), events: soonest[event]{compare: compareEvents}}
	s.now, s.apiFree = s.began, s.began
	s.ends = s.began.AddDate(0, 0, o.Days)
	for _, p := range plansOf(o.Tasks, o.Routine) {
		if o.Workers[p.phase] > 0 {
			s.phases = append(s.phases, newSimulatedPhase(p, o.Workers[p.phase], o.Days))
		}
	}
	for range o.Repos {
		s.add()
	}
	added := 0
	for !s.now.After(s.ends) {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("simulate: %w", err)
		}
		for due := int(s.now.Sub(s.began).Hours() / 24 * float64(o.NewPerDay)); added < due; added++ {
			s.add()
		}
		s.tick()
		s.now = s.now.Add(o.Tasks.CollectionInterval)
		s.workUntil(s.now)
	}
	return s.report(), nil
}

// add adds a repository that is new in every phase.
func (s *simulation) add() {
	index := len(s.repos)
	s.repos = append(s.repos, s.world.make(int64(index+1)))
	for _, p := range s.phases {
		p.states = append(p.states, phaseState{added: s.now})
		if p.phase != tasks.Secondary || !s.has(tasks.Core) {
			p.enqueue(s.candidate(p, index, "new", s.now))
		}
	}
}

func (s *simulation) has(phase tasks.Phase) bool {
	return slices.ContainsFunc(s.phases, func(p *simulatedPhase) bool { return p.phase == phase })
}

// candidate is a repository that waits in a phase.
func (s *simulation) candidate(p *simulatedPhase, index int, wait string, due time.Time) candidate {
	repo := s.repos[index]
	c := candidate{repoID: repo.id, wait: wait, fresh: wait == "new", userGroup: repo.group, due: due}
	// The size is known once the phase was collected.
	c.large = !c.fresh && p.places.large > 0 && repo.size(p.phase) >= p.large
	return c
}

// tick starts what may start now.
func (s *simulation) tick() {
	for _, p := range s.phases {
		isDue := func(d dueRepo) bool { return !d.at.After(s.now) }
		for next, ok := p.later.take(isDue); ok; next, ok = p.later.take(isDue) {
			p.enqueue(s.candidate(p, next.repo, "due", next.at))
		}
		for _, c := range p.start() {
			index := int(c.repoID - 1)
			p.states[index].started = s.now
			p.hours[s.hour()]++
			p.jobs = append(p.jobs, c)
		}
		p.note()
		s.work(p, s.now)
	}
}

func (s *simulation) hour() int { return int(s.now.Sub(s.began) / time.Hour) }

// work gives jobs to the workers of a phase that have nothing to do.
func (s *simulation) work(p *simulatedPhase, at time.Time) {
	for len(p.jobs) > 0 && p.busy < p.workers {
		c := p.jobs[0]
		p.jobs = p.jobs[1:]
		p.busy++
		index := int(c.repoID - 1)
		took, requests := s.Rates.cost(p.phase, s.repos[index], p.states[index], at)
		ends := at.Add(took)
		if requests > 0 {
			budget := time.Duration(requests / (float64(s.Keys) * s.Rates.RequestsPerKey) * float64(time.Hour))
			if s.apiFree = later(s.apiFree, at).Add(budget); s.apiFree.After(ends) {
				p.throttled += s.apiFree.Sub(ends)
				ends = s.apiFree
			}
		}
		p.worked += ends.Sub(at)
		heap.Push(&s.events, event{at: ends, phase: p, job: c})
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// workUntil lets jobs end until the time.
func (s *simulation) workUntil(until time.Time) {
	isOver := func(e event) bool { return !e.at.After(until) }
	for done, ok := s.events.take(isOver); ok; done, ok = s.events.take(isOver) {
		done.phase.busy--
		s.finish(done)
		s.work(done.phase, done.at)
	}
}

// finish is the end of a run: its place is free, and the repository waits for its interval.
func (s *simulation) finish(e event) {
	p, index := e.phase, int(e.job.repoID-1)
	p.release(e.job)
	state := &p.states[index]
	if state.collected.IsZero() {
		state.first = e.at
		if index < s.Repos {
			p.firsts++
			if p.firsts == s.Repos {
				p.allFirst = e.at
			}
		}
		if p.phase == tasks.Core {
			s.release(index, e.at)
		}
	} else {
		p.gaps = append(p.gaps, gap{group: s.repos[index].group, length: e.at.Sub(state.collected)})
	}
	p.runs++
	state.collected = e.at
	heap.Push(&p.later, dueRepo{at: dueAt(e.at, p.plan, e.job.repoID), repo: index})
}

// release lets the secondary phase of a repository begin.
func (s *simulation) release(index int, at time.Time) {
	for _, p := range s.phases {
		if p.phase == tasks.Secondary {
			p.enqueue(s.candidate(p, index, "new", at))
		}
	}
}

// phaseState is a phase of a repository.
type phaseState struct {
	added, started, first, collected time.Time
}

// gap is how long a repository went uncollected.
type gap struct {
	group  int64
	length time.Duration
}

// simulatedPhase is a phase with what waits, what runs and what is remembered.
type simulatedPhase struct {
	plan
	workers int
	states  []phaseState

	later   soonest[dueRepo]     // what is not due yet
	waiting map[load][]candidate // by share, those that wait longest first; running is 0 in the keys
	waits   int
	running map[load]int
	runs    int // that ended
	open    int
	jobs    []candidate // that no worker has yet
	busy    int

	hours        []int // runs started
	gaps         []gap
	firsts       int
	allFirst     time.Time
	worked       time.Duration
	throttled    time.Duration
	ticks        int
	waitingTicks int
}

func newSimulatedPhase(p plan, workers, days int) *simulatedPhase {
	return &simulatedPhase{
		plan: p, workers: workers, later: soonest[dueRepo]{compare: compareDue}, waiting: map[load][]candidate{}, running: map[load]int{}, hours: make([]int, days*24+1),
	}
}

func shareOf(c candidate) load {
	return load{fresh: c.fresh, large: c.large, userGroup: c.userGroup, repoGroup: c.repoGroup}
}

func (p *simulatedPhase) enqueue(c candidate) {
	share := shareOf(c)
	p.waiting[share] = append(p.waiting[share], c)
	p.waits++
}

// start chooses what starts, and takes it out of what waits.
func (p *simulatedPhase) start() []candidate {
	free := p.places.limit - p.open
	if free <= 0 || p.waits == 0 {
		return nil
	}
	// No more than there are free places can come from a share, so that is all that choose has to see.
	var heads []candidate
	for _, list := range p.waiting {
		heads = append(heads, list[:min(len(list), free)]...)
	}
	running := make([]load, 0, len(p.running))
	for share, n := range p.running {
		share.running = n
		running = append(running, share)
	}
	chosen := choose(p.places, running, heads)
	for _, c := range chosen {
		share := shareOf(c)
		if p.waiting[share] = p.waiting[share][1:]; len(p.waiting[share]) == 0 {
			delete(p.waiting, share)
		}
		p.running[share]++
	}
	p.waits -= len(chosen)
	p.open += len(chosen)
	return chosen
}

// release frees the place of a run.
func (p *simulatedPhase) release(c candidate) {
	share := shareOf(c)
	if p.running[share]--; p.running[share] == 0 {
		delete(p.running, share)
	}
	p.open--
}

// note remembers what holds the phase up at a tick.
func (p *simulatedPhase) note() {
	p.ticks++
	if p.waits > 0 {
		p.waitingTicks++
	}
}

// event is the end of a job.
type event struct {
	at    time.Time
	phase *simulatedPhase
	job   candidate
}

// dueRepo is when a repository is due.
type dueRepo struct {
	at   time.Time
	repo int
}

// soonest is a heap of what happens at a time, the next on top. Its methods are those of [heap.Interface].
type soonest[T any] struct {
	items   []T
	compare func(a, b T) int
}

// Len is the number of items.
func (h *soonest[T]) Len() int { return len(h.items) }

// Less: what happens first.
func (h *soonest[T]) Less(i, j int) bool { return h.compare(h.items[i], h.items[j]) < 0 }

// Swap exchanges two items.
func (h *soonest[T]) Swap(i, j int) { h.items[i], h.items[j] = h.items[j], h.items[i] }

// Push adds an item.
func (h *soonest[T]) Push(x any) { h.items = append(h.items, x.(T)) } //nolint:forcetypeassert // heap gives back what it was given

// Pop removes the last item.
func (h *soonest[T]) Pop() any {
	last := h.items[len(h.items)-1]
	h.items = h.items[:len(h.items)-1]
	return last
}

// take removes the next item if the condition holds for it.
func (h *soonest[T]) take(holds func(T) bool) (item T, ok bool) {
	if len(h.items) == 0 || !holds(h.items[0]) {
		return item, false
	}
	return heap.Pop(h).(T), true //nolint:forcetypeassert // heap gives back what it was given
}

func compareEvents(a, b event) int {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.phase.phase, b.phase.phase), cmp.Compare(a.job.repoID, b.job.repoID))
}

func compareDue(a, b dueRepo) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.repo, b.repo)) }

package monitor

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// candidate is a phase of a repository that may start now.
type candidate struct {
	repoID int64
	// wait is what it waited for: new, due or retry.
	wait string
	// fresh: it was never collected.
	fresh bool
	// large: it takes a place of those for large repositories.
	large bool
	// userGroup and repoGroup are its share.
	userGroup, repoGroup int64
	// due is since when it may start.
	due time.Time
}

// load is how much of a share is Collecting.
type load struct {
	fresh, large         bool
	userGroup, repoGroup int64
	running              int
}

// places are those of a phase.
type places struct {
	limit int
	// large is how many of them belong to large repositories; 0 when sizes are not told apart.
	large int
}

// placesOf divides the limit of a phase. A phase with one place cannot be divided.
func placesOf(limit, largePercent int) places {
	if limit < 2 || largePercent <= 0 {
		return places{limit: limit}
	}
	return places{limit: limit, large: min((limit*largePercent+99)/100, limit-1)}
}

// choose fills the free places of a phase from what waits, and returns what starts. It depends on nothing but its arguments, and not on their order.
//
// Large repositories have places of their own: they are served first, but never get more than these. Within a size, each place goes where
// least runs: first between repositories that were never collected and those that are collected again, then between user groups, then between the repository groups
// of the user group, and there to the one that waits longest. Between equals too it goes to the one that waits longest. So a place is never left
// empty for fairness' sake, and whoever has little gets it soon, however much others have waiting.
func choose(p places, running []load, waiting []candidate) []candidate {
	free, freeLarge := p.limit, p.large
	for _, l := range running {
		free -= l.running
		if l.large {
			freeLarge -= l.running
		}
	}
	if free <= 0 {
		return nil
	}
	if p.large == 0 {
		return divide(free, running, waiting)
	}
	isLarge := func(c candidate) bool { return c.large }
	runsLarge := func(l load) bool { return l.large }
	chosen := divide(min(free, freeLarge), only(running, runsLarge), only(waiting, isLarge))
	return append(chosen, divide(free-len(chosen), slices.DeleteFunc(slices.Clone(running), runsLarge), slices.DeleteFunc(slices.Clone(waiting), isLarge))...)
}

// only lists the elements for which the condition holds.
func only[T any](list []T, holds func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !holds(v) })
}

// divide gives n places to what waits.
func divide(n int, running []load, waiting []candidate) []candidate {
	if n <= 0 || len(waiting) == 0 {
		return nil
	}
	root := newShares(running, waiting)
	chosen := make([]candidate, 0, min(n, len(waiting)))
	for len(chosen) < n && !root.empty() {
		chosen = append(chosen, root.take())
	}
	return chosen
}

// path leads to a share: 1 for what was never collected and 0 for what was, user group, repository group.
type path [3]int64

func (c candidate) path() path { return path{number(c.fresh), c.userGroup, c.repoGroup} }

func (l load) path() path { return path{number(l.fresh), l.userGroup, l.repoGroup} }

func number(b bool) int64 { //nolint:revive // a conversion is no control coupling
	if b {
		return 1
	}
	return 0
}

// share is a node of the tree of shares. Its inner shares are a heap with the one on top that gets the next place; a share without inner ones has candidates.
type share struct {
	key     int64
	running int
	inner   []*share
	waiting []candidate // those that wait longest first
	next    candidate   // what take would return
}

// newShares makes the tree of what waits. What only runs is counted where something of the same share waits.
func newShares(running []load, waiting []candidate) *share {
	waiting = slices.Clone(waiting)
	slices.SortFunc(waiting, sooner)
	root := &share{}
	nodes := map[path][]*share{}
	byPrefix := map[path]*share{}
	for _, c := range waiting {
		full := c.path()
		trail, ok := nodes[full]
		if !ok {
			parent := root
			for depth := 1; depth <= len(full); depth++ {
				prefix := full.prefix(depth)
				node := byPrefix[prefix]
				if node == nil {
					node = &share{key: full[depth-1]}
					byPrefix[prefix] = node
					parent.inner = append(parent.inner, node)
				}
				trail = append(trail, node)
				parent = node
			}
			nodes[full] = trail
		}
		leaf := trail[len(trail)-1]
		leaf.waiting = append(leaf.waiting, c)
	}
	for _, l := range running {
		full := l.path()
		for depth := 1; depth <= len(full); depth++ {
			if node := byPrefix[full.prefix(depth)]; node != nil {
				node.running += l.running
			}
		}
	}
	root.order()
	return root
}

// prefix is the first steps of the path; it cannot be taken for that of another depth.
func (p path) prefix(depth int) path {
	for i := depth; i < len(p); i++ {
		p[i] = -1
	}
	return p
}

// sooner orders candidates by how long they wait.
func sooner(a, b candidate) int {
	return cmp.Or(a.due.Compare(b.due), cmp.Compare(a.repoID, b.repoID))
}

func (s *share) empty() bool { return len(s.inner) == 0 && len(s.waiting) == 0 }

// order makes the heaps of the tree.
func (s *share) order() {
	for _, inner := range s.inner {
		inner.order()
	}
	heap.Init(s)
	s.peek()
}

func (s *share) peek() {
	switch {
	case len(s.inner) > 0:
		s.next = s.inner[0].next
	case len(s.waiting) > 0:
		s.next = s.waiting[0]
	}
}

// take removes the candidate that gets the next place.
func (s *share) take() candidate {
	chosen := s.next
	s.running++
	if len(s.inner) == 0 {
		s.waiting = s.waiting[1:]
		s.peek()
		return chosen
	}
	top := s.inner[0]
	top.take()
	if top.empty() {
		heap.Pop(s)
	} else {
		heap.Fix(s, 0)
	}
	s.peek()
	return chosen
}

// Len, Less, Swap, Push and Pop are those of [heap.Interface], for the inner shares.
func (s *share) Len() int { return len(s.inner) }

// Less: where less runs, then where something waits longer.
func (s *share) Less(i, j int) bool {
	a, b := s.inner[i], s.inner[j]
	return cmp.Or(cmp.Compare(a.running, b.running), sooner(a.next, b.next)) < 0
}

// Swap exchanges two inner shares.
func (s *share) Swap(i, j int) { s.inner[i], s.inner[j] = s.inner[j], s.inner[i] }

// Push adds an inner share.
func (s *share) Push(x any) { s.inner = append(s.inner, x.(*share)) } //nolint:forcetypeassert // heap gives back what it was given

// Pop removes the last inner share.
func (s *share) Pop() any {
	last := s.inner[len(s.inner)-1]
	s.inner = s.inner[:len(s.inner)-1]
	return last
}

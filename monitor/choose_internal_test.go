package monitor

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// some makes candidates of a share, with ids from one on; each waits a minute less than the one before.
func some(n int, like candidate) []candidate {
	list := make([]candidate, n)
	for i := range list {
		c := like
		c.repoID += int64(i)
		c.due = like.due.Add(time.Duration(i) * time.Minute)
		list[i] = c
	}
	return list
}

// counts tells how many were chosen of each user group.
func counts(chosen []candidate) map[int64]int {
	found := map[int64]int{}
	for _, c := range chosen {
		found[c.userGroup]++
	}
	return found
}

func TestChooseFillsPlacesFairly(t *testing.T) {
	t.Parallel()
	noon := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	// User groups stand for the kinds of candidates: 1 new, 2 due, 3 large.
	fresh := candidate{repoID: 1_000, fresh: true, userGroup: 1, due: noon}
	due := candidate{repoID: 2_000, userGroup: 2, due: noon.Add(-time.Hour)}
	large := candidate{repoID: 3_000, userGroup: 3, large: true, due: noon}
	tests := map[string]struct {
		places  places
		running []load
		waiting [][]candidate
		want    map[int64]int
	}{
		"no room":                       {places{limit: 0}, nil, [][]candidate{some(5, due)}, map[int64]int{}},
		"more runs than allowed":        {places{limit: 2}, []load{{running: 5}}, [][]candidate{some(5, due)}, map[int64]int{}},
		"nothing to do":                 {places{limit: 10}, nil, nil, map[int64]int{}},
		"room for all":                  {places{limit: 20}, nil, [][]candidate{some(5, fresh), some(5, due)}, map[int64]int{1: 5, 2: 5}},
		"flood of new":                  {places{limit: 10}, nil, [][]candidate{some(1000, fresh), some(3, due)}, map[int64]int{1: 7, 2: 3}},
		"backlog of due":                {places{limit: 10}, nil, [][]candidate{some(2, fresh), some(1000, due)}, map[int64]int{1: 2, 2: 8}},
		"new and due share":             {places{limit: 10}, nil, [][]candidate{some(1000, fresh), some(1000, due)}, map[int64]int{1: 5, 2: 5}},
		"the odd place: longest wait":   {places{limit: 3}, nil, [][]candidate{some(1000, fresh), some(1000, due)}, map[int64]int{1: 1, 2: 2}},
		"what runs counts":              {places{limit: 10}, []load{{userGroup: 2, running: 5}}, [][]candidate{some(1000, fresh), some(1000, due)}, map[int64]int{1: 5}},
		"one place after the other":     {places{limit: 8}, []load{{userGroup: 2, running: 4}, {userGroup: 1, fresh: true, running: 3}}, [][]candidate{some(9, fresh), some(9, due)}, map[int64]int{1: 1}},
		"large have their places":       {places{limit: 8, large: 2}, nil, [][]candidate{some(9, large), some(99, due)}, map[int64]int{2: 6, 3: 2}},
		"large never get more":          {places{limit: 8, large: 2}, nil, [][]candidate{some(9, large)}, map[int64]int{3: 2}},
		"large places are full":         {places{limit: 8, large: 2}, []load{{large: true, userGroup: 3, running: 2}}, [][]candidate{some(9, large), some(99, due)}, map[int64]int{2: 6}},
		"small use what large leave":    {places{limit: 8, large: 2}, nil, [][]candidate{some(99, due)}, map[int64]int{2: 8}},
		"large before small":            {places{limit: 8, large: 2}, []load{{userGroup: 2, running: 7}}, [][]candidate{some(9, large), some(99, due)}, map[int64]int{3: 1}},
		"sizes are not told apart":      {places{limit: 4}, nil, [][]candidate{some(9, large)}, map[int64]int{3: 4}},
		"large limit was lowered":       {places{limit: 8, large: 1}, []load{{large: true, userGroup: 3, running: 3}}, [][]candidate{some(9, large), some(99, due)}, map[int64]int{2: 5}},
		"one user has much, one little": {places{limit: 10}, nil, [][]candidate{some(20_000, due), some(2, candidate{repoID: 90_000, userGroup: 9, due: noon})}, map[int64]int{2: 8, 9: 2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, counts(choose(test.places, test.running, slices.Concat(test.waiting...))))
		})
	}
}

func TestChooseSharesBetweenRepoGroupsInsideUserGroups(t *testing.T) {
	t.Parallel()
	var waiting []candidate
	// User group 1 has five repository groups, user group 2 has one: they get the same, and the five share.
	for group := range int64(5) {
		waiting = append(waiting, some(100, candidate{repoID: 1 + group*1000, userGroup: 1, repoGroup: group})...)
	}
	waiting = append(waiting, some(100, candidate{repoID: 50_000, userGroup: 2, repoGroup: 7})...)
	chosen := choose(places{limit: 10}, nil, waiting)
	require.Equal(t, map[int64]int{1: 5, 2: 5}, counts(chosen))
	groups := map[int64]int{}
	for _, c := range chosen {
		groups[c.repoGroup]++
	}
	require.Equal(t, map[int64]int{0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 7: 5}, groups)
}

// situation is a random one.
func situation(r *rand.Rand) (places, []load, []candidate) {
	p := placesOf(r.IntN(30), r.IntN(3)*25)
	var running []load
	for range r.IntN(5) {
		running = append(running, load{fresh: r.IntN(2) == 0, large: p.large > 0 && r.IntN(4) == 0, userGroup: r.Int64N(4), repoGroup: r.Int64N(3), running: r.IntN(4)})
	}
	waiting := make([]candidate, r.IntN(120))
	for i := range waiting {
		waiting[i] = candidate{
			repoID: int64(i), wait: "due", fresh: r.IntN(2) == 0, large: p.large > 0 && r.IntN(4) == 0, userGroup: r.Int64N(4), repoGroup: r.Int64N(3),
			due: time.Unix(r.Int64N(50), 0).UTC(),
		}
	}
	return p, running, waiting
}

func TestChooseKeepsItsPromises(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		p, running, waiting := situation(r)
		chosen := choose(p, running, waiting)

		shuffled := slices.Clone(waiting)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, chosen, choose(p, running, shuffled), "the order of the list does not matter")

		picked := map[int64]bool{}
		total, large, smallLeft, largeLeft := 0, 0, 0, 0
		for _, l := range running {
			total += l.running
			if l.large {
				large += l.running
			}
		}
		before := large
		for _, c := range chosen {
			require.False(t, picked[c.repoID], "nothing starts twice")
			picked[c.repoID] = true
			if c.large {
				large++
			}
		}
		require.LessOrEqual(t, len(chosen), max(0, p.limit-total), "never more than there are places")
		require.LessOrEqual(t, large, max(before, p.large, 0), "large ones keep to their places")
		for _, c := range waiting {
			switch {
			case picked[c.repoID]:
			case c.large:
				largeLeft++
			default:
				smallLeft++
			}
		}
		if total+len(chosen) < p.limit {
			require.Zero(t, smallLeft, "no place stays empty while a small one waits")
			if p.large > large {
				require.Zero(t, largeLeft, "nor one of the large ones' while a large one waits")
			}
		}
		requireFair(t, running, waiting, picked)
	}
}

// requireFair checks that no share got a place while a sister share with something waiting had two less, and that inside a share those that wait longest were chosen.
func requireFair(t *testing.T, running []load, waiting []candidate, picked map[int64]bool) {
	t.Helper()
	type key struct {
		large bool
		path  path
		depth int
	}
	has, got, left := map[key]int{}, map[key]int{}, map[key]int{}
	for _, l := range running {
		for depth := 1; depth <= 3; depth++ {
			has[key{l.large, l.path().prefix(depth), depth}] += l.running
		}
	}
	for _, c := range waiting {
		for depth := 1; depth <= 3; depth++ {
			k := key{c.large, c.path().prefix(depth), depth}
			if picked[c.repoID] {
				has[k]++
				got[k]++
			} else {
				left[k]++
			}
		}
	}
	for a := range got {
		for b := range left {
			if a.depth == b.depth && a.large == b.large && a.path.prefix(a.depth-1) == b.path.prefix(a.depth-1) {
				require.LessOrEqual(t, has[a], has[b]+1, "%v got a place that was due to %v", a, b)
			}
		}
	}
	for _, a := range waiting {
		for _, b := range waiting {
			if picked[a.repoID] && !picked[b.repoID] && a.large == b.large && a.path() == b.path() {
				require.Negative(t, sooner(a, b), "in a share the one that waits longest comes first")
			}
		}
	}
}

func TestPlacesOfLargeRepositories(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ limit, percent, want int }{
		{0, 25, 0}, {1, 25, 0}, {1, 90, 0}, {2, 25, 1}, {2, 90, 1}, {4, 25, 1}, {5, 25, 2}, {30, 25, 8}, {40, 0, 0}, {40, 1, 1}, {10, 90, 9},
	} {
		require.Equal(t, places{limit: test.limit, large: test.want}, placesOf(test.limit, test.percent), "%d places, %d percent", test.limit, test.percent)
	}
}

func TestJitterSpreadsNeighboursEvenly(t *testing.T) {
	t.Parallel()
	const repos, parts = 6400, 64
	for _, first := range []int64{1, 1_000_000, 1 << 40} {
		counts := make([]int, parts)
		for id := range int64(repos) {
			u := jitter(first+id, "facade")
			require.GreaterOrEqual(t, u, 0.0)
			require.Less(t, u, 1.0)
			counts[int(u*parts)]++
		}
		for part, n := range counts {
			require.InDelta(t, repos/parts, n, 3, "part %d", part)
		}
	}
}

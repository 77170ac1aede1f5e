package diff

import "math/bits"

// tally counts how often each line stands in either text. A line that is only outside the part that is compared has no entry.
type tally struct {
	slots    []slot // open addressing; the length is a power of two
	old, new []int32
}

type slot struct {
	sum uint64
	id  int32 // from 1; 0: empty
}

// count numbers the lines of both sides and counts them. It returns whether the sides have any line in common.
func (t *tally) count(from, to *side) (common bool) {
	lines := len(from.ids) + len(to.ids)
	size := 1 << bits.Len(uint(2*lines))
	t.slots = resize(t.slots, max(size, 64))
	clear(t.slots)
	t.old, t.new = t.old[:0], t.new[:0]
	for i := range from.ids {
		id := t.enter(from.sums[from.start+i])
		from.ids[i] = id
		t.old[id]++
	}
	for i := range to.ids {
		id := t.enter(to.sums[to.start+i])
		to.ids[i] = id
		t.new[id]++
		common = common || t.old[id] > 0
	}
	return common
}

func (t *tally) enter(sum uint64) int32 {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // a length
	i := sum & mask
	for t.slots[i].id != 0 && t.slots[i].sum != sum {
		i = (i + 1) & mask
	}
	if t.slots[i].id == 0 {
		t.old, t.new = append(t.old, 0), append(t.new, 0)
		t.slots[i] = slot{sum: sum, id: int32(len(t.old))} //nolint:gosec // lines are fewer than bytes
	}
	return t.slots[i].id - 1
}

// countAround adds the lines before and behind the compared parts, which are the same in both texts.
func (t *tally) countAround(parts ...[]uint64) {
	mask := uint64(len(t.slots) - 1) //nolint:gosec // a length
	for _, sums := range parts {
		for _, sum := range sums {
			for i := sum & mask; t.slots[i].id != 0; i = (i + 1) & mask {
				if t.slots[i].sum == sum {
					t.old[t.slots[i].id-1]++
					t.new[t.slots[i].id-1]++
					break
				}
			}
		}
	}
}

// state says how often a line stands in the other text.
type state byte

const (
	absent state = iota
	present
	frequent
)

const (
	// neighbourhood is how many lines on either side decide on a frequent line.
	neighbourhood = 100
	// mostFrequent bounds what counts as frequent in a long text.
	mostFrequent = 1024
	// share: of the lines around one that is dropped for its frequency, fewer than one in so many are frequent themselves.
	share = 4
)

// drop decides which lines are compared. A line that the other text has nowhere is changed in any case. One that is frequent there, such as a brace or a blank line, would be matched
// with any of them: it counts as changed, too, when it stands among lines that are absent.
func (s *side) drop(other []int32, lines int) {
	many := min(int32(root(lines)), mostFrequent) //nolint:gosec // a root
	for i, id := range s.ids {
		switch n := other[id]; {
		case n == 0:
			s.states[i] = absent
		case n >= many:
			s.states[i] = frequent
		default:
			s.states[i] = present
		}
	}
	for i, id := range s.ids {
		if s.states[i] == absent || s.states[i] == frequent && s.lost(i) {
			s.changed[i] = true
			continue
		}
		s.kept = append(s.kept, int32(i))
		s.keptIDs = append(s.keptIDs, id)
	}
}

// lost tells whether a frequent line stands among absent ones: on both sides there are some before the next line that is merely present, and together they are many.
func (s *side) lost(i int) bool {
	absentBefore, frequentBefore := 0, 1
	for k := i - 1; k >= max(0, i-neighbourhood) && s.states[k] != present; k-- {
		if s.states[k] == absent {
			absentBefore++
		} else {
			frequentBefore++
		}
	}
	if absentBefore == 0 {
		return false
	}
	absentBehind, frequentBehind := 0, 1
	for k := i + 1; k <= min(len(s.states)-1, i+neighbourhood) && s.states[k] != present; k++ {
		if s.states[k] == absent {
			absentBehind++
		} else {
			frequentBehind++
		}
	}
	if absentBehind == 0 {
		return false
	}
	few := frequentBefore + frequentBehind
	return few*share < few+absentBefore+absentBehind
}

// root is a power of two near the square root.
func root(n int) int {
	digits := (bits.Len(uint(n)) + 1) / 2
	return 1 << digits
}

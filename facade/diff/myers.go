package diff

// patience is how many steps the search from one end takes. From there on git is content with a path that need not be the shortest: in lists of fewer lines than longList together it goes on from the
// point that lies furthest from its end; in longer ones it weighs cost against quality, by rules that are its own.
const (
	patience = 256
	longList = 1<<16 - 3
)

// search finds a shortest path of edits through two lists, by the middle of it, then the middles of its halves.
//
// A point (x, y) stands between lines x-1 and x of the old list and y-1 and y of the new one; diagonal x-y leads along equal lines. forward[k] is the furthest x that a path from the start
// of the present box reaches on diagonal k with so many edits, backward[k] the least that one from its end does.
type search struct {
	old, new          *side
	a, b              []int32
	forward, backward [2*patience + 5]int
}

// run marks the lines that are not on the path as changed. It returns false when git may have taken another path.
func (s *search) run(from, to *side) bool {
	s.old, s.new, s.a, s.b = from, to, from.keptIDs, to.keptIDs
	return s.solve(box{0, len(s.a), 0, len(s.b)})
}

// box is the part of both lists between two points of the path.
type box struct {
	a, aEnd, b, bEnd int
}

func (s *search) solve(q box) bool {
	for q.a < q.aEnd && q.b < q.bEnd && s.a[q.a] == s.b[q.b] {
		q.a++
		q.b++
	}
	for q.a < q.aEnd && q.b < q.bEnd && s.a[q.aEnd-1] == s.b[q.bEnd-1] {
		q.aEnd--
		q.bEnd--
	}
	if q.a == q.aEnd || q.b == q.bEnd {
		for k := q.a; k < q.aEnd; k++ {
			s.old.changed[s.old.kept[k]] = true
		}
		for k := q.b; k < q.bEnd; k++ {
			s.new.changed[s.new.kept[k]] = true
		}
		return true
	}
	x, y, ok := s.middle(q)
	return ok && s.solve(box{q.a, x, q.b, y}) && s.solve(box{x, q.aEnd, y, q.bEnd})
}

// diagonals are those that a search has reached, in steps of two, within the box.
type diagonals struct {
	origin, low, high int
	min, max          int
}

// grow takes one more diagonal on each side; at the border of the box there is none, and the outermost is left out instead.
func (d *diagonals) grow(reach *[2*patience + 5]int, unreached int) {
	if d.low > d.min {
		d.low--
		reach[d.at(d.low-1)] = unreached
	} else {
		d.low++
	}
	if d.high < d.max {
		d.high++
		reach[d.at(d.high+1)] = unreached
	} else {
		d.high--
	}
}

func (d *diagonals) at(k int) int        { return k - d.origin + patience + 2 }
func (d *diagonals) contains(k int) bool { return k >= d.low && k <= d.high }

// middle searches from both ends of a box, by turns, until the paths meet. Diagonals are visited from the highest to the lowest, and on a draw a path comes from the lower one: so git's do.
func (s *search) middle(q box) (x, y int, ok bool) {
	fore := diagonals{origin: q.a - q.b, low: q.a - q.b, high: q.a - q.b, min: q.a - q.bEnd, max: q.aEnd - q.b}
	back := diagonals{origin: q.aEnd - q.bEnd, low: q.aEnd - q.bEnd, high: q.aEnd - q.bEnd, min: fore.min, max: fore.max}
	odd := (fore.origin-back.origin)%2 != 0
	s.forward[fore.at(fore.origin)], s.backward[back.at(back.origin)] = q.a, q.aEnd
	for range patience {
		fore.grow(&s.forward, q.a-1)
		for k := fore.high; k >= fore.low; k -= 2 {
			at := fore.at(k)
			x := max(s.forward[at-1]+1, s.forward[at+1])
			for x < q.aEnd && x-k < q.bEnd && s.a[x] == s.b[x-k] {
				x++
			}
			s.forward[at] = x
			if odd && back.contains(k) && s.backward[back.at(k)] <= x {
				return x, x - k, inside(q, x, x-k)
			}
		}
		back.grow(&s.backward, q.aEnd+1)
		for k := back.high; k >= back.low; k -= 2 {
			at := back.at(k)
			x := min(s.backward[at-1], s.backward[at+1]-1)
			for x > q.a && x-k > q.b && s.a[x-1] == s.b[x-k-1] {
				x--
			}
			s.backward[at] = x
			if !odd && fore.contains(k) && x <= s.forward[fore.at(k)] {
				return x, x - k, inside(q, x, x-k)
			}
		}
	}
	if len(s.a)+len(s.b) >= longList {
		return 0, 0, false
	}
	x, y = s.furthest(q, fore, back)
	return x, y, true
}

// furthest finds the point within the box that is the most lines away from the end where its path began. On a draw it is that of the higher diagonal, and one of the paths from the end of the box.
func (s *search) furthest(q box, fore, back diagonals) (x, y int) {
	ahead, behind := -1, -1
	var foreX, foreY int
	for k := fore.high; k >= fore.low; k -= 2 {
		x := min(s.forward[fore.at(k)], q.aEnd, q.bEnd+k)
		if lines := x - q.a + x - k - q.b; lines > ahead {
			ahead, foreX, foreY = lines, x, x-k
		}
	}
	for k := back.high; k >= back.low; k -= 2 {
		at := max(s.backward[back.at(k)], q.a, q.b+k)
		if lines := q.aEnd - at + q.bEnd - (at - k); lines > behind {
			behind, x, y = lines, at, at-k
		}
	}
	if ahead > behind {
		return foreX, foreY
	}
	return x, y
}

func inside(q box, x, y int) bool { return x >= q.a && x <= q.aEnd && y >= q.b && y <= q.bEnd }

// Package diff finds which lines of a text gave way to which, and decides exactly as git does with its default algorithm, or says that it cannot.
//
// Package facade calls it for every change of a file. It never reads anything, and never guesses: where git's answer depends on a rule that this package does not know, it is unsure,
// and the caller has git decide.
//
// The algorithm is that of Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986), with its refinement to linear space. Of git's behaviour around it, this package
// keeps what changes the numbers, each rule in a file of its own: lines that would only confuse the comparison are left out of it (drop.go), and a block of changed lines that could
// stand elsewhere as well is moved to where it meets one of the other text (slide.go).
//
// Its words: an edit is a run of lines of the old text that gave way to a run of the new one, one of which may be empty; a block is a run of changed lines of one text; a gap is the place
// between two unchanged lines, numbered by how many unchanged lines stand before it, in both texts alike.
package diff

// Edit replaces the lines A to A+Removed of the old text by the lines B to B+Added of the new one.
type Edit struct {
	A, B, Removed, Added int
}

// Differ compares texts. It keeps its memory from one comparison to the next, and is not safe for concurrent use.
type Differ struct {
	tally  tally
	old    side
	new    side
	search search
	edits  []Edit
}

// side is what is known of one text while it is compared: its lines from start on, up to the first of those that both texts end with.
type side struct {
	sums    []uint64 // of all lines of the text
	start   int
	ids     []int32 // of the lines in between: equal lines have the same
	kept    []int32 // which of them are compared, as offsets from start
	keptIDs []int32
	states  []state
	changed []bool
	blocks  []block
}

// Compare returns the edits that make b of a, in their order, and whether they are certainly those of git. The result is valid until the next comparison. Edits may stand some lines
// before or behind those of git where that makes no difference to which lines are removed and added, and in which order.
func (d *Differ) Compare(a, b *Text) (edits []Edit, sure bool) {
	d.edits = d.edits[:0]
	start, endA, endB := ends(a.sums, b.sums)
	whole := Edit{A: start, B: start, Removed: endA - start, Added: endB - start}
	if whole == (Edit{A: start, B: start}) {
		return nil, true
	}
	if whole.Removed == 0 || whole.Added == 0 {
		// One block in one text, which meets nothing in the other wherever it stands.
		d.edits = append(d.edits, whole)
		return d.edits, true
	}
	d.old.take(a.sums, start, endA)
	d.new.take(b.sums, start, endB)
	if !d.tally.count(&d.old, &d.new) {
		d.edits = append(d.edits, whole)
		return d.edits, true
	}
	d.tally.countAround(a.sums[:start], a.sums[endA:])
	d.old.drop(d.tally.new, len(a.sums))
	d.new.drop(d.tally.old, len(b.sums))
	if !d.search.run(&d.old, &d.new) {
		return nil, false
	}
	if !slide(&d.old, &d.new) {
		return nil, false
	}
	d.edits = join(d.edits, d.old.blocks, d.new.blocks)
	return d.edits, true
}

// ends finds how many lines both texts begin with, and where those start that both end with.
func ends(a, b []uint64) (start, endA, endB int) {
	n := min(len(a), len(b))
	for start < n && a[start] == b[start] {
		start++
	}
	endA, endB = len(a), len(b)
	for endA > start && endB > start && a[endA-1] == b[endB-1] {
		endA--
		endB--
	}
	return start, endA, endB
}

// take starts a comparison of the lines from start to end.
func (s *side) take(sums []uint64, start, end int) {
	n := end - start
	s.sums, s.start = sums, start
	s.ids = resize(s.ids, n)
	s.states = resize(s.states, n)
	s.changed = resize(s.changed, n)
	clear(s.changed)
	s.kept, s.keptIDs, s.blocks = s.kept[:0], s.keptIDs[:0], s.blocks[:0]
}

// keptLines is how many lines' worth of memory a Differ keeps.
const keptLines = 1 << 16

func resize[T any](s []T, n int) []T {
	if cap(s) < n || cap(s) > keptLines && n < keptLines/2 {
		return make([]T, n, max(n, 64))
	}
	return s[:n]
}

// join brings the blocks of both texts together: those in the same gap are one edit.
func join(edits []Edit, from, to []block) []Edit {
	shift := 0 // by how many lines the new text is ahead of the old one at this gap
	for len(from) > 0 || len(to) > 0 {
		var e Edit
		switch {
		case len(to) == 0 || len(from) > 0 && from[0].gap < to[0].gap:
			e = Edit{A: from[0].start, B: from[0].start + shift, Removed: from[0].size}
			from = from[1:]
		case len(from) == 0 || to[0].gap < from[0].gap:
			e = Edit{A: to[0].start - shift, B: to[0].start, Added: to[0].size}
			to = to[1:]
		default:
			e = Edit{A: from[0].start, B: to[0].start, Removed: from[0].size, Added: to[0].size}
			from, to = from[1:], to[1:]
		}
		shift += e.Added - e.Removed
		edits = append(edits, e)
	}
	return edits
}

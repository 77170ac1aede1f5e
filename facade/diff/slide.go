package diff

// block is a run of changed lines. Sizes of the blocks before it lie between its start and its gap.
type block struct {
	gap, start, size int
	// loose says that git chooses one of several gaps, this one or one of the slack before it, by how the text is indented. Nothing of the other text stands there, so that it makes no difference.
	loose bool
	slack int
}

// slide moves the blocks of both texts to where git has them. A block can move up when the line before it is the same as its last one, and down when the line behind it is the same as its
// first one; blocks that touch become one. Git moves a block to the lowest gap in which the other text has a block, if there is any, first in the old text, then in the new one. It
// returns false when a gap matters that git chooses by rules that are its own.
func slide(from, to *side) bool {
	from.collect()
	to.collect()
	return from.settle(to.blocks) && to.settle(from.blocks)
}

// collect makes blocks of the changed lines.
func (s *side) collect() {
	before := 0
	for i := 0; i < len(s.changed); i++ {
		if !s.changed[i] {
			continue
		}
		start := i
		for i < len(s.changed) && s.changed[i] {
			i++
		}
		s.blocks = append(s.blocks, block{gap: s.start + start - before, start: s.start + start, size: i - start})
		before += i - start
	}
}

// settle moves the blocks from the first to the last. Those before done are settled, those from next on wait.
func (s *side) settle(other []block) bool {
	all := s.blocks
	done, next := 0, 0
	meets := 0 // the first of other that a later block can meet
	for next < len(all) {
		b := all[next]
		next++
		top := b
		met := -1
		for size := 0; size != b.size; {
			size = b.size
			for b.start > 0 && s.sums[b.start-1] == s.sums[b.start+b.size-1] {
				b.start--
				b.gap--
				if done > 0 && all[done-1].gap == b.gap {
					done--
					if all[done].loose {
						return false // where it stood was not certain
					}
					b.start = all[done].start
					b.size += all[done].size
				}
			}
			top = b
			for b.start+b.size < len(s.sums) && s.sums[b.start] == s.sums[b.start+b.size] {
				b.start++
				b.gap++
				if next < len(all) && all[next].gap == b.gap {
					b.size += all[next].size
					next++
				}
			}
			var sure bool
			if met, meets, sure = meet(other, meets, top.gap, b.gap); !sure {
				return false
			}
		}
		switch {
		case b.gap == top.gap:
		case met >= 0:
			b.start -= b.gap - met
			b.gap = met
		default:
			b.loose, b.slack = true, b.gap-top.gap
		}
		all[done] = b
		done++
	}
	s.blocks = all[:done]
	return true
}

// meet finds the lowest gap from top to bottom in which the other text has a block, -1 if there is none. It is not sure when a block may stand there or not. From is where to start in other, and
// first where to start the next time.
func meet(other []block, from, top, bottom int) (gap, first int, sure bool) {
	for from > 0 && other[from-1].gap >= top {
		from--
	}
	for from < len(other) && other[from].gap < top {
		from++
	}
	gap = -1
	i := from
	for ; i < len(other) && other[i].gap-other[i].slack <= bottom; i++ {
		if other[i].loose {
			return 0, 0, false
		}
		gap = other[i].gap
	}
	return gap, from, true
}

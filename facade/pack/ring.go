package pack

// ring is memory of a fixed size for objects. They are stored one behind the other; where the end is reached, new ones take the place of the oldest. So nothing is left to the garbage collector,
// which would have to look at as many bytes as all versions of all files have.
type ring struct {
	memory []byte
	next   int
	// first is a sentinel: first.after is the object that stands at next or is the first one behind it, first.before the last one before it.
	first Object
}

// grain is what sizes are rounded up to: no object is without a place, and what is known of small ones takes no more memory than they do.
const grain = 256

func (r *ring) init(size int) {
	r.memory = make([]byte, size)
	r.first.after, r.first.before = &r.first, &r.first
}

// largest is the size of objects that are not worth the place of so many others.
func (r *ring) largest() int { return len(r.memory) / 4 }

// get reserves n bytes, not more than largest, for an object that is to be put next. Those that have to go are given to drop, those in use are passed over. It returns nil when there are too many
// of them.
func (r *ring) get(n int, drop func(*Object)) []byte {
	size := (n + grain) / grain * grain
	rounds := 0
	for {
		o := r.first.after
		end := r.next + size
		switch {
		case end > len(r.memory):
			// Everything up to the end is passed over.
			for ; o != &r.first && o.at >= r.next; o = r.first.after {
				r.pass(o, drop)
			}
			r.next = 0
			if rounds++; rounds > 2 {
				return nil
			}
		case o == &r.first || o.at < r.next || o.at >= end:
			return r.memory[r.next : r.next+n : end]
		default:
			if r.pass(o, drop) {
				r.next = o.at + o.size
			}
		}
	}
}

// holds tells whether data is what get returned last.
func (r *ring) holds(data []byte) bool {
	return cap(data) > 0 && r.next < len(r.memory) && &data[:1][0] == &r.memory[r.next]
}

// pass drops the next object, or leaves it where it is when it is in use.
func (r *ring) pass(o *Object, drop func(*Object)) (used bool) {
	o.unlink()
	if o.pins > 0 {
		o.link(&r.first)
		return true
	}
	drop(o)
	return false
}

// put stores an object whose data is what get returned last.
func (r *ring) put(o *Object) {
	o.at, o.size = r.next, cap(o.Data)
	r.next += o.size
	o.link(&r.first)
}

func (o *Object) unlink() {
	o.before.after, o.after.before = o.after, o.before
	o.before, o.after = nil, nil
}

// link makes o the last one before first.
func (o *Object) link(first *Object) {
	o.before, o.after = first.before, first
	o.before.after, o.after.before = o, o
}

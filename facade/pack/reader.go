package pack

import (
	"fmt"
	"math/bits"

	"augur/facade/diff"
)

// Object is an object, and the lines of it if they were asked for. It is valid until the Reader is told to Release.
type Object struct {
	Kind Kind
	Data []byte

	place   place
	text    diff.Text
	hasText bool
	pins    int
	newer   *Object // towards what was used last
	older   *Object
}

// place is where an object stands: in a pack at an offset, or in a file of its own.
type place struct {
	pack   *file
	offset int64
	loose  Hash
}

// Reader reads objects of one store at a time. It keeps those that it has read last, because the next version of a file is often the difference to this one. It is not safe for concurrent use.
type Reader struct {
	store  *Store
	near   *file // where the last object was found
	budget int
	limit  int

	kept   map[place]*Object
	recent Object // the ring of objects: its older one was used last
	used   int    // bytes
	held   []*Object
	free   [maxClass][][]byte

	inflater inflater
	delta    []byte
	chain    []link
}

type link struct {
	offset int64
	head   head
}

// NewReader makes a Reader that keeps so many bytes of objects, besides those that were not released, and no object of more than limit bytes.
func NewReader(budget, limit int) *Reader {
	r := &Reader{budget: budget, limit: limit, kept: map[place]*Object{}}
	r.recent.newer, r.recent.older = &r.recent, &r.recent
	return r
}

// Use makes r read from a store. What it has kept of another one is forgotten.
func (r *Reader) Use(s *Store) {
	if r.store == s {
		return
	}
	r.Release()
	budget := r.budget
	r.budget = 0
	r.evict()
	r.budget = budget
	r.store, r.near = s, nil
}

// Object reads an object: ErrMissing, ErrLarge, or what is wrong with the files.
func (r *Reader) Object(h Hash) (*Object, error) {
	f, offset, ok := r.store.find(h, r.near)
	if !ok {
		return r.looseObject(h)
	}
	r.near = f
	o, err := r.entry(f, offset)
	if err != nil {
		return nil, fmt.Errorf("object %s: %w", h, err)
	}
	r.hold(o)
	return o, nil
}

func (r *Reader) looseObject(h Hash) (*Object, error) {
	p := place{loose: h}
	if o := r.kept[p]; o != nil {
		r.touch(o)
		r.hold(o)
		return o, nil
	}
	kind, data, err := r.store.loose(h, r.limit)
	if err != nil {
		return nil, err
	}
	o := r.keep(p, kind, data)
	r.hold(o)
	return o, nil
}

// Text returns the lines of an object. Near may be another object that is probably similar.
func (r *Reader) Text(o, near *Object) *diff.Text {
	if !o.hasText {
		var other *diff.Text
		if near != nil && near.hasText {
			other = &near.text
		}
		o.text.Set(o.Data, other)
		o.hasText = true
		r.used += o.text.Memory()
	}
	return &o.text
}

// Release ends the use of all objects.
func (r *Reader) Release() {
	for i, o := range r.held {
		o.pins--
		r.held[i] = nil
	}
	r.held = r.held[:0]
	r.evict()
}

func (r *Reader) hold(o *Object) {
	o.pins++
	r.held = append(r.held, o)
}

// entry reads an entry of a pack, after the entries that it is the difference to.
func (r *Reader) entry(f *file, offset int64) (*Object, error) {
	r.chain = r.chain[:0]
	var base *Object
	for at := offset; ; {
		if base = r.kept[place{pack: f, offset: at}]; base != nil {
			r.touch(base)
			break
		}
		h, err := f.head(at)
		if err != nil {
			return nil, err
		}
		if h.size > r.limit {
			return nil, ErrLarge
		}
		// A base of an offset delta stands before it; names could lead in a circle.
		if len(r.chain) > longestChain {
			return nil, fmt.Errorf("chain of more than %d differences: %w", longestChain, errDamaged)
		}
		r.chain = append(r.chain, link{offset: at, head: h})
		if h.kind != offsetDelta && h.kind != nameDelta {
			break
		}
		at = h.base
	}
	for len(r.chain) > 0 {
		l := r.chain[len(r.chain)-1]
		r.chain = r.chain[:len(r.chain)-1]
		next, err := r.unpack(f, l, base)
		if err != nil {
			return nil, err
		}
		base = next
	}
	return base, nil
}

// longestChain is more than the 4,095 that git makes at most.
const longestChain = 10_000

// unpack reads one entry, given its base.
func (r *Reader) unpack(f *file, l link, base *Object) (*Object, error) {
	p := place{pack: f, offset: l.offset}
	in := f.data[l.head.data:]
	if base == nil {
		data := r.alloc(l.head.size)
		if err := r.inflater.inflate(data, in); err != nil {
			return nil, fmt.Errorf("%s at %d: %w", f.name, l.offset, err)
		}
		return r.keep(p, l.head.kind, data), nil
	}
	if cap(r.delta) < l.head.size {
		r.delta = make([]byte, max(2*l.head.size, 4<<10))
	}
	delta := r.delta[:l.head.size]
	if err := r.inflater.inflate(delta, in); err != nil {
		return nil, fmt.Errorf("%s at %d: %w", f.name, l.offset, err)
	}
	baseSize, size, instructions, ok := deltaSizes(delta)
	if !ok || baseSize != len(base.Data) {
		return nil, fmt.Errorf("%s at %d: %w", f.name, l.offset, errDamaged)
	}
	if size > r.limit {
		return nil, ErrLarge
	}
	data := r.alloc(size)
	if !apply(data, base.Data, instructions) {
		return nil, fmt.Errorf("%s at %d: %w", f.name, l.offset, errDamaged)
	}
	// The base must not be dropped before it was used: keeping the result may drop it now.
	return r.keep(p, base.Kind, data), nil
}

// keep remembers an object as the one that was used last, and drops others for it.
func (r *Reader) keep(p place, kind Kind, data []byte) *Object {
	o := &Object{Kind: kind, Data: data, place: p}
	r.kept[p] = o
	r.used += o.memory()
	r.link(o)
	o.pins++
	r.evict()
	o.pins--
	return o
}

func (r *Reader) link(o *Object) {
	o.newer, o.older = &r.recent, r.recent.older
	o.newer.older, o.older.newer = o, o
}

func (r *Reader) touch(o *Object) {
	o.newer.older, o.older.newer = o.older, o.newer
	r.link(o)
}

// evict drops what was not used for longest, until the budget is kept or everything is in use.
func (r *Reader) evict() {
	for o := r.recent.newer; r.used > r.budget && o != &r.recent; {
		newer := o.newer
		if o.pins == 0 {
			r.drop(o)
		}
		o = newer
	}
}

func (r *Reader) drop(o *Object) {
	o.newer.older, o.older.newer = o.older, o.newer
	delete(r.kept, o.place)
	r.used -= o.memory()
	if c := class(cap(o.Data)); 1<<c == cap(o.Data) && c < maxClass && len(r.free[c]) < freeBuffers {
		r.free[c] = append(r.free[c], o.Data[:0])
	}
	o.Data = nil
}

// objectOverhead is what an object costs besides its data.
const objectOverhead = 256

func (o *Object) memory() int {
	n := cap(o.Data) + objectOverhead
	if o.hasText {
		n += o.text.Memory()
	}
	return n
}

const (
	smallest    = 9  // the smallest buffer is 512 bytes
	maxClass    = 22 // buffers of 4 MiB and more are not kept
	freeBuffers = 4
)

// class is the power of two that n bytes fit in.
func class(n int) int { return max(smallest, bits.Len(uint(max(n-1, 0)))) } //nolint:gosec // not negative

// alloc returns a buffer, its bytes of any value.
func (r *Reader) alloc(n int) []byte {
	c := class(n)
	if c >= maxClass {
		return make([]byte, n)
	}
	if l := len(r.free[c]); l > 0 {
		b := r.free[c][l-1]
		r.free[c] = r.free[c][:l-1]
		return b[:n]
	}
	return make([]byte, n, 1<<c)
}

package pack

import (
	"fmt"
	"slices"
)

// Object is an object. It is valid until it is given back.
type Object struct {
	Kind Kind
	Data []byte

	place place
	pins  int // how often it was handed out and not given back
	// Where it stands in the ring; large objects stand alone, and are linked to each other.
	at, size      int
	before, after *Object
}

// place is where an object stands: in a pack at an offset, or in a file of its own.
type place struct {
	pack   *file
	offset int64
	loose  Hash
}

// Reader reads objects of one store at a time. It remembers those that it has read last, because the next version of a file is often the difference to this one. It is not safe for concurrent use.
type Reader struct {
	store *Store
	near  *file // where the last object was found
	limit int

	kept   map[place]*Object
	ring   ring
	large  Object // a sentinel: large.before was read last
	larges int    // how many bytes they have
	spares []*Object

	inflater inflater
	delta    []byte
	chain    []link
}

type link struct {
	offset int64
	head   head
}

// NewReader makes a Reader that remembers so many bytes of objects, and refuses those of more than limit bytes. Of large objects it remembers up to twice the limit besides.
func NewReader(budget, limit int) *Reader {
	r := &Reader{limit: limit, kept: map[place]*Object{}}
	r.ring.init(budget)
	r.large.before, r.large.after = &r.large, &r.large
	return r
}

// Use makes r read from a store. What it remembers of another one is forgotten: all objects must have been given back.
func (r *Reader) Use(s *Store) {
	if r.store == s {
		return
	}
	r.store, r.near = s, nil
	clear(r.kept)
	r.ring.first.before, r.ring.first.after = &r.ring.first, &r.ring.first
	r.large.before, r.large.after = &r.large, &r.large
	r.ring.next, r.larges = 0, 0
}

// Object reads an object: ErrMissing, ErrLarge, or what is wrong with the files. It has to be given back.
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
	o.pins++
	return o, nil
}

// GiveBack ends the use of an object; nil is none.
func (r *Reader) GiveBack(o *Object) {
	if o != nil {
		o.pins--
	}
}

func (r *Reader) looseObject(h Hash) (*Object, error) {
	p := place{loose: h}
	o := r.kept[p]
	if o == nil {
		kind, data, err := r.store.loose(h, r.limit)
		if err != nil {
			return nil, err
		}
		o = r.keep(p, kind, append(r.alloc(len(data))[:0], data...))
	}
	o.pins++
	return o, nil
}

// entry reads an entry of a pack, after the entries that it is the difference to.
func (r *Reader) entry(f *file, offset int64) (*Object, error) {
	r.chain = r.chain[:0]
	var base *Object
	for at := offset; ; {
		if base = r.kept[place{pack: f, offset: at}]; base != nil {
			break
		}
		h, err := f.head(at)
		if err != nil {
			return nil, err
		}
		if h.size > r.limit {
			return nil, ErrLarge
		}
		// The base at an offset stands before its delta; bases by name could lead in a circle.
		if len(r.chain) > longestChain {
			return nil, fmt.Errorf("chain of more than %d differences: %w", longestChain, errDamaged)
		}
		r.chain = append(r.chain, link{offset: at, head: h})
		if h.kind != offsetDelta && h.kind != nameDelta {
			break
		}
		at = h.base
	}
	for _, l := range slices.Backward(r.chain) {
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
		r.delta = make([]byte, l.head.size+l.head.size/4+4<<10)
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
	base.pins++
	data := r.alloc(size)
	base.pins--
	if !apply(data, base.Data, instructions) {
		return nil, fmt.Errorf("%s at %d: %w", f.name, l.offset, errDamaged)
	}
	return r.keep(p, base.Kind, data), nil
}

// alloc returns memory for an object that will be kept next.
func (r *Reader) alloc(n int) []byte {
	if n <= r.ring.largest() {
		if data := r.ring.get(n, r.drop); data != nil {
			return data
		}
	}
	for o := r.large.after; o != &r.large && r.larges+n > 2*r.limit; {
		next := o.after
		if o.pins == 0 {
			o.unlink()
			r.larges -= len(o.Data)
			r.drop(o)
		}
		o = next
	}
	return make([]byte, n)
}

// keep remembers an object whose data alloc returned.
func (r *Reader) keep(p place, kind Kind, data []byte) *Object {
	var o *Object
	if n := len(r.spares); n > 0 {
		o = r.spares[n-1]
		r.spares = r.spares[:n-1]
	} else {
		o = &Object{}
	}
	o.Kind, o.Data, o.place = kind, data, p
	r.kept[p] = o
	if r.ring.holds(data) {
		r.ring.put(o)
	} else {
		o.link(&r.large)
		r.larges += len(data)
	}
	return o
}

// drop forgets an object.
func (r *Reader) drop(o *Object) {
	delete(r.kept, o.place)
	o.Data = nil
	if len(r.spares) < spareObjects {
		r.spares = append(r.spares, o)
	}
}

// spareObjects is how many objects wait to be others.
const spareObjects = 256

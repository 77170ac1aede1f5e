package facade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"augur/facade/diff"
	"augur/facade/pack"
)

const (
	// mostBudget, leastBudget and allBudgets bound how much of what was unpacked last a worker keeps, in bytes, and all workers together.
	mostBudget  = 16 << 20
	leastBudget = 4 << 20
	allBudgets  = 128 << 20
	// largestContent is the size from which git compares the versions of a file: it need not be ours to hold.
	largestContent = 16 << 20
	// binaryPrefix is how much of a file git looks at for a NUL, which makes it binary.
	binaryPrefix = 8000
)

// bench is what a worker needs. There are as many in a Git as work at the same time, for all its repositories.
type bench struct {
	objects *pack.Reader
	differ  diff.Differ
	counter *counter
	texts   [2]text // of the last two versions of a path; the one that was used last comes first
}

// text is a version of a file as lines.
type text struct {
	object *pack.Object // nil: none
	hash   pack.Hash
	lines  *diff.Text
}

// count counts the rows of a shard, with the next bench that is free.
func (r *Repository) count(ctx context.Context, store *pack.Store, s shard) {
	defer s.window.finish()
	if s.window.fault() != nil {
		return
	}
	select {
	case b := <-r.git.benches:
		defer func() { r.git.benches <- b }() // b may be another one by then
		if b.objects == nil {
			budget := min(mostBudget, max(leastBudget, allBudgets/r.git.options.Parallel))
			b.objects, b.counter = pack.NewReader(budget, largestContent), newCounter()
			b.texts[0].lines, b.texts[1].lines = &diff.Text{}, &diff.Text{}
		}
		b.objects.Use(store)
		if err := guarded(func() error { return b.shard(ctx, r, s) }); err != nil {
			s.window.fail(err)
			if errors.Is(err, errPanic) {
				b = &bench{} // who knows what state this one was left in
			}
		}
	case <-ctx.Done():
		s.window.fail(context.Cause(ctx))
	}
}

var errPanic = errors.New("panic")

// guarded turns a panic into an error. A pack that is cut off while it is mapped shows itself as a fault of memory, and no history is worth the process.
func guarded(work func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errPanic, p)
		}
	}()
	return work()
}

// shard counts path by path, from the newest row to the oldest.
func (b *bench) shard(ctx context.Context, r *Repository, s shard) error {
	defer b.forget()
	for _, newest := range s.newest {
		b.forget()
		for i := newest; i >= 0; i = s.window.rows[i].older {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			row := &s.window.rows[i]
			err := b.row(row)
			if errors.Is(err, errUnsure) || errors.Is(err, pack.ErrLarge) {
				s.window.asked.Add(1)
				err = b.ask(ctx, r, row)
			}
			if err != nil {
				return err
			}
			file := &s.window.files[row.commit].files[row.file]
			path := file.Path
			*file = b.counter.change
			file.Path = path
		}
	}
	return nil
}

// forget gives the texts back.
func (b *bench) forget() {
	for i := range b.texts {
		b.objects.GiveBack(b.texts[i].object)
		b.texts[i].object = nil
	}
}

// errUnsure is returned for texts between which git finds differences by rules of its own.
var errUnsure = errors.New("texts that only git compares")

// row counts one change.
func (b *bench) row(r *row) error {
	b.counter.reset()
	switch {
	case r.whole():
		if err := b.all(r.old, b.counter.remove); err != nil {
			return err
		}
		return b.all(r.new, b.counter.add)
	case r.old.hash == r.new.hash:
		return nil
	case r.old.form == submodule:
		b.counter.remove(r.old.subproject())
		b.counter.add(r.new.subproject())
		return nil
	}
	return b.compare(r.old.hash, r.new.hash)
}

// subproject is the line that git shows for a submodule.
func (v version) subproject() []byte { return []byte("Subproject commit " + v.hash.String()) }

// all counts every line of a version.
func (b *bench) all(v version, line func([]byte)) error {
	switch v.form {
	case nothing:
		return nil
	case submodule:
		line(v.subproject())
		return nil
	case content:
	}
	object, err := b.blob(v.hash)
	if err != nil {
		return err
	}
	defer b.objects.GiveBack(object)
	if isBinary(object.Data) {
		return nil
	}
	for data := object.Data; len(data) > 0; {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			line(data)
			break
		}
		line(data[:end])
		data = data[end+1:]
	}
	return nil
}

func (b *bench) blob(hash pack.Hash) (*pack.Object, error) {
	object, err := b.objects.Object(hash)
	if err == nil && object.Kind != pack.Blob {
		b.objects.GiveBack(object)
		err = fmt.Errorf("object %s is no file", hash)
	}
	return object, err
}

// text returns the lines of a version, nil if it is binary.
func (b *bench) text(hash pack.Hash) (*diff.Text, error) {
	if b.texts[0].object != nil && b.texts[0].hash == hash {
		return b.texts[0].lines, nil
	}
	b.texts[0], b.texts[1] = b.texts[1], b.texts[0]
	t, near := &b.texts[0], &b.texts[1]
	if t.object != nil && t.hash == hash {
		return t.lines, nil
	}
	b.objects.GiveBack(t.object)
	t.object = nil
	object, err := b.blob(hash)
	if err != nil {
		return nil, err
	}
	if isBinary(object.Data) {
		b.objects.GiveBack(object)
		return nil, nil
	}
	t.object, t.hash = object, hash
	if near.object != nil {
		t.lines.Set(object.Data, near.lines)
	} else {
		t.lines.Set(object.Data, nil)
	}
	return t.lines, nil
}

// compare counts the lines that changed between two versions of a file.
func (b *bench) compare(oldHash, newHash pack.Hash) error {
	to, err := b.text(newHash)
	if err != nil || to == nil {
		return err
	}
	from, err := b.text(oldHash)
	if err != nil || from == nil {
		return err
	}
	edits, sure := b.differ.Compare(from, to)
	if !sure {
		return errUnsure
	}
	for _, e := range edits {
		for i := range e.Removed {
			b.counter.remove(from.Line(e.A + i))
		}
		for i := range e.Added {
			b.counter.add(to.Line(e.B + i))
		}
	}
	return nil
}

func isBinary(data []byte) bool {
	return bytes.IndexByte(data[:min(len(data), binaryPrefix)], 0) >= 0
}

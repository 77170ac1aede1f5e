// Package pack reads the objects of a git repository from its files: packs with their indexes, multi-pack-indexes, loose objects, and the same of the stores that it borrows from.
//
// Package facade calls it, a goroutine with a Reader each, so that every version of a file is unpacked once and not by a process for each. It never writes, never starts a process, and takes
// nothing on trust: whatever a file claims is checked against the file before memory is reserved or read. What it does not know is an error; git may know better.
//
// Its words: a store is the objects directory of a repository; an entry is an object as it stands in a pack, whole or as the difference to its base; a chain leads from an entry to the base that is whole.
package pack

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
)

// Hash is the name of an object in a SHA-1 repository.
type Hash [20]byte

// ParseHash reads 40 hexadecimal digits.
func ParseHash(digits []byte) (h Hash, ok bool) {
	if len(digits) != 2*len(h) {
		return h, false
	}
	_, err := hex.Decode(h[:], digits)
	return h, err == nil
}

// String is the hash in digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Kind of an object, by git's number.
type Kind byte

// The kinds of objects.
const (
	Commit Kind = 1
	Tree   Kind = 2
	Blob   Kind = 3
	Tag    Kind = 4

	offsetDelta Kind = 6
	nameDelta   Kind = 7
)

var (
	// ErrMissing is returned for an object that is not in the store.
	ErrMissing = errors.New("no such object")
	// ErrLarge is returned for an object that is larger than a Reader may hold.
	ErrLarge = errors.New("object is too large")
	// ErrUnknown is returned for files of a kind or version that this package does not read.
	ErrUnknown = errors.New("unknown format")

	errDamaged = errors.New("damaged")
)

// file is a pack.
type file struct {
	name  string
	data  []byte // the file without the sum at its end
	index *index // nil when only a multi-pack-index knows what is in it
	close []func() error
}

const (
	packHeader = 12
	sumSize    = 20
)

// openPack maps a pack and the index beside it, if there is one.
func openPack(path string) (*file, error) {
	f := &file{name: path}
	data, unmap, err := mapFile(path)
	if err != nil {
		return nil, err
	}
	f.close = append(f.close, unmap)
	if len(data) < packHeader+sumSize || string(data[:4]) != "PACK" {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, errDamaged), f.shut())
	}
	if version := binary.BigEndian.Uint32(data[4:]); version != 2 && version != 3 {
		return nil, errors.Join(fmt.Errorf("%s: %w: version %d", path, ErrUnknown, version), f.shut())
	}
	f.data = data[:len(data)-sumSize]
	indexPath := path[:len(path)-len(".pack")] + ".idx"
	raw, unmap, err := mapFile(indexPath)
	if errors.Is(err, os.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, errors.Join(err, f.shut())
	}
	f.close = append(f.close, unmap)
	if f.index, err = parseIndex(raw); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", indexPath, err), f.shut())
	}
	if !bytes.Equal(data[len(data)-sumSize:], f.index.packSum) || binary.BigEndian.Uint32(data[8:]) != uint32(f.index.names.count()) { //nolint:gosec // as many as fit into a file
		return nil, errors.Join(fmt.Errorf("%s: %w: does not belong to its index", path, errDamaged), f.shut())
	}
	return f, nil
}

func (f *file) shut() error {
	var faults []error
	for _, c := range f.close {
		faults = append(faults, c())
	}
	return errors.Join(faults...)
}

// head is what stands before the compressed data of an entry.
type head struct {
	kind Kind
	size int   // of the object, or of the delta
	base int64 // where the base of a delta stands
	data int64 // where the compressed data starts
}

// head reads the start of the entry at offset.
func (f *file) head(offset int64) (head, error) {
	damaged := func() (head, error) { return head{}, fmt.Errorf("%s at %d: %w", f.name, offset, errDamaged) }
	if offset < packHeader || offset >= int64(len(f.data)) {
		return damaged()
	}
	in := f.data[offset:]
	h := head{kind: Kind(in[0] >> 4 & 7), size: int(in[0] & 15)}
	at := 1
	for shift := 4; in[at-1]&0x80 != 0; shift += 7 {
		if at >= len(in) || shift > 46 {
			return damaged()
		}
		h.size |= int(in[at]&0x7f) << shift
		at++
	}
	switch h.kind {
	case Commit, Tree, Blob, Tag:
	case offsetDelta:
		distance := int64(-1)
		for more := true; more; at++ {
			if at >= len(in) || distance > 1<<48 {
				return damaged()
			}
			distance = (distance+1)<<7 | int64(in[at]&0x7f)
			more = in[at]&0x80 != 0
		}
		h.base = offset - distance
		if distance <= 0 || h.base < packHeader {
			return damaged()
		}
	case nameDelta:
		if len(in)-at < len(Hash{}) || f.index == nil {
			return damaged()
		}
		base, ok := f.index.find(Hash(in[at : at+len(Hash{})]))
		if !ok {
			return damaged()
		}
		h.base = base
		at += len(Hash{})
	default:
		return damaged()
	}
	h.data = offset + int64(at)
	return h, nil
}

// varint reads a number of seven bits a byte, the lowest first.
func varint(in []byte) (n int, rest []byte, ok bool) {
	for i, shift := 0, 0; i < len(in) && shift <= 42; i, shift = i+1, shift+7 {
		n |= int(in[i]&0x7f) << shift
		if in[i]&0x80 == 0 {
			return n, in[i+1:], true
		}
	}
	return 0, nil, false
}

// deltaSizes are the sizes of the base and of the result, which stand before the instructions of a delta.
func deltaSizes(delta []byte) (base, result int, instructions []byte, ok bool) {
	if base, delta, ok = varint(delta); !ok {
		return 0, 0, nil, false
	}
	result, instructions, ok = varint(delta)
	return base, result, instructions, ok
}

// apply makes out of a base by the instructions of a delta: copies of parts of the base, and new bytes. It tells whether they fill out exactly.
func apply(out, base, instructions []byte) bool {
	done := 0
	for len(instructions) > 0 {
		code := instructions[0]
		instructions = instructions[1:]
		if code&0x80 == 0 {
			n := int(code)
			if n == 0 || n > len(instructions) || n > len(out)-done {
				return false
			}
			copy(out[done:], instructions[:n])
			done += n
			instructions = instructions[n:]
			continue
		}
		// Seven bits say which bytes of the offset and of the size follow; the others are zero.
		var field [7]byte
		for i := range field {
			if code>>i&1 == 0 {
				continue
			}
			if len(instructions) == 0 {
				return false
			}
			field[i] = instructions[0]
			instructions = instructions[1:]
		}
		from := int(binary.LittleEndian.Uint32(field[:4]))
		n := int(field[4]) | int(field[5])<<8 | int(field[6])<<16
		if n == 0 {
			n = 0x10000
		}
		if from > len(base) || n > len(base)-from || n > len(out)-done {
			return false
		}
		copy(out[done:], base[from:from+n])
		done += n
	}
	return done == len(out)
}

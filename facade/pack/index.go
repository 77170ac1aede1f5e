package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strings"
)

// names is a sorted list of hashes, with a table of how many start with each byte or a lower one.
type names struct {
	fanout, hashes []byte
}

func newNames(fanout, hashes []byte) (names, error) {
	n := names{fanout: fanout, hashes: hashes}
	before := uint32(0)
	for i := range 256 {
		count := binary.BigEndian.Uint32(fanout[4*i:])
		if count < before {
			return names{}, fmt.Errorf("table of first bytes: %w", errDamaged)
		}
		before = count
	}
	if uint64(before)*uint64(len(Hash{})) != uint64(len(hashes)) {
		return names{}, fmt.Errorf("list of objects: %w", errDamaged)
	}
	return n, nil
}

func (n names) count() int { return len(n.hashes) / len(Hash{}) }

// find returns the place of a hash in the list.
func (n names) find(h Hash) (int, bool) {
	low, high := 0, int(binary.BigEndian.Uint32(n.fanout[4*int(h[0]):]))
	if h[0] > 0 {
		low = int(binary.BigEndian.Uint32(n.fanout[4*int(h[0])-4:]))
	}
	for low < high {
		middle := (low + high) / 2
		switch bytes.Compare(n.hashes[middle*len(h):(middle+1)*len(h)], h[:]) {
		case 0:
			return middle, true
		case -1:
			low = middle + 1
		default:
			high = middle
		}
	}
	return 0, false
}

// index tells where the objects of one pack stand.
type index struct {
	names          names
	offsets, large []byte
	packSum        []byte
}

const (
	fanoutSize = 4 * 256
	farAway    = 1 << 31 // of an offset: it is the place of one of 64 bits
)

// parseIndex reads an index of version 2.
func parseIndex(raw []byte) (*index, error) {
	const header = 8
	if len(raw) < header+fanoutSize+2*sumSize {
		return nil, errDamaged
	}
	if string(raw[:4]) != "\xfftOc" || binary.BigEndian.Uint32(raw[4:]) != 2 {
		return nil, ErrUnknown
	}
	fanout, rest := raw[header:header+fanoutSize], raw[header+fanoutSize:len(raw)-2*sumSize]
	count := int(binary.BigEndian.Uint32(fanout[fanoutSize-4:]))
	if len(rest)/(len(Hash{})+4+4) < count {
		return nil, errDamaged
	}
	list, err := newNames(fanout, rest[:count*len(Hash{})])
	if err != nil {
		return nil, err
	}
	rest = rest[count*(len(Hash{})+4):] // the sums of the entries are for who copies them
	return &index{names: list, offsets: rest[:4*count], large: rest[4*count:], packSum: raw[len(raw)-2*sumSize : len(raw)-sumSize]}, nil
}

func (x *index) find(h Hash) (offset int64, ok bool) {
	i, ok := x.names.find(h)
	if !ok {
		return 0, false
	}
	return farOffset(binary.BigEndian.Uint32(x.offsets[4*i:]), x.large)
}

// farOffset resolves an offset that may stand in the list of large ones.
func farOffset(offset uint32, large []byte) (int64, bool) {
	if offset < farAway {
		return int64(offset), true
	}
	i := int(offset - farAway)
	if i >= len(large)/8 {
		return 0, false
	}
	far := binary.BigEndian.Uint64(large[8*i:])
	return int64(far), far < 1<<62 //nolint:gosec // checked beside
}

// multi is a multi-pack-index: one list for many packs.
type multi struct {
	names          names
	offsets, large []byte
	packs          []string // without their endings
}

// parseMulti reads a multi-pack-index of version 1.
func parseMulti(raw []byte) (*multi, error) {
	const header, row = 12, 12
	if len(raw) < header+sumSize || string(raw[:4]) != "MIDX" {
		return nil, errDamaged
	}
	// Version, kind of hash, number of chunks, number of indexes that this one builds upon.
	if raw[4] != 1 || raw[5] != 1 || raw[7] != 0 {
		return nil, ErrUnknown
	}
	chunks, packs := int(raw[6]), binary.BigEndian.Uint32(raw[8:])
	body := raw[:len(raw)-sumSize]
	if len(body) < header+row*(chunks+1) {
		return nil, errDamaged
	}
	parts := map[string][]byte{}
	for i := range chunks {
		at := raw[header+row*i:]
		from, to := binary.BigEndian.Uint64(at[4:]), binary.BigEndian.Uint64(at[row+4:])
		if from > to || to > uint64(len(body)) {
			return nil, errDamaged
		}
		parts[string(at[:4])] = body[from:to]
	}
	m := &multi{offsets: parts["OOFF"], large: parts["LOFF"]}
	if len(parts["OIDF"]) != fanoutSize {
		return nil, errDamaged
	}
	var err error
	if m.names, err = newNames(parts["OIDF"], parts["OIDL"]); err != nil {
		return nil, err
	}
	for name := range bytes.SplitSeq(parts["PNAM"], []byte{0}) {
		if len(name) == 0 {
			break
		}
		base := string(name)
		if filepath.Base(base) != base || !strings.HasSuffix(base, ".idx") {
			return nil, errDamaged
		}
		m.packs = append(m.packs, strings.TrimSuffix(base, ".idx"))
	}
	if len(m.packs) != int(packs) || len(m.offsets) != 8*m.names.count() {
		return nil, errDamaged
	}
	return m, nil
}

// find returns in which pack an object is, and where.
func (m *multi) find(h Hash) (pack int, offset int64, ok bool) {
	i, ok := m.names.find(h)
	if !ok {
		return 0, 0, false
	}
	at := m.offsets[8*i:]
	pack = int(binary.BigEndian.Uint32(at))
	offset, ok = farOffset(binary.BigEndian.Uint32(at[4:]), m.large)
	return pack, offset, ok && pack < len(m.packs)
}

package pack

import (
	"encoding/binary"
	"errors"
	"hash/adler32"
	"math/bits"
)

// inflater unpacks zlib streams (RFC 1950 and 1951) whose whole input is at hand and whose size is known, as those of a pack are. The libraries read from streams, through a window and with a
// reset for every object: of the small objects that a pack is made of, they make twice the work.
type inflater struct {
	literals  table
	distances table
	lengths   table // of the codes in which the other two are written
	fixed     bool  // literals and distances are those of RFC 1951, 3.2.6
}

var errDeflate = errors.New("compressed data is damaged")

// table finds a symbol by the next bits of the input. Codes that are longer than primary bits lead to a second table behind the first one.
type table struct {
	primary int
	entries []entry
}

// entry has, from its low end: how many bits the code takes (5 bits), what it is (3 bits), how many extra bits follow, or for a link the width of the second table (8 bits); and the literal, the
// base of a length or a distance, or the place of the second table (16 bits). The zero entry is no code.
type entry uint32

const (
	isLiteral entry = 1 << 5
	isLink    entry = 1 << 6
	isEnd     entry = 1 << 7

	widthMask = 1<<5 - 1
)

func (e entry) width() uint { return uint(e & widthMask) }
func (e entry) extra() uint { return uint(e >> 8 & 0xff) }
func (e entry) value() int  { return int(e >> 16) }

const (
	literalBits  = 9
	distanceBits = 8
	lengthBits   = 7
	longestCode  = 15
	endOfBlock   = 256
)

// literalSymbols and distanceSymbols are what a code stands for, without its width.
var literalSymbols, distanceSymbols = symbols()

func symbols() (literals [288]entry, distances [32]entry) {
	for i := range endOfBlock {
		literals[i] = entry(i)<<16 | isLiteral
	}
	literals[endOfBlock] = isEnd
	// Lengths: eight of one value each, then four each of twice as many values; 285 is the longest by itself. Distances likewise, in twos.
	base := 3
	for i := range 28 {
		extra := max(0, i/4-1)
		literals[endOfBlock+1+i] = entry(base)<<16 | entry(extra)<<8
		base += 1 << extra
	}
	literals[285] = 258 << 16
	base = 1
	for i := range 30 {
		extra := max(0, i/2-1)
		distances[i] = entry(base)<<16 | entry(extra)<<8
		base += 1 << extra
	}
	return literals, distances
}

// build makes the table of the code lengths of symbols. A symbol that is zero has a code that must not be used.
func (t *table) build(primary int, lengths []uint8, symbols []entry) error {
	t.primary = primary
	var count [longestCode + 1]int
	longest := 0
	for _, n := range lengths {
		count[n]++
		longest = max(longest, int(n))
	}
	count[0] = 0
	var next [longestCode + 2]int
	code, used := 0, 0
	for n := 1; n <= longestCode; n++ {
		code = (code + count[n-1]) << 1
		next[n] = code
		used += count[n] << (longestCode - n)
	}
	if used > 1<<longestCode {
		return errDeflate
	}
	t.entries = grow(t.entries[:0], 1<<primary)
	for i, n := range lengths {
		if n == 0 {
			continue
		}
		width := int(n)
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - width)) //nolint:gosec // at most 15 bits
		next[n]++
		if symbols[i] == 0 {
			continue
		}
		if width <= primary {
			for at := reversed; at < 1<<primary; at += 1 << width {
				t.entries[at] = symbols[i] | entry(width) //nolint:gosec // at most 15
			}
			continue
		}
		second := longest - primary
		head := reversed & (1<<primary - 1)
		if t.entries[head]&isLink == 0 {
			t.entries[head] = entry(len(t.entries))<<16 | entry(second)<<8 | isLink | entry(primary) //nolint:gosec // a table has less than 2^16 entries
			t.entries = grow(t.entries, 1<<second)
		}
		from := t.entries[head].value()
		for at := reversed >> primary; at < 1<<second; at += 1 << (width - primary) {
			t.entries[from+at] = symbols[i] | entry(width-primary) //nolint:gosec // at most 15
		}
	}
	return nil
}

// grow appends n zero entries.
func grow(s []entry, n int) []entry {
	if cap(s)-len(s) < n {
		s = append(make([]entry, 0, 2*(len(s)+n)), s...)
	}
	s = s[:len(s)+n]
	clear(s[len(s)-n:])
	return s
}

// source is the input with the bits that were taken from it. Fewer than eight of them are beyond need at any time; beyond the end of the input there are none.
type source struct {
	in   []byte
	at   int
	hold uint64
	have uint
}

// fill makes sure that there are 56 bits, if the input has as many.
func (s *source) fill() {
	if s.at+8 <= len(s.in) {
		s.hold |= binary.LittleEndian.Uint64(s.in[s.at:]) << s.have
		s.at += int((63 - s.have) >> 3)
		s.have |= 56
		return
	}
	for s.have <= 56 && s.at < len(s.in) {
		s.hold |= uint64(s.in[s.at]) << s.have
		s.at++
		s.have += 8
	}
}

// take returns the next n bits, at most 16.
func (s *source) take(n uint) (int, bool) {
	if s.have < n {
		if s.fill(); s.have < n {
			return 0, false
		}
	}
	v := int(s.hold & (1<<n - 1)) //nolint:gosec // at most 16 bits
	s.hold >>= n
	s.have -= n
	return v, true
}

// align drops the rest of a byte, and gives the whole bytes back.
func (s *source) align() {
	s.have -= s.have & 7
	s.at -= int(s.have >> 3)
	s.hold, s.have = 0, 0
}

// inflate fills all of out with what the zlib stream at the start of in holds, no more and no less, and checks its sum.
func (f *inflater) inflate(out, in []byte) error {
	if len(in) < 2 || in[0]&15 != 8 || in[1]&32 != 0 || (int(in[0])<<8|int(in[1]))%31 != 0 {
		return errDeflate
	}
	s := source{in: in, at: 2}
	done := 0
	for last := 0; last == 0; {
		last, _ = s.take(1)
		kind, ok := s.take(2)
		if !ok {
			return errDeflate
		}
		var err error
		switch kind {
		case 0:
			done, err = s.stored(out, done)
		case 1:
			f.fixedTables()
			done, err = f.block(&s, out, done)
		case 2:
			if err = f.readTables(&s); err == nil {
				done, err = f.block(&s, out, done)
			}
		default:
			err = errDeflate
		}
		if err != nil {
			return err
		}
	}
	s.align()
	if done != len(out) || len(in)-s.at < 4 || binary.BigEndian.Uint32(in[s.at:]) != adler32.Checksum(out) {
		return errDeflate
	}
	return nil
}

// stored copies a block that is not compressed.
func (s *source) stored(out []byte, done int) (int, error) {
	s.align()
	if len(s.in)-s.at < 4 {
		return 0, errDeflate
	}
	size, complement := binary.LittleEndian.Uint16(s.in[s.at:]), binary.LittleEndian.Uint16(s.in[s.at+2:])
	s.at += 4
	n := int(size)
	if size != ^complement || len(s.in)-s.at < n || len(out)-done < n {
		return 0, errDeflate
	}
	copy(out[done:], s.in[s.at:s.at+n])
	s.at += n
	return done + n, nil
}

func (f *inflater) fixedTables() {
	if f.fixed {
		return
	}
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144, i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	var distances [32]uint8
	for i := range distances {
		distances[i] = 5
	}
	// These lengths are a complete code: neither can fail.
	_ = f.literals.build(literalBits, lengths[:], literalSymbols[:])
	_ = f.distances.build(distanceBits, distances[:], distanceSymbols[:])
	f.fixed = true
}

// order is that in which the lengths of the codes for lengths come.
var order = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

var lengthSymbols = func() (s [19]entry) {
	for i := range s {
		s[i] = entry(i)<<16 | isLiteral
	}
	return s
}()

// readTables reads the codes of a block with codes of its own.
func (f *inflater) readTables(s *source) error {
	f.fixed = false
	s.fill()
	literals, _ := s.take(5)
	distances, _ := s.take(5)
	codes, ok := s.take(4)
	if !ok {
		return errDeflate
	}
	literals, distances = literals+257, distances+1
	var short [19]uint8
	for _, at := range order[:codes+4] {
		n, ok := s.take(3)
		if !ok {
			return errDeflate
		}
		short[at] = uint8(n) //nolint:gosec // three bits
	}
	if err := f.lengths.build(lengthBits, short[:], lengthSymbols[:]); err != nil {
		return err
	}
	var lengths [288 + 32]uint8
	for i := 0; i < literals+distances; {
		s.fill()
		e := f.lengths.entries[s.hold&(1<<lengthBits-1)]
		if e == 0 || s.have < e.width() {
			return errDeflate
		}
		s.hold >>= e.width()
		s.have -= e.width()
		symbol := e.value()
		if symbol < 16 {
			lengths[i] = uint8(symbol) //nolint:gosec // less than 16
			i++
			continue
		}
		var (
			value  uint8
			repeat int
			ok     bool
		)
		switch symbol {
		case 16:
			if i == 0 {
				return errDeflate
			}
			value = lengths[i-1] //nolint:gosec // i is not 0
			repeat, ok = s.take(2)
			repeat += 3
		case 17:
			repeat, ok = s.take(3)
			repeat += 3
		default:
			repeat, ok = s.take(7)
			repeat += 11
		}
		if !ok || i+repeat > literals+distances {
			return errDeflate
		}
		for range repeat {
			lengths[i] = value
			i++
		}
	}
	if literals > 286 || distances > 30 || lengths[endOfBlock] == 0 {
		return errDeflate
	}
	if err := f.literals.build(literalBits, lengths[:literals], literalSymbols[:]); err != nil {
		return err
	}
	return f.distances.build(distanceBits, lengths[literals:literals+distances], distanceSymbols[:])
}

// block unpacks up to the end of a block.
func (f *inflater) block(s *source, out []byte, done int) (int, error) {
	literals, distances := f.literals.entries, f.distances.entries
	in, at, hold, have := s.in, s.at, s.hold, s.have
	for {
		// With 56 bits there are enough for a length and a distance with all their extra bits, or for three literals.
		if at+8 <= len(in) {
			hold |= binary.LittleEndian.Uint64(in[at:]) << (have & 63)
			at += int((63 - have) >> 3)
			have |= 56
		} else {
			for have <= 56 && at < len(in) {
				hold |= uint64(in[at]) << (have & 63)
				at++
				have += 8
			}
		}
		e := literals[hold&(1<<literalBits-1)]
		for room := 0; e&isLiteral != 0 && room < 2; room++ {
			if done >= len(out) || have < e.width() {
				return 0, errDeflate
			}
			out[done] = byte(e.value()) //nolint:gosec // a literal is a byte
			done++
			hold >>= e.width()
			have -= e.width()
			e = literals[hold&(1<<literalBits-1)]
		}
		if e&isLink != 0 {
			hold >>= literalBits
			if have < literalBits {
				return 0, errDeflate
			}
			have -= literalBits
			e = literals[e.value()+int(hold&(1<<e.extra()-1))] //nolint:gosec // at most 15 bits
		}
		if e == 0 || have < e.width() {
			return 0, errDeflate
		}
		hold >>= e.width()
		have -= e.width()
		if e&isLiteral != 0 {
			if done >= len(out) {
				return 0, errDeflate
			}
			out[done] = byte(e.value()) //nolint:gosec // a literal is a byte
			done++
			continue
		}
		if e&isEnd != 0 {
			s.at, s.hold, s.have = at, hold, have
			return done, nil
		}
		if have < 48 && at+8 <= len(in) {
			hold |= binary.LittleEndian.Uint64(in[at:]) << (have & 63)
			at += int((63 - have) >> 3)
			have |= 56
		}
		length := e.value() + int(hold&(1<<e.extra()-1)) //nolint:gosec // at most 5 bits
		if have < e.extra() {
			return 0, errDeflate
		}
		hold >>= e.extra()
		have -= e.extra()
		e = distances[hold&(1<<distanceBits-1)]
		if e&isLink != 0 {
			if have < distanceBits {
				return 0, errDeflate
			}
			hold >>= distanceBits
			have -= distanceBits
			e = distances[e.value()+int(hold&(1<<e.extra()-1))] //nolint:gosec // at most 15 bits
		}
		if e == 0 || have < e.width()+e.extra() {
			return 0, errDeflate
		}
		hold >>= e.width()
		distance := e.value() + int(hold&(1<<e.extra()-1)) //nolint:gosec // at most 13 bits
		hold >>= e.extra()
		have -= e.width() + e.extra()
		if distance > done || length > len(out)-done {
			return 0, errDeflate
		}
		repeat(out, done, distance, length)
		done += length
	}
}

// repeat copies length bytes that stand distance before at, which may be fewer than length.
func repeat(out []byte, at, distance, length int) {
	from := at - distance
	if distance >= 8 && at+length+8 <= len(out) {
		for i := 0; i < length; i += 8 {
			binary.LittleEndian.PutUint64(out[at+i:], binary.LittleEndian.Uint64(out[from+i:]))
		}
		return
	}
	for end := at + length; at < end; {
		at += copy(out[at:end], out[from:at])
	}
}

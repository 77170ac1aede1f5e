package facade

import (
	"bytes"
	"hash/maphash"
	"unicode/utf8"
)

const (
	// reindentable is how many code points a stripped line must exceed to count as re-indented: braces and the like match everywhere.
	reindentable = 8
	// scanned is the length of a list of removals up to which it is searched without an index.
	scanned = 16
	// keptIndex bounds the index that is emptied for the next list; clearing a larger one costs more than a new one.
	keptIndex = 1 << 12
)

// counter counts the changed lines of one file as Augur does: an added line that equals, white space around it aside, one that was removed just before is re-indented.
// The removed lines are kept as hashes: a deleted file may have any size.
type counter struct {
	seed    maphash.Seed
	removed []uint64       // the current list: it restarts at the first removal after an addition
	index   map[uint64]int // the same as a multiset, made when an addition meets a long list
	indexed int            // how many of removed are in index
	ended   bool           // an addition has followed: the next removal starts a new list
	change  FileChange
}

func newCounter() *counter { return &counter{seed: maphash.MakeSeed()} }

func (c *counter) reset() {
	c.change = FileChange{}
	c.forget()
}

func (c *counter) forget() {
	c.removed, c.indexed, c.ended = c.removed[:0], 0, false
	if cap(c.removed) > keptIndex {
		c.removed = nil
	}
	switch {
	case len(c.index) > keptIndex:
		c.index = nil
	case len(c.index) > 0:
		clear(c.index)
	}
}

// remove counts a removed line, given without its "-".
func (c *counter) remove(line []byte) {
	c.change.Removed++
	if c.ended {
		c.forget()
	}
	if len(line) <= reindentable {
		return
	}
	if s := strip(line); long(s) {
		c.removed = append(c.removed, maphash.Bytes(c.seed, s))
	}
}

// add counts an added line, given without its "+".
func (c *counter) add(line []byte) {
	c.ended = true
	if len(c.removed) == 0 && len(line) > 0 && line[0] > ' ' && line[0] < utf8.RuneSelf {
		c.change.Added++
		return
	}
	s := strip(line)
	switch {
	case len(s) == 0:
		c.change.Whitespace++
	case len(c.removed) > 0 && long(s) && c.take(maphash.Bytes(c.seed, s)):
		c.change.Whitespace++
		c.change.Reindented++
		c.change.Removed--
	default:
		c.change.Added++
	}
}

// take removes one line from the current list, if it is there.
func (c *counter) take(sum uint64) bool {
	if len(c.removed) <= scanned && c.indexed == 0 {
		for i, r := range c.removed {
			if r == sum {
				last := len(c.removed) - 1
				c.removed[i] = c.removed[last]
				c.removed = c.removed[:last]
				return true
			}
		}
		return false
	}
	if c.index == nil {
		c.index = make(map[uint64]int, len(c.removed))
	}
	for _, r := range c.removed[c.indexed:] {
		c.index[r]++
	}
	c.indexed = len(c.removed)
	n := c.index[sum]
	if n > 0 {
		c.index[sum] = n - 1
	}
	return n > 0
}

// long tells whether a stripped line has more than reindentable code points.
func long(s []byte) bool {
	return len(s) > reindentable && (len(s) > utf8.UTFMax*reindentable || utf8.RuneCount(s) > reindentable)
}

// strip drops what is not UTF-8, then white space on both sides, as Augur's decoding does.
func strip(b []byte) []byte {
	if !utf8.Valid(b) {
		b = bytes.ToValidUTF8(b, nil)
	}
	for len(b) > 0 {
		r, n := rune(b[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b)
		}
		if !isSpace(r) {
			break
		}
		b = b[n:]
	}
	for len(b) > 0 {
		r, n := rune(b[len(b)-1]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeLastRune(b)
		}
		if !isSpace(r) {
			break
		}
		b = b[:len(b)-n]
	}
	return b
}

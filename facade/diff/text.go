package diff

import (
	"bytes"
	"hash/maphash"
	"slices"
	"sort"
)

// seed of the sums of lines. It is another one in every process, so that nobody can write lines of which two have the same sum.
var seed = maphash.MakeSeed()

// Text is a file as a list of lines. Lines are compared by 64-bit sums. A line ends with its newline; the last one may lack it, which makes it another line.
type Text struct {
	data   []byte
	starts []int32 // where each line starts, and the end of data
	sums   []uint64
}

// Set makes t the lines of data, which must be smaller than 2 GiB and not change while t is in use. Near may be nil, or a similar text: what stands unchanged at its beginning and end is not
// summed again.
func (t *Text) Set(data []byte, near *Text) {
	t.data, t.starts, t.sums = data, t.starts[:0], t.sums[:0]
	if near == nil || len(near.sums) < worthwhile {
		t.scan(0, len(data))
		t.starts = append(t.starts, int32(len(data))) //nolint:gosec // the caller's promise
		return
	}
	if need := len(near.sums) + len(near.sums)/16 + 16; cap(t.sums) < need {
		t.sums = make([]uint64, 0, need)
		t.starts = make([]int32, 0, need+1)
	}
	// The lines of near that end within what both begin with. Its last line is never one of them: it may go on here.
	head := commonPrefix(near.data, data)
	lines := sort.Search(len(near.sums)-1, func(i int) bool { return int(near.starts[i+1]) > head })
	from := int(near.starts[lines])
	t.starts = append(t.starts, near.starts[:lines]...)
	t.sums = append(t.sums, near.sums[:lines]...)
	// The first line of near that starts within what both end with, and behind a newline in both.
	tail := commonSuffix(near.data[from:], data[from:])
	offset := len(data) - len(near.data)
	first := lines + sort.Search(len(near.sums)-lines, func(i int) bool { return int(near.starts[lines+i]) >= len(near.data)-tail })
	for first < len(near.sums) {
		if at := int(near.starts[first]) + offset; at == from || data[at-1] == '\n' {
			break
		}
		first++
	}
	t.scan(from, int(near.starts[first])+offset)
	t.sums = append(t.sums, near.sums[first:]...)
	moved := len(t.starts)
	t.starts = append(t.starts, near.starts[first:]...)
	for i := range t.starts[moved:] {
		t.starts[moved+i] += int32(offset) //nolint:gosec // the difference of two lengths
	}
}

// worthwhile is how many lines a text must have to be used again.
const worthwhile = 16

// scan adds the lines of data[from:to].
func (t *Text) scan(from, to int) {
	for from < to {
		end := to
		if n := bytes.IndexByte(t.data[from:to], '\n'); n >= 0 {
			end = from + n + 1
		}
		t.starts = append(t.starts, int32(from)) //nolint:gosec // smaller than 2 GiB
		t.sums = append(t.sums, maphash.Bytes(seed, t.data[from:end]))
		from = end
	}
}

// Len is how many lines there are.
func (t *Text) Len() int { return len(t.sums) }

// Line is a line without its newline.
func (t *Text) Line(i int) []byte {
	return bytes.TrimSuffix(t.data[t.starts[i]:t.starts[i+1]], []byte{'\n'})
}

// Memory is how many bytes t holds besides its data.
func (t *Text) Memory() int { return 4*cap(t.starts) + 8*cap(t.sums) }

// Clip gives memory back that was reserved and not needed.
func (t *Text) Clip() { t.starts, t.sums = slices.Clip(t.starts), slices.Clip(t.sums) }

// stride is how many bytes are compared at once.
const stride = 256

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for i+stride <= n && bytes.Equal(a[i:i+stride], b[i:i+stride]) {
		i += stride
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}

func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	a, b = a[len(a)-n:], b[len(b)-n:]
	i := n
	for i >= stride && bytes.Equal(a[i-stride:i], b[i-stride:i]) {
		i -= stride
	}
	for i > 0 && a[i-1] == b[i-1] {
		i--
	}
	return n - i
}

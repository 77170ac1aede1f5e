package diff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade/diff"
)

func text(content string) *diff.Text {
	var t diff.Text
	t.Set([]byte(content), nil)
	return &t
}

func lines(t *diff.Text) []string {
	var all []string
	for i := range t.Len() {
		all = append(all, string(t.Line(i)))
	}
	return all
}

func TestTextsAreLines(t *testing.T) {
	t.Parallel()
	for content, want := range map[string][]string{
		"": nil, "\n": {""}, "a": {"a"}, "a\n": {"a"}, "a\n\nb": {"a", "", "b"}, "a\r\nb\r\n": {"a\r", "b\r"}, "\x00\n\xff": {"\x00", "\xff"},
	} {
		require.Equal(t, want, lines(text(content)), "%q", content)
	}
}

// TestATextIsTheSameBesideAnother: what is taken over from a similar text is what would be found without it.
func TestATextIsTheSameBesideAnother(t *testing.T) {
	t.Parallel()
	pairs := texts(77, 2000, 60, 10, 4)
	pairs = append(pairs, texts(78, 300, 400, 50, 5)...)
	long := strings.Repeat("one line\n", 40)
	pairs = append(pairs, pair{long, long + long}, pair{long + long, long}, pair{long, long + "x"}, pair{long + "x", long}, pair{long + "x", long + "xy\n"}, pair{long, ""}, pair{long, "x"}, pair{long, "x" + long},
		pair{long, long}, pair{"x" + long, "\n" + long}, pair{long + "end", long + "end\n"})
	var beside diff.Text // its memory is used again and again
	for _, p := range pairs {
		a, want := text(p.old), text(p.new)
		beside.Set([]byte(p.new), a)
		require.Equal(t, lines(want), lines(&beside), "old %q new %q", p.old, p.new)
		var d diff.Differ
		edits, sure := d.Compare(want, &beside)
		require.True(t, sure)
		require.Empty(t, edits, "old %q new %q", p.old, p.new)
	}
}

func TestSomeEdits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		want     []diff.Edit
	}{
		"nothing":                            {"a\nb\n", "a\nb\n", nil},
		"all new":                            {"", "a\nb\n", []diff.Edit{{Added: 2}}},
		"all gone":                           {"a\nb\n", "", []diff.Edit{{Removed: 2}}},
		"one line":                           {"a\nb\nc\n", "a\nx\nc\n", []diff.Edit{{A: 1, B: 1, Removed: 1, Added: 1}}},
		"newline at end":                     {"a\nb", "a\nb\n", []diff.Edit{{A: 1, B: 1, Removed: 1, Added: 1}}},
		"two places":                         {"a\nb\nc\nd\ne\n", "x\nb\nc\nd\ny\n", []diff.Edit{{Removed: 1, Added: 1}, {A: 4, B: 4, Removed: 1, Added: 1}}},
		"a block that could stand elsewhere": {"a\nb\nx\n", "a\nb\na\nb\ny\n", []diff.Edit{{A: 2, B: 2, Removed: 1, Added: 3}}},
	} {
		var d diff.Differ
		edits, sure := d.Compare(text(c.old), text(c.new))
		require.True(t, sure, name)
		require.Equal(t, c.want, append([]diff.Edit(nil), edits...), name)
	}
}

// shuffled has n different lines of which some change places, none further than reach.
func shuffled(random *rand.Rand, n, reach int) string {
	order := make([]int, n)
	for i := range order {
		order[i] = i*reach + random.IntN(reach*reach)
	}
	lines := make([]int, n)
	for i := range lines {
		lines[i] = i
	}
	slices.SortStableFunc(lines, func(a, b int) int { return order[a] - order[b] })
	var b strings.Builder
	for _, i := range lines {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

// TestLongSearchesEndWhereThoseOfGitDo compares texts that differ in so many places that git does not look for a shortest path between them.
func TestLongSearchesEndWhereThoseOfGitDo(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	var pairs []pair
	for i := range 120 {
		n := 300 + random.IntN(3000)
		reach := 2 + random.IntN(1+i*4)
		pairs = append(pairs, pair{shuffled(random, n, reach), shuffled(random, n+random.IntN(500), reach)})
	}
	require.Less(t, check(t, pairs), len(pairs)/10)
}

func TestLongSearchesInLongTextsAreUnsure(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	const half = 1<<15 - 2 // more lines on either side, and git's bound for the search is another
	require.Zero(t, check(t, []pair{{shuffled(random, half, half), shuffled(random, half, half)}}))
	require.Equal(t, 1, check(t, []pair{{shuffled(random, half+1, half), shuffled(random, half+1, half)}}))
}

// TestBlocksThatDependOnIndentationAreUnsure: git puts the removed lines to one of several places by their indentation, and the added ones beside them or not.
func TestBlocksThatDependOnIndentationAreUnsure(t *testing.T) {
	t.Parallel()
	pairs := texts(5, 4000, 40, 3, 6)
	require.NotZero(t, check(t, pairs))
}

// TestPathologicalTexts are those on which a comparison is slow, or has many equal results.
func TestPathologicalTexts(t *testing.T) {
	t.Parallel()
	same := strings.Repeat("x\n", 5000)
	braces := strings.Repeat("{\n}\n\n", 3000)
	unique := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "unique %d\n", from+i)
		}
		return b.String()
	}
	huge := strings.Repeat("y", 3<<20)
	mixed := func(step int) string {
		var b strings.Builder
		for i := range 3000 {
			if i%step == 0 {
				b.WriteString("}\n\n")
			}
			fmt.Fprintf(&b, "line %d\n", i)
		}
		return b.String()
	}
	check(t, []pair{
		{same, same + same},
		{same + same, same},
		{same, same + "y\n" + same},
		{same + "y\n" + same, same},
		{same, "x" + same},
		{same, strings.TrimSuffix(same, "\n")},
		{braces, braces + braces},
		{braces, unique(0, 300) + braces},
		{unique(0, 100) + braces, braces + unique(50, 100)},
		{braces + unique(0, 10) + braces, braces},
		{unique(0, 3000), unique(1500, 3000)},
		{unique(0, 2000) + unique(0, 2000), unique(1000, 2000)},
		{unique(0, 200), strings.ReplaceAll(unique(0, 200), "\n", "\r\n")},
		{huge, huge + "\n"},
		{huge + "\n" + huge, huge},
		{"a\n" + huge + "\nb\n", "a\nx" + huge + "\nc\n"},
		{mixed(7), mixed(5)},
		{mixed(100), mixed(3)},
		{mixed(2), mixed(1000)},
		{"a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n"}, // the example of Myers
	})
}

// FuzzCompare asks git for every input.
func FuzzCompare(f *testing.F) {
	f.Add("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n")
	for _, p := range texts(9, 20, 30, 5, 4) {
		f.Add(p.old, p.new)
	}
	f.Fuzz(func(t *testing.T, from, to string) {
		if len(from)+len(to) < 1<<16 {
			check(t, []pair{{from, to}})
		}
	})
}

package facade_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

type change = facade.FileChange

// rowCase is a commit "after" on top of a commit "before", and the rows that it must give.
type rowCase struct {
	name          string
	before, after []string
	want          []change
}

const gitlink = "0123456789abcdef0123456789abcdef01234567"

// The rows of the definition, by hand.
func rowCases() []rowCase {
	long := strings.Repeat("d/", 2000) + "end"
	body := text("one and one", "two and two", "three and three", "four and four", "five and five", "six and six", "seven and seven", "eight and eight")
	return []rowCase{
		{"new file", nil, []string{file("f", text("a", "b", "c", "", "   "))}, []change{{Path: "f", Added: 3, Whitespace: 2}}},
		{"deleted file", []string{file("h", text("a", "b", "c", "d"))}, []string{remove("h")}, []change{{Path: "(Deleted) h", Removed: 4}}},
		{"deleted binary file", []string{file("h", "\x00")}, []string{remove("h")}, []change{{Path: "(Deleted) h"}}},
		{"deleted empty file", []string{file("h", "")}, []string{remove("h")}, []change{{Path: "(Deleted) h"}}},
		{"renamed", []string{file("old", body)}, []string{remove("old"), file("new", body)}, []change{{Path: "new"}}},
		{"renamed and changed", []string{file("old", body)}, []string{remove("old"), file("new", body+"nine\n")}, []change{{Path: "new", Added: 1}}},
		{"copied", []string{file("old", body)}, []string{file("new", body)}, []change{{Path: "new", Added: 8}}},
		{"new binary file", nil, []string{file("b", "a\x00b\n")}, []change{{Path: "b"}}},
		{"changed binary file", []string{file("b", "a\x00b\n")}, []string{file("b", "c\x00b\n")}, []change{{Path: "b"}}},
		{"new empty file", nil, []string{file("e", "")}, []change{{Path: "e"}}},
		{"mode", []string{file("m", "x\n")}, []string{executable("m", "x\n")}, []change{{Path: "m"}}},
		{"mode and content", []string{file("m", "x\n")}, []string{executable("m", "y\n")}, []change{{Path: "m", Added: 1, Removed: 1}}},
		{"empty commit", []string{file("m", "x\n")}, nil, []change{{}}},
		{"empty root", nil, nil, []change{{}}},
		{"submodule added", nil, []string{submodule("s", gitlink)}, []change{{Path: "s", Added: 1}}},
		{"submodule moved", []string{submodule("s", gitlink)}, []string{submodule("s", strings.Repeat("1", 40))}, []change{{Path: "s", Added: 1, Removed: 1}}},
		{"submodule removed", []string{submodule("s", gitlink)}, []string{remove("s")}, []change{{Path: "(Deleted) s", Removed: 1}}},
		{"submodule becomes a file", []string{submodule("s", gitlink)}, []string{file("s", "x\ny\n")}, []change{{Path: "s", Added: 2, Removed: 1}}},
		{"link becomes a file", []string{link("l", "target")}, []string{file("l", "x\ny\n")}, []change{{Path: "l", Added: 2, Removed: 1}}},
		{"file becomes a link", []string{file("l", "x\ny\n"), file("z", "z\n")}, []string{link("l", "target"), file("z", "q\n")}, []change{{Path: "l", Added: 1, Removed: 2}, {Path: "z", Added: 1, Removed: 1}}},
		{"file becomes a directory", []string{file("p", "x\n")}, []string{remove("p"), file("p/q", "y\ny\n")}, []change{{Path: "(Deleted) p", Removed: 1}, {Path: "p/q", Added: 2}}},

		{"name with a space", []string{file("sp ace.txt", "a\n")}, []string{file("sp ace.txt", "b\n")}, []change{{Path: "sp ace.txt", Added: 1, Removed: 1}}},
		{"name with a tab", []string{file("t\tab", "a\n")}, []string{file("t\tab", "b\n")}, []change{{Path: "t\tab", Added: 1, Removed: 1}}},
		{"name with newlines", []string{file("n\r\ndiff --git a/x b/x\n", "a\n")}, []string{file("n\r\ndiff --git a/x b/x\n", "b\n")}, []change{{Path: "n\r\ndiff --git a/x b/x\n", Added: 1, Removed: 1}}},
		{"name with quotes", nil, []string{file(`q"uo\te`, "b\n")}, []change{{Path: `q"uo\te`, Added: 1}}},
		{"name with control characters", nil, []string{file("\x01\x07\x08\x0b\x0c\x1b\x1d\x1e\x7f", "b\n")}, []change{{Path: "\x01\x07\x08\x0b\x0c\x1b\x1d\x1e\x7f", Added: 1}}},
		{"name in other scripts", nil, []string{file("größe/文件/\u202eltr", "b\n")}, []change{{Path: "größe/文件/\u202eltr", Added: 1}}},
		{"name that is not UTF-8", nil, []string{file("caf\xe9", "b\n")}, []change{{Path: "caf\uFFFD", Added: 1}}},
		{"name of 4 KB", nil, []string{file(long, "b\n")}, []change{{Path: long, Added: 1}}},
		{"names that look like options", nil, []string{file("--stat", "b\n"), file("-p", "")}, []change{{Path: "--stat", Added: 1}, {Path: "-p"}}},
		{"name like a row", nil, []string{file("(Merge commit)", "b\n")}, []change{{Path: "(Merge commit)", Added: 1}}},
		{"names with prefixes", nil, []string{file("a/x b/x", "b\n"), file("b/y", "1\n2\n")}, []change{{Path: "a/x b/x", Added: 1}, {Path: "b/y", Added: 2}}},
		{"renamed to a quoted name", []string{file("old", body)}, []string{remove("old"), file("a\"b\n", body+"x\n")}, []change{{Path: "a\"b\n", Added: 1}}},

		{
			"content like headers",
			[]string{file("c", text("-- a/x", "-- /dev/null", "keep", "keep too"))},
			[]string{file("c", text("++ b/bar line", "++ /dev/null", "diff --git a/x b/x", "keep", "@@ -1,9 +1,9 @@", "keep too", "\\ No newline at end of file"))},
			[]change{{Path: "c", Added: 5, Removed: 2}},
		},
		{"content like commits", nil, []string{file("c", gitlink+"\x0b\n!\n"+gitlink+"\n")}, []change{{Path: "c", Added: 3}}},
		{"content with NUL after the part that git looks at", nil, []string{file("c", strings.Repeat("x\n", 4001)+"a\x00b\n"+gitlink+"\x00\n")}, []change{{Path: "c", Added: 4003}}},
		{"no newline at the end", []string{file("c", "a\nb")}, []string{file("c", "a\nc")}, []change{{Path: "c", Added: 1, Removed: 1}}},
		{"newline at the end added", []string{file("c", "a\nlong enough")}, []string{file("c", "a\nlong enough\n")}, []change{{Path: "c", Whitespace: 1, Reindented: 1}}},
		{"CRLF", []string{file("c", "some line\nx\n")}, []string{file("c", "some line\r\nx\r\n")}, []change{{Path: "c", Whitespace: 1, Reindented: 1, Added: 1, Removed: 1}}},
		{"lines of a megabyte", []string{file("c", "x"+strings.Repeat("y", 1<<20)+"\n")}, []string{file("c", "\tx"+strings.Repeat("y", 1<<20)+"\n")}, []change{{Path: "c", Whitespace: 1, Reindented: 1}}},

		{"long line indented", []string{file("c", text("123456789"))}, []string{file("c", text("  123456789"))}, []change{{Path: "c", Whitespace: 1, Reindented: 1}}},
		{"short line indented", []string{file("c", text("12345678"))}, []string{file("c", text("  12345678"))}, []change{{Path: "c", Added: 1, Removed: 1}}},
		{
			"code points count, not bytes",
			[]string{file("c", text("ééééé", "ééééééééé"))},
			[]string{file("c", text(" ééééé", " ééééééééé"))},
			[]change{{Path: "c", Added: 1, Removed: 1, Whitespace: 1, Reindented: 1}},
		},
		{
			"spaces of Unicode",
			[]string{file("c", text("long enough", "keep"))},
			[]string{file("c", text("\u3000long enough\u00a0\x1c", "keep", "\u2028\x1f\u0085", "\u200b"))},
			[]change{{Path: "c", Added: 1, Whitespace: 2, Reindented: 1}},
		},
		{
			"bytes that are not UTF-8",
			[]string{file("c", text("caf\xe9 au lait", "keep"))},
			[]string{file("c", text("\tcaf\xe8 au lait", "keep", "\xff \xfe"))},
			[]change{{Path: "c", Whitespace: 2, Reindented: 1}},
		},
		{"blank lines removed", []string{file("c", text("a", "", " ", "b"))}, []string{file("c", text("a", "b"))}, []change{{Path: "c", Removed: 2}}},
		{
			"a line is used up once",
			[]string{file("c", text("same line", "other line"))},
			[]string{file("c", text(" same line", "  same line"))},
			[]change{{Path: "c", Added: 1, Removed: 1, Whitespace: 1, Reindented: 1}},
		},
		{
			"twice removed, twice added",
			[]string{file("c", text("same line", "same line"))},
			[]string{file("c", text(" same line", "  same line"))},
			[]change{{Path: "c", Whitespace: 2, Reindented: 2}},
		},
		// The hunks are "-moved line" and "+  moved line", with what did not change between them: no new removal, so the list goes on.
		{
			"the list outlives a hunk",
			[]string{file("c", "moved line\n"+body+"end\n")},
			[]string{file("c", body+"  moved line\nend\n")},
			[]change{{Path: "c", Whitespace: 1, Reindented: 1}},
		},
		// -moved line, +x, -y, +  moved line: the second removal starts a new list.
		{
			"the list restarts at a removal",
			[]string{file("c", "moved line\n"+body+"y\nend\n")},
			[]string{file("c", "x\n"+body+"  moved line\nend\n")},
			[]change{{Path: "c", Added: 2, Removed: 2}},
		},
		{"many lines indented", []string{file("c", numbered("", 100))}, []string{file("c", numbered("\t", 100))}, []change{{Path: "c", Whitespace: 100, Reindented: 100}}},
		{
			"lists do not cross files",
			[]string{file("c", "moved line\nx\n"), file("d", "y\n")},
			[]string{file("c", "x\n"), file("d", "y\n moved line\n")},
			[]change{{Path: "c", Removed: 1}, {Path: "d", Added: 1}},
		},
	}
}

func numbered(indent string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(indent + "line number " + string(rune('a'+i/26)) + string(rune('a'+i%26)) + "\n")
	}
	return b.String()
}

func TestRowsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	cases := rowCases()
	dir := bare(t)
	var s script
	marks := make([]int, len(cases))
	for i, c := range cases {
		var parents []int
		if c.name != "empty root" && c.before != nil {
			parents = []int{s.commit("case", "before", nil, c.before...)}
		}
		marks[i] = s.commit("case", c.name, parents, c.after...)
	}
	s.commit("main", "all", marks)
	s.run(t, dir)
	g := newGit(t)
	got := map[string]*facade.Commit{}
	for _, c := range history(t, g, dir) {
		got[c.Message] = c
	}
	for _, c := range cases {
		require.Contains(t, got, c.name)
		require.Equal(t, c.want, got[c.name].Files, c.name)
	}
	require.Equal(t, []change{{Path: facade.MergeCommit}}, got["all"].Files)
	require.Equal(t, facade.Repairs{Paths: 1}, got["name that is not UTF-8"].Repairs)
	verify(t, g, dir)
}

func TestMergesHaveOneRow(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	root := s.commit("main", "root", nil, file("f", "x\n"))
	var tips []int
	for i := range 66 {
		tips = append(tips, s.commit("side", "side", []int{root}, file(strings.Repeat("s", i+1), "x\n")))
	}
	two := s.commit("main", "merge of two", []int{root, tips[0]}, file("f", "changed by the merge\n"))
	octopus := append([]int{two}, tips[1:]...)
	s.commit("main", "octopus", octopus, file("g", "new in the merge\n"))
	s.run(t, dir)
	g := newGit(t)
	all := history(t, g, dir)
	byMessage := map[string]*facade.Commit{}
	for _, c := range all {
		byMessage[c.Message] = c
	}
	require.Equal(t, []change{{Path: facade.MergeCommit}}, byMessage["merge of two"].Files)
	require.Len(t, byMessage["merge of two"].Parents, 2)
	require.Equal(t, []change{{Path: facade.MergeCommit}}, byMessage["octopus"].Files)
	require.Len(t, byMessage["octopus"].Parents, 66)
	require.Len(t, all, 69)
	verify(t, g, dir)
}

func TestRowsOfACommitWithFiftyThousandFiles(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	const n = 50_000
	var files []string
	for i := range n {
		path := "dir" + numberName(i/100) + "/" + strings.Repeat("x", i%7) + numberName(i)
		files = append(files, file(path, path+"\n"))
	}
	first := s.commit("main", "all", nil, files...)
	s.commit("main", "gone", []int{first}, "deleteall\n")
	s.run(t, dir)
	all := history(t, newGit(t), dir)
	require.Len(t, all[0].Files, n)
	require.Len(t, all[1].Files, n)
	added, removed := 0, 0
	for i := range n {
		added += all[0].Files[i].Added
		removed += all[1].Files[i].Removed
		require.True(t, strings.HasPrefix(all[1].Files[i].Path, facade.DeletedPrefix))
	}
	require.Equal(t, n, added)
	require.Equal(t, n, removed)
}

func numberName(i int) string {
	return string([]byte{byte('0' + i/10000%10), byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)})
}

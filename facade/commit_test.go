package facade_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// literal stores a commit object of any bytes.
func literal(t testing.TB, dir, raw string) string {
	t.Helper()
	return gitInput(t, dir, raw, "hash-object", "-t", "commit", "-w", "--literally", "--stdin")
}

// literals stores each raw commit and reads it back. They need the empty tree.
func literals(t testing.TB, raws ...string) []*facade.Commit {
	t.Helper()
	dir := bare(t)
	git(t, dir, "hash-object", "-t", "tree", "-w", "/dev/null")
	hashes := make([]string, len(raws))
	for i, raw := range raws {
		hashes[i] = literal(t, dir, raw)
	}
	repo, err := newGit(t).Open(dir)
	require.NoError(t, err)
	return commits(t, repo, hashes)
}

func TestDatesAreExactOrClampedAndCounted(t *testing.T) {
	t.Parallel()
	lastDay := time.Date(9999, 12, 30, 23, 59, 59, 0, time.UTC)
	cases := []struct {
		date    string
		when    time.Time
		day     string
		repairs facade.Repairs
	}{
		{"0 +0000", time.Unix(0, 0), "1970-01-01", facade.Repairs{}},
		{"0 -0500", time.Unix(0, 0), "1969-12-31", facade.Repairs{}},
		{"1700000000 +0000", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{}},
		{"1700000000 +0545", time.Unix(1700000000, 0), "2023-11-15", facade.Repairs{}},
		{"1700000000 -0330", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{}},
		{"1700000000 +1400", time.Unix(1700000000, 0), "2023-11-15", facade.Repairs{}},
		{"4294967296 +0000", time.Unix(4294967296, 0), "2106-02-07", facade.Repairs{}},
		{"-86400 +0000", time.Unix(-86400, 0), "1969-12-31", facade.Repairs{}},
		{"1700000000+0100", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{}},
		{"1700000000 +9999", time.Unix(1700000000, 0), "2023-11-15", facade.Repairs{Zones: 1}},
		{"1700000000 -9999", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{Zones: 1}},
		{"1700000000 -13068837", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{Zones: 1}},
		{"1700000000 +99999999999999999999999999", time.Unix(1700000000, 0), "2023-11-15", facade.Repairs{Zones: 1}},
		{"1700000000", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{Zones: 1}},
		{"1700000000 0100", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{Zones: 1}},
		{"1700000000 EST", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{Zones: 1}},
		{"1700000000 +-100", time.Unix(1700000000, 0), "2023-11-14", facade.Repairs{Zones: 1}},
		{"99999999999999 +0000", lastDay, "9999-12-30", facade.Repairs{Dates: 1}},
		{"99999999999999 +1400", lastDay, "9999-12-31", facade.Repairs{Dates: 1}},
		{"99999999999999999999999999 +0000", lastDay, "9999-12-30", facade.Repairs{Dates: 1}},
		{"-99999999999999 -1400", time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC), "0001-01-01", facade.Repairs{Dates: 1}},
		{"", time.Unix(0, 0), "1970-01-01", facade.Repairs{Dates: 1}},
		{"yesterday +0100", time.Unix(0, 0), "1970-01-01", facade.Repairs{Dates: 1}},
		{"- +0100", time.Unix(0, 0), "1970-01-01", facade.Repairs{Dates: 1}},
	}
	raws := make([]string, len(cases))
	for i, c := range cases {
		raws[i] = "tree " + emptyTree + "\nauthor A <a@b> " + c.date + "\ncommitter C <c@d> 1600000000 +0200\n\nm\n"
	}
	for i, got := range literals(t, raws...) {
		c := cases[i]
		require.Equal(t, c.when.UTC(), got.Author.When, c.date)
		require.Equal(t, c.day, got.Author.Date, c.date)
		require.Equal(t, c.repairs, got.Repairs, c.date)
		require.Equal(t, facade.Person{Name: "C", Email: "c@d", When: time.Unix(1600000000, 0).UTC(), Date: "2020-09-13"}, got.Committer)
		require.Equal(t, []change{{}}, got.Files)
	}
}

func TestNamesAndMailsFollowAugur(t *testing.T) {
	t.Parallel()
	cases := []struct{ ident, name, email string }{
		{"Ann Doe <ann@example.org>", "Ann Doe", "ann@example.org"},
		{"bob@x.org <Bob>", "Bob", "bob@x.org"},
		{"bob@x.org <bob@y.org>", "bob@x.org", "bob@y.org"},
		{"A <a@b@c.org>", "A", "a@b"},
		{"a@b@c.org <A>", "A", "a@b"},
		{" <>", "", ""},
		{"<a@b>", "", "a@b"},
		{"Name only", "Name only", ""},
		{"A <a@b> <c@d>", "A", "a@b"},
		{"A <a < b@c>", "A", "a < b@c"},
		{"\u3000A\t < a@b >", "A", "a@b"},
	}
	raws := make([]string, len(cases))
	for i, c := range cases {
		raws[i] = "tree " + emptyTree + "\nauthor " + c.ident + " 1600000000 +0200\ncommitter C <c@d> 1600000000 +0200\n\nm\n"
	}
	raws[7] = "tree " + emptyTree + "\nauthor Name only\ncommitter C <c@d> 1600000000 +0200\n\nm\n"
	for i, got := range literals(t, raws...) {
		require.Equal(t, cases[i].name, got.Author.Name, cases[i].ident)
		require.Equal(t, cases[i].email, got.Author.Email, cases[i].ident)
	}
}

func TestTextsAreDecodedOrScrubbedAndCounted(t *testing.T) {
	t.Parallel()
	const people = "author A <a@b> 1600000000 +0200\ncommitter C <c@d> 1600000000 +0200\n"
	cases := []struct {
		raw     string
		author  string
		message string
		repairs facade.Repairs
	}{
		{people + "\nfirst\n\nsecond\n\n", "A", "first\n\nsecond", facade.Repairs{}},
		{people + "\nfirst\x00second\n", "A", "first\uFFFDsecond", facade.Repairs{NUL: 1}},
		{people + "\ncaf\xe9 \xff\n", "A", "caf\uFFFD \uFFFD", facade.Repairs{Encoding: 1}},
		{people + "\n", "A", "", facade.Repairs{}},
		{people, "A", "", facade.Repairs{}},
		{people + "encoding ISO-8859-1\n\ncaf\xe9\x96\n", "A", "caf\u00e9\u0096", facade.Repairs{}},
		{"author Ren\xe9 <a@b> 1600000000 +0200\ncommitter C <c@d> 1 +0000\nencoding latin1\n\nm\n", "René", "m", facade.Repairs{}},
		{"author Ren\xe9 <a@b> 1600000000 +0200\ncommitter C <c@d> 1 +0000\n\nm\n", "Ren\uFFFD", "m", facade.Repairs{Encoding: 1}},
		{"author \x00A <a@b> 1600000000 +0200\ncommitter C <c@d> 1 +0000\n\nm\n", "\uFFFDA", "m", facade.Repairs{NUL: 1}},
		{people + "encoding cp1252\n\n\x80\n", "A", "€", facade.Repairs{}},
		{people + "encoding KOI8-R\n\n\xf0\xd2\xc9\xd7\xc5\xd4\n", "A", "Привет", facade.Repairs{}},
		{people + "encoding Shift_JIS\n\n\x93\xfa\x96{\n", "A", "日本", facade.Repairs{}},
		{people + "encoding EUC-JP\n\n\xc6\xfc\xcb\xdc\n", "A", "日本", facade.Repairs{}},
		{people + "encoding GB18030\n\n\xc4\xe3\n", "A", "你", facade.Repairs{}},
		{people + "encoding utf8\n\nä\n", "A", "ä", facade.Repairs{}},
		{people + "encoding no-such-thing\n\nä\n", "A", "ä", facade.Repairs{}},
		{people + "encoding no-such-thing\n\n\xe4\n", "A", "\uFFFD", facade.Repairs{Encoding: 1}},
		{people + "gpgsig -----BEGIN\n author X <x@y> 1 +0000\n \n -----END\n\nsigned\n", "A", "signed", facade.Repairs{}},
		{people + "mergetag object 0\n type commit\n \n author Z <z@z> 1 +0000\n\ntagged\n", "A", "tagged", facade.Repairs{}},
		{people + "author Second <s@s> 1 +0000\n\nm\n", "A", "m", facade.Repairs{}},
		{"committer C <c@d> 1600000000 +0200\n\nno author\n", "", "no author", facade.Repairs{Dates: 1}},
		{"\nno people\n", "", "no people", facade.Repairs{Dates: 2}},
		{people + "\n" + strings.Repeat("long line ", 300_000), "A", strings.TrimSpace(strings.Repeat("long line ", 300_000)), facade.Repairs{}},
	}
	raws := make([]string, len(cases))
	for i, c := range cases {
		raws[i] = "tree " + emptyTree + "\n" + c.raw
	}
	for i, got := range literals(t, raws...) {
		require.Equal(t, cases[i].author, got.Author.Name, "%.100q", cases[i].raw)
		require.Equal(t, cases[i].message, got.Message, "%.100q", cases[i].raw)
		require.Equal(t, cases[i].repairs, got.Repairs, "%.100q", cases[i].raw)
	}
}

func TestRepairsAddUp(t *testing.T) {
	t.Parallel()
	sum := facade.Repairs{Encoding: 1, NUL: 2, Paths: 3, Dates: 4, Zones: 5}
	sum.Add(facade.Repairs{Encoding: 10, NUL: 20, Paths: 30, Dates: 40, Zones: 50})
	require.Equal(t, facade.Repairs{Encoding: 11, NUL: 22, Paths: 33, Dates: 44, Zones: 55}, sum)
	require.Equal(t, 165, sum.Total())
}

package sheet_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"augur/db/repos/sheet"
)

var (
	urlColumn   = sheet.Column{Name: "repo_url", Looks: func(value string) bool { return strings.ContainsAny(value, "/:") }}
	groupColumn = sheet.Column{Name: "repo_group_id", Looks: digits}
)

func digits(value string) bool {
	return value != "" && strings.Trim(value, "0123456789") == ""
}

func read(t testing.TB, src io.Reader, second sheet.Column) ([]sheet.Row, error) {
	t.Helper()
	s, err := sheet.Open(src, urlColumn, second)
	if err != nil {
		return nil, err
	}
	var rows []sheet.Row
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

func TestNextUnderstandsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	two := []sheet.Row{{Line: 2, Values: [2]string{"a/b", "1"}}, {Line: 3, Values: [2]string{"c/d", "2"}}}
	bare := []sheet.Row{{Line: 1, Values: [2]string{"a/b", "1"}}, {Line: 2, Values: [2]string{"c/d", "2"}}}
	for name, test := range map[string]struct {
		text string
		want []sheet.Row
	}{
		"header":                         {"repo_url,repo_group_id\na/b,1\nc/d,2\n", two},
		"no line end at the end":         {"repo_url,repo_group_id\na/b,1\nc/d,2", two},
		"header in any case and blanks":  {" Repo_URL , REPO_GROUP_ID\na/b,1\nc/d,2\n", two},
		"columns swapped":                {"repo_group_id,repo_url\n1,a/b\n2,c/d\n", two},
		"extra columns":                  {"id,repo_url,note,repo_group_id\n7,a/b,x,1\n8,c/d,,2\n", two},
		"extra columns cut off":          {"repo_url,repo_group_id,note\na/b,1\nc/d,2,x\n", two},
		"no header":                      {"a/b,1\nc/d,2\n", bare},
		"no header, swapped":             {"1,a/b\n2,c/d\n", bare},
		"semicolons":                     {"repo_url;repo_group_id\na/b;1\nc/d;2\n", two},
		"tabs":                           {"repo_url\trepo_group_id\na/b\t1\nc/d\t2\n", two},
		"semicolons without header":      {"a/b;1\nc/d;2\n", bare},
		"tabs without header":            {"1\ta/b\n2\tc/d\n", bare},
		"commas in semicolon values":     {"note;repo_url;repo_group_id\nx,y;a/b;1\n,;c/d;2\n", two},
		"the line of Excel":              {"sep=;\nrepo_url;repo_group_id\na/b;1\n", []sheet.Row{{Line: 3, Values: [2]string{"a/b", "1"}}}},
		"the line of Excel, with a pipe": {"SEP=|\r\nrepo_url|repo_group_id\r\na/b|1\r\n", []sheet.Row{{Line: 3, Values: [2]string{"a/b", "1"}}}},
		"CRLF":                           {"repo_url,repo_group_id\r\na/b,1\r\nc/d,2\r\n", two},
		"CR":                             {"repo_url,repo_group_id\ra/b,1\rc/d,2\r", two},
		"byte order mark":                {"\ufeffrepo_url,repo_group_id\na/b,1\nc/d,2\n", two},
		"UTF-16 little endian":           {encode16("\ufeffrepo_url,repo_group_id\r\na/b,1\r\nc/d,2\r\n", false), two},
		"UTF-16 big endian":              {encode16("\ufeffrepo_url\trepo_group_id\na/b\t1\nc/d\t2\n", true), two},
		"UTF-16 without mark":            {encode16("a/b;1\nc/d;2\n", false), bare},
		"UTF-16 big endian without mark": {encode16("a/b;1\nc/d;2\n", true), bare},
		"quotes":                         {"\"repo_url\",\"repo_group_id\"\n\"a/b\",\"1\"\n \"c/d\" , \"2\" \n", two},
		"blanks around values":           {"repo_url,repo_group_id\n a/b\t, 1 \n\u00a0c/d,2\u00a0\n", two},
		"separators at the end":          {"repo_url,repo_group_id\na/b,1,,\nc/d,2,\n", two},
		"blank lines":                    {"\n \nrepo_url,repo_group_id\n\n,,\n\"\",\na/b,1\n\t\n\n", []sheet.Row{{Line: 7, Values: [2]string{"a/b", "1"}}}},
		"line ends in quotes": {
			"repo_url,note,repo_group_id\na/b,\"one\ntwo\r\nthree\rfour\",1\nc/d,x,2\n",
			[]sheet.Row{{Line: 2, Values: [2]string{"a/b", "1"}}, {Line: 6, Values: [2]string{"c/d", "2"}}},
		},
		"quotes in quotes":            {"repo_url,note,repo_group_id\na/b,\"say \"\"hi\"\", ok\",1\nc/d,5\" disk,2\n", two},
		"formulas, NUL and bad UTF-8": {"repo_url,note,repo_group_id\na/b,\"=cmd()\",1\nc/d,\x00\xff,2\n", two},
		"nothing":                     {"", nil},
		"a mark and nothing":          {"\ufeff", nil},
		"only blank lines":            {"\n\r\n , ,\n", nil},
		"only a header":               {"repo_url,repo_group_id\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := read(t, strings.NewReader(test.text), groupColumn)
			require.NoError(t, err)
			require.Equal(t, test.want, rows)
			rows, err = read(t, iotest.OneByteReader(strings.NewReader(test.text)), groupColumn)
			require.NoError(t, err)
			require.Equal(t, test.want, rows)
		})
	}
}

func TestNextGivesAFaultToABadRowAndGoesOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text  string
		line  int
		fault string
	}{
		"short row":               {"repo_url,repo_group_id\na/b\n%s", 2, "has no repo_group_id"},
		"row without URL":         {"repo_url,repo_group_id\n,1\n%s", 2, "has no repo_url"},
		"long row":                {"repo_url,repo_group_id\na/b,1,x\n%s", 2, "has 3 values, and the header names 2 columns"},
		"short row, no header":    {"c/d,2\na/b\n%s", 2, "has 1 instead of 2 values"},
		"long row, no header":     {"c/d,2\na/b,1,x\n%s", 2, "has 3 instead of 2 values"},
		"a header of other names": {"url,group\n%s", 1, "is neither repo_url with repo_group_id nor a header"},
		"open quote":              {"repo_url,repo_group_id\n\"a/b,1\n%s", 2, "does not close it"},
		"open quote, later ones":  {"repo_url,repo_group_id\n\"a/b,1\n\"c/d\",2\n%s", 2, "text after the quote"},
		"text after a quote":      {"repo_url,repo_group_id\n\"a/b\"x,1\n%s", 2, "text after the quote"},
		"open quote in line one":  {"\"repo_url,repo_group_id\n%s", 1, "does not close it"},
		"endless line":            {"repo_url,repo_group_id\n" + strings.Repeat("x", 300<<10) + ",1\n%s", 2, "is longer than 64 KB"},
		"endless line with CRLF":  {"repo_url,repo_group_id\r\n" + strings.Repeat("x", 256<<10) + "\r\n%s", 2, "is longer than 64 KB"},
		"endless value":           {"repo_url,repo_group_id\na/b,\"" + strings.Repeat("x\r\n", 1) + strings.Repeat("y", 70<<10) + "\n%s", 2, "does not close it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, err := read(t, strings.NewReader(fmt.Sprintf(test.text, "https://x/y,99\n")), groupColumn)
			require.NoError(t, err)
			var faults []sheet.Row
			for _, row := range rows {
				if row.Fault != "" {
					faults = append(faults, row)
				}
			}
			require.NotEmpty(t, faults)
			require.Equal(t, test.line, faults[0].Line)
			require.Contains(t, faults[0].Fault, test.fault)
			last := rows[len(rows)-1]
			require.Equal(t, [2]string{"https://x/y", "99"}, last.Values, "the row behind the bad one is read")
			require.Empty(t, last.Fault)
		})
	}
}

func TestOptionalColumnMayBeMissing(t *testing.T) {
	t.Parallel()
	optional := groupColumn
	optional.Optional = true
	for name, test := range map[string]struct {
		text string
		want [][2]string
	}{
		"no header":         {"a/b\nc/d\n", [][2]string{{"a/b", ""}, {"c/d", ""}}},
		"in some rows":      {"a/b,1\nc/d\n", [][2]string{{"a/b", "1"}, {"c/d", ""}}},
		"swapped":           {"1,a/b\nc/d\n", [][2]string{{"a/b", "1"}, {"c/d", ""}}},
		"header":            {"repo_url\na/b\n", [][2]string{{"a/b", ""}}},
		"header and others": {"note,repo_url\nx,a/b\n", [][2]string{{"a/b", ""}}},
		"empty values":      {"repo_url,repo_group_id\na/b,\nc/d,3\n", [][2]string{{"a/b", ""}, {"c/d", "3"}}},
	} {
		rows, err := read(t, strings.NewReader(test.text), optional)
		require.NoError(t, err, name)
		var got [][2]string
		for _, row := range rows {
			require.Empty(t, row.Fault, name)
			got = append(got, row.Values)
		}
		require.Equal(t, test.want, got, name)
	}
}

func TestOpenRefusesAnotherTable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text, reason string
	}{
		{"repo_url,group\na/b,1\n", "has no column named repo_group_id"},
		{"repo_group_id;name\n1;x\n", "has no column named repo_url"},
		{"repo_url,repo_url,repo_group_id\n", "two columns named repo_url"},
		{"url,group,note\na/b,1,x\n", "more than two columns and no header: the first line must name repo_url and repo_group_id"},
	} {
		_, err := sheet.Open(strings.NewReader(test.text), urlColumn, groupColumn)
		var format *sheet.FormatError
		require.ErrorAs(t, err, &format, test.text)
		require.Contains(t, format.Error(), test.reason)
	}
}

func TestABrokenReaderIsAnErrorAndHalfALineNoRow(t *testing.T) {
	t.Parallel()
	broken := errors.New("cable pulled")
	src := io.MultiReader(strings.NewReader("a/b,1\nc/d,2\nhttps://github.com/chao"), iotest.ErrReader(broken))
	rows, err := read(t, src, groupColumn)
	require.ErrorIs(t, err, broken)
	require.Len(t, rows, 2)

	_, err = read(t, iotest.ErrReader(broken), groupColumn)
	require.ErrorIs(t, err, broken)
}

func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	t.Parallel()
	const rows = 200_000
	s, err := sheet.Open(io.LimitReader(&repeat{text: "https://github.com/chaoss/augur,1\n"}, rows*34), urlColumn, groupColumn)
	require.NoError(t, err)
	last := 0
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.Equal(t, last+1, row.Line)
		last = row.Line
	}
	require.Equal(t, rows, last)
}

// repeat is an endless file.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"repo_url,repo_group_id\na/b,1\n", "1;a/b\r\n2;c/d", "\"a\nb\",1\r\"\"\"\",2", "\xff\xfea\x00/\x00,\x001\x00", "sep=;\nx;y", "\"open,1\n\"x\"y,2\n", "\ufeff",
		"\t\"a\" \t1\n", "a\r\rb\n\r",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := read(t, bytes.NewReader(text), groupColumn)
		if _, ok := errors.AsType[*sheet.FormatError](err); ok {
			return
		}
		require.NoError(t, err)
		last := 0
		for _, row := range rows {
			require.Greater(t, row.Line, last, "line numbers grow")
			last = row.Line
			if row.Fault != "" {
				continue
			}
			for _, value := range row.Values {
				require.NotEmpty(t, value)
				require.Equal(t, strings.TrimSpace(value), value)
			}
		}
		requireAllLinesAccounted(t, string(text), rows)
	})
}

// requireAllLinesAccounted holds the reader against a plain one, for texts where a line is a record whatever one thinks about quotes.
func requireAllLinesAccounted(t *testing.T, text string, rows []sheet.Row) {
	t.Helper()
	if strings.ContainsAny(text, "\"\x00") || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") || len(text) > 60<<10 {
		return
	}
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	var want []int
	for i, line := range strings.Split(text, "\n") {
		fields := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(",;\t|", r) })
		full := false
		for _, field := range fields {
			full = full || strings.TrimSpace(field) != ""
		}
		if full {
			want = append(want, i+1)
		}
	}
	got := map[int]bool{}
	for _, row := range rows {
		got[row.Line] = true
	}
	missing := 0
	for _, line := range want {
		if !got[line] {
			missing++
		}
	}
	// The header and the line of Excel are no rows.
	require.LessOrEqual(t, missing, 2, "%d of %d lines have no row", missing, len(want))
	if !strings.Contains(strings.ToLower(text), "repo_") && !strings.HasPrefix(strings.ToLower(text), "sep=") {
		require.Zero(t, missing)
	}
}

// BenchmarkNext reads a file of a million rows; encoding/csv reads the same for comparison.
func BenchmarkNext(b *testing.B) {
	const rows = 1_000_000
	const size = rows * 34
	b.Run("sheet", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			s, err := sheet.Open(io.LimitReader(&repeat{text: "https://github.com/chaoss/augur,1\n"}, size), urlColumn, groupColumn)
			require.NoError(b, err)
			count := 0
			for {
				if _, err := s.Next(); err != nil {
					break
				}
				count++
			}
			require.Equal(b, rows, count)
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("encoding-csv", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			r := csv.NewReader(io.LimitReader(&repeat{text: "https://github.com/chaoss/augur,1\n"}, size))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); err != nil {
					break
				}
			}
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func encode16(text string, bigEndian bool) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		if bigEndian {
			out = append(out, byte(unit>>8), byte(unit))
		} else {
			out = append(out, byte(unit), byte(unit>>8))
		}
	}
	return string(out)
}

// Package sheet reads tables of two columns as people make them: exported by a spreadsheet, written by hand, pasted together.
//
// It is called by db/repos for repositories and for groups. It is pure, it streams (memory does not grow with the file), and it never gives up
// because of a row: whatever stands in a row, the row is given to the caller with its line number, and a fault when it cannot be read.
//
// Words: a line is what ends with LF, CRLF or CR; lines are counted from 1. A record is one or more lines, more when a quoted value holds
// line ends; its number is that of its first line. A row is a record that is neither the header nor blank. A blank record has only empty
// values; it is skipped.
//
// What is understood: UTF-8 and UTF-16, with a byte order mark or without; comma, semicolon or tab between values, whichever fits the first rows;
// Excel's "sep=;" line; values in double quotes, with "" for a quote; a header whose names may have any case, order and company; or no header, and
// then exactly two columns in the order that their content tells.
package sheet

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Column is one of the two columns that a caller needs.
type Column struct {
	// Name is how a header calls it, in lower case.
	Name string
	// Looks tells a value of this column from one of the other; it decides the order of columns in a file without a header.
	Looks func(value string) bool
	// Optional says that a file may lack the column, and a row the value. Only the second column may be optional.
	Optional bool
}

// Row is one row of the file.
type Row struct {
	// Line is the number of the row's first line.
	Line int
	// Values are the two columns in the order of [Open]'s arguments, without surrounding blanks. An optional value may be empty.
	Values [2]string
	// Fault says why the values cannot be read, as a phrase; it is empty for a good row.
	Fault string
}

// FormatError says that the file as a whole is not such a table.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return e.Reason }

// Sheet is an open table. It is not safe for concurrent use.
type Sheet struct {
	scan    *scanner
	columns [2]Column
	// places are the positions of the two columns in a record; -1 when the file lacks the second.
	places [2]int
	// width is the number of columns that the header names, 0 without a header.
	width int
	begun bool
}

// Open reads the first rows and finds out how the file is written. It returns a [*FormatError] when a header lacks a column, or when there is no
// header and there are not two columns. An empty file is a table without rows.
func Open(src io.Reader, first, second Column) (*Sheet, error) {
	decoded, err := decode(src)
	if err != nil {
		return nil, err
	}
	s := &Sheet{scan: newScanner(decoded), columns: [2]Column{first, second}}
	head, err := s.scan.head()
	if err != nil {
		return nil, err
	}
	if comma, ok := separatorLine(head); ok {
		s.scan.comma = comma
		if _, err := s.scan.next(); err != nil {
			return nil, err
		}
		head = s.scan.rest()
	} else {
		s.scan.comma = s.detectComma(head)
	}
	if err := s.detectColumns(sample(head, s.scan.comma)); err != nil {
		return nil, err
	}
	return s, nil
}

// Next returns the next row, or [io.EOF]. Other errors are those of the reader.
func (s *Sheet) Next() (Row, error) {
	record, err := s.scan.next()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: record.line, Fault: record.fault}
	if row.Fault == "" {
		row.Values, row.Fault = s.values(record.fields)
	}
	return row, nil
}

func (s *Sheet) values(fields []string) (values [2]string, fault string) {
	fields = trimRight(fields)
	places := s.places
	first := !s.begun
	s.begun = true
	switch {
	case s.width > 0 && len(fields) > s.width:
		return values, fmt.Sprintf("has %d values, and the header names %d columns: put a value with a separator in it into quotes", len(fields), s.width)
	case s.width > 0:
	case len(fields) == 1 && s.columns[1].Optional:
		places = [2]int{0, -1}
	case len(fields) != 2:
		return values, fmt.Sprintf("has %d instead of 2 values: without a header there are %s and %s", len(fields), s.columns[0].Name, s.columns[1].Name)
	case first && s.likeness(fields, 0, 1) == 0 && s.likeness(fields, 1, 0) == 0:
		return values, fmt.Sprintf("is neither %s with %s nor a header that names them", s.columns[0].Name, s.columns[1].Name)
	}
	for i, place := range places {
		if place >= 0 && place < len(fields) {
			values[i] = fields[place]
		}
		if values[i] == "" && !s.columns[i].Optional {
			return values, fmt.Sprintf("has no %s", s.columns[i].Name)
		}
	}
	return values, ""
}

// detectComma takes the separator that makes the most of the first rows readable.
func (s *Sheet) detectComma(head []byte) byte {
	best, most := byte(','), 0
	for _, comma := range []byte{',', ';', '\t'} {
		score := 0
		for i, fields := range sample(head, comma) {
			if i == 0 {
				score += 1000 * s.named(fields)
			}
			if len(fields) == 2 {
				score++
				if s.fits(fields, 0, 1) || s.fits(fields, 1, 0) {
					score += 10
				}
			}
		}
		if score > most {
			best, most = comma, score
		}
	}
	return best
}

// detectColumns finds the two columns, and takes the header off when there is one.
func (s *Sheet) detectColumns(rows [][]string) error {
	if len(rows) == 0 {
		s.places = [2]int{0, 1}
		return nil
	}
	if s.named(rows[0]) > 0 {
		if err := s.readHeader(rows[0]); err != nil {
			return err
		}
		_, err := s.scan.next()
		return err
	}

	straight, swapped, wide := 0, 0, 0
	for _, fields := range rows {
		switch {
		case len(fields) > 2:
			wide++
		case len(fields) == 2:
			straight += s.likeness(fields, 0, 1)
			swapped += s.likeness(fields, 1, 0)
		}
	}
	if wide*2 > len(rows) {
		return &FormatError{fmt.Sprintf("has more than two columns and no header: the first line must name %s and %s", s.columns[0].Name, s.columns[1].Name)}
	}
	s.places = [2]int{0, 1}
	if swapped > straight {
		s.places = [2]int{1, 0}
	}
	return nil
}

func (s *Sheet) readHeader(fields []string) error {
	s.width = len(fields)
	s.places = [2]int{-1, -1}
	for place, name := range fields {
		for i, column := range s.columns {
			if !strings.EqualFold(name, column.Name) {
				continue
			}
			if s.places[i] >= 0 {
				return &FormatError{fmt.Sprintf("has two columns named %s", column.Name)}
			}
			s.places[i] = place
		}
	}
	for i, column := range s.columns {
		if s.places[i] < 0 && !column.Optional {
			return &FormatError{fmt.Sprintf("has no column named %s", column.Name)}
		}
	}
	return nil
}

// named counts the columns that a first record names.
func (s *Sheet) named(fields []string) int {
	count := 0
	for _, column := range s.columns {
		if slices.ContainsFunc(fields, func(name string) bool { return strings.EqualFold(name, column.Name) }) {
			count++
		}
	}
	return count
}

func (s *Sheet) fits(fields []string, first, second int) bool {
	return s.likeness(fields, first, second) == 2
}

func (s *Sheet) likeness(fields []string, first, second int) int {
	like := 0
	if s.columns[0].Looks(fields[first]) {
		like++
	}
	if s.columns[1].Looks(fields[second]) {
		like++
	}
	return like
}

// sample cuts the head of a file into its first records, without empty values at the end. A faulty record has no values.
func sample(head []byte, comma byte) [][]string {
	const most = 20
	scan := newScanner(bytes.NewReader(head))
	scan.comma = comma
	var rows [][]string
	for len(rows) < most {
		record, err := scan.next()
		if err != nil {
			break
		}
		rows = append(rows, slices.Clone(trimRight(record.fields)))
	}
	return rows
}

// trimRight leaves out empty values at the end, which spreadsheets add.
func trimRight(fields []string) []string {
	for len(fields) > 0 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	return fields
}

// separatorLine recognises the first line by which Excel is told the separator.
func separatorLine(head []byte) (comma byte, ok bool) {
	line, _, _ := strings.Cut(strings.ReplaceAll(string(head[:min(len(head), 16)]), "\r", "\n"), "\n")
	line = strings.Trim(line, `"`)
	if len(line) == 5 && strings.EqualFold(line[:4], "sep=") && strings.IndexByte(",;\t|", line[4]) >= 0 {
		return line[4], true
	}
	return 0, false
}

// decode gives UTF-8 without byte order mark.
func decode(src io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(src, 64<<10)
	head, err := r.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	order, utf16 := unicode.LittleEndian, true
	switch {
	case len(head) >= 3 && head[0] == 0xef && head[1] == 0xbb && head[2] == 0xbf:
		_, err := r.Discard(3)
		return r, err
	case len(head) >= 2 && head[0] == 0xff && head[1] == 0xfe:
	case len(head) >= 2 && head[0] == 0xfe && head[1] == 0xff:
		order = unicode.BigEndian
	// Without a mark, UTF-16 of a URL, a number or a column name betrays itself by its zero bytes.
	case len(head) == 4 && head[0] != 0 && head[1] == 0 && head[2] != 0 && head[3] == 0:
	case len(head) == 4 && head[0] == 0 && head[1] != 0 && head[2] == 0 && head[3] != 0:
		order = unicode.BigEndian
	default:
		utf16 = false
	}
	if !utf16 {
		return r, nil
	}
	return transform.NewReader(r, unicode.UTF16(order, unicode.UseBOM).NewDecoder()), nil
}

package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRecord is the size in bytes of the longest record. A quote that nobody closed would otherwise swallow the rest of the file.
const maxRecord = 64 << 10

const (
	faultOpen = "has a quote that opens a value and does not close it"
	faultText = "has text after the quote that closes a value"
)

var faultLong = fmt.Sprintf("is longer than %d KB", maxRecord>>10)

type record struct {
	line int
	// fields are trimmed; they are valid until the next call of next.
	fields []string
	fault  string
}

// scanner cuts a stream into records. encoding/csv does not know CR as a line end, and after a stray quote it cannot go on with the next line.
type scanner struct {
	src   io.Reader
	comma byte

	buf      []byte
	pos, end int
	err      error // what ended src
	line     int   // of buf[pos]
	fields   []string
}

func newScanner(src io.Reader) *scanner {
	return &scanner{src: src, comma: ',', buf: make([]byte, 4*maxRecord), line: 1}
}

// head gives what the beginning of the file can be judged by: whole lines, unless there is a single one.
func (s *scanner) head() ([]byte, error) {
	s.fill()
	if s.pos == s.end && !errors.Is(s.err, io.EOF) {
		return nil, s.err
	}
	return s.rest(), nil
}

func (s *scanner) rest() []byte {
	window := s.buf[s.pos:min(s.end, s.pos+maxRecord)]
	if s.err != nil && s.pos+len(window) == s.end {
		return window
	}
	if i := bytes.LastIndexAny(window, "\r\n"); i >= 0 {
		return window[:i+1]
	}
	return window
}

// fill sees to it that more than one record is in the buffer, or everything up to the end.
func (s *scanner) fill() {
	if s.err != nil || s.end-s.pos > maxRecord+2 {
		return
	}
	s.end = copy(s.buf, s.buf[s.pos:s.end])
	s.pos = 0
	for idle := 0; s.end < len(s.buf) && s.err == nil; {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			s.err = io.ErrNoProgress
		}
	}
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		// The reading broke off: half a line must not be taken for a row.
		s.end = s.pos + bytes.LastIndexAny(s.buf[s.pos:s.end], "\r\n") + 1
	}
}

// next returns the next record that is not blank.
func (s *scanner) next() (record, error) {
	for {
		s.fill()
		if s.pos == s.end {
			return record{}, s.err
		}
		r := record{line: s.line}
		size, lines, fault := s.cut(s.buf[s.pos:s.end])
		if fault != "" {
			r.fault = fault
			s.skipLine()
			return r, nil
		}
		s.pos += size
		s.line += lines
		for _, field := range s.fields {
			if field != "" {
				r.fields = s.fields
				return r, nil
			}
		}
	}
}

// cut finds the record at the beginning of text and puts its values into s.fields. It returns the size of the record with its line end,
// and the number of line ends in it.
func (s *scanner) cut(text []byte) (size, lines int, fault string) {
	s.fields = s.fields[:0]
	i := 0
	for {
		start := i
		for i < len(text) && blank(text[i]) && text[i] != s.comma {
			i++
		}
		if i < len(text) && text[i] == '"' {
			var value string
			var more int
			value, i, more, fault = s.quoted(text, i+1)
			if fault != "" {
				return 0, 0, fault
			}
			lines += more
			s.fields = append(s.fields, strings.TrimSpace(value))
		} else {
			for i < len(text) && text[i] != s.comma && text[i] != '\n' && text[i] != '\r' {
				i++
			}
			s.fields = append(s.fields, strings.TrimSpace(string(text[start:i])))
		}
		switch {
		case i > maxRecord:
			return 0, 0, faultLong
		case i == len(text):
			return i, lines, "" // fill leaves more than maxRecord bytes, so this is the end of the file
		case text[i] == s.comma:
			i++
		default:
			return i + lineEnd(text[i:]), lines + 1, ""
		}
	}
}

// quoted reads a value whose opening quote stands before text[i]; it stops at the separator or line end that follows.
func (s *scanner) quoted(text []byte, i int) (value string, after, lines int, fault string) {
	var out []byte
	start := i
	for {
		switch {
		case i == len(text) || i > maxRecord:
			return "", 0, 0, faultOpen
		case text[i] == '"' && i+1 < len(text) && text[i+1] == '"':
			out = append(out, text[start:i+1]...)
			i += 2
			start = i
		case text[i] == '"':
			out = append(out, text[start:i]...)
			i++
			for i < len(text) && blank(text[i]) && text[i] != s.comma {
				i++
			}
			if i < len(text) && text[i] != s.comma && text[i] != '\n' && text[i] != '\r' {
				return "", 0, 0, faultText
			}
			return string(out), i, lines, ""
		case text[i] == '\n' || text[i] == '\r':
			i += lineEnd(text[i:])
			lines++
		default:
			i++
		}
	}
}

// skipLine goes on behind the current line, however long it is: after a fault nothing is known about quotes.
func (s *scanner) skipLine() {
	for {
		if i := bytes.IndexAny(s.buf[s.pos:s.end], "\r\n"); i >= 0 {
			s.pos += i
			s.fill() // the LF of a CRLF must be in sight
			s.pos += lineEnd(s.buf[s.pos:s.end])
			s.line++
			return
		}
		s.pos = s.end
		s.fill()
		if s.pos == s.end {
			return
		}
	}
}

func lineEnd(text []byte) int {
	if text[0] == '\r' && len(text) > 1 && text[1] == '\n' {
		return 2
	}
	return 1
}

func blank(c byte) bool { return c == ' ' || c == '\t' }

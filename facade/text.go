package facade

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// Repairs count the values of one commit that were replaced, because PostgreSQL cannot hold them or nobody can read them.
type Repairs struct {
	// Encoding: texts that are not in the encoding that their commit names, or in UTF-8; what is unreadable became U+FFFD.
	Encoding int
	// NUL: zero bytes in names and messages, each became U+FFFD.
	NUL int
	// Paths: file names that are not UTF-8; what is unreadable became U+FFFD.
	Paths int
	// Dates: moments that could not be read (1970-01-01 stands for them) or were moved into the years 1 to 9999.
	Dates int
	// Zones: offsets that could not be read (taken for UTC) or were moved into the range of 14 hours.
	Zones int
}

// Total is how many values were replaced.
func (r *Repairs) Total() int { return r.Encoding + r.NUL + r.Paths + r.Dates + r.Zones }

// Add counts the repairs of another commit.
func (r *Repairs) Add(o Repairs) {
	r.Encoding += o.Encoding
	r.NUL += o.NUL
	r.Paths += o.Paths
	r.Dates += o.Dates
	r.Zones += o.Zones
}

// decoder of the encoding that a commit names. Unknown names count as UTF-8, which is also what stands there most often.
func decoder(name string) *encoding.Decoder {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8":
		return nil
	}
	// The IANA names first: the web's index takes Latin-1 for Windows-1252, which iconv, and so git, does not.
	if e, err := ianaindex.MIME.Encoding(name); err == nil && e != nil {
		return e.NewDecoder()
	}
	if e, err := ianaindex.IANA.Encoding(name); err == nil && e != nil {
		return e.NewDecoder()
	}
	if e, err := htmlindex.Get(name); err == nil && e != nil {
		return e.NewDecoder()
	}
	return nil
}

// text makes valid UTF-8 without NUL of the bytes of a commit.
func (r *Repairs) text(b []byte, d *encoding.Decoder) string {
	if d != nil && !ascii(b) {
		d.Reset()
		if decoded, err := d.Bytes(b); err == nil {
			b = decoded
			if bytes.ContainsRune(b, utf8.RuneError) {
				r.Encoding++
			}
		}
	}
	if !utf8.Valid(b) {
		r.Encoding++
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	if n := bytes.Count(b, []byte{0}); n > 0 {
		r.NUL += n
		b = bytes.ReplaceAll(b, []byte{0}, []byte("\uFFFD"))
	}
	return string(b)
}

// path makes valid UTF-8 of a file name.
func (r *Repairs) path(b []byte) string {
	if !utf8.Valid(b) {
		r.Paths++
		b = bytes.ToValidUTF8(b, []byte("\uFFFD"))
	}
	return string(b)
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isSpace is str.isspace of Python, by which Augur strips: Unicode's white space and the four information separators.
func isSpace(r rune) bool {
	switch {
	case r >= 0x09 && r <= 0x0d, r >= 0x1c && r <= 0x20, r == 0x85, r == 0xa0, r == 0x1680, r >= 0x2000 && r <= 0x200a, r == 0x2028, r == 0x2029, r == 0x202f, r == 0x205f, r == 0x3000:
		return true
	}
	return false
}

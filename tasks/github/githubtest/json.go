package githubtest

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// writer appends JSON. Commas come by themselves. It is by hand because a page of a hundred pull requests is two megabytes, and the server must
// cost less than the client that is tested.
type writer struct{ b []byte }

func (w *writer) comma() {
	if n := len(w.b); n > 0 && w.b[n-1] != '{' && w.b[n-1] != '[' && w.b[n-1] != ':' {
		w.b = append(w.b, ',')
	}
}

func (w *writer) key(name string) {
	w.comma()
	w.b = append(append(append(w.b, '"'), name...), '"', ':')
}

func (w *writer) open()  { w.comma(); w.b = append(w.b, '{') }
func (w *writer) close() { w.b = append(w.b, '}') }
func (w *writer) list()  { w.comma(); w.b = append(w.b, '[') }
func (w *writer) end()   { w.b = append(w.b, ']') }

func (w *writer) object(name string) { w.key(name); w.b = append(w.b, '{') }
func (w *writer) array(name string)  { w.key(name); w.b = append(w.b, '[') }
func (w *writer) null(name string)   { w.key(name); w.b = append(w.b, "null"...) }

func (w *writer) str(name, value string) { w.key(name); w.b = appendString(w.b, value) }

// text is null when it is empty.
func (w *writer) text(name, value string) {
	w.key(name)
	if value == "" {
		w.b = append(w.b, "null"...)
		return
	}
	w.b = appendString(w.b, value)
}

// url is a string that is joined from parts and needs no escapes.
func (w *writer) url(name string, parts ...string) {
	w.key(name)
	w.b = append(w.b, '"')
	for _, part := range parts {
		w.b = append(w.b, part...)
	}
	w.b = append(w.b, '"')
}

func (w *writer) num(name string, value int64) { w.key(name); w.b = strconv.AppendInt(w.b, value, 10) }

// some is null when it is zero.
func (w *writer) some(name string, value int) {
	if value == 0 {
		w.null(name)
		return
	}
	w.num(name, int64(value))
}

func (w *writer) flag(name string, value bool) { w.key(name); w.b = strconv.AppendBool(w.b, value) }

// time is null when it is zero.
func (w *writer) time(name string, t time.Time) {
	if t.IsZero() {
		w.null(name)
		return
	}
	w.key(name)
	w.b = append(w.b, '"')
	w.b = t.UTC().AppendFormat(w.b, time.RFC3339)
	w.b = append(w.b, '"')
}

func (w *writer) raw(name string, value []byte) { w.key(name); w.b = append(w.b, value...) }

func (w *writer) user(name string, u *User) {
	if u == nil {
		w.null(name)
		return
	}
	w.raw(name, u.simple)
}

const hexDigits = "0123456789abcdef"

// appendString writes a string as JSON. Three bytes that would be half of a pair in UTF-16 become the escape of that half, because GitHub's JSON may
// hold one; any other byte that is no UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		size := 1
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c < utf8.RuneSelf:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		case c == 0xed && i+2 < len(s) && s[i+1] >= 0xa0 && s[i+2] >= 0x80:
			half := 0xd000 | uint(s[i+1]&0x3f)<<6 | uint(s[i+2]&0x3f)
			b = append(b, '\\', 'u', hexDigits[half>>12], hexDigits[half>>8&15], hexDigits[half>>4&15], hexDigits[half&15])
			size = 3
		default:
			b = append(b, `\ufffd`...)
		}
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

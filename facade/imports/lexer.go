package imports

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// A token is a word, a string or a character of a source text. Comments are none.
type token struct {
	kind  kind
	text  string // of a string: what is between its quotes, as written
	start bool   // it is the first of its line
}

type kind byte

const (
	end kind = iota
	word
	text
	mark
)

// grammar is how a language writes comments and strings.
type grammar struct {
	line    []string    // what starts a comment up to the end of the line
	block   [][2]string // what starts and ends a comment
	nested  bool        // comments contain comments
	quotes  []quote     // longest first
	extra   string      // characters of words beside letters, digits and underscores
	regexps bool        // a slash may start a regular expression
	ticks   bool        // 'a may be a lifetime
}

// quote is how a string begins and ends.
type quote struct {
	open, close string
	raw         bool // a backslash is a backslash
	double      bool // the closing quote twice stands for itself
	lines       bool // may go over several lines
}

// lexer turns bytes into tokens. It takes any bytes: what is not closed goes to the end.
type lexer struct {
	grammar
	src   []byte
	pos   int
	start bool
	last  token
}

func newLexer(g grammar, src []byte) *lexer { return &lexer{grammar: g, src: src, start: true} }

func (l *lexer) has(prefix string) bool { return bytes.HasPrefix(l.src[l.pos:], []byte(prefix)) }

// next is the next token; its kind is end when there is none.
func (l *lexer) next() token {
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		switch {
		case c == '\n':
			l.start = true
			l.pos++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			l.pos++
		case l.comment():
		default:
			t := l.scan(c)
			t.start = l.start
			l.start = false
			l.last = t
			return t
		}
	}
	l.last = token{}
	return token{}
}

// comment skips a comment that starts here.
func (l *lexer) comment() bool {
	for _, b := range l.block {
		if l.has(b[0]) {
			l.skipBlock(b)
			return true
		}
	}
	if !slices.ContainsFunc(l.line, l.has) {
		return false
	}
	if i := bytes.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
		l.pos += i
	} else {
		l.pos = len(l.src)
	}
	return true
}

func (l *lexer) skipBlock(b [2]string) {
	depth := 0
	for l.pos < len(l.src) {
		switch {
		case l.has(b[0]) && (depth == 0 || l.nested):
			depth++
			l.pos += len(b[0])
		case l.has(b[1]):
			l.pos += len(b[1])
			if depth--; depth == 0 {
				return
			}
		default:
			if l.src[l.pos] == '\n' {
				l.start = true
			}
			l.pos++
		}
	}
}

func (l *lexer) scan(c byte) token {
	for _, q := range l.quotes {
		if l.has(q.open) && (!l.ticks || q.open != "'" || l.character()) {
			return token{kind: text, text: l.quoted(q)}
		}
	}
	if l.letter(c) {
		from := l.pos
		for l.pos < len(l.src) && l.letter(l.src[l.pos]) {
			l.pos++
		}
		return token{kind: word, text: string(l.src[from:l.pos])}
	}
	if c == '/' && l.regexps && l.operand() {
		l.regexp()
		return token{kind: mark, text: "/"}
	}
	l.pos++
	return token{kind: mark, text: string(rune(c))}
}

func (l *lexer) letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= utf8.RuneSelf || bytes.IndexByte([]byte(l.extra), c) >= 0
}

// quoted reads a string. One that must not go over the end of its line ends there.
func (l *lexer) quoted(q quote) string {
	l.pos += len(q.open)
	from := l.pos
	for l.pos < len(l.src) {
		switch {
		case !q.raw && l.src[l.pos] == '\\':
			l.pos = min(l.pos+2, len(l.src))
		case q.double && l.has(q.close+q.close):
			l.pos += 2 * len(q.close)
		case l.has(q.close):
			content := string(l.src[from:l.pos])
			l.pos += len(q.close)
			return content
		case l.src[l.pos] == '\n' && !q.lines:
			return string(l.src[from:l.pos])
		default:
			l.pos++
		}
	}
	return string(l.src[from:])
}

// character tells a character ('x', '\n') from a lifetime ('a).
func (l *lexer) character() bool {
	rest := l.src[l.pos+1:]
	if len(rest) > 0 && rest[0] == '\\' {
		return true
	}
	_, size := utf8.DecodeRune(rest)
	return size < len(rest) && rest[size] == '\''
}

// operand tells whether a value is expected here, so that a slash is no division.
func (l *lexer) operand() bool {
	switch l.last.kind {
	case text:
		return false
	case word:
		switch l.last.text {
		case "return", "typeof", "case", "in", "of", "do", "else", "void", "delete", "throw", "new", "await", "yield":
			return true
		}
		return false
	case mark:
		return l.last.text != ")" && l.last.text != "]" && l.last.text != "}"
	case end:
	}
	return true
}

// regexp skips a regular expression, which ends on its line.
func (l *lexer) regexp() {
	class := false
	for l.pos++; l.pos < len(l.src); l.pos++ {
		switch l.src[l.pos] {
		case '\\':
			l.pos++
		case '[':
			class = true
		case ']':
			class = false
		case '\n':
			return
		case '/':
			if !class {
				l.pos++
				return
			}
		}
	}
	l.pos = min(l.pos, len(l.src))
}

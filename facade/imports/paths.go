package imports

import "bytes"

// php finds include and require with a literal, and use outside of classes and closures.
func php(src []byte) []string {
	start := bytes.Index(src, []byte("<?"))
	if start < 0 {
		return nil
	}
	quotes := []quote{{open: `"`, close: `"`, lines: true}, {open: "'", close: "'", lines: true}}
	p := &paths{l: newLexer(grammar{line: []string{"//", "# ", "#!"}, block: slashes, quotes: quotes, extra: `\`}, src[start:])}
	depth := 0       // of braces
	namespace := -1  // depth of the braces of a namespace
	pending := false // the next brace is that of a namespace
	before := token{}
	for t := p.l.next(); t.kind != end; before, t = t, p.l.next() {
		switch {
		case t.kind == mark && t.text == "{":
			if depth++; pending {
				namespace, pending = depth, false
			}
		case t.kind == mark && t.text == "}":
			depth = max(depth-1, 0)
		case t.kind == mark && t.text == ";":
			pending = false
		case t.kind != word:
		case t.text == "namespace":
			pending = true
		case t.text == "use" && (depth == 0 || depth == namespace) && before.text != ")":
			t = p.tree("", p.l.next(), `\`)
		case t.text == "include" || t.text == "include_once" || t.text == "require" || t.text == "require_once":
			n := p.l.next()
			if n.kind == mark && n.text == "(" {
				n = p.l.next()
			}
			if n.kind == text {
				p.names = append(p.names, n.text)
			}
		}
	}
	return p.names
}

// rust finds use and extern crate. What is of this crate is left out.
func rust(src []byte) []string {
	quotes := []quote{
		{open: `r##"`, close: `"##`, raw: true, lines: true},
		{open: `r#"`, close: `"#`, raw: true, lines: true},
		{open: `r"`, close: `"`, raw: true, lines: true},
		{open: `"`, close: `"`, lines: true},
		{open: "'", close: "'"},
	}
	p := &paths{l: newLexer(grammar{line: []string{"//"}, block: slashes, nested: true, quotes: quotes, ticks: true, extra: ":"}, src)}
	for t := p.l.next(); t.kind != end; t = p.l.next() {
		if t.kind != word {
			continue
		}
		switch t.text {
		case "use":
			p.tree("", p.l.next(), "::")
		case "extern":
			if n := p.l.next(); n.kind == word && n.text == "crate" {
				if name := p.l.next(); name.kind == word && name.text != "self" {
					p.names = append(p.names, name.text)
				}
			}
		}
	}
	var names []string
	for _, name := range p.names {
		head, _, _ := bytes.Cut([]byte(name), []byte("::"))
		switch string(head) {
		case "crate", "self", "super":
		default:
			names = append(names, name)
		}
	}
	return names
}

// paths reads names that branch: a::{b, c::d}.
type paths struct {
	l     *lexer
	names []string
	level int
}

// maxLevel of braces in braces; nobody writes more.
const maxLevel = 32

// tree reads a list of names below prefix, from its first token on, and returns the token that ended it.
func (p *paths) tree(prefix string, t token, separator string) token {
	if p.level++; p.level > maxLevel {
		p.level--
		return token{}
	}
	defer func() { p.level-- }()
	for {
		name := prefix
		if separator == `\` && t.kind == word && (t.text == "function" || t.text == "const") {
			t = p.l.next()
		}
		for t.kind == word || t.kind == mark && t.text == "*" {
			name = join(name, t.text)
			t = p.l.next()
			if t.kind == word && t.text == "as" {
				p.l.next()
				t = p.l.next()
				break
			}
			if t.kind == word && len(name) >= len(separator) && name[len(name)-len(separator):] != separator && t.text[:min(len(separator), len(t.text))] != separator {
				return t // two words in a row are no name
			}
		}
		if t.kind == mark && t.text == "{" {
			if t = p.tree(name, p.l.next(), separator); t.text == "}" {
				t = p.l.next()
			}
		} else if name != prefix {
			p.add(trim(name, separator))
		}
		if t.kind != mark || t.text != "," {
			return t
		}
		t = p.l.next()
	}
}

// maxName is how long a name may become; nobody writes more.
const maxName = 4096

// join adds to a name, up to its limit.
func join(name, part string) string {
	if len(name) > maxName {
		return name
	}
	return name + part
}

func (p *paths) add(name string) {
	if name != "" {
		p.names = append(p.names, name)
	}
}

// trim takes separators and a closing ::self off a name.
func trim(name, separator string) string {
	b := bytes.TrimPrefix([]byte(name), []byte(separator))
	b = bytes.TrimSuffix(b, []byte(separator+"self"))
	return string(bytes.TrimSuffix(b, []byte(separator)))
}

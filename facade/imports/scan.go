package imports

import (
	"bytes"
	"go/parser"
	gotoken "go/token"
	"strconv"
	"strings"
)

var (
	slashes  = [][2]string{{"/*", "*/"}}
	plain    = []quote{{open: `"`, close: `"`}, {open: "'", close: "'"}}
	scripted = append([]quote{{open: "`", close: "`", lines: true}}, plain...)
)

// golang reads the imports with Go's own parser, which also gives those before a fault.
func golang(src []byte) []string {
	file, err := parser.ParseFile(gotoken.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil && file == nil {
		return nil
	}
	var names []string
	for _, spec := range file.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// javascript finds import, export ... from, import(), and require() with a literal.
func javascript(src []byte) []string {
	l := newLexer(grammar{line: []string{"//"}, block: slashes, quotes: scripted, extra: "$", regexps: true}, src)
	var names []string
	add := func(name string) {
		if name != "" && name[0] != '.' && name[0] != '/' {
			names = append(names, name)
		}
	}
	before := token{}
	for t := l.next(); t.kind != end; before, t = t, l.next() {
		if t.kind != word || before.text == "." && before.kind == mark {
			continue
		}
		switch t.text {
		case "from":
			if n := l.next(); n.kind == text {
				add(n.text)
			}
		case "import", "require":
			n := l.next()
			if n.kind == mark && n.text == "(" {
				n = l.next()
			} else if t.text == "require" {
				continue
			}
			if n.kind == text {
				add(n.text)
			}
		}
	}
	return names
}

// dotted reads a name such as a.b.c or a.*; after is the token behind it.
func dotted(l *lexer, first token) (name string, after token) {
	name = first.text
	for after = l.next(); after.kind == mark && after.text == "."; after = l.next() {
		part := l.next()
		if part.kind != word && part.text != "*" {
			return name, part
		}
		name += "." + part.text
	}
	return name, after
}

// java finds import and import static.
func java(src []byte) []string {
	l := newLexer(grammar{line: []string{"//"}, block: slashes, quotes: append([]quote{{open: `"""`, close: `"""`, lines: true}}, plain...), extra: "$"}, src)
	var names []string
	for t := l.next(); t.kind != end; t = l.next() {
		switch {
		case t.kind == word && t.text == "import":
			n := l.next()
			if n.kind == word && n.text == "static" {
				n = l.next()
			}
			if name, after := dotted(l, n); n.kind == word && after.text == ";" {
				names = append(names, name)
			}
		case t.kind == word && (t.text == "class" || t.text == "interface" || t.text == "enum"):
			return names
		}
	}
	return names
}

// kotlin finds import, also with as.
func kotlin(src []byte) []string {
	l := newLexer(grammar{line: []string{"//"}, block: slashes, nested: true, quotes: append([]quote{{open: `"""`, close: `"""`, raw: true, lines: true}, {open: "`", close: "`"}}, plain...)}, src)
	var names []string
	t := l.next()
	for t.kind != end {
		if t.kind != word || t.text != "import" || !t.start {
			t = l.next()
			continue
		}
		n := l.next()
		if n.kind != word && n.kind != text {
			t = n
			continue
		}
		name := []string{n.text}
		// The end of the line ends the name.
		for t = l.next(); t.kind == mark && t.text == "." && !t.start; t = l.next() {
			name = append(name, l.next().text)
		}
		names = append(names, strings.Join(name, "."))
	}
	return names
}

// csharp finds using, global using, using static and aliases; a using statement or declaration is none.
func csharp(src []byte) []string {
	quotes := append([]quote{
		{open: `"""`, close: `"""`, raw: true, lines: true},
		{open: `$@"`, close: `"`, raw: true, double: true, lines: true},
		{open: `@$"`, close: `"`, raw: true, double: true, lines: true},
		{open: `@"`, close: `"`, raw: true, double: true, lines: true},
	}, plain...)
	l := newLexer(grammar{line: []string{"//", "#"}, block: slashes, quotes: quotes}, src)
	var names []string
	for t := l.next(); t.kind != end; t = l.next() {
		if t.kind != word || t.text != "using" {
			continue
		}
		n := l.next()
		if n.kind == word && (n.text == "static" || n.text == "unsafe") {
			n = l.next()
		}
		if n.kind != word {
			continue
		}
		name, after := dotted(l, n)
		if after.text == "=" {
			n = l.next()
			name, after = dotted(l, n)
		}
		if after.text == ":" { // global::System
			continue
		}
		if n.kind == word && (after.text == ";" || after.text == "<") {
			names = append(names, name)
		}
	}
	return names
}

// visualBasic finds Imports, with several names and aliases. The language knows no case.
func visualBasic(src []byte) []string {
	var names []string
	for raw := range bytes.Lines(src) {
		line := strings.TrimSpace(string(raw))
		if len(line) < 8 || !strings.EqualFold(line[:7], "imports") || line[7] != ' ' && line[7] != '\t' {
			continue
		}
		line, _, _ = strings.Cut(line[8:], "'")
		for name := range strings.SplitSeq(line, ",") {
			if _, target, ok := strings.Cut(name, "="); ok {
				name = target
			}
			if name = strings.TrimSpace(name); name != "" && name[0] != '<' && !strings.ContainsAny(name, " \t\"") {
				names = append(names, name)
			}
		}
	}
	return names
}

// includes finds #include of C and C++, with either kind of quotes.
func includes(src []byte) []string {
	l := newLexer(grammar{line: []string{"//"}, block: slashes, quotes: append([]quote{{open: `R"(`, close: `)"`, raw: true, lines: true}}, plain...)}, src)
	var names []string
	for t := l.next(); t.kind != end; t = l.next() {
		if t.text != "#" || t.kind != mark || !t.start {
			continue
		}
		if n := l.next(); n.kind != word || n.start || n.text != "include" && n.text != "include_next" && n.text != "import" {
			continue
		}
		rest := bytes.TrimLeft(l.src[l.pos:], " \t")
		line, _, _ := bytes.Cut(rest, []byte{'\n'})
		if len(line) == 0 || line[0] != '<' && line[0] != '"' {
			continue
		}
		closing := map[byte]byte{'<': '>', '"': '"'}[line[0]]
		if i := bytes.IndexByte(line[1:], closing); i > 0 {
			names = append(names, string(line[1:1+i]))
		}
		l.pos = len(l.src) - len(rest) + len(line)
	}
	return names
}

// python finds import and from, wherever they are a statement.
func python(src []byte) []string {
	quotes := []quote{{open: `"""`, close: `"""`, lines: true}, {open: "'''", close: "'''", lines: true}, {open: `"`, close: `"`}, {open: "'", close: "'"}}
	src = bytes.ReplaceAll(bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n")), []byte("\\\n"), []byte(" "))
	l := newLexer(grammar{line: []string{"#"}, quotes: quotes}, src)
	var names []string
	statement := func(t token, before token) bool {
		return t.start || before.kind == mark && (before.text == ";" || before.text == ":")
	}
	depth := 0
	before := token{}
	for t := l.next(); t.kind != end; {
		switch {
		case t.kind == mark && (t.text == "(" || t.text == "[" || t.text == "{"):
			depth++
		case t.kind == mark && (t.text == ")" || t.text == "]" || t.text == "}"):
			depth = max(depth-1, 0)
		case depth > 0 || t.kind != word || !statement(t, before):
		case t.text == "import":
			names, t = pythonImport(l, names)
			before = token{}
			continue
		case t.text == "from":
			n := l.next()
			if n.kind != word { // relative
				before, t = token{}, n
				continue
			}
			name, after := dotted(l, n)
			if after.kind == word && after.text == "import" {
				names = append(names, name)
			}
			before, t = token{kind: word}, after
			if after.text == "import" {
				t = l.next()
			}
			continue
		}
		before, t = t, l.next()
	}
	return names
}

// pythonImport reads a.b, c as d; and returns the token behind it.
func pythonImport(l *lexer, names []string) ([]string, token) {
	for {
		n := l.next()
		if n.kind != word || n.start {
			return names, n
		}
		name, after := dotted(l, n)
		names = append(names, name)
		if after.kind == word && after.text == "as" && !after.start {
			if after = l.next(); after.kind == word {
				after = l.next()
			}
		}
		if after.text != "," || after.start {
			return names, after
		}
	}
}

// ruby finds require, which stands at the beginning of a line or behind a condition.
func ruby(src []byte) []string {
	var names []string
	comment := false
	for raw := range bytes.Lines(src) {
		switch line := strings.TrimRight(string(raw), "\r\n"); {
		case strings.HasPrefix(line, "=begin"):
			comment = true
		case strings.HasPrefix(line, "=end"):
			comment = false
		case line == "__END__" && !comment:
			return names
		case !comment:
			if name, ok := rubyRequire(strings.TrimSpace(line)); ok {
				names = append(names, name)
			}
		}
	}
	return names
}

func rubyRequire(line string) (string, bool) {
	rest, ok := strings.CutPrefix(line, "require")
	if !ok {
		return "", false
	}
	rest = strings.TrimLeft(rest, " \t(")
	if len(rest) < 3 || rest[0] != '\'' && rest[0] != '"' || rest == line[len("require"):] && rest[0] != '\'' && rest[0] != '"' {
		return "", false
	}
	name, _, closed := strings.Cut(rest[1:], rest[:1])
	return name, closed && name != "" && name[0] != '.' && name[0] != '/' && !strings.Contains(name, "#{")
}

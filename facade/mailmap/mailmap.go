// Package mailmap reads .mailmap files: who the names and e-mail addresses of commits stand for.
//
// The tasks of tasks/git call it with the file of a repository's default branch. It is pure, and takes whatever bytes it gets: a line that makes no sense
// says nothing. Its answers are those of `git check-mailmap`: see gitmailmap(5).
//
// Words: an identity is a name and an e-mail address together. A line maps identities by the last address in it, and by the name before that address, if there is one.
package mailmap

import (
	"maps"
	"slices"
	"strings"
)

// Map is a parsed file. The zero value maps everything to itself. It is safe for concurrent use.
type Map struct {
	entries map[string]*entry // by address, folded
}

// entry is what the lines about one address say.
type entry struct {
	target
	names map[string]target // by name, folded
}

// target replaces what is not empty in it.
type target struct{ name, email string }

// Parse reads a file. Later lines win over earlier ones. Like git, it takes a zero byte for the end of the file.
func Parse(file []byte) *Map {
	m := &Map{entries: map[string]*entry{}}
	text, _, _ := strings.Cut(string(file), "\x00")
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "#") {
			m.add(line)
		}
	}
	return m
}

// Len is the number of addresses that the file says something about.
func (m *Map) Len() int { return len(m.entries) }

// Differences are the addresses, as [Fold] writes them, about which the other file says something else.
func (m *Map) Differences(other *Map) []string {
	var list []string
	for address, e := range m.entries {
		if o, ok := other.entries[address]; !ok || e.target != o.target || !maps.Equal(e.names, o.names) {
			list = append(list, address)
		}
	}
	for address := range other.entries {
		if _, ok := m.entries[address]; !ok {
			list = append(list, address)
		}
	}
	slices.Sort(list)
	return list
}

// Lookup is the identity that a name and an address stand for; case does not matter. What the file does not know stands for itself.
func (m *Map) Lookup(name, email string) (mappedName, mappedEmail string) {
	e, ok := m.entries[Fold(email)]
	if !ok {
		return name, email
	}
	t, ok := e.names[Fold(name)]
	if !ok {
		t = e.target
	}
	if t.name != "" {
		name = t.name
	}
	if t.email != "" {
		email = t.email
	}
	return name, email
}

func (m *Map) add(line string) {
	name, email, rest, ok := cut(line)
	if !ok || email == "" {
		return
	}
	to := target{name: name, email: email}
	oldName, oldEmail, _, two := cut(rest)
	if !two {
		oldName, oldEmail = "", email
		to.email = ""
	}
	e := m.entries[Fold(oldEmail)]
	if e == nil {
		e = &entry{}
		m.entries[Fold(oldEmail)] = e
	}
	if oldName != "" {
		if e.names == nil {
			e.names = map[string]target{}
		}
		e.names[Fold(oldName)] = to
		return
	}
	if to.name != "" {
		e.name = to.name
	}
	if to.email != "" {
		e.email = to.email
	}
}

// cut takes the first name and address off a line. The name is what stands before "<", without the space around it.
func cut(line string) (name, email, rest string, ok bool) {
	before, after, ok := strings.Cut(line, "<")
	if !ok {
		return "", "", "", false
	}
	email, rest, ok = strings.Cut(after, ">")
	return strings.Trim(before, " \t\n\r"), email, rest, ok
}

// Fold makes equal what git takes for equal: it knows no case but that of ASCII, and no encoding.
func Fold(s string) string {
	folded := []byte(s)
	for i, b := range folded {
		if b >= 'A' && b <= 'Z' {
			folded[i] = b + 'a' - 'A'
		}
	}
	return string(folded)
}

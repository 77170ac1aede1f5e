package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Registry is the settings of the program: all sections that something reads, and those of Augur that nothing does. It does not change after
// [NewRegistry] and may be shared.
type Registry struct {
	sections []Section
	byPath   map[string]*Setting
}

// NewRegistry puts sections together, and adds those of Augur that no part of the program reads. A section may be served by several structs, each with
// keys of its own. It panics when a key or a struct comes twice.
func NewRegistry(sections ...Section) *Registry {
	r := &Registry{byPath: map[string]*Setting{}}
	types := map[reflect.Type]bool{}
	for _, section := range slices.Concat(sections, legacy()) {
		if types[section.goes] {
			panic("config: " + section.goes.String() + " comes twice")
		}
		types[section.goes] = true
		r.sections = append(r.sections, section)
		for i := range section.settings {
			setting := &section.settings[i]
			if r.byPath[setting.Path()] != nil {
				panic("config: " + setting.Path() + " comes twice")
			}
			r.byPath[setting.Path()] = setting
		}
	}
	return r
}

// Settings lists all keys, by section name; in the order of the structs within one.
func (r *Registry) Settings() []Setting {
	sections := slices.Clone(r.sections)
	slices.SortStableFunc(sections, func(a, b Section) int { return strings.Compare(a.name, b.name) })
	var all []Setting
	for _, section := range sections {
		all = append(all, section.settings...)
	}
	return all
}

// Setting finds a key by section and name, both as they are written.
func (r *Registry) Setting(section, name string) (Setting, bool) {
	s := r.byPath[section+"."+name]
	if s == nil {
		return Setting{}, false
	}
	return *s, true
}

// Knows tells whether some struct serves the section.
func (r *Registry) Knows(section string) bool {
	return slices.ContainsFunc(r.sections, func(s Section) bool { return s.name == section })
}

// suggest finds the key that somebody may have meant, or returns "".
func (r *Registry) suggest(section, name string) string {
	path := strings.ToLower(section + "." + name)
	best, distance := "", 3
	for _, s := range r.Settings() {
		if d := editDistance(path, strings.ToLower(s.Path())); d < distance {
			best, distance = s.Path(), d
		}
		// The right key in the wrong section.
		if best == "" && strings.EqualFold(s.Name, name) {
			best = s.Path()
		}
	}
	return best
}

// didYouMean is the end of a sentence about an unknown key.
func (r *Registry) didYouMean(section, name string) string {
	if meant := r.suggest(section, name); meant != "" {
		return fmt.Sprintf("; did you mean %s?", meant)
	}
	return ""
}

// editDistance counts the insertions, deletions and replacements of bytes between two short texts.
func editDistance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return 100
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

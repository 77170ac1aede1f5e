package config

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strings"
)

// row is one row of the table. A NULL value has null set; a NULL type is str.
type row struct {
	section, name, value, typ string
	null                      bool
}

func (r row) path() string { return r.section + "." + r.name }

// Problem is a row whose value makes no sense, and therefore has no effect.
type Problem struct {
	Section string `json:"section"`
	Setting string `json:"setting"`
	// Reason is a phrase such as `must be 0 or 1 (got "maybe")`. It never holds a secret and quotes at most the beginning of a value.
	Reason string `json:"reason"`
	// InEffect is the value that is used instead, as text of the table; REDACTED for secrets.
	InEffect string `json:"in_effect"`

	fingerprint uint64 // of the value, to tell one bad value from the next
}

// String is `Section.setting: reason`.
func (p Problem) String() string { return p.Section + "." + p.Setting + ": " + p.Reason }

// Unused is a row that nothing reads.
type Unused struct {
	Section string `json:"section"`
	Setting string `json:"setting"`
	Reason  string `json:"reason"`
	// Unknown is set when no struct has the key, so that it may be a slip of the pen.
	Unknown bool `json:"unknown"`
	// Default is set when the row has the value that it was made with.
	Default bool `json:"default"`
}

// snapshot is the values of all sections at one time. It does not change.
type snapshot struct {
	sections map[reflect.Type]reflect.Value
	typed    map[reflect.Type]any // the same, boxed once, so that readers do not allocate
	problems []Problem
	unused   []Unused
}

var seed = maphash.MakeSeed()

// evaluate turns rows into values. What makes no sense falls back to before, or to the default when before is nil.
func (r *Registry) evaluate(rows []row, before *snapshot) *snapshot {
	next := &snapshot{sections: map[reflect.Type]reflect.Value{}, typed: map[reflect.Type]any{}}
	byPath := make(map[string]row, len(rows))
	for _, row := range rows {
		byPath[row.path()] = row
		next.unused = append(next.unused, r.unusedRow(row)...)
	}
	for _, section := range r.sections {
		old := section.defaults
		if before != nil {
			old = before.sections[section.goes]
		}
		e := evaluation{section: section, old: old, rows: byPath, faults: map[string]string{}}
		next.sections[section.goes] = e.run()
		next.typed[section.goes] = next.sections[section.goes].Interface()
		next.problems = append(next.problems, e.problems(next.sections[section.goes])...)
	}
	slices.SortFunc(next.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Section, b.Section), strings.Compare(a.Setting, b.Setting))
	})
	return next
}

func (r *Registry) unusedRow(row row) []Unused {
	setting, known := r.Setting(row.section, row.name)
	switch {
	case !known && !r.Knows(row.section):
		return []Unused{{Section: row.section, Setting: row.name, Reason: "no section of this program", Unknown: true}}
	case !known:
		return []Unused{{
			Section: row.section, Setting: row.name,
			Reason: "no setting of this section" + r.didYouMean(row.section, row.name), Unknown: true,
		}}
	case setting.Unused != "":
		return []Unused{{Section: row.section, Setting: row.name, Reason: setting.Unused, Default: row.null || row.value == setting.Default}}
	}
	return nil
}

// evaluation is the way of one section from rows to a value.
type evaluation struct {
	section Section
	old     reflect.Value
	rows    map[string]row
	faults  map[string]string // reasons by the setting's name
}

func (e *evaluation) run() reflect.Value {
	value := reflect.New(e.section.goes).Elem()
	for i := range e.section.settings {
		e.setOne(value, &e.section.settings[i])
	}
	err := validate(value)
	if err == nil {
		return value
	}
	blamed := e.blame(err)
	for i := range e.section.settings {
		if setting := &e.section.settings[i]; blamed[setting.Name] {
			value.FieldByIndex(setting.index).Set(e.old.FieldByIndex(setting.index))
		}
	}
	if validate(value) == nil {
		return value
	}
	// Without what was named it still makes no sense: nothing of this section changes.
	for i := range e.section.settings {
		setting := &e.section.settings[i]
		is, was := value.FieldByIndex(setting.index), e.old.FieldByIndex(setting.index)
		if e.faults[setting.Name] == "" && setting.render(is) != setting.render(was) {
			e.faults[setting.Name] = "waits until the other problems of the section are solved"
		}
	}
	return e.old
}

func (e *evaluation) setOne(value reflect.Value, setting *Setting) {
	field := value.FieldByIndex(setting.index)
	row, ok := e.rows[setting.Path()]
	if !ok || row.null {
		field.Set(e.section.defaults.FieldByIndex(setting.index))
		return
	}
	if err := setting.set(field, row.value); err != nil {
		e.faults[setting.Name] = err.Error()
		field.Set(e.old.FieldByIndex(setting.index))
	}
}

// blame notes what Validate reported and returns the settings that it named. A fault that names none is laid to the first setting that has a row.
func (e *evaluation) blame(err error) map[string]bool {
	blamed := map[string]bool{}
	for _, fault := range flatten(err) {
		name, reason := e.named(fault.Error())
		if e.faults[name] == "" {
			e.faults[name] = reason
		}
		blamed[name] = true
	}
	return blamed
}

func (e *evaluation) named(fault string) (name, reason string) {
	for i := range e.section.settings {
		setting := &e.section.settings[i]
		if rest, ok := strings.CutPrefix(fault, setting.Path()+": "); ok {
			return setting.Name, e.censor(setting, rest)
		}
	}
	for i := range e.section.settings {
		if _, ok := e.rows[e.section.settings[i].Path()]; ok {
			return e.section.settings[i].Name, fault
		}
	}
	return e.section.settings[0].Name, fault
}

// censor is the net under a Validate that quotes a secret.
func (e *evaluation) censor(setting *Setting, reason string) string {
	if value := strings.TrimSpace(e.rows[setting.Path()].value); setting.Secret && value != "" {
		return strings.ReplaceAll(reason, value, Redacted)
	}
	return reason
}

func (e *evaluation) problems(inEffect reflect.Value) []Problem {
	var found []Problem
	for i := range e.section.settings {
		setting := &e.section.settings[i]
		reason, ok := e.faults[setting.Name]
		if !ok {
			continue
		}
		found = append(found, Problem{
			Section: e.section.name, Setting: setting.Name, Reason: hidePasswords(reason),
			InEffect:    show(setting, setting.render(inEffect.FieldByIndex(setting.index))),
			fingerprint: maphash.String(seed, e.rows[setting.Path()].value),
		})
	}
	return found
}

// flatten takes joined errors apart.
func flatten(err error) []error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, flatten(one)...)
	}
	return all
}

// changes lists the settings whose values differ between two snapshots.
func (r *Registry) changes(before, after *snapshot) []change {
	var all []change
	for _, section := range r.sections {
		was, is := before.sections[section.goes], after.sections[section.goes]
		for i := range section.settings {
			setting := &section.settings[i]
			a, b := setting.render(was.FieldByIndex(setting.index)), setting.render(is.FieldByIndex(setting.index))
			if a != b {
				all = append(all, change{setting: setting, value: show(setting, b)})
			}
		}
	}
	return all
}

// change is a setting with its new value as it may be shown.
type change struct {
	setting *Setting
	value   string
}

// show is a value as messages show it.
func show(setting *Setting, value string) string {
	if setting.Secret && value != "" {
		return Redacted
	}
	if len(value) > maxShown {
		return fmt.Sprintf("%s (%d bytes)", quote(value), len(value))
	}
	return hidePasswords(value)
}

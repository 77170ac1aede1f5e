package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// ErrUnknown is returned by [Get] and [GetSection] for what neither the table nor the program knows.
var ErrUnknown = errors.New("no such setting")

// InitOptions of [Init]. The zero value writes defaults where there is nothing.
type InitOptions struct {
	// Values by `Section.setting`, instead of the defaults.
	Values map[string]string
	// Force overwrites what is there. Secrets that are not among Values stay all the same.
	Force bool
}

// Init writes every setting of the registry into the table: the given values, else the defaults. What is there stays, unless forced; a row whose
// value is NULL holds nothing, so a given value fills it. When a given value makes no sense nothing is written, and all faults are
// reported at once. Many processes may do it at the same time.
func Init(ctx context.Context, pool Beginner, reg *Registry, o InitOptions) (Report, error) {
	var notApplied, warnings []string
	report, err := apply(ctx, pool, reg, func(e *edit) {
		for _, setting := range reg.Settings() {
			_, given := o.Values[setting.Path()]
			if !given {
				e.initDefault(setting, o)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(o.Values)) {
			section, name, _ := strings.Cut(path, ".")
			if !e.initGiven(section, name, o) {
				notApplied = append(notApplied, path)
			}
			warnings = append(warnings, reg.warnings(section, name)...)
		}
	})
	if err != nil {
		return Report{}, err
	}
	report.NotApplied, report.Warnings = notApplied, warnings
	return report, nil
}

func (e *edit) initDefault(setting Setting, o InitOptions) {
	to := row{section: setting.Section, name: setting.Name, value: setting.Default, typ: setting.Type}
	old, exists := e.before[to.key()]
	if exists && (!o.Force || setting.Secret && old.value != "") {
		return
	}
	e.set(to)
}

// initGiven tells whether the value is the row's value then.
func (e *edit) initGiven(section, name string, o InitOptions) bool {
	to := row{section: section, name: name, value: o.Values[section+"."+name], typ: e.reg.typeOf(section, name)}
	if old, exists := e.before[to.key()]; exists && !old.null && !o.Force {
		return old.value == to.value
	}
	e.set(to)
	return true
}

// typeOf is the type of a new row.
func (r *Registry) typeOf(section, name string) string {
	if setting, known := r.Setting(section, name); known {
		return setting.Type
	}
	return typeStr
}

// warnings are the sentences about a setting that has no effect.
func (r *Registry) warnings(section, name string) []string {
	setting, known := r.Setting(section, name)
	switch {
	case !known:
		return []string{fmt.Sprintf("%.200s.%.200s: nothing reads this setting%s", section, name, r.didYouMean(section, name))}
	case setting.Unused != "":
		return []string{fmt.Sprintf("%s: has no effect: %s", setting.Path(), setting.Unused)}
	}
	return nil
}

// Value is a setting as the table has it.
type Value struct {
	Section string `json:"section"`
	Setting string `json:"setting"`
	// Value is the stored text, or the default; REDACTED for secrets, and without the passwords of URLs.
	Value string `json:"value"`
	Type  string `json:"type"`
	// Default is set when the table has no row or no value.
	Default bool   `json:"default"`
	Effect  Effect `json:"takes_effect,omitempty"`
	// Unused says why nothing reads it.
	Unused string `json:"unused,omitempty"`
	// Problem says why the stored value is not in effect.
	Problem string `json:"problem,omitempty"`

	text Secret
}

// Reveal is the text as it is.
func (v Value) Reveal() string { return v.text.Reveal() }

// Set writes one value, when it makes sense together with the rest of its section. An existing row keeps its type; a new one has the setting's type, or
// str. A setting that nothing reads may be written; the report warns.
func Set(ctx context.Context, pool Beginner, reg *Registry, section, name, value string) (Value, Report, error) {
	report, err := apply(ctx, pool, reg, func(e *edit) {
		if value == Redacted && reg.secret(section, name) {
			e.faults = append(e.faults, fmt.Errorf("%s.%s: REDACTED is what a secret is shown as", section, name))
		}
		e.set(row{section: section, name: name, value: value, typ: reg.typeOf(section, name)})
	})
	if err != nil {
		return Value{}, Report{}, err
	}
	report.Kept, report.Warnings = nil, reg.warnings(section, name)
	setting, _ := reg.Setting(section, name)
	return Value{
		Section: section, Setting: name, Value: reg.shown(section, name, value), Type: reg.typeOf(section, name),
		Effect: setting.Effect, Unused: setting.Unused, text: NewSecret(value),
	}, report, nil
}

// Get is one setting, from the table or else the default. It returns [ErrUnknown] when there is none.
func Get(ctx context.Context, tx db.DBTX, reg *Registry, section, name string) (Value, error) {
	values, err := Values(ctx, tx, reg)
	if err != nil {
		return Value{}, err
	}
	for _, v := range values {
		if v.Section == section && v.Setting == name {
			return v, nil
		}
	}
	return Value{}, fmt.Errorf("%.200s.%.200s: %w%s", section, name, ErrUnknown, reg.didYouMean(section, name))
}

// GetSection is all settings of a section, by name. It returns [ErrUnknown] when there are none.
func GetSection(ctx context.Context, tx db.DBTX, reg *Registry, section string) ([]Value, error) {
	values, err := Values(ctx, tx, reg)
	if err != nil {
		return nil, err
	}
	values = slices.DeleteFunc(values, func(v Value) bool { return v.Section != section })
	if len(values) == 0 {
		return nil, fmt.Errorf("section %.200q: %w", section, ErrUnknown)
	}
	return values, nil
}

// Values is every setting of the program and of the table, by section and name.
func Values(ctx context.Context, tx db.DBTX, reg *Registry) ([]Value, error) {
	rows, err := readRows(ctx, tx, math.MaxInt32)
	if err != nil {
		return nil, err
	}
	all := map[key]row{}
	for _, s := range reg.Settings() {
		r := row{section: s.Section, name: s.Name, typ: s.Type, null: true}
		all[r.key()] = r
	}
	for _, r := range rows {
		all[r.key()] = r
	}
	problems := map[key]string{}
	for _, p := range reg.evaluate(rows, nil).problems {
		problems[key{section: p.Section, name: p.Setting}] = p.Reason
	}
	values := make([]Value, 0, len(all))
	for _, k := range slices.SortedFunc(maps.Keys(all), compareKeys) {
		v := reg.value(all[k])
		v.Problem = problems[k]
		values = append(values, v)
	}
	return values, nil
}

func (r *Registry) value(from row) Value {
	setting, known := r.Setting(from.section, from.name)
	v := Value{
		Section: from.section, Setting: from.name, Type: from.typ, Default: from.null,
		Effect: setting.Effect, Unused: setting.Unused,
	}
	text := from.value
	if from.null {
		text = setting.Default
	}
	if !known {
		v.Unused = "nothing reads this setting"
	}
	v.Value, v.text = r.shown(from.section, from.name, text), NewSecret(text)
	return v
}

// Clear removes all settings, secrets too: the defaults are in effect then.
func Clear(ctx context.Context, pool Beginner) (removed int64, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		queries := db.New()
		if err := queries.LockSettings(ctx, tx); err != nil {
			return readError(err)
		}
		if removed, err = queries.ClearSettings(ctx, tx); err != nil {
			return fmt.Errorf("clear settings: %w", err)
		}
		// The ids are smallints: some hundred rounds of clear and init would use them up. Unlike setval, this is undone by a rollback.
		if _, err = tx.Exec(ctx, "ALTER SEQUENCE augur_operations.config_id_seq RESTART"); err != nil {
			return fmt.Errorf("restart the numbers of settings: %w", err)
		}
		return nil
	})
	return removed, err
}

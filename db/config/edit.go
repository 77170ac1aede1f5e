package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// Beginner starts a transaction, or a savepoint in one: a pool, a connection or a transaction.
type Beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

// Report says what a command did to the table; paths are `Section.setting`, in order.
type Report struct {
	Inserted    []string `json:"inserted,omitempty"`
	Overwritten []string `json:"overwritten,omitempty"`
	Kept        []string `json:"kept,omitempty"`
	Deleted     []string `json:"deleted,omitempty"`
	// NotApplied are the settings among Kept for which another value was given.
	NotApplied []string `json:"not_applied,omitempty"`
	// Warnings are sentences about what is allowed but looks like a mistake.
	Warnings []string `json:"warnings,omitempty"`
}

// key identifies a row.
type key struct{ section, name string }

func (k key) path() string { return k.section + "." + k.name }

func (r row) key() key { return key{section: r.section, name: r.name} }

func compareKeys(a, b key) int {
	return cmp.Or(strings.Compare(a.section, b.section), strings.Compare(a.name, b.name))
}

// edit is a change of the table: it is planned in memory, checked as a whole, and then written in one transaction.
type edit struct {
	reg    *Registry
	before map[key]row
	after  map[key]row
	put    map[key]bool
	faults []error
}

// apply runs plan on the table as it is, and writes what comes out when it makes sense. Writers wait for one another.
func apply(ctx context.Context, pool Beginner, reg *Registry, plan func(*edit)) (Report, error) {
	var report Report
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := db.New().LockSettings(ctx, tx); err != nil {
			return readError(err)
		}
		rows, err := readRows(ctx, tx, maxValue+1)
		if err != nil {
			return err
		}
		e := &edit{reg: reg, before: map[key]row{}, put: map[key]bool{}}
		for _, row := range rows {
			e.before[row.key()] = row
		}
		e.after = maps.Clone(e.before)
		plan(e)
		if err := e.check(); err != nil {
			return err
		}
		report, err = e.write(ctx, tx)
		return err
	})
	return report, err
}

// set plans a value. The row keeps its type, if it exists.
func (e *edit) set(to row) {
	k := to.key()
	if old, exists := e.before[k]; exists {
		to.typ = old.typ
		if !to.null && to.value == e.reg.shown(old.section, old.name, old.value) {
			// What AllJSON shows comes back: REDACTED, or a URL without its password.
			to.value, to.null = old.value, old.null
		}
	}
	e.after[k], e.put[k] = to, true
}

// drop plans to remove a row.
func (e *edit) drop(k key) { delete(e.after, k) }

// check reports every fault of what was set, and every value that makes no sense because of it.
func (e *edit) check() error {
	faults := e.faults
	for _, k := range slices.SortedFunc(maps.Keys(e.put), compareKeys) {
		if err := e.checkRow(e.after[k]); err != nil {
			faults = append(faults, fmt.Errorf("%.200s: %w", k.path(), err))
		}
	}
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	old := e.reg.evaluate(slices.Collect(maps.Values(e.before)), nil).problems
	for _, p := range e.reg.evaluate(slices.Collect(maps.Values(e.after)), nil).problems {
		if e.put[key{section: p.Section, name: p.Setting}] || !slices.ContainsFunc(old, p.same) {
			faults = append(faults, errors.New(p.String()))
		}
	}
	return errors.Join(faults...)
}

// checkRow is what can be asked of any row. Those of known settings are checked in their sections.
func (e *edit) checkRow(r row) error {
	if err := checkName("section", r.section); err != nil {
		return err
	}
	if err := checkName("setting", r.name); err != nil {
		return err
	}
	if strings.Contains(r.section, ".") {
		return errors.New("the name of a section must not contain a dot")
	}
	if r.value == Redacted && e.reg.secret(r.section, r.name) {
		return errors.New("REDACTED stands for a secret, and there is none in the table")
	}
	if _, known := e.reg.Setting(r.section, r.name); known || r.null {
		return nil
	}
	return checkType(r.typ, r.value)
}

func checkName(what, name string) error {
	switch {
	case name == "":
		return fmt.Errorf("the name of the %s must not be empty", what)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || utf8.RuneCountInString(name) > 200:
		return fmt.Errorf("the name of the %s must be at most 200 characters of UTF-8 without control characters", what)
	}
	return nil
}

// write does what is planned, and tells about it.
func (e *edit) write(ctx context.Context, tx pgx.Tx) (Report, error) {
	var report Report
	var inserts db.InsertSettingsParams
	var updates db.UpdateSettingsParams
	var deletes db.DeleteSettingsParams
	keys := maps.Clone(e.before)
	maps.Copy(keys, e.after)
	for _, k := range slices.SortedFunc(maps.Keys(keys), compareKeys) {
		old, had := e.before[k]
		to, has := e.after[k]
		switch {
		case !has:
			report.Deleted = append(report.Deleted, k.path())
			deletes.SectionNames, deletes.SettingNames = append(deletes.SectionNames, k.section), append(deletes.SettingNames, k.name)
		case !had:
			report.Inserted = append(report.Inserted, k.path())
			inserts.SectionNames, inserts.SettingNames = append(inserts.SectionNames, k.section), append(inserts.SettingNames, k.name)
			inserts.Values, inserts.Nulls, inserts.Types = append(inserts.Values, to.value), append(inserts.Nulls, to.null), append(inserts.Types, to.typ)
		case to != old:
			report.Overwritten = append(report.Overwritten, k.path())
			updates.SectionNames, updates.SettingNames = append(updates.SectionNames, k.section), append(updates.SettingNames, k.name)
			updates.Values, updates.Nulls = append(updates.Values, to.value), append(updates.Nulls, to.null)
		default:
			report.Kept = append(report.Kept, k.path())
		}
	}
	queries := db.New()
	_, deleteErr := queries.DeleteSettings(ctx, tx, deletes)
	if deleteErr != nil {
		return Report{}, fmt.Errorf("delete settings: %w", deleteErr)
	}
	if _, err := queries.UpdateSettings(ctx, tx, updates); err != nil {
		return Report{}, fmt.Errorf("update settings: %w", err)
	}
	if _, err := queries.InsertSettings(ctx, tx, inserts); err != nil {
		return Report{}, fmt.Errorf("insert settings: %w", err)
	}
	return report, nil
}

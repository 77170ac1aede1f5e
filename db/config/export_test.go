package config

import (
	"context"
	"log/slog"
)

// Row is a row of the table, for tests without one.
type Row struct {
	Section, Setting, Value, Type string
	Null                          bool
}

// FromRows is a store with the given rows, as Read makes it.
func FromRows(reg *Registry, log *slog.Logger, rows ...Row) *Store {
	return newStore(reg, log, reg.evaluate(toRows(rows), nil))
}

// Replace is what happens when the table has these rows now.
func (s *Store) Replace(ctx context.Context, rows ...Row) { s.replace(ctx, toRows(rows)) }

func toRows(given []Row) []row {
	rows := make([]row, len(given))
	for i, r := range given {
		rows[i] = row{section: r.Section, name: r.Setting, value: r.Value, typ: r.Type, null: r.Null}
	}
	return rows
}

// Render is the value that is in effect as text of the table.
func Render(reg *Registry, s *Store, name string) string {
	for _, section := range reg.sections {
		for i := range section.settings {
			if setting := &section.settings[i]; setting.Section == "Sample" && setting.Name == name {
				return setting.render(s.now.Load().sections[section.goes].FieldByIndex(setting.index))
			}
		}
	}
	return ""
}

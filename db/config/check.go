package config

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"augur/db"
)

// Findings are what [Check] found.
type Findings struct {
	// Problems are values that have no effect. A command that finds some ends with status 1.
	Problems []Problem `json:"problems"`
	// Unused are rows that nothing reads.
	Unused []Unused `json:"unused"`
	// Notes are sentences about rows that work but look odd.
	Notes []string `json:"notes,omitempty"`
}

// Check looks at the whole table. Looks are what the caller wants checked beyond it, such as whether a directory exists; they get the values that are
// in effect, so a setting that is a problem already is not looked at twice.
func Check(ctx context.Context, tx db.DBTX, reg *Registry, looks ...func(context.Context, *Store) []Problem) (Findings, error) {
	rows, err := readRows(ctx, tx, maxValue+1)
	if err != nil {
		return Findings{}, err
	}
	snapshot := reg.evaluate(rows, nil)
	found := Findings{Problems: snapshot.problems, Unused: snapshot.unused, Notes: reg.notes(rows)}
	store := newStore(reg, slog.New(slog.DiscardHandler), snapshot)
	for _, look := range looks {
		found.Problems = append(found.Problems, look(ctx, store)...)
	}
	slices.SortStableFunc(found.Problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Section, b.Section), strings.Compare(a.Setting, b.Setting))
	})
	return found, nil
}

func (r *Registry) notes(rows []row) []string {
	var notes []string
	for _, row := range rows {
		setting, known := r.Setting(row.section, row.name)
		if known && row.typ != setting.Type && !row.null {
			notes = append(notes, fmt.Sprintf("%s: is of type %.80q in the table, where %s is usual; the value is read all the same",
				setting.Path(), row.typ, setting.Type))
		}
	}
	return notes
}

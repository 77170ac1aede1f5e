package apikey

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"augur/db"
)

// KeyState is how a key stands.
type KeyState struct {
	// Name is the masked key; empty where only the ledger was asked.
	Name        string                 `json:"name,omitempty"`
	Fingerprint string                 `json:"fingerprint"`
	Source      string                 `json:"source"`
	Account     string                 `json:"account,omitempty"`
	Budgets     map[string]BudgetState `json:"budgets"`
	// DuplicateOf is the source of the key whose limits this one shares; it is not used then.
	DuplicateOf string `json:"duplicate_of,omitempty"`
	// Refused is why the platform does not accept the key.
	Refused string `json:"refused,omitempty"`
	// Fault is why it is not known what the key has.
	Fault      string     `json:"fault,omitempty"`
	RestsUntil *time.Time `json:"rests_until,omitempty"`
}

// BudgetState is how a budget stands.
type BudgetState struct {
	Limit     int `json:"limit"`
	Remaining int `json:"remaining"`
	// Taken is what processes hold of it.
	Taken int `json:"taken"`
	// ResetAt is when the window ends; nil: not known, or over.
	ResetAt *time.Time `json:"reset_at,omitempty"`
}

// Usable tells whether requests are made with the key.
func (s KeyState) Usable() bool { return s.DuplicateOf == "" && s.Refused == "" && s.Fault == "" }

// Check asks the platform about every key, those included that were refused before, and tells the ledger: a key that works again is used again. It
// returns the usable keys with most left first, then the others.
func (p *Pool) Check(ctx context.Context) ([]KeyState, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if err := p.list(ctx); err != nil {
		return nil, err
	}
	var names []string
	for _, c := range p.listing {
		if !slices.Contains(names, c.Fingerprint) {
			names = append(names, c.Fingerprint)
		}
	}
	if err := p.ask(ctx, names); err != nil {
		return nil, err
	}
	rows, err := p.queries.Budgets(ctx, p.db, db.BudgetsParams{Platform: p.options.Platform, Fingerprints: names})
	if err != nil {
		return nil, fmt.Errorf("read the budgets: %w", err)
	}
	known := map[string]KeyState{}
	for _, state := range states(rows) {
		if failure := p.failed[state.Fingerprint]; failure != nil {
			state.Fault = failure.err.Error()
		}
		known[state.Fingerprint] = state
	}
	found := make([]KeyState, 0, len(p.listing))
	for _, c := range p.listing {
		state := known[c.Fingerprint]
		if slices.ContainsFunc(found, func(s KeyState) bool { return s.Fingerprint == c.Fingerprint }) {
			state.DuplicateOf = state.Source
		}
		state.Name, state.Source = c.Name, c.Source
		found = append(found, state)
	}
	resource := p.options.Resources[0]
	slices.SortStableFunc(found, func(a, b KeyState) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Budgets[resource].Remaining, a.Budgets[resource].Remaining))
	})
	return found, nil
}

func rank(s KeyState) int {
	switch {
	case s.Refused != "":
		return 3
	case s.Fault != "":
		return 2
	case s.DuplicateOf != "":
		return 1
	}
	return 0
}

// states puts the rows of each key together, the longest known first.
func states(rows []db.BudgetsRow) []KeyState {
	var all []KeyState
	owners := map[string]string{} // of an account: the source of the key that is used
	for i, row := range rows {
		if i == 0 || rows[i-1].Fingerprint != row.Fingerprint {
			s := KeyState{Fingerprint: row.Fingerprint, Source: row.Source, Account: row.Account, Refused: row.DisabledReason, Budgets: map[string]BudgetState{}}
			if rests(row.Now, row) {
				s.RestsUntil = row.BlockedUntil
			}
			if s.Account != "" && s.Refused == "" {
				if s.DuplicateOf = owners[s.Account]; s.DuplicateOf == "" {
					owners[s.Account] = s.Source
				}
			}
			all = append(all, s)
		}
		b := BudgetState{Limit: int(row.PointsLimit), Remaining: int(row.Remaining), Taken: int(row.Outstanding)}
		if row.ResetAt != nil && row.ResetAt.After(row.Now) {
			b.ResetAt = row.ResetAt
		}
		all[len(all)-1].Budgets[row.Resource] = b
	}
	return all
}

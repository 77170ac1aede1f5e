package apikey

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	at := func(d time.Duration) *time.Time { moment := now.Add(d); return &moment }
	row := func(key string, remaining, outstanding int32, change func(*db.BudgetsRow)) db.BudgetsRow {
		r := db.BudgetsRow{Fingerprint: key, PointsLimit: 5000, Remaining: remaining, Outstanding: outstanding, ResetAt: at(30 * time.Minute)}
		if change != nil {
			change(&r)
		}
		return r
	}
	unknownYet := func(r *db.BudgetsRow) { r.ResetAt = nil }
	over := func(r *db.BudgetsRow) { r.ResetAt = at(-time.Second) }
	refused := func(r *db.BudgetsRow) { r.DisabledAt = at(-time.Hour) }
	rests := func(d time.Duration) func(*db.BudgetsRow) { return func(r *db.BudgetsRow) { r.BlockedUntil = at(d) } }
	ann := func(r *db.BudgetsRow) { r.Account = "ann" }
	rows := func(all ...db.BudgetsRow) []db.BudgetsRow { return all }
	const block, reserve = 50, 100
	for name, test := range map[string]struct {
		rows []db.BudgetsRow
		d    demand
		want decision
	}{
		"the key with most left":            {rows(row("a", 1000, 0, nil), row("b", 2000, 500, nil)), demand{}, decision{key: "b", points: 50}},
		"what others hold is not there":     {rows(row("a", 1000, 0, nil), row("b", 2000, 1500, nil)), demand{}, decision{key: "a", points: 50}},
		"a part of what is left":            {rows(row("a", 140, 0, nil)), demand{}, decision{key: "a", points: 10}},
		"the last point above the reserve":  {rows(row("a", 101, 0, nil)), demand{}, decision{key: "a", points: 1}},
		"not the reserve":                   {rows(row("a", 100, 0, nil)), demand{}, decision{until: now.Add(30*time.Minute + settle), why: spent}},
		"what others may give back":         {rows(row("a", 120, 20, nil)), demand{}, decision{until: now.Add(returnWait), why: spent}},
		"a query that costs more":           {rows(row("a", 109, 0, nil)), demand{need: 10}, decision{until: now.Add(30*time.Minute + settle), why: spent}},
		"half of a budget that is small":    {rows(row("a", 30, 0, func(r *db.BudgetsRow) { r.PointsLimit = 30 })), demand{}, decision{key: "a", points: 3}},
		"the pin, not the best":             {rows(row("a", 1000, 0, nil), row("b", 200, 0, nil)), demand{pin: "b"}, decision{key: "b", points: 25}},
		"a pin that is out for a moment":    {rows(row("a", 1000, 0, nil), row("b", 200, 0, rests(time.Minute))), demand{pin: "b"}, decision{until: now.Add(time.Minute), why: resting}},
		"a pin that is out for long":        {rows(row("a", 1000, 0, nil), row("b", 200, 0, rests(2*time.Minute))), demand{pin: "b"}, decision{key: "a", points: 50}},
		"a pin that was refused":            {rows(row("a", 1000, 0, nil), row("b", 200, 0, refused)), demand{pin: "b"}, decision{key: "a", points: 50}},
		"a pin that is gone":                {rows(row("a", 1000, 0, nil)), demand{pin: "b"}, decision{key: "a", points: 50}},
		"a pin of which nothing is known":   {rows(row("a", 1000, 0, nil), row("b", 0, 0, over)), demand{pin: "b"}, decision{ask: []string{"b"}}},
		"keys of which nothing is known":    {rows(row("a", 0, 0, unknownYet), row("b", 0, 0, over), row("c", 900, 0, nil)), demand{}, decision{ask: []string{"a", "b"}}},
		"asked in vain":                     {rows(row("a", 0, 0, unknownYet), row("c", 900, 0, nil)), demand{inVain: []string{"a"}}, decision{key: "c", points: 50}},
		"all asked in vain":                 {rows(row("a", 0, 0, unknownYet)), demand{inVain: []string{"a"}}, decision{until: now.Add(returnWait), why: unknown}},
		"busy keys are left out":            {rows(row("a", 1000, 0, nil), row("b", 200, 0, nil)), demand{avoid: []string{"a"}}, decision{key: "b", points: 25}},
		"only busy keys":                    {rows(row("a", 1000, 0, nil)), demand{avoid: []string{"a"}}, decision{until: now.Add(returnWait), why: saturated}},
		"the first to come back":            {rows(row("a", 100, 0, nil), row("b", 900, 0, rests(time.Minute))), demand{}, decision{until: now.Add(time.Minute), why: resting}},
		"two keys that rest":                {rows(row("a", 900, 0, rests(time.Minute)), row("b", 900, 0, rests(time.Hour)), row("c", 900, 0, nil)), demand{}, decision{until: now.Add(time.Hour), why: resting}},
		"two keys of one account that rest": {rows(row("a", 900, 0, func(r *db.BudgetsRow) { ann(r); rests(time.Minute)(r) }), row("b", 900, 0, func(r *db.BudgetsRow) { ann(r); rests(time.Hour)(r) }), row("c", 900, 0, nil)), demand{}, decision{key: "c", points: 50}},
		"one key of an account":             {rows(row("a", 100, 0, ann), row("b", 900, 0, ann)), demand{}, decision{until: now.Add(30*time.Minute + settle), why: spent}},
		"the next key of an account whose first was refused": {
			rows(row("a", 900, 0, func(r *db.BudgetsRow) { ann(r); refused(r) }), row("b", 900, 0, ann)), demand{}, decision{key: "b", points: 50},
		},
		"every key was refused":          {rows(row("a", 900, 0, refused)), demand{}, decision{until: now.Add(noKeyWait), why: disabled}},
		"refused a day ago":              {rows(row("a", 900, 0, func(r *db.BudgetsRow) { r.DisabledAt = at(-25 * time.Hour) })), demand{}, decision{ask: []string{"a"}}},
		"no key":                         {nil, demand{}, decision{until: now.Add(noKeyWait), why: noKeys}},
		"more was used than there was":   {rows(row("a", -7, 0, nil)), demand{}, decision{until: now.Add(30*time.Minute + settle), why: spent}},
		"a reset that is just about now": {rows(row("a", 0, 0, func(r *db.BudgetsRow) { r.ResetAt = at(0) })), demand{}, decision{ask: []string{"a"}}},
	} {
		d := test.d
		d.need, d.block, d.reserve = max(d.need, 1), block, reserve
		require.Equal(t, test.want, choose(now, test.rows, d), name)
	}
}

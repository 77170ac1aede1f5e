package apikey

import (
	"slices"
	"time"

	"augur/db"
)

// How long things last that the ledger decides.
const (
	// pinPatience is how long a repository waits for the key that it is pinned to, rather than losing its ETags with another.
	pinPatience = time.Minute
	// noKeyWait is how often jobs look whether there is a key at last.
	noKeyWait = time.Minute
	// returnWait is how soon another process may have given points back.
	returnWait = 15 * time.Second
	// disabledFor is after which time a key that was refused is tried again.
	disabledFor = 24 * time.Hour
	// settle is added to the end of a window, so that it is over for the platform, too.
	settle = time.Second
)

// demand is what somebody wants from the ledger.
type demand struct {
	resource string
	need     int // points of the request
	block    int // points to take at once, if there are enough
	reserve  int
	pin      string   // the key to stay with, if it can be
	avoid    []string // keys that are busy
	inVain   []string // keys that were asked for their budgets just now, without an answer
}

// decision is what to do about a demand: take points of a key; or first ask keys what they have; or come again at a time.
type decision struct {
	key    string
	points int
	ask    []string
	until  time.Time
	why    reason
}

// reason says why there is nothing to take.
type reason int

const (
	spent     reason = iota // every key has used up its budget
	resting                 // keys were used too fast
	noKeys                  // there is none
	disabled                // every key was refused
	unknown                 // the platform does not say what they have
	saturated               // only busy keys are left
)

// choose decides about a demand from what the ledger says, the longest known key first. All rows are of the demand's resource.
func choose(now time.Time, rows []db.BudgetsRow, d demand) decision {
	usable := distinct(now, rows)
	if len(usable) == 0 {
		return decision{until: now.Add(noKeyWait), why: whyNone(rows)}
	}
	if until, limited := addressRests(now, usable); limited {
		return decision{until: until, why: resting}
	}
	var best, pinned *standing
	var ask []string
	out := decision{why: saturated, until: now.Add(returnWait)}
	for _, row := range usable {
		at := stand(now, row, d)
		if row.Fingerprint == d.pin {
			pinned = &at
		}
		switch {
		case !at.known:
			ask = append(ask, row.Fingerprint)
		case !at.back.IsZero():
			if out.why == saturated || at.back.Before(out.until) {
				out.until, out.why = at.back, at.why
			}
		case slices.Contains(d.avoid, row.Fingerprint):
		case best == nil || at.free > best.free:
			best = &at
		}
	}
	switch {
	case pinned != nil && !pinned.known:
		return decision{ask: []string{d.pin}}
	case pinned != nil && pinned.back.IsZero():
		return pinned.take(d)
	case pinned != nil && pinned.back.Sub(now) <= pinPatience:
		return decision{until: pinned.back, why: pinned.why}
	case len(ask) > 0:
		return decision{ask: ask}
	case best != nil:
		return best.take(d)
	}
	return out
}

// standing is what can be had of a key.
type standing struct {
	key   string
	known bool
	free  int       // points that may be taken
	back  time.Time // when there is something to be had again; zero: now
	why   reason
}

func stand(now time.Time, row db.BudgetsRow, d demand) standing {
	s := standing{key: row.Fingerprint, known: true}
	inVain := slices.Contains(d.inVain, row.Fingerprint)
	switch {
	case rests(now, row):
		s.back, s.why = *row.BlockedUntil, resting
		return s
	case row.DisabledAt != nil || row.ResetAt == nil || !row.ResetAt.After(now):
		if s.known = inVain; inVain {
			s.back, s.why = now.Add(returnWait), unknown
		}
		return s
	}
	unused := int(row.Remaining) - reserveOf(row, d)
	if s.free = unused - int(row.Outstanding); s.free >= d.need {
		return s
	}
	s.back, s.why = row.ResetAt.Add(settle), spent
	if soon := now.Add(returnWait); unused >= d.need && soon.Before(s.back) {
		s.back = soon
	}
	return s
}

// reserveOf is what is never used of a budget: half of one that is smaller than the reserve, such as that for searching.
func reserveOf(row db.BudgetsRow, d demand) int {
	if d.reserve >= int(row.PointsLimit) {
		return int(row.PointsLimit) / 2
	}
	return d.reserve
}

// take takes a block; when there is little left, only a part of what is there, so that other processes get some.
func (s *standing) take(d demand) decision {
	return decision{key: s.key, points: min(d.block, max(d.need, s.free/4))}
}

// distinct lists keys that may be used: not those that were refused, unless that is long ago, and one of each account.
func distinct(now time.Time, rows []db.BudgetsRow) []db.BudgetsRow {
	var usable []db.BudgetsRow
	accounts := map[string]bool{}
	for _, row := range rows {
		if row.DisabledAt != nil && now.Sub(*row.DisabledAt) < disabledFor || accounts[row.Account] {
			continue
		}
		if row.Account != "" && row.DisabledAt == nil {
			accounts[row.Account] = true
		}
		usable = append(usable, row)
	}
	return usable
}

func whyNone(rows []db.BudgetsRow) reason {
	if len(rows) == 0 {
		return noKeys
	}
	return disabled
}

func rests(now time.Time, row db.BudgetsRow) bool {
	return row.BlockedUntil != nil && row.BlockedUntil.After(now)
}

// addressRests tells whether the address of this machine seems to be limited rather than a key: then using yet another key makes it worse.
func addressRests(now time.Time, usable []db.BudgetsRow) (until time.Time, limited bool) {
	count := 0
	for _, row := range usable {
		if rests(now, row) {
			count++
			if row.BlockedUntil.After(until) {
				until = *row.BlockedUntil
			}
		}
	}
	return until, count > 1
}

package apikey

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"augur/db"
)

// lending is a demand on the ledger.
type lending struct {
	demand
	repoID int64
	pinned bool
}

// sync is one transaction at the ledger: it tells what this process used and holds, does what also says (nil: nothing), takes points for a demand (nil:
// none), and learns how the keys stand. The caller has the turn. What is not committed is told the next time.
func (p *Pool) sync(ctx context.Context, also func(ctx context.Context, tx pgx.Tx) error, l *lending) (decision, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	told, sent := p.takeNews(), time.Now()
	var rows []db.BudgetsRow
	var d decision
	err := pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
		if err := p.queries.LockLedger(ctx, tx, p.options.Platform); err != nil {
			return fmt.Errorf("wait for the ledger: %w", err)
		}
		if err := p.write(ctx, tx, told); err != nil {
			return err
		}
		if also != nil {
			if err := also(ctx, tx); err != nil {
				return err
			}
		}
		var err error
		if rows, err = p.queries.Budgets(ctx, tx, db.BudgetsParams{Platform: p.options.Platform, Fingerprints: told.listed}); err != nil {
			return fmt.Errorf("read the budgets: %w", err)
		}
		if l != nil {
			d, err = p.lend(ctx, tx, rows, told, *l)
		}
		return err
	})
	if err != nil {
		p.takeBack(told)
		return decision{}, fmt.Errorf("change the ledger of %s keys: %w", p.options.Title, err)
	}
	p.learn(rows, told, sent)
	if d.key != "" {
		p.receive(d, l.resource, sent)
	}
	return d, nil
}

// lend decides about a demand and notes what it gives.
func (p *Pool) lend(ctx context.Context, tx pgx.Tx, rows []db.BudgetsRow, told *report, l lending) (decision, error) {
	if l.pinned {
		pin, err := p.queries.Pin(ctx, tx, db.PinParams{Platform: p.options.Platform, RepoID: l.repoID})
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return decision{}, fmt.Errorf("read the key of repository %d: %w", l.repoID, err)
		}
		l.pin = pin
	}
	if len(rows) == 0 {
		at, err := p.queries.DatabaseTime(ctx, tx)
		if err != nil {
			return decision{}, fmt.Errorf("read the time: %w", err)
		}
		return choose(at, nil, l.demand), nil
	}
	d := choose(rows[0].Now, slices.DeleteFunc(slices.Clone(rows), func(row db.BudgetsRow) bool { return row.Resource != l.resource }), l.demand)
	if d.key == "" {
		return d, nil
	}
	// Another job of this process may have left some of an earlier block: jobs that begin must not pile up blocks.
	if left := p.pointsOf(d.key, l.resource); left >= l.need {
		d.points = max(0, d.points-left)
	}
	held := told.outstanding[budgetName{d.key, l.resource}] + d.points
	if err := p.hold(ctx, tx, map[budgetName]int{{d.key, l.resource}: held}); err != nil {
		return decision{}, err
	}
	if l.pinned && d.key != l.pin {
		if err := p.queries.PinRepo(ctx, tx, db.PinRepoParams{Platform: p.options.Platform, RepoID: l.repoID, Fingerprint: d.key}); err != nil {
			return decision{}, fmt.Errorf("pin repository %d to key %s: %w", l.repoID, d.key, err)
		}
	}
	return d, nil
}

func (p *Pool) pointsOf(key, resource string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[key].holdings[resource].points
}

// budgetName names a budget.
type budgetName struct{ key, resource string }

func compareBudgets(a, b budgetName) int {
	if a.key != b.key {
		if a.key < b.key {
			return -1
		}
		return 1
	}
	switch {
	case a.resource < b.resource:
		return -1
	case a.resource > b.resource:
		return 1
	}
	return 0
}

// report is what one transaction tells the ledger.
type report struct {
	listed      []string // keys that there are
	worked      []string // keys that were used with success
	news        map[budgetName]news
	unanswered  map[budgetName]int
	outstanding map[budgetName]int
	tallies     map[spender]*tally
}

// takeNews takes what the ledger does not know yet.
func (p *Pool) takeNews() *report {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &report{news: map[budgetName]news{}, unanswered: map[budgetName]int{}, outstanding: map[budgetName]int{}, tallies: p.tallies}
	p.tallies = map[spender]*tally{}
	for _, name := range slices.Sorted(maps.Keys(p.keys)) {
		k := p.keys[name]
		if !k.gone {
			r.listed = append(r.listed, name)
		}
		if k.worked {
			r.worked = append(r.worked, name)
			k.worked = false
		}
		for resource, h := range k.holdings {
			at := budgetName{name, resource}
			if h.news != nil {
				r.news[at] = *h.news
				h.news = nil
			}
			if h.unanswered > 0 {
				r.unanswered[at] = h.unanswered
				h.unanswered = 0
			}
			if held := h.points + h.inFlight; held > 0 || h.leased {
				r.outstanding[at] = held
			}
		}
	}
	return r
}

// takeBack makes what could not be told news again.
func (p *Pool) takeBack(r *report) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for at, n := range r.news {
		p.keys[at.key].holdings[at.resource].learn(n)
	}
	for at, points := range r.unanswered {
		p.keys[at.key].holdings[at.resource].unanswered += points
	}
	for _, name := range r.worked {
		p.keys[name].worked = true
	}
	for who, t := range r.tallies {
		have := p.tallies[who]
		if have == nil {
			p.tallies[who] = t
			continue
		}
		have.requests += t.requests
		have.points += t.points
		have.unchanged += t.unchanged
		have.failed += t.failed
	}
}

// write tells the ledger. Budgets come before leases end: what the dead held counts as used, whatever answers said before.
func (p *Pool) write(ctx context.Context, tx pgx.Tx, r *report) error {
	platform := p.options.Platform
	if len(r.news) > 0 {
		n := db.NoteBudgetsParams{Platform: platform}
		for _, at := range slices.SortedFunc(maps.Keys(r.news), compareBudgets) {
			said := r.news[at]
			n.Fingerprints, n.Resources = append(n.Fingerprints, at.key), append(n.Resources, at.resource)
			n.Limits, n.Remainings = append(n.Limits, small(said.limit)), append(n.Remainings, small(said.remaining))
			n.ResetIns = append(n.ResetIns, time.Until(said.ends).Seconds())
		}
		if err := p.queries.NoteBudgets(ctx, tx, n); err != nil {
			return fmt.Errorf("note budgets: %w", err)
		}
	}
	if len(r.unanswered) > 0 {
		n := db.NoteUnansweredParams{Platform: platform}
		for _, at := range slices.SortedFunc(maps.Keys(r.unanswered), compareBudgets) {
			n.Fingerprints, n.Resources, n.Points = append(n.Fingerprints, at.key), append(n.Resources, at.resource), append(n.Points, small(r.unanswered[at]))
		}
		if err := p.queries.NoteUnanswered(ctx, tx, n); err != nil {
			return fmt.Errorf("note requests without an answer: %w", err)
		}
	}
	if len(r.worked) > 0 {
		if err := p.queries.ForgiveKeys(ctx, tx, db.ForgiveKeysParams{Platform: platform, Fingerprints: r.worked}); err != nil {
			return fmt.Errorf("note keys that work: %w", err)
		}
	}
	if err := p.hold(ctx, tx, r.outstanding); err != nil {
		return err
	}
	if err := p.queries.EndLeases(ctx, tx, db.EndLeasesParams{Platform: platform, Process: p.options.Process}); err != nil {
		return fmt.Errorf("end leases: %w", err)
	}
	return p.noteSpending(ctx, tx, r.tallies)
}

func (p *Pool) hold(ctx context.Context, tx pgx.Tx, outstanding map[budgetName]int) error {
	if len(outstanding) == 0 {
		return nil
	}
	n := db.HoldLeasesParams{Platform: p.options.Platform, Process: p.options.Process, Length: leaseLength}
	for _, at := range slices.SortedFunc(maps.Keys(outstanding), compareBudgets) {
		n.Fingerprints, n.Resources, n.Outstandings = append(n.Fingerprints, at.key), append(n.Resources, at.resource), append(n.Outstandings, small(outstanding[at]))
	}
	if err := p.queries.HoldLeases(ctx, tx, n); err != nil {
		return fmt.Errorf("hold leases: %w", err)
	}
	return nil
}

func (p *Pool) noteSpending(ctx context.Context, tx pgx.Tx, tallies map[spender]*tally) error {
	if len(tallies) == 0 {
		return nil
	}
	n := db.NoteSpendingParams{Platform: p.options.Platform}
	for who, t := range tallies { // the statement sorts them
		n.Fingerprints, n.Resources, n.Kinds = append(n.Fingerprints, who.fingerprint), append(n.Resources, who.resource), append(n.Kinds, who.Kind)
		n.RepoIDs, n.JobIDs = append(n.RepoIDs, who.RepoID), append(n.JobIDs, who.JobID)
		n.Requests, n.Points = append(n.Requests, t.requests), append(n.Points, t.points)
		n.Unchanged, n.Failed = append(n.Unchanged, t.unchanged), append(n.Failed, t.failed)
	}
	if err := p.queries.NoteSpending(ctx, tx, n); err != nil {
		return fmt.Errorf("note requests: %w", err)
	}
	return nil
}

// learn takes over how the keys stand, and what this process's share of them is.
func (p *Pool) learn(rows []db.BudgetsRow, told *report, sent time.Time) {
	limit := p.options.Limit()
	p.mu.Lock()
	defer p.mu.Unlock()
	for at := range told.outstanding {
		h := p.keys[at.key].holdings[at.resource]
		h.leased = told.outstanding[at] > 0
		h.expires = sent.Add(leaseTrusted)
	}
	var now time.Time // the ledger's
	first := slices.DeleteFunc(rows, func(row db.BudgetsRow) bool { return row.Resource != p.options.Resources[0] })
	for _, k := range p.keys {
		k.out = true // until it is found among those that may be used
	}
	for _, row := range first {
		now, p.accounts[row.Fingerprint] = row.Now, row.Account
	}
	for _, row := range distinct(now, first) {
		k := p.keys[row.Fingerprint]
		k.out, k.rests = row.DisabledAt != nil, time.Time{}
		if row.BlockedUntil != nil {
			k.rests = sent.Add(row.BlockedUntil.Sub(row.Now))
		}
		share := max(1, int(row.Processes))
		k.slots = max(1, limit.Concurrency/share)
		k.pace.SetLimit(rate.Limit(float64(limit.PerMinute) / 60 / float64(share)))
		k.pace.SetBurst(k.slots)
	}
}

// receive takes a block that the ledger gave.
func (p *Pool) receive(d decision, resource string, sent time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.keys[d.key].holdings[resource]
	h.points += d.points
	h.used, h.leased, h.expires = true, true, sent.Add(leaseTrusted)
	p.armFlush()
}

// small fits a number of points into the ledger's columns.
func small(n int) int32 {
	const most = 1 << 30
	return int32(min(max(n, -most), most))
}

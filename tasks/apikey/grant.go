package apikey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"augur/db/config"
)

// key is what this process knows about a key.
type key struct {
	Credential
	holdings map[string]*holding // by resource
	pace     *rate.Limiter
	slots    int       // how many requests this process may make at the same time
	busy     int       // how many it makes
	rests    time.Time // until when the key must not be used
	out      bool      // disabled, or a duplicate
	gone     bool      // no longer listed
	worked   bool      // since the ledger was told
}

// holding is what this process holds of a budget, and what the ledger does not know yet.
type holding struct {
	points     int // that may be used
	inFlight   int // that are being used
	expires    time.Time
	used       bool // since the last flush
	leased     bool // the ledger has a lease
	unanswered int  // points of requests that had no answer
	news       *news
}

// news is what answers said about a budget.
type news struct {
	limit, remaining int
	ends             time.Time
}

// sameWindow is how far two ends of a window may differ.
const sameWindow = 10 * time.Second

// learn takes over what an answer said: the lowest number of the newest window.
func (h *holding) learn(n news) {
	switch {
	case h.news == nil || n.ends.Sub(h.news.ends) > sameWindow:
		h.news = &n
	case h.news.ends.Sub(n.ends) <= sameWindow:
		h.news.remaining = min(h.news.remaining, n.remaining)
	}
}

// spender is whom requests are counted to.
type spender struct {
	Who
	fingerprint, resource string
}

type tally struct{ requests, points, unchanged, failed int64 }

// Grant is the permission to make one request with a key.
type Grant struct {
	pool     *Pool
	key      *key
	resource string
	points   int
	who      Who
}

// grab takes points that this process holds, for a request. Without a key it returns those that have points but no place, and a channel that
// is closed when there is one.
func (p *Pool) grab(w want, who Who) (g *Grant, busy []string, freed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, busy := p.pick(w)
	if k == nil {
		return nil, busy, p.freed
	}
	h := k.holdings[w.resource]
	h.points -= w.points
	h.inFlight += w.points
	h.used = true
	k.busy++
	return &Grant{pool: p, key: k, resource: w.resource, points: w.points, who: who}, nil, p.freed
}

// pick finds the key for a request among those of which this process holds points. The caller holds mu.
func (p *Pool) pick(w want) (best *key, busy []string) {
	now := time.Now()
	patient := w.pinned || p.saturated[w.resource].After(now)
	for name, k := range p.keys {
		h := k.holdings[w.resource]
		if h == nil || k.out || k.gone || now.Before(k.rests) || (w.pinned && name != w.pin) {
			continue
		}
		if now.After(h.expires) {
			h.points = 0 // the ledger counts them as used
		}
		switch {
		case h.points < w.points:
		case k.busy >= k.slots, !patient && k.pace.TokensAt(now) < 1:
			busy = append(busy, name)
		case best == nil || h.points > best.holdings[w.resource].points:
			best = k
		}
	}
	return best, busy
}

// someoneFetched tells whether there are points for a request after all: another request has taken them from the ledger meanwhile.
func (p *Pool) someoneFetched(w want, busy []string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, waiting := p.pick(w)
	return k != nil || slices.ContainsFunc(waiting, func(name string) bool { return !slices.Contains(busy, name) })
}

func (p *Pool) isSaturated(resource string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.saturated[resource].After(time.Now())
}

// wait waits for the pace of the key. When ctx ends, the grant is given back.
func (g *Grant) wait(ctx context.Context) error {
	if err := g.key.pace.Wait(ctx); err != nil {
		g.giveBack()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("wait for the pace of key %s: %w", g.key.Fingerprint, err) // the deadline comes first
	}
	return nil
}

// good tells whether the key may still be used.
func (g *Grant) good() bool {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	return !g.key.out && !time.Now().Before(g.key.rests)
}

func (g *Grant) giveBack() {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	g.release(0)
	g.pool.armFlush()
}

// release ends the request, which cost so many points. The caller holds mu.
func (g *Grant) release(cost int) {
	h := g.key.holdings[g.resource]
	h.inFlight -= g.points
	h.points = max(0, h.points+g.points-cost)
	g.key.busy--
	close(g.pool.freed)
	g.pool.freed = make(chan struct{})
}

// Fingerprint is that of the key.
func (g *Grant) Fingerprint() string { return g.key.Fingerprint }

// Source says where the key is, for people.
func (g *Grant) Source() string { return g.key.Source }

// Token is the text to be sent: see [Credential].
func (g *Grant) Token(ctx context.Context) (config.Secret, error) { return g.key.Token(ctx) }

// Renew makes the key get a new token, if it is one that can.
func (g *Grant) Renew() bool {
	if g.key.Renew == nil {
		return false
	}
	g.key.Renew()
	return true
}

// Outcome is what came of a request.
type Outcome struct {
	// Cost is the points that it cost, as far as that is known.
	Cost int
	// Said is what the answer said about the budget; nil when it did not, or when there was none.
	Said *Limits
	// Unanswered says that the request may have been counted, although no answer came.
	Unanswered bool
	// Unchanged says that the answer was: unchanged. Failed says that it was of no use.
	Unchanged, Failed bool

	// TooFast says that the key must rest: for Rest, or where that is 0 for a time that doubles with every strike.
	TooFast bool
	Rest    time.Duration
	// Exhausted says that the budget is used up.
	Exhausted bool
	// Refused is why the key is not accepted; empty: it is.
	Refused string
}

// Done says what came of the request. It goes to the ledger later, but at once when others must know.
func (g *Grant) Done(ctx context.Context, o Outcome) error {
	p, now := g.pool, time.Now()
	p.mu.Lock()
	h := g.key.holdings[g.resource]
	g.release(o.Cost)
	switch {
	case o.Exhausted:
		h.points = 0
	case o.Said != nil && o.Said.Reset > 0:
		h.learn(news{limit: o.Said.Limit, remaining: o.Said.Remaining, ends: now.Add(o.Said.Reset)})
	}
	if o.Unanswered {
		h.unanswered += g.points
		h.points = max(0, h.points-g.points+o.Cost)
	}
	g.key.worked = g.key.worked || !o.Failed
	g.key.out = g.key.out || o.Refused != ""
	if o.TooFast {
		g.key.rests = now.Add(max(o.Rest, time.Second))
	}
	p.count(spender{Who: g.who, fingerprint: g.key.Fingerprint, resource: g.resource}, o)
	p.armFlush()
	p.mu.Unlock()
	if o.TooFast || o.Exhausted || o.Refused != "" {
		return p.tell(ctx, g, o)
	}
	return nil
}

// count adds a request to the tally of its spender. The caller holds mu.
func (p *Pool) count(s spender, o Outcome) {
	t := p.tallies[s]
	if t == nil {
		t = &tally{}
		p.tallies[s] = t
	}
	t.requests++
	t.points += int64(o.Cost)
	if o.Unchanged {
		t.unchanged++
	}
	if o.Failed {
		t.failed++
	}
}

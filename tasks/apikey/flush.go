package apikey

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// How long a lease lives in the ledger, how long this process believes in it (less, so that it never uses what was given to others), how often the ledger
// is told what was used, and how long that may take.
const (
	leaseLength  = time.Minute
	leaseTrusted = 40 * time.Second
	flushEvery   = 2 * time.Second
	ledgerTime   = 15 * time.Second
)

// tell tells the ledger at once that a key cannot be used: other processes must not try it.
func (p *Pool) tell(ctx context.Context, g *Grant, o Outcome) error {
	k := g.key
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	leave, err := p.enter(ctx)
	if err != nil {
		return fmt.Errorf("note the state of key %s: %w", k.Fingerprint, err)
	}
	defer leave()
	_, err = p.sync(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if o.TooFast {
			err := p.queries.RestKey(ctx, tx, db.RestKeyParams{Asked: o.Rest, Platform: p.options.Platform, Fingerprint: k.Fingerprint})
			if err != nil {
				return fmt.Errorf("let key %s rest: %w", k.Fingerprint, err)
			}
			p.options.Log.WarnContext(ctx, "key used too fast; it rests", slog.String("key", k.Fingerprint), slog.String("found_in", k.Source), slog.Duration("asked", o.Rest))
		}
		if o.Exhausted {
			exhausted := db.ExhaustBudgetParams{Platform: p.options.Platform, Fingerprint: k.Fingerprint, Resource: g.resource}
			if o.Said != nil {
				exhausted.ResetIn = o.Said.Reset
			}
			if err := p.queries.ExhaustBudget(ctx, tx, exhausted); err != nil {
				return fmt.Errorf("note that key %s has nothing left: %w", k.Fingerprint, err)
			}
		}
		if o.Refused != "" {
			return p.disable(ctx, tx, k.Credential, o.Refused)
		}
		return nil
	}, nil)
	return err
}

// disable notes that a key is not accepted.
func (p *Pool) disable(ctx context.Context, tx pgx.Tx, c Credential, reason string) error {
	news, err := p.queries.DisableKey(ctx, tx, db.DisableKeyParams{Reason: reason, Platform: p.options.Platform, Fingerprint: c.Fingerprint})
	if err != nil {
		return fmt.Errorf("disable key %s: %w", c.Fingerprint, err)
	}
	if news > 0 {
		p.options.Log.ErrorContext(ctx, "key refused; it is not used any more",
			slog.String("key", c.Fingerprint), slog.String("found_in", c.Source), slog.String("reason", reason))
	}
	return nil
}

// armFlush makes sure that the ledger is told soon. The caller holds mu.
func (p *Pool) armFlush() {
	if p.flushing == nil {
		p.flushing = time.AfterFunc(flushEvery, p.flushSoon)
	}
}

// flushSoon is called by the timer: it tells the ledger what was used, gives back what nobody has used since the last time, and comes again while
// anything is left.
func (p *Pool) flushSoon() {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerTime)
	defer cancel()
	p.mu.Lock()
	p.flushing = nil
	for _, k := range p.keys {
		for _, h := range k.holdings {
			if !h.used {
				h.points = 0
			}
			h.used = false
		}
	}
	p.mu.Unlock()
	if err := p.flush(ctx); err != nil {
		p.options.Log.WarnContext(ctx, "use of API keys not noted yet", slog.String("platform", p.options.Platform), slog.Any("error", err))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.holdsAnything() {
		p.armFlush()
	}
}

// Flush gives back to the ledger what the process holds and tells it what was used. Requests that are under way keep
// their points. Call it before the process ends.
func (p *Pool) Flush(ctx context.Context) error {
	p.mu.Lock()
	if p.flushing != nil {
		p.flushing.Stop()
		p.flushing = nil
	}
	for _, k := range p.keys {
		for _, h := range k.holdings {
			h.points = 0
		}
	}
	p.mu.Unlock()
	return p.flush(ctx)
}

func (p *Pool) flush(ctx context.Context) error {
	leave, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = p.sync(ctx, nil, nil)
	return err
}

// holdsAnything tells whether there is something to be given back or told. The caller holds mu.
func (p *Pool) holdsAnything() bool {
	if len(p.tallies) > 0 {
		return true
	}
	for _, k := range p.keys {
		if k.holdsAnything() {
			return true
		}
	}
	return false
}

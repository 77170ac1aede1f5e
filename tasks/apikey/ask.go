package apikey

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"augur/db"
)

const (
	// listEvery is how often keys are listed, when points are needed.
	listEvery = 5 * time.Second
	// askTime is how long asking about keys may take; askAtOnce is how many are asked about at the same time.
	askTime   = 25 * time.Second
	askAtOnce = 4
	// askKind is the kind that requests about keys are counted to.
	askKind = "api_keys"
)

// failure is that a key did not say what it has.
type failure struct {
	at  time.Time
	err error
}

// list lists the keys that there are, and makes the ledger know them. The caller has the turn.
func (p *Pool) list(ctx context.Context) error {
	if time.Since(p.listed) < listEvery {
		return nil
	}
	found, err := p.options.Keys(ctx)
	if err != nil {
		return fmt.Errorf("list the %s keys: %w", p.options.Title, err)
	}
	r := db.RegisterKeysParams{Platform: p.options.Platform, Resources: p.options.Resources}
	for _, c := range found {
		r.Fingerprints, r.Sources = append(r.Fingerprints, c.Fingerprint), append(r.Sources, c.Source)
	}
	if len(found) > 0 {
		err := pgx.BeginFunc(ctx, p.db, func(tx pgx.Tx) error {
			if err := p.queries.LockLedger(ctx, tx, p.options.Platform); err != nil {
				return err
			}
			return p.queries.RegisterKeys(ctx, tx, r)
		})
		if err != nil {
			return fmt.Errorf("make the %s keys known to the ledger: %w", p.options.Title, err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, k := range p.keys {
		listed := slices.ContainsFunc(found, func(c Credential) bool { return c.Fingerprint == name })
		if k.gone = !listed; k.gone && !k.holdsAnything() {
			delete(p.keys, name)
		}
	}
	for _, c := range found {
		if p.keys[c.Fingerprint] == nil {
			p.keys[c.Fingerprint] = newKey(c, p.options.Resources)
		}
	}
	p.listed, p.listing = time.Now(), found
	return nil
}

func newKey(c Credential, resources []string) *key {
	k := &key{Credential: c, holdings: map[string]*holding{}, pace: rate.NewLimiter(1, 1), slots: 1}
	for _, resource := range resources {
		k.holdings[resource] = &holding{}
	}
	return k
}

// ask asks the platform what keys have, and tells the ledger. Keys that do not say are left alone for a while. The caller has the turn.
func (p *Pool) ask(ctx context.Context, names []string) error {
	bounded, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answers, faults := make([]About, len(names)), make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(askAtOnce)
	for i, name := range names {
		group.Go(func() error {
			answers[i], faults[i] = p.options.Ask(bounded, p.credential(name), p.accounts[name])
			return nil
		})
	}
	_ = group.Wait() // each fault is in its place
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for i, name := range names {
		delete(p.failed, name)
		if _, refused := errors.AsType[*InvalidError](faults[i]); faults[i] != nil && !refused {
			p.failed[name] = &failure{at: time.Now(), err: fmt.Errorf("ask what key %s may use: %w", name, faults[i])}
		}
		p.hear(name, answers[i], faults[i])
	}
	_, err := p.sync(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for i, name := range names {
			if err := p.accept(ctx, tx, name, answers[i], faults[i]); err != nil {
				return err
			}
		}
		return nil
	}, nil)
	return err
}

func (p *Pool) credential(name string) Credential {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[name].Credential
}

// hear takes over what an answer about a key says, and counts what it cost.
func (p *Pool) hear(name string, about About, fault error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who := spender{Who: Who{Kind: askKind}, fingerprint: name, resource: p.options.Resources[0]}
	for i := range about.Requests {
		o := Outcome{Failed: fault != nil && i == about.Requests-1}
		if i < about.Cost {
			o.Cost = 1
		}
		p.count(who, o)
	}
	if fault != nil {
		return
	}
	for _, resource := range p.options.Resources {
		said, ok := about.Budgets[resource]
		if !ok {
			said.Reset = time.Hour // there is none of it
		}
		p.keys[name].holdings[resource].learn(news{limit: said.Limit, remaining: said.Remaining, ends: time.Now().Add(max(said.Reset, time.Second))})
	}
}

// accept notes whether a key that was asked about may be used.
func (p *Pool) accept(ctx context.Context, tx pgx.Tx, name string, about About, fault error) error {
	refused, ok := errors.AsType[*InvalidError](fault)
	switch {
	case ok:
		return p.disable(ctx, tx, p.credential(name), refused.Reason)
	case fault == nil:
		return p.welcome(ctx, tx, name, about.Account)
	}
	return nil // it is not known
}

func (p *Pool) welcome(ctx context.Context, tx pgx.Tx, name, account string) error {
	if err := p.queries.AcceptKey(ctx, tx, db.AcceptKeyParams{Account: account, Platform: p.options.Platform, Fingerprint: name}); err != nil {
		return fmt.Errorf("note that key %s works: %w", name, err)
	}
	return nil
}

// holdsAnything tells whether the ledger does not know everything about the use of the key. The caller holds the pool's mu.
func (k *key) holdsAnything() bool {
	for _, h := range k.holdings {
		if h.points+h.inFlight > 0 || h.news != nil || h.unanswered > 0 || h.leased {
			return true
		}
	}
	return false
}

package apikey

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/tasks"
)

// Limit is how much of each key may be used, and how fast, over all processes.
type Limit struct {
	Reserve     int // points of each budget that are never used
	Block       int // points that a process takes at once
	Concurrency int // requests of a key at the same time
	PerMinute   int // requests of a key in a minute
}

// Limits is what an answer says about a budget.
type Limits struct {
	Limit, Remaining int
	// Reset is how long the window goes on, on the platform's clock; 0 means that it does not say.
	Reset time.Duration
}

// About is what a platform says about a key.
type About struct {
	// Account is whose key it is; empty when it does not tell.
	Account string
	// Budgets are by resource.
	Budgets map[string]Limits
	// Requests that it took to find out, and the points of the first resource that they cost.
	Requests, Cost int
}

// Options of a [Pool]. All but Process are required.
type Options struct {
	// Platform names the API in the ledger, Title for people.
	Platform, Title string
	// Resources are the limits that a key has. Repositories are pinned for the first one, which also pays for asking about keys.
	Resources []string
	// Keys lists the keys that there are. It is called when points are needed, every half minute at most.
	Keys func(ctx context.Context) ([]Credential, error)
	// Ask asks the platform about a key. It uses up a point at most, and none when the account is known (not empty). For a key that is good for
	// nothing it returns an *[InvalidError].
	Ask func(ctx context.Context, key Credential, account string) (About, error)
	// Limit is read whenever it is needed.
	Limit func() Limit
	// Missing is the error when no key can be used, and Hint what a person can do then.
	Missing error
	Hint    string
	// Process names this process in the ledger; empty means a random name.
	Process string
	Log     *slog.Logger
}

// Pool hands out the keys of one platform in one process. It is safe for concurrent use.
type Pool struct {
	db      *pgxpool.Pool
	options Options
	queries *db.Queries

	turn     chan struct{}       // holds an element while somebody is at the ledger, who may use:
	listed   time.Time           // when keys were listed
	listing  []Credential        // what was found then; a key may be in it twice
	failed   map[string]*failure // keys that did not say what they have
	accounts map[string]string   // of keys, as the ledger has them
	alarmed  time.Time           // when it was last told that no key can be used

	mu        sync.Mutex
	keys      map[string]*key
	tallies   map[spender]*tally
	freed     chan struct{}        // closed and replaced when a request ends
	saturated map[string]time.Time // resources of which only busy keys have points, and until when nobody needs to look again
	flushing  *time.Timer          // nil when nothing is left to be told to the ledger
}

// NewPool makes a pool on the database of the ledger. It does nothing before the first request.
func NewPool(pool *pgxpool.Pool, o Options) *Pool {
	if o.Process == "" {
		o.Process = rand.Text()
	}
	return &Pool{
		db: pool, options: o, queries: db.New(), turn: make(chan struct{}, 1), failed: map[string]*failure{}, accounts: map[string]string{},
		keys: map[string]*key{}, tallies: map[spender]*tally{}, freed: make(chan struct{}), saturated: map[string]time.Time{},
	}
}

// Who spends, for the ledger.
type Who struct {
	JobID  int64
	RepoID int64 // 0: for no repository
	Kind   string
}

// Spender takes grants for one job. It is safe for concurrent use.
type Spender struct {
	pool *Pool
	who  Who

	mu  sync.Mutex
	pin string // the key of the repository, once it is known
}

// For makes a spender.
func (p *Pool) For(who Who) *Spender { return &Spender{pool: p, who: who} }

// want is what a request needs.
type want struct {
	resource string
	points   int
	pinned   bool
	pin      string
}

// Take grants a request of so many points on a resource. It waits for its place among the requests of a key, but never for budget: without it returns a
// [tasks.RateLimitError]. The caller calls [Grant.Done] exactly once.
func (s *Spender) Take(ctx context.Context, resource string, points int) (*Grant, error) {
	p := s.pool
	w := want{resource: resource, points: max(points, 1), pinned: s.who.RepoID != 0 && resource == p.options.Resources[0]}
	for {
		s.mu.Lock()
		w.pin = s.pin
		s.mu.Unlock()
		g, busy, freed := p.grab(w, s.who)
		if g != nil {
			if err := g.wait(ctx); err != nil {
				return nil, err
			}
			if g.good() {
				return g, nil
			}
			g.giveBack() // the key was blocked while we waited
			continue
		}
		if len(busy) > 0 && (w.pinned || p.isSaturated(resource)) {
			if err := await(ctx, freed); err != nil {
				return nil, err
			}
			continue
		}
		pin, err := p.fetch(ctx, w, s.who, busy)
		if errors.Is(err, errBusy) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if w.pinned && pin != "" {
			s.mu.Lock()
			s.pin = pin
			s.mu.Unlock()
		}
	}
}

// lookAgain is how long a request waits at most before it looks again whether it can go.
const lookAgain = time.Second

// await waits until a request ends, or a little while.
func await(ctx context.Context, freed <-chan struct{}) error {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-freed:
	case <-timer.C:
	}
	return nil
}

// errBusy says that only keys that are busy have points.
var errBusy = errors.New("all keys are busy")

// enter waits for the turn of this process at the ledger.
func (p *Pool) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.turn <- struct{}{}:
		return func() { <-p.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fetch takes a block of points from the ledger for a request, and returns the key that they are of.
func (p *Pool) fetch(ctx context.Context, w want, who Who, busy []string) (key string, err error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	if p.someoneFetched(w, busy) {
		return w.pin, nil
	}
	if len(busy) > 0 && p.isSaturated(w.resource) {
		return "", errBusy
	}
	if err := p.list(ctx); err != nil {
		return "", err
	}
	limit := p.options.Limit()
	for range maxRounds {
		d := demand{resource: w.resource, need: w.points, block: max(limit.Block, w.points), reserve: limit.Reserve, avoid: busy, inVain: p.inVain()}
		found, err := p.sync(ctx, nil, &lending{demand: d, repoID: who.RepoID, pinned: w.pinned})
		if err != nil {
			return "", err
		}
		switch {
		case found.key != "":
			return found.key, nil
		case len(found.ask) > 0:
			if err := p.ask(ctx, found.ask); err != nil {
				return "", err
			}
		default:
			return "", p.refuse(ctx, found, w)
		}
	}
	return "", fmt.Errorf("ask what the %s keys may use: the answers do not last", p.options.Title)
}

// maxRounds is how often the ledger and the platform are asked for one request.
const maxRounds = 4

// refuse is the error for a request that cannot be made now.
func (p *Pool) refuse(ctx context.Context, d decision, w want) error {
	what := p.options.Title + " key"
	switch d.why {
	case saturated:
		p.mu.Lock()
		p.saturated[w.resource] = time.Now().Add(lookAgain)
		p.mu.Unlock()
		return errBusy
	case unknown:
		var faults []error
		for _, name := range p.inVain() {
			faults = append(faults, p.failed[name].err)
		}
		return errors.Join(faults...)
	case spent:
		return &tasks.RateLimitError{Until: d.until, Err: fmt.Errorf("every %s has used up its budget for %s, but the reserve", what, w.resource)}
	case resting:
		return &tasks.RateLimitError{Until: d.until, Err: fmt.Errorf("a %s that was used too fast rests", what)}
	case noKeys, disabled:
	}
	err := p.options.Missing
	if d.why == disabled {
		err = fmt.Errorf("%w: every one was refused", err)
	}
	err = tasks.Hint(err, p.options.Hint)
	if now := time.Now(); now.Sub(p.alarmed) > noKeyWait {
		p.alarmed = now
		p.options.Log.ErrorContext(ctx, "no key can be used; jobs wait", slog.String("platform", p.options.Platform), slog.Any("error", err))
	}
	return &tasks.RateLimitError{Until: d.until, Err: err}
}

// inVain lists the keys that did not say what they have, a little while ago.
func (p *Pool) inVain() []string {
	var names []string
	for name, failure := range p.failed {
		if time.Since(failure.at) < returnWait {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

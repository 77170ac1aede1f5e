package care

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
)

// How often is looked after what. All of it is cheap when there is nothing to do.
const (
	viewsEvery  = time.Minute
	clockEvery  = time.Minute
	forgetEvery = time.Hour
)

// Care looks after one database. Its methods are safe for concurrent use.
type Care struct {
	// Host names this machine; empty means that its clock is not stored.
	Host string
	// Now is the clock of this machine.
	Now func() time.Time

	pool     *pgxpool.Pool
	settings *config.Store
	log      *slog.Logger
	queries  *db.Queries
}

// New looks after the database of the pool, which must allow two connections at once. [Care.Run] is the loop.
func New(pool *pgxpool.Pool, settings *config.Store, host string, log *slog.Logger) *Care {
	return &Care{Host: host, Now: time.Now, pool: pool, settings: settings, log: log, queries: db.New()}
}

// Run looks after everything at once and then in its own rhythm, and after the views also when settings change, until ctx ends.
func (c *Care) Run(ctx context.Context) {
	var loops sync.WaitGroup
	defer loops.Wait()
	loops.Go(func() { c.WatchClock(ctx) })
	loops.Go(func() { c.every(ctx, viewsEvery, c.refreshDue) })
	loops.Go(func() { c.every(ctx, forgetEvery, c.forget) })
}

// every calls look at once, then in intervals and when settings change, until ctx ends.
func (c *Care) every(ctx context.Context, interval time.Duration, look func(context.Context)) {
	for {
		changed := c.settings.Changed()
		look(ctx)
		next := time.NewTimer(interval)
		select {
		case <-ctx.Done():
		case <-next.C:
		case <-changed:
		}
		next.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

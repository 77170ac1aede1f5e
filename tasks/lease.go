package tasks

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// LeaseLength and LeaseBeat are how long a worker process is believed to live after its last heartbeat, and how often it sends one.
// LeaseGrace is how old a fetched job may be before its worker must hold it.
const (
	LeaseLength = 10 * time.Second
	LeaseBeat   = 3 * time.Second
	LeaseGrace  = 3 * time.Second
)

// LeaseTimes are the times of leases; a zero field stands for [LeaseLength], [LeaseBeat] or [LeaseGrace]. Workers and those who look for dead
// ones must agree on them.
type LeaseTimes struct {
	Length, Beat, Grace time.Duration
}

func (t LeaseTimes) orDefault() LeaseTimes {
	return LeaseTimes{Length: cmp.Or(t.Length, LeaseLength), Beat: cmp.Or(t.Beat, LeaseBeat), Grace: cmp.Or(t.Grace, LeaseGrace)}
}

// patience is how long a process may go on after its last heartbeat. The rest of the lease is the time that its jobs have to stop before others
// may take them over.
func (t LeaseTimes) patience() time.Duration { return t.Length * 2 / 3 }

// Lease is the proof of life of a worker process: it tells the database every beat which jobs the process really holds. When it could not renew for
// two thirds of the lease, it cancels those jobs itself, since others will take them over, and takes no more until it can. The time is that of the
// process's monotonic clock, which goes on while the process is stopped: neither a wrong clock nor a freeze deceives it. It is safe for
// concurrent use.
type Lease struct {
	clientID, host string
	pid            int
	queues         []string
	times          LeaseTimes
	careless       bool
	clock          *clock
	pool           *pgxpool.Pool // one connection of its own, so that a busy pool cannot delay a beat
	log            *slog.Logger

	mu      sync.Mutex
	held    map[int64]context.CancelCauseFunc
	renewed time.Time // when the last heartbeat that arrived was sent
}

// newLease makes a lease with a connection of its own, configured like the connections of pool.
func newLease(ctx context.Context, pool *pgxpool.Pool, clientID string, o WorkerOptions) (*Lease, error) {
	own, err := db.Single(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("prepare for heartbeats: %w", err)
	}
	return &Lease{
		clientID: clientID, host: o.Host, pid: o.PID, queues: slices.Sorted(maps.Keys(o.Queues)), times: o.Lease.orDefault(), careless: o.Without.Fence,
		clock: &clock{machine: o.Now}, pool: own, log: o.Log, held: map[int64]context.CancelCauseFunc{},
	}, nil
}

// hold registers a job that the process works on; cancel is called when the lease is lost. The caller calls release when the job has returned.
// It returns false when the lease is lost already: then the job is not ours to work on.
func (l *Lease) hold(job int64, cancel context.CancelCauseFunc) (release func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lapsed() {
		return nil, false
	}
	l.held[job] = cancel
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, job)
	}, true
}

// lapsed tells whether others may soon take over what the process holds. The caller holds mu.
func (l *Lease) lapsed() bool {
	return !l.careless && time.Since(l.renewed) > l.times.patience()
}

// beat sends one heartbeat.
func (l *Lease) beat(ctx context.Context) error {
	l.mu.Lock()
	held := slices.Sorted(maps.Keys(l.held))
	l.mu.Unlock()
	if held == nil {
		held = []int64{}
	}
	ctx, cancel := context.WithTimeout(ctx, l.times.Beat)
	defer cancel()
	sent, asked := time.Now(), l.clock.machine()
	at, err := db.New().Beat(ctx, l.pool, db.BeatParams{ClientID: l.clientID, Host: l.host, PID: int32(l.pid), Queues: l.queues, Held: held}) //nolint:gosec // process ids fit
	if err != nil {
		return fmt.Errorf("send a heartbeat: %w", err)
	}
	l.clock.compare(asked, l.clock.machine(), at)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.renewed = sent
	return nil
}

// run sends heartbeats until ctx ends, then takes the process off the list.
func (l *Lease) run(ctx context.Context) {
	ticker := time.NewTicker(l.times.Beat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			l.end(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
		}
		l.lose(ctx) // after a freeze, before a heartbeat that arrives makes it look as if nothing had been
		if err := l.beat(ctx); err != nil && ctx.Err() == nil {
			l.log.WarnContext(ctx, "heartbeat not sent", slog.Any("error", err))
			l.lose(ctx)
		}
	}
}

// lose cancels every held job if the lease is lost.
func (l *Lease) lose(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.lapsed() {
		return
	}
	for job, cancel := range l.held {
		l.log.WarnContext(ctx, "job cancelled: the lease was not renewed in time", slog.Int64("job_id", job))
		cancel(ErrFenced)
	}
}

func (l *Lease) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.times.Beat)
	defer cancel()
	if err := db.New().EndLease(ctx, l.pool, l.clientID); err != nil {
		l.log.DebugContext(ctx, "lease not ended; it runs out by itself", slog.Any("error", err))
	}
	l.pool.Close()
}

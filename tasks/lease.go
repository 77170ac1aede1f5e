package tasks

import (
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

// Lease is the proof of life of a worker process: it tells the database every [LeaseBeat] which jobs the process really holds. When it cannot
// renew for two thirds of [LeaseLength], it cancels those jobs itself, since others will take them over. It is safe for concurrent use.
type Lease struct {
	clientID, host string
	pid            int
	queues         []string
	pool           *pgxpool.Pool // one connection of its own, so that a busy pool cannot delay a beat
	log            *slog.Logger

	mu   sync.Mutex
	held map[int64]context.CancelCauseFunc
}

// newLease makes a lease with a connection of its own, configured like the connections of pool.
func newLease(ctx context.Context, pool *pgxpool.Pool, clientID, host string, pid int, queues []string, log *slog.Logger) (*Lease, error) {
	cfg := pool.Config()
	cfg.MinConns, cfg.MinIdleConns, cfg.MaxConns = 0, 0, 1
	own, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the connection for heartbeats: %w", err)
	}
	return &Lease{clientID: clientID, host: host, pid: pid, queues: queues, pool: own, log: log, held: map[int64]context.CancelCauseFunc{}}, nil
}

// hold registers a job that the process works on; cancel is called when the lease is lost. The caller calls release when the job has returned.
func (l *Lease) hold(job int64, cancel context.CancelCauseFunc) (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[job] = cancel
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.held, job)
	}
}

// beat sends one heartbeat.
func (l *Lease) beat(ctx context.Context) error {
	l.mu.Lock()
	held := slices.Sorted(maps.Keys(l.held))
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, LeaseBeat)
	defer cancel()
	if held == nil {
		held = []int64{}
	}
	err := db.New().Beat(ctx, l.pool, db.BeatParams{ClientID: l.clientID, Host: l.host, PID: int32(l.pid), Queues: l.queues, Held: held}) //nolint:gosec // process ids fit
	if err != nil {
		return fmt.Errorf("send a heartbeat: %w", err)
	}
	return nil
}

// run sends heartbeats until ctx ends, then takes the process off the list.
func (l *Lease) run(ctx context.Context) {
	ticker := time.NewTicker(LeaseBeat)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			l.end(context.WithoutCancel(ctx))
			return
		case <-ticker.C:
		}
		sent := time.Now()
		if err := l.beat(ctx); err == nil {
			renewed = sent
			continue
		} else if ctx.Err() == nil {
			l.log.WarnContext(ctx, "heartbeat not sent", slog.Any("error", err))
		}
		if time.Since(renewed) > LeaseLength*2/3 {
			l.lose(ctx)
		}
	}
}

// lose cancels every held job.
func (l *Lease) lose(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for job, cancel := range l.held {
		l.log.WarnContext(ctx, "job cancelled: the lease was not renewed in time", slog.Int64("job_id", job))
		cancel(ErrFenced)
	}
}

func (l *Lease) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, LeaseBeat)
	defer cancel()
	if err := db.New().EndLease(ctx, l.pool, l.clientID); err != nil {
		l.log.DebugContext(ctx, "lease not ended", slog.Any("error", err))
	}
	l.pool.Close()
}

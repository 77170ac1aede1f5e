package monitor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
)

// ReapInterval is how often the jobs of dead workers are looked for. With tasks.LeaseLength it bounds how long a dead worker goes unnoticed.
const ReapInterval = 2 * time.Second

// A Monitor starts what is due. Its methods are safe for concurrent use.
type Monitor struct {
	// Since makes everything due that was collected, or failed, before it, whatever the intervals say; zero for none. It is a time of the
	// database's clock, set before the first tick.
	Since time.Time

	pool     *pgxpool.Pool
	queue    *tasks.Queue
	catalog  *tasks.Catalog
	settings *config.Store
	log      *slog.Logger
	queries  *db.Queries

	mu     sync.Mutex
	visits map[backlog]visits
}

// New makes a monitor; [Monitor.Run] is its loop.
func New(pool *pgxpool.Pool, queue *tasks.Queue, catalog *tasks.Catalog, settings *config.Store, log *slog.Logger) *Monitor {
	return &Monitor{pool: pool, queue: queue, catalog: catalog, settings: settings, log: log, queries: db.New(), visits: map[backlog]visits{}}
}

// RetryAfter is how long a phase that ended for the cause waits before it is started again: the setting after errors, a month after results
// that seldom change.
func RetryAfter(settings *config.Store) func(tasks.Cause) time.Duration {
	return func(cause tasks.Cause) time.Duration {
		if cause == tasks.CauseError {
			return config.Of[Tasks](settings).ErrorRetryAfter
		}
		return 30 * 24 * time.Hour
	}
}

// Report is what a tick did.
type Report struct {
	// Led is false when another monitor had the turn; then nothing was done.
	Led bool
	// Started counts the runs that were started, per phase.
	Started map[tasks.Phase]int
}

// Total is the number of runs that were started.
func (r Report) Total() int {
	total := 0
	for _, n := range r.Started {
		total += n
	}
	return total
}

// Run ticks at once, then every Tasks.collection_interval and whenever settings change, and looks for dead workers, until ctx ends. Before each tick
// it puts right what people changed by hand.
func (m *Monitor) Run(ctx context.Context) {
	var reaping sync.WaitGroup
	defer reaping.Wait()
	// Beside the ticks: whatever holds one of them up may be what a dead worker left behind.
	reaping.Go(func() { m.reap(ctx) })
	for {
		if _, err := m.queue.Repair(ctx, m.pool); err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "search for changes by hand failed", slog.Any("error", err))
		}
		report, err := m.Tick(ctx)
		if err != nil && ctx.Err() == nil {
			m.log.ErrorContext(ctx, "tick failed; the next one tries again", slog.Any("error", err))
		}
		if report.Total() > 0 {
			m.log.InfoContext(ctx, "collection started", slog.Int("repositories", report.Total()), slog.Any("phases", report.Started))
		}
		next := time.NewTimer(config.Of[Tasks](m.settings).CollectionInterval)
		select {
		case <-ctx.Done():
			next.Stop()
			return
		case <-next.C:
		case <-m.settings.Changed():
			next.Stop()
		}
	}
}

// reap looks for dead workers at once and again and again until ctx ends.
func (m *Monitor) reap(ctx context.Context) {
	pool, err := db.Single(ctx, m.pool)
	if err != nil {
		m.log.ErrorContext(ctx, "no connection of its own for the search for dead workers", slog.Any("error", err))
		pool = m.pool
	} else {
		defer pool.Close()
	}
	again := time.NewTicker(ReapInterval)
	defer again.Stop()
	for {
		if _, err := m.queue.Reap(ctx, pool, tasks.ReapOptions{}); err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "search for dead workers failed", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

// tickTimeout bounds a tick: over a connection that went silent it would wait for ever.
const tickTimeout = time.Minute

// startMost is how many repositories start in one transaction, and startersMost how many such transactions there are at a time, where the pool has
// connections for them.
const (
	startMost    = 1000
	startersMost = 2
)

// errOneConnection is a tick's error where the pool has no second connection: what starts would wait for the connection of the transaction that decided so.
var errOneConnection = errors.New("the monitor's pool has one connection, a tick needs two")

// Tick starts what is due. One transaction has the turn and decides; what it chose starts in others, many repositories in each. Where one of these fails, the
// rest has started all the same, as the report tells, and the next tick chooses again.
func (m *Monitor) Tick(ctx context.Context) (Report, error) {
	if m.starters() < 1 {
		return Report{}, errOneConnection
	}
	ctx, cancel := context.WithTimeout(ctx, tickTimeout)
	defer cancel()
	report := Report{Started: map[tasks.Phase]int{}}
	err := pgx.BeginTxFunc(ctx, m.pool, db.ByIndex, func(tx pgx.Tx) error {
		turn, err := m.queries.TryLead(ctx, tx)
		if err != nil {
			return fmt.Errorf("take the turn: %w", err)
		}
		report.Led = turn.Leads
		if !turn.Leads {
			return nil
		}
		limits := config.Of[Tasks](m.settings)
		running, err := m.running(ctx, tx, limits)
		if err != nil {
			return err
		}
		for _, plan := range plans(m.settings) {
			chosen, err := m.choose(ctx, tx, plan, running[plan.phase])
			if err != nil {
				return fmt.Errorf("choose what starts in phase %s: %w", plan.phase, err)
			}
			started, err := m.start(ctx, plan, chosen, turn.At)
			if started > 0 {
				report.Started[plan.phase] = started
			}
			if err != nil {
				return fmt.Errorf("start phase %s: %w", plan.phase, err)
			}
		}
		return nil
	})
	return report, err
}

// choose lists what the phase has room for.
func (m *Monitor) choose(ctx context.Context, tx pgx.Tx, p plan, running []load) ([]candidate, error) {
	free := p.places.limit
	for _, l := range running {
		free -= l.running
	}
	platforms := m.platforms(p.phase)
	if free <= 0 || len(platforms) == 0 {
		return nil, nil
	}
	waiting, err := m.waiting(ctx, tx, p, platforms, free)
	if err != nil {
		return nil, err
	}
	return choose(p.places, running, waiting), nil
}

// start starts what was chosen at a time, and returns how much that was.
func (m *Monitor) start(ctx context.Context, p plan, chosen []candidate, at time.Time) (int, error) {
	graphs := map[string][]tasks.Step{}
	for _, platform := range m.platforms(p.phase) {
		graphs[platform] = m.catalog.Graph(p.phase, giturl.Platform(platform), m.settings, p.prelim)
	}
	var started atomic.Int64
	var starters errgroup.Group
	starters.SetLimit(m.starters())
	for part := range slices.Chunk(chosen, startMost) {
		starters.Go(func() error {
			var n int
			err := pgx.BeginTxFunc(ctx, m.pool, db.ByIndex, func(tx pgx.Tx) (err error) {
				n, err = m.startTogether(ctx, tx, p, part, graphs, at)
				return err
			})
			if err == nil {
				started.Add(int64(n))
			}
			return err
		})
	}
	err := starters.Wait()
	return int(started.Load()), err
}

// starters is how many transactions the pool has room for beside the one that decides.
func (m *Monitor) starters() int {
	return min(startersMost, int(m.pool.Stat().MaxConns())-1)
}

// startTogether starts repositories in one transaction.
func (m *Monitor) startTogether(ctx context.Context, tx pgx.Tx, p plan, chosen []candidate, graphs map[string][]tasks.Step, at time.Time) (int, error) {
	fresh := make(map[int64]bool, len(chosen))
	lock := db.LockWaitingParams{Phase: string(p.phase), ChosenAt: at}
	for _, c := range chosen {
		fresh[c.repoID] = c.fresh
		lock.RepoIDs = append(lock.RepoIDs, c.repoID)
		lock.Waits = append(lock.Waits, c.wait)
	}
	locked, err := m.queries.LockWaiting(ctx, tx, lock)
	if err != nil {
		return 0, fmt.Errorf("lock what starts: %w", err)
	}
	starts := make([]tasks.Start, 0, len(locked))
	for _, row := range locked {
		if steps := graphs[row.Platform]; len(steps) > 0 {
			starts = append(starts, tasks.Start{RepoID: row.RepoID, Full: fresh[row.RepoID], Steps: steps})
		}
	}
	return len(starts), m.queue.StartRuns(ctx, tx, p.phase, starts, "monitor", "due")
}

// platforms are those whose repositories have something to collect in the phase.
func (m *Monitor) platforms(phase tasks.Phase) []string {
	platforms, every := m.catalog.Platforms(phase, m.settings)
	if every {
		platforms = []giturl.Platform{giturl.GitHub, giturl.GitLab, giturl.Git}
	}
	names := make([]string, len(platforms))
	for i, p := range platforms {
		names[i] = string(p)
	}
	return names
}

// Reap gives jobs that no living worker holds to others, and returns how many there were.
func (m *Monitor) Reap(ctx context.Context) (int, error) {
	reaped, err := m.queue.Reap(ctx, m.pool, tasks.ReapOptions{})
	return len(reaped.Rescued), err
}

// Idle lists the phases that are switched on and have no task for any repository: they start nothing.
func (m *Monitor) Idle() []tasks.Phase {
	var idle []tasks.Phase
	for _, p := range plans(m.settings) {
		if len(m.platforms(p.phase)) == 0 {
			idle = append(idle, p.phase)
		}
	}
	return idle
}

// Now is the database's clock, for [Monitor.Since].
func (m *Monitor) Now(ctx context.Context) (time.Time, error) {
	at, err := m.queries.DatabaseTime(ctx, m.pool)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the database's clock: %w", err)
	}
	return at, nil
}

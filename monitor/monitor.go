package monitor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
)

// reapInterval is how often the jobs of dead workers are looked for. With tasks.LeaseLength it bounds how long a dead worker goes unnoticed.
const reapInterval = 2 * time.Second

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
}

// New makes a monitor; [Monitor.Run] is its loop.
func New(pool *pgxpool.Pool, queue *tasks.Queue, catalog *tasks.Catalog, settings *config.Store, log *slog.Logger) *Monitor {
	return &Monitor{pool: pool, queue: queue, catalog: catalog, settings: settings, log: log, queries: db.New()}
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

// Run ticks at once, then every Tasks.collection_interval and whenever settings change, and looks for dead workers, until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	reap := time.NewTicker(reapInterval)
	defer reap.Stop()
	for {
		if report, err := m.Tick(ctx); err != nil && ctx.Err() == nil {
			m.log.ErrorContext(ctx, "tick failed; the next one tries again", slog.Any("error", err))
		} else if report.Total() > 0 {
			m.log.InfoContext(ctx, "collection started", slog.Int("repositories", report.Total()), slog.Any("phases", report.Started))
		}
		next := time.NewTimer(config.Of[Tasks](m.settings).CollectionInterval)
		for waiting := true; waiting; {
			select {
			case <-ctx.Done():
				next.Stop()
				return
			case <-next.C:
				waiting = false
			case <-m.settings.Changed():
				next.Stop()
				waiting = false
			case <-reap.C:
				if _, err := m.Reap(ctx); err != nil && ctx.Err() == nil {
					m.log.WarnContext(ctx, "search for dead workers failed", slog.Any("error", err))
				}
			}
		}
	}
}

// Tick starts what is due, in one transaction.
func (m *Monitor) Tick(ctx context.Context) (Report, error) {
	report := Report{Started: map[tasks.Phase]int{}}
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		leads, err := m.queries.TryLead(ctx, tx)
		if err != nil {
			return fmt.Errorf("take the turn: %w", err)
		}
		report.Led = leads
		if !leads {
			return nil
		}
		counts, err := m.queries.CollectingCounts(ctx, tx)
		if err != nil {
			return fmt.Errorf("count what is Collecting: %w", err)
		}
		collecting := map[tasks.Phase]int{}
		for _, row := range counts {
			collecting[tasks.Phase(row.Phase)] = int(row.Repos)
		}
		for _, plan := range plans(m.settings) {
			started, err := m.startPhase(ctx, tx, plan, collecting[plan.phase])
			if err != nil {
				return fmt.Errorf("start phase %s: %w", plan.phase, err)
			}
			if started > 0 {
				report.Started[plan.phase] = started
			}
		}
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	return report, nil
}

// plan is what the settings say about a phase.
type plan struct {
	phase    tasks.Phase
	limit    int
	interval time.Duration
	prelim   bool
}

// plans lists the phases that are switched on.
func plans(settings *config.Store) []plan {
	routine, limits := config.Of[TaskRoutine](settings), config.Of[Tasks](settings)
	var on []plan
	add := func(enabled bool, p plan) {
		if enabled {
			p.prelim = routine.Prelim
			on = append(on, p)
		}
	}
	add(routine.Core, plan{phase: tasks.Core, limit: limits.MaxCore, interval: limits.CoreInterval})
	add(routine.Secondary, plan{phase: tasks.Secondary, limit: limits.MaxSecondary, interval: limits.SecondaryInterval})
	add(routine.Facade, plan{phase: tasks.Facade, limit: limits.MaxFacade, interval: limits.FacadeInterval})
	add(routine.ML, plan{phase: tasks.ML, limit: limits.MaxML, interval: limits.MLInterval})
	return on
}

// startPhase starts what the phase has room for and returns how much that was.
func (m *Monitor) startPhase(ctx context.Context, tx pgx.Tx, p plan, collecting int) (int, error) {
	free := p.limit - collecting
	platforms, every := m.catalog.Platforms(p.phase, m.settings)
	if free <= 0 || (len(platforms) == 0 && !every) {
		return 0, nil
	}
	params := db.DueReposParams{
		Phase: string(p.phase), Patterns: patterns(platforms), MaxNew: int32(free), MaxDue: int32(free), Interval: p.interval, //nolint:gosec // bounded by the setting
	}
	if !m.Since.IsZero() {
		params.Since = &m.Since
	}
	rows, err := m.queries.DueRepos(ctx, tx, params)
	if err != nil {
		return 0, fmt.Errorf("list what is due: %w", err)
	}
	var fresh, due []db.DueReposRow
	for _, row := range rows {
		if row.Sort == "new" {
			fresh = append(fresh, row)
		} else {
			due = append(due, row)
		}
	}
	var starts []tasks.Start
	for _, row := range choose(free, fresh, due) {
		if steps := m.catalog.Graph(p.phase, tasks.PlatformOf(row.RepoGit), m.settings, p.prelim); len(steps) > 0 {
			starts = append(starts, tasks.Start{RepoID: row.RepoID, Full: row.NeverCollected, Steps: steps})
		}
	}
	return len(starts), m.queue.StartRuns(ctx, tx, p.phase, starts, "monitor", "due")
}

// patterns are LIKE patterns of the URLs that belong to the platforms; none for every URL. Canonical URLs of a platform start alike.
func patterns(platforms []giturl.Platform) []string {
	found := make([]string, 0, len(platforms))
	for _, p := range platforms {
		switch p {
		case giturl.GitHub:
			found = append(found, "https://github.com/%")
		case giturl.GitLab:
			found = append(found, "https://gitlab.com/%")
		case giturl.Git:
			return []string{}
		}
	}
	return found
}

// Reap gives jobs that no living worker holds to others, and returns how many there were.
func (m *Monitor) Reap(ctx context.Context) (int, error) {
	rescued, err := m.queries.Rescue(ctx, m.pool, db.RescueParams{Lease: tasks.LeaseLength, Grace: tasks.LeaseGrace})
	if err != nil {
		return 0, fmt.Errorf("rescue the jobs of dead workers: %w", err)
	}
	for _, job := range rescued {
		m.log.WarnContext(ctx, "job rescued from a dead worker", slog.Int64("job_id", job.NewID), slog.Int64("was", job.OldID),
			slog.String("kind", job.Kind), slog.Int64("repo_id", job.RepoID), slog.Int("rescues", int(job.Rescues)))
	}
	return len(rescued), nil
}

// Idle lists the phases that are switched on and have no task for any repository: they start nothing.
func (m *Monitor) Idle() []tasks.Phase {
	var idle []tasks.Phase
	for _, p := range plans(m.settings) {
		if platforms, every := m.catalog.Platforms(p.phase, m.settings); len(platforms) == 0 && !every {
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

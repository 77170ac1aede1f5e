package tasks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// MaxDeaths is how many workers may die in a row while they run the same job. Then the job is taken for the reason.
const MaxDeaths = 3

// reapTimeout bounds each of the two steps of a look for dead workers, and repairTimeout a look for what was changed by hand: over a connection that
// went silent they would wait for ever.
const (
	reapTimeout   = 5 * time.Second
	repairTimeout = time.Minute
)

// sessionEnds is how long to wait for the end of sessions before looking again, and maxLooks how often to look at most: the next call finds the rest.
const (
	sessionEnds = 50 * time.Millisecond
	maxLooks    = 20
)

// ReapOptions say how to look for dead workers. The zero value is that of production.
type ReapOptions struct {
	// Lease are the times that the workers keep.
	Lease LeaseTimes
	// MaxDeaths is how many workers may die while they run a job before it is quarantined; 0 means [MaxDeaths], less means that none ever is.
	MaxDeaths int
}

// Reaped is what [Queue.Reap] did.
type Reaped struct {
	// Rescued are the jobs that were given to other workers.
	Rescued []db.RescueRow
	// Quarantined counts jobs that were not, because too many workers died while they ran them.
	Quarantined int
	// Ended counts database sessions of dead workers that kept jobs from being rescued.
	Ended int
}

// Reap gives jobs that no living worker holds to others. Any number of processes may do this at once. A job whose worker died is replaced: its row
// ends, and a copy with a new id takes its place. A job whose workers died [MaxDeaths] times without that it got any further is quarantined: its
// task fails with the reason, and the phase is tried again after the back-off for errors.
func (q *Queue) Reap(ctx context.Context, pool *pgxpool.Pool, o ReapOptions) (Reaped, error) {
	var reaped Reaped
	for looks := 1; ; looks++ {
		found, err := q.look(ctx, pool, o)
		reaped.Rescued = append(reaped.Rescued, found.Rescued...)
		reaped.Quarantined += found.Quarantined
		reaped.Ended = max(reaped.Ended, found.Ended)
		if err != nil || found.Ended == 0 || looks == maxLooks {
			return reaped, err
		}
		// What the sessions kept is free when they have ended, which takes the server a moment.
		select {
		case <-ctx.Done():
			return reaped, ctx.Err()
		case <-time.After(sessionEnds):
		}
	}
}

// look looks once for jobs that no living worker holds, and ends the sessions that keep any of them from being rescued.
func (q *Queue) look(ctx context.Context, pool *pgxpool.Pool, o ReapOptions) (Reaped, error) {
	times := o.Lease.orDefault()
	reaped, left, err := q.rescue(ctx, pool, times, cmp.Or(o.MaxDeaths, MaxDeaths))
	if left == 0 {
		return reaped, err
	}
	// Time of its own: what kept the rescue waiting may be what is ended here.
	ctx, cancel := context.WithTimeout(ctx, reapTimeout)
	defer cancel()
	ended, endErr := q.queries.EndSessionsOfDeadWorkers(ctx, pool, db.EndSessionsOfDeadWorkersParams{Lease: times.Length, Grace: times.Grace})
	if endErr != nil {
		return reaped, errors.Join(err, fmt.Errorf("end the sessions of dead workers: %w", endErr))
	}
	if ended > 0 {
		q.log.WarnContext(ctx, "database sessions of dead workers ended", slog.Int64("sessions", ended))
	}
	reaped.Ended = int(ended)
	return reaped, err
}

// rescue gives to others what it can of the jobs that no living worker holds, quarantines those on which most workers died, and counts what is left.
func (q *Queue) rescue(ctx context.Context, pool *pgxpool.Pool, times LeaseTimes, most int) (reaped Reaped, left int, err error) {
	ctx, cancel := context.WithTimeout(ctx, reapTimeout)
	defer cancel()
	unheld, err := q.queries.UnheldJobs(ctx, pool, db.UnheldJobsParams{Lease: times.Length, Grace: times.Grace})
	if err != nil {
		return reaped, 0, fmt.Errorf("look for the jobs of dead workers: %w", err)
	}
	if len(unheld) == 0 {
		return reaped, 0, nil
	}
	rescue := db.RescueParams{Lease: times.Length, Grace: times.Grace}
	var poison []db.UnheldJobsRow
	for _, job := range unheld {
		switch {
		case job.Died && most > 0 && int(job.Deaths)+1 >= most:
			poison = append(poison, job)
			rescue.Spared = append(rescue.Spared, job.ID)
		case job.Died:
			rescue.Died = append(rescue.Died, job.ID)
		}
	}
	for race := 1; ; race++ {
		if reaped.Rescued, err = q.queries.Rescue(ctx, pool, rescue); !db.IsRetryable(err) || race == maxRaces {
			break
		}
	}
	var faults []error
	if err != nil {
		faults = append(faults, fmt.Errorf("rescue the jobs of dead workers: %w", err))
	}
	for _, job := range reaped.Rescued {
		q.log.WarnContext(ctx, "job rescued from a dead worker", slog.Int64("job_id", job.NewID), slog.Int64("was", job.OldID),
			slog.String("kind", job.Kind), slog.Int64("repo_id", job.RepoID), slog.Int("rescues", int(job.Rescues)))
	}
	if len(reaped.Rescued) > 0 {
		if err := q.queries.AnnounceJobs(ctx, pool, queues()); err != nil {
			q.log.DebugContext(ctx, "rescued jobs not announced: workers find them when they look", slog.Any("error", stored(err)))
		}
	}
	for _, job := range poison {
		quarantined, err := q.quarantine(ctx, pool, job)
		if quarantined {
			reaped.Quarantined++
		}
		faults = append(faults, err)
	}
	return reaped, len(unheld) - len(reaped.Rescued) - reaped.Quarantined, errors.Join(faults...)
}

// queues are those of all phases.
func queues() []string {
	names := make([]string, len(Phases()))
	for i, phase := range Phases() {
		names[i] = phase.Queue()
	}
	return names
}

// quarantine ends a job that its workers did not survive. It returns false when the job is not there to be ended any more, or somebody has it.
func (q *Queue) quarantine(ctx context.Context, pool *pgxpool.Pool, job db.UnheldJobsRow) (bool, error) {
	reason := fmt.Sprintf("its worker died %d times while running it: look in the log of the worker and in that of the system for the cause, such as too little memory", job.Deaths+1)
	var args Args
	if err := json.Unmarshal(job.Args, &args); err != nil {
		return false, fmt.Errorf("arguments of job %d: %w", job.ID, err)
	}
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if err := q.queries.EndWhenSilent(ctx, tx); err != nil {
			return fmt.Errorf("bound the transaction: %w", err)
		}
		held, err := q.queries.LockFreeJob(ctx, tx, db.LockFreeJobParams{Attempt: int32(job.Attempt), JobID: job.ID})
		if errors.Is(err, pgx.ErrNoRows) || (err == nil && !held) {
			return ErrFenced
		}
		if err != nil {
			return fmt.Errorf("lock job %d: %w", job.ID, err)
		}
		if _, err := q.queries.FinaliseJob(ctx, tx, db.FinaliseJobParams{State: "discarded", Error: reason, JobID: job.ID}); err != nil {
			return fmt.Errorf("discard job %d: %w", job.ID, err)
		}
		if args.RunID == 0 {
			return nil
		}
		return q.endTask(ctx, tx, args, ending{kind: job.Kind, who: "monitor", failed: &failure{cause: CauseError, reason: reason}})
	})
	switch {
	case errors.Is(err, ErrFenced):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("quarantine job %d: %w", job.ID, err)
	}
	q.log.ErrorContext(ctx, "job quarantined: its workers died", slog.Int64("job_id", job.ID), slog.String("kind", job.Kind), slog.Int64("repo_id", args.RepoID), slog.Int("deaths", int(job.Deaths)+1))
	return true, nil
}

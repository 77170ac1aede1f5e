package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"augur/db"
	"augur/facade/giturl"
)

// Worker does the work of one task for one repository. Collect may run again after a crash, on another machine: it starts from what is
// committed. It returns on ctx.Done() within a second. Errors become verdicts: see [ErrGone], [ErrPrivate], [ErrBlocked] and
// [RateLimitError]; anything else is tried again.
type Worker interface {
	Collect(ctx context.Context, c *Collection) error
}

// WorkerFunc is a function that is a [Worker].
type WorkerFunc func(ctx context.Context, c *Collection) error

// Collect calls f.
func (f WorkerFunc) Collect(ctx context.Context, c *Collection) error { return f(ctx, c) }

// Repo is the repository that a task collects.
type Repo struct {
	ID      int64
	GroupID int64
	// URL is the canonical URL (repo_git).
	URL string
	// Path and Name are repo_path and repo_name; empty before the first clone.
	Path, Name string
	Platform   giturl.Platform
}

// Collection is one attempt of one task, in the hands of its worker. It is not safe for concurrent use.
type Collection struct {
	RunID int64
	JobID int64
	Repo  Repo
	// Full says that the phase was never collected with success.
	Full bool
	Log  *slog.Logger

	kind     string
	pool     *pgxpool.Pool
	queue    *Queue
	job      *river.Job[Args]
	finished atomic.Bool
	page     time.Duration // of one transaction
	shared   *shared
	last     bool // all other tasks of the run were done when it began
	deaths   int  // workers that died while they ran the job, since it last got on
	unfenced bool // only in a negative control
}

// Pool is for reading; whatever a task writes goes through [Collection.SavePage] and [Collection.Finish].
func (c *Collection) Pool() *pgxpool.Pool { return c.pool }

// LastAttempt says that an error ends the task for good. A task that can do without something gives that up then.
func (c *Collection) LastAttempt() bool { return c.job.Attempt >= c.job.MaxAttempts }

// SavePage commits what write does, if the job is still this attempt's. Rows, cursor and the check go into one transaction. A transaction that
// lost a race runs again, so write must not keep state from a run that failed. It returns [ErrFenced] without writing when the job is no
// longer ours.
func (c *Collection) SavePage(ctx context.Context, write func(ctx context.Context, tx pgx.Tx) error) error {
	err := c.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if c.deaths > 0 {
			if err := c.queue.queries.ForgetDeaths(ctx, tx, c.JobID); err != nil {
				return fmt.Errorf("note that job %d got on: %w", c.JobID, err)
			}
		}
		return write(ctx, tx)
	})
	if err == nil {
		c.deaths = 0
	}
	return err
}

// Finish is the last page: it commits what write does (nil: nothing) together with the completion of the job, the tasks that waited for it and,
// if it was the last one, the outcome of the run and the status.
func (c *Collection) Finish(ctx context.Context, write func(ctx context.Context, tx pgx.Tx) error) error {
	if write == nil && c.shared != nil && !c.unfenced && len(recordedIn(ctx)) == 0 {
		ended, err := c.shared.end(ctx, endingTask{args: c.job.Args, kind: c.kind, jobID: c.JobID, attempt: c.job.Attempt, last: c.last})
		if err != nil || ended {
			c.finished.Store(ended)
			return err
		}
	}
	return c.FinishSparing(ctx, func(ctx context.Context, tx pgx.Tx) ([]string, error) {
		if write == nil {
			return nil, nil
		}
		return nil, write(ctx, tx)
	})
}

// FinishSparing is Finish for a task that can tell that others of its run have nothing to do: write returns their kinds, and those that still wait are done
// without a job. What they wait for must have nothing to do either, or be done.
func (c *Collection) FinishSparing(ctx context.Context, write func(ctx context.Context, tx pgx.Tx) (spared []string, err error)) error {
	err := c.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		spared, err := write(ctx, tx)
		if err != nil {
			return err
		}
		scrubMetadata(ctx)
		completed, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, c.job)
		if err != nil {
			return fmt.Errorf("complete job %d: %w", c.JobID, err)
		}
		if completed.State != rivertype.JobStateCompleted {
			return ErrFenced
		}
		return c.queue.endTask(ctx, tx, c.job.Args, ending{kind: c.kind, who: "worker", spared: spared})
	})
	if err == nil {
		c.finished.Store(true)
	}
	return err
}

// SaveProgress notes how far the task is, for people who watch. It belongs into the transaction of a page.
func (c *Collection) SaveProgress(ctx context.Context, tx pgx.Tx, done, total int64) error {
	return c.saveProgress(ctx, tx, db.SaveProgressParams{Done: done, Total: total})
}

// SaveRows is SaveProgress of a task that also counts the rows that this attempt has written.
func (c *Collection) SaveRows(ctx context.Context, tx pgx.Tx, done, total, rows int64) error {
	return c.saveProgress(ctx, tx, db.SaveProgressParams{Done: done, Total: total, Rows: &rows})
}

func (c *Collection) saveProgress(ctx context.Context, tx pgx.Tx, p db.SaveProgressParams) error {
	p.RunID, p.Kind = c.RunID, c.kind
	if err := c.queue.queries.SaveProgress(ctx, tx, p); err != nil {
		return fmt.Errorf("save the progress of job %d: %w", c.JobID, err)
	}
	return nil
}

// noteWait notes why the job is put off, for people who watch: nothing depends on it.
func (c *Collection) noteWait(ctx context.Context, reason error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	err := c.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		return c.queue.queries.NoteWait(ctx, tx, db.NoteWaitParams{WaitsFor: reason.Error(), RunID: c.RunID, Kind: c.kind})
	})
	if err != nil {
		c.Log.DebugContext(ctx, "reason of the wait not noted", slog.Any("error", err))
	}
}

// fail ends the task for good: the job is finalised, what waits for it is skipped, and the run ends when nothing else is left of it.
func (c *Collection) fail(ctx context.Context, cause Cause, reason string) error {
	return c.transact(ctx, func(ctx context.Context, tx pgx.Tx) error {
		ended, err := c.queue.queries.FinaliseJob(ctx, tx, db.FinaliseJobParams{State: "discarded", Error: reason, JobID: c.JobID})
		if err != nil {
			return fmt.Errorf("discard job %d: %w", c.JobID, err)
		}
		if ended == 0 {
			return ErrFenced
		}
		return c.queue.endTask(ctx, tx, c.job.Args, ending{kind: c.kind, who: "worker", failed: &failure{cause: cause, reason: reason}})
	})
}

// maxRaces is how often a transaction that lost a race runs again.
const maxRaces = 8

// transact runs work in a transaction that starts with the fence. A context that goes with the transaction ends it in time, also where a
// connection has gone silent.
func (c *Collection) transact(ctx context.Context, work func(ctx context.Context, tx pgx.Tx) error) error {
	for race := 1; ; race++ {
		err := c.once(ctx, work)
		if !db.IsRetryable(err) || race == maxRaces {
			return err
		}
		c.Log.DebugContext(ctx, "transaction lost a race", slog.Int("race", race), slog.Any("error", err))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rand.N(time.Duration(race) * 50 * time.Millisecond)): //nolint:gosec // spreading load needs no secret
		}
	}
}

func (c *Collection) once(ctx context.Context, work func(ctx context.Context, tx pgx.Tx) error) error {
	paged, cancel := context.WithTimeout(ctx, c.page)
	defer cancel()
	var failed error
	err := pgx.BeginFunc(paged, c.pool, func(tx pgx.Tx) error {
		held, err := c.queue.queries.LockJob(paged, tx, db.LockJobParams{JobID: c.JobID, Attempt: int32(c.job.Attempt)}) //nolint:gosec // River's column is a smallint
		if errors.Is(err, pgx.ErrNoRows) || (err == nil && !held && !c.unfenced) {
			return ErrFenced
		}
		if err != nil {
			return fmt.Errorf("check the fence of job %d: %w", c.JobID, err)
		}
		if failed = work(paged, tx); failed != nil && tx.Conn().IsClosed() && paged.Err() == nil {
			return fmt.Errorf("%w: %w", errSilent, failed)
		}
		return failed
	})
	switch {
	case err == nil || ctx.Err() != nil || errors.Is(err, errSilent):
		return err
	case paged.Err() != nil:
		return fmt.Errorf("%w within %s: %w", errSilent, c.page, err)
	case failed == nil && broken(err): // at the beginning or the end: nobody but the database was asked for anything
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}

package tasks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// byHand is the reason of a task whose job somebody removed.
const byHand = "its job was cancelled or deleted by hand"

// Repair puts right what people changed by hand, with SQL or a tool for River, so that queue, tasks, runs and statuses agree again, and returns how
// many disagreements there were. What the program does itself never needs it. The rules:
//
//   - A task whose job was cancelled, discarded or deleted has failed.
//   - A job that no task has, such as one that was started again after its run, is cancelled.
//   - A phase that was set to something else than Collecting stays so: its run is closed, and its jobs are cancelled.
//   - A phase that was set to Collecting goes back to what it was.
//
// It reads all statuses, so once a minute is often enough.
func (q *Queue) Repair(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, repairTimeout)
	defer cancel()
	lies, err := q.queries.Lies(ctx, pool, []int64{})
	if err != nil {
		return 0, fmt.Errorf("look for what was changed by hand: %w", err)
	}
	repaired := 0
	var faults []error
	for _, lie := range lies {
		did := false
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
			did, err = q.repair(ctx, tx, lie)
			return err
		})
		switch {
		case db.IsRetryable(err): // the next look repairs it
		case err != nil:
			faults = append(faults, fmt.Errorf("repair phase %s of repository %d: %w", lie.Phase, lie.RepoID, err))
		case did:
			repaired++
			q.log.WarnContext(ctx, "something was changed by hand and is put right", slog.String("what", lie.Lie), slog.Int64("repo_id", lie.RepoID),
				slog.String("phase", lie.Phase), slog.Int64("run_id", lie.RunID), slog.Int64("job_id", lie.JobID))
		}
	}
	return repaired, errors.Join(faults...)
}

// repair puts one disagreement right, if it is still there. It locks like a worker does: jobs, run, status.
func (q *Queue) repair(ctx context.Context, tx pgx.Tx, lie db.LiesRow) (bool, error) {
	if err := q.queries.EndWhenSilent(ctx, tx); err != nil {
		return false, fmt.Errorf("bound the transaction: %w", err)
	}
	if err := q.queries.LockJobsOfRun(ctx, tx, db.LockJobsOfRunParams{JobID: lie.JobID, RunID: lie.RunID}); err != nil {
		return false, fmt.Errorf("lock jobs: %w", err)
	}
	if _, err := q.queries.LockRun(ctx, tx, lie.RunID); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, fmt.Errorf("lock run %d: %w", lie.RunID, err)
	}
	if err := q.queries.LockStatus(ctx, tx, lie.RepoID); err != nil {
		return false, fmt.Errorf("lock the status: %w", err)
	}
	now, err := q.queries.Lies(ctx, tx, []int64{lie.RepoID})
	if err != nil {
		return false, fmt.Errorf("look again: %w", err)
	}
	if !slices.Contains(now, lie) {
		return false, nil
	}
	args := Args{RunID: lie.RunID, RepoID: lie.RepoID, Phase: Phase(lie.Phase)}
	switch lie.Lie {
	case "job":
		reason := byHand
		if lie.Detail != "" {
			reason = "its job was discarded: " + Scrub(lie.Detail)
		}
		return true, q.endTask(ctx, tx, args, ending{kind: lie.Kind, who: "monitor", failed: &failure{cause: CauseError, reason: reason}})
	case "run":
		return true, q.advance(ctx, tx, args, "monitor")
	case "extra":
		_, err = q.queries.CancelJobs(ctx, tx, db.CancelJobsParams{JobID: lie.JobID})
	case "left":
		err = q.closeRun(ctx, tx, lie)
	case "pointer":
		err = q.point(ctx, tx, args)
	case "status":
		err = q.setBack(ctx, tx, lie)
	}
	return err == nil, err
}

// closeRun closes the run of a phase whose status somebody changed.
func (q *Queue) closeRun(ctx context.Context, tx pgx.Tx, lie db.LiesRow) error {
	if _, err := q.queries.CancelJobs(ctx, tx, db.CancelJobsParams{RunID: lie.RunID}); err != nil {
		return fmt.Errorf("cancel the jobs of run %d: %w", lie.RunID, err)
	}
	reason := fmt.Sprintf("the status was set to %s by hand", lie.Detail)
	if err := q.queries.EndRuns(ctx, tx, db.EndRunsParams{Outcome: "Reset", Reason: &reason, RunIDs: []int64{lie.RunID}}); err != nil {
		return fmt.Errorf("close run %d: %w", lie.RunID, err)
	}
	return nil
}

// point sets the task id of a phase to one of its jobs.
func (q *Queue) point(ctx context.Context, tx pgx.Tx, args Args) error {
	tasks, err := q.queries.TasksOfRun(ctx, tx, args.RunID)
	if err != nil {
		return fmt.Errorf("list the tasks of run %d: %w", args.RunID, err)
	}
	for _, t := range tasks {
		if t.State != stateQueued {
			continue
		}
		point := db.PointPhaseParams{Phase: string(args.Phase), TaskID: strconv.FormatInt(*t.JobID, 10), RepoID: args.RepoID}
		if err := q.queries.PointPhase(ctx, tx, point); err != nil {
			return fmt.Errorf("point to job %d: %w", *t.JobID, err)
		}
		return nil
	}
	return nil
}

// setBack takes a phase that has no run out of Collecting.
func (q *Queue) setBack(ctx context.Context, tx pgx.Tx, lie db.LiesRow) error {
	never, err := q.queries.PhaseOf(ctx, tx, db.PhaseOfParams{RepoID: lie.RepoID, Phase: lie.Phase})
	if err != nil {
		return fmt.Errorf("read the status: %w", err)
	}
	status := "Success"
	if never {
		status = "Pending"
	}
	if err := q.explain(ctx, tx, "monitor", "Collecting without a run"); err != nil {
		return err
	}
	set := db.SetPhaseParams{Phase: lie.Phase, RepoIDs: []int64{lie.RepoID}, Statuses: []string{status}, TaskIDs: []string{""}}
	if _, err := q.queries.SetPhase(ctx, tx, set); err != nil {
		return fmt.Errorf("set the status to %s: %w", status, err)
	}
	return nil
}

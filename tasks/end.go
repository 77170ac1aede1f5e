package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// States of a task, as collection_task has them.
const (
	stateWaiting = "waiting"
	stateQueued  = "queued"
	stateDone    = "done"
	stateFailed  = "failed"
)

// failure is why a task failed.
type failure struct {
	cause  Cause
	reason string
}

// ending is how a task ends.
type ending struct {
	kind, who string
	// failed is nil when the task is done.
	failed *failure
	// spared are kinds of tasks of the run that have nothing to do.
	spared []string
}

// endTask ends a task whose job the caller has just finalised, inserts the jobs that waited for it and, when it was the last one, ends the
// run and sets the status, in the name of who. It returns [ErrFenced] when the run is not open any more.
func (q *Queue) endTask(ctx context.Context, tx pgx.Tx, args Args, e ending) error {
	if _, err := q.queries.LockRun(ctx, tx, args.RunID); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrFenced
		}
		return fmt.Errorf("lock run %d: %w", args.RunID, err)
	}
	end := db.EndTaskParams{State: stateDone, RunID: args.RunID, Kind: e.kind}
	if e.failed != nil {
		cause := string(e.failed.cause)
		end.State, end.Cause, end.Reason = stateFailed, &cause, &e.failed.reason
	}
	ended, err := q.queries.EndTask(ctx, tx, end)
	if err != nil {
		return fmt.Errorf("end task %s of run %d: %w", e.kind, args.RunID, err)
	}
	if ended == 0 {
		return ErrFenced
	}
	if e.failed != nil {
		if err := q.queries.SkipTasks(ctx, tx, args.RunID); err != nil {
			return fmt.Errorf("skip what waits for %s in run %d: %w", e.kind, args.RunID, err)
		}
	}
	if len(e.spared) > 0 {
		if err := q.queries.SpareTasks(ctx, tx, db.SpareTasksParams{RunID: args.RunID, Kinds: e.spared}); err != nil {
			return fmt.Errorf("spare tasks of run %d: %w", args.RunID, err)
		}
	}
	return q.advance(ctx, tx, args, e.who)
}

// advance inserts the jobs of tasks that wait for nothing more, and ends a run in which nothing is left to do. The caller has locked the run.
func (q *Queue) advance(ctx context.Context, tx pgx.Tx, args Args, who string) error {
	tasks, err := q.queries.TasksOfRun(ctx, tx, args.RunID)
	if err != nil {
		return fmt.Errorf("list the tasks of run %d: %w", args.RunID, err)
	}
	jobs, err := q.enqueue(ctx, tx, readyTasks(tasks, args))
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.State == stateQueued {
			jobs = append(jobs, *t.JobID)
		}
	}
	if len(jobs) == 0 {
		return q.endRun(ctx, tx, args, who, tasks)
	}
	point := db.PointPhaseParams{Phase: string(args.Phase), TaskID: strconv.FormatInt(jobs[0], 10), RepoID: args.RepoID}
	if err := q.queries.PointPhase(ctx, tx, point); err != nil {
		return fmt.Errorf("point phase %s of repository %d to job %d: %w", args.Phase, args.RepoID, jobs[0], err)
	}
	return nil
}

// readyTasks are the waiting tasks whose predecessors are all done.
func readyTasks(tasks []db.TasksOfRunRow, args Args) []ready {
	done := func(kind string) bool {
		return slices.ContainsFunc(tasks, func(t db.TasksOfRunRow) bool { return t.Kind == kind && t.State == stateDone })
	}
	var found []ready
	for _, t := range tasks {
		if t.State == stateWaiting && !slices.ContainsFunc(t.After, func(kind string) bool { return !done(kind) }) {
			found = append(found, ready{kind: t.Kind, queue: t.Queue, args: args})
		}
	}
	return found
}

// endRun ends a run none of whose tasks has a job any more.
func (q *Queue) endRun(ctx context.Context, tx pgx.Tx, args Args, who string, tasks []db.TasksOfRunRow) error {
	status := db.SetPhaseParams{Phase: string(args.Phase), RepoIDs: []int64{args.RepoID}, Statuses: []string{"Success"}, TaskIDs: []string{""}, Collected: true}
	end := db.EndRunsParams{Outcome: "Success", RunIDs: []int64{args.RunID}}
	why := fmt.Sprintf("run %d: all %d tasks are done", args.RunID, len(tasks))
	if cause, reason := worst(tasks); cause != "" {
		status.Statuses[0], status.Collected = cause.status(), false
		end.Outcome, end.Reason, why = cause.status(), &reason, reason
		back := db.BackOffParams{RepoID: args.RepoID, Phase: string(args.Phase), Cause: string(cause), Wait: q.RetryAfter(cause), Reason: reason}
		if err := q.queries.BackOff(ctx, tx, back); err != nil {
			return fmt.Errorf("back off phase %s of repository %d: %w", args.Phase, args.RepoID, err)
		}
	} else if err := q.queries.ClearBackOff(ctx, tx, db.ClearBackOffParams{RepoID: args.RepoID, Phase: string(args.Phase)}); err != nil {
		return fmt.Errorf("clear the back-off of phase %s of repository %d: %w", args.Phase, args.RepoID, err)
	}
	if err := q.explain(ctx, tx, who, why); err != nil {
		return err
	}
	if _, err := q.queries.SetPhase(ctx, tx, status); err != nil {
		return fmt.Errorf("set phase %s of repository %d to %s: %w", args.Phase, args.RepoID, status.Statuses[0], err)
	}
	if err := q.queries.EndRuns(ctx, tx, end); err != nil {
		return fmt.Errorf("end run %d: %w", args.RunID, err)
	}
	return nil
}

// worst is the cause that decides the outcome of a run, with the reasons of all tasks that failed: a repository that is gone, private or
// blocked explains the errors beside it. The cause is empty when no task failed.
func worst(tasks []db.TasksOfRunRow) (Cause, string) {
	var cause Cause
	var reasons []string
	for _, t := range tasks {
		if t.State != stateFailed {
			continue
		}
		reasons = append(reasons, t.Kind+": "+*t.Reason)
		if c := Cause(*t.Cause); cause == "" || cause == CauseError {
			cause = c
		}
	}
	return cause, strings.Join(reasons, "; ")
}

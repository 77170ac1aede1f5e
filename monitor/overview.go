package monitor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// StatusReport is what runs, what is due, and what failed and why: the facts behind `augur status` and the status page.
type StatusReport struct {
	// At is when the facts were read.
	At time.Time `json:"at"`
	// Phases counts repositories: phase, status, number.
	Phases map[string]map[string]int64 `json:"phases"`
	// Running are tasks with an unfinished job, those that run first.
	Running []RunningTask `json:"running"`
	// Troubles are phases that ended without success, the last to be tried again first.
	Troubles []Trouble `json:"troubles"`
	// Missing are snapshots of files that are not whole, such as when a package registry did not answer; the newest first.
	Missing []Missing `json:"missing"`
	// Workers are the worker processes that are alive or died within the hour.
	Workers []Worker `json:"workers"`
	// Violations counts where status and queue disagree; it is always 0.
	Violations int64 `json:"violations"`
}

// RunningTask is a task that runs or waits for a worker.
type RunningTask struct {
	RepoID  int64  `json:"repo_id"`
	URL     string `json:"url"`
	Phase   string `json:"phase"`
	Task    string `json:"task"`
	JobID   int64  `json:"job_id"`
	State   string `json:"state"`
	Attempt int    `json:"attempt"`
	Full    bool   `json:"full"`
	// Since is when the run of the phase began; NextAttempt when a job that waits may start.
	Since       time.Time `json:"since"`
	NextAttempt time.Time `json:"next_attempt"`
	// Done and Total are units of progress; 0 of 0 when the task has none yet.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Rows are what was written so far, and RowsPerSecond how fast; 0 when the task does not count them.
	Rows          int64   `json:"rows"`
	RowsPerSecond float64 `json:"rows_per_second"`
	// SecondsLeft is an estimate from the progress so far; 0 when there is none.
	SecondsLeft float64 `json:"seconds_left"`
	// WaitsFor is why a job that is scheduled was put off, such as a rate limit or a full disk; empty for others.
	WaitsFor string `json:"waits_for,omitempty"`
	// LastError is that of the last attempt; empty on the first.
	LastError string `json:"last_error,omitempty"`
}

// Trouble is a phase that ended without success.
type Trouble struct {
	RepoID   int64     `json:"repo_id"`
	URL      string    `json:"url"`
	Phase    string    `json:"phase"`
	Status   string    `json:"status"`
	Cause    string    `json:"cause"`
	Failures int       `json:"failures"`
	RetryAt  time.Time `json:"retry_at"`
	Reason   string    `json:"reason"`
}

// Missing is a snapshot of the files of a repository that is not whole.
type Missing struct {
	RepoID int64     `json:"repo_id"`
	URL    string    `json:"url"`
	Task   string    `json:"task"`
	Note   string    `json:"note"`
	At     time.Time `json:"at"`
}

// Worker is a worker process.
type Worker struct {
	ID        string    `json:"id"`
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Queues    []string  `json:"queues"`
	StartedAt time.Time `json:"started_at"`
	Jobs      int       `json:"jobs"`
	// Silent is how many seconds ago its last heartbeat was.
	Silent float64 `json:"silent_seconds"`
}

// Overview reads the report from one snapshot of the database, with at most limit rows in each list.
func Overview(ctx context.Context, pool *pgxpool.Pool, limit int) (*StatusReport, error) {
	report := &StatusReport{
		At: time.Now().UTC(), Phases: map[string]map[string]int64{}, Running: []RunningTask{}, Troubles: []Trouble{}, Missing: []Missing{}, Workers: []Worker{},
	}
	q := db.New()
	err := pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		counts, err := q.PhaseCounts(ctx, tx)
		if err != nil {
			return fmt.Errorf("count statuses: %w", err)
		}
		for _, row := range counts {
			if report.Phases[row.Phase] == nil {
				report.Phases[row.Phase] = map[string]int64{}
			}
			report.Phases[row.Phase][row.Status] = row.Repos
		}
		running, err := q.RunningTasks(ctx, tx, int32(limit)) //nolint:gosec // a handful
		if err != nil {
			return fmt.Errorf("list running tasks: %w", err)
		}
		for _, row := range running {
			report.Running = append(report.Running, runningTask(row))
		}
		troubles, err := q.Troubles(ctx, tx, int32(limit)) //nolint:gosec // a handful
		if err != nil {
			return fmt.Errorf("list troubles: %w", err)
		}
		for _, row := range troubles {
			report.Troubles = append(report.Troubles, Trouble{
				RepoID: row.RepoID, URL: row.RepoGit, Phase: row.Phase, Status: row.Status, Cause: row.Cause,
				Failures: int(row.Failures), RetryAt: row.RetryAt, Reason: row.Reason,
			})
		}
		notes, err := q.SnapshotNotes(ctx, tx, int32(limit)) //nolint:gosec // a handful
		if err != nil {
			return fmt.Errorf("list snapshots that are not whole: %w", err)
		}
		for _, row := range notes {
			report.Missing = append(report.Missing, Missing{RepoID: row.RepoID, URL: row.RepoGit, Task: row.Kind, Note: row.Note, At: row.CheckedAt})
		}
		workers, err := q.Workers(ctx, tx)
		if err != nil {
			return fmt.Errorf("list workers: %w", err)
		}
		for _, row := range workers {
			report.Workers = append(report.Workers, Worker{
				ID: row.ClientID, Host: row.Host, PID: int(row.PID), Queues: row.Queues, StartedAt: row.StartedAt, Jobs: int(row.Jobs),
				Silent: row.SilentSeconds,
			})
		}
		report.Violations, err = q.CountViolations(ctx, tx)
		if err != nil {
			return fmt.Errorf("count violations: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return report, nil
}

func runningTask(row db.RunningTasksRow) RunningTask {
	t := RunningTask{
		RepoID: row.RepoID, URL: row.RepoGit, Phase: row.Phase, Task: row.Kind, JobID: row.JobID, State: string(row.JobState),
		Attempt: int(row.Attempt), Full: row.FullCollection, Since: row.StartedAt, NextAttempt: row.ScheduledAt, LastError: row.LastError,
		WaitsFor: row.WaitsFor,
	}
	if row.ProgressDone != nil {
		t.Done = *row.ProgressDone
	}
	if row.ProgressTotal != nil {
		t.Total = *row.ProgressTotal
	}
	if row.ProgressRows != nil {
		t.Rows = *row.ProgressRows
	}
	if row.ProgressSeconds > 0 {
		t.RowsPerSecond = float64(t.Rows) / row.ProgressSeconds
		if t.Done > 0 {
			t.SecondsLeft = row.ProgressSeconds * float64(max(t.Total-t.Done, 0)) / float64(t.Done)
		}
	}
	return t
}

package tasks

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"augur/db"
)

// Schema is the schema that River's tables live in.
const Schema = "river"

// MaxAttempts is how often a task is tried before its run ends as Error.
const MaxAttempts = 3

// Args are the arguments of every job of collection: identifiers only.
type Args struct {
	RunID  int64 `json:"run_id"`
	RepoID int64 `json:"repo_id"`
	Phase  Phase `json:"phase"`

	kind string
}

// Kind is the kind of the task that the job runs.
func (a Args) Kind() string { return a.kind }

// fit says that the arguments can be stored as they are: numbers, and the name of a phase.
func (a Args) fit() bool { return slices.Contains(Phases(), a.Phase) }

// unfinished are the states of a job that will still run, or runs. A finished job is no obstacle to the next of its kind.
var unfinished = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// Queue starts runs and moves them on: it inserts jobs and keeps runs, tasks and statuses in step with them, always inside a transaction of
// the caller. It is safe for concurrent use.
type Queue struct {
	// RetryAfter is how long a phase that ended for the cause waits at least before the monitor starts it again.
	RetryAfter func(Cause) time.Duration

	queries *db.Queries
	insert  *river.Client[pgx.Tx]
	log     *slog.Logger
}

// NewQueue makes a queue on the pool.
func NewQueue(pool *pgxpool.Pool, retryAfter func(Cause) time.Duration, log *slog.Logger) (*Queue, error) {
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Schema: Schema, FetchCooldown: fetchCooldown, Logger: riverLog(log), Middleware: Middleware(log)})
	if err != nil {
		return nil, fmt.Errorf("make a River client: %w", err)
	}
	return &Queue{RetryAfter: retryAfter, queries: db.New(), insert: client, log: log}, nil
}

// Start is a run to be started: the repository, and the graph of what to do.
type Start struct {
	RepoID int64
	Full   bool
	Steps  []Step
}

// StartRuns opens runs of the phase, inserts their first jobs and sets the status to Collecting. The caller holds locks on the repositories'
// rows in collection_status, and has checked that none is Collecting.
func (q *Queue) StartRuns(ctx context.Context, tx pgx.Tx, phase Phase, starts []Start, who, why string) error {
	if len(starts) == 0 {
		return nil
	}
	opened := db.StartRunsParams{Phase: string(phase)}
	for _, s := range starts {
		opened.RepoIDs = append(opened.RepoIDs, s.RepoID)
		opened.FullCollections = append(opened.FullCollections, s.Full)
	}
	rows, err := q.queries.StartRuns(ctx, tx, opened)
	if err != nil {
		return fmt.Errorf("open runs of phase %s: %w", phase, err)
	}
	runOf := make(map[int64]int64, len(rows))
	for _, row := range rows {
		runOf[row.RepoID] = row.RunID
	}
	tasks := db.AddTasksParams{Queue: phase.Queue()}
	var first []ready
	var places []int // of the first tasks among all
	for _, s := range starts {
		for _, step := range s.Steps {
			if len(step.After) == 0 {
				first = append(first, ready{kind: step.Kind, queue: phase.Queue(), args: Args{RunID: runOf[s.RepoID], RepoID: s.RepoID, Phase: phase}})
				places = append(places, len(tasks.Kinds))
			}
			tasks.RunIDs = append(tasks.RunIDs, runOf[s.RepoID])
			tasks.Kinds = append(tasks.Kinds, step.Kind)
			tasks.Afters = append(tasks.Afters, strings.Join(step.After, " "))
		}
	}
	jobs, err := q.insertJobs(ctx, tx, first)
	if err != nil {
		return err
	}
	tasks.JobIDs = make([]int64, len(tasks.Kinds))
	for i, place := range places {
		tasks.JobIDs[place] = jobs[i]
	}
	if err := q.queries.AddTasks(ctx, tx, tasks); err != nil {
		return fmt.Errorf("write the tasks of phase %s: %w", phase, err)
	}
	status := db.SetPhaseParams{Phase: string(phase)}
	pointed := make(map[int64]bool, len(starts))
	for i, job := range jobs {
		repo := first[i].args.RepoID
		if pointed[repo] {
			continue
		}
		pointed[repo] = true
		status.RepoIDs = append(status.RepoIDs, repo)
		status.Statuses = append(status.Statuses, "Collecting")
		status.TaskIDs = append(status.TaskIDs, strconv.FormatInt(job, 10))
	}
	if err := q.explain(ctx, tx, who, why); err != nil {
		return err
	}
	if _, err := q.queries.SetPhase(ctx, tx, status); err != nil {
		return fmt.Errorf("set phase %s to Collecting: %w", phase, err)
	}
	return nil
}

// ready is a task whose job can be inserted.
type ready struct {
	kind, queue string
	args        Args
}

// insertJobs inserts the jobs of tasks, and returns their ids in the same order.
func (q *Queue) insertJobs(ctx context.Context, tx pgx.Tx, tasks []ready) ([]int64, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	params := make([]river.InsertManyParams, len(tasks))
	for i, t := range tasks {
		t.args.kind = t.kind
		params[i] = river.InsertManyParams{Args: t.args, InsertOpts: &river.InsertOpts{
			Queue: t.queue, MaxAttempts: MaxAttempts, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: unfinished},
		}}
	}
	inserted, err := q.insert.InsertManyTx(ctx, tx, params)
	if err != nil {
		return nil, fmt.Errorf("insert %d jobs: %w", len(tasks), err)
	}
	ids := make([]int64, len(inserted))
	for i, result := range inserted {
		ids[i] = result.Job.ID
	}
	return ids, nil
}

// enqueue inserts the jobs of waiting tasks and notes their ids; it returns the ids in the order of the tasks.
func (q *Queue) enqueue(ctx context.Context, tx pgx.Tx, tasks []ready) ([]int64, error) {
	ids, err := q.insertJobs(ctx, tx, tasks)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	queued := db.QueueTasksParams{JobIDs: ids}
	for _, t := range tasks {
		queued.RunIDs = append(queued.RunIDs, t.args.RunID)
		queued.Kinds = append(queued.Kinds, t.kind)
	}
	if err := q.queries.QueueTasks(ctx, tx, queued); err != nil {
		return nil, fmt.Errorf("note %d jobs: %w", len(tasks), err)
	}
	return ids, nil
}

func (q *Queue) explain(ctx context.Context, tx pgx.Tx, who, why string) error {
	if err := q.queries.Explain(ctx, tx, db.ExplainParams{Who: who, Why: Scrub(why)}); err != nil {
		return fmt.Errorf("explain a change of status: %w", err)
	}
	return nil
}

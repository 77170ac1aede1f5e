package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// Bounds of what is done together: how much at once, and how long it may take.
const (
	togetherMost    = 500
	togetherTimeout = 10 * time.Second
)

// errLeft says that a batch ended without an answer to a question.
var errLeft = errors.New("not answered")

// together does for many callers at once what each of them asks for: while a batch is under way, those who come wait and are the next one. Nobody
// waits for company. A second batch at the same time would only wait for the rows of the same runs, and take callers from the next one. It has no goroutine of its own: the first of a batch works for all. It is safe for concurrent use.
type together[In, Out any] struct {
	// do answers the questions, in their order. An error is that of all.
	do func(ctx context.Context, questions []In) ([]Out, error)

	mu      sync.Mutex
	waiting []*question[In, Out]
	busy    bool // a batch is under way
}

// question is what one caller asks for.
type question[In, Out any] struct {
	in       In
	out      Out
	err      error
	answered chan struct{} // closed: out or err is the answer
	// lead is closed when the caller has to answer the batch, of which it is the first.
	lead  chan struct{}
	batch []*question[In, Out]
}

// ask returns the answer, or the context's error when that ends before; then it is not known whether the question was answered.
func (t *together[In, Out]) ask(ctx context.Context, in In) (Out, error) {
	q := &question[In, Out]{in: in, lead: make(chan struct{}), answered: make(chan struct{})}
	t.mu.Lock()
	t.waiting = append(t.waiting, q)
	t.next()
	t.mu.Unlock()
	select {
	case <-q.answered:
	case <-q.lead:
		t.answer(ctx, q.batch)
	case <-ctx.Done():
		if batch := t.leave(q); batch != nil {
			t.answer(ctx, batch)
		}
		var none Out
		return none, ctx.Err()
	}
	return q.out, q.err
}

// next makes a batch of those who wait, if none is under way, and tells the first to answer it. It is called with the lock held.
func (t *together[In, Out]) next() {
	if t.busy || len(t.waiting) == 0 {
		return
	}
	t.busy = true
	n := min(len(t.waiting), togetherMost)
	first := t.waiting[0]
	first.batch = t.waiting[:n:n]
	t.waiting = t.waiting[n:]
	close(first.lead)
}

// leave takes a question back that waits. When its caller was told to answer a batch, it returns the batch: the others rely on it.
func (t *together[In, Out]) leave(q *question[In, Out]) []*question[In, Out] {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting = slices.DeleteFunc(t.waiting, func(other *question[In, Out]) bool { return other == q })
	return q.batch
}

// answer answers a batch, and lets the next one begin.
func (t *together[In, Out]) answer(ctx context.Context, batch []*question[In, Out]) {
	defer func() {
		for _, q := range batch {
			close(q.answered)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.busy = false
		t.next()
	}()
	// It is the work of all of them: that the caller gives up does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), togetherTimeout)
	defer cancel()
	questions := make([]In, len(batch))
	for i, q := range batch {
		questions[i] = q.in
		q.err = errLeft
	}
	answers, err := t.do(ctx, questions)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w within %s: %w", errSilent, togetherTimeout, err)
	}
	for i, q := range batch {
		if q.err = err; err == nil {
			q.out = answers[i]
		}
	}
}

// shared is what the jobs of a process ask the database together: what a job needs to know, and the end of a task that writes nothing. These are a few
// statements and a commit each, which cost more than a short task.
type shared struct {
	pool    *pgxpool.Pool
	queue   *Queue
	log     *slog.Logger
	lookups *together[runTask, *db.CollectionsOfRow]
	ends    *together[endingTask, bool] // of tasks whose runs go on
	lasts   *together[endingTask, bool] // of tasks whose runs end with them
}

// runTask is a task of a run.
type runTask struct {
	run  int64
	kind string
}

// endingTask is a task that is done.
type endingTask struct {
	args    Args
	kind    string
	jobID   int64
	attempt int
	// last says that all others of the run were done when it began.
	last bool
}

func newShared(pool *pgxpool.Pool, queue *Queue, log *slog.Logger) *shared {
	s := &shared{pool: pool, queue: queue, log: log}
	s.lookups = &together[runTask, *db.CollectionsOfRow]{do: s.lookUp}
	s.ends = &together[endingTask, bool]{do: s.endOthers}
	s.lasts = &together[endingTask, bool]{do: s.endLasts}
	return s
}

// lookUp finds runs and repositories; nil for what there is not.
func (s *shared) lookUp(ctx context.Context, tasks []runTask) ([]*db.CollectionsOfRow, error) {
	var params db.CollectionsOfParams
	for i, t := range tasks {
		params.RunIDs = append(params.RunIDs, t.run)
		params.Kinds = append(params.Kinds, t.kind)
		params.Places = append(params.Places, int32(i))
	}
	rows, err := s.queue.queries.CollectionsOf(ctx, s.pool, params)
	if err != nil {
		return nil, fmt.Errorf("read %d runs: %w", len(tasks), err)
	}
	found := make([]*db.CollectionsOfRow, len(tasks))
	for i := range rows {
		found[rows[i].Place] = &rows[i]
	}
	return found, nil
}

// end ends a task that writes nothing, and tells whether it could: a task for which another one waits has to be ended alone, and so has one whose batch fails. Job, task,
// run and status, after a check of the fence, go into one transaction with those of others.
func (s *shared) end(ctx context.Context, task endingTask) (bool, error) {
	if !task.last {
		if ended, err := s.ends.ask(ctx, task); err != nil || ended {
			return ended, err
		}
	}
	return s.lasts.ask(ctx, task) // others may have ended since it began
}

// endOthers ends those of the tasks whose runs go on and on which nothing depends, and tells which.
func (s *shared) endOthers(ctx context.Context, tasks []endingTask) ([]bool, error) {
	ended := map[int64]bool{}
	jobs, err := s.queue.queries.EndTasksTogether(ctx, s.pool, endingsOf(tasks))
	s.note(ctx, ended, jobs, err)
	return answersFor(tasks, ended), nil
}

// endLasts ends those of the tasks that are the last of their runs, and the runs, and tells which. Each phase has a transaction of its own.
func (s *shared) endLasts(ctx context.Context, tasks []endingTask) ([]bool, error) {
	ended := map[int64]bool{}
	for _, phase := range Phases() {
		last := slices.DeleteFunc(slices.Clone(tasks), func(t endingTask) bool { return t.args.Phase != phase })
		if len(last) == 0 {
			continue
		}
		var jobs []int64
		err := pgx.BeginTxFunc(ctx, s.pool, db.ByIndex, func(tx pgx.Tx) (err error) {
			jobs, err = s.endPhase(ctx, tx, phase, endingsOf(last))
			return err
		})
		s.note(ctx, ended, jobs, err)
	}
	return answersFor(tasks, ended), nil
}

// note marks the jobs that a transaction has completed; when it failed, none.
func (s *shared) note(ctx context.Context, ended map[int64]bool, jobs []int64, err error) {
	if err != nil {
		s.log.DebugContext(ctx, "tasks not ended together; each is ended alone", slog.Any("error", stored(err)))
		return
	}
	for _, id := range jobs {
		ended[id] = true
	}
}

// answersFor tells of each task whether it is ended.
func answersFor(tasks []endingTask, ended map[int64]bool) []bool {
	answers := make([]bool, len(tasks))
	for i, t := range tasks {
		answers[i] = ended[t.jobID]
	}
	return answers
}

// endings are tasks as parallel arrays in the order of their jobs, and their runs, each once.
type endings = db.EndTasksParams

func endingsOf(tasks []endingTask) endings {
	var e endings
	for _, t := range slices.SortedFunc(slices.Values(tasks), func(a, b endingTask) int { return cmp.Compare(a.jobID, b.jobID) }) {
		e.JobIDs = append(e.JobIDs, t.jobID)
		e.Attempts = append(e.Attempts, int32(t.attempt)) //nolint:gosec // River's column is a smallint
		e.RunIDs = append(e.RunIDs, t.args.RunID)
		e.Kinds = append(e.Kinds, t.kind)
	}
	e.Runs = slices.Compact(slices.Sorted(slices.Values(e.RunIDs)))
	return e
}

// endPhase ends runs of a phase with their last tasks, and returns the jobs.
func (s *shared) endPhase(ctx context.Context, tx pgx.Tx, phase Phase, tasks endings) ([]int64, error) {
	params := db.EndLastTasksParams{Phase: string(phase), JobIDs: tasks.JobIDs, Attempts: tasks.Attempts, RunIDs: tasks.RunIDs, Kinds: tasks.Kinds}
	rows, err := s.queue.queries.EndLastTasks(ctx, tx, params)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	if err := s.queue.explain(ctx, tx, "worker", "all tasks are done"); err != nil {
		return nil, err
	}
	status := db.SetPhaseParams{
		Phase: params.Phase, Collected: true, Statuses: slices.Repeat([]string{"Success"}, len(rows)), TaskIDs: make([]string, len(rows)),
	}
	jobs := make([]int64, len(rows))
	for i, row := range rows {
		jobs[i] = row.JobID
		status.RepoIDs = append(status.RepoIDs, row.RepoID)
	}
	if _, err := s.queue.queries.SetPhase(ctx, tx, status); err != nil {
		return nil, fmt.Errorf("set phase %s of %d repositories to Success: %w", params.Phase, len(rows), err)
	}
	return jobs, nil
}

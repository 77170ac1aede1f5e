package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
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
	ends    *together[endingTask, bool]
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
	// last says that all others of the run were done when it began, so that the run ends with it.
	last bool
}

func newShared(pool *pgxpool.Pool, queue *Queue, log *slog.Logger) *shared {
	s := &shared{pool: pool, queue: queue, log: log}
	s.lookups = &together[runTask, *db.CollectionsOfRow]{do: s.lookUp}
	s.ends = &together[endingTask, bool]{do: s.end}
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

// end ends tasks, and tells which: those that are the last of their runs together with these, and those on which nothing depends. Job, task, run and status, after a check
// of the fence, go into one transaction, for all last tasks of a phase, and for all that are not the last. About the others, and about those whose transaction fails,
// nothing is said: they have to be ended one by one.
func (s *shared) end(ctx context.Context, tasks []endingTask) ([]bool, error) {
	inOrder := slices.SortedFunc(slices.Values(tasks), func(a, b endingTask) int { return cmp.Compare(a.jobID, b.jobID) })
	ended := map[int64]bool{}
	together := func(batch endings, end func(ctx context.Context, tx pgx.Tx) ([]int64, error)) {
		if len(batch.JobIDs) == 0 {
			return
		}
		var jobs []int64
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			jobs, err = end(ctx, tx)
			return err
		})
		if err != nil {
			s.log.DebugContext(ctx, "tasks not ended together; each is ended alone", slog.Int("tasks", len(batch.JobIDs)), slog.Any("error", stored(err)))
			return
		}
		for _, id := range jobs {
			ended[id] = true
		}
	}
	others := endingsOf(inOrder, func(t endingTask) bool { return !t.last })
	together(others, func(ctx context.Context, tx pgx.Tx) ([]int64, error) { return s.endOthers(ctx, tx, others) })
	for _, phase := range Phases() {
		// Where these are the last of a run together, one of them is left.
		last := endingsOf(inOrder, func(t endingTask) bool { return !ended[t.jobID] && t.args.Phase == phase })
		together(last, func(ctx context.Context, tx pgx.Tx) ([]int64, error) {
			return s.endPhase(ctx, tx, db.EndLastTasksParams{Phase: string(phase), JobIDs: last.JobIDs, Attempts: last.Attempts, RunIDs: last.RunIDs, Kinds: last.Kinds})
		})
	}
	answers := make([]bool, len(tasks))
	for i, t := range tasks {
		answers[i] = ended[t.jobID]
	}
	return answers, nil
}

// endings are tasks as parallel arrays, and their runs, each once.
type endings = db.EndTasksParams

func endingsOf(tasks []endingTask, wanted func(endingTask) bool) endings {
	var e endings
	for _, t := range tasks {
		if wanted(t) {
			e.JobIDs = append(e.JobIDs, t.jobID)
			e.Attempts = append(e.Attempts, int32(t.attempt)) //nolint:gosec // River's column is a smallint
			e.RunIDs = append(e.RunIDs, t.args.RunID)
			e.Kinds = append(e.Kinds, t.kind)
		}
	}
	e.Runs = slices.Compact(slices.Sorted(slices.Values(e.RunIDs)))
	return e
}

// endOthers ends tasks whose runs go on, and sees to it that statuses name jobs that are there.
func (s *shared) endOthers(ctx context.Context, tx pgx.Tx, tasks endings) ([]int64, error) {
	if err := s.queue.queries.LockRuns(ctx, tx, tasks.Runs); err != nil {
		return nil, fmt.Errorf("lock the runs of %d tasks: %w", len(tasks.JobIDs), err)
	}
	jobs, err := s.queue.queries.EndTasks(ctx, tx, tasks)
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	point := db.PointPhasesParams{RunIDs: tasks.Runs}
	for _, id := range jobs {
		point.Ended = append(point.Ended, strconv.FormatInt(id, 10))
	}
	if err := s.queue.queries.PointPhases(ctx, tx, point); err != nil {
		return nil, fmt.Errorf("point the phases of %d tasks to other jobs: %w", len(jobs), err)
	}
	return jobs, nil
}

func (s *shared) endPhase(ctx context.Context, tx pgx.Tx, params db.EndLastTasksParams) ([]int64, error) {
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

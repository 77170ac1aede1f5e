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

// Bounds of what is done together: how much at once, in how many batches at a time, and how long one may take.
const (
	togetherMost    = 500
	togetherBatches = 2
	togetherTimeout = 10 * time.Second
)

// errLeft says that a batch ended without an answer to a question.
var errLeft = errors.New("not answered")

// together does for many callers at once what each of them asks for: while batches are under way, those who come wait and are the next one. Nobody
// waits for company. It has no goroutine of its own: the first of a batch works for all. It is safe for concurrent use.
type together[In, Out any] struct {
	// do answers the questions, in their order. An error is that of all.
	do func(ctx context.Context, questions []In) ([]Out, error)

	mu      sync.Mutex
	waiting []*question[In, Out]
	busy    int // batches that are under way
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

// next makes a batch of those who wait, if there is room for one, and tells the first to answer it. It is called with the lock held.
func (t *together[In, Out]) next() {
	if t.busy == togetherBatches || len(t.waiting) == 0 {
		return
	}
	t.busy++
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
		t.busy--
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

// shared is what the jobs of a process ask the database together: what a job needs to know, and the end of the last task of a run. These are a few
// statements and a commit each, which cost more than a short task.
type shared struct {
	pool    *pgxpool.Pool
	queue   *Queue
	log     *slog.Logger
	lookups *together[runTask, *db.CollectionsOfRow]
	ends    *together[lastTask, bool]
}

// runTask is a task of a run.
type runTask struct {
	run  int64
	kind string
}

// lastTask is a task that is done, and may be the last one of its run.
type lastTask struct {
	args    Args
	kind    string
	jobID   int64
	attempt int
}

func newShared(pool *pgxpool.Pool, queue *Queue, log *slog.Logger) *shared {
	s := &shared{pool: pool, queue: queue, log: log}
	s.lookups = &together[runTask, *db.CollectionsOfRow]{do: s.lookUp}
	s.ends = &together[lastTask, bool]{do: s.end}
	return s
}

// lookUp finds runs and repositories; nil for what there is not.
func (s *shared) lookUp(ctx context.Context, tasks []runTask) ([]*db.CollectionsOfRow, error) {
	var params db.CollectionsOfParams
	for _, t := range tasks {
		params.RunIDs = append(params.RunIDs, t.run)
		params.Kinds = append(params.Kinds, t.kind)
	}
	rows, err := s.queue.queries.CollectionsOf(ctx, s.pool, params)
	if err != nil {
		return nil, fmt.Errorf("read %d runs: %w", len(tasks), err)
	}
	found := make([]*db.CollectionsOfRow, len(tasks))
	for i := range rows {
		found[rows[i].Place-1] = &rows[i]
	}
	return found, nil
}

// end ends the runs of those tasks that are the last of theirs, and tells which: job, task, run and status, after a check of the fence, in one
// transaction for all of a phase. About the others, and about those of a phase whose transaction fails, nothing is said: they have to be ended one by one.
func (s *shared) end(ctx context.Context, tasks []lastTask) ([]bool, error) {
	ended := map[int64]bool{}
	inOrder := slices.SortedFunc(slices.Values(tasks), func(a, b lastTask) int { return cmp.Compare(a.jobID, b.jobID) })
	for _, phase := range Phases() {
		params := db.EndLastTasksParams{Phase: string(phase)}
		for _, t := range inOrder {
			if t.args.Phase == phase {
				params.JobIDs = append(params.JobIDs, t.jobID)
				params.Attempts = append(params.Attempts, int32(t.attempt)) //nolint:gosec // River's column is a smallint
				params.RunIDs = append(params.RunIDs, t.args.RunID)
				params.Kinds = append(params.Kinds, t.kind)
			}
		}
		if len(params.JobIDs) == 0 {
			continue
		}
		var jobs []int64
		err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			jobs, err = s.endPhase(ctx, tx, params)
			return err
		})
		if err != nil {
			s.log.DebugContext(ctx, "tasks not ended together; each is ended alone", slog.Int("tasks", len(params.JobIDs)), slog.Any("error", stored(err)))
			continue
		}
		for _, id := range jobs {
			ended[id] = true
		}
	}
	answers := make([]bool, len(tasks))
	for i, t := range tasks {
		answers[i] = ended[t.jobID]
	}
	return answers, nil
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

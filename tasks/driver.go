package tasks

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// fetchTimeout bounds the fetching of jobs. River has a deadline for everything else.
const fetchTimeout = 10 * time.Second

// driver is River's driver with a deadline for fetching jobs: over a connection that went silent, River would wait for ever, and the process would
// look alive and never take a job again. What such a fetch took on the server is rescued, since nobody holds it. It also spares the database a
// question about jobs of which is known that they are completed.
type driver struct {
	riverdriver.Driver[pgx.Tx]
	listening *riverpgxv5.Driver
	timeout   time.Duration
	completed *completedJobs
}

// newDriver works on pool, and listens on connections of listening; nil means pool.
func newDriver(pool, listening *pgxpool.Pool) *driver {
	return &driver{
		Driver: riverpgxv5.New(pool), listening: riverpgxv5.New(cmp.Or(listening, pool)), timeout: fetchTimeout,
		completed: &completedJobs{rows: map[int64]*rivertype.JobRow{}},
	}
}

// GetListener is what River hears of new jobs with.
func (d *driver) GetListener(params *riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.listening.GetListener(params)
}

// GetExecutor is the executor that River runs its queries on.
func (d *driver) GetExecutor() riverdriver.Executor {
	return &executor{Executor: d.Driver.GetExecutor(), timeout: d.timeout, completed: d.completed}
}

type executor struct {
	riverdriver.Executor
	timeout   time.Duration
	completed *completedJobs
}

// JobGetAvailable fetches jobs.
func (e *executor) JobGetAvailable(ctx context.Context, params *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	return e.Executor.JobGetAvailable(ctx, params)
}

// JobSetStateIfRunningMany stores what became of jobs, and returns their rows. Jobs that a task completed in its own transaction are not asked for: the
// database would look each of them up, find that there is nothing to do, and send the row.
func (e *executor) JobSetStateIfRunningMany(ctx context.Context, params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	rows, rest := e.completed.take(params)
	if len(rest.ID) == 0 {
		return rows, nil
	}
	stored, err := e.Executor.JobSetStateIfRunningMany(ctx, rest)
	if err != nil {
		return nil, err
	}
	return append(rows, stored...), nil
}

// completedJobs are the jobs that tasks of this process have completed, and that River has not yet reported. It is safe for concurrent use.
type completedJobs struct {
	mu   sync.Mutex
	rows map[int64]*rivertype.JobRow
}

// add notes that the transaction that completed the job is committed.
func (c *completedJobs) add(job *rivertype.JobRow, at time.Time) {
	row := *job
	row.State, row.FinalizedAt = rivertype.JobStateCompleted, &at
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rows[row.ID] = &row
}

// take forgets the jobs that River reports. It returns the rows of those about which there is nothing to store, and what it says about the others. When
// storing that fails, River reports all of them again, and the database answers for all.
func (c *completedJobs) take(params *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, *riverdriver.JobSetStateIfRunningManyParams) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var rows []*rivertype.JobRow
	var others []int
	for i, id := range params.ID {
		row := c.rows[id]
		delete(c.rows, id)
		if row != nil && params.State[i] == rivertype.JobStateCompleted && !params.MetadataDoMerge[i] {
			rows = append(rows, row)
			continue
		}
		others = append(others, i)
	}
	if rows == nil {
		return nil, params
	}
	rest := *params
	rest.ID = pick(params.ID, others)
	rest.Attempt = pick(params.Attempt, others)
	rest.ErrData = pick(params.ErrData, others)
	rest.FinalizedAt = pick(params.FinalizedAt, others)
	rest.MetadataDoMerge = pick(params.MetadataDoMerge, others)
	rest.MetadataUpdates = pick(params.MetadataUpdates, others)
	rest.ScheduledAt = pick(params.ScheduledAt, others)
	rest.State = pick(params.State, others)
	return rows, &rest
}

// pick lists the elements at the places.
func pick[T any](list []T, places []int) []T {
	picked := make([]T, len(places))
	for i, place := range places {
		picked[i] = list[place]
	}
	return picked
}

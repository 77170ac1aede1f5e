package tasks

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// fetchTimeout bounds the fetching of jobs. River has a deadline for everything else.
const fetchTimeout = 10 * time.Second

// driver is River's driver with a deadline for fetching jobs: over a connection that went silent, River would wait for ever, and the process would
// look alive and never take a job again. What such a fetch took on the server is rescued, since nobody holds it.
type driver struct {
	riverdriver.Driver[pgx.Tx]
	listening *riverpgxv5.Driver
	timeout   time.Duration
}

// newDriver works on pool, and listens on connections of listening; nil means pool.
func newDriver(pool, listening *pgxpool.Pool) *driver {
	return &driver{Driver: riverpgxv5.New(pool), listening: riverpgxv5.New(cmp.Or(listening, pool)), timeout: fetchTimeout}
}

// GetListener is what River hears of new jobs with.
func (d *driver) GetListener(params *riverdriver.GetListenenerParams) riverdriver.Listener {
	return d.listening.GetListener(params)
}

// GetExecutor is the executor that River runs its queries on.
func (d *driver) GetExecutor() riverdriver.Executor {
	return &executor{Executor: d.Driver.GetExecutor(), timeout: d.timeout}
}

type executor struct {
	riverdriver.Executor
	timeout time.Duration
}

// JobGetAvailable fetches jobs.
func (e *executor) JobGetAvailable(ctx context.Context, params *riverdriver.JobGetAvailableParams) (*riverdriver.JobGetAvailableResult, error) {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	return e.Executor.JobGetAvailable(ctx, params)
}

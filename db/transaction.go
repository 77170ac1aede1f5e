package db

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
)

// ByIndex are the options of transactions whose statements look rows up by index, with plans that are made once and hold for a table of any size. The
// settings come with the BEGIN, in one round trip.
var ByIndex = pgx.TxOptions{
	BeginQuery: "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off",
}

// EndTasksTogether locks the runs of tasks, ends the tasks as [Queries.EndTasks] does, and moves the task ids of their phases to jobs that go on: one
// transaction in one round trip. It returns the jobs that it completed.
func (q *Queries) EndTasksTogether(ctx context.Context, db interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}, tasks EndTasksParams,
) ([]int64, error) {
	var jobs []int64
	taskIDs := make([]string, len(tasks.JobIDs))
	for i, id := range tasks.JobIDs {
		taskIDs[i] = strconv.FormatInt(id, 10)
	}
	// What is sent together without a BEGIN is a transaction of its own.
	var batch pgx.Batch
	batch.Queue(byIndex)
	batch.Queue(lockRuns, tasks.Runs)
	batch.Queue(endTasks, tasks.JobIDs, tasks.Attempts, tasks.RunIDs, tasks.Kinds, tasks.Runs).Query(func(rows pgx.Rows) (err error) {
		jobs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
	batch.Queue(pointPhases, taskIDs, tasks.Runs)
	if err := db.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("end %d tasks together: %w", len(tasks.JobIDs), err)
	}
	return jobs, nil
}

package care

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
)

// page is how many rows are looked at in one transaction. It is short enough to be in nobody's way.
const page = 5000

// Forgotten counts rows that were removed.
type Forgotten struct {
	Runs, Events, Fetches, Spending int64
}

// Forget removes what is older than the settings say: changes of status, finished runs with their tasks, the log of fetches, requests to APIs, and
// leases, clocks and keys of what is gone. River removes finished jobs itself: completed and cancelled ones after a day, discarded ones after a week.
func (c *Care) Forget(ctx context.Context) (Forgotten, error) {
	s := config.Of[Settings](c.settings)
	var sum Forgotten
	var err error
	if s.RunRetention > 0 {
		sum.Runs, err = c.pages(ctx, func(tx pgx.Tx, after int64) (last, removed int64, err error) {
			row, err := c.queries.ForgetRuns(ctx, tx, db.ForgetRunsParams{After: after, Age: s.RunRetention, Kept: int32(s.RunsKept), MaxRows: page}) //nolint:gosec // the setting bounds it
			return row.Last, row.Removed, err
		})
		if err != nil {
			return sum, fmt.Errorf("remove old runs: %w", err)
		}
	}
	if s.EventRetention > 0 {
		sum.Events, err = c.pages(ctx, func(tx pgx.Tx, after int64) (last, removed int64, err error) {
			row, err := c.queries.ForgetEvents(ctx, tx, db.ForgetEventsParams{After: after, Age: s.EventRetention, MaxRows: page})
			return row.Last, row.Removed, err
		})
		if err != nil {
			return sum, fmt.Errorf("remove old changes of status: %w", err)
		}
	}
	if s.FetchRetention > 0 {
		sum.Fetches, err = c.pages(ctx, func(tx pgx.Tx, _ int64) (last, removed int64, err error) {
			removed, err = c.queries.ForgetFetches(ctx, tx, db.ForgetFetchesParams{Age: s.FetchRetention, MaxRows: page})
			return removed, removed, err
		})
		if err != nil {
			return sum, fmt.Errorf("remove the old log of fetches: %w", err)
		}
	}
	if s.SpendingRetention > 0 {
		sum.Spending, err = c.pages(ctx, func(tx pgx.Tx, _ int64) (last, removed int64, err error) {
			removed, err = c.queries.ForgetSpending(ctx, tx, db.ForgetSpendingParams{Age: s.SpendingRetention, MaxRows: page})
			return removed, removed, err
		})
		if err != nil {
			return sum, fmt.Errorf("remove old requests to APIs: %w", err)
		}
	}
	return sum, c.forgetTheGone(ctx)
}

// pages removes page after page, each in a transaction of its own, until there is none or another process is at it.
func (c *Care) pages(ctx context.Context, remove func(tx pgx.Tx, after int64) (last, removed int64, err error)) (int64, error) {
	var sum int64
	for after, more := int64(0), true; more; {
		err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
			taken, err := c.queries.TryTurn(ctx, tx, "augur forget")
			if err != nil || !taken {
				more = false
				return err
			}
			last, removed, err := remove(tx, after)
			sum += removed
			after, more = last, last > 0
			return err
		})
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (c *Care) forgetTheGone(ctx context.Context) error {
	for what, forget := range map[string]func(context.Context, db.DBTX) error{
		"leases": c.queries.ForgetLeases, "clocks": c.queries.ForgetClocks, "views": c.queries.ForgetViews, "API keys": c.queries.ForgetKeys,
	} {
		if err := forget(ctx, c.pool); err != nil {
			return fmt.Errorf("remove %s of what is gone: %w", what, err)
		}
	}
	return nil
}

func (c *Care) forget(ctx context.Context) {
	sum, err := c.Forget(ctx)
	if err != nil && ctx.Err() == nil {
		c.log.WarnContext(ctx, "old rows not removed; the next hour tries again", slog.Any("error", err))
	}
	if sum != (Forgotten{}) {
		c.log.InfoContext(ctx, "old rows removed", slog.Int64("runs", sum.Runs), slog.Int64("events", sum.Events), slog.Int64("fetches", sum.Fetches),
			slog.Int64("requests", sum.Spending))
	}
}

package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"time"

	"augur/tasks/github/contenttest"
	"augur/tasks/github/githubtest"
)

// What the fleet is collected with.
const (
	fleetKeys   = 20
	fleetFaults = 0.05
	fleetSlots  = 10
	reserve     = 50 // of each key, as it is by default
)

var (
	//go:embed sql/hour.sql
	hour string
	//go:embed sql/busy.sql
	busy string
	//go:embed sql/unfinished.sql
	unfinished string
	//go:embed sql/failed.sql
	failed string
	//go:embed sql/attempts.sql
	attempts string
)

// fleet collects many small repositories with keys whose owners have used up the most of their budgets, so that budget runs out, while a part of the answers is wrong. Where nothing can go on
// before an hour is over, the hour passes: for the fake GitHub, and for what stands in the database.
func fleet(ctx context.Context, url string, o options, out io.Writer) error {
	forge, err := githubtest.Start("127.0.0.1:0", githubtest.Small(o.fleet), githubtest.Keys(fleetKeys), githubtest.Seed(o.seed)) //nolint:contextcheck // it has a life of its own, which Close ends
	if err != nil {
		return fmt.Errorf("start the fake GitHub: %w", err)
	}
	defer forge.Close()
	names := make([]string, o.fleet)
	for n := range names {
		names[n] = githubtest.SmallName(n)
	}
	at := placeOf(forge, fleetKeys, names...)
	for n, token := range at.Tokens {
		left := reserve + o.fleet/fleetKeys*(n%5)*2
		forge.Spend(token, "core", max(0, githubtest.DefaultLimits().Core-left))
		forge.Spend(token, "graphql", max(0, githubtest.DefaultLimits().GraphQL-left))
	}
	d, err := open(ctx, url, "augur_fleet", at, "Tasks.max_core=200", "Tasks.max_secondary=200")
	if err != nil {
		return err
	}
	defer d.pool.Close()
	d.slots, d.look, d.now = fleetSlots, time.Second, forge.Clock().Now
	forge.SetFaults(fleetFaults)
	began := time.Now()
	hours, err := d.collectThroughHours(ctx, forge)
	if err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	forge.SetFaults(0)
	asked := forge.ResetCounts()
	fmt.Fprintf(out, "fleet: %s\n", tell(asked))
	_, rows, err := contenttest.Hash(ctx, d.pool)
	if err != nil {
		return err
	}
	lost, err := d.count(ctx, failed)
	if err != nil {
		return err
	}
	spent, err := d.count(ctx, attempts)
	if err != nil {
		return err
	}
	left, err := d.count(ctx, unfinished)
	if err != nil {
		return err
	}
	least := forge.Least()
	if err := d.exec(ctx, age); err != nil {
		return err
	}
	if err := d.collect(ctx); err != nil {
		return err
	}
	unchanged := forge.ResetCounts()
	fmt.Fprintf(out, "fleet: repositories=%d keys=%d requests=%d points=%d wrong_answers=%d hours_waited=%d least_left=%d refused=%d unfinished=%d failed=%d attempts_used=%d rows=%d seconds=%.0f unchanged_requests=%d unchanged_points=%d\n",
		o.fleet, fleetKeys, requests(asked), points(asked), asked.Total.Faults, hours, least, asked.Total.Limited+asked.Total.Secondary, left, lost, spent, rows, seconds,
		requests(unchanged), points(unchanged))
	if left+lost > 0 || least < reserve {
		return fmt.Errorf("%d phases did not end, %d tasks failed, and a key was left with %d points of its reserve of %d", left, lost, least, reserve)
	}
	return nil
}

// collectThroughHours collects, and lets an hour pass whenever everything waits for one. It returns how many passed.
func (d *database) collectThroughHours(ctx context.Context, forge *githubtest.Server) (hours int, err error) {
	m, err := d.monitor(ctx, d.catalog())
	if err != nil {
		return 0, err
	}
	for {
		done, err := d.work(ctx, m, func() (bool, error) {
			n, err := d.count(ctx, busy)
			return err == nil && n == 0, err
		})
		if done || err != nil {
			return hours, err
		}
		hours++
		forge.Clock().Advance(time.Hour)
		if err := d.exec(ctx, hour); err != nil {
			return hours, err
		}
	}
}

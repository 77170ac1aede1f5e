// Command benchinsights measures insights (`make bench-insights`): the daily run of one series in memory, and the daily run of many repositories with eight series
// each out of a PostgreSQL of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/db/config"
	"augur/db/migrate"
	"augur/insight"
	"augur/tasks/insights"
	"augur/tools/scratch"
)

// target is what the measured sample is scaled to.
const target = 10_000

type options struct {
	repos, workers, days int
}

func main() {
	var o options
	flag.IntVar(&o.repos, "repos", 200, "repositories in the sample")
	flag.IntVar(&o.workers, "workers", 2, "repositories that are judged at a time")
	flag.IntVar(&o.days, "days", 730, "days of history of each repository")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchinsights:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	settings, err := config.Assume(config.NewRegistry(config.NewSection[insight.Settings]("Insight_Task"), config.NewSection[insights.Notify]("Insight_Task")))
	if err != nil {
		return err
	}
	if err := oneSeries(config.Of[insight.Settings](settings), o.days); err != nil {
		return err
	}
	return manyRepos(ctx, settings, o)
}

// oneSeries measures what a day costs: take up the state, judge anomaly_days + 1 days, say why, and store the state.
func oneSeries(settings insight.Settings, days int) error {
	const rounds = 200
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	judge := settings.Judge(first, false, false)
	random := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // the same numbers each time
	began := time.Now()
	for range days {
		judge.Next(float64(random.IntN(9)))
	}
	whole := time.Since(began)
	state, err := judge.MarshalBinary()
	if err != nil {
		return err
	}
	began = time.Now()
	worked := processorTime()
	for range rounds {
		daily := settings.Judge(first, false, false)
		if err := daily.UnmarshalBinary(state); err != nil {
			return err
		}
		for range settings.AnomalyDays + 1 {
			verdict := daily.Next(float64(random.IntN(60)))
			_ = verdict.Reason(insight.Noun{One: "commit", Many: "commits"}, settings.Band(), insight.Noun{}, nil)
		}
		if _, err := daily.MarshalBinary(); err != nil {
			return err
		}
	}
	fmt.Printf("one series, one daily run   %8.3f ms, %.3f ms of a processor (target: at most 5 ms); a replay of %d days %.1f ms; state %d bytes\n",
		milliseconds(time.Since(began))/rounds, milliseconds(processorTime()-worked)/rounds, days, milliseconds(whole), len(state))
	return nil
}

// manyRepos measures first and daily runs of a sample of repositories.
func manyRepos(ctx context.Context, settings *config.Store, o options) (err error) {
	server, err := scratch.Start(ctx, os.Getenv)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(ctx)) }()
	pool, err := db.Connect(ctx, server.URL, db.Options{MaxConns: int32(o.workers + 2)}) //nolint:gosec // a handful
	if err != nil {
		return err
	}
	defer pool.Close()
	if _, err := migrate.Up(ctx, pool, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	if err := fill(ctx, pool, o); err != nil {
		return err
	}
	source := insights.New(settings, insights.Options{Version: "bench"})
	for _, round := range []struct {
		name    string
		daysAgo int
	}{{"first run (whole history)", 2}, {"daily run", 1}, {"daily run", 0}} {
		if err := collectedAt(ctx, pool, round.daysAgo); err != nil {
			return err
		}
		took, series, err := judgeAll(ctx, pool, source, o)
		if err != nil {
			return err
		}
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		fmt.Printf("%-27s %8.3f ms a repository of %.1f series: %d repositories in %.1f min (scaled from %d, %d at a time); heap after it %.1f MB\n", round.name,
			milliseconds(took)/float64(o.repos), float64(series)/float64(o.repos), target, took.Minutes()*target/float64(o.repos), o.repos, o.workers, float64(memory.HeapAlloc)/1e6)
	}
	return nil
}

// fill makes repositories of which each has commits, issues and pull requests on most days.
func fill(ctx context.Context, pool *pgxpool.Pool, o options) error {
	for _, sql := range benchData {
		if _, err := pool.Exec(ctx, sql, o.repos, o.days); err != nil {
			return fmt.Errorf("make the sample: %w", err)
		}
	}
	if _, err := pool.Exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("analyze the sample: %w", err)
	}
	return nil
}

func collectedAt(ctx context.Context, pool *pgxpool.Pool, daysAgo int) error {
	_, err := pool.Exec(ctx, `UPDATE augur_operations.collection_status SET core_status = 'Success', facade_status = 'Success',
		core_data_last_collected = (now() AT TIME ZONE 'UTC') - make_interval(days => $1), facade_data_last_collected = (now() AT TIME ZONE 'UTC') - make_interval(days => $1)`, daysAgo)
	if err != nil {
		return fmt.Errorf("say when the sample was collected: %w", err)
	}
	return nil
}

func judgeAll(ctx context.Context, pool *pgxpool.Pool, source *insights.Source, o options) (took time.Duration, series int, err error) {
	counts := make([]int, o.repos+1)
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.workers)
	for repo := 1; repo <= o.repos; repo++ {
		group.Go(func() error {
			found, err := source.Judge(ctx, pool, int64(repo))
			if err != nil {
				return err
			}
			counts[repo] = found.Series
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return found.Save(ctx, tx) })
		})
	}
	err = group.Wait()
	for _, n := range counts {
		series += n
	}
	return time.Since(began), series, err
}

// processorTime is how long processors have worked for this process: on a busy machine it says more than the clock.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

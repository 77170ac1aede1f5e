package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// copies writes the rows of commits that are there once more, with psql and with the program's own query, into the same table with the same indexes, so many times in turns.
func (b *bench) copies(ctx context.Context, url string, rounds int) error {
	if rounds == 0 {
		fmt.Fprintln(b.out, b.last)
		return nil
	}
	rows, err := b.pool.Query(ctx, statement("rows"))
	if err != nil {
		return fmt.Errorf("read the commits: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[db.CopyCommitsParams])
	if err != nil {
		return fmt.Errorf("read the commits: %w", err)
	}
	file := filepath.Join(b.home, "commits.copy")
	if err := psql(ctx, url, `\copy (`+statement("rows")+`) to `+file); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	var theirs, ours, theirCPU, ourCPU []time.Duration
	for range rounds {
		took, cpu, err := b.timed(ctx, func() error {
			return psql(ctx, url, `\copy augur_data.commits (`+statement("columns")+`) from `+file)
		})
		if err != nil {
			return err
		}
		theirs, theirCPU = append(theirs, took), append(theirCPU, cpu)
		took, cpu, err = b.timed(ctx, func() error {
			_, err := db.New().CopyCommits(ctx, b.pool, all)
			return err
		})
		if err != nil {
			return err
		}
		ours, ourCPU = append(ours, took), append(ourCPU, cpu)
	}
	speed, processor := float64(median(theirs))/float64(median(ours)), float64(median(theirCPU))/float64(median(ourCPU))
	fmt.Fprintf(b.out, "COPY of %d rows, %d MB: psql %s (processor time %s), the program %s (%s)\n", len(all), info.Size()>>20, ms(median(theirs)), ms(median(theirCPU)), ms(median(ours)), ms(median(ourCPU)))
	fmt.Fprintf(b.out, "%s rows=%d copy_of_psql=%.2f copy_cpu_of_psql=%.2f\n", b.last, len(all), speed, processor)
	return nil
}

// timed empties the table and measures what then writes it.
func (b *bench) timed(ctx context.Context, write func() error) (took, cpu time.Duration, err error) {
	if _, err := b.pool.Exec(ctx, statement("empty")); err != nil {
		return 0, 0, fmt.Errorf("empty the table: %w", err)
	}
	before, err := processorTime(b.postmaster)
	if err != nil {
		return 0, 0, err
	}
	began := time.Now()
	if err := write(); err != nil {
		return 0, 0, err
	}
	took = time.Since(began)
	if err := b.alone(ctx); err != nil {
		return 0, 0, err
	}
	after, err := processorTime(b.postmaster)
	return took, after - before, err
}

// alone waits until the server's process for psql has ended: only then its processor time counts.
func (b *bench) alone(ctx context.Context) error {
	for guests := true; guests; {
		if err := b.pool.QueryRow(ctx, statement("guests")).Scan(&guests); err != nil {
			return fmt.Errorf("look for psql at the server: %w", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// psql runs one command of psql.
func psql(ctx context.Context, url, command string) error {
	cmd := exec.CommandContext(ctx, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", command)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, out)
	}
	return nil
}

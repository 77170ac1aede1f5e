package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"time"

	"augur/tasks/github/contenttest"
)

// parts is into how many repositories the model is cut, each with a key of its own: one key's pace is a tenth of what the collector can do.
const parts = 16

// throughput measures the collector where GitHub answers at once: the model in parts, with as many keys, from a fake GitHub in a process of its own. What the fake
// spends is not the collector's; PostgreSQL's time is.
func throughput(ctx context.Context, url, data string, o options, out io.Writer) (err error) {
	forge, err := startChild(ctx, assignment{Forge: &forgeSpec{Repos: parts, Part: parts * o.part, Keys: parts, Seed: o.seed}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forge.kill()) }()
	var at place
	if err := json.NewDecoder(forge.out).Decode(&at); err != nil {
		return fmt.Errorf("read where the fake GitHub is: %w", err)
	}
	d, err := open(ctx, url, "augur_throughput", at)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	server, err := serverPID(data)
	if err != nil {
		return err
	}
	processes := []int{os.Getpid(), server, forge.cmd.Process.Pid}
	before, err := times(processes)
	if err != nil {
		return err
	}
	if o.profile != "" {
		file, err := os.Create(o.profile)
		if err != nil {
			return fmt.Errorf("write a profile: %w", err)
		}
		defer file.Close()
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("write a profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	began := time.Now()
	if err := d.collect(ctx); err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	used, err := times(processes)
	if err != nil {
		return err
	}
	for i := range used {
		used[i] -= before[i]
	}
	_, rows, err := contenttest.Hash(ctx, d.pool)
	if err != nil {
		return err
	}
	collecting := (used[0] - used[2]).Seconds() + used[1].Seconds() // the fake is a child of this process
	fmt.Fprintf(out, "throughput: rows=%d seconds=%.1f rows_per_second=%.0f cpu_seconds=%.1f (collector=%.1f postgresql=%.1f) fake_cpu_seconds=%.1f cpu_us_per_row=%.0f rows_per_second_of_two_cores=%.0f\n",
		rows, seconds, float64(rows)/seconds, collecting, (used[0] - used[2]).Seconds(), used[1].Seconds(), used[2].Seconds(),
		collecting/float64(rows)*1e6, 2*float64(rows)/collecting)
	return nil
}

// times is how long processes and their children have had a processor.
func times(pids []int) ([]time.Duration, error) {
	used := make([]time.Duration, len(pids))
	for i, pid := range pids {
		var err error
		if used[i], err = cpuOf(pid); err != nil {
			return nil, err
		}
	}
	return used, nil
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"augur/monitor/supervisor"
)

// sampling is how often memory is looked at.
const sampling = 100 * time.Millisecond

// figures are what a collection needed, memory in bytes: what only the program occupied, the same with the files that it has mapped, and what git below it occupied.
type figures struct {
	rows                 int
	took                 time.Duration
	own, resident, below uint64
}

// collect lets the program collect the repository into a database in home.
func collect(ctx context.Context, program, home, repo string, env []string) (f figures, err error) {
	env = append(env, "AUGUR_HOME="+home, "AUGUR_DB=")
	augur := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program, args...)
		cmd.Env = env
		return cmd
	}
	for _, args := range [][]string{
		{"db", "upgrade"}, {"config", "set", "--section", "Facade", "--setting", "allow_local", "--value", "1"}, {"db", "add-repo", repo},
	} {
		if out, err := augur(args...).CombinedOutput(); err != nil {
			return f, fmt.Errorf("augur %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	var output bytes.Buffer
	cmd := augur("run")
	cmd.Stdout, cmd.Stderr = &output, &output
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return f, fmt.Errorf("augur run: %w", err)
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan figures)
	go func() { watched <- watch(watching, int32(cmd.Process.Pid)) }() //nolint:gosec // a process id
	err = cmd.Wait()
	took := time.Since(began)
	stop()
	f = <-watched
	f.took = took
	if err != nil {
		return f, fmt.Errorf("augur run: %w: %s", err, output.String())
	}
	out, err := augur("db", "psql", "--", "-Atc", "SELECT count(*) FROM commits").Output()
	if err != nil {
		return f, fmt.Errorf("count the rows: %w", err)
	}
	if f.rows, err = strconv.Atoi(strings.TrimSpace(string(out))); err != nil {
		return f, fmt.Errorf("count the rows: %w", err)
	}
	return f, nil
}

// watch notes the most that the process, and all git processes below it together, occupied until ctx ends. What only the process occupied is sampled; no system keeps its peak.
func watch(ctx context.Context, pid int32) (f figures) {
	for ticker := time.NewTicker(sampling); ; {
		if p, err := process.NewProcessWithContext(ctx, pid); err == nil {
			f.own, f.resident = max(f.own, supervisor.Memory(ctx, p)), max(f.resident, resident(ctx, p))
			children, _ := p.ChildrenWithContext(ctx) // none, when it has just ended
			var sum uint64
			for _, child := range children {
				if name, err := child.NameWithContext(ctx); err == nil && name == "git" {
					sum += resident(ctx, child)
				}
			}
			f.below = max(f.below, sum)
		}
		select {
		case <-ctx.Done():
			ticker.Stop()
			return f
		case <-ticker.C:
		}
	}
}

// resident is what a process occupies; 0 when it has ended.
func resident(ctx context.Context, p *process.Process) uint64 {
	info, err := p.MemoryInfoWithContext(ctx)
	if err != nil {
		return 0
	}
	return max(info.RSS, info.HWM)
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// tick is the unit of processor time in /proc on every Linux.
const tick = 10 * time.Millisecond

// postmaster is the process of the server in a home of package local; 0 when there is none.
func postmaster(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first) // not a number: 0
	return pid
}

// processorTime is what this program, the git processes that it waited for, and the server with its children have needed so far.
func processorTime(server int) (time.Duration, error) {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err != nil {
			return 0, fmt.Errorf("read the processor time: %w", err)
		}
		sum += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	if server == 0 {
		return sum, nil
	}
	p, err := process.NewProcess(int32(server)) //nolint:gosec // a process id
	if err != nil {
		return 0, fmt.Errorf("find the server: %w", err)
	}
	own, err := ticks(server, 13, 14, 15, 16) // of its own and of the children that have ended
	if err != nil {
		return 0, err
	}
	sum += own
	children, _ := p.Children() // none is no fault
	for _, child := range children {
		if spent, err := ticks(int(child.Pid), 13, 14); err == nil { // it may just have ended
			sum += spent
		}
	}
	return sum, nil
}

// ticks adds fields of /proc/<pid>/stat, counted from 0 as proc(5) does from 1.
func ticks(pid int, fields ...int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of %d: %w", pid, err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	all := strings.Fields(rest) // begins with field 2, the state
	var sum time.Duration
	for _, f := range fields {
		if f-2 >= len(all) {
			return 0, fmt.Errorf("read the processor time of %d: %d fields", pid, len(all))
		}
		n, err := strconv.ParseInt(all[f-2], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the processor time of %d: %w", pid, err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

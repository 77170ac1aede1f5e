package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which Linux counts the time of processes.
const clockTick = time.Second / 100

// cpuOf is how long a process and its children have had a processor, those that have ended included.
func cpuOf(pid int) (time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		return 0, errors.Join(errors.New("measure the time of processes: there is no /proc"), err)
	}
	var ticks int64
	found := false
	for _, name := range stats {
		s, err := readStat(name)
		if err != nil {
			continue // it has ended
		}
		switch pid {
		case s.pid:
			found = true
			ticks += s.own + s.ended
		case s.parent:
			ticks += s.own
		}
	}
	if !found {
		return 0, fmt.Errorf("measure the time of process %d: there is none", pid)
	}
	return time.Duration(ticks) * clockTick, nil
}

// stat is a part of what Linux says about a process.
type stat struct {
	pid, parent int
	own, ended  int64 // ticks of the process, and of its children that have ended
}

func readStat(name string) (stat, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return stat{}, err
	}
	head, rest, ok := strings.Cut(string(content), " (")
	end := strings.LastIndexByte(rest, ')') // the name before it may have anything in it
	fields := strings.Fields(rest[end+1:])
	if !ok || end < 0 || len(fields) < 15 {
		return stat{}, fmt.Errorf("read %s: it is not as expected", name)
	}
	var numbers [6]int64
	for i, text := range []string{head, fields[1], fields[11], fields[12], fields[13], fields[14]} {
		if numbers[i], err = strconv.ParseInt(text, 10, 64); err != nil {
			return stat{}, fmt.Errorf("read %s: %w", name, err)
		}
	}
	return stat{pid: int(numbers[0]), parent: int(numbers[1]), own: numbers[2] + numbers[3], ended: numbers[4] + numbers[5]}, nil
}

// serverPID is the process of the PostgreSQL server with a directory of data.
func serverPID(data string) (int, error) {
	content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("find the process of PostgreSQL: %w", err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strconv.Atoi(strings.TrimSpace(first))
}

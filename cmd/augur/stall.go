package main

import (
	"slices"
	"time"

	"augur/monitor"
)

const (
	// stallAfter is for how long all tasks may wait for something on this machine, such as room on its disk, before a run of the command gives up.
	stallAfter = 5 * time.Minute
	// stallWait is how soon a task comes again that waits for such a thing. What is put off for longer waits for others, and its time will come.
	stallWait = 3 * time.Minute
)

// stall notices that nothing goes on any more and nothing will.
type stall struct {
	seen  []int64 // the jobs and what they have done, when it last changed
	since time.Time
}

// notice looks at what is unfinished at a time, and returns a task that shows what is waited for, nil as long as there is hope.
func (s *stall) notice(running []monitor.RunningTask, now time.Time) *monitor.RunningTask {
	seen := make([]int64, 0, len(running)+1)
	var done int64
	for _, task := range running {
		seen = append(seen, task.JobID)
		done += task.Done + task.Rows
	}
	slices.Sort(seen)
	if seen = append(seen, done); !slices.Equal(seen, s.seen) {
		s.seen, s.since = seen, now
		return nil
	}
	for _, task := range running {
		if task.WaitsFor == "" || task.NextAttempt.Sub(now) > stallWait {
			return nil
		}
	}
	if len(running) == 0 || now.Sub(s.since) < stallAfter {
		return nil
	}
	return &running[0]
}

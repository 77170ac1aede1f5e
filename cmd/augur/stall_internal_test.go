package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/monitor"
)

func TestARunGivesUpWhenEveryTaskWaitsForThisMachine(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	full := monitor.RunningTask{JobID: 1, State: "scheduled", WaitsFor: "the disk is full", NextAttempt: now.Add(stallAfter + time.Minute)}
	tries := full
	tries.State, tries.WaitsFor = "running", ""
	limited := monitor.RunningTask{JobID: 2, State: "scheduled", WaitsFor: "rate limit", NextAttempt: now.Add(stallAfter + time.Hour)}
	works := monitor.RunningTask{JobID: 3, State: "running", Done: 5}
	ahead := works
	ahead.Done = 6
	for name, c := range map[string]struct {
		first, later []monitor.RunningTask
		after        time.Duration
		want         bool
	}{
		"all wait":               {[]monitor.RunningTask{full}, []monitor.RunningTask{full}, stallAfter, true},
		"not for long":           {[]monitor.RunningTask{full}, []monitor.RunningTask{full}, stallAfter - time.Second, false},
		"it has tried meanwhile": {[]monitor.RunningTask{tries}, []monitor.RunningTask{full}, stallAfter, true},
		"it tries":               {[]monitor.RunningTask{full}, []monitor.RunningTask{tries}, stallAfter, false},
		"one works":              {[]monitor.RunningTask{full, works}, []monitor.RunningTask{full, works}, time.Hour, false},
		"one has ended":          {[]monitor.RunningTask{full, works}, []monitor.RunningTask{full}, stallAfter, false},
		"one has gone on":        {[]monitor.RunningTask{full, works}, []monitor.RunningTask{full, ahead}, stallAfter, false},
		"one waits for others":   {[]monitor.RunningTask{full, limited}, []monitor.RunningTask{full, limited}, stallAfter, false},
		"nothing is left":        {nil, nil, time.Hour, false},
	} {
		var s stall
		require.Nil(t, s.notice(c.first, now), name)
		require.Equal(t, c.want, s.notice(c.later, now.Add(c.after)) != nil, name)
	}
}

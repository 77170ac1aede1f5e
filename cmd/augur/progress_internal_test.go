package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/monitor"
)

func TestPaceTellsHowFastATaskIsAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	for want, task := range map[string]monitor.RunningTask{
		"": {State: "running"},
		"1,000 of 4,000 (25 %), 12,345 rows/s, 1m30s left": {State: "running", Done: 1000, Total: 4000, RowsPerSecond: 12345.6, SecondsLeft: 90.2},
		"0 of 4,000 (0 %)":       {State: "running", Total: 4000},
		"1,000 of 4,000 (25 %)":  {State: "scheduled", Done: 1000, Total: 4000, SecondsLeft: 90},
		"4,000 of 4,000 (100 %)": {State: "running", Done: 4000, Total: 4000, SecondsLeft: .2},
	} {
		require.Equal(t, want, pace(task))
	}
}

func TestProgressNamesEachRepositoryInTurn(t *testing.T) {
	t.Parallel()
	p := &progress{began: time.Now()}
	running := []monitor.RunningTask{{URL: "quiet"}, {URL: "a", Total: 1}, {URL: "b", Total: 1}}
	require.Equal(t, "a", p.turn(running).URL)
	p.began = p.began.Add(-progressTurn)
	require.Equal(t, "b", p.turn(running).URL)
	require.Equal(t, "quiet", p.turn(running[:1]).URL)
}

func TestProgressSaysWhatAJobWaitsFor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out)
	p.show(&monitor.StatusReport{Running: []monitor.RunningTask{
		{JobID: 1, Task: "git_fetch", URL: "https://example.org/a", State: "scheduled", WaitsFor: "the disk is full"},
		{JobID: 2, Task: "git_commits", URL: "https://example.org/b", State: "running", Done: 1, Total: 2},
	}})
	require.Equal(t, []string{"git_fetch https://example.org/a waits: the disk is full", "git_commits https://example.org/b: 1 of 2 (50 %)"}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

func TestStatusShowsWhatWaitsAndWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Now()
	printStatus(&out, &monitor.StatusReport{
		At: now, Phases: map[string]map[string]int64{"facade": {"Collecting": 1}},
		Running: []monitor.RunningTask{{Task: "git_fetch", URL: "https://example.org/a", State: "scheduled", Since: now, NextAttempt: now, WaitsFor: "the disk is full"}},
		Missing: []monitor.Missing{{URL: "https://example.org/b", Task: "git_libyear", Note: "2 dependencies of NPM without versions", At: now}},
	})
	require.Contains(t, out.String(), "git_fetch https://example.org/a waits: the disk is full\n")
	require.Contains(t, out.String(), "Collected, but not whole:\n  https://example.org/b (git_libyear, now)\n    2 dependencies of NPM without versions\n")
}

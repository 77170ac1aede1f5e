package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSimulateTellsWhatWouldHappen(t *testing.T) {
	t.Parallel()
	out := succeeds(t, nil, "monitor", "simulate", "--repos", "1500", "--days", "12", "--groups", "3")
	require.Contains(t, out, "1,500 repositories of 3 users, 0 new ones a day, for 12 days")
	for _, text := range []string{"facade", "staleness, worst", "variation", "Everything that was there at the beginning is collected after"} {
		require.Contains(t, out, text)
	}
	require.Equal(t, out, succeeds(t, nil, "monitor", "simulate", "--repos=1500", "--days=12", "--groups=3"), "the same options, the same result")
}

func TestSimulatePrintsJSON(t *testing.T) {
	t.Parallel()
	out := succeeds(t, nil, "monitor", "simulate", "--repos", "300", "--days", "11", "--set", "Tasks.max_facade=7", "--set", "Task_Routine.primary_repo_collect_phase=0",
		"--set", "Task_Routine.secondary_repo_collect_phase=0", "--slots", "2", "--json")
	var got struct {
		Options struct{ Repos, Days int }
		Phases  []struct {
			Phase           string
			Places, Workers int
			Interval        float64                       `json:"interval_days"`
			Staleness       struct{ Median, Max float64 } `json:"staleness_days"`
		}
		FirstFull float64 `json:"first_full_collection_days"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	require.Equal(t, 300, got.Options.Repos)
	require.Len(t, got.Phases, 1)
	require.Equal(t, 7, got.Phases[0].Places)
	require.Equal(t, 2, got.Phases[0].Workers)
	require.InDelta(t, 10, got.Phases[0].Interval, 0)
	require.InDelta(t, 9.5, got.Phases[0].Staleness.Median, 0.5)
	require.Positive(t, got.FirstFull)
}

func TestSimulateRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--repos", "-1"}, "--repos: must be between 0 and 2000000 (got -1)"},
		{[]string{"--days", "0"}, "--days: must be between 1 and 3650 (got 0)"},
		{[]string{"--set", "Tasks.nothing=1"}, `"Tasks.nothing=1" is not Section.setting=value of a known setting`},
		{[]string{"--set", "Tasks.max_facade=x"}, "Tasks.max_facade: must be a whole number"},
		{[]string{"10"}, `unexpected argument "10"`},
	} {
		got := augur(t, nil, append([]string{"monitor", "simulate"}, test.args...)...)
		require.Equal(t, exitUsage, got.status, test.args)
		require.Contains(t, got.stderr, test.want)
	}
}

package monitor_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/monitor"
	"augur/tasks"
)

// simulation are options with the default settings, and with the pairs.
func simulation(repos, days int, pairs ...string) monitor.SimulationOptions {
	store := settings(pairs...)
	return monitor.SimulationOptions{
		Repos: repos, Days: days, Groups: 1, Seed: 1, Keys: 10, Rates: monitor.DefaultRates(), Workers: map[tasks.Phase]int{tasks.Facade: 5},
		Tasks: config.Of[monitor.Tasks](store), Routine: config.Of[monitor.TaskRoutine](store),
	}
}

func simulate(t *testing.T, o monitor.SimulationOptions) *monitor.Simulation {
	t.Helper()
	result, err := monitor.Simulate(t.Context(), o)
	require.NoError(t, err)
	return result
}

func days(d monitor.Days) float64 { return time.Duration(d).Hours() / 24 }

func TestSimulationIsDeterministic(t *testing.T) {
	t.Parallel()
	o := simulation(2000, 15)
	o.Groups, o.NewPerDay = 7, 20
	o.Workers = map[tasks.Phase]int{tasks.Core: 5, tasks.Secondary: 5, tasks.Facade: 5}
	first, err := json.Marshal(simulate(t, o))
	require.NoError(t, err)
	second, err := json.Marshal(simulate(t, o))
	require.NoError(t, err)
	require.JSONEq(t, string(first), string(second))
	o.Seed = 2
	other, err := json.Marshal(simulate(t, o))
	require.NoError(t, err)
	require.NotEqual(t, string(first), string(other))
}

// One user has 20,000 repositories, nineteen have 100 each, and the workers have just enough time for all.
func TestSimulationKeepsUsersAndHoursEven(t *testing.T) {
	t.Parallel()
	o := simulation(21_900, 40)
	o.Sizes = []int{20_000}
	for range 19 {
		o.Sizes = append(o.Sizes, 100)
	}
	o.Rates.CloneSetup, o.Rates.FetchSetup = 3*time.Minute, 3*time.Minute
	o.Workers[tasks.Facade] = 5
	p := simulate(t, o).Phases[0]
	require.Zero(t, p.Uncollected)
	require.LessOrEqual(t, days(p.Staleness.Max), 1.5*days(p.Interval), "nobody is left behind")
	require.Less(t, p.Load.Variation, 0.2, "the load is even")
	require.Greater(t, p.Runs, 3*o.Repos, "and what was there was collected again and again")
}

func TestSimulationFlattensSpikes(t *testing.T) {
	t.Parallel()
	// Everything is collected within an hour: without jitter it falls due within an hour ever after.
	spiky := simulate(t, simulation(2000, 60, "Tasks.interval_jitter_percent=0")).Phases[0]
	flat := simulate(t, simulation(2000, 60)).Phases[0]
	require.Greater(t, spiky.Load.Variation, 5.0)
	require.Less(t, flat.Load.Variation, spiky.Load.Variation/3)
	require.LessOrEqual(t, days(flat.Staleness.Max), days(flat.Interval)+0.1, "jitter makes nothing older than its interval")
	require.GreaterOrEqual(t, days(flat.Staleness.Median), 0.9*days(flat.Interval))
}

func TestSimulationNamesTheBottleneck(t *testing.T) {
	t.Parallel()
	o := simulation(8000, 1)
	o.Workers = map[tasks.Phase]int{tasks.Core: 5, tasks.Facade: 5}
	o.Keys = 1
	result := simulate(t, o)
	require.Equal(t, "core: the budget of the API keys", result.Bottleneck)
	require.Nil(t, result.FirstFull)
	o = simulation(5000, 5)
	o.Workers[tasks.Facade] = 1
	o.Rates.CloneSetup = time.Minute
	require.Equal(t, "facade: its workers", simulate(t, o).Bottleneck)
	o.Workers[tasks.Facade] = 50
	o.Tasks.MaxFacade = 1
	require.Equal(t, "facade: its places (Tasks.max_facade)", simulate(t, o).Bottleneck)
	o = simulation(10, 5)
	require.Empty(t, simulate(t, o).Bottleneck)
}

func TestSimulationWithoutRoomForAllIsFair(t *testing.T) {
	t.Parallel()
	// More is added each day than can be collected for the first time, and yet what is there is collected again.
	o := simulation(1000, 30)
	o.NewPerDay = 2000
	o.Rates.CloneSetup, o.Rates.FetchSetup = 5*time.Minute, 5*time.Minute
	p := simulate(t, o).Phases[0]
	require.Positive(t, p.Uncollected)
	require.Less(t, days(p.Staleness.Median), 1.5*days(p.Interval))
}

func TestSimulationEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := monitor.Simulate(ctx, simulation(10, 10))
	require.ErrorIs(t, err, context.Canceled)
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db/config"
	"augur/monitor"
	"augur/monitor/supervisor"
	"augur/tasks"
)

func (a *app) monitorCommand() *cli.Command {
	return &cli.Command{
		Name:        "monitor",
		Usage:       "the part that decides what is collected when",
		Subcommands: []*cli.Command{a.simulateCommand()},
	}
}

const simulateHelp = `Lets the monitor's own decision start collections of made-up repositories, with a clock of its own, and tells how fresh the data would be, how even the load,
when everything would be collected for the first time, and what is in short supply. No database is needed and nothing is collected.

All repositories are new when it begins; --new-per-day adds more. Their numbers of commits, issues and pull requests are log-normal (half have less than 300
commits, one in a thousand more than 100,000). Users' groups follow Zipf's law: the second has half as many as the first. Collecting costs what was measured: 3 s and
2,000 commits a second for a clone and its history, a second for a fetch; a request of an API of 0.3 s for 23 issues (core) or 42 pull requests (secondary), 5 to look
for news, 5,000 in an hour for each of --keys. The phases are those that are switched on; core and secondary stand for sources with an API.

Settings are the defaults; --set Tasks.max_facade=60 changes one. The same options give the same result.

Staleness is the time from one collection of a repository to the next, to be compared with the interval. Variation is the standard deviation of the runs that were started
in an hour, divided by their mean, over the last interval: 0 is perfectly even. Repositories that are collected together fall due together; jitter spreads them by a tenth of the
interval each time, so a light load is even only after some ten intervals.

Exit status: 0 simulated, 2 called in a wrong way, 130 interrupted.`

func (a *app) simulateCommand() *cli.Command {
	return &cli.Command{
		Name:        "simulate",
		Usage:       "try the scheduler on made-up repositories",
		Description: simulateHelp,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "repos", Value: 10_000, Usage: "begin with `N` repositories"},
			&cli.IntFlag{Name: "days", Value: 60, Usage: "simulate `N` days"},
			&cli.IntFlag{Name: "groups", Value: 20, Usage: "in the groups of `N` users"},
			&cli.IntFlag{Name: "new-per-day", Usage: "add `N` repositories each day"},
			&cli.IntFlag{Name: "slots", DefaultText: "the settings Celery.*_worker_count, one machine", Usage: "work `N` jobs of each phase at a time, on all machines together"},
			&cli.IntFlag{Name: "keys", Value: 10, Usage: "have `N` API keys"},
			&cli.Int64Flag{Name: "seed", Value: 1, Usage: "make other repositories with another `SEED`"},
			&cli.StringSliceFlag{Name: "set", Usage: "assume `SECTION.SETTING=VALUE`; can be repeated"},
			&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"},
		},
		Action: alone(a.simulate),
	}
}

// simulationOptions are the options of `augur monitor simulate`.
func simulationOptions(c *cli.Context) (monitor.SimulationOptions, error) {
	o := monitor.SimulationOptions{
		Repos: c.Int("repos"), Days: c.Int("days"), Groups: c.Int("groups"), NewPerDay: c.Int("new-per-day"), Keys: c.Int("keys"),
		Seed: uint64(c.Int64("seed")), Rates: monitor.DefaultRates(), //nolint:gosec // any number is a seed
	}
	for _, limit := range []struct {
		name                  string
		value, least, largest int
	}{
		{"repos", o.Repos, 0, 2_000_000},
		{"days", o.Days, 1, 3650},
		{"groups", o.Groups, 1, 10_000},
		{"new-per-day", o.NewPerDay, 0, 100_000},
		{"slots", c.Int("slots"), 0, 100_000},
		{"keys", o.Keys, 1, 100_000},
	} {
		if limit.value < limit.least || limit.value > limit.largest {
			return o, usage("--%s: must be between %d and %d (got %d)", limit.name, limit.least, limit.largest, limit.value)
		}
	}
	settings, err := config.Assume(registry(), c.StringSlice("set")...)
	if err != nil {
		return o, usage("--set: %w", err)
	}
	o.Tasks, o.Routine = config.Of[monitor.Tasks](settings), config.Of[monitor.TaskRoutine](settings)
	o.Workers = map[tasks.Phase]int{}
	slots := config.Of[supervisor.Celery](settings).Slots()
	for _, phase := range tasks.Phases() {
		o.Workers[phase] = slots[phase.Queue()]
		if n := c.Int("slots"); n > 0 {
			o.Workers[phase] = n
		}
	}
	return o, nil
}

func (a *app) simulate(c *cli.Context) error {
	o, err := simulationOptions(c)
	if err != nil {
		return err
	}
	began := time.Now()
	result, err := monitor.Simulate(c.Context, o)
	if err != nil {
		return err
	}
	if c.Bool("json") {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	printSimulation(a.stdout, result)
	fmt.Fprintf(a.stderr, "simulated in %s\n", time.Since(began).Round(10*time.Millisecond))
	return nil
}

func printSimulation(out io.Writer, s *monitor.Simulation) {
	if len(s.Phases) == 0 {
		fmt.Fprintln(out, "No phase is switched on and has workers.")
		return
	}
	o := s.Options
	fmt.Fprintf(out, "%s repositories of %s, %s new ones a day, for %s\n",
		humanize.Comma(int64(o.Repos)), english.Plural(o.Groups, "user", ""), humanize.Comma(int64(o.NewPerDay)), english.Plural(o.Days, "day", ""))
	header := []any{""}
	columns := []table.ColumnConfig{}
	for i, p := range s.Phases {
		header = append(header, string(p.Phase))
		columns = append(columns, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t := newTable(out, header...)
	t.SetColumnConfigs(columns)
	for _, fact := range simulationFacts {
		row := table.Row{fact.name}
		for _, p := range s.Phases {
			row = append(row, fact.of(p))
		}
		t.AppendRow(row)
		if fact.last {
			t.AppendSeparator()
		}
	}
	t.Render()
	if s.FirstFull != nil {
		fmt.Fprintf(out, "Everything that was there at the beginning is collected after %s.\n", inDays(*s.FirstFull))
	} else {
		fmt.Fprintln(out, "Not everything that was there at the beginning is collected in this time.")
	}
	if s.Bottleneck != "" {
		fmt.Fprintf(out, "In short supply: %s.\n", s.Bottleneck)
	} else {
		fmt.Fprintln(out, "Nothing is in short supply.")
	}
}

// simulationFacts are the rows of the table; a last one ends a group.
var simulationFacts = []struct {
	name string
	last bool
	of   func(monitor.PhaseSimulation) string
}{
	{"interval", false, func(p monitor.PhaseSimulation) string { return inDays(p.Interval) }},
	{"places", false, func(p monitor.PhaseSimulation) string { return humanize.Comma(int64(p.Places)) }},
	{"jobs at a time", true, func(p monitor.PhaseSimulation) string { return humanize.Comma(int64(p.Workers)) }},
	{"runs", false, func(p monitor.PhaseSimulation) string { return humanize.Comma(int64(p.Runs)) }},
	{"first full collection", false, func(p monitor.PhaseSimulation) string {
		if p.FirstFull == nil {
			return "not reached"
		}
		return "after " + inDays(*p.FirstFull)
	}},
	{"never collected", true, func(p monitor.PhaseSimulation) string { return humanize.Comma(int64(p.Uncollected)) }},
	{"staleness, median", false, func(p monitor.PhaseSimulation) string { return inDays(p.Staleness.Median) }},
	{"staleness, 95 %", false, func(p monitor.PhaseSimulation) string { return inDays(p.Staleness.P95) }},
	{"staleness, worst", true, func(p monitor.PhaseSimulation) string { return inDays(p.Staleness.Max) }},
	{"runs an hour", false, func(p monitor.PhaseSimulation) string { return fmt.Sprintf("%.1f", p.Load.Mean) }},
	{"busiest hour", false, func(p monitor.PhaseSimulation) string { return humanize.Comma(int64(p.Load.Max)) }},
	{"variation", true, func(p monitor.PhaseSimulation) string { return fmt.Sprintf("%.2f", p.Load.Variation) }},
	{"time with something waiting", false, func(p monitor.PhaseSimulation) string { return percent(p.Waiting) }},
	{"workers busy", false, func(p monitor.PhaseSimulation) string { return percent(p.Busy) }},
	{"work held up by API keys", false, func(p monitor.PhaseSimulation) string { return percent(p.Throttled) }},
}

// inDays shows a duration as people compare it with an interval.
func inDays(d monitor.Days) string {
	hours := time.Duration(d).Hours()
	if hours < 48 {
		return fmt.Sprintf("%.1f h", hours)
	}
	return fmt.Sprintf("%.1f d", hours/24)
}

func percent(part float64) string { return fmt.Sprintf("%.0f %%", 100*part) }

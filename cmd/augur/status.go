package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/monitor"
	"augur/monitor/care"
	"augur/tasks"
	"augur/tasks/github"
	"augur/tasks/insights"
)

func (a *app) statusCommand() *cli.Command {
	return &cli.Command{
		Name:  "status",
		Usage: "show what runs, what waits, and what failed and why",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"},
			&cli.IntFlag{Name: "limit", Value: 20, Usage: "show at most `N` rows of each list"},
		},
		Action: alone(func(c *cli.Context) error {
			if c.Int("limit") < 0 {
				return usage("--limit: must not be negative (got %d)", c.Int("limit"))
			}
			return a.withDatabase(c.Context, db.Options{MaxConns: 2, ApplicationName: "augur status"}, func(ctx context.Context, s *session) error {
				report, err := monitor.Overview(ctx, s.Pool, c.Int("limit"))
				if err != nil {
					return err
				}
				problems, err := problemsOf(ctx, s)
				if err != nil {
					return err
				}
				if c.Bool("json") {
					return a.printJSON(struct {
						*monitor.StatusReport
						Problems []string `json:"problems"`
					}{report, problems})
				}
				printStatus(a.stdout, report)
				printProblems(a.stdout, problems)
				return nil
			})
		}),
	}
}

// problemsOf are phrases about what is wrong with the database, the machines and the settings.
func problemsOf(ctx context.Context, s *session) ([]string, error) {
	quiet := slog.New(slog.DiscardHandler)
	settings, err := config.Read(ctx, s.Pool, registry(), quiet)
	if err != nil {
		return nil, err
	}
	health, err := care.New(s.Pool, settings, "", quiet).Health(ctx)
	if err != nil {
		return nil, err
	}
	problems := health.Problems
	for _, p := range settings.Problems() {
		problems = append(problems, "setting "+p.String())
	}
	waiting, err := github.Waiting(ctx, s.Pool, settings)
	if waiting != "" {
		problems = append(problems, waiting)
	}
	if err != nil {
		return nil, err
	}
	unseen, err := github.Unseen(ctx, s.Pool, settings)
	if err != nil {
		return nil, err
	}
	undelivered, err := insights.Undelivered(ctx, s.Pool, settings)
	return slices.Concat(problems, unseen, undelivered), err
}

func printProblems(out io.Writer, problems []string) {
	if len(problems) == 0 {
		return
	}
	fmt.Fprintln(out, "\nProblems:")
	for _, problem := range problems {
		fmt.Fprintln(out, "  "+printable(problem))
	}
}

// statuses is the order in which counts are shown; what is not here follows.
var statuses = []string{"Pending", "Collecting", "Success", "Error", "Ignore"}

func printStatus(out io.Writer, r *monitor.StatusReport) {
	if len(r.Phases) == 0 {
		fmt.Fprintln(out, "There are no repositories yet: add some with `augur db add-repos FILE.csv` or `augur db add-repo URL`.")
		return
	}
	printPhases(out, r)
	printRunning(out, r)
	printTroubles(out, r)
	printMissing(out, r)
	printWorkers(out, r)
	if r.Violations > 0 {
		fmt.Fprintf(out, "\n%d statuses disagree with the queue: see augur_operations.collection_violation, and please report it.\n", r.Violations)
	}
}

func newTable(out io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(header)
	return t
}

func printPhases(out io.Writer, r *monitor.StatusReport) {
	t := newTable(out, "Phase", "Pending", "Collecting", "Success", "Error", "Ignore", "Other")
	for _, phase := range tasks.Phases() {
		counts := r.Phases[string(phase)]
		row := table.Row{string(phase)}
		var listed, all int64
		for _, n := range counts {
			all += n
		}
		for _, status := range statuses {
			row = append(row, humanize.Comma(counts[status]))
			listed += counts[status]
		}
		t.AppendRow(append(row, humanize.Comma(all-listed)))
	}
	t.Render()
}

func printRunning(out io.Writer, r *monitor.StatusReport) {
	if len(r.Running) == 0 {
		fmt.Fprintln(out, "\nNothing runs.")
		return
	}
	fmt.Fprintln(out, "\nRunning and waiting for a worker:")
	t := newTable(out, "Repository", "Task", "State", "Attempt", "Since", "Progress")
	for _, task := range r.Running {
		state := task.State
		if task.State == "retryable" || task.State == "scheduled" {
			state = "again " + humanize.RelTime(task.NextAttempt, r.At, "ago", "from now")
		}
		t.AppendRow(table.Row{task.URL, task.Task, state, task.Attempt, humanize.RelTime(task.Since, r.At, "ago", "from now"), pace(task)})
	}
	t.Render()
	for _, task := range r.Running {
		if task.WaitsFor != "" {
			fmt.Fprintf(out, "  %s %s waits: %s\n", task.Task, task.URL, task.WaitsFor)
		}
		if task.LastError != "" {
			fmt.Fprintf(out, "  %s %s: %s\n", task.Task, task.URL, task.LastError)
		}
	}
}

func printTroubles(out io.Writer, r *monitor.StatusReport) {
	if len(r.Troubles) == 0 {
		return
	}
	fmt.Fprintln(out, "\nNot collected:")
	for _, trouble := range r.Troubles {
		fmt.Fprintf(out, "  %s (%s, %s, %s, next look %s)\n    %s\n", trouble.URL, trouble.Phase, trouble.Status, times(trouble.Failures),
			humanize.RelTime(trouble.RetryAt, r.At, "ago", "from now"), trouble.Reason)
	}
}

func printMissing(out io.Writer, r *monitor.StatusReport) {
	if len(r.Missing) == 0 {
		return
	}
	fmt.Fprintln(out, "\nCollected, but not whole:")
	for _, m := range r.Missing {
		fmt.Fprintf(out, "  %s (%s, %s)\n    %s\n", m.URL, m.Task, humanize.RelTime(m.At, r.At, "ago", "from now"), m.Note)
	}
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

func printWorkers(out io.Writer, r *monitor.StatusReport) {
	if len(r.Workers) == 0 {
		fmt.Fprintln(out, "\nNo worker is running: start one with `augur backend start`.")
		return
	}
	fmt.Fprintln(out, "\nWorkers:")
	t := newTable(out, "Machine", "Process", "Queues", "Jobs", "Started", "Last heard of")
	for _, w := range r.Workers {
		t.AppendRow(table.Row{
			w.Host, w.PID, strings.Join(w.Queues, ", "), w.Jobs, humanize.RelTime(w.StartedAt, r.At, "ago", "from now"),
			fmt.Sprintf("%.1f s ago", w.Silent),
		})
	}
	t.Render()
}

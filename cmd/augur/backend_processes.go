package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/local"
	"augur/monitor/supervisor"
	"augur/tasks"
)

func (a *app) backendProcessesCommand() *cli.Command {
	return &cli.Command{
		Name:  "processes",
		Usage: "list the processes of the backend, and workers everywhere",
		Description: `Lists what "augur backend stop" would stop on this machine, and all workers that the database has heard of lately, also those of other machines.
Memory is what only the process occupies.`,
		Flags: []cli.Flag{
			pidfileFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print the facts as JSON"},
		},
		Action: alone(a.backendProcesses),
	}
}

// processRow is a line of `augur backend processes`.
type processRow struct {
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Role    string    `json:"role"`
	Queues  []string  `json:"queues,omitempty"`
	Started time.Time `json:"started"`
	// Memory in bytes; 0 where it is not known, as on other machines.
	Memory uint64 `json:"memory,omitempty"`
	// Jobs that it works on, as the database knows; only workers have it.
	Jobs *int `json:"jobs,omitempty"`
	// State is how a worker without a heartbeat is doing, or what the backend does.
	State string `json:"state,omitempty"`
}

func (a *app) backendProcesses(c *cli.Context) error {
	path, err := a.pidfile(c)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find the name of this machine: %w", err)
	}
	rows, err := localProcesses(c.Context, path, host)
	if err != nil {
		return err
	}
	// Whoever asks for processes may do so because the database is in trouble.
	leases, troubled := a.leases(c.Context)
	rows = joinLeases(c.Context, rows, leases, host)
	if c.Bool("json") {
		encoder := json.NewEncoder(a.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(slices.Concat([]processRow{}, rows)); err != nil {
			return err
		}
	} else {
		printProcesses(a.stdout, rows)
	}
	if troubled != nil {
		return fmt.Errorf("workers of other machines are not listed: %w", troubled)
	}
	return nil
}

// localProcesses are those of the backend of this machine.
func localProcesses(ctx context.Context, path, host string) ([]processRow, error) {
	found, _, err := supervisor.Find(ctx, path)
	if err != nil {
		return nil, err
	}
	processes, err := found.Processes(ctx)
	if err != nil {
		return nil, err
	}
	var rows []processRow
	for _, p := range processes {
		row := processRow{Host: host, PID: p.PID, Role: p.Name, Queues: p.Queues(), Started: p.Started, Memory: p.Memory}
		switch {
		case p.PID == found.PID:
			row.Role, row.State = "backend", string(found.State)
		case row.Queues != nil:
			row.Role = "worker"
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// leases are the workers that the database knows. A private database that does not run has none, and is not started for the question.
func (a *app) leases(ctx context.Context) (workers []db.WorkersRow, err error) {
	if a.getenv("AUGUR_DB") == "" {
		options, err := a.localOptions(nil)
		if err != nil {
			return nil, err
		}
		if state, err := local.Status(ctx, options); err != nil || !state.Running {
			return nil, err
		}
	}
	err = a.withDatabase(ctx, db.Options{MaxConns: 1, ApplicationName: "augur backend processes"}, func(ctx context.Context, s *session) error {
		workers, err = db.New().Workers(ctx, s.Pool)
		return err
	})
	return workers, err
}

// joinLeases adds what the database knows to the processes of this machine, and workers that are not among them.
func joinLeases(ctx context.Context, rows []processRow, leases []db.WorkersRow, host string) []processRow {
	for _, lease := range leases {
		jobs := int(lease.Jobs)
		at := slices.IndexFunc(rows, func(r processRow) bool { return r.Host == lease.Host && r.PID == int(lease.PID) })
		if at < 0 {
			row := processRow{Host: lease.Host, PID: int(lease.PID), Role: "worker", Queues: lease.Queues, Started: lease.StartedAt}
			if lease.Host == host {
				row.Memory = memoryOf(ctx, lease.PID)
			}
			rows = append(rows, row)
			at = len(rows) - 1
		}
		rows[at].Jobs = &jobs
		if rows[at].Queues == nil {
			rows[at].Queues = lease.Queues // workers inline
		}
		if silent := time.Duration(lease.SilentSeconds * float64(time.Second)); silent > tasks.LeaseLength {
			rows[at].State = "silent for " + silent.Round(time.Second).String()
		}
	}
	return rows
}

func memoryOf(ctx context.Context, pid int32) uint64 {
	p, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return 0
	}
	return supervisor.Memory(ctx, p)
}

func printProcesses(out io.Writer, rows []processRow) {
	if len(rows) == 0 {
		fmt.Fprintln(out, "The backend is not running, and there are no workers.")
		return
	}
	t := newTable(out, "Host", "Pid", "Role", "Queues", "Started", "Memory", "Jobs", "State")
	for _, r := range rows {
		memory, jobs := "", ""
		if r.Memory > 0 {
			memory = humanize.IBytes(r.Memory)
		}
		if r.Jobs != nil {
			jobs = strconv.Itoa(*r.Jobs)
		}
		t.AppendRow([]any{r.Host, r.PID, r.Role, strings.Join(r.Queues, ", "), humanize.Time(r.Started), memory, jobs, r.State})
	}
	t.Render()
}

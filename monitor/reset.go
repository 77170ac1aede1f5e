package monitor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// ResetReport is what [Monitor.Reset] did.
type ResetReport struct {
	// Runs that were open and are closed, Jobs that were cancelled, Phases that were set back.
	Runs, Jobs, Phases int
}

// Reset takes repositories (none named: all) out of collection, in one transaction: open runs are closed, their jobs cancelled, also those that
// a worker holds (it finds its fence gone and writes nothing more), and each phase goes back to what it was: Success if it was ever collected,
// otherwise Pending. The monitor starts them again when they are due.
func (m *Monitor) Reset(ctx context.Context, repoIDs []int64, reason string) (ResetReport, error) {
	if repoIDs == nil {
		repoIDs = []int64{}
	}
	var report ResetReport
	err := pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		closed, err := m.queries.ResetRuns(ctx, tx, db.ResetRunsParams{RepoIDs: repoIDs, Reason: reason})
		if err != nil {
			return fmt.Errorf("close open runs: %w", err)
		}
		report.Runs, report.Jobs = int(closed.Runs), int(closed.Jobs)
		rows, err := m.queries.CollectingPhases(ctx, tx, repoIDs)
		if err != nil {
			return fmt.Errorf("list what is Collecting: %w", err)
		}
		report.Phases = len(rows)
		if err := m.queries.Explain(ctx, tx, db.ExplainParams{Who: "reset", Why: reason}); err != nil {
			return fmt.Errorf("explain the reset: %w", err)
		}
		back := map[string]*db.SetPhaseParams{}
		for _, row := range rows {
			p := back[row.Phase]
			if p == nil {
				p = &db.SetPhaseParams{Phase: row.Phase}
				back[row.Phase] = p
			}
			status := "Success"
			if row.NeverCollected {
				status = "Pending"
			}
			p.RepoIDs, p.Statuses, p.TaskIDs = append(p.RepoIDs, row.RepoID), append(p.Statuses, status), append(p.TaskIDs, "")
		}
		for phase, p := range back {
			if _, err := m.queries.SetPhase(ctx, tx, *p); err != nil {
				return fmt.Errorf("set phase %s back: %w", phase, err)
			}
		}
		return nil
	})
	if err != nil {
		return ResetReport{}, err
	}
	return report, nil
}

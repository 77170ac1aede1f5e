package monitor

import (
	"context"

	"github.com/jackc/pgx/v5"

	"augur/tasks"
)

// StartMost is how many repositories start in one transaction.
const StartMost = startMost

// Jitter is jitter, for a comparison with the database's.
var Jitter = jitter

// VisitedShares are the user groups and repository groups that the next visit of what is new in the facade phase finds.
func (m *Monitor) VisitedShares(ctx context.Context) (shares [][2]int64, err error) {
	err = pgx.BeginFunc(ctx, m.pool, func(tx pgx.Tx) error {
		for _, p := range plans(m.settings) {
			if p.phase != tasks.Facade {
				continue
			}
			found, err := m.visit(ctx, tx, p, m.platforms(p.phase), "new", 1)
			for _, c := range found {
				shares = append(shares, [2]int64{c.userGroup, c.repoGroup})
			}
			return err
		}
		return nil
	})
	return shares, err
}

package insights

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db/config"
	"augur/insight"
)

// TestCondition is a stored condition, for tests of merging.
type TestCondition struct {
	ID                int64
	First, Last, Peak time.Time
	Score             float64
}

// TestChange is what becomes of one.
type TestChange struct {
	ID          int64
	First, Last time.Time
	Peak        time.Time // zero when the peak stays
	Withdrawn   bool
}

// Due is how many insights a digest by the job of the repository would have to tell.
func (s *Source) Due(ctx context.Context, tx pgx.Tx, repoID int64) (int, error) {
	return s.due(ctx, tx, repoID, config.Of[Notify](s.settings), everybody)
}

// Merge is merge.
func Merge(stored []TestCondition, flagged []*insight.Verdict, from time.Time) []TestChange {
	conditions := make([]condition, len(stored))
	for i, s := range stored {
		conditions[i] = condition{id: s.ID, first: s.First, last: s.Last, peak: s.Peak, score: s.Score}
	}
	var changes []TestChange
	for _, c := range merge(conditions, flagged, from) {
		t := TestChange{ID: c.id, First: c.first, Last: c.last, Withdrawn: c.withdrawn}
		if c.peak != nil {
			t.Peak = c.peak.Date
		}
		changes = append(changes, t)
	}
	return changes
}

package tasks_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
	"augur/tasks/tasktest"
)

func dbtestLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// rescue does what the monitor's reaper does, which announces the copies.
func rescue(t *testing.T, pool *pgxpool.Pool) []db.RescueRow {
	t.Helper()
	rescued, err := db.New().Rescue(t.Context(), pool, db.RescueParams{Lease: tasks.LeaseLength, Grace: tasks.LeaseGrace})
	require.NoError(t, err)
	tasktest.Hurry(t, pool)
	return rescued
}

// brief is a deadline that a test can wait for.
func brief(*config.Store) time.Duration { return 200 * time.Millisecond }

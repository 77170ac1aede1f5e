// Package apikeytest is the clock of the ledger of keys in tests: what has to be waited for in the program happens at once. It is never part of the
// program.
package apikeytest

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// Advance lets time pass in the ledger: windows end, keys have rested, leases run out.
func Advance(t testing.TB, pool *pgxpool.Pool, d time.Duration) {
	t.Helper()
	for _, statement := range []string{
		"UPDATE augur_operations.api_budget SET reset_at = reset_at - $1::interval",
		"UPDATE augur_operations.api_key SET blocked_until = blocked_until - $1::interval, disabled_at = disabled_at - $1::interval",
		"UPDATE augur_operations.api_lease SET expires_at = expires_at - $1::interval",
	} {
		_, err := pool.Exec(t.Context(), statement, d)
		require.NoError(t, err)
	}
}

package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/dbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAFleetIsCollectedWithFaultsAndKeysThatRunOut(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	t.Cleanup(func() { // its name is the same in each run of the test
		conn, err := pgx.Connect(context.Background(), url)
		require.NoError(t, err)
		_, err = conn.Exec(context.Background(), "DROP DATABASE augur_fleet WITH (FORCE)")
		require.NoError(t, errors.Join(err, conn.Close(context.Background())))
	})
	var out strings.Builder
	require.NoError(t, fleet(t.Context(), url, options{fleet: 40, seed: 1}, &out))
	require.Contains(t, out.String(), "least_left=50 refused=0 unfinished=0 failed=0", "the reserve is never used, nobody asks in vain, and all is collected")
	require.NotContains(t, out.String(), "hours_waited=0 ", "budget ran out")
	t.Log(out.String())
}

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/dbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAFleetIsCollectedWithFaultsAndKeysThatRunOut(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	require.NoError(t, fleet(t.Context(), dbtest.URL(t), options{fleet: 40, seed: 1}, &out))
	require.Contains(t, out.String(), "least_left=50 refused=0 unfinished=0 failed=0", "the reserve is never used, nobody asks in vain, and all is collected")
	require.NotContains(t, out.String(), "hours_waited=0 ", "budget ran out")
	t.Log(out.String())
}

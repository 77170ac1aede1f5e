package main

import (
	"bytes"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One that is interrupted, or whose terminal is closed, has running tasks: they are handed back without the patience of a service.
func TestRunStopsSoonAndTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			env, letGo := stuck(t)
			cmd := program(t, env, "run")
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			require.NoError(t, cmd.Start())
			awaitStatus(t, env, "Collecting running 1")
			asked := time.Now()
			require.NoError(t, cmd.Process.Signal(sig))
			require.Error(t, cmd.Wait())
			require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), stderr.String())
			require.Less(t, time.Since(asked), patience/4)
			require.Contains(t, stderr.String(), "stopping: what runs is handed back, and the next run goes on with it\n")
			require.Equal(t, "Collecting available 0", facadeStatus(t, env), "with no attempt used")
			requireAgreement(t, env)

			letGo()
			require.Contains(t, succeeds(t, env, "run"), "Success")
			require.Equal(t, "Success", facadeStatus(t, env))
			require.Equal(t, "2", query(t, env, "SELECT commits_all_time::text FROM augur_data.api_get_all_repos_commits"), "dashboards see it")
		})
	}
}

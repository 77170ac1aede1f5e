package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks"
)

func TestSummarySaysWhyAPhaseHadNothingToDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sum  runSummary
		want string
	}{
		"all ran": {runSummary{keyless: true}, ""},
		"no key": {
			runSummary{Idle: []tasks.Phase{tasks.Core, tasks.Secondary}, keyless: true, waiting: "Issues wait for a key."},
			"\nNot run: core and secondary, which ask GitHub. There is no key for it.\nIssues wait for a key.\n",
		},
		"switched off": {runSummary{Idle: []tasks.Phase{tasks.ML}}, "\nNot run: ml. The settings switch all of its tasks off.\n"},
		"both": {
			runSummary{Idle: []tasks.Phase{tasks.Core, tasks.ML}, keyless: true},
			"\nNot run: core, which asks GitHub. There is no key for it.\n\nNot run: ml. The settings switch all of its tasks off.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			c.sum.printIdle(&out)
			require.Equal(t, c.want, out.String())
		})
	}
}

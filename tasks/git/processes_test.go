package git_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// It changes PATH, so it runs alone.
func TestUnchangedRepositoryCostsOneGitProcess(t *testing.T) {
	w := setup(t)
	w.commit("a", "1\n")
	w.collectWell()
	program, err := exec.LookPath("git")
	require.NoError(t, err)
	bin := t.TempDir()
	calls := filepath.Join(bin, "calls")
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >> '%s'\nexec '%s' \"$@\"\n", calls, program)
	require.NoError(t, os.WriteFile(filepath.Join(bin, "git"), []byte(script), 0o755))
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	w.collectWell()
	content, err := os.ReadFile(calls)
	require.NoError(t, err)
	var collecting []string
	for line := range strings.Lines(string(content)) {
		if !strings.HasSuffix(strings.TrimSpace(line), "version") { // asked once per program, not per repository
			collecting = append(collecting, line)
		}
	}
	require.Len(t, collecting, 1, "git processes of an unchanged repository: %v", collecting)
	require.Contains(t, collecting[0], "ls-remote")
}

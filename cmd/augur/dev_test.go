package main

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFakeGitHubRunsUntilItIsInterrupted(t *testing.T) {
	t.Parallel()
	csv := filepath.Join(t.TempDir(), "repos.csv")
	cmd := program(t, nil, "dev", "fake-github", "--port", "0", "--repos", "3", "--tokens", "2", "--csv", csv)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var said []string
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if said = append(said, lines.Text()); strings.HasPrefix(lines.Text(), "augur db add-repos") {
			break
		}
	}
	text := strings.Join(said, "\n")
	url := regexp.MustCompile(`--setting api_url --value (\S+)`).FindStringSubmatch(text)[1]
	tokens := regexp.MustCompile(`--setting github_api_key --value (\S+),(\S+)`).FindStringSubmatch(text)
	require.Contains(t, text, "--setting graphql_url --value "+url+"/graphql")

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/repos/org-000/repo-00002/issues?state=all", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+tokens[2])
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	addresses, err := os.ReadFile(csv)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(addresses), "https://github.com/org-000/repo-0000"))

	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	require.Error(t, cmd.Wait())
	require.Equal(t, exitInterrupted, cmd.ProcessState.ExitCode(), stderr.String())
	require.Contains(t, stderr.String(), "1 requests: 1 points")
}

func TestFakeGitHubRefusesOptionsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--faults", "2"}, {"--faults", "some"}, {"--repos", "-1"}, {"--tokens", "0"}, {"--port", "70000"}} {
		got := augur(t, nil, append([]string{"dev", "fake-github"}, args...)...)
		require.Equal(t, exitUsage, got.status, "%v: %s", args, got.stderr)
		require.Contains(t, got.stderr, args[0])
	}
}

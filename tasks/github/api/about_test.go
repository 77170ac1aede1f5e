package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/github/api"
)

func TestAServerWithoutLimitsIsUsedWithoutAny(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/rate_limit", refuse(404, "Rate limiting is not enabled."))
	f.on("/repos/o/r", answer(`{"id":1}`))
	_, _, err := f.client(t).Repository(t.Context(), repo, "")
	require.NoError(t, err)
}

func TestAnAddressThatIsNotGitHubsMakesNoRepositoryGone(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/rate_limit", status(404, "<html>nothing here</html>"))
	_, _, err := f.client(t).Repository(t.Context(), repo, "")
	require.ErrorContains(t, err, "is the setting GitHub.api_url the address of GitHub's API?")
	require.NotErrorIs(t, err, tasks.ErrGone)
	require.Empty(t, f.requests())
}

func TestAServerThatDoesNotSayWhatKeysMayUseIsNoCostlyQuery(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/rate_limit", status(502, ""))
	_, err := f.client(t).Query(t.Context(), "Q", "{x}", nil, new(viewer))
	require.ErrorContains(t, err, "query Q: ask what key 91686b4102e719d5 may use: read the limits: GitHub answers 502")
	require.NotErrorIs(t, err, api.ErrTooCostly)
}

func TestToBeLimitedWhenAskingAboutAKeyIsALimit(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/rate_limit", refuse(403, "You have exceeded a secondary rate limit.", "Retry-After", "120"))
	_, _, err := f.client(t).Repository(t.Context(), repo, "")
	require.WithinDuration(t, time.Now().Add(2*time.Minute), limited(t, err).Until, 15*time.Second)
}

func TestAPaceThatGitHubRefusesIsForAnEnterpriseServerOnly(t *testing.T) {
	t.Parallel()
	registry := config.NewRegistry(config.NewSection[api.Settings]("GitHub"))
	for host, wrong := range map[string]string{"api.github.com": "GitHub.requests_per_minute: github.com refuses more than 900 (got 901)", "git.example.org/api/v3": ""} {
		_, err := config.Assume(registry, "GitHub.api_url=https://"+host, "GitHub.requests_per_minute=900")
		require.NoError(t, err)
		_, err = config.Assume(registry, "GitHub.api_url=https://"+host, "GitHub.requests_per_minute=901")
		if wrong == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, wrong)
	}
}

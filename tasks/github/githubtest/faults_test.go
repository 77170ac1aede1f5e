package githubtest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

func TestScriptsPlayOnceInTheirOrder(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	s.Script("repos/get", githubtest.HTML(http.StatusBadGateway), githubtest.AsEver(), githubtest.EmptyBody(), githubtest.Status(418, "tea"))
	r := c.get("/repos/octo/medium")
	require.Equal(t, http.StatusBadGateway, r.StatusCode)
	require.Contains(t, r.body, "<html>")
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium/tags").StatusCode, "another operation")
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode)
	r = c.get("/repos/octo/medium")
	require.Equal(t, []any{http.StatusOK, ""}, []any{r.StatusCode, r.body})
	require.Equal(t, 1, s.Unplayed())
	require.Equal(t, "tea", c.get("/repos/octo/medium").body)
	require.Zero(t, s.Unplayed())
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode)
}

func TestAnswersThatBreakOff(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	s.Script(githubtest.Any, githubtest.CutBody(), githubtest.Drop(), githubtest.HalfBody())
	r, err := c.try("/repos/octo/medium/tags")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, http.StatusOK, r.StatusCode)
	require.NotEmpty(t, r.body)
	_, err = c.try("/repos/octo/medium/tags")
	require.ErrorIs(t, err, io.EOF)
	r = c.get("/repos/octo/medium/tags")
	require.NotContains(t, r.body, "]")
}

func TestAnswersThatComeLateOrNever(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	s.Script("repos/get", githubtest.Slow(time.Millisecond), githubtest.Hang())
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode)
	c.http.Timeout = 50 * time.Millisecond
	_, err := c.try("/repos/octo/medium")
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	require.True(t, ok, err)
	require.True(t, timeout.Timeout())
}

func TestAnswersOfLimitsAndRedirects(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	s.Script("repos/get", githubtest.SecondaryLimit(http.StatusTooManyRequests, 0), githubtest.SecondaryLimit(http.StatusForbidden, 90*time.Second),
		githubtest.Redirect(http.StatusTemporaryRedirect, "https://elsewhere.example/"), githubtest.Header("X-Ratelimit-Reset", "-5"))
	require.Empty(t, c.get("/repos/octo/medium").Header.Get("Retry-After"))
	require.Equal(t, "90", c.get("/repos/octo/medium").Header.Get("Retry-After"))
	require.Equal(t, "https://elsewhere.example/", c.get("/repos/octo/medium").Header.Get("Location"))
	require.Equal(t, "-5", c.get("/repos/octo/medium").Header.Get("X-Ratelimit-Reset"))

	s.Script("issues/list-events-for-repo", s.LinkToItself())
	path := "/repos/octo/medium/issues/events?page=2"
	require.Equal(t, s.URL()+path, c.get(path).links()["next"])
	s.Script("repos/get", githubtest.ReplaceInBody(`"medium"`, `"\ud800"`))
	require.Contains(t, c.get("/repos/octo/medium").body, `"name":"\ud800"`)
}

func TestPartsOfAQueryCanFail(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	const query = `query Two {repository(owner: "octo", name: "medium") {issues(first: 2) {nodes {number}}}}`
	s.Script("graphql Two", githubtest.NullAt("FORBIDDEN", "no", "repository", "issues", "nodes", 1), githubtest.QueryFailed("RESOURCE_LIMITS_EXCEEDED", "too much"),
		s.TooSlow(http.StatusBadGateway, 10))
	r := c.ask(query, nil)
	require.Equal(t, graphError{"FORBIDDEN", "no", []any{"repository", "issues", "nodes", 1.0}}, firstError(t, r))
	require.Contains(t, r.body, `},null]`)
	require.Equal(t, "RESOURCE_LIMITS_EXCEEDED", firstError(t, c.ask(query, nil)).Type)
	before := s.Remaining(c.token, "graphql")
	require.Equal(t, http.StatusBadGateway, c.ask(query, nil).StatusCode)
	require.Equal(t, before-11, s.Remaining(c.token, "graphql"))
}

func TestDieFallsBySeedAndNotByOrder(t *testing.T) {
	t.Parallel()
	outcome := func(seed uint64, backwards bool) []string {
		s, c, _ := setup(t, githubtest.Faults(0.3, seed))
		all := make([]string, 60)
		for i := range all {
			n := i
			if backwards {
				n = len(all) - 1 - i
			}
			r, err := c.try(fmt.Sprintf("/repos/octo/medium/issues/events?page=1&per_page=%d", n+1))
			all[n] = fmt.Sprint(err != nil, err == nil && r.StatusCode >= 500, len(r.body) == 0)
		}
		require.InDelta(t, 18, s.Counts().Total.Faults, 12)
		return all
	}
	first := outcome(1, false)
	require.Equal(t, first, outcome(1, true))
	require.NotEqual(t, first, outcome(2, false))
}

func TestFaultsCanBeSwitchedOff(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t, githubtest.Faults(1, 1))
	_, _ = c.try("/repos/octo/medium")
	require.Equal(t, 1, s.Counts().Total.Faults)
	s.SetFaults(0)
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode)
}

func TestCountsBeginAnew(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	c.get("/repos/octo/medium")
	c.ask(`query Who {viewer {login}}`, nil)
	before := s.ResetCounts()
	require.Equal(t, 1, before.Operations["repos/get"].Requests)
	require.Equal(t, 1, before.Operations["graphql Who"].Points)
	require.Equal(t, 2, before.Total.Requests)
	require.Zero(t, s.Counts().Total.Requests)
	require.Equal(t, strings.Repeat("0", 31)+"1", c.token[len("ghp_fake"):])
}

package githubtest_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// counted is what the headers of the limit say.
func counted(t testing.TB, r reply, name string) int {
	t.Helper()
	n, err := strconv.Atoi(r.Header.Get("X-Ratelimit-" + name))
	require.NoError(t, err, "%d %v", r.StatusCode, r.Header)
	return n
}

func TestHourlyLimitIsCountedInEveryAnswerAndEndsWithItsHour(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.Core = 3
	s, c, _ := setup(t, githubtest.WithLimits(limits))
	for used := 1; used <= 3; used++ {
		r := c.get("/repos/octo/medium")
		require.Equal(t, []int{3, 3 - used, used}, []int{counted(t, r, "Limit"), counted(t, r, "Remaining"), counted(t, r, "Used")})
		require.Equal(t, "core", r.Header.Get("X-Ratelimit-Resource"))
		require.Equal(t, int(s.Clock().Now().Add(time.Hour).Unix()), counted(t, r, "Reset"))
	}
	refused := c.get("/repos/octo/medium")
	require.Equal(t, http.StatusForbidden, refused.StatusCode)
	require.Contains(t, refused.body, "API rate limit exceeded for user ID ")
	require.Equal(t, 0, counted(t, refused, "Remaining"))
	require.Empty(t, refused.Header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, c.get("/rate_limit").StatusCode, "it is free")
	require.Equal(t, http.StatusOK, c.ask(`{viewer {login}}`, nil).StatusCode, "another budget")

	s.Clock().Advance(time.Hour)
	require.Equal(t, 2, counted(t, c.get("/repos/octo/medium"), "Remaining"))
	require.Equal(t, 1, s.Counts().Total.Limited)
}

func TestHourlyLimitMayBe429(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.Status = http.StatusTooManyRequests
	s, c, _ := setup(t, githubtest.WithLimits(limits))
	s.Spend(c.token, "core", 5000)
	require.Equal(t, http.StatusTooManyRequests, c.get("/repos/octo/medium").StatusCode)
}

func TestLimitOfGraphQLIsAnAnswerOf200(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	s.Spend(c.token, "graphql", 4999)
	require.Equal(t, 0, counted(t, c.ask(`{viewer {login}}`, nil), "Remaining"))
	refused := c.ask(`{viewer {login}}`, nil)
	require.Equal(t, http.StatusOK, refused.StatusCode)
	require.Contains(t, refused.body, `"type":"RATE_LIMITED"`)
	require.NotContains(t, refused.body, `"data"`)
	require.Equal(t, "graphql", refused.Header.Get("X-Ratelimit-Resource"))
}

func TestKeysOfOneUserShareALimit(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	second, third := s.AddKey(c.token), s.AddKey("")
	c.get("/repos/octo/medium")
	require.Equal(t, 4999, s.Remaining(second, "core"))
	require.Equal(t, 5000, s.Remaining(third, "core"))
	login := c.get("/user").object(t)["login"]
	c.token = second
	require.Equal(t, login, c.get("/user").object(t)["login"])
	require.Equal(t, 2, s.Counts().Keys[s.Token()].Requests)
	require.Equal(t, 1, s.Counts().Keys[second].Requests)
}

func TestBadKeysAndNone(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	good := c.token
	c.token = "ghp_wrong"
	require.Equal(t, http.StatusUnauthorized, c.get("/repos/octo/medium").StatusCode)
	require.Equal(t, http.StatusUnauthorized, c.ask(`{viewer {login}}`, nil).StatusCode)
	s.Revoke(good)
	c.token = good
	require.Equal(t, http.StatusUnauthorized, c.get("/repos/octo/medium").StatusCode)
	require.Equal(t, 3, s.Counts().Total.Unauthorized)

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/repos/octo/medium", http.NoBody)
	require.NoError(t, err)
	resp, err := c.http.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "60", resp.Header.Get("X-Ratelimit-Limit"), "nobody may ask 60 times an hour")
}

func TestRequestsWithoutAUserAgentAreForbidden(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	r := c.get("/repos/octo/medium", "User-Agent", "")
	require.Equal(t, http.StatusForbidden, r.StatusCode)
	require.Contains(t, r.body, "User-Agent")
}

func TestSecondaryLimitOfAMinute(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.Minute, limits.GraphQLMinute = 2, 1
	s, c, _ := setup(t, githubtest.WithLimits(limits))
	c.get("/repos/octo/medium")
	s.Clock().Advance(30 * time.Second)
	c.get("/repos/octo/medium")
	refused := c.get("/repos/octo/medium")
	require.Equal(t, http.StatusForbidden, refused.StatusCode)
	require.Contains(t, refused.body, "secondary rate limit")
	require.Equal(t, "60", refused.Header.Get("Retry-After"))
	require.Equal(t, 4998, counted(t, refused, "Remaining"), "the limit of the hour is another")
	require.Zero(t, s.Counts().Total.TooEarly)
	s.Clock().Advance(40 * time.Second)
	require.Equal(t, "20", c.get("/repos/octo/medium").Header.Get("Retry-After"), "who was told to wait and did not is told again")
	require.Equal(t, 1, s.Counts().Total.TooEarly)
	s.Clock().Advance(20 * time.Second)
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode)
	require.Equal(t, 2, s.Counts().Total.Secondary)
}

func TestSecondaryLimitWithoutRetryAfter(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.GraphQLMinute, limits.RetryAfter, limits.SecondaryStatus = 1, 0, http.StatusTooManyRequests
	s, c, _ := setup(t, githubtest.WithLimits(limits))
	c.ask(`{viewer {login}}`, nil)
	refused := c.ask(`{viewer {login}}`, nil)
	require.Equal(t, http.StatusTooManyRequests, refused.StatusCode)
	require.Empty(t, refused.Header.Get("Retry-After"))
	s.Clock().Advance(time.Minute)
	require.Contains(t, c.ask(`{viewer {login}}`, nil).body, `"data"`)
}

func TestRequestsAtOnceAreLimited(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.Concurrent = 2
	s, c, _ := setup(t, githubtest.WithLimits(limits))
	entered, leave := make(chan struct{}), make(chan struct{})
	wait := func() {
		entered <- struct{}{}
		<-leave
	}
	for range 2 {
		s.Script("repos/get", githubtest.Do(wait))
	}
	var held sync.WaitGroup
	for range 2 {
		held.Go(func() { _, _ = c.try("/repos/octo/medium") })
	}
	<-entered
	<-entered
	require.Equal(t, http.StatusForbidden, c.get("/repos/octo/medium/tags").StatusCode)
	close(leave)
	held.Wait()
	require.Equal(t, 3, s.Counts().AtOnce)
}

func TestUnknownRequestsFailTheTest(t *testing.T) {
	t.Parallel()
	var problems []string
	s := githubtest.New(t, githubtest.With("a/b", githubtest.SmallShape()), githubtest.OnProblem(func(format string, args ...any) {
		problems = append(problems, format)
	}))
	c := newClient(t, s)
	for _, path := range []string{
		"/repos/a/b/nothing", "/repos/a/b/issues?stat=all", "/repos/a/b/issues?state=some", "/repos/a/b/issues?per_page=ten", "/repos/a/b/pulls?since=2020-01-01T00:00:00Z",
		"/repos/a/b/issues?since=yesterday", "/repos/a/b/issues?page=1&page=2",
	} {
		before := len(problems)
		require.Contains(t, []int{http.StatusNotFound, http.StatusUnprocessableEntity}, c.get(path).StatusCode, path)
		require.Len(t, problems, before+1, path)
	}
	require.Equal(t, "Field 'nothing' doesn't exist on type 'Repository'", firstError(t, c.ask(`{repository(owner: "a", name: "b") {nothing}}`, nil)).Message)
	require.Len(t, problems, 8)
	require.Contains(t, problems[7], "graphql.keep")
}

func TestAppsSignAndGetTokensThatLastAnHour(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	app, err := s.AddApp("octo")
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, c.get("/app/installations").StatusCode, "not with a token")
	c.token = signature(t, app, s.Clock().Now())
	require.Equal(t, http.StatusUnauthorized, c.get("/repos/octo/medium").StatusCode, "not with a signature")
	list := c.get("/app/installations").rows(t)
	require.Len(t, list, 1)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, list[0]["access_tokens_url"].(string), http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	c.token = readToken(t, resp)
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode)
	s.Clock().Advance(time.Hour)
	require.Equal(t, http.StatusUnauthorized, c.get("/repos/octo/medium").StatusCode)
	c.token = signature(t, app, s.Clock().Now().Add(-11*time.Minute))
	require.Equal(t, http.StatusUnauthorized, c.get("/app/installations").StatusCode, "the signature is too old")
}

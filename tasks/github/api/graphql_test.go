package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/api"
)

type viewer struct {
	Repository *struct{ Name string }
}

func TestQuery(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/graphql", answer(`{"data":{"repository":{"name":"r"},"rateLimit":{"cost":3,"remaining":4000}}}`,
		"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "4000", "X-RateLimit-Reset", in(time.Hour), "X-RateLimit-Resource", "graphql"))
	s := f.service(t)
	var got viewer
	reply, err := s.Client(api.Who{Kind: "k", JobID: 3}).Query(t.Context(), "Name", "query($n: String!) { x }", map[string]any{"n": `"<&>"`}, &got)
	require.NoError(t, err)
	require.Equal(t, "r", got.Repository.Name)
	require.Equal(t, 3, reply.Cost)
	require.Equal(t, 4000, reply.Remaining)
	require.WithinDuration(t, time.Now(), reply.Date, 5*time.Second)
	require.Empty(t, reply.Errors)
	require.JSONEq(t, `{"query":"query($n: String!) { x }","variables":{"n":"\"<&>\""}}`, f.requests()[0].body)
	require.NoError(t, s.Close(t.Context()))
	require.EqualValues(t, 3, scalar[int64](t, f.pool, "SELECT points FROM augur_operations.api_spending WHERE kind = 'k' AND resource = 'graphql'"))
	require.Equal(t, 4000, scalar[int](t, f.pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'graphql'"))
}

func TestErrorsOfAPartComeWithTheRest(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/graphql", answer(`{"data":{"repository":{"name":"r"},"b":null},"errors":[{"type":"NOT_FOUND","path":["b",0,"c"],"message":"no"}]}`))
	var got viewer
	reply, err := f.client(t).Query(t.Context(), "Name", "{x}", nil, &got)
	require.NoError(t, err)
	require.Equal(t, "r", got.Repository.Name)
	require.Equal(t, []api.QueryError{{Type: "NOT_FOUND", Message: "no", Path: []any{"b", 0., "c"}}}, reply.Errors)
	require.Equal(t, 1, reply.Cost)
}

func TestErrorsOfTheWholeQuery(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no data":    `{"data":null,"errors":[{"message":"Field 'x' doesn't exist","path":["query","x"]}]}`,
		"nothing":    `{"errors":[{"message":"Parse error"}]}`,
		"no path":    `{"data":{"repository":null},"errors":[{"type":"FORBIDDEN","message":"no"}]}`,
		"just empty": `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			f.on("/graphql", answer(body))
			_, err := f.client(t).Query(t.Context(), "Name", "{x}", nil, new(viewer))
			require.ErrorContains(t, err, "query Name: ")
			require.NotErrorIs(t, err, api.ErrTooCostly)
			require.Len(t, f.requests(), 1)
		})
	}
}

func TestAQueryThatIsTooCostlyIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	const wrong = `{"data":null,"errors":[{"message":"Something went wrong while executing your query. This may be the result of a timeout, or it could be a GitHub bug."}]}`
	f := newForge(t)
	f.on("/graphql",
		answer(`{"data":{"repository":{"name":"r"}},"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED","path":["repository","x"],"message":"Resource limits for this query exceeded."}]}`),
		answer(`{"data":null,"errors":[{"type":"MAX_NODE_LIMIT_EXCEEDED","message":"too many nodes"}]}`),
		answer(wrong), status(502, wrong), status(504, "<html>"), status(502, "<html>Unicorn!</html>", "Content-Type", "text/html"))
	c := f.client(t)
	for i := range 6 {
		_, err := c.Query(t.Context(), "Name", "{x}", nil, new(viewer))
		require.ErrorIs(t, err, api.ErrTooCostly, "answer %d", i)
		require.Len(t, f.requests(), i+1)
	}
}

func TestLimitsInAnAnswerOfSuccess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body    string
		headers []string
		want    time.Duration
	}{
		"primary": {
			`{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}`,
			[]string{"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(30 * time.Minute), "X-RateLimit-Resource", "graphql"},
			30 * time.Minute,
		},
		"primary without headers": {`{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`, nil, time.Hour},
		"secondary":               {`{"data":null,"errors":[{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}]}`, nil, time.Minute},
		"secondary with a time": {
			`{"data":null,"errors":[{"message":"You have exceeded a secondary rate limit. Please wait a few minutes."}]}`, []string{"Retry-After", "25"}, 25 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			f.on("/graphql", answer(test.body, test.headers...))
			_, err := f.client(t).Query(t.Context(), "Name", "{x}", nil, new(viewer))
			require.WithinDuration(t, time.Now().Add(test.want), limited(t, err).Until, 15*time.Second)
			require.Len(t, f.requests(), 1)
		})
	}
}

func TestAnotherKeyGoesOnWithTheQuery(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/graphql", answer(`{"errors":[{"type":"RATE_LIMITED","message":"x"}]}`), refuse(401, "Bad credentials"), answer(`{"data":{"repository":{"name":"r"}}}`))
	var got viewer
	c := f.client(t, "Keys.github_api_key=a b c")
	_, err := c.Query(t.Context(), "Name", "{x}", nil, &got)
	require.NoError(t, err)
	require.Equal(t, "r", got.Repository.Name)
	require.Len(t, f.requests(), 3)
	_, _, err = c.Repository(t.Context(), repo, "")
	require.ErrorIs(t, err, tasks.ErrGone, "GraphQL's budget is another")
}

package githubtest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// ask posts a query and returns the answer.
func (c *client) ask(query string, variables map[string]any) reply {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(c.t, err)
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.s.GraphQLURL(), bytes.NewReader(body))
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	return reply{resp, string(text)}
}

const pullChildren = `query Children($owner: String!, $name: String!, $n: Int!, $after: String) {
  rateLimit { cost nodeCount remaining }
  repository(owner: $owner, name: $name) {
    pullRequests(first: $n, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes {
        fullDatabaseId number updatedAt
        files(first: 100) { totalCount nodes { path additions deletions } }
        commits(first: 50) { totalCount nodes { commit { id oid message author { name email user { login databaseId } } } } }
        reviews(first: 50) { totalCount nodes { id fullDatabaseId state body submittedAt author { __typename login ... on User { databaseId } } } }
      }
    }
  }
}`

func TestChildrenOfAllPullRequestsCostAPointForTwentyFive(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.Model())
	c := newClient(t, s)
	files, commits, reviews, requests := 0, 0, 0, 0
	seen := map[string]bool{}
	var after any
	for {
		r := c.ask(pullChildren, map[string]any{"owner": "octo", "name": "model", "n": 25, "after": after})
		requests++
		var got struct {
			Errors []any
			Data   struct {
				RateLimit  struct{ Cost, NodeCount, Remaining int }
				Repository struct {
					PullRequests struct {
						TotalCount int
						PageInfo   struct {
							HasNextPage bool
							EndCursor   string
						}
						Nodes []struct {
							FullDatabaseID          string
							Files, Commits, Reviews struct{ Nodes []any }
						}
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(r.body), &got), r.body)
		require.Empty(t, got.Errors)
		require.Equal(t, 1, got.Data.RateLimit.Cost)
		require.Equal(t, 25+25*200, got.Data.RateLimit.NodeCount)
		require.Equal(t, 5000-requests, got.Data.RateLimit.Remaining)
		for _, p := range got.Data.Repository.PullRequests.Nodes {
			seen[p.FullDatabaseID] = true
			files, commits, reviews = files+len(p.Files.Nodes), commits+len(p.Commits.Nodes), reviews+len(p.Reviews.Nodes)
		}
		if after = got.Data.Repository.PullRequests.PageInfo.EndCursor; !got.Data.Repository.PullRequests.PageInfo.HasNextPage {
			break
		}
	}
	require.Len(t, seen, 5000)
	require.Equal(t, []int{20_000, 15_000, 10_000, 200}, []int{files, commits, reviews, requests})
	require.Equal(t, 200, s.Counts().Operations["graphql Children"].Points)
}

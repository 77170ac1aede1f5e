package githubtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
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

// graphError is an error in an answer.
type graphError struct {
	Type, Message string
	Path          []any
}

func firstError(t testing.TB, r reply) graphError {
	t.Helper()
	var got struct{ Errors []graphError }
	require.NoError(t, json.Unmarshal([]byte(r.body), &got), r.body)
	require.NotEmpty(t, got.Errors, r.body)
	require.Equal(t, http.StatusOK, r.StatusCode)
	return got.Errors[0]
}

// costOf asks for the price of a query without running it.
func costOf(t testing.TB, c *client, selection string) int {
	t.Helper()
	r := c.ask(`{rateLimit(dryRun: true) {cost} repository(owner: "octo", name: "medium") {`+selection+`}}`, nil)
	var got struct {
		Data struct{ RateLimit struct{ Cost int } }
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &got), r.body)
	require.Contains(t, r.body, `"repository":null`)
	return got.Data.RateLimit.Cost
}

func TestPriceIsTheRequestsThatAQueryStandsFor(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	const children = "files(first: 100) {totalCount} commits(first: 50) {totalCount} reviews(first: 50) {totalCount}"
	require.Equal(t, 1, costOf(t, c, "pullRequests(first: 25) {nodes {"+children+"}}"))
	require.Equal(t, 1, costOf(t, c, "pullRequests(first: 49) {nodes {"+children+"}}"), "1 + 49 * 3 = 148")
	require.Equal(t, 2, costOf(t, c, "pullRequests(first: 50) {nodes {"+children+"}}"), "1 + 50 * 3 = 151")
	require.Equal(t, 1, costOf(t, c, "a: pullRequest(number: 1) {files(first: 5) {totalCount}} b: pullRequest(number: 2) {files(first: 5) {totalCount}}"))
	require.Equal(t, 51, costOf(t, c, "issues(first: 50) {nodes {timelineItems(first: 100) {nodes {... on IssueComment {issue {labels(first: 1) {totalCount}}}}}}}"), "1 + 50 + 5000")
	require.Equal(t, 5000, s.Remaining(c.token, "graphql"), "asking for the price costs nothing")
}

func TestWallsOfGraphQL(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	_, c, _ := setup(t, githubtest.WithLimits(limits), githubtest.Lenient())
	inRepo := func(selection string) graphError {
		return firstError(t, c.ask(`{repository(owner: "octo", name: "medium") {`+selection+`}}`, nil))
	}
	require.Equal(t, "MISSING_PAGINATION_BOUNDARIES", inRepo("issues {nodes {id}}").Type)
	require.Equal(t, "EXCESSIVE_PAGINATION", inRepo("issues(first: 101) {nodes {id}}").Type)
	require.Equal(t, "INVALID_PAGINATION", inRepo("issues(first: 0) {nodes {id}}").Type)
	tooMany := inRepo("issues(first: 100) {nodes {comments(first: 100) {nodes {issue {labels(first: 100) {nodes {id}}}}}}}")
	require.Equal(t, "MAX_NODE_LIMIT_EXCEEDED", tooMany.Type)
	require.Equal(t, "This query requests up to 1,010,100 possible nodes which exceeds the maximum limit of 500,000.", tooMany.Message)
	require.NotEmpty(t, inRepo("issues(first: $nothing) {totalCount}").Message)
	require.NotEmpty(t, firstError(t, c.ask(`{`, nil)).Message)
	require.NotEmpty(t, firstError(t, c.ask(``, nil)).Message)
	require.Contains(t, c.ask(`{repository(owner: "octo", name: "medium") {issues {totalCount}}}`, nil).body, `"totalCount":150`, "a count needs no page")
}

func TestTooMuchFoundEndsTheAnswerInTheMiddle(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.Resources = 60
	_, c, _ := setup(t, githubtest.WithLimits(limits))
	query := `query($n: Int!) {repository(owner: "octo", name: "medium") {pullRequests(first: $n) {nodes {number files(first: 100) {nodes {path}}}}}}`
	r := c.ask(query, map[string]any{"n": 50})
	failed := firstError(t, r)
	require.Equal(t, "RESOURCE_LIMITS_EXCEEDED", failed.Type)
	require.Equal(t, []any{"repository", "pullRequests", "nodes", 5.0, "files"}, failed.Path)
	require.Contains(t, r.body, `"files":null`)
	require.Contains(t, r.body, `"files":{"nodes":[`)
	require.NotContains(t, c.ask(query, map[string]any{"n": 20}).body, "errors")
}

func TestWhatIsNotThereIsNullWithAnErrorAndItsPath(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	r.Change(func() { r.Issues = r.Issues[:200] })
	got := c.ask(`{a: repository(owner: "octo", name: "medium") {one: issueOrPullRequest(number: 1) {__typename} none: issueOrPullRequest(number: 999) {__typename}}
		b: repository(owner: "octo", name: "nothing") {id}}`, nil)
	require.Contains(t, got.body, `"none":null`)
	require.Contains(t, got.body, `"b":null`)
	var errs struct{ Errors []graphError }
	require.NoError(t, json.Unmarshal([]byte(got.body), &errs))
	require.Equal(t, []graphError{
		{"NOT_FOUND", "Could not resolve to an issue or pull request with the number of 999.", []any{"a", "none"}},
		{"NOT_FOUND", "Could not resolve to a Repository with the name 'octo/nothing'.", []any{"b"}},
	}, errs.Errors)
	r.Change(func() { r.Fault = githubtest.Taken })
	require.Equal(t, "FORBIDDEN", firstError(t, c.ask(`{repository(owner: "octo", name: "medium") {id}}`, nil)).Type)
	r.Change(func() { r.Fault = githubtest.NoFault })
	s.Rename(r, "new/name")
	require.Contains(t, c.ask(`{repository(owner: "octo", name: "medium") {nameWithOwner}}`, nil).body, "new/name")
	require.Equal(t, "NOT_FOUND", firstError(t, c.ask(`{repository(owner: "octo", name: "medium", followRenames: false) {id}}`, nil)).Type)
}

func TestNodesAreFoundByTheIdsOfREST(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	user := r.Contributors[0].User
	ids := []any{
		c.get("/users/" + user.Login).object(t)["node_id"],
		c.get("/repos/octo/medium/issues?state=all").rows(t)[0]["node_id"],
		c.get("/repos/octo/medium/issues/comments").rows(t)[0]["node_id"],
		c.get("/repos/octo/medium/pulls/comments").rows(t)[0]["node_id"],
		c.get("/repos/octo/medium/releases").rows(t)[0]["node_id"],
		c.get("/repos/octo/medium").object(t)["node_id"],
	}
	got := c.ask(`query($ids: [ID!]!) {nodes(ids: $ids) {id}}`, map[string]any{"ids": ids})
	var nodes struct {
		Data struct{ Nodes []struct{ ID any } }
	}
	require.NoError(t, json.Unmarshal([]byte(got.body), &nodes))
	for i, id := range ids {
		require.Equal(t, id, nodes.Data.Nodes[i].ID)
	}
	s.DeleteUser(user)
	got = c.ask(`query($ids: [ID!]!) {nodes(ids: $ids) {id}}`, map[string]any{"ids": ids[:2]})
	require.Contains(t, got.body, `{"nodes":[null,{`)
	require.Equal(t, []any{"nodes", 0.0}, firstError(t, got).Path)
}

func TestTimelineHasTheEventsOfREST(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	for _, i := range r.Issues[:40] {
		rows := c.get(fmt.Sprintf("/repos/octo/medium/issues/%d/events?per_page=100", i.Number)).rows(t)
		got := c.ask(`query($n: Int!) {repository(owner: "octo", name: "medium") {issueOrPullRequest(number: $n) {
			... on Issue {timelineItems(first: 100) {nodes {__typename ... on Node {id}}}}
			... on PullRequest {timelineItems(first: 100) {nodes {__typename ... on Node {id}}}}}}}`, map[string]any{"n": i.Number})
		var found struct {
			Data struct {
				Repository struct {
					IssueOrPullRequest struct {
						TimelineItems struct {
							Nodes []struct {
								Type string `json:"__typename"`
								ID   string
							}
						}
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(got.body), &found), got.body)
		var events []any
		for _, node := range found.Data.Repository.IssueOrPullRequest.TimelineItems.Nodes {
			if strings.HasSuffix(node.Type, "Event") {
				events = append(events, node.ID)
			}
		}
		want := make([]any, 0, len(rows))
		for _, row := range rows {
			want = append(want, row["node_id"])
		}
		require.ElementsMatch(t, want, events)
	}
	got := c.ask(`{repository(owner: "octo", name: "medium") {issues(first: 100, orderBy: {field: UPDATED_AT, direction: ASC}) {nodes {
		timelineItems(first: 50, itemTypes: [CLOSED_EVENT]) {totalCount nodes {__typename}}}}}}`, nil)
	require.Contains(t, got.body, "ClosedEvent")
	require.NotContains(t, got.body, "LabeledEvent")
}

func TestIntsOfGraphQLEndAt32Bits(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	r.Change(func() { r.OnlyIssues()[0].ID = 1 << 40 })
	got := c.ask(fmt.Sprintf(`{repository(owner: "octo", name: "medium") {issue(number: %d) {databaseId fullDatabaseId}}}`, r.OnlyIssues()[0].Number), nil)
	require.Contains(t, got.body, `"issue":{"databaseId":null,"fullDatabaseId":"1099511627776"}`)
	require.Equal(t, []any{"repository", "issue", "databaseId"}, firstError(t, got).Path)
}

func TestBotsHaveTwoNames(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	i := r.AddIssue(s.User("stale[bot]"), "by a bot", "")
	require.Equal(t, "stale[bot]", c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", i.Number)).object(t)["user"].(map[string]any)["login"])
	got := c.ask(fmt.Sprintf(`{repository(owner: "octo", name: "medium") {issue(number: %d) {author {__typename login ... on Bot {databaseId}}}}}`, i.Number), nil)
	require.Contains(t, got.body, `"author":{"__typename":"Bot","login":"stale","databaseId":`)
}

func TestEmailsNeedAScope(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	query := fmt.Sprintf(`{user(login: %q) {login email}}`, r.Contributors[0].User.Login)
	require.Contains(t, c.ask(query, nil).body, `"email":`)
	s.WithoutEmails(c.token)
	require.Equal(t, "INSUFFICIENT_SCOPES", firstError(t, c.ask(query, nil)).Type)
}

func TestConnectionsGoBothWaysAndByCursor(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	type page struct {
		Data struct {
			Repository struct {
				Issues struct {
					TotalCount int
					PageInfo   struct {
						HasNextPage, HasPreviousPage bool
						StartCursor, EndCursor       string
					}
					Edges []struct {
						Cursor string
						Node   struct{ Number int }
					}
				}
			}
		}
	}
	read := func(args string) page {
		var p page
		r := c.ask(`{repository(owner: "octo", name: "medium") {issues(`+args+`, orderBy: {field: CREATED_AT, direction: DESC}, states: CLOSED) {
			totalCount pageInfo {hasNextPage hasPreviousPage startCursor endCursor} edges {cursor node {number}}}}}`, nil)
		require.NoError(t, json.Unmarshal([]byte(r.body), &p), r.body)
		return p
	}
	closed := 0
	for _, i := range r.OnlyIssues() {
		if i.State == "closed" {
			closed++
		}
	}
	first := read("first: 10").Data.Repository.Issues
	require.Equal(t, closed, first.TotalCount)
	require.True(t, first.PageInfo.HasNextPage)
	require.False(t, first.PageInfo.HasPreviousPage)
	second := read(fmt.Sprintf("first: 10, after: %q", first.PageInfo.EndCursor)).Data.Repository.Issues
	require.Less(t, second.Edges[0].Node.Number, first.Edges[9].Node.Number)
	require.True(t, second.PageInfo.HasPreviousPage)
	back := read(fmt.Sprintf("last: 10, before: %q", second.PageInfo.StartCursor)).Data.Repository.Issues
	require.Equal(t, first.Edges, back.Edges)
	last := read("last: 5").Data.Repository.Issues
	require.False(t, last.PageInfo.HasNextPage)
	require.Len(t, last.Edges, 5)
}

func TestCommitsTellWhoseEmailTheirAuthorHas(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	u := s.AddUser("committer", "User")
	known, unknown := strings.Repeat("a", 40), strings.Repeat("b", 40)
	r.AddCommit(githubtest.Commit{SHA: known, AuthorName: "C", AuthorEmail: "c@example.org", Author: u})
	r.AddCommit(githubtest.Commit{SHA: unknown, AuthorName: "D", AuthorEmail: "d@example.org"})
	got := c.ask(fmt.Sprintf(`{repository(owner: "octo", name: "medium") {a: object(oid: %q) {... on Commit {author {email user {login}}}}
		b: object(oid: %q) {... on Commit {author {email user {login}}}} c: object(oid: %q) {oid}}}`, known, unknown, strings.Repeat("c", 40)), nil)
	require.JSONEq(t, `{"data":{"repository":{"a":{"author":{"email":"c@example.org","user":{"login":"committer"}}},
		"b":{"author":{"email":"d@example.org","user":null}},"c":null}}}`, got.body)
}

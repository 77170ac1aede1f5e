package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/api"
)

func TestListsAskForWhatTheyShould(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	for _, path := range []string{"issues", "pulls", "issues/comments", "pulls/comments", "issues/events", "contributors"} {
		f.on("/repos/o/r/"+path, answer("[]"))
	}
	f.on("/users/o/repos", answer("[]"))
	f.on("/users/me/events", answer("[]"))
	f.on("/repos/o/r/traffic/clones", answer("{}"))
	c, ctx := f.client(t), t.Context()
	since := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))
	for _, list := range []func() error{
		func() error { _, err := c.Issues(ctx, repo, time.Time{}, "", ""); return err },
		func() error { _, err := c.Issues(ctx, repo, since, "", ""); return err },
		func() error { _, err := c.PullRequests(ctx, repo, "", ""); return err },
		func() error { _, err := c.IssueComments(ctx, repo, since, "", ""); return err },
		func() error { _, err := c.ReviewComments(ctx, repo, since, "", ""); return err },
		func() error { _, err := c.Events(ctx, repo, "", ""); return err },
		func() error { _, err := c.Contributors(ctx, repo, "", ""); return err },
		func() error { _, err := c.OwnerRepos(ctx, "o", ""); return err },
		func() error { _, err := c.UserEvents(ctx, "me", "", ""); return err },
		func() error { _, err := c.TrafficClones(ctx, repo); return err },
	} {
		require.NoError(t, list())
	}
	var got []string
	for _, r := range f.requests() {
		got = append(got, r.method+" "+r.uri)
	}
	require.Equal(t, []string{
		"GET /repos/o/r/issues?direction=asc&per_page=100&sort=updated&state=all",
		"GET /repos/o/r/issues?direction=asc&per_page=100&since=2026-01-02T02%3A04%3A05Z&sort=updated&state=all",
		"GET /repos/o/r/pulls?direction=desc&per_page=100&sort=updated&state=all",
		"GET /repos/o/r/issues/comments?direction=asc&per_page=100&since=2026-01-02T02%3A04%3A05Z&sort=updated",
		"GET /repos/o/r/pulls/comments?direction=asc&per_page=100&since=2026-01-02T02%3A04%3A05Z&sort=updated",
		"GET /repos/o/r/issues/events?per_page=100",
		"GET /repos/o/r/contributors?anon=1&per_page=100",
		"GET /orgs/o/repos?per_page=100&type=all",
		"GET /users/o/repos?per_page=100&type=owner",
		"GET /users/me/events?per_page=100",
		"GET /repos/o/r/traffic/clones",
	}, got)
}

func TestTheNextPageIsFollowedAsItIs(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	next := f.URL + "/repositories/1/issues?per_page=100&after=Y3Vyc29yOnYyOpLPAAABhN%3D%3D&page=2"
	f.on("/repos/o/r/issues", answer(`[{"number":1}]`, "Link", "<"+next+`>; rel="next", <`+f.URL+`/x?page=7>; rel="last"`, "ETag", `"e"`))
	f.on("/repositories/1/issues", answer(`[{"number":2},null]`, "Link", "<"+f.URL+`/x?page=1>; rel="prev"`))
	c := f.client(t)
	page, err := c.Issues(t.Context(), repo, time.Time{}, "", "")
	require.NoError(t, err)
	require.Equal(t, next, page.Next)
	require.Equal(t, 7, page.LastPage)
	require.WithinDuration(t, time.Now(), page.Date, 5*time.Second)
	page, err = c.Issues(t.Context(), repo, time.Time{}, "", page.Next)
	require.NoError(t, err)
	require.Empty(t, page.Next)
	require.Len(t, page.Items, 1, "null is no issue")
	require.Equal(t, next, f.URL+f.requests()[1].uri)
}

func TestPagesThatGoRoundInACircleAreNoticed(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	link := func(to string) []string { return []string{"Link", "<" + f.URL + to + `>; rel="next"`} }
	f.on("/repos/o/r/issues", answer("[]", link("/2")...))
	f.on("/2", answer("[]", link("/3")...))
	f.on("/3", answer("[]", link("/2")...))
	c := f.client(t)
	next := ""
	for range 2 {
		page, err := c.Issues(t.Context(), repo, time.Time{}, "", next)
		require.NoError(t, err)
		next = page.Next
	}
	// A page may be asked for again, when it was not stored.
	_, err := c.Issues(t.Context(), repo, time.Time{}, "", f.URL+"/2")
	require.NoError(t, err)
	_, err = c.Issues(t.Context(), repo, time.Time{}, "", next)
	require.ErrorIs(t, err, api.ErrLoop)
	require.ErrorContains(t, err, "list issues of o/r")
	// And so may the whole list.
	_, err = c.Issues(t.Context(), repo, time.Time{}, "", "")
	require.NoError(t, err)

	f.on("/repos/o/r/pulls", answer("[]", link("/self")...))
	f.on("/self", answer("[]", link("/self")...))
	_, err = c.PullRequests(t.Context(), repo, "", f.URL+"/self")
	require.ErrorIs(t, err, api.ErrLoop)
}

func TestWhatPeopleWriteArrivesAsItIs(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	long := strings.Repeat("ä", 1<<20)
	f.on("/repos/o/r/issues/comments", answer(`[{"id":9223372036854775807,"user":null,"body":"\u0000 \ud800 `+long+`"},{"id":2,"user":{"login":"x[bot]","id":1,"type":"Bot"}}]`))
	f.on("/repos/o/r/issues/events", answer(`[{"id":9223372036854775807,"node_id":"LE_1","commit_url":"u","state_reason":"completed","actor":null,"issue":null,
		"created_at":"2026-01-02T03:04:05Z","label":{"name":"bug"},"rename":{"from":"a","to":"b"}}]`))
	c := f.client(t)
	comments, err := c.IssueComments(t.Context(), repo, time.Time{}, "", "")
	require.NoError(t, err)
	require.EqualValues(t, 9223372036854775807, comments.Items[0].GetID())
	require.Nil(t, comments.Items[0].User)
	require.Equal(t, "\x00 \uFFFD "+long, comments.Items[0].GetBody())
	events, err := c.Events(t.Context(), repo, "", "")
	require.NoError(t, err)
	e := events.Items[0]
	require.Equal(t, "LE_1", e.NodeID)
	require.Equal(t, "u", *e.CommitURL)
	require.Equal(t, "completed", *e.StateReason)
	require.Nil(t, e.Actor)
	require.Nil(t, e.Issue)
	require.Equal(t, api.Rename{From: "a", To: "b"}, *e.Rename)
}

func TestAnAnswerOfAnotherFormIsAnError(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r/issues", answer(`{"message":"surprise"}`))
	_, err := f.client(t).Issues(t.Context(), repo, time.Time{}, "", "")
	require.ErrorContains(t, err, "list issues of o/r: json: cannot unmarshal object")
	require.Len(t, f.requests(), 1)
}

func TestOddNamesStayInTheirPlace(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	_, _, err := f.client(t).Repository(t.Context(), api.Repo{Owner: "../../x", Name: "a?b=c#d"}, "")
	require.Error(t, err)
	require.Equal(t, "/repos/..%2F..%2Fx/a%3Fb=c%23d", f.requests()[0].uri)
}

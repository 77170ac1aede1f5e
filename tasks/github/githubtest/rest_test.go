package githubtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// medium is a repository with a few pages of everything.
func medium() githubtest.Shape {
	return githubtest.Shape{
		Issues: 150, Pulls: 100, Files: 2, Commits: 2, Reviews: 2, ReviewComments: 2, Comments: 300, Events: 700, Contributors: 20,
		Releases: 3, Tags: 4, Labels: 5, Milestones: 2,
	}
}

const mediumName = "octo/medium"

func setup(t testing.TB, options ...githubtest.Option) (*githubtest.Server, *client, *githubtest.Repo) {
	t.Helper()
	s := githubtest.New(t, append([]githubtest.Option{githubtest.With(mediumName, medium())}, options...)...)
	r := s.Repo(mediumName)
	return s, newClient(t, s), r
}

func TestPagesHaveThirtyRowsUnlessToldAndNeverMoreThanHundred(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	for query, want := range map[string]int{"": 30, "?per_page=7": 7, "?per_page=100": 100, "?per_page=1000": 100, "?per_page=0": 30} {
		require.Len(t, c.get("/repos/octo/medium/issues/events"+query).rows(t), want, query)
	}
}

func TestLinksOfNumberedListsNameTheRepositoryByNumber(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	base := fmt.Sprintf("%s/repositories/%d/issues/events?page=%%d&per_page=100", s.URL(), r.ID)
	require.Equal(t, map[string]string{"next": fmt.Sprintf(base, 2), "last": fmt.Sprintf(base, 7)}, c.get("/repos/octo/medium/issues/events?per_page=100").links())
	require.Equal(t, map[string]string{
		"next": fmt.Sprintf(base, 4), "last": fmt.Sprintf(base, 7), "prev": fmt.Sprintf(base, 2), "first": fmt.Sprintf(base, 1),
	}, c.get("/repos/octo/medium/issues/events?per_page=100&page=3").links())
	last := c.get(fmt.Sprintf(base, 7))
	require.Len(t, last.rows(t), 100)
	require.NotContains(t, last.links(), "next")
	beyond := c.get(fmt.Sprintf(base, 8))
	require.Empty(t, beyond.rows(t))
	require.Equal(t, "[]", beyond.body)
}

func TestIssuesAreReadByCursorWithoutALastPage(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	first := c.get("/repos/octo/medium/issues?state=all&sort=updated&direction=asc&per_page=100")
	require.NotContains(t, first.links(), "last")
	require.NotContains(t, first.links(), "prev")
	next := first.links()["next"]
	require.True(t, strings.HasPrefix(next, fmt.Sprintf("%s/repositories/%d/issues?after=", s.URL(), r.ID)), next)
	second := c.get(next)
	require.Equal(t, rowIDs(first.rows(t)), rowIDs(c.get(second.links()["prev"]).rows(t)))

	rows, requests := c.walk("/repos/octo/medium/issues?state=all&sort=updated&direction=asc&per_page=100")
	require.Len(t, rows, 250)
	require.Equal(t, 3, requests)
	for i := 1; i < len(rows); i++ {
		require.LessOrEqual(t, rows[i-1]["updated_at"], rows[i]["updated_at"])
	}
	backwards, _ := c.walk("/repos/octo/medium/issues?state=all&sort=updated&direction=desc&per_page=100")
	for i := range rows {
		require.Equal(t, rows[i]["id"], backwards[len(rows)-1-i]["id"])
	}
}

func rowIDs(rows []map[string]any) []any {
	ids := make([]any, len(rows))
	for i, row := range rows {
		ids[i] = row["id"]
	}
	return ids
}

func TestCursorSkipsNothingWhenRowsMoveBetweenPages(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	s.Clock().Advance(time.Hour)
	seen := map[any]bool{}
	n := 0
	for path := "/repos/octo/medium/issues?state=all&sort=updated&direction=asc&per_page=20"; path != ""; n++ {
		page := c.get(path)
		for _, row := range page.rows(t) {
			seen[row["id"]] = true
		}
		path = page.links()["next"]
		if n < 5 { // what was read already moves to the end
			r.Touch(r.Issues[n], "another title")
			s.Clock().Advance(time.Second)
		}
	}
	require.Len(t, seen, 250)
}

func TestPageNumbersSkipARowWhenRowsMoveBetweenPages(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	s.Clock().Advance(time.Hour)
	list := "/repos/octo/medium/issues/comments?sort=updated&direction=asc&per_page=100&page="
	first := c.get(list + "1").rows(t)
	moved := r.Comments[0]
	for _, comment := range r.Comments {
		if fmt.Sprint(comment.ID) == fmt.Sprintf("%.0f", first[10]["id"]) {
			moved = comment
		}
	}
	r.EditComment(moved, "edited")
	seen := map[any]bool{}
	for _, row := range append(append(first, c.get(list+"2").rows(t)...), c.get(list+"3").rows(t)...) {
		seen[row["id"]] = true
	}
	require.Len(t, seen, 299)
}

func TestListsEndWhereGitHubEndsThem(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.IssueRows, limits.ListRows = 200, 250
	_, c, _ := setup(t, githubtest.WithLimits(limits))
	require.Equal(t, 200, c.get("/repos/octo/medium/issues?state=all&per_page=50&page=3").StatusCode)
	refused := c.get("/repos/octo/medium/issues?state=all&per_page=50&page=4")
	require.Equal(t, http.StatusUnprocessableEntity, refused.StatusCode)
	require.Contains(t, refused.body, "please use cursor based pagination (after/before)")
	rows, _ := c.walk("/repos/octo/medium/issues?state=all&per_page=50")
	require.Len(t, rows, 250, "by cursor there is no end")

	rows, _ = c.walk("/repos/octo/medium/issues/events?per_page=50")
	require.Len(t, rows, 250, "the other 450 cannot be had")
	require.Equal(t, http.StatusUnprocessableEntity, c.get("/repos/octo/medium/issues/events?per_page=50&page=6").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, c.get("/repos/octo/medium/issues/comments?per_page=50&page=6").StatusCode)
}

func TestDefaultEndsAreGitHubs(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium/issues?state=all&per_page=100&page=99").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, c.get("/repos/octo/medium/issues?state=all&per_page=100&page=100").StatusCode)
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium/issues/events?per_page=100&page=300").StatusCode)
	require.Equal(t, http.StatusUnprocessableEntity, c.get("/repos/octo/medium/issues/events?per_page=100&page=301").StatusCode)
}

func TestSinceIsInclusiveAndKnowsSecondsOnly(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	for _, list := range []string{"issues?state=all&", "issues/comments?", "pulls/comments?"} {
		path := "/repos/octo/medium/" + list + "sort=updated&direction=asc&per_page=100"
		all, _ := c.walk(path)
		pivot := all[120]["updated_at"].(string)
		want := 0
		for _, row := range all {
			if row["updated_at"].(string) >= pivot {
				want++
			}
		}
		for _, since := range []string{pivot, strings.TrimSuffix(pivot, "Z") + ".900Z"} {
			rows, _ := c.walk(path + "&since=" + since)
			require.Len(t, rows, want, "%s since %s", list, since)
			require.Equal(t, pivot, rows[0]["updated_at"])
		}
	}
}

func TestIssueListHasPullRequestsUnderTheIssuesNumber(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	pull := r.Pulls()[0]
	byNumber := map[float64]map[string]any{}
	rows, _ := c.walk("/repos/octo/medium/issues?state=all&per_page=100")
	for _, row := range rows {
		byNumber[row["number"].(float64)] = row
	}
	row := byNumber[float64(pull.Number)]
	require.NotNil(t, row["pull_request"])
	require.InDelta(t, pull.ID, row["id"], 0)
	asPull := c.get(fmt.Sprintf("/repos/octo/medium/pulls/%d", pull.Number)).object(t)
	require.Equal(t, fmt.Sprint(pull.Pull.ID), fmt.Sprint(asPull["id"]))
	require.Equal(t, asPull["node_id"], row["node_id"])
	require.Nil(t, byNumber[float64(r.OnlyIssues()[0].Number)]["pull_request"])
}

func TestPullRequestsComeNewestChangeFirst(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	rows, _ := c.walk("/repos/octo/medium/pulls?state=all&sort=updated&direction=desc&per_page=100")
	require.Len(t, rows, 100)
	for i := 1; i < len(rows); i++ {
		require.GreaterOrEqual(t, rows[i-1]["updated_at"], rows[i]["updated_at"])
	}
	open := c.get("/repos/octo/medium/pulls?per_page=100").rows(t)
	for _, row := range open {
		require.Equal(t, "open", row["state"])
	}
	require.NotEmpty(t, open)
}

func TestEventsComeNewestFirstWithTheirIssue(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	rows, _ := c.walk("/repos/octo/medium/issues/events?per_page=100")
	require.Len(t, rows, 700)
	require.InDelta(t, r.Events[len(r.Events)-1].ID, rows[0]["id"], 0)
	require.Contains(t, rows[0], "issue")
	alone := c.get(fmt.Sprintf("/repos/octo/medium/issues/%d/events?per_page=100", r.Events[699].Issue.Number)).rows(t)
	require.NotContains(t, alone[0], "issue")
}

func TestListsOfOnePullRequest(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	pull := r.Pulls()[3]
	path := fmt.Sprintf("/repos/octo/medium/pulls/%d/", pull.Number)
	require.Equal(t, pull.Pull.Files[0].Path, c.get(path + "files").rows(t)[0]["filename"])
	require.Equal(t, pull.Pull.Commits[0].SHA, c.get(path + "commits").rows(t)[0]["sha"])
	require.Len(t, c.get(path+"reviews").rows(t), 2)
	require.Len(t, c.get(path+"comments").rows(t), 2)
	require.Len(t, c.get(fmt.Sprintf("/repos/octo/medium/issues/%d/comments?per_page=100", pull.Number)).rows(t), len(pull.Comments))
	commit := c.get("/repos/octo/medium/commits/" + pull.Pull.Commits[1].SHA).object(t)
	require.Equal(t, pull.Pull.Commits[1].SHA, commit["sha"])
}

func TestCommitsOfAPullRequestEndAt250AndFilesAt3000(t *testing.T) {
	t.Parallel()
	shape := githubtest.Shape{Pulls: 1, Commits: 260, Files: 3010, Contributors: 1}
	s := githubtest.New(t, githubtest.With("a/b", shape))
	c := newClient(t, s)
	rows, _ := c.walk("/repos/a/b/pulls/1/commits?per_page=100")
	require.Len(t, rows, 250)
	rows, _ = c.walk("/repos/a/b/pulls/1/files?per_page=100")
	require.Len(t, rows, 3000)
	count := c.ask(`{repository(owner: "a", name: "b") {pullRequest(number: 1) {commits {totalCount} changedFiles}}}`, nil)
	require.JSONEq(t, `{"data":{"repository":{"pullRequest":{"commits":{"totalCount":260},"changedFiles":3010}}}}`, count.body)
}

func TestETagsAreOfAKeyAnd304IsFree(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t, githubtest.Keys(2))
	path := "/repos/octo/medium/contributors?per_page=100"
	first := c.get(path)
	tag := first.Header.Get("ETag")
	require.NotEmpty(t, tag)
	again := c.get(path, "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, again.body)
	require.Equal(t, first.Header.Get("X-Ratelimit-Remaining"), again.Header.Get("X-Ratelimit-Remaining"))

	other := newClient(t, s)
	other.token = s.Tokens(2)[1]
	require.Equal(t, http.StatusOK, other.get(path, "If-None-Match", tag).StatusCode)

	r.Change(func() { r.Contributors[0].Contributions++ })
	require.Equal(t, http.StatusOK, c.get(path, "If-None-Match", tag).StatusCode)
	n := s.Counts().Operations["repos/list-contributors"]
	require.Equal(t, githubtest.Count{Requests: 4, Points: 3, NotModified: 1}, n)
}

func TestRepositoriesThatAreNotThere(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	require.Equal(t, http.StatusNotFound, c.get("/repos/octo/nothing").StatusCode)
	for fault, want := range map[githubtest.RepoFault]int{
		githubtest.Deleted: http.StatusNotFound, githubtest.Blocked: http.StatusForbidden, githubtest.Taken: http.StatusUnavailableForLegalReasons,
	} {
		r.Change(func() { r.Fault = fault })
		require.Equal(t, want, c.get("/repos/octo/medium").StatusCode)
		require.Equal(t, want, c.get("/repos/octo/medium/issues").StatusCode)
		require.Equal(t, want, c.get(fmt.Sprintf("/repositories/%d/issues", r.ID)).StatusCode)
	}
	r.Change(func() { r.Fault = githubtest.NoFault; r.Private = true })
	require.Equal(t, http.StatusNotFound, c.get("/repos/octo/medium").StatusCode)
	require.Positive(t, s.Remaining(s.Token(), "core"))
}

func TestMovedRepositoryLeadsToItsNumber(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	s.Rename(r, "other/name")
	moved := c.get("/repos/octo/medium/issues?state=all&per_page=5")
	require.Equal(t, http.StatusMovedPermanently, moved.StatusCode)
	require.Equal(t, fmt.Sprintf("%s/repositories/%d/issues?state=all&per_page=5", s.URL(), r.ID), moved.Header.Get("Location"))
	require.Len(t, c.get(moved.Header.Get("Location")).rows(t), 5)
	require.Equal(t, "other/name", c.get(fmt.Sprintf("/repositories/%d", r.ID)).object(t)["full_name"])
	require.Equal(t, http.StatusOK, c.get("/repos/Other/NAME").StatusCode)
	s.AddRepo(mediumName, githubtest.SmallShape())
	require.Equal(t, http.StatusOK, c.get("/repos/octo/medium").StatusCode, "another repository has the name now")
}

func TestEmptyRepositoryAndIssuesThatAreOff(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.With("a/empty", githubtest.Shape{}))
	c := newClient(t, s)
	nobody := c.get("/repos/a/empty/contributors")
	require.Equal(t, http.StatusNoContent, nobody.StatusCode)
	require.Empty(t, nobody.body)
	require.Equal(t, http.StatusConflict, c.get("/repos/a/empty/commits/"+strings.Repeat("a", 40)).StatusCode)
	require.Equal(t, "[]", c.get("/repos/a/empty/issues").body)
	r := s.Repo("a/empty")
	r.Change(func() { r.NoIssues = true })
	require.Equal(t, http.StatusGone, c.get("/repos/a/empty/issues").StatusCode)
}

func TestDeletedAndTransferredIssues(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	other := s.AddRepo("octo/other", githubtest.SmallShape())
	gone, sent := r.OnlyIssues()[0], r.OnlyIssues()[1]
	r.DeleteIssue(gone)
	require.Equal(t, http.StatusGone, c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", gone.Number)).StatusCode)
	moved := r.TransferIssue(sent, other)
	reply := c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", sent.Number))
	require.Equal(t, http.StatusMovedPermanently, reply.StatusCode)
	require.Equal(t, sent.Title, c.get(reply.Header.Get("Location")).object(t)["title"])
	require.Equal(t, other, moved.Repo)
	rows, _ := c.walk("/repos/octo/medium/issues?state=all&per_page=100")
	require.Len(t, rows, 248)
}

func TestAnonymousContributorsAndTheFirst500(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.With("a/many", githubtest.Shape{Contributors: 520}))
	c := newClient(t, s)
	rows, _ := c.walk("/repos/a/many/contributors?per_page=100")
	require.Len(t, rows, 500)
	rows, _ = c.walk("/repos/a/many/contributors?per_page=100&anon=1")
	require.Len(t, rows, 520)
	require.Equal(t, "Anonymous", rows[510]["type"])
	require.NotContains(t, rows[510], "login")
}

func TestOwnersUsersAndTheirRepositories(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.Small(150))
	c := newClient(t, s)
	rows, _ := c.walk("/orgs/org-000/repos?per_page=100")
	require.Len(t, rows, 100)
	rows, _ = c.walk("/users/org-001/repos?per_page=100")
	require.Len(t, rows, 50)
	require.Equal(t, http.StatusNotFound, c.get("/orgs/nobody/repos").StatusCode)
	require.Equal(t, "Organization", c.get("/users/org-000").object(t)["type"])
	require.Equal(t, "dependabot[bot]", c.get("/users/dependabot%5Bbot%5D").object(t)["login"])
	require.Equal(t, http.StatusNotFound, c.get("/users/nobody-at-all").StatusCode)
	found := c.get("/search/users?q=person-00").object(t)
	require.Equal(t, "10", fmt.Sprint(found["total_count"]))
	require.Equal(t, "30", c.get("/search/users?q=person").Header.Get("X-Ratelimit-Limit"))
}

func TestUserEventsAreTheNewestOfNinetyDays(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	u := r.Contributors[0].User
	old := s.AddActivity(u, r, "PushEvent")
	s.Clock().Advance(91 * 24 * time.Hour)
	for range 310 {
		s.AddActivity(u, r, "IssuesEvent")
		s.Clock().Advance(time.Minute)
	}
	rows, requests := c.walk("/users/" + u.Login + "/events?per_page=100")
	require.Len(t, rows, 300)
	require.Equal(t, 3, requests)
	require.NotContains(t, rowIDs(rows), fmt.Sprint(old.ID))
	require.Greater(t, rows[0]["id"], rows[299]["id"])
}

func TestClonesOfTheLastTwoWeeks(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	clones := c.get("/repos/octo/medium/traffic/clones").object(t)
	require.Len(t, clones["clones"], 14)
	require.Equal(t, clones, c.get("/repos/octo/medium/traffic/clones").object(t))
}

func TestReleasesAndTags(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	require.Equal(t, r.Releases[2].Tag, c.get("/repos/octo/medium/releases").rows(t)[0]["tag_name"])
	require.Len(t, c.get("/repos/octo/medium/tags").rows(t), 4)
}

func TestPathsOfGitHubEnterprise(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	require.Equal(t, http.StatusOK, c.get("/api/v3/repos/octo/medium").StatusCode)
}

func TestHeadHasTheHeadersAndNoBody(t *testing.T) {
	t.Parallel()
	s, c, _ := setup(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.URL()+"/repos/octo/medium/issues/events?per_page=100", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Authorization", "token "+s.Token())
	resp, err := c.http.Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Contains(t, resp.Header.Get("Link"), `page=7&per_page=100>; rel="last"`)
}

package githubtest_test

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

func TestSameSeedMakesTheSameData(t *testing.T) {
	t.Parallel()
	bodies := map[uint64]string{}
	for _, seed := range []uint64{1, 1, 2} {
		s, c, _ := setup(t, githubtest.Seed(seed))
		body := strings.ReplaceAll(c.get("/repos/octo/medium/issues?state=all&per_page=100").body, s.URL(), "")
		if before, ok := bodies[seed]; ok {
			require.Equal(t, before, body)
		}
		bodies[seed] = body
	}
	require.NotEqual(t, bodies[1], bodies[2])
}

func TestModelHoldsWhatRealDataHolds(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.Model())
	r := s.Repo(githubtest.ModelName)
	require.Len(t, r.OnlyIssues(), 10_000)
	require.Len(t, r.Pulls(), 5_000)
	require.Len(t, r.Comments, 30_000)
	require.Len(t, r.Events, 60_000)
	require.Len(t, r.ReviewComments, 15_000)
	found := map[string]int{}
	for _, i := range r.Issues {
		if i.User == nil {
			found["no author"]++
		} else {
			found[i.User.Type]++
		}
		if strings.ContainsRune(i.Body, 0) {
			found["NUL"]++
		}
		if len(i.Body) > 65_000 {
			found["long"]++
		}
		if i.ID > math.MaxInt32 {
			found["beyond 32 bits"]++
		}
		if i.Pull != nil && i.Pull.Head.Repo == nil {
			found["fork is gone"]++
		}
		if i.Pull != nil && len(i.Pull.Teams) > 0 {
			found["team"]++
		}
	}
	seconds := map[time.Time]int{}
	for _, c := range r.Comments {
		seconds[c.Updated]++
		found["in one second"] = max(found["in one second"], seconds[c.Updated])
	}
	for _, e := range r.Events {
		if e.Issue == nil {
			found["event of nothing"]++
		}
	}
	for _, c := range r.ReviewComments {
		if c.Position == 0 {
			found["outdated"]++
		}
	}
	for name, atLeast := range map[string]int{
		"no author": 50, "Bot": 50, "Mannequin": 5, "User": 10_000, "NUL": 2, "long": 2, "beyond 32 bits": 1000, "fork is gone": 1000, "team": 100,
		"in one second": 101, "event of nothing": 3, "outdated": 5000,
	} {
		require.GreaterOrEqual(t, found[name], atLeast, name)
	}
	require.Greater(t, r.Comments[len(r.Comments)-1].ID, int64(math.MaxUint32))
}

func TestStringsAreExactInJSON(t *testing.T) {
	t.Parallel()
	_, c, r := setup(t)
	for body, want := range map[string]string{
		"plain": `"plain"`, "a\x00b": `"a\u0000b"`, "\"\\/": `"\"\\/"`, "\r\n\t": `"\u000d\n\u0009"`, "half \xed\xa0\xbd.": `"half \ud83d."`, "\xff": `"\ufffd"`,
		"é日🚀": `"é日🚀"`,
	} {
		comment := r.AddComment(r.Issues[0], nil, body)
		path := fmt.Sprintf("/repos/octo/medium/issues/%d/comments?per_page=100", r.Issues[0].Number)
		reply := c.get(path)
		require.Contains(t, reply.body, `"body":`+want+`,"author_association"`)
		rows := reply.rows(t)
		require.Nil(t, rows[len(rows)-1]["user"])
		r.DeleteComment(comment)
	}
	require.True(t, json.Valid([]byte(c.get("/repos/octo/medium/pulls?state=all&per_page=100").body)))
}

func TestNodeIDsDecodeToTheNumberOfREST(t *testing.T) {
	t.Parallel()
	_, c, _ := setup(t)
	old, current := 0, 0
	for _, path := range []string{"/issues/events", "/issues/comments", "/pulls/comments", "/pulls", "/releases"} {
		for _, row := range c.get("/repos/octo/medium" + path + "?per_page=100").rows(t) {
			id, number := row["node_id"].(string), uint64(row["id"].(float64))
			_, packed, ok := strings.Cut(id, "_")
			if !ok {
				text, err := base64.StdEncoding.DecodeString(id)
				require.NoError(t, err)
				require.True(t, strings.HasSuffix(string(text), fmt.Sprint(number)), "%s", text)
				old++
				continue
			}
			b, err := base64.RawURLEncoding.DecodeString(packed)
			require.NoError(t, err, id)
			last := uint64(binary.BigEndian.Uint32(b[len(b)-4:]))
			if number > math.MaxUint32 {
				last = binary.BigEndian.Uint64(b[len(b)-8:])
			}
			require.Equal(t, number, last, id)
			current++
		}
	}
	require.Positive(t, current)
	_, whole, _ := setup(t)
	rows, _ := whole.walk("/repos/octo/medium/issues/events?per_page=100")
	for _, row := range rows {
		if !strings.Contains(row["node_id"].(string), "_") {
			old++
		}
	}
	require.Positive(t, old)
}

func TestADayChangesThirtyIssuesAndTwentyPullRequests(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	morning := s.Clock().Now()
	s.AdvanceDay(r)
	require.Equal(t, morning.Add(24*time.Hour), s.Clock().Now())
	rows, requests := c.walk("/repos/octo/medium/issues?state=all&sort=updated&direction=asc&per_page=100&since=" + morning.Format(time.RFC3339))
	require.Equal(t, 1, requests)
	issues, pulls := 0, 0
	for _, row := range rows {
		if row["pull_request"] == nil {
			issues++
		} else {
			pulls++
		}
	}
	require.Equal(t, []int{30, 20}, []int{issues, pulls})
	s.AdvanceDay(r)
	require.Len(t, r.Issues, 250+2*5+2*3)
}

func TestChangesAreSeenAtOnce(t *testing.T) {
	t.Parallel()
	s, c, r := setup(t)
	u := r.Contributors[0].User
	i, p := r.AddIssue(u, "an issue", "body"), r.AddPull(u, "a pull request")
	s.Clock().Advance(time.Minute)
	r.AddLabel(i, r.Labels[0], u)
	r.RenameLabel(r.Labels[0], "renamed")
	r.Close(i, nil)
	r.Merge(p, u)
	v := r.AddReview(p, u, "APPROVED", "fine")
	comment := r.AddReviewComment(v, "here")
	got := c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", i.Number)).object(t)
	require.Equal(t, "closed", got["state"])
	require.Equal(t, "renamed", got["labels"].([]any)[0].(map[string]any)["name"])
	require.Equal(t, s.Clock().Now().Format(time.RFC3339), got["updated_at"])
	require.Equal(t, true, c.get(fmt.Sprintf("/repos/octo/medium/pulls/%d", p.Number)).object(t)["merged"])
	rows := c.get("/repos/octo/medium/pulls/comments?sort=created&direction=desc").rows(t)
	require.InDelta(t, comment.ID, rows[0]["id"], 0)
	kinds := ""
	for _, row := range c.get("/repos/octo/medium/issues/events?per_page=4").rows(t) {
		kinds += row["event"].(string) + " "
	}
	require.Equal(t, "closed merged closed labeled ", kinds)
	r.DeleteReviewComment(comment)
	r.RemoveLabel(i, r.Labels[0], u)
	r.Reopen(i, u)
	r.AddEvent(nil, "mentioned", u)
	r.AddRelease("v9", "Nine")
	require.Len(t, c.get("/repos/octo/medium/releases").rows(t), 4)
	require.Nil(t, c.get("/repos/octo/medium/issues/events?per_page=1").rows(t)[0]["issue"])
	require.Equal(t, "open", c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", i.Number)).object(t)["state"])

	s.RenameUser(u, "another-login")
	require.Equal(t, "another-login", c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", i.Number)).object(t)["user"].(map[string]any)["login"])
	s.DeleteUser(u)
	require.Nil(t, c.get(fmt.Sprintf("/repos/octo/medium/issues/%d", i.Number)).object(t)["user"])
}

package insights_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"augur/tasks/insights"
)

// hook is a server that keeps what it is sent, and refuses the first requests.
type hook struct {
	*httptest.Server
	mu       sync.Mutex
	refuse   int
	bodies   [][]byte
	signed   []string
	requests int
}

func newHook(t *testing.T, refuse int) *hook {
	t.Helper()
	h := &hook{refuse: refuse}
	h.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.requests++
		if h.requests <= h.refuse {
			http.Error(rw, "come back", http.StatusBadGateway)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		h.bodies, h.signed = append(h.bodies, body), append(h.signed, r.Header.Get("X-Augur-Signature"))
	}))
	t.Cleanup(h.Close)
	return h
}

func TestPeopleAreToldOnceAlsoWhenTheirServerFailsFirst(t *testing.T) {
	t.Parallel()
	webhook, slack := newHook(t, 1), newHook(t, 0)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL, "Insight_Task.notify_webhook_secret=key", "Insight_Task.notify_slack_url="+slack.URL)
	repo := w.repo("told")
	w.commits(repo, "Ann", 400, 1, steady)
	w.commits(repo, "Bob", 1, 1, "70")
	require.Equal(t, "Success", w.run(repo).Status)
	require.Equal(t, "Success", w.run(repo).Status)
	require.Len(t, webhook.bodies, 1)
	require.Len(t, slack.bodies, 1)
	var message insights.Message
	require.NoError(t, json.Unmarshal(webhook.bodies[0], &message))
	require.True(t, message.Digest)
	require.Len(t, message.Insights, 2)
	require.Equal(t, "https://example.org/told.git", message.Insights[0].Repository)
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write(webhook.bodies[0])
	require.Equal(t, "sha256="+hex.EncodeToString(mac.Sum(nil)), webhook.signed[0])
	tried := rowsOf[struct {
		Channel string
		Failed  bool
	}](w, "SELECT channel, error IS NOT NULL FROM augur_operations.insight_delivery ORDER BY delivery_id")
	require.Len(t, tried, 3, "%v", tried)
	require.True(t, tried[0].Failed)
}

// messages are those that the server has got.
func (h *hook) messages(t *testing.T) []insights.Message {
	t.Helper()
	all := make([]insights.Message, len(h.bodies))
	for i, body := range h.bodies {
		require.NoError(t, json.Unmarshal(body, &all[i]))
	}
	return all
}

// bursts adds repositories each of which had so many commits yesterday.
func (w *world) bursts(commits ...string) []int64 {
	w.t.Helper()
	var repos []int64
	for i, count := range commits {
		repo := w.repo(fmt.Sprintf("burst%d-%s", i, count))
		w.commits(repo, "Ann", 400, 1, steady)
		w.commits(repo, "Bob", 1, 1, count)
		repos = append(repos, repo)
	}
	return repos
}

func TestADigestIsOneMessageForAllRepositories(t *testing.T) {
	t.Parallel()
	webhook, slack := newHook(t, 0), newHook(t, 0)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL, "Insight_Task.notify_slack_url="+slack.URL)
	repos := w.bursts("50", "90", "70", "80", "60")
	w.runTogether(repos...)
	told := webhook.messages(t)
	require.Len(t, told, 1)
	require.True(t, told[0].Digest)
	require.Len(t, told[0].Insights, 10, "commits and lines of each")
	require.True(t, slices.IsSortedFunc(told[0].Insights, func(a, b insights.Insight) int { return cmp.Compare(b.Score, a.Score) }), "the strongest first")
	require.Equal(t, "code-changes-lines", told[0].Insights[0].Together[0].Metric)
	require.Len(t, slack.bodies, 1)
	var text struct{ Text string }
	require.NoError(t, json.Unmarshal(slack.bodies[0], &text))
	require.Regexp(t, `^5 unusual things in 5 repositories\n`, text.Text)
	require.Equal(t, 5, strings.Count(text.Text, "Unusual at the same time: many added lines."), text.Text)
	require.Less(t, strings.Index(text.Text, "burst1-90"), strings.Index(text.Text, "burst0-50"))

	// The next one comes when it is time for it.
	later := w.bursts("75")
	w.runTogether(later...)
	require.Len(t, webhook.bodies, 1)
	w.exec("UPDATE augur_operations.insight SET notified_at = notified_at - interval '1 day'")
	w.runTogether(append(later, repos...)...)
	told = webhook.messages(t)
	require.Len(t, told, 2)
	require.Len(t, told[1].Insights, 2)
}

func TestADigestThatWaitsTooLongIsSentByWhoeverEnds(t *testing.T) {
	t.Parallel()
	webhook := newHook(t, 0)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL)
	repos := w.bursts("70", "80")
	w.exec(`INSERT INTO augur_operations.collection_run (repo_id, phase, full_collection) SELECT repo_id, 'ml', false FROM augur_data.repo WHERE repo_id = $1`, repos[1])
	w.exec("UPDATE augur_operations.collection_status SET ml_status = 'Success', ml_data_last_collected = now() WHERE repo_id = $1", repos[0])
	source := insights.New(w.settings(), insights.Options{})
	found, err := source.Judge(t.Context(), w.pool, repos[0])
	require.NoError(t, err)
	require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error { return found.Save(t.Context(), tx) }))
	due := func() int {
		var n int
		require.NoError(t, pgx.BeginFunc(t.Context(), w.pool, func(tx pgx.Tx) error {
			n, err = source.Due(t.Context(), tx, repos[0])
			return err
		}))
		return n
	}
	require.Zero(t, due(), "another repository is still being judged")
	w.exec("UPDATE augur_operations.insight SET found_at = found_at - interval '1 day'")
	require.Equal(t, 2, due())
	w.exec(`INSERT INTO augur_operations.collection_task (run_id, kind, queue, after, state, job_id, progress_total)
		SELECT run_id, 'insights_notify', 'ml', '{}', 'queued', 1, 2 FROM augur_operations.collection_run`)
	require.Zero(t, due(), "another one is telling it")
}

func TestAtOnceIsOneMessageForEachCondition(t *testing.T) {
	t.Parallel()
	webhook := newHook(t, 0)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL, "Insight_Task.notify_digest=0")
	repos := w.bursts("70", "80")
	w.runsOf(repos[0], "core", "github_messages", 150, 4, "30 + d * 5 % 7", "'Success'")
	w.runsOf(repos[0], "core", "github_messages", 3, 1, "0", "'Success'")
	w.runTogether(repos...)
	told := map[string]int{}
	for _, m := range webhook.messages(t) {
		require.False(t, m.Digest)
		told[m.Insights[0].Repository] += len(m.Insights)
	}
	require.Equal(t, map[string]int{"https://example.org/burst0-70.git": 2, "https://example.org/burst1-80.git": 2, insights.CollectionTitle: 1}, told)
	require.Len(t, webhook.bodies, 3)
	w.runTogether(repos...)
	require.Len(t, webhook.bodies, 3)
}

func TestWhatIsMutedIsNotTold(t *testing.T) {
	t.Parallel()
	webhook := newHook(t, 0)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL)
	repo := w.repo("muted")
	w.commits(repo, "Ann", 400, 1, steady)
	w.commits(repo, "Bob", 1, 1, "70")
	w.exec("INSERT INTO augur_operations.insight_mute (repo_id, muted_by) VALUES ($1, 'Ann')", repo)
	require.Equal(t, "Success", w.run(repo).Status)
	require.Empty(t, webhook.bodies)
	require.NotEmpty(t, w.insights(repo))
}

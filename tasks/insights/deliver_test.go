package insights_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/insights"
)

// attempt is a row of the log of deliveries.
type attempt struct {
	Channel string
	Error   string
	GivenUp bool
	IDs     int
}

func (w *world) attempts() []attempt {
	w.t.Helper()
	return rowsOf[attempt](w, "SELECT channel, coalesce(error, ''), given_up, cardinality(insight_ids) FROM augur_operations.insight_delivery ORDER BY delivery_id")
}

// aDayPasses for those who are told.
func (w *world) aDayPasses() {
	w.t.Helper()
	w.exec("UPDATE augur_operations.insight SET found_at = found_at - interval '1 day', notified_at = notified_at - interval '1 day'")
	w.exec("UPDATE augur_operations.insight_delivery SET tried_at = tried_at - interval '1 day'")
}

func (w *world) undelivered() []string {
	w.t.Helper()
	troubles, err := insights.Undelivered(w.t.Context(), w.pool, w.settings())
	require.NoError(w.t, err)
	return troubles
}

// heals lets the server take requests from now on.
func (h *hook) heals() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = 0
}

func TestAServerThatFailsCostsNoPhaseAndIsToldOnceWhenItWorksAgain(t *testing.T) {
	t.Parallel()
	webhook, slack := newHook(t, 1000), newHook(t, 0)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL, "Insight_Task.notify_slack_url="+slack.URL)
	repo := w.bursts("70")[0]
	outcome := w.run(repo)
	require.Equal(t, "Success", outcome.Outcome, outcome.Reason)
	require.Equal(t, "Success", outcome.Status)
	const refused = `status 502 Bad Gateway: "come back\n"`
	want := []attempt{{"webhook", refused, false, 2}, {"slack", "", false, 2}, {"webhook", refused, false, 2}, {"webhook", refused, true, 2}}
	require.Equal(t, want, w.attempts())
	require.Len(t, w.undelivered(), 1)
	require.Regexp(t, `^2 insights could not be told by webhook \(given up on .*\): status 502`, w.undelivered()[0])

	// It is given up: nobody tries again before it is time for the next digest, even for what is new.
	later := w.bursts("80")[0]
	w.runTogether(repo, later)
	require.Equal(t, 3, webhook.requests)

	// That one has it all, for those who lack it.
	webhook.heals()
	w.aDayPasses()
	w.runTogether(repo, later)
	require.Len(t, webhook.bodies, 1)
	require.Len(t, webhook.messages(t)[0].Insights, 4)
	require.Len(t, slack.bodies, 2)
	require.Contains(t, string(slack.bodies[1]), "burst0-80")
	require.NotContains(t, string(slack.bodies[1]), "burst0-70")
	require.Empty(t, w.undelivered())
	w.aDayPasses()
	w.runTogether(repo, later)
	require.Len(t, webhook.bodies, 1)
	require.Len(t, slack.bodies, 2)
}

func TestNobodyCountsAsToldAsLongAsEveryChannelFails(t *testing.T) {
	t.Parallel()
	webhook := newHook(t, 1000)
	w := setup(t, "Insight_Task.notify_webhook_url="+webhook.URL)
	repo := w.bursts("70")[0]
	require.Equal(t, "Success", w.run(repo).Status)
	require.Equal(t, []bool{true, true}, rowsOf[bool](w, "SELECT notified_at IS NULL FROM augur_operations.insight"))
	w.aDayPasses()
	require.Equal(t, "Success", w.run(repo).Status)
	require.Equal(t, 6, webhook.requests, "the next digest tries as often")
	webhook.heals()
	w.aDayPasses()
	w.run(repo)
	w.aDayPasses()
	w.run(repo)
	require.Len(t, webhook.bodies, 1)
	require.Equal(t, []bool{true, true}, rowsOf[bool](w, "SELECT notified_at IS NOT NULL FROM augur_operations.insight"))
}

// TestAServerThatDoesNotAnswerIsGivenUpInTime tries two messages, of which the second need not wait for the same.
func TestAServerThatDoesNotAnswerIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(silent.Close)
	w := setup(t, "Insight_Task.notify_webhook_url="+silent.URL, "Insight_Task.notify_digest=0")
	w.patience = 200 * time.Millisecond
	repo := w.bursts("70")[0]
	w.insight(repo, "issues-new", 6)
	outcome := w.run(repo)
	require.Equal(t, "Success", outcome.Outcome, outcome.Reason)
	require.EqualValues(t, 3, asked.Load())
	const none = "no answer within 200ms"
	require.Equal(t, []attempt{{"webhook", none, false, 3}, {"webhook", none, false, 3}, {"webhook", none, true, 3}}, w.attempts())
}

func TestAMailServerThatSaysNothingIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	w := setup(t, "Insight_Task.notify_mail_server="+listener.Addr().String(), "Insight_Task.notify_mail_from=augur@example.org", "Insight_Task.notify_mail_to=ann@example.org")
	w.patience = 200 * time.Millisecond
	outcome := w.run(w.bursts("70")[0])
	require.Equal(t, "Success", outcome.Outcome, outcome.Reason)
	tried := w.attempts()
	require.Len(t, tried, 3)
	require.True(t, tried[2].GivenUp)
	require.Contains(t, tried[2].Error, "no answer within 200ms: greet the mail server: ")
}

// insight notes that something was unusual so many days ago.
func (w *world) insight(repo int64, metric string, ago int) {
	w.t.Helper()
	w.exec(`INSERT INTO augur_operations.insight (repo_id, metric, field, direction, first_day, last_day, peak_day, value, expected, expected_low, expected_high, score,
			threshold, probability, method, reason, drivers)
		SELECT $1, $2, 'issues', 'up', d, d, d, 9, 1, 0, 2, 4, 3, .0001, 'count surprise: day', '9 new ones', '[]' FROM (SELECT (now() AT TIME ZONE 'UTC')::date - $3::int AS d) AS day`,
		repo, metric, ago)
}

func TestAMessageThatIsRefusedHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	var taken []string
	picky := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "many added lines") {
			http.Error(rw, "no", http.StatusBadRequest)
			return
		}
		taken = append(taken, string(body))
	}))
	t.Cleanup(picky.Close)
	w := setup(t, "Insight_Task.notify_slack_url="+picky.URL, "Insight_Task.notify_digest=0")
	repo := w.bursts("70")[0]
	w.insight(repo, "issues-new", 6)
	for range 2 {
		require.Equal(t, "Success", w.run(repo).Status)
	}
	require.Len(t, taken, 1)
	require.Contains(t, taken[0], "9 new ones")
	require.Len(t, w.undelivered(), 1)
}

func TestAddressesStaySecret(t *testing.T) {
	t.Parallel()
	w := setup(t, "Insight_Task.notify_slack_url=http://127.0.0.1:1/services/SECRET")
	repo := w.bursts("70")[0]
	require.Equal(t, "Success", w.run(repo).Status)
	require.NotEmpty(t, w.attempts())
	for _, a := range w.attempts() {
		require.NotEmpty(t, a.Error)
		require.NotContains(t, a.Error, "SECRET")
	}
	said := rowsOf[string](w, "SELECT errors::text FROM river.river_job WHERE kind = 'insights_notify'")
	require.Len(t, said, 1)
	require.Contains(t, said[0], "tell slack what is new")
	require.NotContains(t, said[0], "SECRET")
}

package github_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/githubtest"
	"augur/tasks/tasktest"
)

// events are all events as they are stored, from whichever API.
func (w *world) events() []string {
	w.t.Helper()
	const columns = `concat_ws(' ', issue_event_src_id, node_id, regexp_replace(node_url, '^http://[^/]*', ''), action, action_commit_hash, created_at, cntrb_id)`
	return w.strings("SELECT " + columns + " FROM issue_events UNION ALL SELECT " + columns + " FROM pull_request_events ORDER BY 1")
}

func TestTimelinesTellWhatTheListOfEventsTells(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.ListRows = 200
	whole := setup(t)
	require.Equal(t, "Success", whole.collect(tasks.Core).Outcome)
	require.Len(t, whole.events(), shape().Events)
	w := setup(t, githubtest.WithLimits(limits))
	w.longest = 2
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	difference(t, whole.events(), w.events())
	require.Positive(t, w.forge.Counts().Operations["graphql timelines"].Requests)
	require.Equal(t, shape().Comments, w.count("SELECT count(*) FROM message"), "comments beyond the end of their list are read by time")

	// A day later timelines are read once more, for what has moved while there was more than a page of them. Then the list is long enough for what is new.
	repo := w.forge.Repo(name)
	for _, timelines := range []int{2, 0} {
		w.forge.ResetCounts()
		w.forge.AdvanceDay(repo)
		require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
		require.Equal(t, timelines, w.forge.Counts().Operations["graphql timelines"].Requests)
		require.Len(t, w.events(), len(repo.Events))
	}

	// Then more happens at once than it holds.
	w.forge.Clock().Advance(time.Hour)
	for n := range 230 {
		repo.Touch(repo.Issues[n%len(repo.Issues)], "moved")
	}
	w.forge.Clock().Advance(time.Hour)
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	require.Positive(t, w.forge.Counts().Operations["graphql timelines"].Requests)
	require.Len(t, w.events(), len(repo.Events))
}

func TestAQueryThatIsTooMuchIsHalvedAndGrowsAgain(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.options = append(w.options, "GitHub.idle_for=0s")
	w.forge.Script("graphql pullRequestChildren", w.forge.TooSlow(http.StatusBadGateway, 5), githubtest.QueryFailed("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded."))
	w.collectWell()
	size := func() int {
		return w.count("SELECT coalesce((SELECT page_size FROM augur_operations.github_cursor WHERE resource = 'github_pull_request_children'), 0)")
	}
	// 25, 12, then 6, 7, 8, 10, 12, 15 and 18 pull requests: all 60, and what was learned is kept for the next time.
	require.Equal(t, 22, size())
	require.Equal(t, 9, w.forge.Counts().Operations["graphql pullRequestChildren"].Requests)
	require.Equal(t, shape().Pulls*shape().Files, w.count("SELECT count(*) FROM pull_request_files"))
	w.collectWell()
	require.Zero(t, size(), "as many as usual, which nothing has to remember")
}

func TestLongListsInsideOfAPullRequestAreReadOn(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	repo := w.forge.Repo(name)
	long, small := repo.Pulls()[2], githubtest.SmallShape()
	repo.Change(func() {
		for n := range 230 {
			long.Pull.Files = append(long.Pull.Files, githubtest.File{Path: fmt.Sprintf("long/%03d", n), Status: "added", Additions: 1})
		}
	})
	for range 120 {
		repo.AddReview(long, repo.Contributors[0].User, "COMMENTED", "again")
	}
	w.collectWell()
	require.Equal(t, small.Pulls*small.Files+230, w.count("SELECT count(*) FROM pull_request_files"))
	require.Equal(t, small.Pulls*small.Reviews+120, w.count("SELECT count(*) FROM pull_request_reviews"))
}

func TestIdleRepositoriesAreLookedAtTogether(t *testing.T) {
	t.Parallel()
	const repos = 24
	forge := githubtest.New(t, githubtest.Small(repos))
	w := setupNamed(t, forge, githubtest.SmallName(0))
	w.options = append(w.options, "GitHub.fresh_for=10m")
	ids := []int64{w.repo}
	for n := 1; n < repos; n++ {
		ids = append(ids, tasktest.AddRepo(t, w.pool, "https://github.com/"+githubtest.SmallName(n)))
	}
	collect := func() githubtest.Counts {
		forge.ResetCounts()
		catalog, settings := w.catalog(), w.settings()
		tasktest.Start(t, w.pool, catalog, settings, tasks.Core, ids...)
		tasktest.Work(t, w.pool, catalog, settings)
		require.Equal(t, []string{"Success"}, w.strings("SELECT DISTINCT outcome FROM augur_operations.collection_run"))
		return forge.ResetCounts()
	}
	require.Equal(t, repos, collect().Operations["graphql repositories"].Requests, "what is new is asked for by itself")
	_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.github_repo SET checked_at = checked_at - interval '1 day'")
	require.NoError(t, err)
	counts := collect()
	// Four workers begin at the same time, each with twenty.
	require.LessOrEqual(t, counts.Operations["graphql repositories"].Requests, 6)
	require.Equal(t, counts.Operations["graphql repositories"].Points, counts.Total.Points-counts.Operations["rate-limit/get"].Points-counts.Operations["users/get-authenticated"].Points,
		"nothing else is asked of repositories in which nothing moved: %v", counts)
}

func TestPeopleWhoAreTooManyForAQueryAreAskedForInHalves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.forge.Script("graphql people", w.forge.TooSlow(http.StatusGatewayTimeout, 1))
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	require.Zero(t, w.count("SELECT count(*) FROM augur_operations.github_user WHERE asked_at IS NULL"))
	require.Zero(t, w.count("SELECT count(*) FROM river.river_job WHERE errors IS NOT NULL"), "no attempt was used")
	require.Equal(t, 3, w.forge.Counts().Operations["graphql people"].Requests)
}

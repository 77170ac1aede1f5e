package github_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/githubtest"
)

// asked is how often an operation was asked for, and how many of the answers were new.
func (w *world) asked(operation string) (requests, points int) {
	n := w.forge.Counts().Operations[operation]
	return n.Requests, n.Points
}

const (
	userEvents = "activity/list-events-for-authenticated-user"
	traffic    = "repos/get-clones"
)

// contributorsDue makes everybody due who was asked for.
func (w *world) contributorsDue() {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), "UPDATE augur_operations.github_breadth SET asked_at = asked_at - interval '31 days'")
	require.NoError(w.t, err)
}

func TestContributorsAreAskedOnceForWhatTheyDoElsewhere(t *testing.T) {
	t.Parallel()
	w := setupSmall(t, githubtest.With("else/where", githubtest.SmallShape()))
	w.options = append(w.options, "GitHub.breadth_per_day=1000")
	elsewhere, here := w.forge.Repo("else/where"), w.forge.Repo(name)
	author := here.Pulls()[0].User
	for range 130 {
		w.forge.AddActivity(author, elsewhere, "PushEvent")
		w.forge.Clock().Advance(time.Minute)
	}
	last := w.forge.AddActivity(author, here, "IssuesEvent")
	w.collectWell()
	require.Equal(t, 131, w.count("SELECT count(*) FROM contributor_repo"))
	require.Equal(t, []string{fmt.Sprintf("Contributor Breadth Worker 0.0.1 GitHub API IssuesEvent %s %s/repos/%s %d %s", name, w.forge.URL(), name, here.ID, author.Login)}, w.strings(`
		SELECT concat_ws(' ', b.tool_source, b.tool_version, b.data_source, cntrb_category, repo_name, repo_git, gh_repo_id, gh_login)
		FROM contributor_repo b JOIN contributors USING (cntrb_id) WHERE event_id = $1`, last.ID))
	people := w.count("SELECT count(*) FROM augur_operations.github_breadth WHERE known")
	require.Equal(t, people, w.count("SELECT count(DISTINCT pr_augur_contributor_id) FROM pull_requests JOIN contributors ON cntrb_id = pr_augur_contributor_id WHERE gh_type = 'User' AND gh_login <> 'ghost'"))
	requests, _ := w.asked(userEvents)
	require.Equal(t, people+1, requests)

	before := w.versions()
	w.collectWell()
	requests, _ = w.asked(userEvents)
	require.Equal(t, people+1, requests, "nobody is due")

	w.contributorsDue()
	w.forge.ResetCounts()
	w.collectWell()
	requests, points := w.asked(userEvents)
	require.Equal(t, people, requests)
	require.Zero(t, points, "what is unchanged is free")
	require.Equal(t, before, w.versions())

	w.contributorsDue()
	w.forge.AddActivity(author, elsewhere, "WatchEvent")
	w.forge.ResetCounts()
	w.collectWell()
	require.Equal(t, 132, w.count("SELECT count(*) FROM contributor_repo"))
	_, points = w.asked(userEvents)
	require.Equal(t, 2, points, "events of the last day are read again: they may come late")
}

func TestTheDayHasRoomForSoManyContributors(t *testing.T) {
	t.Parallel()
	many := githubtest.SmallShape()
	many.Pulls, many.Contributors = 40, 24
	w := setupWith(t, githubtest.New(t, githubtest.With(name, many)))
	w.options = append(w.options, "GitHub.breadth_per_day=3")
	for want, days := 3, 0; days < 3; want, days = want+3, days+1 {
		w.collectWell()
		w.collectWell()
		require.Equal(t, want, w.count("SELECT count(*) FROM augur_operations.github_breadth"))
		_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.github_breadth SET asked_at = asked_at - interval '1 day'")
		require.NoError(t, err)
	}
}

func TestContributorsLeaveTheBudgetToOthers(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.Core = 100
	w := setup(t, githubtest.WithLimits(limits))
	w.options = append(w.options, "GitHub.breadth_per_day=1000", "GitHub.breadth_share=5", "GitHub.reserve=0")
	w.collectWell()
	requests, _ := w.asked(userEvents)
	require.Positive(t, requests)
	require.LessOrEqual(t, requests, 5)
	require.Equal(t, requests, w.count("SELECT count(*) FROM augur_operations.github_breadth"))
}

func TestContributorsWithoutBudgetHoldUpNothing(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.options = append(w.options, "GitHub.breadth_per_day=1000", "GitHub.clones=0")
	w.forge.Script(userEvents, githubtest.SecondaryLimit(http.StatusForbidden, 50*time.Minute))
	w.collectWell()
	require.Zero(t, w.count("SELECT count(*) FROM augur_operations.github_breadth"))
}

func TestAContributorWhoIsGoneIsNotAskedForEachTime(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.collectWell()
	gone := w.forge.Repo(name).Pulls()[0].User
	w.forge.RenameUser(gone, "somebody-else")
	w.options = append(w.options, "GitHub.breadth_per_day=1000", "GitHub.idle_for=8760h")
	w.forge.ResetCounts()
	for range 2 {
		got := w.collect(tasks.Secondary)
		require.Equal(t, "Success", got.Outcome, got.Reason)
	}
	require.Equal(t, 1, w.count("SELECT count(*) FROM augur_operations.github_breadth WHERE NOT known"))
	requests, _ := w.asked(userEvents)
	require.Equal(t, w.count("SELECT count(*) FROM augur_operations.github_breadth"), requests)
}

func TestClonesOfEachDayAreStoredOnce(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.options = append(w.options, "GitHub.clones_after=0s")
	w.collectWell()
	require.Equal(t, 14, w.count("SELECT count(*) FROM repo_clones_data WHERE repo_id = $1 AND clone_data_timestamp = date_trunc('day', clone_data_timestamp)", w.repo))
	require.Positive(t, w.count("SELECT sum(count_clones) - sum(unique_clones) FROM repo_clones_data"))
	before := w.versions()
	w.collectWell()
	require.Equal(t, before, w.versions())
	w.forge.Clock().Advance(3 * 24 * time.Hour)
	w.collectWell()
	require.Equal(t, 17, w.count("SELECT count(*) FROM repo_clones_data"))
	_, err := w.pool.Exec(t.Context(), "UPDATE repo_clones_data SET count_clones = -1 WHERE clone_data_timestamp = (SELECT max(clone_data_timestamp) FROM repo_clones_data)")
	require.NoError(t, err)
	w.collectWell()
	require.Zero(t, w.count("SELECT count(*) FROM repo_clones_data WHERE count_clones < 0"))
	require.Equal(t, 17, w.count("SELECT count(*) FROM repo_clones_data"))
}

func TestAKeyThatMayNotPushIsNotAskedForClonesAgain(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.options = append(w.options, "GitHub.clones_after=0s")
	repo := w.forge.Repo(name)
	repo.Change(func() { repo.NoPush = true })
	w.collectWell()
	w.collectWell()
	requests, _ := w.asked(traffic)
	require.Equal(t, 1, requests)
	require.Zero(t, w.count("SELECT count(*) FROM repo_clones_data"))
	require.Equal(t, []string{"GitHub answers 403: Must have push access to repository"}, w.strings("SELECT refused FROM augur_operations.github_clones"))
	repo.Change(func() { repo.NoPush = false })
	_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.github_clones SET asked_at = asked_at - interval '31 days'")
	require.NoError(t, err)
	w.collectWell()
	require.Equal(t, 14, w.count("SELECT count(*) FROM repo_clones_data"))
}

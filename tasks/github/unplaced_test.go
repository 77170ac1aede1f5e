package github_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// TestWhatIsOldIsNotLostWhenItsOwnerMovesMeanwhile lets something move to the front of a list while the page that it was on is not read yet, so that it comes with
// the next run. What belongs to it is old then: GitHub does not list that again.
func TestWhatIsOldIsNotLostWhenItsOwnerMovesMeanwhile(t *testing.T) {
	t.Parallel()
	limits := githubtest.DefaultLimits()
	limits.ListRows = 200
	for what, c := range map[string]struct {
		operation string
		before    int  // pages of it that are read before
		timelines bool // there are too many events for their list
		of        func(*githubtest.Repo) []*githubtest.Issue
		waits     []string // lists with rows that wait after the first run
	}{
		"a pull request, in the list of them": {"pulls/list", 1, false, (*githubtest.Repo).Pulls, []string{"github_events", "github_messages", "github_pull_request_children", "github_review_messages"}},
		"a pull request, in the list of them, before timelines": {
			"pulls/list", 1, true, (*githubtest.Repo).Pulls, []string{"github_events", "github_messages", "github_pull_request_children", "github_review_messages"},
		},
		"a pull request, among reviews":   {"graphql pullRequestChildren", 2, false, (*githubtest.Repo).Pulls, []string{"github_review_messages"}},
		"an issue, among timelines":       {"graphql timelines", 1, true, (*githubtest.Repo).OnlyIssues, []string{}},
		"a pull request, among timelines": {"graphql timelines", 3, true, (*githubtest.Repo).Pulls, []string{}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			large := shape()
			large.Pulls, large.Files, large.Commits, large.Reviews, large.ReviewComments, large.Comments = 130, 1, 1, 1, 1, 130
			options := []githubtest.Option{githubtest.With(name, large)}
			if c.timelines {
				options = append(options, githubtest.WithLimits(limits))
			}
			w := setupWith(t, githubtest.New(t, options...))
			if c.timelines {
				w.longest = 2
			}
			repo := w.forge.Repo(name)
			last := c.of(repo)[7]
			repo.AddComment(last, nil, "an old one")
			repo.AddEvent(last, "pinned", nil)
			repo.Change(func() { last.Updated = repo.Created })
			w.forge.Clock().Advance(24 * time.Hour)
			for range c.before {
				w.forge.Script(c.operation, githubtest.Do(func() {}))
			}
			w.forge.Script(c.operation, githubtest.Do(func() { repo.Touch(last, "moved") }))
			w.collectWell()
			require.Zero(t, w.forge.Unplayed())
			require.Equal(t, c.waits, w.strings("SELECT resource FROM augur_operations.github_cursor WHERE unplaced > 0 ORDER BY resource"))

			w.forge.Clock().Advance(time.Hour)
			w.collectWell()
			fresh := w.another()
			fresh.longest = w.longest
			fresh.collectWell()
			difference(t, fresh.content(), w.content())

			require.Zero(t, w.count("SELECT count(*) FROM augur_operations.github_unplaced"))
			w.forge.ResetCounts()
			w.collectWell()
			require.LessOrEqual(t, w.forge.Counts().Total.Points, 3, "nothing is asked again for what waited")
		})
	}
}

// TestWhatWaitsIsTheNewestWhenItIsPlaced also has rows that never get a place, which must not make anything be asked again.
func TestWhatWaitsIsTheNewestWhenItIsPlaced(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.forge.Repo(name)
	pull := repo.Pulls()[7]
	edited, orphan := pull.Pull.ReviewComments[0], repo.Pulls()[9].Pull.ReviewComments[0]
	repo.Change(func() { pull.Updated, orphan.Review = repo.Created, &githubtest.Review{ID: 1} })
	w.forge.Clock().Advance(24 * time.Hour)
	for range 2 {
		w.forge.Script("graphql pullRequestChildren", githubtest.Do(func() {}))
	}
	w.forge.Script("graphql pullRequestChildren", githubtest.Do(func() { repo.Touch(pull, "moved") }))
	w.collectWell()
	const waiting = "SELECT src_id::text FROM augur_operations.github_unplaced WHERE resource = 'github_review_messages' AND parent_table = 'pull_request_reviews' ORDER BY src_id"
	require.Len(t, w.strings(waiting), shape().ReviewComments+1)

	w.forge.Clock().Advance(time.Hour)
	repo.Change(func() { edited.Body, edited.Updated = "said better", w.forge.Clock().Now().Truncate(time.Second) })
	w.collectWell()
	require.Equal(t, []string{strconv.FormatInt(orphan.ID, 10)}, w.strings(waiting))
	require.Equal(t, 1, w.count("SELECT count(*) FROM message WHERE platform_msg_id = $1 AND msg_text = 'said better'", edited.ID))

	w.forge.ResetCounts()
	w.collectWell()
	require.LessOrEqual(t, w.forge.Counts().Total.Points, 3, "what has no place is not asked for again")

	// A whole pass meets it again, and nothing twice.
	w.options = append(w.options, "GitHub.reconcile_after=1ms", "GitHub.idle_for=0s")
	repo.DeleteReviewComment(orphan)
	w.collectWell()
	require.Empty(t, w.strings(waiting))
	fresh := w.another()
	fresh.collectWell()
	difference(t, fresh.content(), w.content())
}

package github_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/githubtest"
	"augur/tasks/tasktest"
)

// difference is what one list of lines has and the other has not.
func difference(t *testing.T, want, got []string) {
	t.Helper()
	in := func(lines []string) map[string]bool {
		set := make(map[string]bool, len(lines))
		for _, line := range lines {
			set[line] = true
		}
		return set
	}
	wanted, has := in(want), in(got)
	missing := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return has[line] })
	extra := slices.DeleteFunc(slices.Clone(got), func(line string) bool { return wanted[line] })
	require.Empty(t, missing[:min(len(missing), 5)], "missing, of %d", len(missing))
	require.Empty(t, extra[:min(len(extra), 5)], "too much, of %d", len(extra))
	require.Len(t, got, len(want))
}

func TestADailyRunGivesWhatAFullRunGives(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collectWell()
	for range 2 {
		w.forge.AdvanceDay(w.forge.Repo(name))
		w.collectWell()
	}
	fresh := w.another()
	fresh.collectWell()
	difference(t, fresh.content(), w.content())
}

func TestFaultsLoseNothing(t *testing.T) {
	t.Parallel()
	calm := setup(t)
	calm.collectWell()
	calmly := calm.forge.ResetCounts().Total
	stormy := calm.another()
	calm.forge.SetFaults(0.05)
	stormy.collectWell()
	calm.forge.SetFaults(0)
	wildly := calm.forge.Counts().Total
	require.Positive(t, wildly.Faults)
	require.LessOrEqual(t, wildly.Requests, calmly.Requests*105/100+wildly.Faults)
	difference(t, calm.content(), stormy.content())
}

// TestKillsLoseNothing ends the worker process again and again in the middle of the work.
func TestKillsLoseNothing(t *testing.T) {
	t.Parallel()
	calm := setup(t)
	calm.collectWell()
	killed := calm.another()
	catalog, settings := killed.catalog(), killed.settings()
	for _, phase := range []tasks.Phase{tasks.Core, tasks.Secondary} {
		tasktest.Start(t, killed.pool, catalog, settings, phase, killed.repo)
		for requests := range 10 {
			before := killed.forge.Counts().Total.Requests
			killed.work(func() bool { return killed.forge.Counts().Total.Requests > before+requests%3 })
		}
		tasktest.Work(t, killed.pool, catalog, settings)
		require.Equal(t, "Success", tasktest.Last(t, killed.pool, phase, killed.repo).Outcome)
	}
	difference(t, calm.content(), killed.content())
}

// work runs a worker process until enough, or until nothing is left to do, and then takes its connections away in the middle of whatever it does.
func (w *world) work(enough func() bool) {
	w.t.Helper()
	tasktest.WorkUntil(w.t, w.pool, w.catalog(), w.settings(), tasktest.Abrupt, func() bool {
		return enough() || w.count("SELECT count(*) FROM augur_operations.collection_run WHERE finished_at IS NULL") == 0
	})
}

func TestChangesBetweenPagesLoseNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.forge.Repo(name)
	// Before each page something on an earlier one moves to the end, and something new comes.
	disturb := func(pages int, change func(n int)) []githubtest.Answer {
		var answers []githubtest.Answer
		for n := range pages {
			answers = append(answers, githubtest.Do(func() { change(n) }))
		}
		return answers
	}
	w.forge.Script("issues/list-for-repo", disturb(2, func(n int) { repo.Touch(repo.OnlyIssues()[n], "moved") })...)
	w.forge.Script("pulls/list", disturb(1, func(n int) { repo.Touch(repo.Pulls()[n], "moved") })...)
	w.forge.Script("issues/list-comments-for-repo", disturb(3, func(n int) { repo.EditComment(repo.Comments[n], "edited") })...)
	w.forge.Script("issues/list-events-for-repo", disturb(3, func(n int) { repo.Touch(repo.OnlyIssues()[n+9], "moved") })...)
	w.forge.Script("graphql pullRequestChildren", disturb(3, func(n int) { repo.Touch(repo.Pulls()[n+9], "moved") })...)
	w.collectWell()
	require.Zero(t, w.forge.Unplayed())
	// What came while the first run went on may come with the second one: but nothing is lost.
	w.forge.Clock().Advance(time.Hour)
	w.collectWell()
	fresh := w.another()
	fresh.collectWell()
	difference(t, fresh.content(), w.content())
}

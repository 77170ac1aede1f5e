package github_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/github/githubtest"
)

func (w *world) plan(o github.PlanOptions) []github.RepoPlan {
	w.t.Helper()
	service, err := api.New(w.pool, w.settings(), api.Options{Version: "test"})
	require.NoError(w.t, err)
	plans, err := github.Plan(w.t.Context(), w.pool, w.settings(), service, o)
	require.NoError(w.t, err)
	require.NoError(w.t, service.Close(w.t.Context()))
	return plans
}

func TestAPlanIsCloseToWhatTheCollectionCosts(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plan := w.plan(github.PlanOptions{URLs: []string{"https://github.com/" + name}, Sample: true})[0]
	require.Equal(t, 1, w.forge.Counts().Operations["graphql plan"].Points)
	s := shape()
	require.EqualValues(t, s.Issues, plan.Counts.Issues)
	require.EqualValues(t, s.Pulls, plan.Counts.PullRequests)
	require.InEpsilon(t, s.Comments, plan.Counts.Comments, 0.5)
	require.InEpsilon(t, s.Events, plan.Counts.Events, 0.5)
	require.InEpsilon(t, s.Pulls*s.ReviewComments, plan.Counts.ReviewComments, 0.2)
	require.Nil(t, plan.First)
	w.forge.ResetCounts()
	w.collectWell()
	spent := w.forge.Counts().Total.Points
	require.InDelta(t, spent, plan.Expected.Core+plan.Expected.GraphQL, 6, "%+v", plan)

	// What was spent stands beside it.
	w.collectWell()
	plan = w.plan(github.PlanOptions{URLs: []string{"https://github.com/" + name, "https://github.com/octo/nothing"}})[0]
	require.Equal(t, w.repo, plan.RepoID)
	require.NotNil(t, plan.First)
	require.NotNil(t, plan.Last)
	require.Less(t, plan.Last.Core+plan.Last.GraphQL, plan.First.Core+plan.First.GraphQL)
	for _, task := range plan.Tasks {
		if task.Kind == github.KindIssues {
			require.Equal(t, task.Expected, *task.First)
		}
	}
}

// TestAPlanCountsWhatIsAskedBesidesTheLists compares plan and ledger task by task, with people who have a past, and the git history stored.
func TestAPlanCountsWhatIsAskedBesidesTheLists(t *testing.T) {
	t.Parallel()
	// As many people for its issues and pull requests as the model repository has.
	rule := shape()
	rule.Issues, rule.Pulls, rule.Contributors, rule.Comments, rule.Events = 1000, 500, 30, 3000, 6000
	w := setupWith(t, githubtest.New(t, githubtest.With(name, rule), githubtest.Lively()))
	w.options = append(w.options, "GitHub.breadth_per_day=1000")
	const emails = 130
	for n := range emails {
		email := fmt.Sprintf("nobody%d@home.example", n)
		w.stored(w.repo, email, w.pushed(name, email, nil))
	}
	w.exec("UPDATE augur_operations.collection_status SET facade_status = 'Success', facade_data_last_collected = now() WHERE repo_id = $1", w.repo)
	of := func() github.RepoPlan {
		return w.plan(github.PlanOptions{URLs: []string{"https://github.com/" + name}, Sample: true})[0]
	}
	before := of()
	w.collectWell()
	after := of()
	require.Equal(t, before.Expected, after.Expected, "what is expected of a first collection stays")
	for _, task := range after.Tasks {
		t.Logf("%-30s expected %+v, spent %+v", task.Kind, task.Expected, task.First)
		if task.First == nil {
			task.First = &github.Cost{}
		}
		require.InDelta(t, task.First.GraphQL, task.Expected.GraphQL, 1, task.Kind)
		require.InDelta(t, task.First.Core, task.Expected.Core, 2+float64(task.First.Core)/7, task.Kind)
	}
	require.InEpsilon(t, after.First.Core+after.First.GraphQL, after.Expected.Core+after.Expected.GraphQL, .05)
}

func TestAPlanTellsWhatHasMovedAndWhatIsNotThere(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.forge.Rename(w.forge.Repo(name), "octo/gadget")
	plans := w.plan(github.PlanOptions{URLs: []string{"https://github.com/" + name, "https://github.com/octo/nothing"}})
	require.Equal(t, "https://github.com/octo/gadget", plans[0].MovedTo)
	require.True(t, plans[1].Missing)
	require.Zero(t, plans[1].Expected)
	require.Equal(t, 1, w.forge.Counts().Operations["graphql plan"].Requests)
}

package github_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/githubtest"
)

func TestWhatVanishesIsKeptAsATombstone(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.options = append(w.options, "GitHub.reconcile_after=1ms", "GitHub.idle_for=0s")
	repo := w.forge.Repo(name)
	labelled, assigned := repo.OnlyIssues()[3], repo.Pulls()[3]
	w.forge.Repo(name).Change(func() {
		labelled.Labels = repo.Labels[:2]
		assigned.Assignees = []*githubtest.User{repo.Contributors[0].User}
	})
	w.collectWell()
	require.Empty(t, w.tombstones())
	before := w.counts("issues", "message", "issue_labels", "pull_request_assignees")

	gone := repo.OnlyIssues()[40]
	withIt := len(gone.Comments)
	comment, onCode := repo.Comments[0], repo.ReviewComments[0]
	if comment.Issue == gone {
		comment = repo.Comments[1]
	}
	repo.DeleteComment(comment)
	repo.DeleteReviewComment(onCode)
	repo.DeleteIssue(gone)
	repo.RemoveLabel(labelled, repo.Labels[0], repo.Contributors[0].User)
	repo.Change(func() { assigned.Assignees, assigned.Updated = nil, w.forge.Clock().Now() })
	w.collectWell()
	want := map[string]int{"issues": 1, "message": withIt + 2, "issue_labels": 1, "pull_request_assignees": 1}
	require.Equal(t, want, w.tombstones())
	after := w.counts("issues", "message", "issue_labels", "pull_request_assignees")
	require.Equal(t, before["issues"], after["issues"], "what happened stays")
	require.Equal(t, before["message"], after["message"], "what happened stays")
	require.Equal(t, before["issue_labels"]-1, after["issue_labels"], "what is only true for a time goes")
	require.Equal(t, before["pull_request_assignees"]-1, after["pull_request_assignees"])
	require.Equal(t, []string{repo.Labels[0].Name}, w.strings("SELECT content->>'label_text' FROM augur_operations.github_tombstone WHERE table_name = 'issue_labels'"))

	w.collectWell()
	require.Equal(t, want, w.tombstones(), "looking again finds nothing new")
}

// TestAPullRequestThatMovesDuringAWholePassIsThere lets it move to the front of the list while the page that it was on is not read yet: the pass does not meet it, and the next one, which is
// not whole, does.
func TestAPullRequestThatMovesDuringAWholePassIsThere(t *testing.T) {
	t.Parallel()
	large := shape()
	large.Pulls = 130
	w := setupWith(t, githubtest.New(t, githubtest.With(name, large)))
	repo := w.forge.Repo(name)
	moves := repo.Pulls()[7]
	repo.Change(func() { moves.Updated = repo.Created })
	w.options = append(w.options, "GitHub.idle_for=0s")
	usual := w.options
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	w.forge.Clock().Advance(24 * time.Hour)
	w.options = slices.Concat(usual, []string{"GitHub.reconcile_after=1ms"})
	w.forge.Script("pulls/list", githubtest.Do(func() {}), githubtest.Do(func() { repo.Touch(moves, "moved") }))
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	require.Zero(t, w.forge.Unplayed())
	require.Equal(t, map[string]int{"pull_requests": 1}, w.tombstones(), "the pass did not meet it")

	w.options = usual
	w.forge.Clock().Advance(time.Hour)
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	require.Empty(t, w.tombstones())
}

func TestALabelThatIsRenamedIsFoundByAWholePass(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.options = append(w.options, "GitHub.reconcile_after=1ms", "GitHub.idle_for=0s")
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	repo := w.forge.Repo(name)
	label := repo.Labels[0]
	repo.RenameLabel(label, "renamed")
	require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
	require.Zero(t, w.count("SELECT count(*) FROM issue_labels WHERE label_src_id = $1 AND label_text <> 'renamed'", label.ID))
	require.Empty(t, w.tombstones())
}

// tombstones counts them by table.
func (w *world) tombstones() map[string]int {
	w.t.Helper()
	found := map[string]int{}
	for _, table := range w.strings("SELECT table_name FROM augur_operations.github_tombstone") {
		found[table]++
	}
	return found
}

// counts are the numbers of rows of tables.
func (w *world) counts(tables ...string) map[string]int {
	w.t.Helper()
	found := map[string]int{}
	for _, table := range tables {
		found[table] = w.count("SELECT count(*) FROM augur_data." + table)
	}
	return found
}

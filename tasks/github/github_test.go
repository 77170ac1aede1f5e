package github_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCollectsEverythingThatARepositoryHas(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collectWell()
	s := shape()
	for table, want := range map[string]int{
		"issues": s.Issues, "pull_requests": s.Pulls, "message": s.Comments + s.Pulls*s.ReviewComments, "pull_request_files": s.Pulls * s.Files,
		"pull_request_commits": s.Pulls * s.Commits, "pull_request_reviews": s.Pulls * s.Reviews, "pull_request_review_message_ref": s.Pulls * s.ReviewComments,
		"releases": s.Releases, "pull_request_meta": 2 * s.Pulls, "repo_info": 1,
	} {
		require.Equal(t, want, w.count("SELECT count(*) FROM "+table), table)
	}
	require.Equal(t, s.Events, w.count("SELECT (SELECT count(*) FROM issue_events) + (SELECT count(*) FROM pull_request_events)"))
	require.Equal(t, s.Comments, w.count("SELECT (SELECT count(*) FROM issue_message_ref) + (SELECT count(*) FROM pull_request_message_ref)"))
	t.Log(w.forge.Counts())
}

func TestASecondRunOverAnUnchangedRepositoryChangesNoRow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collectWell()
	before := w.versions()
	w.forge.ResetCounts()
	w.collectWell()
	require.Equal(t, before, w.versions())
	points := w.forge.Counts()
	require.LessOrEqual(t, points.Total.Points, 3, "%v", points)
}

func TestAnUnchangedRepositoryIsReadAgainWithoutChangingARow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.options = append(w.options, "GitHub.idle_for=0s")
	w.collectWell()
	before := w.versions()
	w.collectWell()
	require.Equal(t, before, w.versions())
}

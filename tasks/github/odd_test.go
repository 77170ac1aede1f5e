package github_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/githubtest"
)

func TestWhatRealRepositoriesHoldIsStored(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	repo := w.forge.Repo(name)
	mannequin, bot, organization := w.forge.AddUser("manny", "Mannequin"), w.forge.AddUser("robot[bot]", "Bot"), w.forge.AddUser("acme", "Organization")
	long := strings.Repeat("長", 21_845) + "x" // 65,536 bytes
	orphan := repo.AddIssue(nil, "nobody's\x00title", "a NUL \x00 inside")
	repo.AddIssue(mannequin, "of a mannequin", long)
	repo.AddIssue(bot, "of a robot", "'); drop table message; --")
	repo.AddIssue(organization, "of an organization", "\\u0000 is text here")
	repo.AddComment(orphan, nil, "nobody says \x00")
	repo.AddComment(orphan, bot, long)
	repo.AddEvent(orphan, "pinned", nil)
	repo.AddEvent(nil, "pinned", bot)
	pull := repo.AddPull(nil, "from a fork that is gone")
	review := repo.AddReview(pull, nil, "APPROVED", "well\x00done")
	onCode := repo.AddReviewComment(review, "look")
	const wide = 1 << 41
	repo.Change(func() {
		pull.Pull.Head.Repo, pull.Pull.Head.User = nil, nil
		onCode.Line, onCode.Position = 0, 0
		pull.Pull.ID += wide
		orphan.ID += wide
		for _, c := range orphan.Comments {
			c.ID += wide
		}
		orphan.Events[0].ID += wide
		review.ID += wide
		onCode.ID += wide
		mannequin.ID += 1 << 33
	})
	w.collectWell()

	for what, query := range map[string]string{
		"issue without a user":       `SELECT count(*) FROM issues WHERE gh_issue_id > 1::bigint << 41 AND reporter_id IS NULL AND gh_user_id IS NULL AND issue_title = E'nobody''s\uFFFDtitle' AND issue_body = E'a NUL \uFFFD inside'`,
		"issue of a mannequin":       `SELECT count(*) FROM issues i JOIN contributors c ON c.cntrb_id = reporter_id WHERE gh_login = 'manny' AND gh_type = 'Mannequin' AND octet_length(issue_body) = 65536`,
		"issue of a bot":             `SELECT count(*) FROM issues i JOIN contributors c ON c.cntrb_id = reporter_id WHERE gh_login = 'robot[bot]' AND gh_type = 'Bot' AND issue_body = $$'); drop table message; --$$`,
		"issue of an organization":   `SELECT count(*) FROM issues i JOIN contributors c ON c.cntrb_id = reporter_id WHERE gh_login = 'acme' AND gh_type = 'Organization' AND issue_body = $$\u0000 is text here$$`,
		"comment of nobody":          `SELECT count(*) FROM message WHERE cntrb_id IS NULL AND platform_msg_id > 1::bigint << 41 AND msg_text = E'nobody says \uFFFD'`,
		"long comment of a bot":      `SELECT count(*) FROM message JOIN contributors USING (cntrb_id) WHERE gh_login = 'robot[bot]' AND octet_length(msg_text) = 65536`,
		"event by nobody":            `SELECT count(*) FROM issue_events WHERE action = 'pinned' AND cntrb_id IS NULL AND issue_event_src_id > 1::bigint << 41`,
		"pull request without fork":  `SELECT count(*) FROM pull_requests WHERE pr_src_id > 1::bigint << 41 AND pr_augur_contributor_id IS NULL AND pr_src_title = 'from a fork that is gone'`,
		"review of a ghost":          `SELECT count(*) FROM pull_request_reviews JOIN contributors USING (cntrb_id) WHERE gh_login = 'ghost' AND pr_review_src_id > 1::bigint << 41 AND pr_review_body = E'well\uFFFDdone'`,
		"review comment beside code": `SELECT count(*) FROM pull_request_review_message_ref JOIN message USING (msg_id) WHERE pr_review_msg_src_id > 1::bigint << 41 AND pr_review_msg_line IS NULL AND pr_review_msg_position IS NULL AND msg_text = 'look'`,
	} {
		require.Equal(t, 1, w.count(query), what)
	}
	require.Equal(t, 1, w.count("SELECT count(*) FROM pull_request_repo r JOIN pull_request_meta m USING (pr_repo_meta_id) JOIN pull_requests p USING (pull_request_id) WHERE p.pr_src_title LIKE 'from a fork%'"),
		"only the base has a repository")
	require.Equal(t, []string{"github_events 1"}, w.strings("SELECT resource || ' ' || unplaced FROM augur_operations.github_cursor WHERE unplaced > 0"),
		"the event of what is gone is counted, not dropped without a word")
	require.Equal(t, 3, w.count("SELECT sum(scrubbed) FROM augur_operations.github_cursor WHERE resource IN ('github_issues', 'github_messages')"))

	before := w.versions()
	w.options = append(w.options, "GitHub.idle_for=0s")
	w.collectWell()
	require.Equal(t, before, w.versions())
}

func TestRepositoriesThatLackSomethingAreCollected(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(*githubtest.Repo){
		"nothing was pushed":      func(r *githubtest.Repo) { r.Empty, r.Contributors, r.Tags, r.Releases = true, nil, nil, nil },
		"issues are switched off": func(r *githubtest.Repo) { r.NoIssues = true },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			small := githubtest.SmallShape()
			small.Issues, small.Pulls, small.Comments, small.Events = 0, 0, 0, 0
			w := setupNamed(t, githubtest.New(t, githubtest.With("octo/bare", small)), "octo/bare")
			repo := w.forge.Repo("octo/bare")
			repo.Change(func() { change(repo) })
			for range 2 {
				w.collectWell()
			}
			require.Zero(t, w.count("SELECT count(*) FROM issues"))
			require.Equal(t, 1, w.count("SELECT count(*) FROM repo_info"))
			require.Equal(t, []string{"Success"}, w.strings("SELECT DISTINCT outcome FROM augur_operations.collection_run"))
		})
	}
}

func TestAnotherRepositoryTakesTheName(t *testing.T) {
	t.Parallel()
	t.Run("the first one has moved", func(t *testing.T) {
		t.Parallel()
		w := setupSmall(t)
		require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
		w.forge.Rename(w.forge.Repo(name), "octo/gadget")
		other := githubtest.SmallShape()
		other.Issues = 9
		w.forge.AddRepo(name, other)
		require.Equal(t, "Success", w.collect(tasks.Core).Outcome)
		require.Equal(t, []string{"https://github.com/octo/gadget https://github.com/octo/widget"}, w.strings("SELECT repo_git || ' ' || git_url FROM repo JOIN historical_repo_urls USING (repo_id)"))
		require.Equal(t, githubtest.SmallShape().Issues, w.count("SELECT count(*) FROM issues"))
		require.Equal(t, w.forge.Repo("octo/gadget").ID, int64(w.count("SELECT repo_src_id FROM repo")))
	})
	t.Run("the first one is gone", func(t *testing.T) {
		t.Parallel()
		former := githubtest.SmallShape()
		former.Issues, former.Pulls = 9, 7
		w := setupWith(t, githubtest.New(t, githubtest.With(name, former)))
		w.collectWell()
		first := w.forge.Repo(name)
		w.forge.Rename(first, "octo/gone")
		first.Change(func() { first.Fault = githubtest.Deleted })
		second := w.forge.AddRepo(name, githubtest.SmallShape())
		w.collectWell()
		require.Equal(t, second.ID, int64(w.count("SELECT repo_src_id FROM repo")))
		require.Equal(t, former.Issues+githubtest.SmallShape().Issues, w.count("SELECT count(*) FROM issues"))
		require.Equal(t, former.Issues, w.tombstones()["issues"], "those of the first one are not listed any more")
		require.Equal(t, githubtest.SmallShape().Pulls, w.count(`SELECT count(*) FROM pull_requests p WHERE NOT EXISTS (
			SELECT FROM augur_operations.github_tombstone g WHERE g.table_name = 'pull_requests' AND g.row_key = p.pull_request_id::text)`))
	})
}

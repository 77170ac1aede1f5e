package github_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/people"
	"augur/tasks"
	"augur/tasks/github/githubtest"
	"augur/tasks/tasktest"
)

// pushed adds a commit to a repository of the fake GitHub, whose author's e-mail belongs to an account or, when that is nil, to none.
func (w *world) pushed(full, email string, author *githubtest.User) string {
	w.t.Helper()
	repo := w.forge.Repo(full)
	sha := fmt.Sprintf("%020x%020x", repo.ID, len(repo.Commits)+1)
	repo.Change(func() {
		repo.Commits = append(repo.Commits, &githubtest.Commit{
			SHA: sha, AuthorName: "Some Body", AuthorEmail: email, Author: author, CommitterName: "GitHub", CommitterEmail: "noreply@github.com",
			Authored: w.forge.Clock().Now(), Committed: w.forge.Clock().Now(),
		})
	})
	return sha
}

// stored stores a commit as the facade phase does: its row, and the e-mail that nobody is known for.
func (w *world) stored(repo int64, email, sha string) {
	w.t.Helper()
	for _, statement := range []string{
		`INSERT INTO commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_committer_name,
			cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
		VALUES ($1, $3, 'Some Body', $2, $2, '2026-01-01', 'GitHub', 'noreply@github.com', 'noreply@github.com', '2026-01-01', 1, 0, 0, 'f', now())`,
		`INSERT INTO augur_operations.commit_email (repo_id, email, name, commit_hash) VALUES ($1, $2, 'Some Body', $3) ON CONFLICT DO NOTHING`,
	} {
		w.exec(statement, repo, email, sha)
	}
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), statement, args...)
	require.NoError(w.t, err, statement)
}

// emails are the e-mails with their state, and the login that was found.
func (w *world) emails() []string {
	w.t.Helper()
	return w.strings(`SELECT concat_ws(' ', e.email, e.state, c.cntrb_login) FROM augur_operations.commit_email e LEFT JOIN contributors c USING (cntrb_id) ORDER BY e.email`)
}

// emailsAsked is how often GitHub was asked about commits.
func (w *world) emailsAsked() int {
	return w.forge.Counts().Operations["graphql commitPeople"].Requests
}

func TestEmailsOfCommitsAreResolvedByTheirCommits(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	ann, bob := w.forge.AddUser("ann", "User"), w.forge.AddUser("bob", "User")
	w.collectWell()
	before := w.emailsAsked()
	for n := range 3 {
		w.stored(w.repo, "ann@home.example", w.pushed(name, "ann@home.example", ann))
		w.stored(w.repo, fmt.Sprintf("nobody%d@home.example", n), w.pushed(name, fmt.Sprintf("nobody%d@home.example", n), nil))
	}
	w.stored(w.repo, "ann@work.example", w.pushed(name, "ann@work.example", ann))
	w.stored(w.repo, "Bob@Work.example", w.pushed(name, "bob@work.example", bob))
	w.stored(w.repo, "lost@home.example", "0123456789012345678901234567890123456789")
	w.stored(w.repo, "odd@home.example", "no hash")
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, []string{
		"Bob@Work.example resolved bob", "ann@home.example resolved ann", "ann@work.example resolved ann", "lost@home.example unknown", "nobody0@home.example unknown",
		"nobody1@home.example unknown", "nobody2@home.example unknown", "odd@home.example unknown",
	}, w.emails())
	require.Equal(t, 1, w.emailsAsked()-before, "one request for all of them")
	require.Equal(t, []string{
		"Bob@Work.example Bob@Work.example bob", "ann@home.example ann@home.example ann", "ann@work.example ann@home.example ann",
	}, w.strings(`SELECT concat_ws(' ', alias_email, canonical_email, cntrb_login) FROM contributors_aliases JOIN contributors USING (cntrb_id) WHERE alias_email LIKE '%@%.example' ORDER BY 1`))
	require.Equal(t, 3+1+1, w.count("SELECT count(*) FROM commits JOIN contributors ON cntrb_id = cmt_ght_author_id WHERE cntrb_login IN ('ann', 'bob')"), "the stored commits follow")
	require.Equal(t, []string{"ann@home.example"}, w.strings("SELECT DISTINCT cmt_author_email FROM commits WHERE cmt_author_raw_email LIKE 'ann@%'"))
	require.Equal(t, 5, w.count("SELECT count(*) FROM unresolved_commit_emails"))
	require.Equal(t, []string{"Ann ann@home.example"}, w.strings("SELECT concat_ws(' ', cntrb_full_name, cntrb_canonical) FROM contributors WHERE cntrb_login = 'ann'"))

	state := w.strings(`SELECT 'e' || xmin || email FROM augur_operations.commit_email UNION ALL SELECT 'c' || xmin || cmt_id FROM commits UNION ALL SELECT 'u' || xmin || email FROM unresolved_commit_emails ORDER BY 1`)
	rows, requests := w.versions(), w.emailsAsked()
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, requests, w.emailsAsked(), "asked again")
	require.Equal(t, rows, w.versions())
	require.Equal(t, state, w.strings(`SELECT 'e' || xmin || email FROM augur_operations.commit_email UNION ALL SELECT 'c' || xmin || cmt_id FROM commits UNION ALL SELECT 'u' || xmin || email FROM unresolved_commit_emails ORDER BY 1`))
}

func TestAnEmailThatGitHubDoesNotKnowIsAskedAboutAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.collectWell()
	sha := w.pushed(name, "late@home.example", nil)
	w.stored(w.repo, "late@home.example", sha)
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, []string{"late@home.example unknown"}, w.emails())
	repo, user := w.forge.Repo(name), w.forge.AddUser("late", "User")
	repo.Change(func() { repo.Commit(sha).Author = user })
	for _, step := range []struct {
		known, asked string
		want         int
	}{{"0", "29 days", 0}, {"60 days", "59 days", 0}, {"60 days", "61 days", 1}} {
		before := w.emailsAsked()
		w.exec(`UPDATE augur_operations.commit_email SET asked_at = now() - $2::interval, noticed_at = now() - $2::interval - $1::interval`, step.known, step.asked)
		require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
		require.Equal(t, step.want, w.emailsAsked()-before, "known for %s and asked %s ago", step.known, step.asked)
	}
	require.Equal(t, []string{"late@home.example resolved late"}, w.emails())
	require.Empty(t, w.strings("SELECT email FROM unresolved_commit_emails"))
}

func TestTheLastQuestionIsFilledUpWithEmailsOfOtherRepositories(t *testing.T) {
	t.Parallel()
	w := setupSmall(t, githubtest.With("octo/other", githubtest.Shape{Contributors: 1}), githubtest.With("octo/gone", githubtest.Shape{Contributors: 1}))
	w.collectWell()
	user := w.forge.AddUser("ann", "User")
	other, gone := tasktest.AddRepo(t, w.pool, "https://github.com/octo/other"), tasktest.AddRepo(t, w.pool, "https://github.com/octo/gone")
	elsewhere := tasktest.AddRepo(t, w.pool, "https://git.example.org/a")
	w.stored(other, "ann@home.example", w.pushed("octo/other", "ann@home.example", user))
	w.stored(gone, "two@home.example", w.pushed("octo/gone", "two@home.example", user))
	w.stored(elsewhere, "three@home.example", "0123456789012345678901234567890123456789")
	w.stored(other, "123+ann@users.noreply.github.com", w.pushed("octo/other", "123+ann@users.noreply.github.com", user))
	w.stored(other, "two@home.example", w.pushed("octo/other", "two@home.example", user))
	vanished := w.forge.Repo("octo/gone")
	vanished.Change(func() { vanished.Fault = githubtest.Deleted })
	before := w.emailsAsked()
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, 1, w.emailsAsked()-before)
	require.Equal(t, []string{
		"123+ann@users.noreply.github.com new", "ann@home.example resolved ann", "three@home.example new", "two@home.example unknown",
	}, w.emails(), "private addresses are left to their repository, and other servers are not GitHub's")
	require.Equal(t, []string{fmt.Sprint(other)}, w.strings("SELECT repo_id::text FROM augur_operations.commit_email WHERE email = 'two@home.example'"), "the next question is about a commit of another repository")
}

func TestResolutionWaitsWhileTheFirstCommitsAreStored(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.collectWell()
	w.stored(w.repo, "ann@home.example", w.pushed(name, "ann@home.example", w.forge.AddUser("ann", "User")))
	var run int64
	require.NoError(t, w.pool.QueryRow(t.Context(), `INSERT INTO augur_operations.collection_run (repo_id, phase, full_collection) VALUES ($1, 'facade', true) RETURNING run_id`, w.repo).Scan(&run))
	w.exec(`INSERT INTO augur_operations.collection_task (run_id, kind, queue, after, state) VALUES ($1, 'git_contributors', 'facade', '{}', 'waiting')`, run)
	tasktest.Start(t, w.pool, w.catalog(), w.settings(), tasks.Secondary, w.repo)
	w.work(func() bool {
		return w.count("SELECT count(*) FROM augur_operations.collection_task WHERE kind = 'github_commit_people' AND waits_for LIKE '%facade phase%'") == 1
	})
	require.Zero(t, w.emailsAsked())
	w.exec(`UPDATE augur_operations.collection_task SET state = 'done' WHERE run_id = $1`, run)
	w.exec(`UPDATE augur_operations.collection_run SET finished_at = now(), outcome = 'Success' WHERE run_id = $1`, run)
	tasktest.Hurry(t, w.pool)
	tasktest.Work(t, w.pool, w.catalog(), w.settings())
	require.Equal(t, []string{"ann@home.example resolved ann"}, w.emails())
}

func TestManyEmailsAreAskedAboutByTheHundredAndFewerWhereThatIsTooMuch(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.collectWell()
	user := w.forge.AddUser("ann", "User")
	for n := range 250 {
		email := fmt.Sprintf("ann%03d@home.example", n)
		w.stored(w.repo, email, w.pushed(name, email, user))
	}
	before := w.emailsAsked()
	w.forge.Script("graphql commitPeople", w.forge.TooSlow(502, 0))
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, 250, w.count("SELECT count(*) FROM augur_operations.commit_email WHERE state = 'resolved'"))
	require.Equal(t, 1+2+2+1, w.emailsAsked()-before)
	require.Equal(t, 250, w.count("SELECT count(*) FROM commits WHERE cmt_ght_author_id IS NOT NULL"))
}

func TestAnAddressThatSomebodyWasGivenStaysTheirs(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.collectWell()
	w.stored(w.repo, "ann@home.example", w.pushed(name, "ann@home.example", w.forge.AddUser("ann", "User")))
	w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login) VALUES ('02000000-0100-0000-0000-000000000000', 'by hand')`)
	w.exec(`INSERT INTO contributors_aliases (cntrb_id, canonical_email, alias_email) VALUES ('02000000-0100-0000-0000-000000000000', 'x@y.example', 'ann@home.example')`)
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, []string{"ann@home.example resolved by hand"}, w.emails())
	require.Equal(t, []string{"x@y.example"}, w.strings("SELECT cmt_author_email FROM commits"))
}

func TestWithFaultsEveryEmailIsResolvedAllTheSame(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.collectWell()
	user := w.forge.AddUser("ann", "User")
	for n := range 120 {
		email := fmt.Sprintf("ann%03d@home.example", n)
		w.stored(w.repo, email, w.pushed(name, email, user))
	}
	w.forge.SetFaults(0.3)
	tasktest.Start(t, w.pool, w.catalog(), w.settings(), tasks.Secondary, w.repo)
	tasktest.Work(t, w.pool, w.catalog(), w.settings())
	w.forge.SetFaults(0)
	require.Equal(t, "Success", w.collect(tasks.Secondary).Outcome)
	require.Equal(t, 120, w.count("SELECT count(*) FROM augur_operations.commit_email WHERE state = 'resolved'"))
	require.Equal(t, 120, w.count("SELECT count(*) FROM commits WHERE cmt_ght_author_id IS NOT NULL"))
}

func TestWithoutContributorsNothingIsResolved(t *testing.T) {
	t.Parallel()
	w := setupSmall(t)
	w.rules = func() people.Rules { return people.Rules{} }
	w.collectWell()
	w.stored(w.repo, "ann@home.example", w.pushed(name, "ann@home.example", w.forge.AddUser("ann", "User")))
	w.forge.Clock().Advance(time.Hour)
	w.collectWell()
	require.Equal(t, []string{"ann@home.example new"}, w.emails())
	require.Zero(t, w.emailsAsked())
}

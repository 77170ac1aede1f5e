package github

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	attribution "augur/db/people"
	"augur/tasks"
	"augur/tasks/github/api"
)

const (
	// emailsAtOnce is how many e-mails one query asks for, with a commit for each. It has no list in it, and costs a point however many they are.
	emailsAtOnce = 100
	// emailsTakenFor is how long the e-mails of other repositories are left to the task that took them.
	emailsTakenFor = 15 * time.Minute
	// commitsWait is how long the task gives its place back for while the commits of the repository are being stored.
	commitsWait = 15 * time.Second
)

// commitEmail is an e-mail of commits, and a commit to ask about.
type commitEmail struct {
	email, name, hash string
	repo              api.Repo
}

// commitPeople asks GitHub whose the e-mails of commits are, once for each e-mail, with a commit that has it: names tell nothing. The last question is filled up with e-mails of
// other repositories. The commits of all repositories follow what is found.
func (s *Source) commitPeople(ctx context.Context, c *tasks.Collection) error {
	rules := s.options.rules()
	if !rules.Contributors {
		return c.Finish(ctx, nil)
	}
	client, repo, err := s.client(c, KindCommitPeople)
	if err != nil {
		return err
	}
	come, err := s.queries.CommitsCome(ctx, c.Pool(), c.Repo.ID)
	if err != nil {
		return fmt.Errorf("look whether the commits of %s are being stored: %w", c.Repo.URL, err)
	}
	if come {
		return &tasks.WaitError{Wait: commitsWait, Err: errors.New("the facade phase is about to store the commits")}
	}
	asked, found, err := s.askCommitEmails(ctx, c, client, repo)
	if err != nil {
		return err
	}
	settled, err := attribution.New(rules).Settle(ctx, c.Pool(), c.SavePage)
	if err != nil {
		return err
	}
	c.Log.InfoContext(ctx, "e-mails of commits asked about", slog.Int("asked", asked), slog.Int("found", found), slog.Int("changes", settled.Changes), slog.Int("rows", settled.Rows))
	return c.Finish(ctx, nil)
}

// askCommitEmails asks about all e-mails of the repository that are due, and stores the answers page by page.
func (s *Source) askCommitEmails(ctx context.Context, c *tasks.Collection, client asker, repo api.Repo) (asked, found int, err error) {
	after, size := "", emailsAtOnce
	for last := false; !last; {
		emails, err := s.ownCommitEmails(ctx, c, repo, after)
		if err != nil {
			return asked, found, err
		}
		if n := len(emails); n > 0 {
			after = emails[n-1].email
		}
		if last = len(emails) < emailsAtOnce; last {
			others, err := s.otherCommitEmails(ctx, c, emailsAtOnce-len(emails))
			if err != nil {
				return asked, found, err
			}
			emails = append(emails, others...)
		}
		for len(emails) > 0 {
			batch := emails[:min(size, len(emails))]
			answers, err := askCommits(ctx, client, batch)
			if errors.Is(err, api.ErrTooCostly) && len(batch) > 1 {
				size = max(len(batch)/2, 1)
				continue
			}
			if err != nil {
				return asked, found, fmt.Errorf("ask whose the e-mails in commits of %s are: %w", c.Repo.URL, err)
			}
			resolved, err := s.saveCommitPeople(ctx, c, batch, answers)
			if err != nil {
				return asked, found, err
			}
			asked, found, emails = asked+len(batch), found+resolved, emails[len(batch):]
		}
	}
	return asked, found, nil
}

// ownCommitEmails are the next e-mails of the repository.
func (s *Source) ownCommitEmails(ctx context.Context, c *tasks.Collection, repo api.Repo, after string) ([]commitEmail, error) {
	rows, err := s.queries.CommitEmailsToAsk(ctx, c.Pool(), db.CommitEmailsToAskParams{
		RepoID: &c.Repo.ID, Retry: config.Of[Settings](s.settings).EmailsAfter, After: after, MaxEmails: emailsAtOnce,
	})
	if err != nil {
		return nil, fmt.Errorf("list e-mails of %s to ask about: %w", c.Repo.URL, err)
	}
	emails := make([]commitEmail, len(rows))
	for i, row := range rows {
		emails[i] = commitEmail{row.Email, row.Name, row.CommitHash, repo}
	}
	return emails, nil
}

// otherCommitEmails takes e-mails of other repositories that nobody asks about at the moment.
func (s *Source) otherCommitEmails(ctx context.Context, c *tasks.Collection, most int) ([]commitEmail, error) {
	var rows []db.TakeCommitEmailsRow
	err := c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		rows, err = s.queries.TakeCommitEmails(ctx, tx, db.TakeCommitEmailsParams{RepoID: c.Repo.ID, TakenFor: emailsTakenFor, MaxEmails: int32(most)}) //nolint:gosec // at most emailsAtOnce
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take e-mails of other repositories: %w", err)
	}
	emails := make([]commitEmail, 0, len(rows))
	for _, row := range rows {
		if repo, err := nameOf(row.RepoGit); err == nil {
			emails = append(emails, commitEmail{row.Email, row.Name, row.CommitHash, repo})
		}
	}
	return emails, nil
}

type (
	// commitUserRow is a row of contributors with what the commit tells.
	commitUserRow struct {
		userRow
		FullName *string `json:"full_name"`
		Email    string  `json:"email"`
	}
	// commitAliasRow says whose an e-mail is.
	commitAliasRow struct {
		Email   string `json:"email"`
		CntrbID string `json:"cntrb_id"`
	}
)

// saveCommitPeople stores what GitHub says about a batch, and returns how many e-mails were resolved. Locks are taken in the order of package people.
func (s *Source) saveCommitPeople(ctx context.Context, c *tasks.Collection, batch []commitEmail, answers []commitAnswer) (resolved int, err error) {
	who := &people{api: s.apiAddress(), named: map[string]userRow{}}
	rows, aliases := map[string]commitUserRow{}, map[string]commitAliasRow{}
	var asked, missing []string
	for i, e := range batch {
		a := answers[i]
		if !a.believed {
			continue
		}
		asked = append(asked, e.email)
		if a.missing {
			missing = append(missing, e.email)
		}
		id := who.addActor(a.user)
		if id == nil {
			continue
		}
		aliases[e.email] = commitAliasRow{e.email, *id}
		if known, ok := rows[*id]; !ok || e.email < known.Email {
			rows[*id] = commitUserRow{userRow: who.named[*id], FullName: notEmpty(cmp.Or(value(a.name), e.name)), Email: e.email}
		}
	}
	if n := len(batch) - len(asked); n > 0 {
		c.Log.WarnContext(ctx, "e-mails left for the next time, since GitHub did not answer", slog.Int("emails", n))
	}
	if len(asked) == 0 {
		return 0, nil
	}
	var k pack
	users, found := k.add(rowsOf(rows, cmp.Compare[string])), k.add(rowsOf(aliases, cmp.Compare[string]))
	if k.err != nil {
		return 0, k.err
	}
	err = c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		q := s.queries
		var n int64
		err := inOrder(
			func() error { return q.LockCommitEmails(ctx, tx, asked) },
			func() error { return q.AddCommitUsers(ctx, tx, users) },
			func() error {
				return q.MeetGithubUsers(ctx, tx, db.MeetGithubUsersParams{RepoID: c.Repo.ID, Rows: users})
			},
			func() error { return q.AliasCommitEmails(ctx, tx, found) },
			func() (err error) { n, err = q.AnswerCommitEmails(ctx, tx, asked); return err },
			func() error { return q.AskAboutAnotherCommit(ctx, tx, missing) },
		)
		resolved = int(n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("store whose %d e-mails are: %w", len(asked), err)
	}
	return resolved, nil
}

package people_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db"
	"augur/db/dbtest"
	"augur/db/people"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a database with commits in it, stored as tasks/git stores them.
type world struct {
	t      *testing.T
	pool   *pgxpool.Pool
	people *people.People
	tally  map[int64]*people.Tally
	next   int
	// recalled bounds the rows that tallies look through; 0 is as in the program.
	recalled int
}

func setup(t *testing.T) *world {
	t.Helper()
	rules := people.Rules{Contributors: true, Affiliations: true, Caches: true, ToolVersion: "test"}
	return &world{t: t, pool: dbtest.New(t), people: people.New(rules), tally: map[int64]*people.Tally{}}
}

// commit is one commit; its author committed it, too, unless somebody else is named.
type commit struct {
	name, email, committer string
	day, authorDay         string
	files                  []people.FileChange
}

func change(path string, added int32) people.FileChange {
	return people.FileChange{Path: path, Added: added, Removed: added / 2, Whitespace: added % 3}
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), sql, args...)
	require.NoError(w.t, err, sql)
}

// strings is the first column of a query.
func (w *world) strings(sql string, args ...any) []string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), sql, args...)
	require.NoError(w.t, err, sql)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.t, err, sql)
	return list
}

func (w *world) page(ctx context.Context, write func(context.Context, pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error { return write(ctx, tx) })
}

func (w *world) newTally(fresh bool) *people.Tally {
	t := people.NewTally(fresh)
	if w.recalled > 0 {
		t.SetRecalled(w.recalled)
	}
	return t
}

// repo adds a repository without commits, whose caches are kept from the start.
func (w *world) repo(url string, group int) int64 {
	w.t.Helper()
	var id int64
	err := w.pool.QueryRow(w.t.Context(), `INSERT INTO repo (repo_group_id, repo_git, repo_path, repo_name) VALUES ($1, $2, '', '') RETURNING repo_id`, group, url).Scan(&id)
	require.NoError(w.t, err)
	w.exec(`INSERT INTO augur_operations.git_history (repo_id, attributed, cached) VALUES ($1, true, true)`, id)
	w.tally[id] = w.newTally(true)
	return id
}

// store writes a window of commits and returns their hashes.
func (w *world) store(repo int64, commits ...commit) []string {
	w.t.Helper()
	hashes := make([]string, len(commits))
	for i := range commits {
		w.next++
		hashes[i] = fmt.Sprintf("%040x", w.next)
	}
	var counted *people.Window
	err := w.page(w.t.Context(), func(ctx context.Context, tx pgx.Tx) error {
		if err := db.New().SharePeople(ctx, tx); err != nil {
			return err
		}
		report, err := db.New().ReportRules(ctx, tx)
		if err != nil {
			return err
		}
		state, err := db.New().CachesOf(ctx, tx, repo)
		if err != nil {
			return err
		}
		var first int64
		if err := tx.QueryRow(ctx, "SELECT nextval('commits_cmt_id_seq')").Scan(&first); err != nil {
			return err
		}
		counted = w.tally[repo].Window(state.Reattributed)
		var emails []people.Email
		for i, c := range commits {
			if c.authorDay == "" {
				c.authorDay = c.day
			}
			committer := c.committer
			if committer == "" {
				committer = c.email
			}
			who, err := w.people.Attribute(ctx, tx, []people.Identity{{RepoID: repo, Name: c.name, Email: c.email}, {RepoID: repo, Name: "Committer", Email: committer}})
			if err != nil {
				return err
			}
			emails = append(emails, people.Email{Email: c.email, Name: c.name, Hash: hashes[i]})
			if committer != c.email {
				emails = append(emails, people.Email{Email: committer, Name: "Committer", Hash: hashes[i]})
			}
			for _, f := range c.files {
				if _, err := tx.Exec(ctx, `
					INSERT INTO commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_author_affiliation, cmt_ght_author_id,
						cmt_committer_name, cmt_committer_raw_email, cmt_committer_email, cmt_committer_date, cmt_committer_affiliation,
						cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted)
					VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'Committer', $9, $10, $11, $12, $13, $14, $15, $16, now())`,
					repo, hashes[i], c.name, c.email, who[0].Email, c.authorDay, who[0].Affiliation(c.authorDay), who[0].Contributor,
					committer, who[1].Email, c.day, who[1].Affiliation(c.day), f.Added, f.Removed, f.Whitespace, f.Path); err != nil {
					return err
				}
			}
			sumEmail, affiliation, day := who[0].Email, who[0].Affiliation(c.authorDay), c.day
			if report.ByCommitter {
				sumEmail, affiliation = who[1].Email, who[1].Affiliation(c.day)
			}
			if report.ByAuthorDate {
				day = c.authorDay
			}
			if err := counted.Add(sumEmail, affiliation, day, c.files); err != nil {
				return err
			}
		}
		if err := w.people.NoteEmails(ctx, tx, repo, emails); err != nil {
			return err
		}
		if !state.Cached {
			return nil
		}
		return w.people.AddWindow(ctx, tx, repo, first, counted)
	})
	require.NoError(w.t, err)
	w.tally[repo].Keep(counted)
	return hashes
}

// drop takes commits out, as after a rewritten history.
func (w *world) drop(repo int64, hashes ...string) {
	w.t.Helper()
	require.NoError(w.t, w.page(w.t.Context(), func(ctx context.Context, tx pgx.Tx) error {
		if err := db.New().LockPeople(ctx, tx); err != nil {
			return err
		}
		touched, err := w.people.Touched(ctx, tx, repo, hashes)
		if err != nil {
			return err
		}
		if err := db.New().DropCommits(ctx, tx, db.DropCommitsParams{RepoID: repo, Hashes: hashes}); err != nil {
			return err
		}
		return w.people.Follow(ctx, tx, touched)
	}))
	w.tally[repo] = w.newTally(false)
}

// run does what git_contributors does for a repository.
func (w *world) run(repo int64) people.Settled {
	w.t.Helper()
	_, err := w.people.Resolve(w.t.Context(), w.page, repo)
	require.NoError(w.t, err)
	settled, err := w.people.Settle(w.t.Context(), w.pool, w.page)
	require.NoError(w.t, err)
	_, err = w.people.Rebuild(w.t.Context(), w.pool, w.page)
	require.NoError(w.t, err)
	return settled
}

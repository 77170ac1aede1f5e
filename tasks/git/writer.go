package git

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/people"
	"augur/facade"
	"augur/tasks"
)

// Values of the tool columns, as Augur's facade writes them; tool_version is ours.
const (
	toolSource = "Facade"
	dataSource = "git"
)

// What indexes of commits can hold: the parts of a B-tree entry must fit into 2,704 bytes together.
const (
	maxName  = 1000
	maxEmail = 500
)

// copyRows is how many rows are held to be copied at once: those of any window but one with an enormous commit.
const copyRows = 2 * windowRows

// writer writes windows of commits. It belongs to one attempt of one task.
type writer struct {
	source   *Source
	c        *tasks.Collection
	crowd    *crowd
	messages bool
	started  time.Time
	version  string
	// inherited is the last of the rows that exact ones replace; nil when there are none.
	inherited *int64

	total, done    int64 // commits
	rows, repaired int64
	told           time.Time // when progress was last logged
}

func (s *Source) newWriter(c *tasks.Collection, settings Settings, crowd *crowd, total int, inherited *int64) *writer {
	return &writer{
		source: s, c: c, crowd: crowd, messages: settings.CommitMessages, started: now(), version: s.options.Version, inherited: inherited,
		total: int64(total), told: time.Now(),
	}
}

// begin marks what is being stored, and takes commits that left the history out of the tables, in one transaction.
func (w *writer) begin(ctx context.Context, head string, gone []string) error {
	q, repo := w.source.queries, w.c.Repo.ID
	return w.c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		touched, err := w.crowd.begin(ctx, tx, w.total, gone)
		if err != nil {
			return err
		}
		if err := q.BeginHistory(ctx, tx, db.BeginHistoryParams{Target: head, RepoID: repo}); err != nil {
			return fmt.Errorf("begin the history of %s: %w", w.c.Repo.URL, err)
		}
		for batch := range slices.Chunk(gone, 5000) {
			if err := q.MarkUnreachable(ctx, tx, db.MarkUnreachableParams{RepoID: repo, Hashes: batch}); err != nil {
				return fmt.Errorf("mark unreachable commits: %w", err)
			}
			if err := q.DropParents(ctx, tx, db.DropParentsParams{RepoID: repo, Hashes: batch}); err != nil {
				return fmt.Errorf("drop the parents of unreachable commits: %w", err)
			}
			if err := q.DropComments(ctx, tx, db.DropCommentsParams{RepoID: repo, Hashes: batch}); err != nil {
				return fmt.Errorf("drop the comments on unreachable commits: %w", err)
			}
			if err := q.DropCommits(ctx, tx, db.DropCommitsParams{RepoID: repo, Hashes: batch}); err != nil {
				return fmt.Errorf("drop unreachable commits: %w", err)
			}
			if err := q.DropCommitMessages(ctx, tx, db.DropCommitMessagesParams{RepoID: repo, Hashes: batch}); err != nil {
				return fmt.Errorf("drop the messages of unreachable commits: %w", err)
			}
		}
		if len(gone) > 0 {
			if err := q.AddHistory(ctx, tx, db.AddHistoryParams{Commits: -int64(len(gone)), RepoID: repo}); err != nil {
				return fmt.Errorf("count unreachable commits: %w", err)
			}
			if err := w.crowd.people.Follow(ctx, tx, touched); err != nil {
				return fmt.Errorf("take unreachable commits out of the sums: %w", err)
			}
		}
		return w.c.SaveRows(ctx, tx, 0, w.total, 0)
	})
}

// save writes one window.
func (w *writer) save(ctx context.Context, window []*facade.Commit) error {
	var repaired int64
	for _, commit := range window {
		repaired += int64(repair(commit))
	}
	rows := 0
	for _, commit := range window {
		rows += len(commit.Files)
	}
	var counted *people.Window
	err := w.c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		if counted, err = w.write(ctx, tx, window, rows); err != nil {
			return fmt.Errorf("write %d commits of %s: %w", len(window), w.c.Repo.URL, err)
		}
		if err := w.source.queries.AddHistory(ctx, tx, db.AddHistoryParams{Commits: int64(len(window)), Repaired: repaired, RepoID: w.c.Repo.ID}); err != nil {
			return fmt.Errorf("move the cursor of %s: %w", w.c.Repo.URL, err)
		}
		return w.c.SaveRows(ctx, tx, w.done+int64(len(window)), w.total, w.rows+int64(rows))
	})
	if err != nil {
		return err
	}
	w.crowd.keep(counted)
	w.done += int64(len(window))
	w.rows += int64(rows)
	w.repaired += repaired
	w.tell(ctx)
	return nil
}

// tellEvery is how often the log says how far a history is.
const tellEvery = 30 * time.Second

// tell logs how far the history is, unless that was lately.
func (w *writer) tell(ctx context.Context) {
	if time.Since(w.told) < tellEvery {
		return
	}
	w.told = time.Now()
	took := time.Since(w.started)
	left := time.Duration(float64(took) * float64(w.total-w.done) / float64(max(w.done, 1)))
	w.c.Log.InfoContext(ctx, "storing history", slog.Int64("commits", w.done), slog.Int64("of", w.total), slog.Int64("rows", w.rows),
		slog.Int64("rows_per_second", int64(float64(w.rows)/max(took.Seconds(), 1))), slog.Duration("left", left.Round(time.Second)))
}

// write copies the rows of a window, and returns what they add to the sums.
func (w *writer) write(ctx context.Context, tx pgx.Tx, window []*facade.Commit, rows int) (*people.Window, error) {
	q, repo := w.source.queries, w.c.Repo.ID
	faces, err := w.crowd.recognise(ctx, tx, window)
	if err != nil {
		return nil, err
	}
	ids, err := q.NextCommitIDs(ctx, tx, int32(rows)) //nolint:gosec // rows of a window are few
	if err != nil {
		return nil, fmt.Errorf("take ids: %w", err)
	}
	first := make(map[string]int64, len(window))
	hashes := make([]string, len(window))
	next := 0
	for i, commit := range window {
		hashes[i] = commit.Hash
		first[commit.Hash] = ids[next]
		next += len(commit.Files)
	}
	if err := w.copyCommits(ctx, tx, window, ids, faces); err != nil {
		return nil, fmt.Errorf("copy commits: %w", err)
	}
	if err := w.replace(ctx, tx, hashes, first); err != nil {
		return nil, err
	}
	if w.messages {
		if _, err := q.CopyCommitMessages(ctx, tx, w.messageRows(window)); err != nil {
			return nil, fmt.Errorf("copy commit messages: %w", err)
		}
	}
	parents, err := w.parentRows(ctx, tx, window, first)
	if err != nil {
		return nil, err
	}
	if _, err := q.CopyCommitParents(ctx, tx, parents); err != nil {
		return nil, fmt.Errorf("copy commit parents: %w", err)
	}
	if err := q.ReachAgain(ctx, tx, db.ReachAgainParams{RepoID: repo, Hashes: hashes}); err != nil {
		return nil, fmt.Errorf("forget that commits were unreachable: %w", err)
	}
	return w.crowd.count(ctx, tx, window, ids[0], faces)
}

// copyCommits writes the rows of a window, so many at a time: a single commit may have millions.
func (w *writer) copyCommits(ctx context.Context, tx pgx.Tx, window []*facade.Commit, ids []int64, faces map[face]people.Attribution) error {
	rows := make([]db.CopyCommitsParams, 0, min(len(ids), copyRows))
	flush := func() error {
		_, err := w.source.queries.CopyCommits(ctx, tx, rows)
		rows = rows[:0]
		return err
	}
	source, origin := toolSource, dataSource
	for _, commit := range window {
		author, committer := faces[faceOf(commit.Author)], faces[faceOf(commit.Committer)]
		row := db.CopyCommitsParams{
			RepoID: w.c.Repo.ID, CmtCommitHash: commit.Hash,
			CmtAuthorName: commit.Author.Name, CmtAuthorRawEmail: commit.Author.Email, CmtAuthorEmail: author.Email,
			CmtAuthorDate: commit.Author.Date, CmtAuthorTimestamp: &commit.Author.When,
			CmtCommitterName: commit.Committer.Name, CmtCommitterRawEmail: commit.Committer.Email, CmtCommitterEmail: committer.Email,
			CmtCommitterDate: commit.Committer.Date, CmtCommitterTimestamp: &commit.Committer.When, CmtDateAttempted: commit.Committer.When,
			CmtAuthorAffiliation: w.crowd.affiliation(author, commit.Author.Date), CmtCommitterAffiliation: w.crowd.affiliation(committer, commit.Committer.Date),
			CmtGhtAuthorID: w.crowd.contributor(author),
			ToolSource:     &source, ToolVersion: &w.version, DataSource: &origin, DataCollectionDate: &w.started,
		}
		for _, file := range commit.Files {
			row.CmtID, ids = ids[0], ids[1:]
			row.CmtFilename = file.Path
			row.CmtAdded, row.CmtRemoved, row.CmtWhitespace = clamp(file.Added), clamp(file.Removed), clamp(file.Whitespace)
			if rows = append(rows, row); len(rows) == copyRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

func (w *writer) messageRows(window []*facade.Commit) []db.CopyCommitMessagesParams {
	rows := make([]db.CopyCommitMessagesParams, len(window))
	source, origin := toolSource, dataSource
	for i, commit := range window {
		rows[i] = db.CopyCommitMessagesParams{
			RepoID: w.c.Repo.ID, CmtMsg: commit.Message, CmtHash: commit.Hash,
			ToolSource: &source, ToolVersion: &w.version, DataSource: &origin, DataCollectionDate: &w.started,
		}
	}
	return rows
}

// parentRows links each commit to its parents by the ids of their first rows. Parents come before children, so they are in this window or
// stored; one that is neither lies beyond the end of a shallow history.
func (w *writer) parentRows(ctx context.Context, tx pgx.Tx, window []*facade.Commit, first map[string]int64) ([]db.CopyCommitParentsParams, error) {
	var elsewhere []string
	for _, commit := range window {
		for _, parent := range commit.Parents {
			if _, ok := first[parent]; !ok {
				elsewhere = append(elsewhere, parent)
			}
		}
	}
	slices.Sort(elsewhere)
	found, err := w.source.queries.FirstRows(ctx, tx, db.FirstRowsParams{RepoID: w.c.Repo.ID, Hashes: slices.Compact(elsewhere)})
	if err != nil {
		return nil, fmt.Errorf("find parents: %w", err)
	}
	stored := make(map[string]int64, len(found))
	for _, row := range found {
		stored[row.CmtCommitHash] = row.CmtID
	}
	rows := make([]db.CopyCommitParentsParams, 0, len(window))
	source, origin := toolSource, dataSource
	for _, commit := range window {
		for i, parent := range commit.Parents {
			id, ok := first[parent]
			if !ok {
				id, ok = stored[parent]
			}
			if !ok || slices.Contains(commit.Parents[:i], parent) {
				continue
			}
			rows = append(rows, db.CopyCommitParentsParams{
				CmtID: first[commit.Hash], ParentID: id, ToolSource: &source, ToolVersion: &w.version, DataSource: &origin, DataCollectionDate: &w.started,
			})
		}
	}
	return rows, nil
}

// repair cuts what the indexes of commits cannot hold, and returns how much of the commit was repaired in all.
func repair(commit *facade.Commit) int {
	repaired := commit.Repairs.Total()
	for _, p := range []*facade.Person{&commit.Author, &commit.Committer} {
		repaired += cut(&p.Name, maxName) + cut(&p.Email, maxEmail)
	}
	return repaired
}

// cut shortens text to at most size bytes, at the start of a character.
func cut(text *string, size int) int {
	if len(*text) <= size {
		return 0
	}
	for size > 0 && !utf8.RuneStart((*text)[size]) {
		size--
	}
	*text = (*text)[:size]
	return 1
}

// clamp keeps a count within its integer column.
func clamp(lines int) int32 {
	return int32(min(lines, 1<<31-1)) //nolint:gosec // clamped
}

package people

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// recall takes files out of a window that stored commits, the rows before first, have been counted for already. It reads the rows of the window's own people and files alone, and of these none
// from years before the window's. It returns those for whom that is too much: their caches have to be summed up anew.
func (p *People) recall(ctx context.Context, tx pgx.Tx, repoID, first int64, w *Window) ([]Pair, error) {
	if len(w.doubtful) == 0 {
		return nil, nil
	}
	from := int16(math.MaxInt16)
	for _, year := range w.doubtful {
		from = min(from, year)
	}
	// A week belongs to the year before, or after, that of some of its days.
	known, err := p.queries.CachedEmails(ctx, tx, db.CachedEmailsParams{RepoID: repoID, Emails: slices.Sorted(maps.Keys(w.doubtful)), FromYear: from - 1})
	if err != nil {
		return nil, fmt.Errorf("look for e-mails that have sums: %w", err)
	}
	if len(known) == 0 {
		return nil, nil
	}
	rules, err := p.report(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := p.queries.CountedFiles(ctx, tx, db.CountedFilesParams{
		RepoID: repoID, Emails: known, Paths: slices.Sorted(maps.Keys(w.paths)), FirstID: first, FromDay: fmt.Sprintf("%04d-12-29", max(from-1, 0)),
		ByCommitter: rules.ByCommitter, ByAuthorDate: rules.ByAuthorDate, MaxRows: int32(w.tally.recalled) + 1, //nolint:gosec // small
	})
	if err != nil {
		return nil, fmt.Errorf("look which files were counted: %w", err)
	}
	if len(rows) > w.tally.recalled {
		pairs := make([]Pair, len(known))
		for i, email := range known {
			pairs[i] = Pair{RepoID: repoID, Email: email, FromYear: w.doubtful[email]}
		}
		return pairs, nil
	}
	for _, row := range rows {
		keys, err := keysOf(row.Email, row.Affiliation, row.Day)
		if err != nil {
			return nil, fmt.Errorf("look which files were counted: %w", err)
		}
		for level, k := range keys {
			w.uncount(level, k, row.Path)
		}
	}
	return nil, nil
}

// uncount takes a file out of what the window adds to a row, if it is in there.
func (w *Window) uncount(level int, k key, path string) {
	s := w.rows[level][k]
	if s == nil {
		return
	}
	hash := maphash.Comparable(w.tally.seed, fileKey{w.tally.prefix(level, k), path})
	if _, ok := w.seen[hash]; ok {
		delete(w.seen, hash)
		s.files--
	}
}

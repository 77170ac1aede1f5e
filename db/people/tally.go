package people

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// The levels of the caches.
const (
	annual = iota
	monthly
	weekly
	levels
)

// Bounds of what a tally holds: how many files it remembers (some 40 MB), and how many rows of stored commits it looks through for files that were counted before.
// Of more, the database makes the sums.
const (
	maxSeen     = 2_000_000
	maxRecalled = 200_000
)

// Tally counts what windows of commits add to the caches of one repository, so that no window reads what earlier ones wrote: lines and commits add up, and it remembers
// which files were counted where. It belongs to one run over the history and is not safe for concurrent use.
type Tally struct {
	// fresh says that the repository had no commits before, so that what is not remembered was never counted; it no longer holds for years up to forgotten.
	fresh     bool
	version   int64 // of the attribution of stored commits; -1 before the first window
	forgotten int
	limit     int
	recalled  int // rows at most
	seed      maphash.Seed
	seen      map[int]map[uint64]struct{} // by year: files that were counted under a key
	size      int
}

// NewTally is a tally for a repository that has no commits yet, if fresh, or some.
func NewTally(fresh bool) *Tally {
	return &Tally{fresh: fresh, version: -1, forgotten: -1 << 31, limit: maxSeen, recalled: maxRecalled, seed: maphash.MakeSeed(), seen: map[int]map[uint64]struct{}{}}
}

// Window is what one window of commits adds.
type Window struct {
	tally *Tally
	rows  [levels]map[key]*sums
	seen  map[uint64]int // the year of each file that is counted first
	// doubtful are e-mails with files that may have been counted before, and the first year of which that is true.
	doubtful map[string]int16
	paths    map[string]struct{} // these files
}

// key is a row of the caches of a repository; part is the month or the week.
type key struct {
	email, affiliation string
	year, part         int16
}

type sums struct{ added, removed, whitespace, files, patches int64 }

// FileChange is what a commit did to one file.
type FileChange struct {
	Path                       string
	Added, Removed, Whitespace int32
}

// Window begins a window. Nothing is remembered of it until [Tally.Keep]. The version is git_history.reattributed, read in the window's transaction: when somebody
// else has attributed stored commits anew, what is remembered is no longer true.
func (t *Tally) Window(version int64) *Window {
	if t.version >= 0 && t.version != version {
		t.fresh, t.seen, t.size = false, nil, 0
	}
	t.version = version
	w := &Window{tally: t, seen: map[uint64]int{}, doubtful: map[string]int16{}, paths: map[string]struct{}{}}
	for level := range w.rows {
		w.rows[level] = map[key]*sums{}
	}
	return w
}

// Add counts a commit under the e-mail, affiliation and day (YYYY-MM-DD) that the rules of the sums name.
func (w *Window) Add(email, affiliation, day string, files []FileChange) error {
	keys, err := keysOf(email, affiliation, day)
	if err != nil {
		return fmt.Errorf("count a commit: %w", err)
	}
	for level, k := range keys {
		w.count(level, k, files)
	}
	return nil
}

// keysOf are the rows of the caches that a commit counts in.
func keysOf(email, affiliation, day string) ([levels]key, error) {
	date, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return [levels]key{}, err
	}
	year, week := date.ISOWeek()
	return [levels]key{
		annual:  {email, affiliation, int16(date.Year()), 0},                   //nolint:gosec // four digits
		monthly: {email, affiliation, int16(date.Year()), int16(date.Month())}, //nolint:gosec // four digits
		weekly:  {email, affiliation, int16(year), int16(week)},                //nolint:gosec // four digits
	}, nil
}

func (w *Window) count(level int, k key, files []FileChange) {
	s := w.rows[level][k]
	if s == nil {
		s = &sums{}
		w.rows[level][k] = s
	}
	s.patches++
	t := w.tally
	year := int(k.year)
	if !t.fresh || year <= t.forgotten {
		if first, ok := w.doubtful[k.email]; !ok || k.year < first {
			w.doubtful[k.email] = k.year
		}
		for _, file := range files {
			w.paths[file.Path] = struct{}{}
		}
	}
	prefix := t.prefix(level, k)
	counted := t.seen[year]
	for _, file := range files {
		s.added += int64(file.Added)
		s.removed += int64(file.Removed)
		s.whitespace += int64(file.Whitespace)
		hash := maphash.Comparable(t.seed, fileKey{prefix, file.Path})
		if _, ok := counted[hash]; ok {
			continue
		}
		if _, ok := w.seen[hash]; !ok {
			w.seen[hash] = year
			s.files++
		}
	}
}

// prefix stands for a row of the caches in the hashes of its files.
func (t *Tally) prefix(level int, k key) uint64 {
	return maphash.Comparable(t.seed, k) + uint64(level) //nolint:gosec // a level is small
}

type fileKey struct {
	prefix uint64
	path   string
}

// Keep remembers a window that is committed. When that is too much, the oldest years are forgotten.
func (t *Tally) Keep(w *Window) {
	if !t.fresh {
		return
	}
	for hash, year := range w.seen {
		if year <= t.forgotten {
			continue
		}
		if t.seen[year] == nil {
			t.seen[year] = map[uint64]struct{}{}
		}
		t.seen[year][hash] = struct{}{}
		t.size++
	}
	for t.size > t.limit {
		oldest := slices.Min(slices.Collect(maps.Keys(t.seen)))
		t.size -= len(t.seen[oldest])
		delete(t.seen, oldest)
		t.forgotten = max(t.forgotten, oldest)
	}
}

// AddWindow brings the caches of a repository into line with a window of its commits that the transaction has written, as rows from first (cmt_id) on. The caches must have been the sums
// of all commits before.
func (p *People) AddWindow(ctx context.Context, tx pgx.Tx, repoID, first int64, w *Window) error {
	emails := map[string]struct{}{}
	for k := range w.rows[annual] {
		emails[k.email] = struct{}{}
	}
	out, err := p.queries.LeftOut(ctx, tx, db.LeftOutParams{RepoID: repoID, Emails: slices.Sorted(maps.Keys(emails))})
	if err != nil {
		return fmt.Errorf("look what exclude leaves out: %w", err)
	}
	skip := make(map[string]bool, len(out))
	for _, email := range out {
		skip[email] = true
	}
	pairs, err := p.recall(ctx, tx, repoID, first, w)
	if err != nil {
		return err
	}
	for _, pair := range pairs {
		skip[pair.Email] = true
	}
	if err := p.queries.LockCaches(ctx, tx, []int64{repoID}); err != nil {
		return fmt.Errorf("lock caches: %w", err)
	}
	var a [levels]db.AddWeeklyParams
	for level := range a {
		a[level] = w.params(level, skip)
		a[level].RepoID, a[level].ToolVersion = repoID, p.rules.ToolVersion
	}
	if y := a[annual]; len(y.Emails) > 0 {
		if err := p.queries.AddAnnual(ctx, tx, db.AddAnnualParams{
			Emails: y.Emails, Affiliations: y.Affiliations, Years: y.Years, Added: y.Added, Removed: y.Removed, Whitespace: y.Whitespace, Files: y.Files, Patches: y.Patches,
			ToolVersion: y.ToolVersion, RepoID: repoID,
		}); err != nil {
			return fmt.Errorf("add to years: %w", err)
		}
		m := a[monthly]
		if err := p.queries.AddMonthly(ctx, tx, db.AddMonthlyParams{
			Emails: m.Emails, Affiliations: m.Affiliations, Months: m.Weeks, Years: m.Years, Added: m.Added, Removed: m.Removed, Whitespace: m.Whitespace, Files: m.Files,
			Patches: m.Patches, ToolVersion: m.ToolVersion, RepoID: repoID,
		}); err != nil {
			return fmt.Errorf("add to months: %w", err)
		}
		if err := p.queries.AddWeekly(ctx, tx, a[weekly]); err != nil {
			return fmt.Errorf("add to weeks: %w", err)
		}
	}
	return p.Sum(ctx, tx, pairs)
}

// params are the rows of a level as arrays; the week stands for the month as well.
func (w *Window) params(level int, skip map[string]bool) db.AddWeeklyParams {
	var a db.AddWeeklyParams
	for _, k := range slices.SortedFunc(maps.Keys(w.rows[level]), compareKeys) {
		if skip[k.email] {
			continue
		}
		s := w.rows[level][k]
		a.Emails, a.Affiliations = append(a.Emails, k.email), append(a.Affiliations, k.affiliation)
		a.Weeks, a.Years = append(a.Weeks, k.part), append(a.Years, k.year)
		a.Added, a.Removed, a.Whitespace = append(a.Added, s.added), append(a.Removed, s.removed), append(a.Whitespace, s.whitespace)
		a.Files, a.Patches = append(a.Files, s.files), append(a.Patches, s.patches)
	}
	return a
}

func compareKeys(a, b key) int {
	if c := strings.Compare(a.email, b.email); c != 0 {
		return c
	}
	if c := strings.Compare(a.affiliation, b.affiliation); c != 0 {
		return c
	}
	if a.year != b.year {
		return int(a.year) - int(b.year)
	}
	return int(a.part) - int(b.part)
}

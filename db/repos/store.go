package repos

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/facade/giturl"
)

// key stands for a canonical URL: a million of them must fit into memory.
type key [16]byte

// adder collects entries and stores them chunk by chunk.
type adder struct {
	pool    *pgxpool.Pool
	options Options
	queries *db.Queries
	chunk   []entry
	seen    map[key]int // line of the first row with that URL
	summary Summary
}

func newAdder(pool *pgxpool.Pool, o Options) *adder {
	return &adder{pool: pool, options: o, queries: db.New(), seen: map[key]int{}}
}

func (a *adder) add(ctx context.Context, e entry) error {
	a.chunk = append(a.chunk, e)
	if len(a.chunk) < a.options.chunkRows() {
		return nil
	}
	return a.flush(ctx)
}

// flush stores the chunk and tells its verdicts.
func (a *adder) flush(ctx context.Context) error {
	if err := a.checkGroups(ctx); err != nil {
		return err
	}
	if err := a.identify(ctx); err != nil {
		return err
	}
	accepted := a.withoutDuplicates()
	if len(accepted) > 0 {
		err := inTx(ctx, a.pool, func(tx pgx.Tx) error { return a.store(ctx, tx, accepted) })
		if err != nil {
			return err
		}
	}
	for i := range a.chunk {
		a.summary.count(a.chunk[i].Verdict)
		a.options.tell(a.chunk[i].Verdict)
	}
	a.chunk = a.chunk[:0]
	return nil
}

// checkGroups rejects entries of groups that do not exist.
func (a *adder) checkGroups(ctx context.Context) error {
	ids := map[int64]bool{}
	for i := range a.chunk {
		ids[a.chunk[i].Group] = true
	}
	names, err := groupNames(ctx, a.queries, a.pool, ids)
	if err != nil {
		return err
	}
	for i := range a.chunk {
		e := &a.chunk[i]
		if _, known := names[e.Group]; !known && (e.Status != Rejected || e.Group != 0) {
			e.reject(fmt.Sprintf("group %d does not exist: add it with `augur db add-repo-groups`", e.Group))
		}
	}
	return nil
}

// withoutDuplicates gives the entries that may be stored: the first one of each URL.
func (a *adder) withoutDuplicates() []*entry {
	var accepted []*entry
	for i := range a.chunk {
		e := &a.chunk[i]
		if e.Status == Rejected {
			continue
		}
		sum := sha256.Sum256([]byte(e.url.Canonical))
		if line, ok := a.seen[key(sum[:16])]; ok {
			e.reject(fmt.Sprintf("duplicate of line %d", line))
			continue
		}
		a.seen[key(sum[:16])] = e.Line
		accepted = append(accepted, e)
	}
	return accepted
}

// store finds or adds the repositories, and sets id, status and reason of each entry.
func (a *adder) store(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	for _, e := range entries {
		e.RepoID, e.Status, e.Reason = 0, "", "" // the transaction may run a second time
	}
	if err := a.queries.LockRepos(ctx, tx); err != nil {
		return err
	}
	if err := a.find(ctx, tx, entries); err != nil {
		return err
	}
	if err := a.findMoved(ctx, tx, entries); err != nil {
		return err
	}
	if err := a.insert(ctx, tx, withoutID(entries)); err != nil {
		return err
	}
	// Somebody who does not take the lock, such as Augur itself, may have added one between the two statements.
	if err := a.find(ctx, tx, withoutID(entries)); err != nil {
		return err
	}
	ids := make([]int64, 0, len(entries))
	for _, e := range entries {
		if e.RepoID == 0 {
			return fmt.Errorf("repository %s is not there and cannot be added", e.URL)
		}
		ids = append(ids, e.RepoID)
	}
	if err := a.keepIdentity(ctx, tx, entries); err != nil {
		return err
	}
	// In this order: the schedule, which follows the status, is then written once, with the group of the user.
	if _, err := a.queries.InsertUserRepos(ctx, tx, ids); err != nil {
		return err
	}
	_, err := a.queries.InsertCollectionStatus(ctx, tx, ids)
	return err
}

// find looks the entries up under every spelling that an older row may have.
func (a *adder) find(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	if len(entries) == 0 {
		return nil
	}
	urls := make([]string, 0, 2*len(entries))
	owners := make(map[string]*entry, 2*len(entries))
	for _, e := range entries {
		for _, url := range e.spellings() {
			urls = append(urls, url)
			owners[url] = e
		}
	}
	rows, err := a.queries.FindRepos(ctx, tx, urls)
	if err != nil {
		return err
	}
	for _, row := range rows {
		e := owners[row.URL]
		if e.RepoID != 0 && row.CurrentURL != e.URL {
			continue // the repository that has the URL now wins over one that had it before
		}
		e.RepoID, e.Status, e.Reason = row.RepoID, AlreadyThere, e.remark(row)
	}
	return nil
}

// spellings are the canonical URL and, for servers that take several for one, those that Augur stores: it keeps ".git", and after a move also
// the case.
func (e *entry) spellings() []string {
	urls := []string{e.URL}
	if e.url.Platform == giturl.Git {
		return urls
	}
	urls = append(urls, e.URL+".git")
	if e.raw != urls[0] && e.raw != urls[1] {
		urls = append(urls, e.raw)
	}
	return urls
}

// remark is what is worth knowing about a repository that was there.
func (e *entry) remark(row db.FindReposRow) string {
	var remarks []string
	switch {
	case row.URL != row.CurrentURL:
		remarks = append(remarks, "moved to "+giturl.Redact(row.CurrentURL))
	case row.CurrentURL != e.URL:
		remarks = append(remarks, "stored as "+giturl.Redact(row.CurrentURL))
	}
	if row.RepoGroupID != e.Group {
		remarks = append(remarks, fmt.Sprintf("stays in group %d", row.RepoGroupID))
	}
	return strings.Join(remarks, "; ")
}

func (a *adder) insert(ctx context.Context, tx pgx.Tx, entries []*entry) error {
	if len(entries) == 0 {
		return nil
	}
	p := db.InsertReposParams{ToolVersion: a.options.ToolVersion}
	owners := make(map[string]*entry, len(entries))
	for _, e := range entries {
		p.Groups = append(p.Groups, e.Group)
		p.URLs = append(p.URLs, e.URL)
		p.Paths = append(p.Paths, e.url.Path())
		p.Names = append(p.Names, e.url.Name)
		owners[e.URL] = e
	}
	rows, err := a.queries.InsertRepos(ctx, tx, p)
	if err != nil {
		return err
	}
	for _, row := range rows {
		e := owners[row.RepoGit]
		e.RepoID, e.Status = row.RepoID, Added
	}
	return nil
}

func withoutID(entries []*entry) []*entry {
	var found []*entry
	for _, e := range entries {
		if e.RepoID == 0 {
			found = append(found, e)
		}
	}
	return found
}

// inTx runs a transaction, and runs it again when it lost a race.
func inTx(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	const attempts = 5
	for attempt := 1; ; attempt++ {
		err := pgx.BeginFunc(ctx, pool, do)
		if attempt == attempts || !db.IsRetryable(err) && !db.IsUnique(err, "repo_src_id_unique") {
			return err
		}
	}
}

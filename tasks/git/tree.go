package git

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/facade"
	"augur/tasks"
)

// A treeTask makes rows of the files of a repository: a snapshot of its newest commit. The snapshot is one transaction with one timestamp, and it is written only when
// its rows differ from those of the last one.
type treeTask struct {
	look
	// read looks at the files of a commit.
	read func(ctx context.Context, clone *facade.Repository, head string) (*findings, error)
}

// look is what decides whether the last look of a tree task is true still.
type look struct {
	kind string
	// rules names what makes the rows; another name means that repositories are looked at again.
	rules string
	// lifetime is how long a look stays true although no file changes; 0 is for ever.
	lifetime time.Duration
}

// looks are those of all tree tasks.
func (s Settings) looks() []look { return []look{s.laborLook(), s.dependenciesLook(), s.libyearLook()} }

// findings are what a look at the files found.
type findings struct {
	// digest stands for the rows: equal digests, equal rows.
	digest hash.Hash
	rows   int
	// skipped counts files that were left out.
	skipped int
	// note says what is missing and why; empty when nothing is.
	note string
	// again says that the next run may find what is missing, although no file changes.
	again bool
	// write copies the rows, with at as their timestamp.
	write func(ctx context.Context, tx pgx.Tx, at time.Time) error
}

// row adds a row to the digest.
func (f *findings) row(columns ...any) {
	fmt.Fprintf(f.digest, "%q\n", columns)
	f.rows++
}

// snapshot runs a tree task. When nothing has changed since the last look it needs neither git nor the clone.
func (s *Source) snapshot(ctx context.Context, c *tasks.Collection, t treeTask) error {
	history, err := s.queries.GitHistory(ctx, c.Pool(), c.Repo.ID)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && history.Fetched == nil {
		return nil // a repository without commits has no files
	}
	if err != nil {
		return fmt.Errorf("read the history of %s: %w", c.Repo.URL, err)
	}
	last, err := s.queries.TreeSnapshot(ctx, c.Pool(), db.TreeSnapshotParams{RepoID: c.Repo.ID, Kind: t.kind})
	known := err == nil && last.Rules == t.rules && (t.lifetime == 0 || last.Age < t.lifetime)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the last snapshot of %s: %w", c.Repo.URL, err)
	}
	if known && last.Head == *history.Fetched {
		return nil
	}
	git, settings, err := s.facadeGit(ctx)
	if err != nil {
		return err
	}
	dir, err := s.directory(c.Repo, settings)
	if err != nil {
		return err
	}
	clone, head, err := s.cloneWith(ctx, c, git, dir, history.Fetched)
	if err != nil {
		return err
	}
	if head.Hash == "" {
		return nil
	}
	tree, err := clone.Tree(ctx, head.Hash)
	if err != nil {
		return s.unreadable(ctx, c, dir, err)
	}
	save := db.SaveTreeSnapshotParams{
		RepoID: c.Repo.ID, Kind: t.kind, Head: head.Hash, Content: tree, Rules: t.rules,
		Digest: last.Digest, Rows: last.Rows, Skipped: last.Skipped, Note: last.Note, TakenAt: last.TakenAt,
	}
	if known && last.Content == tree {
		return s.saveLook(ctx, c, save, nil)
	}
	found, err := t.read(ctx, clone, head.Hash)
	if errors.Is(err, facade.ErrTooLarge) {
		note := facade.Redact(err.Error())
		save.Note = &note
		c.Log.WarnContext(ctx, "files not looked at", slog.Any("error", err))
		return s.saveLook(ctx, c, save, nil)
	}
	if err != nil {
		return s.unreadable(ctx, c, dir, err)
	}
	return s.saveFindings(ctx, c, save, found)
}

// unreadable is what becomes of an error of reading the clone.
func (s *Source) unreadable(ctx context.Context, c *tasks.Collection, dir string, err error) error {
	if errors.Is(err, facade.ErrCorrupt) {
		err = errors.Join(err, s.broke(ctx, c, dir))
	}
	return verdict(err)
}

// saveFindings writes the rows if they differ from those of the last snapshot.
func (s *Source) saveFindings(ctx context.Context, c *tasks.Collection, save db.SaveTreeSnapshotParams, found *findings) error {
	digest := hex.EncodeToString(found.digest.Sum(nil))
	changed := digest != save.Digest && (found.rows > 0 || save.Rows > 0)
	save.Digest, save.Rows, save.Skipped, save.Note = digest, int64(found.rows), int64(found.skipped), nil
	if found.again {
		save.Rules += ", not whole" // so that it is no look by these rules
	}
	if found.note != "" {
		note := scrub(found.note, maxNote)
		save.Note = &note
		c.Log.WarnContext(ctx, "snapshot is not whole", slog.String("missing", note))
	}
	if !changed || found.rows == 0 {
		return s.saveLook(ctx, c, save, nil)
	}
	err := s.saveLook(ctx, c, save, found.write)
	if err == nil {
		c.Log.InfoContext(ctx, "snapshot stored", slog.Int("rows", found.rows), slog.Int("skipped", found.skipped))
	}
	return err
}

// saveLook ends the task, with a snapshot when write is not nil.
func (s *Source) saveLook(ctx context.Context, c *tasks.Collection, save db.SaveTreeSnapshotParams, write func(context.Context, pgx.Tx, time.Time) error) error {
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if write != nil {
			at, err := s.queries.SnapshotTime(ctx, tx, db.SnapshotTimeParams{RepoID: c.Repo.ID, Kind: save.Kind})
			if err != nil {
				return fmt.Errorf("date the snapshot of %s: %w", c.Repo.URL, err)
			}
			if err := write(ctx, tx, at); err != nil {
				return fmt.Errorf("write the snapshot of %s: %w", c.Repo.URL, err)
			}
			if err := s.forgetOld(ctx, tx, c, save.Kind); err != nil {
				return fmt.Errorf("remove old snapshots of %s: %w", c.Repo.URL, err)
			}
			save.TakenAt = &at
		}
		if err := s.queries.SaveTreeSnapshot(ctx, tx, save); err != nil {
			return fmt.Errorf("note the snapshot of %s: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// forgetOld removes the snapshots of a task that the settings do not keep.
func (s *Source) forgetOld(ctx context.Context, tx pgx.Tx, c *tasks.Collection, kind string) error {
	kept := s.now().SnapshotsKept
	if kept == 0 {
		return nil
	}
	old := db.DropOldLaborParams{RepoID: c.Repo.ID, Newer: int32(kept - 1)} //nolint:gosec // the setting has a bound
	var dropped int64
	var err error
	switch kind {
	case KindLabor:
		dropped, err = s.queries.DropOldLabor(ctx, tx, old)
	case KindDependencies:
		dropped, err = s.queries.DropOldDependencies(ctx, tx, db.DropOldDependenciesParams(old))
	case KindLibyear:
		dropped, err = s.queries.DropOldLibyears(ctx, tx, db.DropOldLibyearsParams(old))
	}
	if dropped > 0 {
		c.Log.InfoContext(ctx, "old snapshots removed", slog.Int64("rows", dropped))
	}
	return err
}

// Lengths that texts of snapshots are cut to: what the tables' unique indexes can hold, and what a person reads.
const (
	maxDependency = 1000
	maxFilePath   = 2000
	maxFileName   = 400
	maxNote       = 1000
)

// snapshotChunk is how many rows are handed to COPY at once.
const snapshotChunk = 10_000

// scrub makes of any bytes a text that PostgreSQL can hold, at most size bytes long.
func scrub(text string, size int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	cut(&text, size)
	return text
}

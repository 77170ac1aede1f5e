package git

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/facade"
	"augur/facade/labor"
	"augur/tasks"
)

// counted is a file with its numbers: a row of repo_labor.
type counted struct {
	path  string
	lines labor.Lines
}

// labor counts the lines of code, comments and blanks of every file: what Augur calls the value worker.
func (s *Source) labor(ctx context.Context, c *tasks.Collection) error {
	settings := s.now()
	return s.snapshot(ctx, c, treeTask{
		look: settings.laborLook(),
		read: func(ctx context.Context, clone *facade.Repository, head string) (*findings, error) {
			return s.countLines(ctx, c, clone, head, int64(settings.TreeFileLimit))
		},
	})
}

func (s Settings) laborLook() look {
	return look{kind: KindLabor, rules: fmt.Sprintf("%s, files up to %d bytes", labor.Rules, s.TreeFileLimit)}
}

func (s *Source) countLines(ctx context.Context, c *tasks.Collection, clone *facade.Repository, head string, limit int64) (*findings, error) {
	found := &findings{digest: sha256.New()}
	var files []counted
	names := uniqueNames{}
	want := func(name string, size int64) bool {
		if !labor.Known(name) {
			return false
		}
		if size > limit {
			found.skipped++
			return false
		}
		return true
	}
	for file, err := range clone.Files(ctx, head, want) {
		if err != nil {
			return nil, err
		}
		lines, err := labor.Count(file.Path, file.Content)
		if err != nil {
			found.skipped++
			if !errors.Is(err, labor.ErrBinary) {
				c.Log.WarnContext(ctx, "lines of a file not counted", slog.String("file", file.Path), slog.Any("error", err))
			}
			continue
		}
		if lines.Language == "" {
			continue
		}
		name := names.of(file.Path, file.Hash)
		files = append(files, counted{path: name, lines: lines})
		found.row(name, lines)
	}
	found.write = func(ctx context.Context, tx pgx.Tx, at time.Time) error {
		return s.copyLabor(ctx, tx, c, files, at)
	}
	return found, nil
}

func (s *Source) copyLabor(ctx context.Context, tx pgx.Tx, c *tasks.Collection, files []counted, at time.Time) error {
	tool, origin, version := "value_model", "Git", s.options.Version
	cloned, err := s.queries.GitHistory(ctx, tx, c.Repo.ID)
	if err != nil {
		return fmt.Errorf("read when it was fetched: %w", err)
	}
	for chunk := range slices.Chunk(files, snapshotChunk) {
		rows := make([]db.CopyLaborParams, len(chunk))
		for i := range chunk {
			f := &chunk[i]
			name := scrub(path.Base(f.path), maxFileName)
			total, code, comment, blank, branches := line(f.lines.Total), line(f.lines.Code), line(f.lines.Comment), line(f.lines.Blank), line(f.lines.Complexity)
			rows[i] = db.CopyLaborParams{
				RepoID: &c.Repo.ID, RepoCloneDate: utc(cloned.FetchedAt), RlAnalysisDate: &at, ProgrammingLanguage: &f.lines.Language, FilePath: &f.path, FileName: &name,
				TotalLines: &total, CodeLines: &code, CommentLines: &comment, BlankLines: &blank, CodeComplexity: &branches, RepoURL: &c.Repo.URL,
				ToolSource: &tool, ToolVersion: &version, DataSource: &origin, DataCollectionDate: &at,
			}
		}
		if _, err := s.queries.CopyLabor(ctx, tx, rows); err != nil {
			return fmt.Errorf("copy lines of code: %w", err)
		}
	}
	return nil
}

// line is a count in an integer column.
func line(n int64) int32 { return int32(min(n, 1<<31-1)) } //nolint:gosec // clamped

// utc is a moment for a column without a zone.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// uniqueNames keeps paths apart that are the same text once bytes that are not UTF-8 are replaced, or once they are cut.
type uniqueNames map[string]bool

// of is the path as it is stored. Only the second of two that would be the same differs from what git has: it ends with a part of the hash of its content.
func (u uniqueNames) of(name, hash string) string {
	if len(name) <= maxFilePath && !strings.Contains(name, "\uFFFD") {
		return name
	}
	stored := scrub(name, maxFilePath)
	for n := 0; u[stored]; n++ {
		stored = fmt.Sprintf("%s~%s-%d", scrub(name, maxFilePath-60), hash[:12], n)
	}
	u[stored] = true
	return stored
}

package git

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/facade"
	"augur/facade/imports"
	"augur/tasks"
)

// imported is a row of repo_dependencies: how many files of a language import a name.
type imported struct {
	name, language string
	files          int32
}

// dependencies counts what the files of a repository import.
func (s *Source) dependencies(ctx context.Context, c *tasks.Collection) error {
	settings := s.now()
	return s.snapshot(ctx, c, treeTask{
		look: settings.dependenciesLook(),
		read: func(ctx context.Context, clone *facade.Repository, head string) (*findings, error) {
			return s.countImports(ctx, c, clone, head, int64(settings.TreeFileLimit))
		},
	})
}

func (s Settings) dependenciesLook() look {
	return look{kind: KindDependencies, rules: fmt.Sprintf("%s, files up to %d bytes", imports.Rules, s.TreeFileLimit)}
}

func (s *Source) countImports(ctx context.Context, c *tasks.Collection, clone *facade.Repository, head string, limit int64) (*findings, error) {
	found := &findings{digest: sha256.New()}
	counts := map[imported]int32{} // with files = 0 as the key
	want := func(name string, size int64) bool {
		if imports.Language(name) == "" {
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
		language := imports.Language(file.Path)
		seen := map[imported]bool{}
		for _, name := range imports.Scan(language, file.Content) {
			key := imported{name: scrub(name, maxDependency), language: language}
			if !seen[key] {
				seen[key] = true
				counts[key]++
			}
		}
	}
	rows := dependencyRows(counts)
	for _, row := range rows {
		found.row(row.name, row.language, row.files)
	}
	found.write = func(ctx context.Context, tx pgx.Tx, at time.Time) error {
		return s.copyDependencies(ctx, tx, c, rows, at)
	}
	return found, nil
}

// dependencyRows brings the counts into order. The table has one row per name, whatever the language. Of a name that several languages import, such as path, the first language
// in Augur's order has the name, which is the one that Augur would keep, and those of the others tell the language.
func dependencyRows(counts map[imported]int32) []imported {
	order := map[string]int{}
	for i, language := range imports.Languages() {
		order[language] = i
	}
	rows := make([]imported, 0, len(counts))
	for key, n := range counts {
		rows = append(rows, imported{name: key.name, language: key.language, files: n})
	}
	slices.SortFunc(rows, func(a, b imported) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(order[a.language], order[b.language]))
	})
	taken := make(map[string]bool, len(rows))
	for _, row := range rows {
		taken[row.name] = true
	}
	first := ""
	for i := range rows {
		row := &rows[i]
		if i == 0 || row.name != first {
			first = row.name
			continue
		}
		row.name = first + " (" + row.language + ")"
		for taken[row.name] {
			row.name += "'"
		}
		taken[row.name] = true
	}
	return rows
}

func (s *Source) copyDependencies(ctx context.Context, tx pgx.Tx, c *tasks.Collection, found []imported, at time.Time) error {
	tool, origin, version := "deps_model", "Git", s.options.Version
	for chunk := range slices.Chunk(found, snapshotChunk) {
		rows := make([]db.CopyDependenciesParams, len(chunk))
		for i := range chunk {
			d := &chunk[i]
			rows[i] = db.CopyDependenciesParams{
				RepoID: &c.Repo.ID, DepName: &d.name, DepCount: &d.files, DepLanguage: &d.language,
				ToolSource: &tool, ToolVersion: &version, DataSource: &origin, DataCollectionDate: &at,
			}
		}
		if _, err := s.queries.CopyDependencies(ctx, tx, rows); err != nil {
			return fmt.Errorf("copy dependencies: %w", err)
		}
	}
	return nil
}

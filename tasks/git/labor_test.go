package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/tasktest"
)

// labor is the newest snapshot of lines.
func (w *world) labor() []string {
	return w.strings(`SELECT format('%s %s %s %s=%s+%s+%s c%s', file_path, file_name, programming_language, total_lines, code_lines, comment_lines, blank_lines, code_complexity)
		FROM repo_labor WHERE rl_analysis_date = (SELECT max(rl_analysis_date) FROM repo_labor) ORDER BY file_path`)
}

func TestLinesOfCodeAreASnapshotWithOneTimestamp(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.NoError(t, os.Mkdir(filepath.Join(w.upstream, "dir"), 0o755))
	w.commit("dir/main.go", "package main\n\n// c\nfunc main() {\n\tif true {\n\t}\n}\n")
	w.commit("picture.py", "\x00\x01")
	w.commit("caf\xe9.c", "int a;\n")
	w.commit("caf\xe8.c", "int a;\nint b;\n")
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(w.upstream, "link.c")))
	w.commit("README.md", "hello\n")
	w.collectWell()
	rows := w.labor()
	require.Len(t, rows, 4)
	require.Equal(t, "README.md README.md Markdown 1=1+0+0 c0", rows[0])
	require.Contains(t, rows[1], "caf\uFFFD.c")
	require.Contains(t, rows[2], "caf\uFFFD.c~")
	require.Equal(t, "dir/main.go main.go Go 7=5+1+1 c1", rows[3])
	require.Equal(t, []string{"1 1 1"}, w.strings(`SELECT concat_ws(' ', count(DISTINCT rl_analysis_date), count(DISTINCT data_collection_date), count(DISTINCT repo_url)) FROM repo_labor`))
	require.Equal(t, []string{"value_model test Git t"}, w.strings(`SELECT DISTINCT concat_ws(' ', tool_source, tool_version, data_source, rl_analysis_date = data_collection_date) FROM repo_labor`))
	require.Equal(t, []string{"4 1"}, w.strings(`SELECT concat_ws(' ', rows, skipped) FROM augur_operations.tree_snapshot WHERE kind = 'git_labor'`))
	_, err := w.pool.Exec(t.Context(), "REFRESH MATERIALIZED VIEW explorer_repo_languages")
	require.NoError(t, err)
	require.Equal(t, []string{"C 3 2", "Go 5 1", "Markdown 1 1"}, w.strings("SELECT concat_ws(' ', programming_language, code_lines, files) FROM explorer_repo_languages ORDER BY 1"))
}

func TestUnchangedTreeWritesNoNewSnapshot(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a.c", "int a;\n")
	w.collectWell()
	snapshots := func() string {
		return w.strings("SELECT count(DISTINCT rl_analysis_date) || ' ' || count(*) FROM repo_labor")[0]
	}
	require.Equal(t, "1 1", snapshots())
	w.git("commit", "-q", "--allow-empty", "-m", "nothing")
	w.collectWell()
	require.Equal(t, "1 1", snapshots(), "the tree is the same")
	w.commit("LICENSE", "text\n")
	w.collectWell()
	require.Equal(t, "2 3", snapshots(), "LICENSE is a language to scc")
	w.commit("note.unknown", "text\n")
	w.collectWell()
	require.Equal(t, "2 3", snapshots(), "the rows are the same")
	require.Equal(t, []string{w.git("rev-parse", "HEAD")}, w.strings("SELECT head FROM augur_operations.tree_snapshot WHERE kind = 'git_labor'"))
	w.commit("a.c", "int a;\nint b;\n")
	w.collectWell()
	require.Equal(t, "3 5", snapshots())
}

func TestLargeFilesAreSkippedAndCounted(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.tree_file_limit=1 kB")
	w.commit("large.c", strings.Repeat("int a;\n", 1000))
	w.commit("small.c", "int a;\n")
	w.collectWell()
	require.Equal(t, []string{"small.c small.c C 1=1+0+0 c0"}, w.labor())
	require.Equal(t, []string{"1 1"}, w.strings("SELECT concat_ws(' ', rows, skipped) FROM augur_operations.tree_snapshot WHERE kind = 'git_labor'"))
	w.options = []string{"Facade.tree_file_limit=1 MB"}
	w.collectWell()
	require.Len(t, w.labor(), 2, "another limit is another look")
}

func TestLimitedRunLeavesTheFilesOut(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.limited_run=1")
	w.commit("a.c", "int a;\n")
	w.collectWell()
	require.Empty(t, w.labor())
	require.Equal(t, []string{"git_commits", "git_contributors", "git_fetch"}, w.strings("SELECT kind FROM augur_operations.collection_task ORDER BY 1"))
}

func TestOldSnapshotsGoAsTheSettingSays(t *testing.T) {
	t.Parallel()
	w := setup(t)
	n := 0
	next := func() {
		t.Helper()
		n++
		w.commit("a.py", strings.Repeat(fmt.Sprintf("import m%d\n", n), n))
		w.commit("requirements.txt", fmt.Sprintf("one==1.%d\n", n))
		w.collectWell()
	}
	snapshots := func() []string {
		return w.strings(`SELECT count(DISTINCT rl_analysis_date)::text FROM repo_labor UNION ALL SELECT count(DISTINCT data_collection_date)::text FROM repo_dependencies
			UNION ALL SELECT count(DISTINCT data_collection_date)::text FROM repo_deps_libyear`)
	}
	// Another repository keeps what is its own.
	w.exec("INSERT INTO repo_labor (repo_id, rl_analysis_date) SELECT $1, '2001-01-01' ", tasktest.AddRepo(t, w.pool, "https://git.example.org/other"))
	w.options = noRegistries
	for range 3 {
		next()
	}
	require.Equal(t, []string{"4", "3", "3"}, snapshots(), "all stay")
	newest := w.labor()
	w.options = append(slices.Clone(noRegistries), "Facade.snapshots_kept=2")
	w.collectWell()
	require.Equal(t, []string{"4", "3", "3"}, snapshots(), "old ones go with the next")
	next()
	require.Equal(t, []string{"3", "2", "2"}, snapshots())
	require.NotEqual(t, newest, w.labor())
	w.options = append(slices.Clone(noRegistries), "Facade.snapshots_kept=1")
	next()
	require.Equal(t, []string{"2", "1", "1"}, snapshots())
	require.NotEmpty(t, w.labor())
}

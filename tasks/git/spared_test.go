package git_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/git"
	"augur/tasks/tasktest"
)

// statements counts the statements of the files of queries that it knows.
type statements struct {
	known map[string]bool

	mu    sync.Mutex
	times map[string]int
}

var named = regexp.MustCompile(`(?m)^-- name: (\w+) `)

// statementsOf counts those of the files that match.
func statementsOf(t *testing.T, patterns ...string) *statements {
	t.Helper()
	s := &statements{known: map[string]bool{}, times: map[string]int{}}
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join("..", "..", "queries", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, match := range named.FindAllSubmatch(content, -1) {
				s.known[string(match[1])] = true
			}
		}
	}
	return s
}

// TraceQueryStart counts a statement.
func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if match := named.FindStringSubmatch(data.SQL); len(match) > 1 && s.known[match[1]] {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.times[match[1]]++
	}
	return ctx
}

// TraceQueryEnd does nothing.
func (s *statements) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// counted is a pool on the same database whose statements are counted.
func (s *statements) counted(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	cfg := pool.Config()
	cfg.ConnConfig.Tracer = s
	counted, err := pgxpool.NewWithConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(counted.Close)
	return counted
}

// worked are the tasks of the newest run that had a job.
func (w *world) worked() []string {
	w.t.Helper()
	return w.strings("SELECT kind FROM augur_operations.collection_task WHERE run_id = (SELECT max(run_id) FROM augur_operations.collection_run) AND job_id IS NOT NULL ORDER BY kind")
}

func TestUnchangedRepositoryCostsOneStatement(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a.c", "int a;\n")
	w.collectWell()
	require.Len(t, w.worked(), 6)
	// Beyond what the queue asks to run any task: all that this source can ask, and who settles people.
	s := statementsOf(t, "git_*.sql", "tree_snapshot.sql", "contributors.sql")
	w.pool = s.counted(t, w.pool)
	w.collectWell()
	require.Equal(t, map[string]int{"NothingNew": 1}, s.times)
	require.Equal(t, []string{git.KindFetch}, w.worked())
	require.Equal(t, []string{"done 6"}, w.strings(`SELECT concat_ws(' ', state, count(*)) FROM augur_operations.collection_task
		WHERE run_id = (SELECT max(run_id) FROM augur_operations.collection_run) AND ended_at IS NOT NULL GROUP BY state`))
}

//nolint:paralleltest,tparallel // one case follows another on the same database
func TestTasksThatWouldFindSomethingAreNotSpared(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a.c", "int a;\n")
	w.collectWell()
	// One after the other, in any order: each leaves the repository as it found it, with nothing to do.
	for name, test := range map[string]struct {
		options []string
		change  string
		want    []string
	}{
		"people changed":           {nil, `INSERT INTO augur_operations.people_change (kind, key) VALUES ('alias', 'ann@example.org')`, []string{git.KindContributors}},
		"sums are old":             {nil, `UPDATE augur_operations.git_history SET cached = false`, []string{git.KindContributors}},
		"never attributed":         {nil, `UPDATE augur_operations.git_history SET attributed = false`, []string{git.KindContributors}},
		"everybody, in each run":   {[]string{"Facade.facade_contributor_full_recollect=1"}, "", []string{git.KindContributors}},
		"everything, in each run":  {[]string{"Facade.nuke_stored_affiliations=1"}, "", []string{git.KindContributors}},
		"other rules of files":     {[]string{"Facade.tree_file_limit=1 MB"}, "", []string{git.KindDependencies, git.KindLabor, git.KindLibyear}},
		"libyears are old":         {nil, `UPDATE augur_operations.tree_snapshot SET checked_at = checked_at - interval '8 days'`, []string{git.KindLibyear}},
		"a snapshot was lost":      {nil, `DELETE FROM augur_operations.tree_snapshot WHERE kind = 'git_labor'`, []string{git.KindLabor}},
		"a snapshot was not whole": {nil, `UPDATE augur_operations.tree_snapshot SET rules = rules || ', not whole' WHERE kind = 'git_libyear'`, []string{git.KindLibyear}},
		"the last run failed": {nil, `INSERT INTO augur_operations.collection_backoff (repo_id, phase, cause, failures, failed_at, retry_at, reason)
			SELECT repo_id, 'facade', 'error', 1, now(), now(), 'x' FROM repo`, []string{git.KindCommits, git.KindContributors, git.KindDependencies, git.KindLabor, git.KindLibyear}},
	} {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t, w.options = t, test.options
			if test.change != "" {
				_, err := w.pool.Exec(t.Context(), test.change)
				require.NoError(t, err)
			}
			w.collectWell()
			require.ElementsMatch(t, append([]string{git.KindFetch}, test.want...), w.worked())
			w.options = nil
			w.collectWell()
			w.collectWell()
			require.Equal(t, []string{git.KindFetch}, w.worked(), "once that is done, there is nothing to do")
		})
	}
}

// An interrupted history has the newest commit as its target, not as its head.
func TestInterruptedHistoryIsNotTakenForStored(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a", "1\n")
	w.collectWell()
	_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.git_history SET target = head")
	require.NoError(t, err)
	require.Equal(t, "Success", tasktest.Collect(t, w.pool, w.catalog(), w.settings(), tasks.Facade, w.repo).Outcome)
	require.Contains(t, w.worked(), git.KindCommits)
	require.Equal(t, []string{"t"}, w.strings("SELECT left((target IS NULL)::text, 1) FROM augur_operations.git_history"))
}

package git_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/db/config"
	"augur/db/dbtest"
	"augur/tasks"
	"augur/tasks/git"
	"augur/tasks/tasktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a database, a directory of clones, and an upstream repository with a work tree.
type world struct {
	t        *testing.T
	pool     *pgxpool.Pool
	home     string
	upstream string
	repo     int64
	options  []string
}

func setup(t *testing.T, options ...string) *world {
	t.Helper()
	w := &world{t: t, pool: dbtest.New(t), home: t.TempDir(), upstream: filepath.Join(t.TempDir(), "up stream"), options: options}
	require.NoError(t, os.Mkdir(w.upstream, 0o755))
	w.git("init", "-q", "-b", "main")
	w.repo = tasktest.AddRepo(t, w.pool, w.upstream)
	return w
}

// git runs git in the upstream repository.
func (w *world) git(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), "git", args...)
	cmd.Dir = w.upstream
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org",
		"GIT_COMMITTER_NAME=Cem", "GIT_COMMITTER_EMAIL=cem@example.org", "GIT_AUTHOR_DATE=2024-01-31T23:30:00-0500", "GIT_COMMITTER_DATE=2024-02-01T10:00:00+0200")
	out, err := cmd.CombinedOutput()
	require.NoError(w.t, err, "git %v: %s", args, out)
	return strings.TrimSpace(string(out))
}

// commit writes a file, commits it and returns the hash.
func (w *world) commit(name, content string) string {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(filepath.Join(w.upstream, name), []byte(content), 0o644))
	w.git("add", "-A")
	w.git("-c", "maintenance.auto=false", "commit", "-q", "-m", "write "+name)
	return w.git("rev-parse", "HEAD")
}

// settings are those of the program with local repositories allowed, and the options of the test.
func (w *world) settings() *config.Store {
	return config.Static(config.NewRegistry(config.NewSection[git.Settings]("Facade"), config.NewSection[git.Registries]("Registries")), append([]string{"Facade.allow_local=1"}, w.options...)...)
}

func (w *world) catalog() *tasks.Catalog {
	catalog := tasks.NewCatalog()
	git.Add(catalog, w.settings(), git.Options{Home: w.home, Env: os.Environ(), Version: "test", Log: slog.New(slog.DiscardHandler)})
	return catalog
}

func (w *world) collect() tasktest.Outcome {
	w.t.Helper()
	return tasktest.Collect(w.t, w.pool, w.catalog(), w.settings(), tasks.Facade, w.repo)
}

func (w *world) collectWell() {
	w.t.Helper()
	got := w.collect()
	require.Equal(w.t, "Success", got.Outcome, got.Reason)
}

// strings is the first column of a query.
func (w *world) strings(query string, args ...any) []string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), query, args...)
	require.NoError(w.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(w.t, err)
	return list
}

// content is everything that a collection stores, without ids and dates of collection, for comparing two databases or two moments.
func (w *world) content() []string {
	return w.strings(`
		SELECT concat_ws('|', 'c', cmt_commit_hash, cmt_filename, cmt_added, cmt_removed, cmt_whitespace, cmt_author_name, cmt_author_raw_email, cmt_author_email,
			cmt_author_date, cmt_author_timestamp, cmt_committer_name, cmt_committer_email, cmt_committer_date, cmt_committer_timestamp) AS line FROM commits
		UNION ALL SELECT concat_ws('|', 'm', cmt_hash, cmt_msg) FROM commit_messages
		UNION ALL SELECT concat_ws('|', 'p', c.cmt_commit_hash, q.cmt_commit_hash) FROM commit_parents p JOIN commits c ON c.cmt_id = p.cmt_id JOIN commits q ON q.cmt_id = p.parent_id
		UNION ALL SELECT concat_ws('|', 'h', head, target, commits) FROM augur_operations.git_history
		ORDER BY line`)
}

func TestCollectsHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.commit("a b.txt", "one\ntwo\n\n")
	second := w.commit("a b.txt", "one\nthree is longer than eight\n\n")
	w.collectWell()
	require.Equal(t, []string{
		first + " a b.txt +2 -0 ws1 Ann <ann@example.org> 2024-01-31 2024-02-01 04:30:00+00 Cem 2024-02-01 2024-02-01 08:00:00+00",
		second + " a b.txt +1 -1 ws0 Ann <ann@example.org> 2024-01-31 2024-02-01 04:30:00+00 Cem 2024-02-01 2024-02-01 08:00:00+00",
	}, w.strings(`SELECT format('%s %s +%s -%s ws%s %s <%s> %s %s %s %s %s', cmt_commit_hash, cmt_filename, cmt_added, cmt_removed, cmt_whitespace, cmt_author_name,
		cmt_author_email, cmt_author_date, cmt_author_timestamp, cmt_committer_name, cmt_committer_date, cmt_committer_timestamp) FROM commits ORDER BY cmt_id`))
	require.Equal(t, []string{"write a b.txt", "write a b.txt"}, w.strings("SELECT cmt_msg FROM commit_messages"))
	require.Equal(t, []string{second + " " + first}, w.strings(`SELECT c.cmt_commit_hash || ' ' || q.cmt_commit_hash
		FROM commit_parents p JOIN commits c ON c.cmt_id = p.cmt_id JOIN commits q ON q.cmt_id = p.parent_id`))
	require.Equal(t, []string{second + " main 2"}, w.strings("SELECT format('%s %s %s', head, branch, commits) FROM augur_operations.git_history WHERE target IS NULL"))
	require.Equal(t, []string{"up stream 2"}, w.strings("SELECT format('%s %s', repo_name, commit_sum) FROM repo JOIN augur_operations.collection_status USING (repo_id)"))
	require.Equal(t, []string{"New (cloning)"}, w.strings("SELECT status FROM repos_fetch_log"))
}

func TestUnchangedRepositoryChangesNoRow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a", "1\n")
	w.collectWell()
	before := w.strings("SELECT cmt_id::text || xmin::text FROM commits UNION ALL SELECT cmt_msg_id::text || xmin::text FROM commit_messages ORDER BY 1")
	// Nothing but asking the remote is needed: not even the clone.
	require.NoError(t, os.RemoveAll(filepath.Join(w.home, "repos")))
	w.collectWell()
	require.Equal(t, before, w.strings("SELECT cmt_id::text || xmin::text FROM commits UNION ALL SELECT cmt_msg_id::text || xmin::text FROM commit_messages ORDER BY 1"))
	require.NoDirExists(t, filepath.Join(w.home, "repos", "1-up-stream.git"))
	require.Equal(t, []string{"New (cloning)", "Up-to-date"}, w.strings("SELECT status FROM repos_fetch_log ORDER BY ctid"))
}

func TestNewCommitsAreAddedToWhatIsThere(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a", "1\n")
	w.collectWell()
	ids := w.strings("SELECT cmt_id::text FROM commits ORDER BY 1")
	w.commit("b", "2\n")
	w.git("checkout", "-q", "-b", "side", "HEAD~1")
	w.commit("c", "3\n")
	w.git("checkout", "-q", "main")
	w.git("merge", "-q", "--no-ff", "side")
	w.collectWell()
	require.Subset(t, w.strings("SELECT cmt_id::text FROM commits"), ids)
	require.Equal(t, []string{"(Merge commit)", "a", "b", "c"}, w.strings("SELECT cmt_filename FROM commits ORDER BY 1"))
	require.Equal(t, []string{"New (cloning)", "Updating"}, w.strings("SELECT status FROM repos_fetch_log ORDER BY ctid"))
	require.Equal(t, fresh(t, w).content(), w.content(), "as if collected at once")
}

// fresh collects the upstream of w into a database of its own.
func fresh(t *testing.T, w *world) *world {
	t.Helper()
	other := &world{t: t, pool: dbtest.New(t), home: t.TempDir(), upstream: w.upstream, options: w.options}
	other.repo = tasktest.AddRepo(t, other.pool, w.upstream)
	other.collectWell()
	return other
}

func TestRewrittenHistoryEqualsAFreshCollection(t *testing.T) {
	t.Parallel()
	w := setup(t)
	base := w.commit("a", "1\n")
	left := w.commit("b", "2\n")
	w.collectWell()
	w.git("reset", "-q", "--hard", base)
	w.commit("c", "3\n")
	w.collectWell()
	require.Equal(t, []string{left}, w.strings("SELECT commit_hash FROM augur_operations.unreachable_commit"))
	require.Equal(t, fresh(t, w).content(), w.content())
	// What left comes back when it is reachable again.
	w.git("reset", "-q", "--hard", left)
	w.collectWell()
	require.NotContains(t, w.strings("SELECT commit_hash FROM augur_operations.unreachable_commit"), left)
	require.Equal(t, fresh(t, w).content(), w.content())
}

func TestDefaultBranchIsFollowed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a", "1\n")
	w.collectWell()
	w.git("checkout", "-q", "--orphan", "trunk")
	w.commit("z", "1\n")
	w.git("branch", "-q", "-D", "main")
	w.collectWell()
	require.Equal(t, []string{"trunk"}, w.strings("SELECT branch FROM augur_operations.git_history"))
	require.Equal(t, fresh(t, w).content(), w.content())
}

func TestEmptyRepositorySucceedsWithNoCommits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.collectWell()
	require.Empty(t, w.strings("SELECT cmt_commit_hash FROM commits"))
	w.commit("a", "1\n")
	w.collectWell()
	require.Len(t, w.strings("SELECT cmt_commit_hash FROM commits"), 1)
}

func TestInterruptedCollectionEndsAsAnUndisturbedOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var hashes []string
	for i := range 6 {
		hashes = append(hashes, w.commit(fmt.Sprint("f", i%2), fmt.Sprint(i, "\n")))
	}
	w.collectWell()
	want := w.content()
	// As a kill between two windows leaves it: some commits, the cursor on its way.
	_, err := w.pool.Exec(t.Context(), `DELETE FROM commit_parents; DELETE FROM commits WHERE cmt_commit_hash = ANY ($1); `, pgx.QueryExecModeSimpleProtocol, hashes[3:])
	require.NoError(t, err)
	_, err = w.pool.Exec(t.Context(), `DELETE FROM commit_messages WHERE cmt_hash = ANY ($1)`, hashes[3:])
	require.NoError(t, err)
	_, err = w.pool.Exec(t.Context(), `INSERT INTO commit_parents (cmt_id, parent_id) SELECT c.cmt_id, p.cmt_id FROM commits c JOIN commits p ON p.cmt_commit_hash = CASE c.cmt_commit_hash WHEN $1 THEN $2 WHEN $2 THEN $3 END`,
		hashes[2], hashes[1], hashes[0])
	require.NoError(t, err)
	_, err = w.pool.Exec(t.Context(), `UPDATE augur_operations.git_history SET head = NULL, target = $1, commits = 3`, hashes[5])
	require.NoError(t, err)
	w.collectWell()
	require.Equal(t, want, w.content())
}

func TestLostCloneIsMadeAgain(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(clone string) error{
		"gone":      os.RemoveAll,
		"truncated": truncatePacks,
		"no HEAD":   func(clone string) error { return os.Remove(filepath.Join(clone, "HEAD")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.commit("a", "1\n")
			w.collectWell()
			clones, err := filepath.Glob(filepath.Join(w.home, "repos", "*.git"))
			require.NoError(t, err)
			require.Len(t, clones, 1)
			require.NoError(t, damage(clones[0]))
			w.commit("b", "2\n")
			w.collectWell()
			require.Equal(t, fresh(t, w).content(), w.content())
		})
	}
}

func truncatePacks(clone string) error {
	packs, err := filepath.Glob(filepath.Join(clone, "objects", "pack", "*.pack"))
	if err != nil || len(packs) == 0 {
		return fmt.Errorf("packs of %s: %v %w", clone, packs, err)
	}
	if err := os.Chmod(packs[0], 0o644); err != nil {
		return err
	}
	return os.Truncate(packs[0], 20)
}

func TestSwitchesAreHonoured(t *testing.T) {
	t.Parallel()
	t.Run("run_analysis", func(t *testing.T) {
		t.Parallel()
		w := setup(t, "Facade.run_analysis=0")
		w.commit("a", "1\n")
		w.collectWell()
		require.Empty(t, w.strings("SELECT cmt_commit_hash FROM commits"))
		require.Len(t, w.strings("SELECT fetched FROM augur_operations.git_history"), 1)
	})
	t.Run("pull_repos", func(t *testing.T) {
		t.Parallel()
		w := setup(t, "Facade.pull_repos=0")
		w.commit("a", "1\n")
		w.collectWell()
		w.commit("b", "1\n")
		w.collectWell()
		require.Equal(t, []string{"a"}, w.strings("SELECT cmt_filename FROM commits"))
	})
	t.Run("commit_messages", func(t *testing.T) {
		t.Parallel()
		w := setup(t, "Facade.commit_messages=0")
		w.commit("a", "1\n")
		w.collectWell()
		require.Empty(t, w.strings("SELECT cmt_msg FROM commit_messages"))
	})
	t.Run("repo_directory must exist", func(t *testing.T) {
		t.Parallel()
		err := git.Settings{RepoDirectory: "/does/not/exist/"}.CheckDirectory(t.TempDir())
		require.EqualError(t, err, "Facade.repo_directory: /does/not/exist does not exist (create it, or change the setting)")
	})
	t.Run("url_rewrite", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.commit("a", "1\n")
		w.options = []string{"Facade.allow_local=1", "Facade.url_rewrite=https://git.example.org/=" + rewritten(t, w.upstream)}
		w.repo = tasktest.AddRepo(t, w.pool, "https://git.example.org/project")
		w.collectWell()
		require.Equal(t, []string{"a"}, w.strings("SELECT cmt_filename FROM commits WHERE repo_id = $1", w.repo))
		require.Equal(t, []string{"git.example.org-project project"}, w.strings("SELECT repo_path || ' ' || repo_name FROM repo WHERE repo_id = $1", w.repo))
	})
}

// rewritten is a directory that holds the upstream under the name project, without a blank in its path.
func rewritten(t *testing.T, upstream string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Symlink(upstream, filepath.Join(dir, "project")))
	return dir + "/"
}

func TestRemoteThatIsNotThereIsAResult(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/private") {
			rw.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		rw.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(server.Close)
	for name, test := range map[string]struct{ path, reason string }{
		"gone":    {"/gone", "repository does not exist"},
		"private": {"/private", "repository asks for credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, "Facade.allow_http=1", "Facade.allow_private=1")
			w.repo = tasktest.AddRepo(t, w.pool, server.URL+test.path)
			got := w.collect()
			require.Equal(t, "Ignore", got.Status)
			require.Contains(t, got.Reason, test.reason)
		})
	}
}

func TestURLIsCheckedOnceMoreBeforeGitSeesIt(t *testing.T) {
	t.Parallel()
	canary := filepath.Join(t.TempDir(), "canary")
	for _, url := range []string{"ext::sh -c touch% " + canary, "--upload-pack=touch " + canary, "-u./x", "https://user:secret@example.org/x"} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.repo = tasktest.AddRepo(t, w.pool, url)
			got := w.collect()
			require.Equal(t, "Error", got.Status, "at the first attempt")
			require.Contains(t, got.Reason, "URL")
			require.NotContains(t, got.Reason, "secret")
			require.NoFileExists(t, canary)
			require.Empty(t, w.strings("SELECT 'leak' FROM river.river_job WHERE errors::text LIKE '%secret%'"))
		})
	}
}

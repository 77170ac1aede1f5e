package git_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/tasks"
	"augur/tasks/git"
	"augur/tasks/tasktest"
)

// bulk is content that git cannot make smaller.
func bulk(bytes int) string {
	content := make([]byte, bytes)
	for i := range content {
		content[i] = byte(rand.Uint32())
	}
	return string(content)
}

func (w *world) usage() *git.Usage {
	w.t.Helper()
	u, err := git.DiskUsage(w.t.Context(), w.pool, config.Of[git.Settings](w.settings()), w.home)
	require.NoError(w.t, err)
	return u
}

// clones are the names of what lies in the directory of clones.
func (w *world) clones() []string {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.home, "repos"))
	require.NoError(w.t, err)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names
}

// second adds a repository beside that of w, in the same database and home.
func (w *world) second() *world {
	w.t.Helper()
	other := *w
	other.upstream = filepath.Join(w.t.TempDir(), "other")
	require.NoError(w.t, os.Mkdir(other.upstream, 0o755))
	other.git("init", "-q", "-b", "main")
	other.repo = tasktest.AddRepo(w.t, w.pool, other.upstream)
	return &other
}

// until works until the query says true.
func (w *world) until(query string) {
	w.t.Helper()
	tasktest.WorkUntil(w.t, w.pool, w.catalog(), w.settings(), tasktest.Orderly, func() bool { return tasktest.Holds(w.t, w.pool, query) })
}

// finish works until the run has ended, while jobs that wait or failed come at once.
func (w *world) finish() {
	w.t.Helper()
	tasktest.WorkUntil(w.t, w.pool, w.catalog(), w.settings(), tasktest.Orderly, func() bool {
		tasktest.Hurry(w.t, w.pool)
		return tasktest.Holds(w.t, w.pool, "SELECT count(*) = 0 FROM augur_operations.collection_run WHERE finished_at IS NULL")
	})
}

func TestCloneThatWasNotUsedForLongestMakesRoom(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.disk_quota=600 kB", "Facade.limited_run=1")
	w.commit("a", bulk(400_000))
	w.collectWell()
	other := w.second()
	other.commit("b", bulk(400_000))
	require.Len(t, w.clones(), 1)
	u := w.usage()
	require.Equal(t, w.upstream, u.Clones[0].URL)
	require.Equal(t, 1, u.Clones[0].Turn)
	require.False(t, u.Clones[0].Next)
	require.Greater(t, u.Clones[0].Bytes, int64(400_000))
	require.Equal(t, u.Clones[0].Bytes, u.Bytes)

	other.collectWell()
	require.Len(t, w.clones(), 1)
	require.Equal(t, other.upstream, w.usage().Clones[0].URL)
	require.Len(t, w.strings("SELECT cmt_commit_hash FROM commits"), 2, "what is stored stays")
	require.Len(t, w.strings("SELECT repo_id::text FROM augur_operations.git_clone"), 1)

	w.collectWell()
	require.Equal(t, other.upstream, w.usage().Clones[0].URL, "nothing new needs no clone")
	w.commit("c", "1\n")
	w.collectWell()
	require.Equal(t, w.upstream, w.usage().Clones[0].URL)
	require.Len(t, w.strings("SELECT cmt_commit_hash FROM commits"), 3)
}

func TestCloneThatExceedsTheQuotaAloneIsAnError(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.disk_quota=500 kB")
	w.commit("a", bulk(800_000)) // however fast git is
	got := w.collect()
	require.Equal(t, "Error", got.Status)
	require.Contains(t, got.Reason, "raise Facade.disk_quota")
	require.Empty(t, w.clones())
}

func TestFullDiskPausesClonesAndSaysSo(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.free_space_floor=1 EB")
	w.commit("a", "1\n")
	tasktest.Start(t, w.pool, w.catalog(), w.settings(), tasks.Facade, w.repo)
	w.until("SELECT count(*) = 1 FROM augur_operations.collection_task WHERE waits_for LIKE '%less than Facade.free_space_floor (1.0 EB), and there is no unused clone to remove'")
	require.Equal(t, []string{"scheduled 0 0"}, w.strings("SELECT concat_ws(' ', state, attempt, coalesce(cardinality(errors), 0)) FROM river.river_job"), "no attempt is used")
	tasktest.RequireConsistent(t, w.pool)
	w.options = nil
	w.finish()
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
}

func TestCloneIsLockedByARunningJobOnly(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.limited_run=1")
	w.commit("a", "1\n")
	w.collectWell()
	w.commit("b", "1\n")
	var job int64
	require.NoError(t, w.pool.QueryRow(t.Context(), `INSERT INTO river.river_job (args, kind, max_attempts, state, queue, attempted_at, attempted_by)
		VALUES ('{}', 'other', 3, 'running', 'other', now(), '{other}') RETURNING id`).Scan(&job))
	_, err := w.pool.Exec(t.Context(), "INSERT INTO augur_operations.git_clone_use (store, repo_id, job_id, exclusive) SELECT store, repo_id, $1, true FROM augur_operations.git_clone", job)
	require.NoError(t, err)
	require.Equal(t, 0, w.usage().Clones[0].Turn, "it is in use")
	require.Equal(t, []int64{job}, w.usage().Clones[0].Jobs)
	tasktest.Start(t, w.pool, w.catalog(), w.settings(), tasks.Facade, w.repo)
	w.until("SELECT count(*) = 1 FROM augur_operations.collection_task WHERE waits_for LIKE 'another job of this repository%'")
	_, err = w.pool.Exec(t.Context(), "UPDATE river.river_job SET state = 'cancelled', finalized_at = now() WHERE id = $1", job)
	require.NoError(t, err)
	w.finish()
	require.Len(t, w.strings("SELECT cmt_commit_hash FROM commits"), 2)
}

func TestBrokenCloneIsMadeAgainByTheNextTask(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a.c", "int a;\n")
	w.collectWell()
	marker := filepath.Join(w.home, "repos", w.clones()[0], "marker")
	require.NoError(t, os.WriteFile(marker, nil, 0o644))
	_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.git_clone SET broken = true")
	require.NoError(t, err)
	w.commit("b.c", "int b;\n")
	tasktest.Start(t, w.pool, w.catalog(), w.settings(), tasks.Facade, w.repo)
	w.finish()
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
	require.NoFileExists(t, marker)
	require.Empty(t, w.strings("SELECT name FROM augur_operations.git_clone WHERE broken"))
	require.Len(t, w.labor(), 2)
}

func TestLostCloneIsMadeOnceForAllTasks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a.c", "int a;\n")
	w.collectWell()
	// As on a machine that only now joins: the history is not stored, the snapshots are not taken, and there is no clone.
	require.NoError(t, os.RemoveAll(filepath.Join(w.home, "repos")))
	_, err := w.pool.Exec(t.Context(), "DELETE FROM augur_operations.tree_snapshot")
	require.NoError(t, err)
	tasktest.Start(t, w.pool, w.catalog(), w.settings(), tasks.Facade, w.repo)
	w.finish()
	require.Equal(t, "Success", tasktest.Last(t, w.pool, tasks.Facade, w.repo).Outcome)
	require.Len(t, w.strings("SELECT DISTINCT store::text FROM augur_operations.git_clone"), 2, "a new directory is another store")
	u := w.usage()
	require.Len(t, u.Clones, 1)
	require.Equal(t, 1, u.Elsewhere[0].Clones)
	require.Equal(t, []string{"3"}, w.strings("SELECT count(*)::text FROM augur_operations.tree_snapshot"))
}

func TestUsageTellsWhatIsNextToGo(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.limited_run=1")
	w.commit("a", bulk(100_000))
	w.collectWell()
	other := w.second()
	other.commit("b", bulk(300_000))
	other.collectWell()
	require.NoError(t, os.WriteFile(filepath.Join(w.home, "repos", "leftover"), []byte("12345"), 0o644))
	w.options = []string{"Facade.disk_quota=350 kB"}
	u := w.usage()
	require.Equal(t, int64(5), u.Other)
	require.Equal(t, int64(350_000), u.Quota)
	require.Positive(t, u.Free)
	got := make([]string, len(u.Clones))
	for i, c := range u.Clones {
		got[i] = fmt.Sprint(filepath.Base(c.URL), " ", c.Turn, " ", c.Next)
	}
	require.Equal(t, []string{"other 2 false", "up stream 1 true"}, got, "the largest first")
	empty := &world{t: t, pool: w.pool, home: t.TempDir()}
	require.Empty(t, empty.usage().Clones, "a directory that is not there yet")
}

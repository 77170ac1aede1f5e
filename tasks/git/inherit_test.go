package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// augurCommit stores a commit as Augur's facade does: its counts, its names, no affiliation, and one row more wherever it was interrupted.
func (w *world) augurCommit(hash, message string, files ...string) {
	w.t.Helper()
	for _, file := range files {
		var name string
		var added, removed int
		_, err := fmt.Sscanf(file, "%q %d %d", &name, &added, &removed)
		require.NoError(w.t, err)
		w.exec(`INSERT INTO commits (repo_id, cmt_commit_hash, cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_date, cmt_committer_name, cmt_committer_raw_email,
				cmt_committer_email, cmt_committer_date, cmt_added, cmt_removed, cmt_whitespace, cmt_filename, cmt_date_attempted, cmt_committer_timestamp, cmt_author_timestamp,
				tool_source, tool_version, data_source)
			VALUES ($1, $2, 'Ann', 'ann@example.org', 'ann@example.org', '2024-01-31', 'Cem', 'cem@example.org', 'cem@example.org', '2024-02-01', $3, $4, 0, $5,
				'2024-02-01 10:00:00 +0200', '2024-02-01 10:00:00 +0200', '2024-01-31 23:30:00 -0500', 'Facade', '0.80', 'git')`, w.repo, hash, added, removed, name)
	}
	w.exec(`INSERT INTO commit_messages (repo_id, cmt_msg, cmt_hash, tool_source, tool_version, data_source) VALUES ($1, $2, $3, 'Facade', '0.80', 'git')`, w.repo, message, hash)
}

// comment is a comment on the first row of a commit.
func (w *world) comment(id int, hash string) {
	w.t.Helper()
	w.exec(`INSERT INTO message (msg_id, pltfrm_id, repo_id, platform_msg_id) VALUES ($1, 1, $2, $1)`, id, w.repo)
	w.exec(`INSERT INTO commit_comment_ref (cmt_id, repo_id, msg_id, user_id, cmt_comment_src_id) SELECT min(cmt_id), $1, $2, 1, $2 FROM commits WHERE cmt_commit_hash = $3`, w.repo, id, hash)
}

// inherited is a world with a history that Augur has collected nearly to its end, and with what Augur leaves behind.
func inherited(t *testing.T, options ...string) (w *world, hashes []string, gone string) {
	t.Helper()
	w = setup(t, options...)
	hashes = []string{w.commit("a b.txt", "one\ntwo\n"), w.commit("logo.png", "\x00\x01")}
	gone = w.commit("x", "1\n")
	w.git("reset", "-q", "--hard", hashes[1])
	require.NoError(t, os.Remove(filepath.Join(w.upstream, "a b.txt")))
	hashes = append(hashes, w.commit("c", "1\n"))
	w.augurCommit(hashes[1], "write logo.png", `"" 0 0`)
	w.augurCommit(gone, "write x", `"x" 1 1`)
	w.augurCommit(hashes[0], "write a b.txt", `"a b.txt\t" 2 1`, `"a b.txt\t" 2 1`)
	w.augurCommit(hashes[2], "write c", `"(Deleted) a b.txt\t" 1 2`, `"c" 1 1`)
	w.exec("INSERT INTO working_commits (repos_id, working_commit) VALUES ($1, $2)", w.repo, hashes[2])
	w.comment(1, hashes[0])
	w.comment(2, gone)
	hashes = append(hashes, w.commit("d", "1\n"))
	return w, hashes, gone
}

// comments are the comments with the rows that they are linked to.
func (w *world) comments() []string {
	w.t.Helper()
	return w.strings("SELECT concat_ws(' ', r.msg_id, c.cmt_commit_hash, c.cmt_filename) FROM commit_comment_ref r JOIN commits c USING (cmt_id) ORDER BY r.msg_id")
}

func TestCommitsOfAugurAreReplacedByExactOnes(t *testing.T) {
	t.Parallel()
	w, hashes, gone := inherited(t)
	w.collectWell()
	require.Equal(t, fresh(t, w).content(), w.content(), "as if it had been collected here from the start")
	require.Equal(t, []string{"5"}, w.strings("SELECT count(*)::text FROM commits"))
	require.Empty(t, w.strings("SELECT cmt_filename FROM commits WHERE tool_version = '0.80' OR cmt_author_affiliation IS NULL"))
	require.Empty(t, w.strings("SELECT cmt_msg FROM commit_messages WHERE tool_version = '0.80'"))
	require.Equal(t, []string{gone}, w.strings("SELECT commit_hash FROM augur_operations.unreachable_commit"))
	require.Equal(t, []string{"1 " + hashes[0] + " a b.txt"}, w.comments())
	require.Equal(t, []string{"4 t t"}, w.strings("SELECT concat_ws(' ', commits, attributed, cached) FROM augur_operations.git_history WHERE inherited IS NULL"))
	require.Equal(t, []string{"4"}, w.strings("SELECT commit_sum::text FROM augur_operations.collection_status"))
	w.requireSums()

	before := w.strings("SELECT cmt_id::text || xmin::text FROM commits ORDER BY 1")
	w.collectWell()
	require.Equal(t, before, w.strings("SELECT cmt_id::text || xmin::text FROM commits ORDER BY 1"), "the next run finds nothing to do")
}

func TestTakeoverThatWasKilledGoesOn(t *testing.T) {
	t.Parallel()
	w, hashes, gone := inherited(t)
	before := w.strings("SELECT cmt_id::text FROM commits")
	w.collectWell()
	want := w.content()
	// As a kill between two windows leaves it: unreachable commits are gone, the first commit is exact, the others are as Augur had them.
	w.exec("DELETE FROM commit_parents")
	w.exec("DELETE FROM commits WHERE cmt_commit_hash <> $1", hashes[0])
	w.exec("DELETE FROM commit_messages WHERE cmt_hash <> $1", hashes[0])
	w.augurCommit(hashes[1], "write logo.png", `"" 0 0`)
	w.augurCommit(hashes[2], "write c", `"(Deleted) a b.txt\t" 1 2`, `"c" 1 1`)
	w.exec("UPDATE commits SET cmt_id = cmt_id - 100000 WHERE tool_version = '0.80'")
	w.exec("UPDATE augur_operations.git_history SET head = NULL, target = $1, commits = 3, attributed = false, cached = false, inherited = 0", hashes[3])
	w.comment(3, hashes[2])
	w.collectWell()
	require.Equal(t, want, w.content())
	require.Equal(t, []string{"1 " + hashes[0] + " a b.txt", "3 " + hashes[2] + " (Deleted) a b.txt"}, w.comments())
	require.NotContains(t, w.strings("SELECT cmt_id::text FROM commits"), before[0])
	require.Equal(t, []string{gone}, w.strings("SELECT commit_hash FROM augur_operations.unreachable_commit"))
	w.requireSums()
}

func TestCommitsOfAugurLeaveARepositoryThatIsEmptyNow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	left := w.commit("a", "1\n")
	w.augurCommit(left, "write a", `"a" 1 1`)
	w.git("update-ref", "-d", "refs/heads/main")
	w.collectWell()
	require.Empty(t, w.strings("SELECT cmt_commit_hash FROM commits"))
	require.Equal(t, []string{left}, w.strings("SELECT commit_hash FROM augur_operations.unreachable_commit"))
	require.Equal(t, []string{"0"}, w.strings("SELECT commits::text FROM augur_operations.git_history WHERE inherited IS NULL"))
}

func TestCommitsOfAugurStayWhereHistoryIsNotRead(t *testing.T) {
	t.Parallel()
	w, hashes, _ := inherited(t, "Facade.run_analysis=0")
	before := w.content()
	w.collectWell()
	require.Equal(t, before, w.strings("SELECT line FROM unnest($1::text[]) AS line WHERE line NOT LIKE 'h|%'", w.content()))
	w.options = []string{"Facade.commit_messages=0"}
	w.collectWell()
	require.Equal(t, []string{"0.80", "0.80", "0.80"}, w.strings("SELECT tool_version FROM commit_messages"), "messages that Augur stored stay when none are wanted")
	require.Len(t, w.strings("SELECT DISTINCT cmt_commit_hash FROM commits WHERE tool_version = 'test'"), len(hashes))
}

func TestCommentsOnCommitsThatLeaveDoNotHoldThem(t *testing.T) {
	t.Parallel()
	w := setup(t)
	base := w.commit("a", "1\n")
	left := w.commit("b", "1\n")
	w.collectWell()
	w.comment(1, base)
	w.comment(2, left)
	w.git("reset", "-q", "--hard", base)
	w.collectWell()
	require.Equal(t, []string{"1 " + base + " a"}, w.comments())
	require.Len(t, w.strings("SELECT msg_id::text FROM message"), 2)
}

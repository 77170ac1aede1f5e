package git_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What each switch of section Facade does, as the user's text has it. Those of git_test.go and people_test.go are about one task; these are about what goes on without it.

func TestWithoutAnalysisTheRestGoesOn(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Bob", "bob@redhat.com", "a.py", "import os\n")
	w.collectWell()
	w.options = []string{"Facade.run_analysis=0"}
	w.as("Eve", "eve@x.example", "b.py", "import os\nimport json\n")
	const bob = "00000000-0000-0000-0000-0000000000b0"
	w.exec("INSERT INTO contributors (cntrb_id, cntrb_login, cntrb_canonical) VALUES ($1, 'bob', 'bob@redhat.com')", bob)
	w.collectWell()
	require.Equal(t, []string{"Bob bob@redhat.com bob@redhat.com Red Hat " + bob}, w.persons(), "no commit more, and those that exist are resolved")
	require.Equal(t, []string{"json", "os"}, w.strings("SELECT dep_name FROM repo_dependencies WHERE data_collection_date = (SELECT max(data_collection_date) FROM repo_dependencies) ORDER BY 1"))
	w.options = nil
	w.collectWell()
	require.Len(t, w.persons(), 2)
	require.Equal(t, fresh(t, w).content(), w.content())
}

func TestWithoutPullsWhatIsClonedIsAnalysed(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.run_analysis=0")
	w.commit("a", "1\n")
	w.collectWell()
	w.commit("b", "1\n")
	w.options = []string{"Facade.pull_repos=0"}
	w.collectWell()
	require.Equal(t, []string{"a"}, w.strings("SELECT cmt_filename FROM commits"))
	w.options = nil
	w.collectWell()
	require.Equal(t, []string{"a", "b"}, w.strings("SELECT cmt_filename FROM commits ORDER BY 1"))
}

func TestLimitedRunObeysTheOtherSwitches(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.limited_run=1", "Facade.run_analysis=0", "Facade.run_facade_contributors=0", "Facade.rebuild_caches=0")
	w.commit("a.c", "int a;\n")
	w.collectWell()
	require.Equal(t, []string{"git_fetch"}, w.strings("SELECT kind FROM augur_operations.collection_task ORDER BY 1"))
	w.options = nil
	w.collectWell()
	require.Equal(t, []string{"git_commits", "git_contributors", "git_dependencies", "git_fetch", "git_labor", "git_libyear"},
		w.strings("SELECT kind FROM augur_operations.collection_task WHERE run_id = (SELECT max(run_id) FROM augur_operations.collection_run) ORDER BY 1"))
}

func TestMessagesAreStoredFromTheDayOnThatTheyAreWanted(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.commit_messages=0")
	w.commit("a", "1\n")
	w.collectWell()
	w.options = nil
	w.commit("b", "1\n")
	w.collectWell()
	require.Equal(t, []string{"write b"}, w.strings("SELECT cmt_msg FROM commit_messages"))
}

func TestFullRecollectFindsWhatNoTriggerSaw(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Ann", "7+ann@users.noreply.github.com", "a", "1\n")
	w.collectWell()
	const changed = `SET session_replication_role = replica; UPDATE contributors_aliases SET canonical_email = 'ann@redhat.com'; RESET session_replication_role`
	w.exec(changed)
	w.collectWell()
	require.Contains(t, w.persons()[0], " 7+ann@users.noreply.github.com (Unknown) ", "nobody has noticed")
	w.options = []string{"Facade.facade_contributor_full_recollect=1"}
	w.collectWell()
	require.Contains(t, w.persons()[0], " ann@redhat.com Red Hat ")
	w.requireSums()
}

func TestInvalidatedAffiliationsFollow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Bob", "bob@redhat.com", "a", "1\n")
	w.collectWell()
	other := w.second()
	other.as("Bob", "bob@redhat.com", "b", "1\n")
	other.collectWell()
	w.exec("UPDATE contributor_affiliations SET ca_affiliation = 'IBM' WHERE ca_domain = 'redhat.com'")
	w.collectWell()
	require.Equal(t, []string{"IBM", "IBM"}, w.strings("SELECT cmt_author_affiliation FROM commits"), "in every repository, whichever is collected")
	w.requireSums()
	w.exec("INSERT INTO contributor_affiliations (ca_domain, ca_affiliation, ca_start_date) VALUES ('bob@redhat.com', 'Himself', '2030-01-01')")
	w.collectWell()
	require.Equal(t, []string{"IBM", "IBM"}, w.strings("SELECT cmt_author_affiliation FROM commits"), "that has not begun")
	w.requireSums()
}

func TestHostileHistoryIsStoredAsFarAsPostgreSQLCanHoldIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 3 {
		w.commit("f", string(rune('a'+i))+"\n")
	}
	tree, parent := w.git("rev-parse", "HEAD^{tree}"), w.git("rev-parse", "HEAD")
	raw := func(text string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "commit")
		require.NoError(t, os.WriteFile(path, []byte("tree "+tree+"\nparent "+parent+"\n"+text), 0o600))
		parent = w.git("hash-object", "-t", "commit", "-w", "--literally", path)
	}
	raw("author Ren\xe9 \xff <r@x> 99999999999999 -13068837\ncommitter C <c@d> -99999999999999 +9999\n\nfirst\x00second\n")
	raw("author " + strings.Repeat("n", 3000) + " <" + strings.Repeat("e", 3000) + "@x> 1 +0000\ncommitter C <c@d> 1 +0000\nencoding latin1\n\ncaf\xe9\n")
	raw("author C <c@d> 1 +0000\ncommitter C <c@d> 1 +0000\n\n" + strings.Repeat("m", 3000))
	w.git("reset", "-q", "--hard", parent)
	require.NoError(t, os.WriteFile(w.upstream+"/caf\xe9 \t\"x\"\n.txt", []byte("1\n"), 0o644))
	deep := filepath.Join(w.upstream, strings.Repeat("d", 200), strings.Repeat("e", 200), strings.Repeat("f", 200))
	require.NoError(t, os.MkdirAll(deep, 0o755))
	w.commit(filepath.Join(deep[len(w.upstream)+1:], "leaf"), "1\n")
	w.collectWell()
	require.Equal(t, []string{
		"Ren\uFFFD \uFFFD|r@x|9999-12-30|first\uFFFDsecond", strings.Repeat("n", 1000) + "|" + strings.Repeat("e", 500) + "|1970-01-01|café", "C|c@d|1970-01-01|" + strings.Repeat("m", 3000),
	}, w.strings(`SELECT concat_ws('|', cmt_author_name, cmt_author_raw_email, cmt_author_date, cmt_msg) FROM commits c JOIN commit_messages m ON m.cmt_hash = c.cmt_commit_hash
		WHERE cmt_filename = '' ORDER BY cmt_id`))
	require.Equal(t, []string{"caf\uFFFD \t\"x\"\n.txt", deep[len(w.upstream)+1:] + "/leaf"},
		w.strings(`SELECT cmt_filename FROM commits WHERE cmt_filename NOT IN ('', 'f') ORDER BY cmt_filename COLLATE "C"`))
	require.Equal(t, []string{"9"}, w.strings("SELECT repaired::text FROM augur_operations.git_history"), "two texts, two dates, two zones, a name, an e-mail and a path")
	w.requireSums()
}

func TestSHA256HistoryIsStored(t *testing.T) {
	t.Parallel()
	w := setup(t)
	require.NoError(t, os.RemoveAll(filepath.Join(w.upstream, ".git")))
	w.git("init", "-q", "-b", "main", "--object-format=sha256")
	w.commit("a", "1\n")
	left := w.commit("b", "1\n")
	w.collectWell()
	require.Len(t, w.strings("SELECT cmt_commit_hash FROM commits WHERE length(cmt_commit_hash) = 64"), 2)
	w.git("commit", "-q", "--amend", "-m", "other")
	w.collectWell()
	require.Equal(t, []string{left}, w.strings("SELECT commit_hash FROM augur_operations.unreachable_commit"))
	require.Equal(t, fresh(t, w).content(), w.content())
}

func TestRenamedDefaultBranchChangesNoCommit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.commit("a", "1\n")
	w.collectWell()
	rows := w.strings("SELECT cmt_id::text || xmin FROM commits")
	w.git("branch", "-q", "-m", "main", "trunk")
	w.collectWell()
	require.Equal(t, rows, w.strings("SELECT cmt_id::text || xmin FROM commits"))
	require.Equal(t, []string{"trunk"}, w.strings("SELECT branch FROM augur_operations.git_history"))
	w.git("checkout", "-q", "-b", "side")
	w.commit("b", "1\n")
	w.git("checkout", "-q", "trunk")
	w.collectWell()
	require.Equal(t, rows, w.strings("SELECT cmt_id::text || xmin FROM commits"), "other branches are not collected")
}

package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/tasktest"
)

// as commits a file in the name of somebody.
func (w *world) as(name, email, file, content string) string {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(filepath.Join(w.upstream, file), []byte(content), 0o644))
	w.git("add", "-A")
	w.git("commit", "-q", "-m", "write "+file, "--author", fmt.Sprintf("%s <%s>", name, email))
	return w.git("rev-parse", "HEAD")
}

// persons are the people of the commits, oldest first.
func (w *world) persons() []string {
	w.t.Helper()
	return w.strings(`SELECT concat_ws(' ', cmt_author_name, cmt_author_raw_email, cmt_author_email, cmt_author_affiliation, coalesce(cmt_ght_author_id::text, '-'))
		FROM commits WHERE cmt_filename NOT IN ('.mailmap', '(Merge commit)') ORDER BY cmt_id`)
}

// requireSums compares the caches with what a plain aggregation of the commits gives.
func (w *world) requireSums() {
	w.t.Helper()
	for table, query := range map[string]string{
		"dm_repo_annual": `SELECT concat_ws('|', c.repo_id, cmt_author_email, coalesce(cmt_author_affiliation, '(Unknown)'), left(cmt_committer_date, 4)::int, sum(cmt_added), sum(cmt_removed), sum(cmt_whitespace),
			count(DISTINCT cmt_filename), count(DISTINCT cmt_commit_hash)) FROM commits c GROUP BY c.repo_id, cmt_author_email, cmt_author_affiliation, left(cmt_committer_date, 4) ORDER BY 1`,
		"dm_repo_monthly": `SELECT concat_ws('|', c.repo_id, cmt_author_email, coalesce(cmt_author_affiliation, '(Unknown)'), substr(cmt_committer_date, 6, 2)::int, left(cmt_committer_date, 4)::int, sum(cmt_added), sum(cmt_removed),
			sum(cmt_whitespace), count(DISTINCT cmt_filename), count(DISTINCT cmt_commit_hash)) FROM commits c GROUP BY c.repo_id, cmt_author_email, cmt_author_affiliation, left(cmt_committer_date, 4), substr(cmt_committer_date, 6, 2) ORDER BY 1`,
		"dm_repo_weekly": `SELECT concat_ws('|', c.repo_id, cmt_author_email, coalesce(cmt_author_affiliation, '(Unknown)'), to_char(cmt_committer_date::date, 'IW')::int, to_char(cmt_committer_date::date, 'IYYY')::int, sum(cmt_added), sum(cmt_removed),
			sum(cmt_whitespace), count(DISTINCT cmt_filename), count(DISTINCT cmt_commit_hash)) FROM commits c GROUP BY c.repo_id, cmt_author_email, cmt_author_affiliation, to_char(cmt_committer_date::date, 'IW'), to_char(cmt_committer_date::date, 'IYYY') ORDER BY 1`,
	} {
		period := map[string]string{"dm_repo_annual": "year", "dm_repo_monthly": "month, year", "dm_repo_weekly": "week, year"}[table]
		sums := "sum(added), sum(removed), sum(whitespace), sum(files), sum(patches)"
		rows := fmt.Sprintf("SELECT concat_ws('|', repo_id, email, affiliation, %s, added, removed, whitespace, files, patches) FROM %s ORDER BY 1", period, table)
		require.Equal(w.t, w.strings(query), w.strings(rows), table)
		group := strings.Replace(table, "dm_repo", "dm_repo_group", 1)
		require.Equal(w.t,
			w.strings(fmt.Sprintf("SELECT concat_ws('|', repo_group_id, email, affiliation, %s, %s) FROM %s JOIN repo USING (repo_id) GROUP BY repo_group_id, email, affiliation, %s ORDER BY 1", period, sums, table, period)),
			w.strings(fmt.Sprintf("SELECT concat_ws('|', repo_group_id, email, affiliation, %s, added, removed, whitespace, files, patches) FROM %s ORDER BY 1", period, group)), group)
	}
}

func TestCommitsFindTheirPeople(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Ann", "74832+ann@users.noreply.github.com", "a", "1\n")
	w.as("ann", "ann@laptop.(none)", "b", "1\n")
	w.as("Bob", "bob@redhat.com", "c", "1\n")
	w.as("Cem", "", "d", "1\n")
	require.NoError(t, os.WriteFile(filepath.Join(w.upstream, ".mailmap"), []byte("Ann A. <74832+ann@users.noreply.github.com> <ann@laptop.(none)>\n"), 0o644))
	w.as("Ann", "ann@laptop.(none)", "b", "2\n")
	w.collectWell()
	const ann = "01000124-5000-0000-0000-000000000000"
	require.Equal(t, []string{
		"Ann 74832+ann@users.noreply.github.com 74832+ann@users.noreply.github.com (Unknown) " + ann,
		"ann ann@laptop.(none) 74832+ann@users.noreply.github.com (Unknown) " + ann,
		"Bob bob@redhat.com bob@redhat.com Red Hat -",
		"Cem   (Unknown) -",
		"Ann ann@laptop.(none) 74832+ann@users.noreply.github.com (Unknown) " + ann,
	}, w.persons())
	require.Equal(t, []string{"bob@redhat.com Bob", "cem@example.org Cem"}, w.strings(`SELECT email || ' ' || name FROM unresolved_commit_emails WHERE email NOT LIKE 'ann@%' ORDER BY 1`))
	w.requireSums()

	// The next .mailmap says something else, and git is not read again for the old commits.
	require.NoError(t, os.WriteFile(filepath.Join(w.upstream, ".mailmap"), []byte("<bob@redhat.com> <ann@laptop.(none)>\n\xff\x00junk"), 0o644))
	ids := w.strings("SELECT c.cmt_id::text FROM commits c ORDER BY c.cmt_id")
	w.as("Bob", "bob@redhat.com", "c", "2\n")
	w.collectWell()
	require.Equal(t, ids, w.strings("SELECT c.cmt_id::text FROM commits c ORDER BY c.cmt_id")[:len(ids)])
	require.Contains(t, w.persons(), "ann ann@laptop.(none) bob@redhat.com Red Hat -")
	w.requireSums()

	w.git("rm", "-q", ".mailmap")
	w.as("Bob", "bob@redhat.com", "c", "3\n")
	w.collectWell()
	require.Contains(t, w.persons(), "ann ann@laptop.(none) ann@laptop.(none) (Unknown) -")
	require.Empty(t, w.strings("SELECT email FROM augur_operations.commit_identity"))
	w.requireSums()
}

func TestPeopleWhomNobodyHasToBeAskedAboutAreStoredAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.exec("INSERT INTO contributors (cntrb_id, cntrb_login, cntrb_canonical) VALUES ('01000000-0100-0000-0000-000000000000', 'bob', 'bob@redhat.com')")
	w.as("Ann", "7+ann@users.noreply.github.com", "a", "1\n")
	w.as("Bob", "bob@redhat.com", "b", "1\n")
	require.NoError(t, os.WriteFile(filepath.Join(w.upstream, ".mailmap"), []byte("<8+cem@users.noreply.github.com> <cem@old>\n"), 0o644))
	w.as("Cem", "cem@old", "c", "1\n")
	w.as("Eve", "eve@x.example", "d", "1\n")
	w.collectWell()
	require.Equal(t, []string{
		"Ann 7+ann@users.noreply.github.com 7+ann@users.noreply.github.com (Unknown) 01000000-0700-0000-0000-000000000000", "Bob bob@redhat.com bob@redhat.com Red Hat 01000000-0100-0000-0000-000000000000",
		"Cem cem@old 8+cem@users.noreply.github.com (Unknown) 01000000-0800-0000-0000-000000000000", "Eve eve@x.example eve@x.example (Unknown) -",
	}, w.persons())
	require.Equal(t, []string{"1"}, w.strings("SELECT count(DISTINCT xmin::text)::text FROM commits"), "no row was changed after it was stored")
	require.Empty(t, w.strings("SELECT key FROM augur_operations.people_change"))
	w.requireSums()
}

func TestSumsFollowRewrittenHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Ann", "ann@x.example", "a", "1\n")
	base := w.as("Bob", "bob@x.example", "b", "1\n")
	w.as("Ann", "ann@x.example", "c", "1\n2\n")
	w.as("Eve", "eve@x.example", "c", "1\n")
	w.collectWell()
	w.requireSums()
	w.git("reset", "-q", "--hard", base)
	w.as("Ann", "ann@x.example", "d", "1\n")
	w.collectWell()
	w.requireSums()
	require.Equal(t, []string{"ann@x.example", "bob@x.example"}, w.strings("SELECT email FROM dm_repo_group_annual ORDER BY 1"))
}

func TestUnchangedPeopleChangeNoRow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Ann", "7+ann@users.noreply.github.com", "a", "1\n")
	w.collectWell()
	const state = `SELECT 'c' || xmin || cmt_id FROM commits UNION ALL SELECT 'e' || xmin || email FROM augur_operations.commit_email UNION ALL SELECT 'a' || xmin || alias_email FROM contributors_aliases
		UNION ALL SELECT 'n' || xmin || cntrb_id FROM contributors UNION ALL SELECT 'w' || xmin || email FROM dm_repo_weekly UNION ALL SELECT 'g' || xmin || email FROM dm_repo_group_weekly ORDER BY 1`
	before := w.strings(state)
	w.collectWell()
	w.options = []string{"Facade.facade_contributor_full_recollect=1", "Facade.nuke_stored_affiliations=1"}
	w.collectWell()
	require.Equal(t, before, w.strings(state))
}

func TestSwitchesOfPeopleCatchUp(t *testing.T) {
	t.Parallel()
	w := setup(t, "Facade.run_facade_contributors=0", "Facade.rebuild_caches=0")
	w.as("Ann", "7+ann@users.noreply.github.com", "a", "1\n")
	w.as("Bob", "bob@redhat.com", "b", "1\n")
	w.collectWell()
	require.Equal(t, []string{
		"Ann 7+ann@users.noreply.github.com 7+ann@users.noreply.github.com -", "Bob bob@redhat.com bob@redhat.com -",
	}, w.persons())
	require.Empty(t, w.strings("SELECT email FROM dm_repo_annual"))
	w.options = nil
	w.collectWell()
	require.Equal(t, []string{
		"Ann 7+ann@users.noreply.github.com 7+ann@users.noreply.github.com (Unknown) 01000000-0700-0000-0000-000000000000", "Bob bob@redhat.com bob@redhat.com Red Hat -",
	}, w.persons())
	w.requireSums()

	w.exec("UPDATE contributor_affiliations SET ca_affiliation = 'IBM' WHERE ca_domain = 'redhat.com'")
	w.options = []string{"Facade.force_invalidate_caches=0"}
	w.as("Bob", "bob@redhat.com", "c", "1\n")
	w.collectWell()
	require.Equal(t, []string{"Red Hat", "IBM"}, w.strings("SELECT cmt_author_affiliation FROM commits WHERE cmt_author_name = 'Bob' ORDER BY cmt_id"))
	w.requireSums()
	w.options = []string{"Facade.nuke_stored_affiliations=1"}
	w.collectWell()
	require.Equal(t, []string{"IBM", "IBM"}, w.strings("SELECT cmt_author_affiliation FROM commits WHERE cmt_author_name = 'Bob' ORDER BY cmt_id"))
	w.requireSums()
}

func TestContributorsThatAppearWhileTheSwitchIsOffAreFoundLater(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"by their e-mail":  `INSERT INTO contributors (cntrb_id, cntrb_login, cntrb_canonical) VALUES ('01000000-0700-0000-0000-000000000000', 'bob', 'bob@redhat.com')`,
		"by another alias": `WITH c AS (INSERT INTO contributors (cntrb_id, cntrb_login) VALUES ('01000000-0700-0000-0000-000000000000', 'bob') RETURNING cntrb_id) INSERT INTO contributors_aliases (alias_email, canonical_email, cntrb_active, cntrb_id) SELECT 'bob@redhat.com', 'bob@redhat.com', 1, cntrb_id FROM c`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.as("Bob", "bob@redhat.com", "b", "1\n")
			w.collectWell()
			w.options = []string{"Facade.run_facade_contributors=0"}
			w.exec(change)
			w.collectWell()
			require.Equal(t, []string{"Bob bob@redhat.com bob@redhat.com Red Hat -"}, w.persons())
			w.options = nil
			w.collectWell()
			require.Equal(t, []string{"Bob bob@redhat.com bob@redhat.com Red Hat 01000000-0700-0000-0000-000000000000"}, w.persons())
			w.requireSums()
		})
	}
}

func TestCommitsOfAnOlderSchemaAreAttributed(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.as("Bob", "bob@redhat.com", "a", "1\n")
	w.collectWell()
	want := w.content()
	w.exec(`UPDATE commits SET cmt_author_affiliation = NULL, cmt_committer_affiliation = NULL`)
	w.exec(`UPDATE augur_operations.git_history SET attributed = false, cached = false`)
	w.exec(`DELETE FROM augur_operations.commit_email`)
	w.exec(`DELETE FROM dm_repo_annual`)
	w.exec(`DELETE FROM dm_repo_weekly`)
	w.collectWell()
	require.Equal(t, want, w.content())
	require.Equal(t, []string{"Bob bob@redhat.com bob@redhat.com Red Hat -"}, w.persons())
	require.Equal(t, []string{"bob@redhat.com", "cem@example.org"}, w.strings("SELECT email FROM augur_operations.commit_email ORDER BY 1"))
	w.requireSums()
}

func TestRepositoriesOfOneGroupAreSummedTogether(t *testing.T) {
	t.Parallel()
	w, other := setup(t), setup(t)
	w.as("Ann", "ann@x.example", "a", "1\n")
	other.as("Ann", "ann@x.example", "a", "1\n2\n")
	w.collectWell()
	w.repo = tasktest.AddRepo(t, w.pool, other.upstream)
	w.collectWell()
	w.requireSums()
	require.Equal(t, []string{"2 3 2"}, w.strings("SELECT concat_ws(' ', files, added, patches) FROM dm_repo_group_annual"))
	w.exec("UPDATE repo SET repo_group_id = 10 WHERE repo_id = $1", w.repo)
	w.requireSums()
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.pool.Exec(w.t.Context(), sql, args...)
	require.NoError(w.t, err)
}

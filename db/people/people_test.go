package people_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/people"
)

// authors lists who wrote the commits: raw e-mail, canonical e-mail, affiliation, contributor.
const authors = `SELECT DISTINCT concat_ws(' ', cmt_author_raw_email, cmt_author_email, cmt_author_affiliation, coalesce(cmt_ght_author_id::text, '-')) FROM commits ORDER BY 1`

func TestPrivateAddressOfGitHubNamesItsAccount(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("https://github.com/a/b", 1)
	w.store(repo,
		commit{name: "Ann", email: "74832+ann@users.noreply.github.com", day: "2024-01-01", files: []people.FileChange{change("a", 1)}},
		commit{name: "Ann", email: "74832+Ann-renamed@users.noreply.GitHub.com", day: "2024-01-01", files: []people.FileChange{change("a", 1)}},
		commit{name: "dependabot[bot]", email: "49699333+dependabot[bot]@users.noreply.github.com", day: "2024-01-01", files: []people.FileChange{change("a", 1)}})
	w.run(repo)
	require.Equal(t, []string{
		"49699333+dependabot[bot]@users.noreply.github.com 49699333+dependabot[bot]@users.noreply.github.com (Unknown) 0102f65a-0500-0000-0000-000000000000",
		"74832+Ann-renamed@users.noreply.GitHub.com 74832+Ann-renamed@users.noreply.GitHub.com (Unknown) 01000124-5000-0000-0000-000000000000",
		"74832+ann@users.noreply.github.com 74832+Ann-renamed@users.noreply.GitHub.com (Unknown) 01000124-5000-0000-0000-000000000000",
	}, w.strings(authors))
	require.Equal(t, []string{"Ann-renamed 74832 - Ann", "dependabot[bot] 49699333 Bot dependabot[bot]"},
		w.strings("SELECT concat_ws(' ', gh_login, gh_user_id, coalesce(gh_type, '-'), cntrb_full_name) FROM contributors WHERE gh_user_id > 0 ORDER BY cntrb_login COLLATE \"C\""))
	require.Empty(t, w.strings("SELECT email FROM unresolved_commit_emails"))
	require.Equal(t, []string{"resolved"}, w.strings("SELECT DISTINCT state FROM augur_operations.commit_email"))
}

func TestNoReplyReadsOnlyAddressesWithAnID(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]int64{
		"1+a@users.noreply.github.com":                                1,
		"4294967295+a_b-c@Users.NoReply.GitHub.Com":                   4294967295,
		"a@users.noreply.github.com":                                  0,
		"+a@users.noreply.github.com":                                 0,
		"1+@users.noreply.github.com":                                 0,
		"01+a@users.noreply.github.com":                               0,
		"-1+a@users.noreply.github.com":                               0,
		"1 +a@users.noreply.github.com":                               0,
		"1+a\x00@users.noreply.github.com":                            0,
		"99999999999999999999+a@users.noreply.github.com":             0,
		"1+a@users.noreply.github.com.evil.example":                   0,
		"1+a@evil.example@users.noreply.github.com":                   0,
		"1+a b@users.noreply.github.com":                              0,
		"":                                                            0,
		"1+" + strings.Repeat("a", 101) + "@users.noreply.github.com": 0,
	} {
		id, _, ok := people.NoReply(email)
		require.Equal(t, want, id, email)
		require.Equal(t, want != 0, ok, email)
	}
}

func TestNameNeverTellsWhoSomebodyIs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login, cntrb_full_name, cntrb_canonical) VALUES ('01000000-0900-0000-0000-000000000000', 'john', 'John Smith', 'john@one.example'),
		('01000000-0a00-0000-0000-000000000000', '', '', '')`)
	repo := w.repo("https://github.com/a/b", 1)
	w.store(repo,
		commit{name: "John Smith", email: "john@two.example", day: "2024-01-01", files: []people.FileChange{change("a", 1)}},
		commit{name: "John Smith", email: "john@one.example", day: "2024-01-01", files: []people.FileChange{change("a", 1)}},
		commit{name: "John Smith", email: "", day: "2024-01-01", files: []people.FileChange{change("a", 1)}})
	w.run(repo)
	require.Equal(t, []string{
		"  (Unknown) -",
		"john@one.example john@one.example (Unknown) 01000000-0900-0000-0000-000000000000",
		"john@two.example john@two.example (Unknown) -",
	}, w.strings(authors))
	require.Equal(t, []string{"john@two.example John Smith"}, w.strings("SELECT email || ' ' || name FROM unresolved_commit_emails"))
	require.Equal(t, []string{"john@two.example"}, w.strings("SELECT email FROM augur_operations.commit_email WHERE state = 'new'"))
}

func TestAliasesHaveTheLastWordAndTakeEffectLater(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login) VALUES ('01000000-0900-0000-0000-000000000000', 'ann'), ('01000000-0a00-0000-0000-000000000000', 'bob')`)
	one, two := w.repo("https://github.com/a/b", 1), w.repo("https://git.example.org/c", 10)
	files := []people.FileChange{change("a", 5)}
	w.store(one, commit{name: "Ann", email: "ann@home.example", day: "2024-01-01", files: files})
	w.store(two, commit{name: "A. N.", email: "ann@home.example", committer: "bob@x.example", day: "2024-01-01", files: files})
	w.run(one)
	w.exec(`INSERT INTO contributors_aliases (alias_email, canonical_email, cntrb_id) VALUES ('ann@home.example', 'ann@redhat.com', '01000000-0900-0000-0000-000000000000')`)
	require.Equal(t, 2, w.run(two).Rows)
	require.Equal(t, []string{"ann@home.example ann@redhat.com Red Hat 01000000-0900-0000-0000-000000000000"}, w.strings(authors))
	require.Equal(t, []string{"bob@x.example (Unknown)"}, w.strings("SELECT DISTINCT cmt_committer_email || ' ' || cmt_committer_affiliation FROM commits WHERE repo_id = $1", two))
	require.Equal(t, []string{"1 ann@redhat.com Red Hat", "10 ann@redhat.com Red Hat"}, w.strings("SELECT concat_ws(' ', repo_group_id, email, affiliation) FROM dm_repo_group_weekly ORDER BY 1"))

	w.exec("UPDATE contributors_aliases SET cntrb_id = '01000000-0a00-0000-0000-000000000000'")
	w.run(one)
	require.Equal(t, []string{"ann@home.example ann@redhat.com Red Hat 01000000-0a00-0000-0000-000000000000"}, w.strings(authors))
	w.exec("UPDATE contributors_aliases SET cntrb_active = 0")
	w.run(one)
	require.Equal(t, []string{"ann@home.example ann@home.example (Unknown) -"}, w.strings(authors))
	w.exec("UPDATE contributors_aliases SET cntrb_active = 1, canonical_email = ''")
	w.run(one)
	require.Equal(t, []string{"ann@home.example ann@home.example (Unknown) 01000000-0a00-0000-0000-000000000000"}, w.strings(authors))
	w.exec("DELETE FROM contributors_aliases")
	w.run(one)
	require.Equal(t, []string{"ann@home.example ann@home.example (Unknown) -"}, w.strings(authors))
	require.Empty(t, w.strings("SELECT key FROM augur_operations.people_change"))
}

func TestContributorThatComesLaterGetsOldCommits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("https://github.com/a/b", 1)
	w.store(repo, commit{name: "Ann", email: "ann@x.example", day: "2024-01-01", files: []people.FileChange{change("a", 1)}})
	w.run(repo)
	require.Equal(t, []string{"ann@x.example"}, w.strings("SELECT email FROM unresolved_commit_emails"))
	w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login) VALUES ('01000000-0900-0000-0000-000000000000', 'ann')`)
	w.exec(`UPDATE contributors SET cntrb_canonical = 'ann@x.example' WHERE cntrb_login = 'ann'`)
	w.run(repo)
	require.Equal(t, []string{"ann@x.example ann@x.example (Unknown) 01000000-0900-0000-0000-000000000000"}, w.strings(authors))
	require.Empty(t, w.strings("SELECT email FROM unresolved_commit_emails"))
	require.Equal(t, []string{"resolved 01000000-0900-0000-0000-000000000000"}, w.strings("SELECT state || ' ' || cntrb_id FROM augur_operations.commit_email"))
}

func TestMailmapDecidesBeforeAliases(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login, cntrb_canonical) VALUES ('01000000-0900-0000-0000-000000000000', 'ann', 'ann@proper.example'), ('01000000-0a00-0000-0000-000000000000', 'raw', NULL);
		INSERT INTO contributors_aliases (alias_email, canonical_email, cntrb_id) VALUES ('raw@known.example', 'x@raw.example', '01000000-0a00-0000-0000-000000000000')`)
	repo := w.repo("https://git.example.org/x", 1)
	w.exec(`INSERT INTO augur_operations.commit_identity (repo_id, email, name, mapped_email, mapped_name)
		VALUES ($1, 'root@localhost', 'ann', 'ann@proper.example', 'Ann'), ($1, 'raw@known.example', 'Raw', 'unknown@proper.example', 'Raw')`, repo)
	files := []people.FileChange{change("a", 1)}
	w.store(repo,
		commit{name: "ann", email: "root@localhost", day: "2024-01-01", files: files}, commit{name: "somebody", email: "root@localhost", day: "2024-01-01", files: files},
		commit{name: "Raw", email: "raw@known.example", day: "2024-01-01", files: files})
	w.run(repo)
	require.Equal(t, []string{
		"raw@known.example unknown@proper.example (Unknown) 01000000-0a00-0000-0000-000000000000",
		"root@localhost ann@proper.example (Unknown) 01000000-0900-0000-0000-000000000000",
		"root@localhost root@localhost (Unknown) -",
	}, w.strings(authors))
}

func TestCycleOfAliasesEnds(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.exec(`INSERT INTO contributors (cntrb_id, cntrb_login) VALUES ('01000000-0900-0000-0000-000000000000', 'ann');
		INSERT INTO contributors_aliases (alias_email, canonical_email, cntrb_id)
		SELECT 'e' || i || '@x', 'e' || (i + 1) % 10000 || '@x', '01000000-0900-0000-0000-000000000000' FROM generate_series(0, 9999) i`)
	repo := w.repo("https://git.example.org/x", 1)
	w.store(repo, commit{name: "a", email: "e9999@x", day: "2024-01-01", files: []people.FileChange{change("a", 1)}},
		commit{name: "a", email: "e5@x", day: "2024-01-01", files: []people.FileChange{change("a", 1)}})
	w.run(repo)
	require.Equal(t, []string{"e5@x e6@x (Unknown) 01000000-0900-0000-0000-000000000000", "e9999@x e0@x (Unknown) 01000000-0900-0000-0000-000000000000"}, w.strings(authors))
}

func TestAffiliationIsTheMostExactThatHasBegun(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.exec(`INSERT INTO contributor_affiliations (ca_domain, ca_affiliation, ca_start_date, ca_active) VALUES
		('Ann@one.example', 'Ann Ltd', '2020-06-01', 1), ('one.example', 'One', '1970-01-01', 1), ('dept.two.example', 'Department', '2021-01-01', 1), ('two.example', 'Two', NULL, 1),
		('off.example', 'Off', NULL, 0), ('nobody.example', NULL, NULL, 1), ('uni-x.edu', 'X', '2000-01-01', 1)`)
	for _, c := range []struct{ email, day, want string }{
		{"ann@ONE.example", "2020-05-31", "One"},
		{"ANN@one.example", "2020-06-01", "Ann Ltd"},
		{"bob@one.example", "0001-01-02", "One"},
		{"bob@dept.two.example", "2020-12-31", "Two"},
		{"bob@dept.two.example", "2021-01-01", "Department"},
		{"bob@deep.dept.two.example", "2024-01-01", "Two"},
		{"bob@off.example", "2024-01-01", "(Unknown)"},
		{"bob@nobody.example", "2024-01-01", "(Unknown)"},
		{"bob@cs.uni-x.edu", "1999-12-31", "(Academic)"},
		{"bob@cs.uni-x.edu", "2000-01-01", "X"},
		{"bob@uni.EDU", "2024-01-01", "(Academic)"},
		{"bob@edu", "2024-01-01", "(Unknown)"},
		{"no address", "2024-01-01", "(Unknown)"},
		{"one.example", "2024-01-01", "One"},
		{"", "2024-01-01", "(Unknown)"},
		{"a@b@one.example", "2024-01-01", "One"},
		{"%@%.example", "9999-12-30", "(Unknown)"},
	} {
		found, err := w.people.Attribute(t.Context(), w.pool, []people.Identity{{RepoID: 1, Name: "x", Email: c.email}})
		require.NoError(t, err)
		require.Equal(t, c.want, found[0].Affiliation(c.day), "%s on %s", c.email, c.day)
	}
}

func TestChangedAffiliationsReachOldCommits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("https://git.example.org/x", 1)
	for i, email := range []string{"a@corp.example", "b@mail.corp.example", "c@other.example", "D@CORP.example"} {
		w.store(repo, commit{name: "x", email: email, day: fmt.Sprintf("202%d-01-01", i), files: []people.FileChange{change("a", 1)}})
	}
	w.run(repo)
	w.exec("INSERT INTO contributor_affiliations (ca_domain, ca_affiliation, ca_start_date) VALUES ('corp.example', 'Corp', '2021-01-01')")
	require.Equal(t, 2, w.run(repo).Rows)
	list := "SELECT concat_ws(' ', cmt_author_raw_email, cmt_author_affiliation, cmt_committer_affiliation) FROM commits ORDER BY cmt_id"
	require.Equal(t, []string{"a@corp.example (Unknown) (Unknown)", "b@mail.corp.example Corp Corp", "c@other.example (Unknown) (Unknown)", "D@CORP.example Corp Corp"}, w.strings(list))
	w.exec("UPDATE contributor_affiliations SET ca_start_date = '2000-01-01', ca_last_used = now() WHERE ca_domain = 'corp.example'")
	require.Equal(t, 1, w.run(repo).Rows)
	w.exec("DELETE FROM contributor_affiliations WHERE ca_domain = 'corp.example'")
	require.Equal(t, 3, w.run(repo).Rows)
	require.Equal(t, []string{"(Unknown)"}, w.strings("SELECT DISTINCT affiliation FROM dm_repo_group_annual"))
}

func TestSecondRunChangesNoRow(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("https://github.com/a/b", 1)
	w.store(repo, commit{name: "Ann", email: "7+ann@users.noreply.github.com", day: "2024-01-01", files: []people.FileChange{change("a", 1)}},
		commit{name: "Bob", email: "bob@x.example", day: "2024-01-01", files: []people.FileChange{change("a", 1)}})
	w.run(repo)
	const state = `SELECT 'c' || xmin || cmt_id FROM commits UNION ALL SELECT 'e' || xmin || email FROM augur_operations.commit_email UNION ALL SELECT 'a' || xmin || alias_email FROM contributors_aliases
		UNION ALL SELECT 'n' || xmin || cntrb_id FROM contributors UNION ALL SELECT 'u' || xmin || email FROM unresolved_commit_emails UNION ALL SELECT 'w' || xmin || email FROM dm_repo_weekly
		UNION ALL SELECT 'g' || xmin || email FROM dm_repo_group_weekly UNION ALL SELECT 'h' || xmin || repo_id FROM augur_operations.git_history ORDER BY 1`
	before := w.strings(state)
	require.Zero(t, w.run(repo))
	rows, err := w.people.AttributeAll(t.Context(), w.page, repo)
	require.NoError(t, err)
	require.Zero(t, rows)
	require.NoError(t, w.people.RebuildOne(t.Context(), w.page, repo))
	require.Equal(t, before, w.strings(state))
}

func TestEmailOfPlainGitIsAskedAboutOnceAPlatformHasIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	plain, hub := w.repo("https://git.example.org/x", 1), w.repo("https://github.com/a/b", 1)
	c := commit{name: "Ann", email: "ann@x.example", day: "2024-01-01", files: []people.FileChange{change("a", 1)}}
	w.store(plain, c)
	hashes := w.store(hub, c)
	w.store(plain, c)
	require.Equal(t, []string{fmt.Sprint(hub, " ", hashes[0])}, w.strings("SELECT repo_id || ' ' || commit_hash FROM augur_operations.commit_email"))
}

func TestAnUpdateSumsUpItsYearsOnly(t *testing.T) {
	t.Parallel()
	w := setup(t)
	repo := w.repo("https://git.example.org/x", 1)
	at := func(day string) commit {
		return commit{name: "Ann", email: "ann@x.example", day: day, files: []people.FileChange{change("a", 1), change(day, 2)}}
	}
	w.store(repo, at("2019-12-29"), at("2019-12-30"), at("2021-01-01"), at("2024-12-30"), at("0001-01-01"), at("9999-12-31"))
	const old = "SELECT concat_ws(' ', xmin, year, week) FROM dm_repo_weekly WHERE year < 2024 ORDER BY year, week"
	before := w.strings(old)
	for _, day := range []string{"2025-01-02", "2024-12-31", "2025-01-01"} {
		w.tally[repo] = people.NewTally(false) // another run
		w.store(repo, at(day), at(day))
		require.Equal(t, w.summed(), w.cached(), day)
	}
	require.Equal(t, before, w.strings(old))
	for _, day := range []string{"2020-01-01", "2021-01-03", "0001-01-02", "9999-12-30"} { // a week may belong to another year than its days
		w.tally[repo] = people.NewTally(false)
		w.store(repo, at(day), at("2024-12-31"))
		require.Equal(t, w.summed(), w.cached(), day)
	}
}

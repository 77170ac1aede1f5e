package repos_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/repos"
	"augur/facade/giturl"
)

// load adds a file and gives its verdicts.
func load(t testing.TB, pool *pgxpool.Pool, file string, o repos.Options) (repos.Summary, []repos.Verdict) {
	t.Helper()
	var verdicts []repos.Verdict
	o.OnVerdict = func(v repos.Verdict) { verdicts = append(verdicts, v) }
	summary, err := repos.AddRepos(t.Context(), pool, strings.NewReader(file), o)
	require.NoError(t, err)
	require.Len(t, verdicts, summary.Rows)
	require.Equal(t, summary.Rows, summary.Added+summary.AlreadyThere+summary.Rejected)
	return summary, verdicts
}

// state is everything that adding writes, as text, with the sequences.
func state(t testing.TB, pool *pgxpool.Pool) string {
	t.Helper()
	var text string
	require.NoError(t, pool.QueryRow(t.Context(), `
		SELECT concat_ws(E'\n',
			(SELECT string_agg(r::text, E'\n' ORDER BY r.repo_id) FROM augur_data.repo r),
			(SELECT string_agg(s::text, E'\n' ORDER BY s.repo_id) FROM augur_operations.collection_status s),
			(SELECT string_agg(u::text, E'\n' ORDER BY u.repo_id) FROM augur_operations.user_repos u),
			(SELECT string_agg(g::text, E'\n' ORDER BY g.repo_group_id) FROM augur_data.repo_groups g),
			pg_sequence_last_value('augur_data.repo_repo_id_seq'),
			pg_sequence_last_value('augur_data.repo_groups_repo_group_id_seq'))`).Scan(&text))
	return text
}

func count(t testing.TB, pool *pgxpool.Pool, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, pool.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

func TestAddReposWritesTheRowsThatAugurWrites(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	summary, verdicts := load(t, pool, "repo_url,repo_group_id\nhttps://github.com/CHAOSS/augur.git,10\nhttps://gitlab.com/a/b/c,1\n", repos.Options{ToolVersion: "9.9"})
	require.Equal(t, repos.Summary{Rows: 2, Added: 2}, summary)
	first := verdicts[0].RepoID
	require.Equal(t, []repos.Verdict{
		{Line: 2, URL: "https://github.com/chaoss/augur", RepoID: first, Group: 10, Status: repos.Added},
		{Line: 3, URL: "https://gitlab.com/a/b/c", RepoID: first + 1, Group: 1, Status: repos.Added},
	}, verdicts)

	rows, err := pool.Query(t.Context(), `
		SELECT repo_group_id, repo_git, repo_path, repo_name, repo_type, tool_source, tool_version, data_source,
			repo_added > localtimestamp - interval '1 hour' AND repo_added = data_collection_date AS fresh
		FROM augur_data.repo ORDER BY repo_id`)
	require.NoError(t, err)
	type row struct {
		RepoGroupID                                                                int64
		RepoGit, RepoPath, RepoName, RepoType, ToolSource, ToolVersion, DataSource string
		Fresh                                                                      bool
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	require.NoError(t, err)
	require.Equal(t, []row{
		{10, "https://github.com/chaoss/augur", "github.com/chaoss/", "augur", "", "CLI", "9.9", "Git", true},
		{1, "https://gitlab.com/a/b/c", "gitlab.com/a/b/", "c", "", "CLI", "9.9", "Git", true},
	}, got)

	require.Equal(t, 2, count(t, pool, `
		SELECT count(*) FROM augur_operations.collection_status
		WHERE (core_status, secondary_status, facade_status, ml_status) = ('Pending', 'Pending', 'Pending', 'Pending')
			AND core_task_id IS NULL AND facade_data_last_collected IS NULL`))
	require.Equal(t, 2, count(t, pool, `SELECT count(*) FROM augur_operations.user_repos WHERE group_id = 1`))
}

func TestAddReposGivesAVerdictToEachRow(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	file := strings.Join([]string{
		"repo_url,repo_group_id,note",  // 1
		"https://github.com/a/one,10,", // 2
		"",                             // 3
		"https://github.com/A/One.git/,10,by case and .git",    // 4
		"git@github.com:a/one,1,by ssh",                        // 5
		"https://github.com/a/two,99,",                         // 6
		"https://github.com/a/two,ten,",                        // 7
		"https://github.com/a/two,10,the first that is good",   // 8
		"https://github.com/chaoss,10,",                        // 9
		"https://u:CANARY@example.org/x,10,",                   // 10
		"ext::sh -c touch% /tmp/canary,10,",                    // 11
		"\"--upload-pack=touch /tmp/canary\",10,",              // 12
		"=cmd|' /C calc'!A0,10,",                               // 13
		"'); DROP TABLE augur_data.repo;--,10,",                // 14
		"https://github.com/a/\x00b,10,",                       // 15
		"https://github.com/a/\xffb,10,",                       // 16
		"http://example.org/x,10,",                             // 17
		"/etc,10,",                                             // 18
		"https://github.com/a/three",                           // 19
		",10,no URL",                                           // 20
		"https://github.com/a/three,10,x,y",                    // 21
		"\"https://github.com/a/three\"x,10,",                  // 22
		"https://github.com/a/three,99999999999999999999,",     // 23
		"https://github.com/a/three,-1,",                       // 24
		"https://github.com/a/three,0,",                        // 25
		"git://example.org/x,\x1b[31m,",                        // 26
		"\"https://github.com/a/three\n\",10,\"two\r\nlines\"", // 27 to 29
		"https://example.org/x.git,10,=cmd()",                  // 30
		"https://example.org/x,10,not the same",                // 31
	}, "\n")
	summary, verdicts := load(t, pool, file, repos.Options{})

	want := []struct {
		line   int
		status repos.Status
		reason string
	}{
		{2, repos.Added, ""},
		{4, repos.Rejected, "duplicate of line 2"},
		{5, repos.Rejected, "duplicate of line 2"},
		{6, repos.Rejected, "group 99 does not exist: add it with `augur db add-repo-groups`"},
		{7, repos.Rejected, `group "ten" is not a number`},
		{8, repos.Added, ""},
		{9, repos.Rejected, "is an organization or user"},
		{10, repos.Rejected, "has a password or token in it"},
		{11, repos.Rejected, "remote helper"},
		{12, repos.Rejected, "starts with a dash"},
		{13, repos.Rejected, "is not a git URL"},
		{14, repos.Rejected, "is not a git URL"},
		{15, repos.Rejected, "U+0000"},
		{16, repos.Rejected, "not UTF-8"},
		{17, repos.Rejected, "uses http,"},
		{18, repos.Rejected, "is a local path"},
		{19, repos.Rejected, "has no repo_group_id"},
		{20, repos.Rejected, "has no repo_url"},
		{21, repos.Rejected, "has 4 values"},
		{22, repos.Rejected, "text after the quote"},
		{23, repos.Rejected, "is not a number"},
		{24, repos.Rejected, "is not a number"},
		{25, repos.Rejected, "group 0 does not exist"},
		{26, repos.Rejected, `uses git://, which is neither encrypted nor authenticated: use https; group "?[31m" is not a number`},
		{27, repos.Added, ""},
		{30, repos.Added, ""},
		{31, repos.Added, ""},
	}
	require.Len(t, verdicts, len(want))
	for i, v := range verdicts {
		require.Equal(t, want[i].line, v.Line)
		require.Equal(t, want[i].status, v.Status, "%+v", v)
		require.Contains(t, v.Reason, want[i].reason)
		require.NotContains(t, fmt.Sprintf("%+v", v), "CANARY")
		require.Equal(t, v.Status == repos.Rejected, v.RepoID == 0)
	}
	require.Equal(t, repos.Summary{Rows: 27, Added: 5, Rejected: 22}, summary)
	require.Equal(t, 5, count(t, pool, `SELECT count(*) FROM augur_data.repo`))
}

func TestAddReposReadsTheFormsThatAugurDocuments(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"header":            "repo_url,repo_group_id\nhttps://github.com/chaoss/augur.git,10\nhttps://gitlab.com/fdroid/fdroidclient,1\n",
		"no header":         "https://github.com/chaoss/augur.git,10\nhttps://gitlab.com/fdroid/fdroidclient,1\n",
		"no header swapped": "10,https://github.com/chaoss/augur.git\n1,https://gitlab.com/fdroid/fdroidclient\n",
		"from Excel":        "\ufeffsep=;\r\nREPO_GROUP_ID;note;repo_url\r\n10;;https://github.com/chaoss/augur.git\r\n1;x;https://gitlab.com/fdroid/fdroidclient\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := dbtest.New(t)
			summary, _ := load(t, pool, file, repos.Options{})
			require.Equal(t, repos.Summary{Rows: 2, Added: 2}, summary)
			require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM augur_data.repo WHERE repo_git = 'https://github.com/chaoss/augur' AND repo_group_id = 10`))
			require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM augur_data.repo WHERE repo_git = 'https://gitlab.com/fdroid/fdroidclient' AND repo_group_id = 1`))
		})
	}
}

func TestAddingTheSameFileAgainChangesNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	file := "repo_url,repo_group_id\n"
	for i := range 25 {
		file += fmt.Sprintf("https://github.com/a/r%d,10\n", i)
	}
	o := repos.Options{ChunkRows: 10}
	summary, _ := load(t, pool, file, o)
	require.Equal(t, 25, summary.Added)
	before := state(t, pool)

	summary, verdicts := load(t, pool, file, o)
	require.Equal(t, repos.Summary{Rows: 25, AlreadyThere: 25}, summary)
	require.Empty(t, verdicts[0].Reason)
	require.Equal(t, before, state(t, pool), "no row changed, and no id was drawn from a sequence")

	summary, _ = load(t, pool, strings.ReplaceAll(file, "a/r", "A/R")+"https://github.com/a/new,10\n", o)
	require.Equal(t, repos.Summary{Rows: 26, AlreadyThere: 25, Added: 1}, summary)
	require.Equal(t, 26, count(t, pool, `SELECT max(repo_id) - min(repo_id) + 1 FROM augur_data.repo`), "ids have no gap")
}

func TestARepositoryStaysInItsGroup(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	load(t, pool, "https://github.com/a/b,10\n", repos.Options{})
	_, verdicts := load(t, pool, "https://github.com/a/b,1\n", repos.Options{})
	require.Equal(t, repos.AlreadyThere, verdicts[0].Status)
	require.Equal(t, "stays in group 10", verdicts[0].Reason)
	require.Equal(t, 1, count(t, pool, `SELECT count(*) FROM augur_data.repo WHERE repo_group_id = 10`))
}

func TestARepositoryIsKnownByItsOldURLAndByAugursSpelling(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO augur_data.repo (repo_id, repo_group_id, repo_git) OVERRIDING SYSTEM VALUE
		VALUES (501, 1, 'https://github.com/a/augur.git'), (502, 1, 'https://github.com/CHAOSS/Cased'), (503, 1, 'https://github.com/new/home'),
			(504, 1, 'https://github.com/taken/over');
		INSERT INTO augur_data.historical_repo_urls (repo_id, git_url)
		VALUES (503, 'https://github.com/old/home'), (503, 'https://github.com/taken/over')`)
	require.NoError(t, err)
	summary, verdicts := load(t, pool, `repo_url,repo_group_id
https://github.com/a/augur,1
https://github.com/CHAOSS/Cased,1
https://github.com/old/home,1
https://github.com/taken/over,1
`, repos.Options{})
	require.Equal(t, repos.Summary{Rows: 4, AlreadyThere: 4}, summary)
	for i, want := range []struct {
		id     int64
		reason string
	}{
		{501, "stored as https://github.com/a/augur.git"},
		{502, "stored as https://github.com/CHAOSS/Cased"},
		{503, "moved to https://github.com/new/home"},
		{504, ""},
	} {
		require.Equal(t, want.id, verdicts[i].RepoID)
		require.Equal(t, want.reason, verdicts[i].Reason)
	}
	require.Equal(t, 4, count(t, pool, `SELECT count(*) FROM augur_operations.collection_status WHERE repo_id BETWEEN 501 AND 504`),
		"a repository without a status gets one")
}

func TestRowsWithoutAGroupGetTheDefault(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	o := repos.Options{Group: 10}
	summary, _ := load(t, pool, "https://github.com/a/b\nhttps://github.com/a/c\n", o)
	require.Equal(t, repos.Summary{Rows: 2, Added: 2}, summary)
	_, verdicts := load(t, pool, "repo_url,repo_group_id\nhttps://github.com/a/d,\nhttps://github.com/a/e,1\n", o)
	require.Equal(t, int64(10), verdicts[0].Group)
	require.Equal(t, int64(1), verdicts[1].Group)

	_, verdicts = load(t, pool, "https://github.com/a/f\n", repos.Options{})
	require.Equal(t, repos.Rejected, verdicts[0].Status)
	require.Contains(t, verdicts[0].Reason, "has 1 instead of 2 values")
}

func TestAddReposObeysThePolicy(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	file := "http://example.org/x,1\n/srv/git/x.git,1\nhttps://127.0.0.1/x,1\n"
	summary, _ := load(t, pool, file, repos.Options{})
	require.Equal(t, 3, summary.Rejected)
	summary, _ = load(t, pool, file, repos.Options{Policy: giturl.Policy{AllowHTTP: true, AllowLocal: true, AllowPrivate: true}})
	require.Equal(t, 3, summary.Added)
}

func TestAddURLsNumbersItsArguments(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var verdicts []repos.Verdict
	o := repos.Options{OnVerdict: func(v repos.Verdict) { verdicts = append(verdicts, v) }}
	urls := []string{" https://github.com/a/b\n", "https://github.com/a", "github.com/A/B"}
	summary, err := repos.AddURLs(t.Context(), pool, 10, urls, o)
	require.NoError(t, err)
	require.Equal(t, repos.Summary{Rows: 3, Added: 1, Rejected: 2}, summary)
	require.Equal(t, 1, verdicts[0].Line)
	require.Equal(t, "duplicate of line 1", verdicts[2].Reason)

	summary, err = repos.AddURLs(t.Context(), pool, 77, urls[:1], o)
	require.NoError(t, err)
	require.Equal(t, 1, summary.Rejected)
	require.Contains(t, verdicts[3].Reason, "group 77 does not exist")
}

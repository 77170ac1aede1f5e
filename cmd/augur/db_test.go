package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/dbtest"
)

// database is the environment of a command on a migrated database of the test's own.
func database(t testing.TB) map[string]string {
	t.Helper()
	return map[string]string{"AUGUR_DB": dbtest.URL(t)}
}

// query reads one text from the database of env.
func query(t testing.TB, env map[string]string, sql string, args ...any) string {
	t.Helper()
	pool, err := db.Connect(t.Context(), env["AUGUR_DB"], db.Options{MaxConns: 1})
	require.NoError(t, err)
	defer pool.Close()
	var text string
	require.NoError(t, pool.QueryRow(t.Context(), sql, args...).Scan(&text))
	return text
}

// execute runs a statement in the database of env.
func execute(t testing.TB, env map[string]string, sql string, args ...any) {
	t.Helper()
	pool, err := db.Connect(t.Context(), env["AUGUR_DB"], db.Options{MaxConns: 1})
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// write writes a file of the test's own.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestUpgradeCreatesTheSchemaOnceAndFillsTheSettings(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AUGUR_DB": dbtest.Empty(t)}
	require.Equal(t, "0\n", succeeds(t, env, "db", "print-db-version"))
	got := augur(t, env, "db", "check-for-upgrade")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "run `augur db upgrade`")

	out := succeeds(t, env, "db", "create-schema")
	require.Contains(t, out, "applied augur 1 augur_schema")
	require.Contains(t, out, "created the schema in postgres")
	require.Contains(t, out, "settings added with default values")

	for _, name := range []string{"upgrade", "upgrade-db-version"} {
		out = succeeds(t, env, "db", name)
		require.Contains(t, out, "nothing to do")
		require.NotContains(t, out, "added")
	}
	require.Contains(t, succeeds(t, env, "db", "check-for-upgrade"), "which is current")
	var versions map[string]int64
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "db", "print-db-version", "--json")), &versions))
	require.Positive(t, versions["version"])
	require.Equal(t, versions["needed"], versions["version"])

	execute(t, env, "INSERT INTO augur_operations.goose_db_version (version_id, is_applied) VALUES (100000, true)")
	got = augur(t, env, "db", "upgrade")
	require.Equal(t, exitFailed, got.status)
	require.Empty(t, got.stdout)
	require.Contains(t, got.stderr, "it is too old for this database, run a newer augur")
}

func TestCommandsOnADatabaseWithoutSchemaSayWhatToRun(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AUGUR_DB": dbtest.Empty(t)}
	file := write(t, "repos.csv", "https://github.com/a/b,1\n")
	for _, args := range [][]string{
		{"db", "add-repos", file},
		{"db", "add-repo", "https://github.com/a/b"},
		{"db", "add-repo-groups", file},
		{"db", "get-repo-groups"},
		{"db", "reset-repo-age"},
		{"config", "init"},
		{"config", "get"},
		{"config", "set", "--section", "Tasks", "--setting", "max_core", "--value", "1"},
		{"config", "check"},
		{"config", "get_all_json"},
		{"config", "clear", "--yes"},
		{"tasks", "clear", "--yes"},
	} {
		got := augur(t, env, args...)
		require.Equal(t, 1, got.status, args)
		require.Empty(t, got.stdout, args)
		require.Equal(t, 1, strings.Count(got.stderr, "\n"), "one line: %s", got.stderr)
		require.Contains(t, got.stderr, "run `augur db upgrade`", args)
	}
	require.Contains(t, succeeds(t, env, "db", "test-connection"), "does not exist yet")
}

const password = "hunter2-Secret"

func TestThePasswordOfTheDatabaseIsNeverPrinted(t *testing.T) {
	t.Parallel()
	file := write(t, "repos.csv", "https://github.com/a/b,1\n")
	for _, dsn := range []string{
		"postgresql://somebody:" + password + "@127.0.0.1:1/augur",
		"postgresql+psycopg2://somebody:" + password + "@127.0.0.1:1/augur",
		"host=127.0.0.1 port=1 user=somebody password=" + password,
	} {
		env := map[string]string{"AUGUR_DB": dsn}
		for _, args := range [][]string{
			{"db", "upgrade"},
			{"db", "test-connection"},
			{"db", "start"},
			{"db", "stop"},
			{"db", "status"},
			{"db", "status", "--json"},
			{"db", "psql", "-c", "SELECT 1"},
			{"db", "add-repos", file},
			{"config", "get"},
		} {
			got := augur(t, env, args...)
			require.NotZero(t, got.status, args)
			require.NotContains(t, got.stdout+got.stderr, password, args)
		}
		got := augur(t, env, "db", "status", "--url")
		require.Zero(t, got.status)
		require.Contains(t, got.stdout, "somebody")
		require.NotContains(t, got.stdout, password)
	}
}

func TestTheServerCommandsTellWhenAnotherDatabaseIsConfigured(t *testing.T) {
	t.Parallel()
	env := database(t)
	for _, verb := range []string{"start", "stop"} {
		got := augur(t, env, "db", verb)
		require.Equal(t, 1, got.status)
		require.Contains(t, got.stderr, "AUGUR_DB is set")
		require.Contains(t, got.stderr, "env -u AUGUR_DB augur db "+verb)
	}
	out := succeeds(t, env, "db", "status")
	require.Contains(t, out, "AUGUR_DB")
	require.Contains(t, out, "which is current")
	var status databaseStatus
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "db", "status", "--json")), &status))
	require.True(t, status.Running)
	require.False(t, status.Private)
	require.Contains(t, succeeds(t, env, "db", "test-connection"), "Successful db connection: postgres")
}

// rejected are the reasons for which lines of a file were rejected.
func rejected(t testing.TB, out string) map[int]string {
	t.Helper()
	var sum loaded
	require.NoError(t, json.Unmarshal([]byte(out), &sum), out)
	require.Len(t, sum.RejectedRows, sum.Rejected)
	reasons := map[int]string{}
	for _, v := range sum.RejectedRows {
		reasons[v.Line] = v.Reason
	}
	return reasons
}

func TestAddReposGivesAReasonForEachBadRowAndStoresTheOthers(t *testing.T) {
	t.Parallel()
	env := database(t)
	file := write(t, "repos.csv", "\ufeffrepo_group_id;note;repo_url\r\n"+ // 1
		"1;\"two\nlines\";https://github.com/chaoss/augur\r\n"+ // 2, 3
		"1;;https://GitHub.com/CHAOSS/Augur.git/\r\n"+ // 4
		"1;;ext::sh -c touch% /tmp/pwned\r\n"+ // 5
		"1;;https://user:"+password+"@git.example.org/a/b\r\n"+ // 6
		"999;;https://github.com/a/b\r\n"+ // 7
		"x;;https://github.com/a/c\r\n"+ // 8
		"1;;http://git.example.org/a/b\r\n"+ // 9
		"1;;/srv/git/project.git\r\n"+ // 10
		"1;;https://127.0.0.1/a/b\r\n"+ // 11
		"1;;--upload-pack=touch\r\n"+ // 12
		"1;;https://github.com/a/\x1b[31mb\r\n"+ // 13
		"1;;\r\n"+ // 14
		"\r\n"+ // 15
		"10;;git@git.example.org:team/project.git  \r\n") // 16
	got := augur(t, env, "db", "add-repos", file, "--json")
	require.Equal(t, 1, got.status)
	require.NotContains(t, got.stdout+got.stderr, password)
	reasons := rejected(t, got.stdout)
	for line, want := range map[int]string{
		4: "duplicate of line 2", 5: "remote helper", 6: "password", 7: "group 999 does not exist", 8: "not a number", 9: "http", 10: "allow_local",
		11: "allow_private", 12: "dash", 13: "invisible character", 14: "no repo_url",
	} {
		require.Contains(t, reasons[line], want, "line %d", line)
	}
	require.Len(t, reasons, 11)
	require.Equal(t, "2", query(t, env, "SELECT count(*)::text FROM augur_data.repo"))
	require.Equal(t, "2", query(t, env, "SELECT count(*)::text FROM augur_operations.collection_status"))

	got = augur(t, env, "db", "add-repos", file)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "\nline 14: has no repo_url\n")
	require.Contains(t, got.stdout, "line 2: https://github.com/chaoss/augur is already there\n")
	require.Contains(t, got.stdout, "line 4: https://github.com/chaoss/augur: duplicate of line 2\n")
	require.Contains(t, got.stdout, "13 rows: 0 added, 2 already there, 11 rejected\n")
	require.NotContains(t, got.stdout+got.stderr, password)
	require.NotContains(t, got.stdout, "\x1b", "control characters must not reach the terminal")
	require.Equal(t, "2", query(t, env, "SELECT count(*)::text FROM augur_data.repo"))

	got = augur(t, env, "db", "add-repos", "--quiet", file)
	require.Equal(t, 12, strings.Count(got.stdout, "\n"), "rejected rows and the sum: %s", got.stdout)
}

func TestAddReposReadsAFileOfURLsAlone(t *testing.T) {
	t.Parallel()
	env := database(t)
	urls := "https://github.com/a/b\nhttps://github.com/a/c\n"
	got := augurReading(t, env, urls, "db", "add-repos", "-")
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, "2 rows: 2 added, 0 already there, 0 rejected\n", got.stdout)
	require.Equal(t, "1,1", query(t, env, "SELECT string_agg(repo_group_id::text, ',') FROM augur_data.repo"))

	got = augurReading(t, env, "https://github.com/a/d\n", "db", "add-repos", "-", "--group", "10")
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, "1", query(t, env, "SELECT count(*)::text FROM augur_data.repo WHERE repo_group_id = 10"))

	env["AUGUR_DB_ADD_REPOS_GROUP"] = "25430"
	got = augurReading(t, env, "https://github.com/a/e\n", "db", "add-repos", "-")
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, "1", query(t, env, "SELECT count(*)::text FROM augur_data.repo WHERE repo_group_id = 25430"))
}

func TestAddReposListsFewOfManyThatAreThere(t *testing.T) {
	t.Parallel()
	env := database(t)
	var rows strings.Builder
	for letter := range strings.SplitSeq("abcdefghijklmno", "") {
		rows.WriteString("https://github.com/owner/" + letter + ",1\n")
	}
	file := write(t, "repos.csv", rows.String())
	succeeds(t, env, "db", "add-repos", file)
	out := succeeds(t, env, "db", "add-repos", file)
	require.Equal(t, 10, strings.Count(out, "is already there"))
	require.Contains(t, out, "and 5 more are already there\n15 rows: 0 added, 15 already there, 0 rejected\n")
	require.Equal(t, "15 rows: 0 added, 15 already there, 0 rejected\n", succeeds(t, env, "db", "add-repos", file, "-q"))
}

func TestTheSettingsSayWhichAddressesAreAccepted(t *testing.T) {
	t.Parallel()
	env := database(t)
	urls := []string{"db", "add-repo", "/srv/git/project.git", "http://git.example.org/a/b", "https://10.0.0.1/a/b"}
	got := augur(t, env, urls...)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "3 rows: 0 added, 0 already there, 3 rejected")
	require.NotContains(t, got.stdout, "line ")
	for _, setting := range []string{"allow_local", "allow_http", "allow_private"} {
		require.Contains(t, got.stdout, "Facade."+setting)
		succeeds(t, env, "config", "set", "--section", "Facade", "--setting", setting, "--value", "1")
	}
	require.Contains(t, succeeds(t, env, urls...), "3 rows: 3 added, 0 already there, 0 rejected")
}

func TestAddRepoAddsURLsToAGroup(t *testing.T) {
	t.Parallel()
	env := database(t)
	out := succeeds(t, env, "db", "add-repo", "https://github.com/a/b.git", "https://gitlab.com/c/d", "--group", "10")
	require.Contains(t, out, "https://github.com/a/b is repository 1 of group 10\n")
	require.Contains(t, out, "2 rows: 2 added, 0 already there, 0 rejected\n")
	out = succeeds(t, env, "db", "add-repo", "https://github.com/a/b", "--group=1")
	require.Contains(t, out, "is already there, stays in group 10")
	got := augur(t, env, "db", "add-repo", "https://github.com/a/e", "--group", "77")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, "group 77 does not exist")
}

func TestGroupsAreAddedAndListed(t *testing.T) {
	t.Parallel()
	env := database(t)
	file := write(t, "groups.csv", "repo_group_id,repo_group_name\n20,\"Infra, and more\"\n1,Renamed\nx,Letters\n20,Twice\n")
	got := augur(t, env, "db", "add-repo-groups", file)
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stdout, `line 3: group 1 "Renamed" is already there, keeps its name "Default Repo Group"`)
	require.Contains(t, got.stdout, `line 4: group "Letters": id "x" is not a number`)
	require.Contains(t, got.stdout, `line 5: group 20 "Twice": duplicate of line 2`)
	require.Contains(t, got.stdout, "4 rows: 1 added, 1 already there, 2 rejected")

	succeeds(t, env, "db", "add-repo", "https://github.com/a/b", "--group", "20")
	require.Regexp(t, `20 │ Infra, and more +│ +│ +1 │`, succeeds(t, env, "db", "get-repo-groups"))
	require.Contains(t, succeeds(t, env, "db", "get-repo-groups", "--json"), `"rg_name": "Infra, and more"`)

	execute(t, env, "TRUNCATE augur_data.repo_groups CASCADE")
	require.Contains(t, succeeds(t, env, "db", "get-repo-groups"), "there are no repository groups yet: add some with")
	require.Equal(t, "[]\n", succeeds(t, env, "db", "get-repo-groups", "--json"))
}

func TestResetRepoAgeCountsRepositories(t *testing.T) {
	t.Parallel()
	env := database(t)
	require.Contains(t, succeeds(t, env, "db", "reset-repo-age"), "there are no repositories yet")
	succeeds(t, env, "db", "add-repo", "https://github.com/a/b", "https://github.com/a/c")
	execute(t, env, "UPDATE augur_data.repo SET repo_added = '2001-01-01'")
	require.Equal(t, "repo_added is now for 2 repositories\n", succeeds(t, env, "db", "reset-repo-age"))
	require.Equal(t, "2", query(t, env, `SELECT count(*)::text FROM augur_data.repo WHERE repo_added > now() - interval '1 hour'`))
}

func TestWrongCallsEndWithStatusTwoAndAHint(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AUGUR_DB": "postgresql://127.0.0.1:1/unreachable"}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"db", "bogus"}, "augur db --help"},
		{[]string{"db", "add-repos"}, "add-repos FILE.csv"},
		{[]string{"db", "add-repos", "a", "b"}, "got 2 names"},
		{[]string{"db", "add-repos", "a.csv", "--grup", "1"}, "there is no option --grup"},
		{[]string{"db", "add-repos", "--group", "one", "a.csv"}, "group"},
		{[]string{"db", "add-repos", "a.csv", "--group", "one"}, "group"},
		{[]string{"db", "add-repos", "a.csv", "--group"}, "needs a value"},
		{[]string{"db", "add-repos", "a.csv", "--group", "0"}, "--group: must be the id"},
		{[]string{"db", "add-repo"}, "URL..."},
		{[]string{"db", "status", "now"}, `unexpected argument "now"`},
		{[]string{"db", "status", "--url", "--json"}, "exclude"},
		{[]string{"config", "get", "--setting", "max_core"}, "needs --section"},
		{[]string{"config", "set"}, "--section, --setting are missing"},
		{[]string{"config", "set", "--section", "Tasks", "--setting", "max_core"}, "--value is missing"},
		{[]string{"config", "load"}, "--file is missing"},
		{[]string{"config", "clear"}, "add --yes"},
		{[]string{"config", "load", "--file", "-"}, "add --yes"},
		{[]string{"tasks", "clear"}, "add --yes"},
	} {
		got := augur(t, env, test.args...)
		require.Equal(t, 2, got.status, "%v: %s", test.args, got.stderr)
		require.Contains(t, got.stderr, test.want)
		require.Empty(t, got.stdout)
	}
}

func TestAFileThatCannotBeReadIsNamed(t *testing.T) {
	t.Parallel()
	env := database(t)
	for file, want := range map[string]string{
		filepath.Join(t.TempDir(), "missing.csv"): "missing.csv: no such file",
		t.TempDir():                             "is a directory",
		write(t, "three.csv", "a,b,c\nd,e,f\n"): "three.csv: read repositories: has more than two columns and no header",
	} {
		got := augur(t, env, "db", "add-repos", file)
		require.Equal(t, 1, got.status, file)
		require.Contains(t, got.stdout+got.stderr, want)
	}
	require.Equal(t, "there are no rows: nothing was added\n", succeeds(t, env, "db", "add-repos", write(t, "empty.csv", "")))
}

func TestHelpIsShownWhereverItIsAskedFor(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AUGUR_DB": "postgresql://127.0.0.1:1/unreachable"}
	for _, args := range [][]string{{"db", "add-repos", "--help"}, {"db", "add-repos", "file.csv", "--help"}} {
		out := succeeds(t, env, args...)
		require.Contains(t, out, "repo_url,repo_group_id")
		require.Contains(t, out, "Exit status: 0 all rows are stored")
	}
	require.Contains(t, succeeds(t, env, "db", "psql", "--help"), "Exit status: that of psql")
}

func TestThePrivatePostgreSQLServesCommandsAndStaysOnlyByHand(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AUGUR_HOME": shortHome(t)}
	require.Contains(t, succeeds(t, env, "db", "status"), "not initialised")
	got := augur(t, env, "db", "status", "--url")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "augur db start")

	require.Contains(t, succeeds(t, env, "db", "upgrade"), "created the schema in the private PostgreSQL")
	require.Contains(t, succeeds(t, env, "db", "status"), "not running")
	process := augur(t, env, "db", "psql", "--", "-Atc", "SELECT count(*) FROM repo_groups")
	require.Equal(t, result{stdout: "3\n"}, process)
	require.Contains(t, succeeds(t, env, "db", "status"), "not running", "psql was the last user")

	require.Contains(t, succeeds(t, env, "db", "start"), "until `augur db stop`")
	url := strings.TrimSpace(succeeds(t, env, "db", "status", "--url"))
	require.Equal(t, "3", query(t, map[string]string{"AUGUR_DB": url}, "SELECT count(*)::text FROM repo_groups"))
	succeeds(t, env, "db", "get-repo-groups")
	var state struct{ Private, Running bool }
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "db", "status", "--json")), &state))
	require.True(t, state.Private && state.Running)

	require.Contains(t, succeeds(t, env, "db", "stop"), "stopped")
	require.Contains(t, succeeds(t, env, "db", "stop"), "was not running")
}

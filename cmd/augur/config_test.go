package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db/config"
)

// settled is a database whose table of settings is filled.
func settled(t testing.TB) map[string]string {
	t.Helper()
	env := database(t)
	succeeds(t, env, "config", "init")
	return env
}

func set(section, setting, value string) []string {
	return []string{"config", "set", "--section", section, "--setting", setting, "--value", value}
}

func value(t testing.TB, env map[string]string, section, setting string) string {
	t.Helper()
	return succeeds(t, env, "config", "get", "--section", section, "--setting", setting)
}

func TestConfigInitKeepsWhatIsThere(t *testing.T) {
	t.Parallel()
	env := database(t)
	dir := t.TempDir()
	out := succeeds(t, env, "config", "init", "--facade-repo-directory", dir)
	require.Contains(t, out, "settings added")
	require.Equal(t, dir+"\n", value(t, env, "Facade", "repo_directory"))

	succeeds(t, env, set("Tasks", "max_core", "7")...)
	got := augur(t, env, "config", "init", "--facade-repo-directory", t.TempDir())
	require.Zero(t, got.status)
	require.Contains(t, got.stdout, "nothing was changed")
	require.Contains(t, got.stderr, "Facade.repo_directory: has another value already")
	require.Equal(t, dir+"\n", value(t, env, "Facade", "repo_directory"))

	out = succeeds(t, env, "config", "init", "--force")
	require.Contains(t, out, "2 settings changed: Facade.repo_directory, Tasks.max_core")
	require.Equal(t, "40\n", value(t, env, "Tasks", "max_core"))
}

func TestConfigInitTakesTheEnvironmentOfAugurAndPrintsNoKey(t *testing.T) {
	t.Parallel()
	env := database(t)
	logs := t.TempDir() + "/logs"
	env["AUGUR_GITHUB_API_KEY"], env["AUGUR_GITLAB_API_KEY"] = "ghp_"+password, "glpat-"+password
	env["AUGUR_FACADE_REPO_DIRECTORY"], env["AUGUR_LOGS_DIRECTORY"] = t.TempDir(), logs
	env["AUGUR_REDIS_CONN_STRING"] = "redis://:" + password + "@localhost"
	for _, args := range [][]string{
		{"config", "init"},
		{"config", "init", "--help"},
		{"config", "get"},
		{"config", "get", "--json"},
		{"config", "get", "--section", "Keys"},
		{"config", "get", "--section", "Keys", "--setting", "github_api_key"},
		{"config", "get_all_json"},
		{"config", "check", "--all"},
		{"config", "init", "--force"},
	} {
		got := augur(t, env, args...)
		require.Zero(t, got.status, "%v: %s", args, got.stderr)
		require.NotContains(t, got.stdout+got.stderr, password, args)
	}
	require.Equal(t, "REDACTED\n", value(t, env, "Keys", "gitlab_api_key"))
	require.Equal(t, logs+"\n", value(t, env, "Logging", "logs_directory"))
	require.Equal(t, "ghp_"+password, query(t, env, "SELECT value FROM augur_operations.config WHERE setting_name = 'github_api_key'"))
}

func TestConfigInitRefusesDirectoriesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	env := database(t)
	file := write(t, "file", "")
	got := augur(t, env, "config", "init", "--facade-repo-directory", "/no/such/place", "--logs-directory", file)
	require.Equal(t, 2, got.status)
	require.Contains(t, got.stderr, "--facade-repo-directory: /no/such/place does not exist: create it first")
	require.Contains(t, got.stderr, "--logs-directory: "+file+" is not a directory")
	require.Equal(t, "0", query(t, env, "SELECT count(*)::text FROM augur_operations.config"))
}

func TestConfigSetTellsTheValueAndWhenItTakesEffect(t *testing.T) {
	t.Parallel()
	env := settled(t)
	for _, test := range []struct {
		section, setting, value, stdout, stderr string
	}{
		{"Tasks", "max_core", "80", "Tasks.max_core = 80\n", "when the monitor looks again"},
		{"Tasks", "max_core", "80", "Tasks.max_core = 80\n", "had that value already"},
		{"Server", "port", "5001", "Server.port = 5001\n", "after a restart of `augur backend`"},
		{"Facade", "allow_local", "1", "Facade.allow_local = 1\n", "takes effect"},
		{"Facade", "url_rewrite", "", "Facade.url_rewrite = \n", "had that value already"},
		{"Keys", "github_api_key", "ghp_" + password, "Keys.github_api_key = REDACTED\n", ""},
		{"Facade", "repo_directory", "/does/not/exist", "Facade.repo_directory = /does/not/exist\n", "on this machine it cannot be used: /does/not/exist does not exist (create it"},
		{"Extra", "thing", "1", "Extra.thing = 1\n", "Extra.thing: nothing reads this setting"},
	} {
		got := augur(t, env, set(test.section, test.setting, test.value)...)
		require.Zero(t, got.status, got.stderr)
		require.Equal(t, test.stdout, got.stdout)
		require.Contains(t, got.stderr, test.stderr)
		require.NotContains(t, got.stderr, password)
	}
	got := augurReading(t, env, "glpat-"+password+"\n", set("Keys", "gitlab_api_key", "-")...)
	require.Zero(t, got.status, got.stderr)
	require.Equal(t, "Keys.gitlab_api_key = REDACTED\n", got.stdout)
	require.Equal(t, "glpat-"+password, query(t, env, "SELECT value FROM augur_operations.config WHERE setting_name = 'gitlab_api_key'"))
}

func TestConfigSetRefusesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	env := settled(t)
	for _, test := range []struct{ section, setting, value, want string }{
		{"Tasks", "max_core", "lots", `Tasks.max_core: must be a whole number (got "lots")`},
		{"Tasks", "max_core", "-1", "Tasks.max_core: must be"},
		{"Facade", "repo_directory", "relative/", "Facade.repo_directory: must be absolute"},
		{"Keys", "github_api_key", "ghp_1 é" + password, "Keys.github_api_key: must be words of printable ASCII characters"},
		{"Keys", "github_api_key", "REDACTED", "REDACTED is what a secret is shown as"},
	} {
		got := augur(t, env, set(test.section, test.setting, test.value)...)
		require.Equal(t, 1, got.status, test)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, test.want)
		require.NotContains(t, got.stderr, password)
	}
	require.Equal(t, "40\n", value(t, env, "Tasks", "max_core"))
}

func TestConfigGetFindsSettingsOrHelpsFindThem(t *testing.T) {
	t.Parallel()
	env := settled(t)
	require.Contains(t, succeeds(t, env, "config", "get"), "Task_Routine.facade_phase")
	out := succeeds(t, env, "config", "get", "--section", "Tasks")
	require.Contains(t, out, "Tasks.max_core")
	require.NotContains(t, out, "Facade.")
	for _, args := range [][]string{{"--section", "tasks"}, {"--section", "Tasks", "--setting", "maxcore"}} {
		got := augur(t, env, append([]string{"config", "get"}, args...)...)
		require.Equal(t, 1, got.status)
		require.Contains(t, got.stderr, "no such setting")
		require.Contains(t, got.stderr, "`augur config get` lists all settings")
	}
	var v config.Value
	require.NoError(t, json.Unmarshal([]byte(succeeds(t, env, "config", "get", "--section", "Tasks", "--setting", "max_core", "--json")), &v))
	require.Equal(t, config.NextTick, v.Effect)

	execute(t, env, "UPDATE augur_operations.config SET value = E'lots\\x1b[31m' WHERE setting_name = 'max_core'")
	got := augur(t, env, "config", "get", "--section", "Tasks", "--setting", "max_core")
	require.Contains(t, got.stderr, "this value is not in effect")
	out = succeeds(t, env, "config", "get", "--section", "Tasks")
	require.Contains(t, out, "Tasks.max_core: this value is not in effect")
	require.NotContains(t, out, "\x1b[31m")
}

func TestConfigCheckFindsValuesAndDirectories(t *testing.T) {
	t.Parallel()
	env := settled(t)
	out := succeeds(t, env, "config", "check")
	require.Contains(t, out, "no problems: every setting is in effect")
	require.NotContains(t, out, "unused:")
	require.Contains(t, succeeds(t, env, "config", "check", "--all"), "unused: Facade.")

	logs := write(t, "logs", "")
	succeeds(t, env, set("Facade", "repo_directory", "/no/such/place")...)
	succeeds(t, env, set("Logging", "logs_directory", logs)...)
	succeeds(t, env, set("Redis", "connection_string", "redis://user:"+password+"@localhost")...)
	execute(t, env, "UPDATE augur_operations.config SET value = 'lots' WHERE setting_name = 'max_core'")
	got := augur(t, env, "config", "check")
	require.Equal(t, 1, got.status)
	require.Empty(t, got.stderr)
	require.Contains(t, got.stdout, "problem: Facade.repo_directory: /no/such/place does not exist")
	require.Contains(t, got.stdout, "problem: Logging.logs_directory: "+logs+" is not a directory")
	require.Contains(t, got.stdout, `problem: Tasks.max_core: must be a whole number (got "lots"); in effect is "40"`)
	require.Contains(t, got.stdout, "unused: Redis.connection_string")
	require.Contains(t, got.stdout, "3 problems")
	require.NotContains(t, got.stdout, password)

	got = augur(t, env, "config", "check", "--json")
	require.Equal(t, 1, got.status)
	var found config.Findings
	require.NoError(t, json.Unmarshal([]byte(got.stdout), &found))
	require.Len(t, found.Problems, 3)
	require.NotContains(t, got.stdout, password)
}

func TestConfigGoesThroughAFileAndKeepsItsSecrets(t *testing.T) {
	t.Parallel()
	env := settled(t)
	succeeds(t, env, set("Keys", "github_api_key", "ghp_"+password)...)
	succeeds(t, env, set("Tasks", "max_core", "9")...)
	saved := succeeds(t, env, "config", "get_all_json")
	require.NotContains(t, saved, password)
	succeeds(t, env, set("Tasks", "max_core", "10")...)
	require.Equal(t, "1 setting changed: Tasks.max_core\n", succeeds(t, env, "config", "load", "--yes", "--file", write(t, "all.json", saved)))
	require.Equal(t, "9\n", value(t, env, "Tasks", "max_core"))
	require.Equal(t, "ghp_"+password, query(t, env, "SELECT value FROM augur_operations.config WHERE setting_name = 'github_api_key'"))

	got := augurReading(t, env, `{"Tasks": {"max_core": "many", "max_ml": -4}}`, "config", "load", "--yes", "--file", "-")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "Tasks.max_core: must be a whole number")
	require.Contains(t, got.stderr, "Tasks.max_ml: must be")
	require.Equal(t, "9\n", value(t, env, "Tasks", "max_core"))

	for file, want := range map[string]string{write(t, "bad.json", "[1]"): "bad.json: read settings from JSON", "/no/such/file": "no such file"} {
		got = augur(t, env, "config", "load", "--yes", "--file", file)
		require.Equal(t, 1, got.status)
		require.Contains(t, got.stderr, want)
	}
}

func TestConfigAddSectionAsksOnlyForOneThatIsThere(t *testing.T) {
	t.Parallel()
	env := settled(t)
	file := write(t, "section.json", `{"one": 1, "two": "2"}`)
	add := []string{"config", "add-section", "--section-name", "Extra", "--file", file}
	require.Equal(t, "2 settings added: Extra.one, Extra.two\n", succeeds(t, env, add...))
	got := augur(t, env, add...)
	require.Equal(t, 2, got.status)
	require.Contains(t, got.stderr, `this replaces section "Extra"`)
	require.Contains(t, succeeds(t, env, append(add, "--yes")...), "nothing was changed")
}

func TestConfigClearLeavesTheDefaultsInEffect(t *testing.T) {
	t.Parallel()
	env := settled(t)
	succeeds(t, env, set("Tasks", "max_core", "9")...)
	require.Contains(t, succeeds(t, env, "config", "clear", "-y"), "settings removed")
	require.Equal(t, "40\n", value(t, env, "Tasks", "max_core"))
	require.Contains(t, succeeds(t, env, "config", "clear", "--yes"), "there were no settings")
}

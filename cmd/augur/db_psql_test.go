package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v2"
)

func TestPsqlGetsItsArgumentsAndGivesItsStatus(t *testing.T) {
	t.Parallel()
	env := database(t)
	require.Equal(t, "3\n", succeeds(t, env, "db", "psql", "--", "-Atc", "SELECT count(*) FROM repo_groups"))
	require.Equal(t, "3\n", succeeds(t, env, "db", "psql", "-At", "-c", "SELECT count(*) FROM repo_groups"))
	got := augurReading(t, env, "SELECT 'from ' || 'stdin';\n", "db", "psql", "--", "-At")
	require.Equal(t, "from stdin\n", got.stdout)

	a := &app{environ: map[string]string{"AUGUR_DB": env["AUGUR_DB"], "PATH": os.Getenv("PATH"), "PG_BIN": os.Getenv("PG_BIN")}}
	var stderr strings.Builder
	a.stdin, a.stdout, a.stderr = strings.NewReader("SELECT nonsense;"), &stderr, &stderr
	err := a.commands().RunContext(t.Context(), []string{"augur", "db", "psql", "--", "-v", "ON_ERROR_STOP=1", "-f", "-"})
	var exit cli.ExitCoder
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 3, exit.ExitCode(), stderr.String())
}

func TestPsqlHasThePasswordInItsEnvironmentOnly(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	script := "#!/bin/sh\necho \"args: $*\"\necho \"password: $PGPASSWORD\"\necho \"options: $PGOPTIONS\"\nexit 0\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "psql"), []byte(script), 0o700))
	env := map[string]string{
		"AUGUR_DB": "postgresql+psycopg2://me:" + password + "@db.example.org/augur?sslmode=require",
		"PG_BIN":   bin, "PATH": bin + ":/usr/bin:/bin", "PGOPTIONS": "-c work_mem=64MB",
	}
	require.Equal(t, "args: --dbname=postgresql://me@db.example.org/augur?sslmode=require -c SELECT 1\n"+
		"password: "+password+"\n"+
		"options: -c work_mem=64MB -c search_path=public,augur_data,augur_operations,spdx\n",
		succeeds(t, env, "db", "psql", "--", "-c", "SELECT 1"))

	env["AUGUR_DB"] = "host=db.example.org options='-c work_mem=1MB' password='" + password + "'"
	require.Equal(t, "args: --dbname=host='db.example.org' options='-c work_mem=1MB' "+
		"options='-c work_mem=1MB -c search_path=public,augur_data,augur_operations,spdx'\n"+
		"password: "+password+"\noptions: -c work_mem=64MB\n", succeeds(t, env, "db", "psql"))

	env["PG_BIN"], env["PATH"] = t.TempDir(), t.TempDir()
	got := augur(t, env, "db", "psql")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.stderr, "psql is not installed")
}

func TestADatabaseURLIsReadAsLibpqReadsIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ dsn, want, password string }{
		{"postgres://u:a%40b%2Fc@h/d", "postgres://u@h/d", "a@b/c"},
		{"postgresql://u:p@h1:1,h2:2/d?target_session_attrs=any", "postgresql://u@h1:1,h2:2/d?target_session_attrs=any", "p"},
		{"postgresql://u@h/d?password=a+b&sslmode=disable&sslpassword=k", "postgresql://u@h/d?sslmode=disable", "a+b"},
		{"postgresql://u:first@h/d?password=last", "postgresql://u@h/d", "last"},
		{"postgresql:///d?host=/run/pg", "postgresql:///d?host=/run/pg", ""},
		{"postgresql://u:a@b@h", "postgresql://u@h", "a@b"},
		{" postgresql+asyncpg://u:p@h/d ", "postgresql://u@h/d", "p"},
		{`host=h  password = 'it\'s \\ me' dbname=d`, `host='h' dbname='d'`, `it's \ me`},
		{`password=a\ b host='' application_name='password=x'`, `host='' application_name='password=x'`, "a b"},
	} {
		d, err := parseDSN(test.dsn)
		require.NoError(t, err, test.dsn)
		require.Equal(t, test.want, d.withoutPassword())
		require.Equal(t, test.password, d.password)
	}
	for _, dsn := range []string{"", "augur", "mysql://u:secret@h/d", "host='open password=secret", "host", "postgresql://u:%zz@h/d", "=x"} {
		_, err := parseDSN(dsn)
		require.Error(t, err, dsn)
		require.NotContains(t, err.Error(), "secret")
	}
}

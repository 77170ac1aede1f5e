package rules_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestInstallDoesNothingWherePostgresIs(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "apt-get")
	m.script("find", "echo /usr/lib/postgresql/16/bin")
	status, stdout, stderr := m.install(t)
	require.Equal(t, 0, status, stderr)
	require.Empty(t, stdout)
	require.Empty(t, stderr)
}

func TestInstallStopsWhenTheSearchFails(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "apt-get")
	m.script("find", "echo PG_BIN=/nowhere: look for postgres >&2; exit 1")
	status, stdout, stderr := m.install(t)
	require.Equal(t, 1, status)
	require.Empty(t, stdout)
	require.Equal(t, "PG_BIN=/nowhere: look for postgres\n", stderr)
}

func TestInstallUsesThePackageManager(t *testing.T) {
	t.Parallel()
	for manager, want := range map[string]string{
		"apt-get": "--no-install-recommends postgresql\n",
		"dnf":     "dnf -q -y install postgresql-server postgresql-contrib\n",
		"yum":     "yum -q -y install postgresql-server postgresql-contrib\n",
		"zypper":  "zypper -q -n install postgresql-server postgresql-contrib\n",
		"apk":     "apk add -q postgresql postgresql-contrib postgresql-client\n",
		"pacman":  "pacman -S --noconfirm --needed postgresql\n",
		"brew":    "brew install -q postgresql@17\n",
	} {
		t.Run(manager, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, manager)
			m.script("id", "echo 0")
			status, stdout, stderr := m.install(t, "AUGUR_DRY_RUN=1")
			require.Equal(t, 0, status, stderr)
			require.Contains(t, stdout, want)
		})
	}
}

func TestInstallOnDebianMakesNoCluster(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "apt-get")
	m.script("id", "echo 0")
	_, stdout, _ := m.install(t, "AUGUR_DRY_RUN=1")
	require.Equal(t, `mkdir -p /etc/postgresql-common/createcluster.d
sh -c echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/augur.conf
env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -q -y --no-install-recommends postgresql
rm -f /etc/postgresql-common/createcluster.d/augur.conf
`, stdout)
}

func TestInstallUsesSudoThatAsksNothing(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "dnf")
	m.script("id", "echo 1000")
	m.script("sudo", "exit 0")
	status, stdout, stderr := m.install(t, "AUGUR_DRY_RUN=1")
	require.Equal(t, 0, status, stderr)
	require.Equal(t, "sudo -n dnf -q -y install postgresql-server postgresql-contrib\n", stdout)
}

func TestInstallSaysInOneLineWhatAPersonCanDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		managers []string
		sudo     string
		want     string
	}{
		"no package manager": {
			want: "PostgreSQL is missing and no package manager is known here: install the server (postgres, initdb) and set PG_BIN to its directory\n",
		},
		"no sudo": {
			managers: []string{"apt-get"},
			want:     "PostgreSQL is missing and this user may not install it: sudo apt-get install postgresql\n",
		},
		"sudo with a password": {
			managers: []string{"pacman"}, sudo: "exit 1",
			want: "PostgreSQL is missing and this user may not install it: sudo pacman -S postgresql\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, c.managers...)
			m.script("id", "echo 1000")
			if c.sudo != "" {
				m.script("sudo", c.sudo)
			}
			status, stdout, stderr := m.install(t)
			require.Equal(t, 1, status)
			require.Empty(t, stdout)
			require.Equal(t, c.want, stderr)
		})
	}
}

func TestInstallShowsWhyThePackageManagerFailed(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.script("id", "echo 0")
	m.script("dnf", "echo no such mirror; exit 1")
	status, _, stderr := m.install(t)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "no such mirror\nPostgreSQL: dnf did not install it (above): sudo dnf install postgresql-server postgresql-contrib\n")
}

func TestInstallLooksAgainAfterInstalling(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	dir := filepath.Join(m.dir, "pgsql-16")
	m.script("id", "echo 0")
	m.script("find", "[ -d "+dir+" ] && echo "+dir+" || true")
	m.script("dnf", `mkdir `+dir+`
printf '#!/bin/sh\necho "postgres (PostgreSQL) 16.4"\n' >`+dir+`/postgres
chmod +x `+dir+`/postgres`)
	status, _, stderr := m.install(t)
	require.Equal(t, 0, status, stderr)
	require.Equal(t, "PostgreSQL is missing: installing it with dnf ...\nPostgreSQL: 16.4 is in "+dir+"\n", stderr)
}

func TestInstallSaysWhenTheProgramsAreNowhereUsual(t *testing.T) {
	t.Parallel()
	m := newMachine(t, "dnf")
	m.script("id", "echo 0")
	status, _, stderr := m.install(t)
	require.Equal(t, 1, status)
	require.Contains(t, stderr, "\nPostgreSQL: dnf installed it, but its programs are in no usual directory: set PG_BIN to the one with postgres and initdb\n")
}

// machine is a PATH of a test's own: a shell, its usual tools, and the package managers that the test names.
type machine struct {
	t         *testing.T
	dir, path string
}

func newMachine(t *testing.T, managers ...string) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	m.path = filepath.Join(m.dir, "path")
	require.NoError(t, os.Mkdir(m.path, 0o755))
	for _, name := range append(managers, "find") {
		m.script(name, "exit 0")
	}
	for _, tool := range []string{"sh", "mktemp", "mkdir", "rm", "tail", "sed", "chmod"} {
		installed, err := exec.LookPath(tool)
		require.NoError(t, err)
		require.NoError(t, os.Symlink(installed, filepath.Join(m.path, tool)))
	}
	return m
}

// script puts a program with the given text on the machine.
func (m *machine) script(name, text string) {
	m.t.Helper()
	require.NoError(m.t, os.WriteFile(filepath.Join(m.path, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755))
}

// install runs the script with the machine's PATH and nothing else but env.
func (m *machine) install(t *testing.T, env ...string) (status int, stdout, stderr string) {
	t.Helper()
	script, err := filepath.Abs(filepath.Join(root, "scripts", "install-postgres.sh"))
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), filepath.Join(m.path, "sh"), script)
	cmd.Env = append([]string{"PATH=" + m.path, "TMPDIR=" + m.dir, "AUGUR_FIND_PG=" + filepath.Join(m.path, "find")}, env...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

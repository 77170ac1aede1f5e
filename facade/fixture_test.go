package facade_test

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/facade"
	"augur/facade/bench"
)

func TestMain(m *testing.M) {
	if os.Getenv("FACADE_URL") != "" {
		crashed()
	}
	goleak.VerifyTestMain(m)
}

// newGit returns a runner with a home of its own, that may clone from this machine.
func newGit(t testing.TB, change ...func(*facade.Options)) *facade.Git {
	t.Helper()
	o := facade.Options{Home: t.TempDir(), Env: os.Environ(), AllowLocal: true, AllowHTTP: true, AllowPrivate: true, Parallel: 2}
	for _, f := range change {
		f(&o)
	}
	g, err := facade.New(t.Context(), o)
	require.NoError(t, err)
	return g
}

// git runs the git of the machine on a directory, without the settings of who runs the tests.
func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return gitInput(t, dir, "", args...)
}

func gitInput(t testing.TB, dir, input string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ADVICE=0",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_AUTHOR_DATE=1700000000 +0100",
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.org", "GIT_COMMITTER_DATE=1700000000 +0100")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "git %v: %s", args, stderr.String())
	return strings.TrimSuffix(string(out), "\n")
}

// bare makes an empty repository whose HEAD is main.
func bare(t testing.TB, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "origin.git")
	git(t, "/", append(append([]string{"init", "--quiet", "--bare", "--template=", "--initial-branch=main"}, args...), "--", dir)...)
	return dir
}

// script is input for git fast-import.
type script struct {
	b    strings.Builder
	last int
}

// commit adds a commit to a branch, and returns its mark. A branch starts without a parent unless parents are given; then the first is what it builds on.
func (s *script) commit(branch, message string, parents []int, changes ...string) int {
	s.last++
	if parents == nil {
		fmt.Fprintf(&s.b, "reset refs/heads/%s\n", branch)
	}
	fmt.Fprintf(&s.b, "commit refs/heads/%s\nmark :%d\nauthor Ann <ann@example.org> %d +0100\ncommitter Bob <bob@example.org> %d -0330\ndata %d\n%s\n",
		branch, s.last, 1700000000+s.last*60, 1700000000+s.last*60, len(message), message)
	for i, p := range parents {
		fmt.Fprintf(&s.b, "%s :%d\n", []string{"from", "merge"}[min(i, 1)], p)
	}
	for _, c := range changes {
		s.b.WriteString(c)
	}
	return s.last
}

func (s *script) run(t testing.TB, dir string) {
	t.Helper()
	gitInput(t, dir, s.b.String(), "fast-import", "--quiet", "--force")
}

// file writes a file, executable one, link: the same with other modes.
func file(path, content string) string       { return entry("100644", path, content) }
func executable(path, content string) string { return entry("100755", path, content) }
func link(path, target string) string        { return entry("120000", path, target) }

func entry(mode, path, content string) string {
	return fmt.Sprintf("M %s inline %s\ndata %d\n%s\n", mode, quote(path), len(content), content)
}

func submodule(path, commit string) string {
	return fmt.Sprintf("M 160000 %s %s\n", commit, quote(path))
}
func remove(path string) string { return "D " + quote(path) + "\n" }

// quote a path for fast-import.
func quote(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(path) {
		if c := path[i]; c > ' ' && c < 0x7f && c != '"' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "\\%03o", c)
		}
	}
	return b.String() + `"`
}

// lines of a text.
func text(lines ...string) string { return strings.Join(lines, "\n") + "\n" }

// history reads the history of HEAD.
func history(t testing.TB, g *facade.Git, dir string) []*facade.Commit {
	t.Helper()
	repo, err := g.Open(dir)
	require.NoError(t, err)
	return commits(t, repo, hashesOf(t, repo))
}

func hashesOf(t testing.TB, repo *facade.Repository) []string {
	t.Helper()
	head, err := repo.Head(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, head.Hash)
	hashes, err := repo.NewCommits(t.Context(), head.Hash, "")
	require.NoError(t, err)
	return hashes
}

// patchHistory reads it from patches.
func patchHistory(t testing.TB, g *facade.Git, dir string) []*facade.Commit {
	t.Helper()
	repo, err := g.Open(dir)
	require.NoError(t, err)
	var all []*facade.Commit
	for c, err := range repo.PatchHistory(t.Context(), hashesOf(t, repo)) {
		require.NoError(t, err)
		all = append(all, c)
	}
	return all
}

func commits(t testing.TB, repo *facade.Repository, hashes []string) []*facade.Commit {
	t.Helper()
	var all []*facade.Commit
	for c, err := range repo.History(t.Context(), hashes) {
		require.NoError(t, err)
		all = append(all, c)
	}
	require.Len(t, all, len(hashes))
	i := 0
	for c, err := range repo.PatchHistory(t.Context(), hashes) {
		require.NoError(t, err)
		require.Equal(t, c, all[i], "what git's patches say of this commit")
		i++
	}
	return all
}

// verify compares every row with git's own numbers.
func verify(t testing.TB, g *facade.Git, dir string) bench.Result {
	t.Helper()
	var out strings.Builder
	res, err := bench.Bench{Git: g, Env: os.Environ(), Out: &out}.Verify(t.Context(), dir)
	require.NoError(t, err)
	require.Zero(t, res.Differing, out.String())
	require.NotZero(t, res.Rows)
	return res
}

// linear fills dir with n commits on main, each of which changes one of three files. The second may rename one, so that git has to list it.
func linear(t testing.TB, dir string, n int) {
	t.Helper()
	var s script
	var parents []int
	for i := range n {
		changes := []string{file(fmt.Sprintf("file%d", i%3), text("first line", fmt.Sprintf("number %d", i), "last line"))}
		switch i {
		case 0:
			changes = append(changes, file("other", "text"))
		case 1:
			changes = append(changes, remove("other"))
		}
		parents = []int{s.commit("main", fmt.Sprintf("commit %d", i), parents, changes...)}
	}
	s.run(t, dir)
}

// logged returns a logger and what was logged.
func logged() (*slog.Logger, *strings.Builder) {
	var b strings.Builder
	return slog.New(slog.NewTextHandler(&b, nil)), &b
}

// processes are the command lines of the processes whose HOME is that of g: what a call left behind.
func processes(t testing.TB, home string) []string {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	require.NotEmpty(t, dirs)
	var found []string
	for _, d := range dirs {
		env, err := os.ReadFile(filepath.Join(d, "environ"))
		if err == nil && strings.Contains("\x00"+string(env), "\x00HOME="+home+"\x00") {
			cmd, _ := os.ReadFile(filepath.Join(d, "cmdline"))
			found = append(found, strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
	return found
}

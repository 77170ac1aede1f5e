package bench_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/facade"
	"augur/facade/bench"
)

// repository has a renamed file, a merge, an empty commit and one that re-indents.
func repository(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo.git")
	run := func(input string, args ...string) {
		cmd := exec.Command("git", args...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
		cmd.Stdin = strings.NewReader(input)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	run("", "init", "--quiet", "--bare", "--initial-branch=main", dir)
	const who = "committer Ann <ann@example.org> 1700000000 +0100\n"
	const body = "data 36\nfirst line\nsecond line\nthird line\n\n\n\n"
	run("commit refs/heads/main\nmark :1\n"+who+"data 1\n1\nM 100644 inline old\n"+body+
		"commit refs/heads/main\nmark :2\n"+who+"data 1\n2\nfrom :1\nR old new\n\n"+
		"commit refs/heads/side\nmark :3\n"+who+"data 1\n3\nfrom :1\nM 100644 inline side\n"+body+
		"commit refs/heads/main\nmark :4\n"+who+"data 1\n4\nfrom :2\nmerge :3\nM 100644 inline side\n"+body+
		"commit refs/heads/main\nmark :5\n"+who+"data 1\n5\nfrom :4\n\n"+
		"commit refs/heads/main\nmark :6\n"+who+"data 1\n6\nfrom :5\nM 100644 inline new\ndata 38\nfirst line\n  second line\nthird line\n\n\n\n",
		"--git-dir="+dir, "fast-import", "--quiet")
	return dir
}

func TestVerifyFindsEveryRowThatDiffers(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	g, err := facade.New(t.Context(), facade.Options{Home: t.TempDir(), Env: os.Environ()})
	require.NoError(t, err)
	var out strings.Builder
	res, err := bench.Bench{Git: g, Env: os.Environ(), Out: &out}.Verify(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, bench.Result{Commits: 6, Rows: 6}, res, out.String())
	require.Equal(t, "verify-facade: rows=6 differing=0 commits=6 repairs=0", res.String())

	// A git that finds no renames.
	other := filepath.Join(t.TempDir(), "git")
	script := "#!/bin/sh\ncase \"$*\" in *diff-tree*) exec git \"$@\" --no-renames;; esac\nexec git \"$@\"\n"
	require.NoError(t, os.WriteFile(other, []byte(script), 0o755))
	g, err = facade.New(t.Context(), facade.Options{Home: t.TempDir(), Env: os.Environ(), Binary: other})
	require.NoError(t, err)
	res, err = bench.Bench{Git: g, Env: os.Environ(), Out: &out}.Verify(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, 1, res.Differing)
	require.Contains(t, out.String(), "git counts 1 files, we 2")
}

func TestTheProgramEndsWithItsFigures(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	var out, said strings.Builder
	measure := func(ctx context.Context, repo string) (time.Duration, error) {
		require.Equal(t, dir, repo)
		return time.Second, ctx.Err()
	}
	require.Zero(t, bench.Run(t.Context(), []string{"-repo", dir, "-rounds", "1"}, os.Environ(), &out, &said, measure), said.String())
	require.Regexp(t, `^facade: repo=\S+ commits=6 rows=6 git_log_p_M=\d+\.\d\ds engine=\d+\.\d\ds ratio=\d+\.\d\d end_to_end=1\.00s ratio=\d+\.\d\d\n$`, out.String())

	out.Reset()
	require.Zero(t, bench.Run(t.Context(), []string{"-repo", dir, "-verify"}, os.Environ(), &out, &said, nil), said.String())
	require.Equal(t, "verify-facade: rows=6 differing=0 commits=6 repairs=0\n", out.String())

	require.Equal(t, 2, bench.Run(t.Context(), nil, nil, &out, &said, nil))
	require.Equal(t, 2, bench.Run(t.Context(), []string{"-nonsense"}, nil, &out, &said, nil))
	require.Equal(t, 1, bench.Run(t.Context(), []string{"-repo", filepath.Join(dir, "nothing")}, os.Environ(), &out, &said, nil))
	require.Contains(t, said.String(), "git log -p -M in "+filepath.Join(dir, "nothing"))
}

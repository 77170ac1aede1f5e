package facade_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// files reads the files of HEAD, by path.
func files(t *testing.T, dir string, want func(string, int64) bool) map[string]string {
	t.Helper()
	repo, err := newGit(t).Open(dir)
	require.NoError(t, err)
	head, err := repo.Head(t.Context())
	require.NoError(t, err)
	all := map[string]string{}
	for f, err := range repo.Files(t.Context(), head.Hash, want) {
		require.NoError(t, err)
		require.Len(t, f.Content, int(f.Size))
		require.NotContains(t, all, f.Path)
		all[f.Path] = string(f.Content)
	}
	return all
}

func everything(string, int64) bool { return true }

func TestFilesAreReadWithoutACheckout(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	many := []string{
		file("a b", "1\n"), file("empty", ""), executable("bin/tool", "#!/bin/sh\n"), file("bad\xff", "x"), file("tab\tnew\nline", "\x00\x01"),
		link("link", "/etc/passwd"), submodule("module", strings.Repeat("1", 40)),
	}
	want := map[string]string{"a b": "1\n", "empty": "", "bin/tool": "#!/bin/sh\n", "bad\uFFFD": "x", "tab\tnew\nline": "\x00\x01"}
	for range 200 {
		path := "many/" + strings.Repeat("x", len(many))
		many = append(many, file(path, path))
		want[path] = path
	}
	s.commit("main", "all", nil, many...)
	s.run(t, dir)
	require.Equal(t, want, files(t, dir, everything))
	require.Equal(t, map[string]string{"empty": ""}, files(t, dir, func(_ string, size int64) bool { return size == 0 }))
	require.Empty(t, files(t, dir, func(string, int64) bool { return false }))
}

func TestTreeIsTheSameForTheSameFiles(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	first := s.commit("main", "one", nil, file("a", "1"))
	s.commit("main", "two", []int{first})
	s.run(t, dir)
	repo, err := newGit(t).Open(dir)
	require.NoError(t, err)
	head, err := repo.Tree(t.Context(), git(t, dir, "rev-parse", "main"))
	require.NoError(t, err)
	before, err := repo.Tree(t.Context(), git(t, dir, "rev-parse", "main^"))
	require.NoError(t, err)
	require.Equal(t, before, head)
	_, err = repo.Tree(t.Context(), "--help")
	require.ErrorContains(t, err, "is no commit")
}

func TestLeavingTheFilesEarlyLeavesNoProcess(t *testing.T) {
	t.Parallel()
	dir, home := bare(t), t.TempDir()
	linear(t, dir, 3)
	repo, err := newGit(t, func(o *facade.Options) { o.Home = home }).Open(dir)
	require.NoError(t, err)
	for _, err := range repo.Files(t.Context(), git(t, dir, "rev-parse", "HEAD"), everything) {
		require.NoError(t, err)
		break
	}
	require.Empty(t, processes(t, home))
}

func TestMissingFileIsACorruptClone(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	linear(t, dir, 3)
	head := git(t, dir, "rev-parse", "HEAD")
	blob := git(t, dir, "rev-parse", "HEAD:file0")
	for _, pack := range packsOf(t, dir) {
		loose := filepath.Join(t.TempDir(), filepath.Base(pack))
		require.NoError(t, os.Rename(pack, loose))
		require.NoError(t, os.Remove(strings.TrimSuffix(pack, ".pack")+".idx"))
		content, err := os.ReadFile(loose)
		require.NoError(t, err)
		gitInput(t, dir, string(content), "unpack-objects", "-q")
	}
	require.NoError(t, os.Remove(filepath.Join(dir, "objects", blob[:2], blob[2:])))
	repo, err := newGit(t).Open(dir)
	require.NoError(t, err)
	var fault error
	for _, err := range repo.Files(t.Context(), head, everything) {
		if err != nil {
			fault = err
		}
	}
	require.ErrorIs(t, fault, facade.ErrCorrupt)
}

func packsOf(t *testing.T, dir string) []string {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	require.NoError(t, err)
	return packs
}

// Ten levels of a tree that names the next one ten times are ten thousand million files.
func TestTreeThatUnfoldsIsGivenUp(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	tree := gitInput(t, dir, "100644 blob "+gitInput(t, dir, "x", "hash-object", "-w", "--stdin")+"\tf\n", "mktree")
	for range 10 {
		var b strings.Builder
		for _, name := range "abcdefghij" {
			b.WriteString("040000 tree " + tree + "\t" + string(name) + "\n")
		}
		tree = gitInput(t, dir, b.String(), "mktree")
	}
	commit := git(t, dir, "commit-tree", "-m", "bomb", tree)
	repo, err := newGit(t, func(o *facade.Options) { o.MaxFiles = 1000 }).Open(dir)
	require.NoError(t, err)
	var fault error
	for _, err := range repo.Files(t.Context(), commit, func(string, int64) bool { return false }) {
		fault = err
	}
	require.ErrorIs(t, fault, facade.ErrTooLarge)
}

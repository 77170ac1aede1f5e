package facade_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// cloned is a repository with three commits, a clone of it, and the git that made it.
func cloned(t testing.TB, change ...func(*facade.Options)) (g *facade.Git, origin, clone string) {
	t.Helper()
	origin = bare(t)
	linear(t, origin, 3)
	g = newGit(t, change...)
	clone = filepath.Join(t.TempDir(), "1-some repo *", "clone.git")
	require.NoError(t, g.Clone(t.Context(), origin, clone))
	return g, origin, clone
}

func headOf(t testing.TB, g *facade.Git, dir string) facade.Head {
	t.Helper()
	repo, err := g.Open(dir)
	require.NoError(t, err)
	head, err := repo.Head(t.Context())
	require.NoError(t, err)
	return head
}

func TestCloneIsBareAndWhole(t *testing.T) {
	t.Parallel()
	g, origin, clone := cloned(t)
	require.Equal(t, "true", git(t, clone, "rev-parse", "--is-bare-repository"))
	require.Equal(t, facade.Head{Branch: "main", Hash: git(t, origin, "rev-parse", "main")}, headOf(t, g, clone))
	require.FileExists(t, filepath.Join(clone, "objects", "info", "commit-graph"))
	require.NoDirExists(t, filepath.Join(clone, "hooks"))
	require.Len(t, history(t, g, clone), 3)
	entries, err := os.ReadDir(filepath.Dir(clone))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.ErrorIs(t, g.Clone(t.Context(), origin, clone), fs.ErrExist)
}

func TestFetchBringsTheStateOfTheRemote(t *testing.T) {
	t.Parallel()
	g, origin, clone := cloned(t)
	old := headOf(t, g, clone).Hash

	// A new commit, and a branch where there was a branch with the same beginning.
	var s script
	first := s.commit("main", "rewritten", nil, file("a", "x\n"))
	s.commit("topic/one", "side", []int{first}, file("b", "x\n"))
	s.run(t, origin)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Equal(t, git(t, origin, "rev-parse", "main"), headOf(t, g, clone).Hash)
	repo, err := g.Open(clone)
	require.NoError(t, err)
	ancestor, err := repo.IsAncestor(t.Context(), old, headOf(t, g, clone).Hash)
	require.NoError(t, err)
	require.False(t, ancestor, "the history was rewritten")

	// The default branch changes, the old one goes, and a branch takes the place of a directory of branches.
	git(t, origin, "branch", "-m", "main", "trunk")
	git(t, origin, "branch", "-m", "topic/one", "topic")
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Equal(t, facade.Head{Branch: "trunk", Hash: git(t, origin, "rev-parse", "trunk")}, headOf(t, g, clone))
	require.Equal(t, git(t, origin, "for-each-ref"), git(t, clone, "for-each-ref"))

	// HEAD of the remote is no branch, and its commit on none.
	detached := git(t, origin, "commit-tree", "-m", "detached", "trunk^{tree}")
	git(t, origin, "update-ref", "--no-deref", "HEAD", detached)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Equal(t, facade.Head{Hash: detached}, headOf(t, g, clone))
	head, err := g.RemoteHead(t.Context(), origin)
	require.NoError(t, err)
	require.Equal(t, facade.Head{Hash: detached}, head)

	// And it is a branch again.
	git(t, origin, "symbolic-ref", "HEAD", "refs/heads/topic")
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Equal(t, "topic", headOf(t, g, clone).Branch)
}

func TestEmptyRepositoriesAreNoFault(t *testing.T) {
	t.Parallel()
	g := newGit(t)
	origin, clone := bare(t), filepath.Join(t.TempDir(), "clone")
	head, err := g.RemoteHead(t.Context(), origin)
	require.NoError(t, err)
	require.Zero(t, head)
	require.NoError(t, g.Clone(t.Context(), origin, clone))
	require.Zero(t, headOf(t, g, clone))
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Zero(t, headOf(t, g, clone))

	linear(t, origin, 1)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Equal(t, git(t, origin, "rev-parse", "main"), headOf(t, g, clone).Hash)

	// A default branch that does not exist.
	git(t, origin, "symbolic-ref", "HEAD", "refs/heads/nowhere")
	head, err = g.RemoteHead(t.Context(), origin)
	require.NoError(t, err)
	require.Zero(t, head)
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, g.Clone(t.Context(), origin, other))
	require.Zero(t, headOf(t, g, other))
}

func TestShallowClonesAreCompleted(t *testing.T) {
	t.Parallel()
	g, origin, _ := cloned(t)
	clone := filepath.Join(t.TempDir(), "shallow")
	git(t, "/", "clone", "--quiet", "--bare", "--depth=1", "file://"+origin, clone)
	repo, err := g.Open(clone)
	require.NoError(t, err)
	require.True(t, repo.Shallow)
	require.Len(t, history(t, g, clone), 1)
	verify(t, g, clone)

	// From a shallow repository no more can be had than it has.
	second := filepath.Join(t.TempDir(), "second")
	require.NoError(t, g.Clone(t.Context(), clone, second))
	require.NoError(t, g.Fetch(t.Context(), second, clone))
	require.Len(t, history(t, g, second), 1)

	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	repo, err = g.Open(clone)
	require.NoError(t, err)
	require.False(t, repo.Shallow)
	require.Len(t, history(t, g, clone), 3)
}

func TestShallowMergesAreReadAsRoots(t *testing.T) {
	t.Parallel()
	origin, clone := bare(t), filepath.Join(t.TempDir(), "shallow")
	var s script
	one, two := s.commit("main", "one", nil, file("a", "x\n")), s.commit("side", "two", nil, file("b", "x\n"))
	s.commit("main", "merge", []int{one, two}, file("b", "x\n"))
	s.run(t, origin)
	git(t, "/", "clone", "--quiet", "--bare", "--depth=1", "file://"+origin, clone)
	got := history(t, newGit(t), clone)
	require.Len(t, got[0].Parents, 2)
	require.Equal(t, []change{{Path: "a", Added: 1}, {Path: "b", Added: 1}}, got[0].Files)
}

func TestWhatACrashLeftIsRemoved(t *testing.T) {
	t.Parallel()
	g, origin, clone := cloned(t)
	half := clone + ".2" + ".clone-123"
	other := clone + ".clone-456"
	for _, d := range []string{half, other} {
		require.NoError(t, os.MkdirAll(filepath.Join(d, "objects", "pack"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(d, "objects", "pack", "tmp_pack_x"), []byte("PACK"), 0o600))
	}
	require.NoError(t, g.Clone(t.Context(), origin, clone+".2"))
	require.NoDirExists(t, half)
	require.DirExists(t, other, "that is of another clone")

	linear(t, origin, 5)
	for _, name := range []string{"index.lock", "HEAD.lock", "packed-refs.lock", "config.lock", "shallow.lock", "refs/heads/main.lock", "objects/info/commit-graph.lock", "objects/pack/tmp_pack_a1"} {
		require.NoError(t, os.WriteFile(filepath.Join(clone, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(clone, "objects", "tmp_objdir-incoming-x"), 0o755))
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Equal(t, git(t, origin, "rev-parse", "main"), headOf(t, g, clone).Hash)
	left, err := filepath.Glob(strings.ReplaceAll(clone, "*", `\*`) + "/*.lock")
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoDirExists(t, filepath.Join(clone, "objects", "tmp_objdir-incoming-x"))
}

func TestTwoProcessesDoNotShareAClone(t *testing.T) {
	t.Parallel()
	g, origin, clone := cloned(t)
	hold := func(dir string) *os.File {
		f, err := os.Open(dir)
		require.NoError(t, err)
		require.NoError(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
		return f
	}
	release := func(f *os.File) {
		// Not by closing alone: a process that another test is starting has a copy of the file for a moment.
		require.NoError(t, syscall.Flock(int(f.Fd()), syscall.LOCK_UN))
		require.NoError(t, f.Close())
	}
	f := hold(clone)
	require.ErrorIs(t, g.Fetch(t.Context(), clone, origin), facade.ErrBusy)
	release(f)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))

	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.Mkdir(other+".clone-1", 0o755))
	f = hold(other + ".clone-1")
	require.NoError(t, g.Clone(t.Context(), origin, other))
	require.DirExists(t, other+".clone-1", "somebody else is there")
	release(f)

	third := filepath.Join(t.TempDir(), "third")
	results := make(chan error)
	for range 2 {
		go func() { results <- g.Clone(t.Context(), origin, third) }()
	}
	one, two := <-results, <-results
	if one == nil {
		one, two = two, one
	}
	require.NoError(t, two)
	require.ErrorIs(t, one, fs.ErrExist)
	require.Len(t, history(t, g, third), 3)
	left, err := filepath.Glob(third + ".*")
	require.NoError(t, err)
	require.Empty(t, left)
}

// pack is the one pack of a clone.
func pack(t testing.TB, clone string) string {
	t.Helper()
	dir := filepath.Join(clone, "objects", "pack")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".pack") {
			require.NoError(t, os.Chmod(filepath.Join(dir, e.Name()), 0o600))
			return filepath.Join(dir, e.Name())
		}
	}
	require.Fail(t, "no pack")
	return ""
}

func TestDamagedClonesAreFoundAndMadeAnew(t *testing.T) {
	t.Parallel()
	damages := map[string]func(clone string) error{
		"cut off pack": func(clone string) error { return os.Truncate(pack(t, clone), 100) },
		"lost pack":    func(clone string) error { return os.Remove(pack(t, clone)) },
		"empty head":   func(clone string) error { return os.WriteFile(filepath.Join(clone, "HEAD"), nil, 0o600) },
		"lost objects": func(clone string) error { return os.RemoveAll(filepath.Join(clone, "objects")) },
		"a file":       func(clone string) error { return errors.Join(os.RemoveAll(clone), os.WriteFile(clone, nil, 0o600)) },
		"half made":    func(clone string) error { return errors.Join(os.RemoveAll(clone), os.Mkdir(clone, 0o755)) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, origin, clone := cloned(t)
			require.NoError(t, damage(clone))
			_, err := g.Open(clone)
			require.ErrorIs(t, err, facade.ErrCorrupt)
			require.ErrorIs(t, g.Fetch(t.Context(), clone, origin), facade.ErrCorrupt)
			require.NoError(t, g.Repair(t.Context(), origin, clone))
			require.Len(t, history(t, g, clone), 3)
			_, err = os.Stat(clone + ".corrupt")
			require.NoError(t, err)
			require.NoError(t, g.Repair(t.Context(), origin, clone), "the one put aside is replaced")
		})
	}
	_, err := newGit(t).Open(filepath.Join(t.TempDir(), "nothing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NotErrorIs(t, err, facade.ErrCorrupt)
}

func TestDamageInsideOfAPackIsFoundByReading(t *testing.T) {
	t.Parallel()
	g, _, clone := cloned(t)
	path := pack(t, clone)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 40; i < len(b)-40; i += 7 {
		b[i] ^= 0xff
	}
	require.NoError(t, os.WriteFile(path, b, 0o600))
	repo, err := g.Open(clone)
	require.NoError(t, err, "the pack has its length and trailer")
	hashes := strings.Fields(gitRefs(t, clone))
	seen := 0
	var last error
	for c, err := range repo.History(t.Context(), hashes) {
		if c != nil {
			seen++
		}
		last = err
	}
	require.ErrorIs(t, last, facade.ErrCorrupt)
	require.Zero(t, seen)
	_, err = repo.Head(t.Context())
	require.ErrorIs(t, err, facade.ErrCorrupt)
}

// gitRefs are the hashes that the refs of a clone hold, read without git.
func gitRefs(t testing.TB, clone string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(clone, "packed-refs"))
	require.NoError(t, err)
	for line := range strings.Lines(string(b)) {
		if hash, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok && name == "refs/heads/main" {
			return hash
		}
	}
	require.Fail(t, "no main")
	return ""
}

func TestMissingObjectsAreCorruption(t *testing.T) {
	t.Parallel()
	for _, what := range []string{"HEAD", "HEAD^{tree}", "HEAD:file2"} {
		g, _, clone := cloned(t)
		path := pack(t, clone)
		moved := filepath.Join(t.TempDir(), "pack")
		require.NoError(t, os.Rename(path, moved))
		require.NoError(t, os.Remove(strings.TrimSuffix(path, ".pack")+".idx"))
		content, err := os.ReadFile(moved)
		require.NoError(t, err)
		gitInput(t, clone, string(content), "unpack-objects", "-q")
		hash := git(t, clone, "rev-parse", what)
		hashes := strings.Fields(git(t, clone, "rev-list", "--reverse", "HEAD"))
		require.NoError(t, os.Remove(filepath.Join(clone, "objects", hash[:2], hash[2:])))
		repo, err := g.Open(clone)
		require.NoError(t, err)
		var last error
		for _, err := range repo.History(t.Context(), hashes) {
			last = err
		}
		require.ErrorIs(t, last, facade.ErrCorrupt, what)
		var e *facade.Error
		require.ErrorAs(t, last, &e)
	}
}

func TestADamagedCommitGraphChangesNothing(t *testing.T) {
	t.Parallel()
	g, origin, clone := cloned(t)
	path := filepath.Join(clone, "objects", "info", "commit-graph")
	require.NoError(t, os.Chmod(path, 0o600))
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, damaged := range [][]byte{nil, whole[:len(whole)/2], []byte(strings.Repeat("x", 2000)), append(append([]byte{}, whole[:40]...), make([]byte, len(whole)-40)...)} {
		require.NoError(t, os.WriteFile(path, damaged, 0o600))
		require.Len(t, history(t, g, clone), 3)
		linear(t, origin, 4)
		require.NoError(t, g.Fetch(t.Context(), clone, origin))
		require.Len(t, history(t, g, clone), 4)
		git(t, clone, "commit-graph", "verify")
		git(t, clone, "update-ref", "refs/heads/main", "main~1")
	}
}

func TestCommitGraphGrowsWithTheHistory(t *testing.T) {
	t.Parallel()
	g, origin, clone := cloned(t)
	info := filepath.Join(clone, "objects", "info")
	graphs := func() []string {
		files, err := filepath.Glob(filepath.Join(info, "commit-graphs", "*.graph"))
		require.NoError(t, err)
		return files
	}
	linear(t, origin, 40)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	linear(t, origin, 41)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	require.Len(t, graphs(), 2, "what is new is in a file of its own")
	git(t, clone, "commit-graph", "verify")
	// One that lies, although git takes it for whole: of the newest file a byte in the middle is another one.
	for _, path := range graphs() {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		content[len(content)-30] ^= 1
		require.NoError(t, os.Chmod(path, 0o600))
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
	linear(t, origin, 42)
	require.NoError(t, g.Fetch(t.Context(), clone, origin))
	git(t, clone, "commit-graph", "verify")
	require.Empty(t, graphs(), "it was written anew as a whole")
	require.Len(t, history(t, g, clone), 42)
}

func TestRemovedCloneIsGoneWithWhatWasPutAside(t *testing.T) {
	t.Parallel()
	origin := bare(t)
	linear(t, origin, 2)
	g := newGit(t)
	dir := filepath.Join(t.TempDir(), "x.git")
	require.NoError(t, g.Clone(t.Context(), origin, dir))
	repo, err := g.Open(dir)
	require.NoError(t, err)
	require.Positive(t, repo.Size())
	require.NoError(t, os.Mkdir(dir+".corrupt", 0o755))
	require.NoError(t, os.Mkdir(dir+".removed", 0o755))
	held, err := os.Open(dir)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(held.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
	require.ErrorIs(t, g.Remove(dir), facade.ErrBusy)
	require.DirExists(t, dir)
	require.NoError(t, held.Close())
	require.NoError(t, g.Remove(dir))
	entries, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	require.Empty(t, entries)
	require.NoError(t, g.Remove(dir), "once more is no fault")
}

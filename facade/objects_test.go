package facade_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// read reads HEAD's history, and returns what that took and what was logged. Commits are compared with git's patches.
func read(t testing.TB, dir string, change ...func(*facade.Options)) (all []*facade.Commit, effort facade.Effort, log string) {
	t.Helper()
	logger, said := logged()
	g := newGit(t, append([]func(*facade.Options){func(o *facade.Options) { o.Log = logger }}, change...)...)
	repo, err := g.Open(dir)
	require.NoError(t, err)
	reading := repo.Read(hashesOf(t, repo))
	for c, err := range reading.Commits(t.Context()) {
		require.NoError(t, err)
		all = append(all, c)
	}
	require.Equal(t, patchHistory(t, g, dir), all)
	require.Equal(t, len(all), reading.Effort().Commits)
	return all, reading.Effort(), said.String()
}

// world makes histories by chance: files of several kinds that grow, shrink, move, change their type and come back, on branches that are merged.
type world struct {
	random *rand.Rand
	s      script
	files  map[string]string
}

func (w *world) line() string {
	words := []string{"", "\t", "}", "  }", "return nil", "\treturn nil", "if err != nil {", "caf\xe9", "größer", "x\ry", strings.Repeat("long ", 200)}
	if w.random.IntN(3) > 0 {
		return fmt.Sprintf("%s%x", strings.Repeat(" ", w.random.IntN(3)), w.random.IntN(5000))
	}
	return words[w.random.IntN(len(words))]
}

func (w *world) edit(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for range 1 + w.random.IntN(6) {
		at := w.random.IntN(len(lines) + 1)
		size := min(w.random.IntN(8), len(lines)-at)
		switch w.random.IntN(5) {
		case 0:
			lines = slices.Delete(lines, at, at+size)
		case 1:
			block := slices.Clone(lines[at : at+size])
			lines = slices.Insert(lines, w.random.IntN(len(lines)+1), block...)
		case 2:
			for i := range lines[at : at+size] {
				lines[at+i] = "  " + lines[at+i]
			}
		default:
			for range size + 1 {
				lines = slices.Insert(lines, at, w.line()+"\n")
			}
		}
	}
	text = strings.Join(lines, "")
	switch w.random.IntN(20) {
	case 0:
		text = strings.TrimSuffix(text, "\n")
	case 1:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case 2:
		text += "\x00"
	case 3:
		text = ""
	}
	return text
}

// commit changes some files.
func (w *world) commit(branch string, parents []int) int {
	var changes []string
	for range w.random.IntN(5) {
		name := fmt.Sprintf("dir%d/file%d", w.random.IntN(3), w.random.IntN(12))
		text, there := w.files[name]
		chance := w.random.IntN(60)
		switch {
		case there && chance < 6:
			delete(w.files, name)
			changes = append(changes, remove(name))
		case there && chance < 12:
			to := name + "-moved"
			delete(w.files, name)
			w.files[to] = w.edit(text)
			changes = append(changes, remove(name), file(to, w.files[to]))
		case chance < 16:
			changes = append(changes, link(name, "target\nof several\nlines"))
			w.files[name] = "target\nof several\nlines"
		case chance < 20:
			changes = append(changes, submodule(name, fmt.Sprintf("%040x", 1+w.random.IntN(100))))
			delete(w.files, name)
		case chance < 26:
			changes = append(changes, executable(name, text))
			w.files[name] = text
		default:
			w.files[name] = w.edit(text)
			changes = append(changes, file(name, w.files[name]))
		}
	}
	return w.s.commit(branch, "m", parents, changes...)
}

func TestRandomHistoriesAreThoseOfThePatches(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := &world{random: rand.New(rand.NewPCG(seed, 7)), files: map[string]string{}}
			tip := w.commit("main", nil)
			for range 250 {
				parents := []int{tip}
				if w.random.IntN(8) == 0 {
					parents = append(parents, w.commit("side", []int{1 + w.random.IntN(tip)}))
				}
				tip = w.commit("main", parents)
			}
			dir := bare(t)
			w.s.run(t, dir)
			if seed%2 == 0 {
				git(t, dir, "repack", "-q", "-a", "-d", "-f", "--depth=100")
			}
			_, effort, _ := read(t, dir)
			require.Zero(t, effort.PatchCommits)
			require.Less(t, effort.Asked, effort.Rows/4)
			verify(t, newGit(t), dir)
		})
	}
}

func TestClonesOfAllKindsAreReadFromTheirObjects(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(t *testing.T, dir string) string{
		"one pack": func(t *testing.T, dir string) string {
			t.Helper()
			git(t, dir, "repack", "-q", "-a", "-d", "-f")
			return dir
		},
		"loose objects": func(t *testing.T, dir string) string {
			t.Helper()
			packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
			require.NoError(t, err)
			for _, p := range packs {
				content, err := os.ReadFile(p)
				require.NoError(t, err)
				require.NoError(t, os.Remove(p))
				require.NoError(t, os.Remove(strings.TrimSuffix(p, ".pack")+".idx"))
				gitInput(t, dir, string(content), "unpack-objects", "-q")
			}
			return dir
		},
		"many packs": func(t *testing.T, dir string) string {
			t.Helper()
			for i := range 12 {
				var s script
				s.last = 1000 * (i + 1)
				fmt.Fprintf(&s.b, "reset refs/heads/main\nfrom refs/heads/main^0\n\n")
				s.b.WriteString("commit refs/heads/main\ncommitter A <a@b> 1800000000 +0000\ndata 1\nm\n" + file("file0", fmt.Sprintf("pack %d\n", i)))
				s.run(t, dir)
			}
			return dir
		},
		"multi-pack-index": func(t *testing.T, dir string) string {
			t.Helper()
			git(t, dir, "multi-pack-index", "write")
			return dir
		},
		"promised objects": func(t *testing.T, dir string) string {
			t.Helper()
			git(t, dir, "repack", "-q", "-a", "-d")
			packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(strings.TrimSuffix(packs[0], ".pack")+".promisor", nil, 0o600))
			return dir
		},
		"commit-graph": func(t *testing.T, dir string) string {
			t.Helper()
			git(t, dir, "commit-graph", "write", "--reachable")
			return dir
		},
		"borrowed objects": func(t *testing.T, dir string) string {
			t.Helper()
			other := filepath.Join(t.TempDir(), "borrower.git")
			git(t, "/", "clone", "--quiet", "--bare", "--shared", "--", dir, other)
			return other
		},
		"shallow": func(t *testing.T, dir string) string {
			t.Helper()
			other := filepath.Join(t.TempDir(), "shallow.git")
			git(t, "/", "clone", "--quiet", "--bare", "--depth=5", "file://"+dir, other)
			return other
		},
		"work tree": func(t *testing.T, dir string) string {
			t.Helper()
			work := filepath.Join(t.TempDir(), "work")
			git(t, "/", "clone", "--quiet", "--", dir, work)
			return filepath.Join(work, ".git")
		},
		"large files": func(t *testing.T, dir string) string {
			t.Helper()
			// Contents behind pointers, as LFS has them, are never fetched.
			var s script
			s.last = 5000
			s.b.WriteString("commit refs/heads/main\ncommitter A <a@b> 1800000000 +0000\ndata 1\nm\nfrom refs/heads/main^0\n" +
				file(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n") + file("x.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0", 64)+"\nsize 12345\n"))
			s.run(t, dir)
			return dir
		},
		"names of 4 KiB": func(t *testing.T, dir string) string {
			t.Helper()
			var s script
			s.last = 5000
			s.b.WriteString("commit refs/heads/main\ncommitter A <a@b> 1800000000 +0000\ndata 1\nm\nfrom refs/heads/main^0\n" + file(strings.Repeat("n", 4096), "x\n") + file(strings.Repeat("d/", 2000)+"x", "x\n"))
			s.run(t, dir)
			return dir
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := bare(t)
			linear(t, dir, 40)
			dir = arrange(t, dir)
			all, effort, log := read(t, dir)
			require.NotEmpty(t, all)
			require.Zero(t, effort.PatchCommits, log)
			require.Empty(t, log)
		})
	}
}

func TestWhatCannotBeReadHereIsReadFromPatches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		init    []string
		arrange func(t *testing.T, dir string)
		reason  string
	}{
		"SHA-256": {[]string{"--object-format=sha256"}, func(*testing.T, string) {}, "object names are SHA-256"},
		"attributes": {nil, func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "info"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "info", "attributes"), []byte("file1 -diff\n"), 0o600))
		}, "info/attributes"},
		"index of version 1": {nil, func(t *testing.T, dir string) {
			t.Helper()
			packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
			require.NoError(t, err)
			require.NoError(t, os.Remove(strings.TrimSuffix(packs[0], ".pack")+".idx"))
			git(t, dir, "index-pack", "--index-version=1", packs[0])
		}, "unknown format"},
		"quoted alternate": {nil, func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "objects", "info"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", "info", "alternates"), []byte("\"/nowhere\"\n"), 0o600))
		}, "quoted alternate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := bare(t, c.init...)
			linear(t, dir, 40)
			git(t, dir, "repack", "-q", "-a", "-d")
			c.arrange(t, dir)
			all, effort, log := read(t, dir)
			require.Len(t, all, 40)
			require.Equal(t, 40, effort.PatchCommits)
			require.Contains(t, log, "history is read from git's patches")
			require.Contains(t, log, c.reason)
		})
	}
}

func TestGitDecidesOnTextsThatItComparesByRulesOfItsOwn(t *testing.T) {
	t.Parallel()
	// Lines that all occur once, in another order: no path between the texts is short, and they are long.
	random := rand.New(rand.NewPCG(1, 9))
	shuffled := func() string {
		var b strings.Builder
		for _, i := range random.Perm(33_000) {
			fmt.Fprintf(&b, "line number %d\n", i)
		}
		return b.String()
	}
	var b strings.Builder
	for i := range 8000 { // more than is held here
		b.WriteString(strings.Repeat(fmt.Sprintf("%d ", i*7919), 350) + "\n")
	}
	large := b.String()
	require.Greater(t, len(large), 16<<20)
	dir := bare(t)
	var s script
	first := s.commit("main", "first", nil, file("shuffled", shuffled()), file("becomes large", "x\n"), file("large link", large))
	second := s.commit("main", "second", []int{first}, file("shuffled", shuffled()), file("becomes large", "x\n"+large+"no newline"), link("large link", "target"))
	s.commit("main", "third", []int{second}, file("shuffled", shuffled()+"more\n"))
	s.run(t, dir)
	all, effort, log := read(t, dir)
	require.Equal(t, change{Path: "becomes large", Added: 8001}, all[1].Files[0])
	require.Equal(t, change{Path: "large link", Added: 1, Removed: 8000}, all[1].Files[1])
	require.Empty(t, log)
	require.Zero(t, effort.PatchCommits)
	require.Equal(t, 5, effort.Asked)
}

func TestAPackThatIsCutOffWhileItIsReadIsAFault(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	var parents []int
	random := rand.New(rand.NewPCG(8, 8))
	noise := func() string {
		b := make([]byte, 4000)
		for i := range b {
			b[i] = byte('a' + random.IntN(26))
		}
		return string(b)
	}
	const n = 300
	for range n {
		parents = []int{s.commit("main", noise(), parents, file("f", noise()))}
	}
	s.run(t, dir)
	g := newGit(t)
	repo, err := g.Open(dir)
	require.NoError(t, err)
	hashes := hashesOf(t, repo)
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	require.NoError(t, err)
	require.NoError(t, os.Chmod(packs[0], 0o600))
	var last error
	seen := 0
	for _, err := range repo.History(t.Context(), hashes) {
		if last = err; err != nil {
			break
		}
		if seen++; seen == 1 {
			// The commits of this window are counted, but not read.
			require.NoError(t, os.Truncate(packs[0], 4096))
		}
	}
	require.ErrorIs(t, last, facade.ErrCorrupt)
	require.Less(t, seen, n)
}

func TestSmallHistoriesAreReadToo(t *testing.T) {
	t.Parallel()
	dir := bare(t)
	var s script
	s.commit("main", "only", nil)
	s.run(t, dir)
	all, effort, _ := read(t, dir)
	require.Equal(t, [][]change{{{}}}, rowsOf(all))
	require.Equal(t, facade.Effort{Commits: 1, Rows: 1}, effort)
}

func FuzzRecords(f *testing.F) {
	dir := bare(f)
	linear(f, dir, 4)
	list := git(f, dir, "rev-list", "main")
	output := gitInput(f, dir, list+"\n"+facade.EndOfBlock, facade.ListArgs()...)
	f.Add([]byte(output+"\n"), list)
	f.Fuzz(func(t *testing.T, output []byte, list string) {
		hashes := strings.Fields(list)
		rows, err := facade.ReadRecords(output, hashes)
		if err != nil {
			return
		}
		require.LessOrEqual(t, rows, bytes.Count(output, []byte{0}))
		for i := range min(len(output), 200) {
			_, err := facade.ReadRecords(output[:len(output)-1-i], hashes)
			require.Error(t, err, "nothing less than the whole is taken for the whole")
		}
	})
}

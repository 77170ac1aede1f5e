package pack_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/facade/pack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// git runs git in a directory, without anybody's configuration.
func git(t testing.TB, dir, input string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "git %v: %s", args, stderr.String())
	return string(out)
}

// repository has the versions of some files that grow and change, in one pack, with differences.
func repository(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo.git")
	git(t, "/", "", "init", "--quiet", "--bare", "--template=", "--initial-branch=main", dir)
	commits(t, dir, 1, 60)
	git(t, dir, "", "repack", "-q", "-a", "-d", "-f", "--depth=50")
	return dir
}

// commits adds n commits to main. The texts follow from the seed.
func commits(t testing.TB, dir string, seed uint64, n int) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	var lines []string
	for i := range 400 {
		lines = append(lines, fmt.Sprintf("line %d of %d: %x", i, seed, random.Uint64()))
	}
	var s strings.Builder
	for i := range n {
		lines[random.IntN(len(lines))] = fmt.Sprintf("changed by %d", i)
		text := strings.Join(lines, "\n")
		noise := make([]byte, random.IntN(3000))
		for k := range noise {
			noise[k] = byte(random.Uint64())
		}
		message := strings.Repeat("a message that repeats itself, ", random.IntN(80))
		fmt.Fprintf(&s, "commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata %d\n%s\n", 1700000000+i, len(message), message)
		fmt.Fprintf(&s, "M 100644 inline text%d\ndata %d\n%s\nM 100644 inline noise\ndata %d\n%s\nM 100644 inline empty\ndata 0\n\n", i%3, len(text), text, len(noise), noise)
	}
	git(t, dir, s.String(), "fast-import", "--quiet", "--force")
}

// objects are the names, kinds and contents of all objects, as git has them.
func objects(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := git(t, dir, "", "cat-file", "--batch", "--batch-all-objects")
	all := map[string]string{}
	for out != "" {
		head, rest, _ := strings.Cut(out, "\n")
		var name, kind string
		var size int
		_, err := fmt.Sscan(head, &name, &kind, &size)
		require.NoError(t, err)
		all[name] = kind + " " + rest[:size]
		out = rest[size+1:]
	}
	return all
}

var kinds = map[pack.Kind]string{pack.Commit: "commit", pack.Tree: "tree", pack.Blob: "blob", pack.Tag: "tag"}

// open opens the objects of a repository until the end of the test.
func open(t testing.TB, dir string) *pack.Store {
	t.Helper()
	s, err := pack.Open(filepath.Join(dir, "objects"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func hash(t testing.TB, name string) pack.Hash {
	t.Helper()
	h, ok := pack.ParseHash([]byte(name))
	require.True(t, ok)
	return h
}

// requireAll reads every object that git has, in the order of a map.
func requireAll(t testing.TB, r *pack.Reader, want map[string]string) {
	t.Helper()
	require.NotEmpty(t, want)
	for name, content := range want {
		o, err := r.Object(hash(t, name))
		require.NoError(t, err)
		require.Equal(t, content, kinds[o.Kind]+" "+string(o.Data), name)
		r.GiveBack(o)
	}
}

func TestEveryObjectIsWhatGitReads(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	want := objects(t, dir)
	s := open(t, dir)
	for _, budget := range []int{1 << 24, 1 << 16, 1 << 12, 64} {
		r := pack.NewReader(budget, 1<<20)
		r.Use(s)
		requireAll(t, r, want)
		requireAll(t, r, want)
	}
}

func TestObjectsAreFoundWhereverTheyAre(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(t *testing.T, dir string){
		"loose": func(t *testing.T, dir string) {
			t.Helper()
			unpack(t, dir)
		},
		"ref delta": func(t *testing.T, dir string) {
			t.Helper()
			git(t, dir, "", "-c", "repack.useDeltaBaseOffset=false", "repack", "-q", "-a", "-d", "-f")
		},
		"two packs": func(t *testing.T, dir string) {
			t.Helper()
			commits(t, dir, 3, 5)
			git(t, dir, "", "repack", "-q", "-d")
		},
		"multi-pack-index": func(t *testing.T, dir string) {
			t.Helper()
			for i := range 5 {
				commits(t, dir, uint64(10+i), 3)
				git(t, dir, "", "repack", "-q", "-d")
			}
			git(t, dir, "", "multi-pack-index", "write")
		},
		"only a multi-pack-index": func(t *testing.T, dir string) {
			t.Helper()
			git(t, dir, "", "multi-pack-index", "write")
			indexes, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.idx"))
			require.NoError(t, err)
			for _, i := range indexes {
				require.NoError(t, os.Remove(i))
			}
		},
		"64-bit offsets": func(t *testing.T, dir string) {
			t.Helper()
			git(t, dir, "", "-c", "pack.indexVersion=2", "repack", "-q", "-a", "-d")
			farIndex(t, dir)
		},
		"alternates": func(t *testing.T, dir string) {
			t.Helper()
			lender := filepath.Join(filepath.Dir(dir), "lender.git")
			require.NoError(t, os.Rename(dir, lender))
			middle := filepath.Join(filepath.Dir(dir), "middle.git")
			git(t, "/", "", "clone", "--quiet", "--bare", "--shared", lender, middle)
			git(t, "/", "", "clone", "--quiet", "--bare", "--shared", middle, dir)
			commits(t, dir, 7, 3)
		},
		"relative alternates": func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Rename(filepath.Join(dir, "objects"), filepath.Join(dir, "lent")))
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "objects", "info"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", "info", "alternates"), []byte("# borrowed\n\n../lent\n"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			want := objects(t, dir)
			arrange(t, dir)
			maps.Copy(want, objects(t, dir)) // of what git still lists: without indexes it lists nothing
			r := pack.NewReader(1<<20, 1<<20)
			r.Use(open(t, dir))
			requireAll(t, r, want)
		})
	}
}

// unpack gives every object a file of its own.
func unpack(t testing.TB, dir string) {
	t.Helper()
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	require.NoError(t, err)
	require.NotEmpty(t, packs)
	for _, p := range packs {
		content, err := os.ReadFile(p)
		require.NoError(t, err)
		require.NoError(t, os.Remove(p))
		require.NoError(t, os.Remove(strings.TrimSuffix(p, ".pack")+".idx"))
		git(t, dir, string(content), "unpack-objects", "-q")
	}
}

// farIndex moves every offset of the index to the list of those that do not fit into 31 bits.
func farIndex(t testing.TB, dir string) {
	t.Helper()
	indexes, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.idx"))
	require.NoError(t, err)
	require.Len(t, indexes, 1)
	raw, err := os.ReadFile(indexes[0])
	require.NoError(t, err)
	n := int(binary.BigEndian.Uint32(raw[8+255*4:]))
	offsets := raw[8+1024+24*n : 8+1024+28*n]
	var far []byte
	for i := range n {
		at := binary.BigEndian.Uint32(offsets[4*i:])
		far = binary.BigEndian.AppendUint64(far, uint64(at))
		binary.BigEndian.PutUint32(offsets[4*i:], 1<<31|uint32(i))
	}
	end := len(raw) - 40
	raw = bytes.Join([][]byte{raw[:end], far, raw[end:]}, nil)
	require.NoError(t, os.Chmod(indexes[0], 0o600))
	require.NoError(t, os.WriteFile(indexes[0], raw, 0o600))
}

func TestObjectsInUseStay(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	want := objects(t, dir)
	r := pack.NewReader(64<<10, 1<<20)
	r.Use(open(t, dir))
	held := map[string]*pack.Object{}
	for name := range want {
		o, err := r.Object(hash(t, name))
		require.NoError(t, err)
		if held[name] = o; len(held) == 5 { // more than fit into the budget
			for name, o := range held {
				require.Equal(t, want[name], kinds[o.Kind]+" "+string(o.Data))
				r.GiveBack(o)
			}
			clear(held)
		}
	}
}

func TestAReaderForgetsTheStoreItLeaves(t *testing.T) {
	t.Parallel()
	first, second := repository(t), filepath.Join(t.TempDir(), "other.git")
	git(t, "/", "", "init", "--quiet", "--bare", "--template=", second)
	commits(t, second, 99, 4)
	a, b := open(t, first), open(t, second)
	r := pack.NewReader(1<<20, 1<<20)
	r.Use(a)
	requireAll(t, r, objects(t, first))
	r.Use(b)
	for name := range objects(t, first) {
		if _, here := objects(t, second)[name]; !here {
			_, err := r.Object(hash(t, name))
			require.ErrorIs(t, err, pack.ErrMissing)
			break
		}
	}
	requireAll(t, r, objects(t, second))
	r.Use(a)
	requireAll(t, r, objects(t, first))
}

func TestLargeObjectsAreRefused(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	large := strings.TrimSpace(git(t, dir, strings.Repeat("large\n", 10_000), "hash-object", "-w", "--stdin"))
	s := open(t, dir)
	r := pack.NewReader(1<<10, 59_999)
	r.Use(s)
	_, err := r.Object(hash(t, large))
	require.ErrorIs(t, err, pack.ErrLarge)
	git(t, dir, large, "pack-objects", "-q", "objects/pack/pack")
	git(t, dir, "", "prune-packed", "-q")
	r.Use(open(t, dir))
	_, err = r.Object(hash(t, large))
	require.ErrorIs(t, err, pack.ErrLarge)
	r = pack.NewReader(1<<10, 60_000)
	r.Use(open(t, dir))
	requireAll(t, r, objects(t, dir))
}

func TestWhatIsDamagedIsNeverReadAsSomethingElse(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	want := objects(t, dir)
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	require.NoError(t, err)
	require.NoError(t, os.Chmod(packs[0], 0o600))
	good, err := os.ReadFile(packs[0])
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(5, 6))
	faults := 0
	for range 40 {
		bad := bytes.Clone(good)
		for range 1 + random.IntN(20) {
			bad[12+random.IntN(len(bad)-32)] ^= 1 << random.IntN(8)
		}
		require.NoError(t, os.WriteFile(packs[0], bad, 0o600))
		s, err := pack.Open(filepath.Join(dir, "objects"))
		require.NoError(t, err)
		r := pack.NewReader(1<<20, 1<<20)
		r.Use(s)
		for name, content := range want {
			o, err := r.Object(hash(t, name))
			if err != nil {
				faults++
				continue
			}
			// The instructions of a delta have a sum, the place of its base and the kind of an object have none: git checks no more when it reads.
			if kinds[o.Kind]+" "+string(o.Data) != content {
				faults++
			}
			r.GiveBack(o)
		}
		require.NoError(t, s.Close())
	}
	require.NotZero(t, faults)
}

func TestFilesOfAnotherKindAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  string
		spoil func([]byte) []byte
		want  error
	}{
		"pack version":          {"*.pack", func(b []byte) []byte { b[7] = 4; return b }, pack.ErrUnknown},
		"no pack":               {"*.pack", func(b []byte) []byte { return append([]byte("JUNK"), b[4:]...) }, nil},
		"pack cut off":          {"*.pack", func(b []byte) []byte { return b[:len(b)/2] }, nil},
		"pack is short":         {"*.pack", func(b []byte) []byte { return b[:20] }, nil},
		"empty pack":            {"*.pack", func([]byte) []byte { return nil }, nil},
		"number of objects":     {"*.pack", func(b []byte) []byte { b[11]++; return b }, nil},
		"index version":         {"*.idx", func(b []byte) []byte { b[7] = 3; return b }, pack.ErrUnknown},
		"index of version 1":    {"*.idx", func(b []byte) []byte { return b[8:] }, pack.ErrUnknown},
		"index cut off":         {"*.idx", func(b []byte) []byte { return b[:len(b)/2] }, nil},
		"index is short":        {"*.idx", func(b []byte) []byte { return b[:500] }, nil},
		"index is not sorted":   {"*.idx", func(b []byte) []byte { b[8+4*100] = 0xff; return b }, nil},
		"multi version":         {"multi-pack-index", func(b []byte) []byte { b[4] = 9; return b }, pack.ErrUnknown},
		"multi of SHA-256":      {"multi-pack-index", func(b []byte) []byte { b[5] = 2; return b }, pack.ErrUnknown},
		"multi of a chain":      {"multi-pack-index", func(b []byte) []byte { b[7] = 1; return b }, pack.ErrUnknown},
		"multi cut off":         {"multi-pack-index", func(b []byte) []byte { return b[:len(b)/2] }, nil},
		"multi is short":        {"multi-pack-index", func(b []byte) []byte { return b[:20] }, nil},
		"no multi":              {"multi-pack-index", func(b []byte) []byte { b[0] = 'X'; return b }, nil},
		"multi with more packs": {"multi-pack-index", func(b []byte) []byte { b[11]++; return b }, nil},
		"multi names elsewhere": {"multi-pack-index", func(b []byte) []byte { return bytes.Replace(b, []byte("pack-"), []byte("../k-"), 1) }, nil},
		"quoted alternate":      {"../info/alternates", func([]byte) []byte { return []byte("\"/somewhere\"\n") }, pack.ErrUnknown},
		"alternate of itself":   {"../info/alternates", func([]byte) []byte { return []byte("../objects\n") }, pack.ErrUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			git(t, dir, "", "multi-pack-index", "write")
			require.NoError(t, os.MkdirAll(filepath.Join(dir, "objects", "info"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", "info", "alternates"), nil, 0o600))
			files, err := filepath.Glob(filepath.Join(dir, "objects", "pack", c.file))
			require.NoError(t, err)
			require.Len(t, files, 1)
			content, err := os.ReadFile(files[0])
			require.NoError(t, err)
			require.NoError(t, os.Chmod(files[0], 0o600))
			require.NoError(t, os.WriteFile(files[0], c.spoil(content), 0o600))
			_, err = pack.Open(filepath.Join(dir, "objects"))
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
}

func TestDamagedLooseObjectsAreFaults(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	for i, spoil := range []func([]byte) []byte{
		func(b []byte) []byte { return b[:len(b)/2] },
		func(b []byte) []byte { return b[:len(b)-1] },
		func([]byte) []byte { return nil },
		func(b []byte) []byte { b[len(b)/2] ^= 0x55; return b },
		func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
	} {
		name := strings.TrimSpace(git(t, dir, fmt.Sprintf("content %d that is long enough to be damaged\n", i), "hash-object", "-w", "--stdin"))
		path := filepath.Join(dir, "objects", name[:2], name[2:])
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, 0o600))
		require.NoError(t, os.WriteFile(path, spoil(content), 0o600))
		r := pack.NewReader(1<<16, 1<<20)
		r.Use(open(t, dir))
		_, err = r.Object(hash(t, name))
		require.Error(t, err, i)
	}
}

func TestHashesAreForty(t *testing.T) {
	t.Parallel()
	const name = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
	h, ok := pack.ParseHash([]byte(name))
	require.True(t, ok)
	require.Equal(t, name, h.String())
	for _, bad := range []string{"", name[1:], name + "0", strings.Replace(name, "e", "x", 1)} {
		_, ok := pack.ParseHash([]byte(bad))
		require.False(t, ok, bad)
	}
}

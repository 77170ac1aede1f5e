package pack_test

import (
	"bytes"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade/pack"
)

func deflated(t testing.TB, level int, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// contents have long and short matches, none, and all kinds of bytes.
func contents() [][]byte {
	random := rand.New(rand.NewPCG(3, 4))
	all := [][]byte{nil, []byte("a"), bytes.Repeat([]byte("a"), 100_000), []byte(strings.Repeat("the quick brown fox ", 3000))}
	for _, alphabet := range []int{2, 4, 30, 256} {
		for _, size := range []int{1, 10, 300, 5000, 200_000} {
			b := make([]byte, size)
			for i := range b {
				b[i] = byte(random.IntN(alphabet))
				if i > 100 && random.IntN(20) == 0 {
					from := random.IntN(i)
					copy(b[i:], b[from:min(i, from+random.IntN(300))])
				}
			}
			all = append(all, b)
		}
	}
	return all
}

func TestInflatedIsWhatWasDeflated(t *testing.T) {
	t.Parallel()
	for _, content := range contents() {
		for _, level := range []int{zlib.NoCompression, zlib.BestSpeed, zlib.DefaultCompression, zlib.BestCompression, zlib.HuffmanOnly} {
			in := deflated(t, level, content)
			out := make([]byte, len(content))
			require.NoError(t, pack.Inflate(out, in))
			require.Equal(t, content, append([]byte(nil), out...))
			require.NoError(t, pack.Inflate(out, append(in, "the next entry of a pack"...)))
			require.Error(t, pack.Inflate(make([]byte, len(content)+1), in))
			if len(content) > 0 {
				require.Error(t, pack.Inflate(out[1:], in))
			}
			for _, cut := range []int{0, 1, 2, len(in) / 2, len(in) - 5, len(in) - 1} {
				require.Error(t, pack.Inflate(out, in[:max(cut, 0)]))
			}
		}
	}
}

func FuzzInflate(f *testing.F) {
	for _, c := range contents() {
		if len(c) < 10_000 {
			f.Add(deflated(f, zlib.BestCompression, c), uint16(len(c)))
			f.Add(deflated(f, zlib.BestSpeed, c), uint16(len(c)))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint16) {
		out := make([]byte, size)
		err := pack.Inflate(out, in)
		var want []byte
		z, libraryErr := zlib.NewReader(bytes.NewReader(in))
		if libraryErr == nil {
			want, libraryErr = io.ReadAll(io.LimitReader(z, int64(size)+1))
		}
		if libraryErr == nil && len(want) == int(size) {
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, out))
		}
		if err == nil {
			require.NoError(t, libraryErr, "what a library refuses is refused")
			require.Len(t, want, int(size))
		}
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("some base"), []byte("\x09\x05\x91\x05\x04\x01x"))
	f.Add([]byte("some base"), []byte("\x09\x80\x01\xff\x00\x00\x00\x00\x01\x00\x00"))
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		out, ok := pack.Apply(base, delta, 1<<20)
		if ok {
			require.LessOrEqual(t, len(out), 1<<20)
		}
	})
}

func FuzzIndex(f *testing.F) {
	dir := repository(f)
	git(f, dir, "", "multi-pack-index", "write")
	for _, pattern := range []string{"*.idx", "multi-pack-index"} {
		files, err := filepath.Glob(filepath.Join(dir, "objects", "pack", pattern))
		require.NoError(f, err)
		content, err := os.ReadFile(files[0])
		require.NoError(f, err)
		f.Add(content, bytes.Repeat([]byte{7}, 20))
	}
	f.Fuzz(func(_ *testing.T, raw, name []byte) {
		var h pack.Hash
		copy(h[:], name)
		_ = pack.ParseIndex(raw, h)
		_ = pack.ParseMulti(raw, h)
	})
}

func FuzzEntry(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "repo.git")
	git(f, "/", "", "init", "--quiet", "--bare", "--template=", dir)
	commits(f, dir, 1, 3)
	git(f, dir, "", "repack", "-q", "-a", "-d", "-f")
	packs, err := filepath.Glob(filepath.Join(dir, "objects", "pack", "*.pack"))
	require.NoError(f, err)
	content, err := os.ReadFile(packs[0])
	require.NoError(f, err)
	f.Add(content, uint16(12))
	f.Add(content, uint16(len(content)/2))
	f.Fuzz(func(t *testing.T, raw []byte, offset uint16) {
		kind, data, err := pack.Entry(raw, int64(offset), 1<<16)
		if err == nil {
			require.Contains(t, kinds, kind)
			require.LessOrEqual(t, len(data), 1<<16)
		}
	})
}

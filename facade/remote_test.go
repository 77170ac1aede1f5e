package facade_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/facade"
)

// forge is an HTTP server of git repositories, whose answers a test may spoil: its function is asked for every request, and true means that it has answered.
type forge struct {
	*httptest.Server
	origin string // the directory of /origin.git
	serve  http.Handler
}

func newForge(t testing.TB, spoil func(f *forge, w http.ResponseWriter, r *http.Request) bool) *forge {
	t.Helper()
	f := &forge{origin: bare(t)}
	linear(t, f.origin, 30)
	f.serve = &cgi.Handler{
		Path: filepath.Join(git(t, "/", "--exec-path"), "git-http-backend"), Stderr: io.Discard,
		Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(f.origin), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if spoil == nil || !spoil(f, w, r) {
			f.serve.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(f.CloseClientConnections)
	t.Cleanup(f.Close)
	return f
}

func (f *forge) url() string { return f.URL + "/origin.git" }

// answer is what git would get.
func (f *forge) answer(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	f.serve.ServeHTTP(rec, r)
	return rec
}

// isPack tells the request that is answered with a pack.
func isPack(r *http.Request, body []byte) bool {
	return strings.HasSuffix(r.URL.Path, "/git-upload-pack") && bytes.Contains(body, []byte("command=fetch"))
}

// onPack spoils only the answer that is a pack.
func onPack(spoil func(w http.ResponseWriter, r *http.Request, pack []byte)) func(*forge, http.ResponseWriter, *http.Request) bool {
	return func(f *forge, w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !isPack(r, body) {
			return false
		}
		rec := f.answer(r)
		maps.Copy(w.Header(), rec.Header())
		spoil(w, r, rec.Body.Bytes())
		return true
	}
}

func flush(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }

func TestHTTPRepositoriesAreClonedAndFetched(t *testing.T) {
	t.Parallel()
	f := newForge(t, nil)
	g := newGit(t)
	head, err := g.RemoteHead(t.Context(), f.url())
	require.NoError(t, err)
	require.Equal(t, facade.Head{Branch: "main", Hash: git(t, f.origin, "rev-parse", "main")}, head)
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), f.url(), clone))
	linear(t, f.origin, 40)
	require.NoError(t, g.Fetch(t.Context(), clone, f.url()))
	require.Len(t, history(t, g, clone), 40)
}

func TestOnlyAServerThatSpeaksGitCanBeEmpty(t *testing.T) {
	t.Parallel()
	const always = 1 << 30
	var good atomic.Int64 // how many requests are answered before the server shows a page to log in
	good.Store(always)
	f := newForge(t, func(_ *forge, w http.ResponseWriter, _ *http.Request) bool {
		if good.Add(-1) < 0 {
			fmt.Fprint(w, "<html>login</html>")
			return true
		}
		return false
	})
	g := newGit(t)
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), f.url(), clone))
	before := headOf(t, g, clone)

	good.Store(0)
	_, err := g.RemoteHead(t.Context(), f.url())
	require.ErrorContains(t, err, "not with a repository")
	require.ErrorContains(t, g.Clone(t.Context(), f.url(), clone+"2"), "not with a repository")
	require.ErrorContains(t, g.Fetch(t.Context(), clone, f.url()), "not with a repository")
	require.Equal(t, before, headOf(t, g, clone))
	good.Store(2) // the head is told, then the page comes
	require.ErrorContains(t, g.Fetch(t.Context(), clone, f.url()), "nothing arrived")
	good.Store(always)
	require.NoError(t, g.Fetch(t.Context(), clone, f.url()))
	require.Equal(t, before, headOf(t, g, clone))

	git(t, f.origin, "update-ref", "-d", "refs/heads/main")
	head, err := g.RemoteHead(t.Context(), f.url())
	require.NoError(t, err)
	require.Zero(t, head)
	require.NoError(t, g.Clone(t.Context(), f.url(), clone+"3"))
	require.NoError(t, g.Fetch(t.Context(), clone, f.url()))
	require.Zero(t, headOf(t, g, clone))
}

func TestAnUnchangedRepositoryCostsOneProcess(t *testing.T) {
	t.Parallel()
	f := newForge(t, nil)
	called := filepath.Join(t.TempDir(), "called")
	g := newGit(t, func(o *facade.Options) { o.Binary = wrapped(t, "--symref", "echo >> "+called) })
	_, err := g.RemoteHead(t.Context(), f.url())
	require.NoError(t, err)
	b, err := os.ReadFile(called)
	require.NoError(t, err)
	require.Len(t, b, 1)
}

func TestAnswersOfServersHaveTheirErrors(t *testing.T) {
	t.Parallel()
	all := []error{facade.ErrGone, facade.ErrPrivate, facade.ErrTimeout, facade.ErrDiskFull, facade.ErrCorrupt, facade.ErrRefused, facade.ErrTooLarge, facade.ErrBusy}
	status := func(code int) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { w.WriteHeader(code) }
	}
	redirect := func(to string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Location", to)
			w.WriteHeader(http.StatusMovedPermanently)
		}
	}
	said := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
			line := "ERR " + text
			fmt.Fprintf(w, "001e# service=git-upload-pack\n0000%04x%s", len(line)+4, line)
		}
	}
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   error
	}{
		{"404", status(404), facade.ErrGone},
		{"410", status(410), facade.ErrGone},
		{"401", func(w http.ResponseWriter) {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
		}, facade.ErrPrivate},
		{"401 without a challenge", status(401), facade.ErrPrivate},
		{"403", status(403), facade.ErrPrivate},
		{"500", status(500), nil},
		{"429", status(429), nil},
		{"redirect to a file", redirect("file:///etc/passwd"), facade.ErrRefused},
		{"redirect to ssh", redirect("ssh://example.org/x"), facade.ErrRefused},
		{"a page", func(w http.ResponseWriter) { fmt.Fprint(w, "<html>login</html>") }, nil},
		{"says that it is gone", said("Repository not found."), facade.ErrGone},
		{"says that our disk is full", said("write error: No space left on device\nfatal: loose object is corrupt, transport 'x' not allowed"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t, func(_ *forge, w http.ResponseWriter, _ *http.Request) bool { c.answer(w); return true })
			var home string
			g := newGit(t, func(o *facade.Options) { home = o.Home })
			dir := filepath.Join(t.TempDir(), "clone")
			_, headErr := g.RemoteHead(t.Context(), f.url())
			for _, err := range []error{headErr, g.Clone(t.Context(), f.url(), dir)} {
				require.Error(t, err)
				for _, kind := range all {
					if kind == c.want { //nolint:errorlint // the sentinel itself
						require.ErrorIs(t, err, kind)
					} else {
						require.NotErrorIs(t, err, kind)
					}
				}
				require.Less(t, len(err.Error()), 1000)
				require.NotContains(t, err.Error(), "\n")
			}
			left, err := filepath.Glob(filepath.Dir(dir) + "/*")
			require.NoError(t, err)
			require.Empty(t, left)
			require.Empty(t, processes(t, home))
		})
	}
}

func TestMovedRepositoriesAreFollowedAndTold(t *testing.T) {
	t.Parallel()
	f := newForge(t, func(_ *forge, w http.ResponseWriter, r *http.Request) bool {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/old.git"); ok {
			http.Redirect(w, r, "/origin.git"+rest+"?"+r.URL.RawQuery, http.StatusMovedPermanently)
			return true
		}
		return false
	})
	g := newGit(t)
	head, err := g.RemoteHead(t.Context(), f.URL+"/old.git")
	require.NoError(t, err)
	require.Equal(t, f.url(), strings.TrimSuffix(head.Moved, "/"))
	require.NotEmpty(t, head.Hash)
	require.NoError(t, g.Clone(t.Context(), f.URL+"/old.git", filepath.Join(t.TempDir(), "clone")))
}

// spoiled clones from a server whose pack is spoiled, and returns the error after it has checked that nothing is left.
func spoiled(t *testing.T, spoil func(w http.ResponseWriter, r *http.Request, pack []byte), change ...func(*facade.Options)) error {
	t.Helper()
	f := newForge(t, onPack(spoil))
	var home string
	g := newGit(t, append(change, func(o *facade.Options) { home = o.Home })...)
	dir := filepath.Join(t.TempDir(), "clone")
	err := g.Clone(t.Context(), f.url(), dir)
	require.Error(t, err)
	left, globErr := filepath.Glob(filepath.Dir(dir) + "/*")
	require.NoError(t, globErr)
	require.Empty(t, left)
	require.Empty(t, processes(t, home))
	return err
}

func hang(w http.ResponseWriter, r *http.Request, pack []byte) {
	_, _ = w.Write(pack[:len(pack)/2])
	flush(w)
	<-r.Context().Done()
}

func TestAServerThatHangsMeetsTheDeadline(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, spoiled(t, hang, func(o *facade.Options) { o.Timeouts.Clone = 300 * time.Millisecond }), facade.ErrTimeout)

	f := newForge(t, func(_ *forge, _ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	var home string
	g := newGit(t, func(o *facade.Options) { o.Timeouts.Remote, home = 100*time.Millisecond, o.Home })
	_, err := g.RemoteHead(t.Context(), f.url())
	require.ErrorIs(t, err, facade.ErrTimeout)
	require.ErrorContains(t, err, "ask for the head of "+f.url()+": git took too long after 100ms")
	require.Empty(t, processes(t, home))
}

func TestASilentServerIsTooSlow(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, spoiled(t, hang, func(o *facade.Options) { o.Timeouts.LowSpeed = time.Second }), facade.ErrTimeout)
}

func TestATricklingServerIsTooSlow(t *testing.T) {
	t.Parallel()
	trickle := func(w http.ResponseWriter, r *http.Request, pack []byte) {
		drop := time.NewTicker(20 * time.Millisecond)
		defer drop.Stop()
		for i := range pack {
			select {
			case <-r.Context().Done():
				return
			case <-drop.C:
				_, _ = w.Write(pack[i : i+1])
				flush(w)
			}
		}
	}
	require.ErrorIs(t, spoiled(t, trickle, func(o *facade.Options) { o.Timeouts.LowSpeed = time.Second }), facade.ErrTimeout)
}

func TestABrokenTransferIsWorthARetry(t *testing.T) {
	t.Parallel()
	err := spoiled(t, func(w http.ResponseWriter, _ *http.Request, pack []byte) {
		_, _ = w.Write(pack[:len(pack)/2])
		flush(w)
		panic(http.ErrAbortHandler)
	})
	var e *facade.Error
	require.ErrorAs(t, err, &e)
	require.NoError(t, e.Kind)
	require.NotEmpty(t, e.Stderr)
}

func TestAnEndlessPackMeetsTheSizeLimit(t *testing.T) {
	t.Parallel()
	blob := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	endless := func(w http.ResponseWriter, r *http.Request, _ []byte) {
		band := func(data []byte) {
			for len(data) > 0 {
				n := min(len(data), 60_000)
				fmt.Fprintf(w, "%04x\x01", n+5)
				_, _ = w.Write(data[:n])
				data = data[n:]
			}
		}
		fmt.Fprint(w, "000dpackfile\n")
		head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("PACK"), 2), 1<<20)
		band(head)
		for i := 0; r.Context().Err() == nil; i++ {
			// A blob of 64 KiB and a number, stored as it is, so that each is another one.
			content := fmt.Appendf(bytes.Clone(blob), "%016d", i)
			var object bytes.Buffer
			n := len(content)
			object.WriteByte(byte(0x80 | 3<<4 | n&15))
			for n >>= 4; n > 127; n >>= 7 {
				object.WriteByte(byte(0x80 | n&127))
			}
			object.WriteByte(byte(n))
			z, _ := zlib.NewWriterLevel(&object, zlib.NoCompression)
			_, _ = z.Write(content)
			_ = z.Close()
			band(object.Bytes())
			flush(w)
		}
	}
	require.ErrorIs(t, spoiled(t, endless, func(o *facade.Options) { o.MaxBytes = 1 << 20 }), facade.ErrTooLarge)
}

func TestACancelledCloneLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := newForge(t, onPack(func(w http.ResponseWriter, r *http.Request, pack []byte) {
		_, _ = w.Write(pack[:len(pack)/2])
		flush(w)
		cancel()
		<-r.Context().Done()
	}))
	var home string
	g := newGit(t, func(o *facade.Options) { home = o.Home })
	dir := filepath.Join(t.TempDir(), "clone")
	err := g.Clone(ctx, f.url(), dir)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, facade.ErrTimeout)
	left, err := filepath.Glob(filepath.Dir(dir) + "/*")
	require.NoError(t, err)
	require.Empty(t, left)
	require.Empty(t, processes(t, home))
}

func TestAFullDiskIsTold(t *testing.T) {
	t.Parallel()
	origin := bare(t)
	var s script
	noise := make([]byte, 1<<18)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		noise[i] = byte(x)
	}
	s.commit("main", "big", nil, file("big", string(noise)))
	s.run(t, origin)
	// Files of more than 64 KiB cannot be written: what a full disk does, without a disk.
	limited := newGit(t, func(o *facade.Options) { o.Binary = wrapped(t, "clone", `trap "" XFSZ; ulimit -f 128`) })
	// The words of git on a disk that is full.
	full := newGit(t, func(o *facade.Options) {
		o.Binary = wrapped(t, "clone", `echo "fatal: write error: No space left on device" >&2; exit 128`)
	})
	for _, g := range []*facade.Git{limited, full} {
		dir := filepath.Join(t.TempDir(), "clone")
		err := g.Clone(t.Context(), origin, dir)
		require.ErrorIs(t, err, facade.ErrDiskFull)
		left, err := filepath.Glob(filepath.Dir(dir) + "/*")
		require.NoError(t, err)
		require.Empty(t, left)
	}
}

func TestOldHistoriesThatChecksRefuseAreTaken(t *testing.T) {
	t.Parallel()
	origin := bare(t)
	tree := git(t, origin, "hash-object", "-t", "tree", "-w", "/dev/null")
	harmless := literal(t, origin, "tree "+tree+"\nauthor No Mail 1 +0000\ncommitter C <c@d> 1 +0000\n\nold\n")
	git(t, origin, "update-ref", "refs/heads/main", harmless)
	log, said := logged()
	g := newGit(t, func(o *facade.Options) { o.Log = log })
	clone := filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), origin, clone))
	require.Empty(t, said.String(), "a fault that old tools left costs no second clone")
	require.Len(t, history(t, g, clone), 1)

	bad := literal(t, origin, "tree "+tree+"\nparent "+harmless+"\ncommitter C <c@d> 1 +0000\n\nno author\n")
	git(t, origin, "update-ref", "refs/heads/main", bad)
	clone = filepath.Join(t.TempDir(), "clone")
	require.NoError(t, g.Clone(t.Context(), origin, clone))
	require.Contains(t, said.String(), "objects taken without checks")
	require.Len(t, history(t, g, clone), 2)
}

// crashed is the program that TestACrashLeavesNoTransfer kills.
func crashed() {
	g, err := facade.New(context.Background(), facade.Options{Home: os.Getenv("FACADE_HOME"), AllowHTTP: true, AllowPrivate: true})
	if err == nil {
		err = g.Clone(context.Background(), os.Getenv("FACADE_URL"), os.Getenv("FACADE_DIR"))
	}
	panic(err)
}

func TestACrashLeavesNoTransfer(t *testing.T) {
	t.Parallel()
	sent, release := make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	f := newForge(t, onPack(func(w http.ResponseWriter, r *http.Request, pack []byte) {
		if once.CompareAndSwap(false, true) {
			_, _ = w.Write(pack[:len(pack)/2])
			flush(w)
			close(sent)
			<-release
			return
		}
		_, _ = w.Write(pack)
	}))
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), "FACADE_HOME="+home, "FACADE_URL="+f.url(), "FACADE_DIR="+dir)
	require.NoError(t, program.Start())
	<-sent
	require.NoError(t, program.Process.Kill())
	require.Error(t, program.Wait())
	close(release)
	require.Eventually(t, func() bool { return len(processes(t, home)) == 0 }, 20*time.Second, 10*time.Millisecond)
	left, err := filepath.Glob(dir + ".clone-*")
	require.NoError(t, err)
	require.Len(t, left, 1)

	g := newGit(t)
	require.NoError(t, g.Clone(t.Context(), f.url(), dir))
	require.NoDirExists(t, left[0])
	require.Len(t, history(t, g, dir), 30)
}

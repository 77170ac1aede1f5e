package registry_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/facade/manifest"
	"augur/tasks/git/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a cache.
type memory struct {
	mu     sync.Mutex
	stored map[string][]byte
	stale  bool
}

func (m *memory) Load(_ context.Context, manager, name string) (answer []byte, fresh bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.stored[manager+name], !m.stale, nil
}

func (m *memory) Save(_ context.Context, manager, name string, answer []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.stored == nil {
		m.stored = map[string][]byte{}
	}
	m.stored[manager+name] = answer
	return nil
}

// fake is a server that is every registry at once, each under its own directory.
type fake struct {
	*httptest.Server
	asked atomic.Int64
}

func newFake(t *testing.T, handle http.HandlerFunc) (*fake, *registry.Client) {
	t.Helper()
	f := &fake{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.asked.Add(1)
		if r.Header.Get("User-Agent") != "augur/test" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		handle(w, r)
	}))
	t.Cleanup(f.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	bases := map[string]string{}
	for _, manager := range []string{manifest.PyPI, manifest.NPM, manifest.Go, manifest.Cargo, manifest.Maven, manifest.RubyGems, manifest.Composer, manifest.NuGet} {
		bases[manager] = f.URL + "/" + manager + "/"
	}
	return f, registry.New(registry.Options{Bases: bases, Timeout: 5 * time.Second, Pause: time.Hour, UserAgent: "augur/test", Transport: transport})
}

func TestAsksEveryRegistry(t *testing.T) {
	t.Parallel()
	var base string
	pages := map[string]string{
		"/PYPI/pypi/a/json":                  `{"info":{"version":"2.0"},"releases":{"1.0":[{"upload_time_iso_8601":"2020-01-01T00:00:00.5Z"}],"2.0":[{"upload_time_iso_8601":"2021-01-01T00:00:00Z"}],"3.0":[{"upload_time_iso_8601":"2022-01-01T00:00:00Z","yanked":true}],"0.1":[]}}`,
		"/NPM/@s%2Fa":                        `{"versions":{"1.0.0":{"x":[1,{"y":[]}]}},"dist-tags":{"latest":"1.2.0","next":"2.0.0-rc"},"n":null,"time":{"created":"2019-01-01T00:00:00Z","1.0.0":"2020-01-01T00:00:00Z","1.2.0":"2021-01-01T00:00:00Z"}}`,
		"/GO/github.com/!a/b/@latest":        `{"Version":"v1.1.0","Time":"2021-01-01T00:00:00Z"}`,
		"/GO/github.com/!a/b/@v/v1.0.0.info": `{"Version":"v1.0.0","Time":"2020-01-01T00:00:00Z"}`,
		"/CARGO/api/v1/crates/a":             `{"crate":{"max_stable_version":"1.2.0"},"versions":[{"num":"1.2.0","created_at":"2021-01-01T00:00:00Z"},{"num":"1.0.0","created_at":"2020-01-01T00:00:00Z"},{"num":"1.9.0","created_at":"2022-01-01T00:00:00Z","yanked":true}]}`,
		"/MAVEN/org/x/a/maven-metadata.xml":  `<metadata><versioning><release>1.2</release><versions><version>1.0</version><version>1.2</version></versions></versioning></metadata>`,
		"/MAVEN/org/x/a/1.0/a-1.0.pom":       "2020-01-01",
		"/MAVEN/org/x/a/1.2/a-1.2.pom":       "2021-01-01",
		"/RUBYGEMS/api/v1/versions/a.json":   `[{"number":"1.2.0","created_at":"2021-01-01T00:00:00Z"},{"number":"1.2.0","created_at":"2021-01-01T00:00:00Z"},{"number":"1.0.0","created_at":"2020-01-01T00:00:00Z"},{"number":"2.0.0.pre","created_at":"2022-01-01T00:00:00Z"}]`,
		"/COMPOSER/p2/v/a.json":              `{"packages":{"v/a":[{"version":"1.2.0","time":"2021-01-01T00:00:00+00:00"},{"version":"1.0.0","time":"2020-01-01T00:00:00+00:00"}]},"minified":"composer/2.0"}`,
		"/NUGET/a.b/index.json":              `{"items":[{"@id":"BASE/NUGET/a.b/page/1.json"},{"@id":"https://elsewhere.invalid/x"},{"items":[{"catalogEntry":{"version":"1.2.0","published":"2021-01-01T00:00:00+00:00"}},{"catalogEntry":{"version":"1.3.0","published":"1900-01-01T00:00:00+00:00","listed":false}}]}]}`,
		"/NUGET/a.b/page/1.json":             `{"items":[{"catalogEntry":{"version":"1.0.0","published":"2020-01-01T00:00:00+00:00"}}]}`,
	}
	f, client := newFake(t, func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[r.URL.EscapedPath()]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if strings.HasSuffix(r.URL.Path, ".pom") {
			at, _ := time.Parse(time.DateOnly, page)
			w.Header().Set("Last-Modified", at.UTC().Format(http.TimeFormat))
			return
		}
		_, _ = w.Write([]byte(strings.ReplaceAll(page, "BASE", base)))
	})
	base = f.URL
	for _, test := range []struct{ manager, name, requirement, current, latest string }{
		{manifest.PyPI, "a", ">=1,<2", "1.0", "2.0"},
		{manifest.NPM, "@s/a", "~1.0", "1.0.0", "1.2.0"},
		{manifest.Go, "github.com/A/b", "v1.0.0", "v1.0.0", "v1.1.0"},
		{manifest.Cargo, "a", "=1.0.0", "1.0.0", "1.2.0"},
		{manifest.Maven, "org.x:a", "1.0", "1.0", "1.2"},
		{manifest.RubyGems, "a", "~> 1.0.0", "1.0.0", "1.2.0"},
		{manifest.Composer, "v/a", "1.0.*", "1.0.0", "1.2.0"},
		{manifest.NuGet, "A.B", "1.0.0", "1.0.0", "1.2.0"},
	} {
		cache := &memory{}
		p, err := client.Find(t.Context(), cache, test.manager, test.name)
		require.NoError(t, err, test.manager)
		require.Equal(t, test.current, registry.Highest(test.manager, test.requirement, p), "%s %+v", test.manager, p)
		require.Equal(t, test.latest, registry.Recommended(test.manager, p), "%s %+v", test.manager, p)
		if test.manager != manifest.Go {
			require.Equal(t, test.latest, registry.Highest(test.manager, "", p), test.manager)
		}
		for version, year := range map[string]int{test.current: 2020, test.latest: 2021} {
			when, err := client.Date(t.Context(), cache, test.manager, test.name, p, version)
			require.NoError(t, err)
			require.Equal(t, year, when.Year(), "%s %s", test.manager, version)
		}
		before := f.asked.Load()
		again, err := client.Find(t.Context(), cache, test.manager, test.name)
		require.NoError(t, err)
		require.Equal(t, p, again, "with the dates that were asked for later")
		require.Equal(t, before, f.asked.Load(), "from the cache")
		unknown, err := client.Find(t.Context(), cache, test.manager, "no:such/thing")
		require.NoError(t, err)
		require.Empty(t, unknown.Releases)
	}
}

func TestRequirementsAreUnderstood(t *testing.T) {
	t.Parallel()
	releases := func(versions ...string) *registry.Package {
		p := &registry.Package{}
		for _, v := range versions {
			p.Releases = append(p.Releases, registry.Release{Version: v})
		}
		return p
	}
	p := releases("1.0.0", "1.2.0", "1.2.9", "1.10.0", "2.0.0", "3.0.0-rc.1")
	for _, test := range []struct{ manager, requirement, want string }{
		{manifest.NPM, "^1.2", "1.10.0"},
		{manifest.NPM, "1.x || 2", "2.0.0"},
		{manifest.NPM, ">=9", ""},
		{manifest.NPM, "latest", "2.0.0"},
		{manifest.NPM, "user/repo#x", ""},
		{manifest.NPM, "3.0.0-rc.1", "3.0.0-rc.1"},
		{manifest.Cargo, "1.2", "1.10.0"},
		{manifest.Cargo, "~1.2", "1.2.9"},
		{manifest.PyPI, "~=1.2.0", "1.2.9"},
		{manifest.PyPI, "==1.2.*", "1.2.9"},
		{manifest.PyPI, "^1.2", "1.10.0"},
		{manifest.PyPI, "!=2.0.0", "1.10.0"},
		{manifest.PyPI, "@ https://x", ""},
		{manifest.PyPI, "1.2.0", "1.2.0"},
		{manifest.RubyGems, "~> 1.2, != 1.10.0", "1.2.9"},
		{manifest.Composer, "^1.0|^2.0", "2.0.0"},
		{manifest.Composer, "~1.2", "1.10.0"},
		{manifest.Composer, "~1.2.0@stable", "1.2.9"},
		{manifest.Composer, ">=1.0,<1.10", "1.2.9"},
		{manifest.Composer, "dev-main", ""},
		{manifest.NuGet, "1.2.0", "1.2.0"},
		{manifest.NuGet, "[1.2.0,2.0.0)", "1.10.0"},
		{manifest.Maven, "[1.0,1.10.0)", "1.2.9"},
		{manifest.Go, "v9.9.9", "v9.9.9"},
		{manifest.NPM, strings.Repeat("(", 100_000), ""},
	} {
		require.Equal(t, test.want, registry.Highest(test.manager, test.requirement, p), "%s %.40s", test.manager, test.requirement)
	}
}

func TestRegistryThatFailsIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handle http.HandlerFunc
		asked  int64
	}{
		"fault": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, 3},
		"rate limit": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 1},
		"nonsense": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, 3},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"info"`))
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, client := newFake(t, test.handle)
			for range 5 {
				_, err := client.Find(t.Context(), &memory{}, manifest.PyPI, "a")
				require.ErrorIs(t, err, registry.ErrUnreachable)
			}
			require.Equal(t, test.asked, f.asked.Load())
		})
	}
}

func TestRegistryThatIsOffOrGoneIsSaidToBe(t *testing.T) {
	t.Parallel()
	f, client := newFake(t, nil)
	f.Close()
	_, err := client.Find(t.Context(), &memory{}, manifest.NPM, "a")
	require.ErrorIs(t, err, registry.ErrUnreachable)
	off := registry.New(registry.Options{})
	_, err = off.Find(t.Context(), &memory{}, manifest.NPM, "a")
	require.ErrorIs(t, err, registry.ErrUnreachable)
	require.ErrorIs(t, err, registry.ErrOff)
	old := &memory{stored: map[string][]byte{"NPMa": []byte(`{"latest":"1.0.0"}`)}, stale: true}
	p, err := client.Find(t.Context(), old, manifest.NPM, "a")
	require.NoError(t, err)
	require.Equal(t, "1.0.0", p.Latest, "what it said long ago is better than nothing")
}

func TestRequestsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	f, _ := newFake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	client := registry.New(registry.Options{Bases: map[string]string{manifest.NPM: f.URL}, Interval: 50 * time.Millisecond, Transport: transport})
	began := time.Now()
	for _, name := range []string{"a", "b", "c"} {
		_, err := client.Find(t.Context(), &memory{}, manifest.NPM, name)
		require.NoError(t, err)
	}
	require.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
}

func FuzzHighest(f *testing.F) {
	managers := []string{manifest.PyPI, manifest.NPM, manifest.Go, manifest.Cargo, manifest.Maven, manifest.RubyGems, manifest.Composer, manifest.NuGet}
	for i, seed := range []string{"~=1.2,!=3", "^1 || >2", "v1", "~1", "[1,2)", "~> 1", "1.*|2", "[1.0]"} {
		f.Add(i, seed, "1.2.3-x")
	}
	f.Fuzz(func(t *testing.T, which int, requirement, version string) {
		p := &registry.Package{Releases: []registry.Release{{Version: version}, {Version: "1.2.3"}, {Version: ""}}}
		got := registry.Highest(managers[uint(which)%uint(len(managers))], requirement, p)
		if got != "" && got != version && got != "1.2.3" && got != strings.TrimSpace(requirement) {
			t.Errorf("%q is no release", got)
		}
	})
}

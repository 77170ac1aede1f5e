package git_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// noRegistries are the settings of a program that asks no registry.
var noRegistries = []string{
	"Registries.pypi=", "Registries.npm=", "Registries.go=", "Registries.crates=", "Registries.maven=", "Registries.rubygems=", "Registries.packagist=", "Registries.nuget=",
	"Registries.request_interval=0s",
}

// libyears is the newest snapshot of libyears.
func (w *world) libyears() []string {
	return w.strings(`SELECT concat_ws('|', name, requirement, type, package_manager, current_verion, latest_version, current_release_date, latest_release_date, round(libyear::numeric, 3))
		FROM repo_deps_libyear WHERE data_collection_date = (SELECT max(data_collection_date) FROM repo_deps_libyear) ORDER BY name COLLATE "C"`)
}

func (w *world) note() string {
	return w.strings("SELECT coalesce(note, '') FROM augur_operations.tree_snapshot WHERE kind = 'git_libyear'")[0]
}

func TestLibyearsOfAllManifests(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	newest := atomic.Pointer[string]{}
	version := "2.0"
	newest.Store(&version)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		pages := map[string]string{
			"/pypi/flask/json": `{"info":{"version":"LATEST"},"releases":{"1.0":[{"upload_time_iso_8601":"2020-01-01T00:00:00Z"}],"1.5":[{"upload_time_iso_8601":"2021-01-01T00:00:00Z"}],"2.0":[{"upload_time_iso_8601":"2022-01-01T00:00:00Z"}],"3.0":[{"upload_time_iso_8601":"2023-01-01T00:00:00Z"}]}}`,
			"/react":           `{"dist-tags":{"latest":"18.0.0"},"time":{"17.0.0":"2021-01-01T00:00:00Z","18.0.0":"2022-01-01T00:00:00Z"}}`,
			"/flask":           `{"dist-tags":{"latest":"1.0.0"},"time":{"1.0.0":"2021-01-01T00:00:00Z"}}`,
		}
		page, ok := pages[r.URL.Path]
		if !ok {
			rw.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = rw.Write([]byte(strings.ReplaceAll(page, "LATEST", *newest.Load())))
	}))
	t.Cleanup(server.Close)
	w := setup(t, append(slices.Clone(noRegistries), "Registries.pypi="+server.URL, "Registries.npm="+server.URL)...)
	w.commit("requirements.txt", "flask==1.0\nunknown>1\n")
	w.commit("pyproject.toml", "[project]\ndependencies = ['flask<2']\n")
	w.commit("package.json", `{"dependencies":{"react":"^17","flask":"*","odd":"user/repo"}}`)
	w.collectWell()
	require.Equal(t, []string{
		"flask|*|runtime|NPM|1.0.0|1.0.0|2021-01-01 00:00:00|2021-01-01 00:00:00|0.000",
		"flask (PYPI)|==1.0|runtime|PYPI|1.0|2.0|2020-01-01 00:00:00|2022-01-01 00:00:00|2.003",
		"odd|user/repo|runtime|NPM|unspecified|unspecified|1970-01-01 00:00:00|1970-01-01 00:00:00|-1.000",
		"react|^17|runtime|NPM|17.0.0|18.0.0|2021-01-01 00:00:00|2022-01-01 00:00:00|1.000",
		"unknown|>1|runtime|PYPI|unspecified|unspecified|1970-01-01 00:00:00|1970-01-01 00:00:00|-1.000",
	}, w.libyears())
	require.Empty(t, w.note())
	before := asked.Load()
	require.Equal(t, int64(5), before, "each package once")

	w.commit("README", "x\n")
	w.collectWell()
	require.Equal(t, before, asked.Load(), "what registries said is kept")
	require.Equal(t, []string{"1"}, w.strings("SELECT count(DISTINCT data_collection_date)::text FROM repo_deps_libyear"))

	// Upstream goes on while the repository stands still.
	moved := "3.0"
	newest.Store(&moved)
	_, err := w.pool.Exec(t.Context(), "UPDATE augur_operations.tree_snapshot SET checked_at = checked_at - interval '8 days'")
	require.NoError(t, err)
	_, err = w.pool.Exec(t.Context(), "UPDATE augur_operations.registry_package SET expires_at = now() - interval '1 day'")
	require.NoError(t, err)
	w.collectWell()
	require.Contains(t, w.libyears(), "flask (PYPI)|==1.0|runtime|PYPI|1.0|3.0|2020-01-01 00:00:00|2023-01-01 00:00:00|3.003")
	require.Equal(t, []string{"2"}, w.strings("SELECT count(DISTINCT data_collection_date)::text FROM repo_deps_libyear"))
}

func TestRegistryThatIsNotThereCostsNoPhase(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	w := setup(t, append(slices.Clone(noRegistries), "Registries.npm="+server.URL)...)
	w.commit("package.json", `{"dependencies":{"react":"^17"}}`)
	w.commit("Gemfile", "gem 'rails'\n")
	w.commit("pom.xml", "<project>"+strings.Repeat("<a>", 20_000))
	w.collectWell()
	require.Equal(t, []string{
		"rails|unspecified|runtime|RUBYGEMS|unspecified|unspecified|1970-01-01 00:00:00|1970-01-01 00:00:00|-1.000",
		"react|^17|runtime|NPM|unspecified|unspecified|1970-01-01 00:00:00|1970-01-01 00:00:00|-1.000",
	}, w.libyears())
	require.Contains(t, w.note(), "pom.xml: read XML: ")
	require.Contains(t, w.note(), "1 dependencies of NPM without versions: registry does not answer: ")
	require.Contains(t, w.note(), "1 dependencies of RUBYGEMS without versions: registry does not answer: it is switched off")

	// When it is there again, the next run finds what was missing, although nothing has changed.
	back := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_, _ = rw.Write([]byte(`{"dist-tags":{"latest":"17.0.0"},"time":{"17.0.0":"2021-01-01T00:00:00Z"}}`))
	}))
	t.Cleanup(back.Close)
	w.options = append(slices.Clone(noRegistries), "Registries.npm="+back.URL)
	w.collectWell()
	require.Contains(t, w.libyears(), "react|^17|runtime|NPM|17.0.0|17.0.0|2021-01-01 00:00:00|2021-01-01 00:00:00|0.000")
}

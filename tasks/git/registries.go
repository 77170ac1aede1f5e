package git

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/facade/manifest"
	"augur/tasks/git/registry"
)

// Registries is section Registries of the settings table: where versions of packages and their dates come from, for libyears. A registry whose address is empty is never asked:
// what depends on it is stored with libyear -1.
type Registries struct {
	_ struct{} `section:"Registries" effect:"next task"`

	// Address of PyPI, or of a mirror with its JSON API. Empty: not asked.
	PyPI string `setting:"pypi" default:"https://pypi.org/"`
	// Address of npm's registry, or of a mirror. Empty: not asked.
	NPM string `setting:"npm" default:"https://registry.npmjs.org/"`
	// Address of a Go module proxy. Empty: not asked.
	Go string `setting:"go" default:"https://proxy.golang.org/"`
	// Address of crates.io, or of a server with its web API. Empty: not asked.
	Crates string `setting:"crates" default:"https://crates.io/"`
	// Address of a Maven repository. Empty: not asked.
	Maven string `setting:"maven" default:"https://repo1.maven.org/maven2/"`
	// Address of RubyGems. Empty: not asked.
	RubyGems string `setting:"rubygems" default:"https://rubygems.org/"`
	// Address of the metadata of Packagist, or of another Composer repository. Empty: not asked.
	Packagist string `setting:"packagist" default:"https://repo.packagist.org/"`
	// Address of a NuGet registration index, the resource RegistrationsBaseUrl of a feed. Empty: not asked.
	NuGet string `setting:"nuget" default:"https://api.nuget.org/v3/registration5-gz-semver2/"`
	// How long an answer is kept before the registry is asked again. Go duration text.
	CacheLifetime time.Duration `setting:"cache_lifetime" default:"24h" min:"1m" max:"8760h"`
	// Shortest time between two requests of one process to one registry. crates.io itself is never asked more than once a second, as it demands. Go duration text.
	RequestInterval time.Duration `setting:"request_interval" default:"50ms" min:"0s" max:"1m"`
	// Longest time of one request. Go duration text.
	RequestTimeout time.Duration `setting:"request_timeout" default:"30s" min:"1s" max:"10m"`
	// How long a registry that does not answer is not asked again. Go duration text.
	Pause time.Duration `setting:"pause" default:"10m" min:"1s" max:"24h"`
}

func (r Registries) bases() map[string]string {
	return map[string]string{
		manifest.PyPI: r.PyPI, manifest.NPM: r.NPM, manifest.Go: r.Go, manifest.Cargo: r.Crates,
		manifest.Maven: r.Maven, manifest.RubyGems: r.RubyGems, manifest.Composer: r.Packagist, manifest.NuGet: r.NuGet,
	}
}

// Validate reports addresses that are none.
func (r Registries) Validate() error {
	var faults []error
	for _, a := range []struct{ name, value string }{
		{"pypi", r.PyPI}, {"npm", r.NPM}, {"go", r.Go}, {"crates", r.Crates}, {"maven", r.Maven}, {"rubygems", r.RubyGems}, {"packagist", r.Packagist}, {"nuget", r.NuGet},
	} {
		u, err := url.Parse(a.value)
		switch {
		case a.value == "":
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "":
			faults = append(faults, fmt.Errorf("Registries.%s: must be an http or https address, or empty (got %.80q)", a.name, withoutPassword(a.value)))
		case u.User != nil:
			faults = append(faults, fmt.Errorf("Registries.%s: must not carry a password (got %.80q)", a.name, withoutPassword(a.value)))
		}
	}
	return errors.Join(faults...)
}

// registries is the client as the current settings want it: one for the process, so that its rates hold for all repositories.
func (s *Source) registries() (*registry.Client, Registries) {
	settings := config.Of[Registries](s.settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil || !reflect.DeepEqual(s.asked, settings) {
		s.asked = settings
		slow := map[string]time.Duration{}
		if u, err := url.Parse(settings.Crates); err == nil && strings.HasSuffix(u.Hostname(), "crates.io") {
			slow[manifest.Cargo] = time.Second
		}
		s.client = registry.New(registry.Options{
			Slow: slow, Bases: settings.bases(), Interval: settings.RequestInterval, Timeout: settings.RequestTimeout, Pause: settings.Pause, UserAgent: "augur/" + s.options.Version,
		})
	}
	return s.client, settings
}

// registryCache is augur_operations.registry_package as a cache.
type registryCache struct {
	pool     *pgxpool.Pool
	queries  *db.Queries
	lifetime time.Duration
}

// Load is what a registry said, and whether that was lately.
func (r registryCache) Load(ctx context.Context, manager, name string) (answer []byte, fresh bool, err error) {
	row, err := r.queries.RegistryPackage(ctx, r.pool, db.RegistryPackageParams{Manager: manager, Name: name})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("look up %s in the cache of registries: %w", name, err)
	}
	return row.Answer, row.Fresh, nil
}

// Save keeps what a registry said. It is no page of a task: the answer is as good for any other repository, so it stays when the task fails.
func (r registryCache) Save(ctx context.Context, manager, name string, answer []byte) error {
	if strings.Contains(string(answer), `\u0000`) {
		return nil // jsonb cannot hold it, and it is no answer worth keeping
	}
	save := db.SaveRegistryPackageParams{Manager: manager, Name: name, Answer: json.RawMessage(answer), Lifetime: r.lifetime}
	if err := r.queries.SaveRegistryPackage(ctx, r.pool, save); err != nil {
		return fmt.Errorf("keep %s in the cache of registries: %w", name, err)
	}
	return nil
}

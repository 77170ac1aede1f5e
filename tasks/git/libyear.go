package git

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/facade"
	"augur/facade/manifest"
	"augur/tasks"
	"augur/tasks/git/registry"
)

// What Augur writes where there is no value: consumers know these.
const (
	unspecified = "unspecified"
	noDate      = "1970-01-01 00:00:00"
)

// lookups is how many packages of a repository are looked up at a time.
const lookups = 4

// maxManifest is the largest manifest that is read: hand-written ones are never near it.
const maxManifest = 4 << 20

// aged is a row of repo_deps_libyear.
type aged struct {
	manifest.Dependency
	current, latest         string
	currentDate, latestDate time.Time
	years                   float64
}

// libyear tells how far the dependencies of a repository are behind their latest versions. It looks again when that was long ago, although no file changed: upstream goes on.
func (s *Source) libyear(ctx context.Context, c *tasks.Collection) error {
	settings := s.now()
	return s.snapshot(ctx, c, treeTask{
		look: settings.libyearLook(),
		read: func(ctx context.Context, clone *facade.Repository, head string) (*findings, error) {
			return s.age(ctx, c, clone, head, settings.manifestLimit())
		},
	})
}

func (s Settings) libyearLook() look {
	return look{kind: KindLibyear, rules: fmt.Sprintf("%s, files up to %d bytes", manifest.Rules, s.manifestLimit()), lifetime: s.LibyearInterval}
}

// manifestLimit is the largest manifest that is read, in bytes.
func (s Settings) manifestLimit() int64 { return min(int64(s.TreeFileLimit), maxManifest) }

func (s *Source) age(ctx context.Context, c *tasks.Collection, clone *facade.Repository, head string, limit int64) (*findings, error) {
	found := &findings{digest: sha256.New()}
	wanted, unread, err := readManifests(ctx, clone, head, limit, found)
	if err != nil {
		return nil, err
	}
	rows, silent, again, err := s.lookUp(ctx, c, wanted)
	if err != nil {
		return nil, err
	}
	rows = onePerName(rows)
	for _, row := range rows {
		found.row(row)
	}
	found.again = again
	found.note = strings.Join(slices.Concat(unread, silent), "; ")
	found.write = func(ctx context.Context, tx pgx.Tx, at time.Time) error { return s.copyLibyears(ctx, tx, c, rows, at) }
	return found, nil
}

// readManifests reads what all manifests of a commit ask for, each requirement once, and names those that cannot be read.
func readManifests(ctx context.Context, clone *facade.Repository, head string, limit int64, found *findings) (wanted []manifest.Dependency, unread []string, err error) {
	want := func(name string, size int64) bool {
		if !manifest.Known(name) {
			return false
		}
		if size > limit {
			found.skipped++
			return false
		}
		return true
	}
	seen := map[manifest.Dependency]bool{}
	for file, err := range clone.Files(ctx, head, want) {
		if err != nil {
			return nil, nil, err
		}
		dependencies, err := manifest.Parse(file.Path, file.Content)
		if err != nil {
			found.skipped++
			unread = append(unread, fmt.Sprintf("%s: %v", file.Path, err))
		}
		for _, d := range dependencies {
			if !seen[d] {
				seen[d] = true
				wanted = append(wanted, d)
			}
		}
	}
	return wanted, unread, nil
}

// lookUp asks the registries about each dependency. One that does not answer costs its rows their versions, not the task; silent names them, and
// again tells whether they may answer next time.
func (s *Source) lookUp(ctx context.Context, c *tasks.Collection, wanted []manifest.Dependency) (rows []aged, silent []string, again bool, err error) {
	client, settings := s.registries()
	cache := registryCache{pool: c.Pool(), queries: s.queries, lifetime: settings.CacheLifetime}
	rows = make([]aged, len(wanted))
	faults := map[string]error{}
	missing := map[string]int{}
	var mu sync.Mutex
	group, grouped := errgroup.WithContext(ctx)
	group.SetLimit(lookups)
	// Requirements of one package one after the other: the first answer is in the cache for the others.
	slices.SortStableFunc(wanted, func(a, b manifest.Dependency) int {
		return cmp.Or(cmp.Compare(a.Manager, b.Manager), cmp.Compare(a.Name, b.Name))
	})
	for from := 0; from < len(wanted); {
		to := from + 1
		for to < len(wanted) && wanted[to].Manager == wanted[from].Manager && wanted[to].Name == wanted[from].Name {
			to++
		}
		same, into := wanted[from:to], rows[from:to]
		from = to
		group.Go(func() error {
			for i, d := range same {
				var err error
				into[i], err = ageOf(grouped, client, cache, d)
				if errors.Is(err, registry.ErrUnreachable) {
					mu.Lock()
					missing[d.Manager]++
					faults[d.Manager] = err
					mu.Unlock()
				} else if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, false, err
	}
	for _, manager := range slices.Sorted(maps.Keys(missing)) {
		silent = append(silent, fmt.Sprintf("%d dependencies of %s without versions: %v", missing[manager], manager, faults[manager]))
		again = again || !errors.Is(faults[manager], registry.ErrOff)
	}
	return rows, silent, again, nil
}

// ageOf looks a dependency up. With an error, the row says what is known without the registry.
func ageOf(ctx context.Context, client *registry.Client, cache registry.Cache, d manifest.Dependency) (aged, error) {
	row := aged{Dependency: d, years: -1}
	p, err := client.Find(ctx, cache, d.Manager, d.Name)
	if err != nil {
		return row, err
	}
	current, latest := registry.Highest(d.Manager, d.Requirement, p), registry.Recommended(d.Manager, p)
	if latest == "" {
		return row, nil
	}
	latestDate, err := client.Date(ctx, cache, d.Manager, d.Name, p, latest)
	if err != nil {
		return row, err
	}
	var currentDate time.Time
	if current != "" {
		if currentDate, err = client.Date(ctx, cache, d.Manager, d.Name, p, current); err != nil {
			return row, err
		}
	}
	row.current, row.latest, row.currentDate, row.latestDate = current, latest, currentDate, latestDate
	switch {
	case latestDate.IsZero():
	case current == "" || currentDate.IsZero():
		row.years = 0
	default:
		row.years = max(0, float64(int(latestDate.Sub(currentDate).Hours()/24))/365)
	}
	return row, nil
}

// onePerName brings rows into order. The table has one row per name: of several requirements of one package the one that is furthest behind; of one name in several registries
// the first has it, and those of the others tell the registry.
func onePerName(rows []aged) []aged {
	slices.SortFunc(rows, func(a, b aged) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Manager, b.Manager), cmp.Compare(b.years, a.years), cmp.Compare(a.Requirement, b.Requirement), cmp.Compare(b.Type, a.Type))
	})
	rows = slices.CompactFunc(rows, func(a, b aged) bool { return a.Name == b.Name && a.Manager == b.Manager })
	taken := make(map[string]bool, len(rows))
	for _, row := range rows {
		taken[row.Name] = true
	}
	first := ""
	for i := range rows {
		row := &rows[i]
		if i == 0 || row.Name != first {
			first = row.Name
			continue
		}
		row.Name = first + " (" + row.Manager + ")"
		for taken[row.Name] {
			row.Name += "'"
		}
		taken[row.Name] = true
	}
	return rows
}

func (s *Source) copyLibyears(ctx context.Context, tx pgx.Tx, c *tasks.Collection, found []aged, at time.Time) error {
	tool, origin, version := "deps_libyear", "git", s.options.Version
	text := func(value, without string) *string {
		value = scrub(cmp.Or(value, without), maxDependency)
		return &value
	}
	date := func(t time.Time) *string {
		if t.IsZero() {
			return text("", noDate)
		}
		return text(t.UTC().Format(time.DateTime), "")
	}
	for chunk := range slices.Chunk(found, snapshotChunk) {
		rows := make([]db.CopyLibyearsParams, len(chunk))
		for i := range chunk {
			d := &chunk[i]
			rows[i] = db.CopyLibyearsParams{
				RepoID: &c.Repo.ID, Name: text(d.Name, ""), Requirement: text(d.Requirement, unspecified), Type: &d.Type, PackageManager: &d.Manager,
				CurrentVerion: text(d.current, unspecified), LatestVersion: text(d.latest, unspecified),
				CurrentReleaseDate: date(d.currentDate), LatestReleaseDate: date(d.latestDate), Libyear: &d.years,
				ToolSource: &tool, ToolVersion: &version, DataSource: &origin, DataCollectionDate: &at,
			}
		}
		if _, err := s.queries.CopyLibyears(ctx, tx, rows); err != nil {
			return fmt.Errorf("copy libyears: %w", err)
		}
	}
	if _, err := s.queries.ForgetRegistryPackages(ctx, tx); err != nil {
		return fmt.Errorf("tidy the cache of registries: %w", err)
	}
	return nil
}

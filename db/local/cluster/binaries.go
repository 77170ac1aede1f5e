package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// ErrNoBinaries is returned when no usable PostgreSQL server is installed. Its text says what a person can do.
var ErrNoBinaries = errors.New("no PostgreSQL server found: install one " +
	"(Debian, Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql), " +
	"or set PG_BIN to the directory that holds postgres and initdb, or set AUGUR_DB to the URL of a running server")

// OldestMajor is the oldest major version of PostgreSQL that the schema and the queue work with. Older binaries are not considered.
const OldestMajor = 13

// versionTimeout bounds `postgres --version`, which does no work: only a broken binary or file system takes longer.
const versionTimeout = 10 * time.Second

// Binaries is one installation of the PostgreSQL server.
type Binaries struct {
	Dir     string // absolute, symbolic links resolved: postgres finds its share directory relative to it
	Version string // such as 15.18 or 18beta1
	Major   int
}

// Path returns the absolute path of a program of the installation, such as initdb.
func (b Binaries) Path(program string) string { return filepath.Join(b.Dir, program) }

// String names version and directory, for messages.
func (b Binaries) String() string { return b.Version + " in " + b.Dir }

// Search says where binaries are looked for.
type Search struct {
	PGBin string   // when not empty the only directory that counts
	Path  string   // a list of directories as in the environment variable PATH
	Dirs  []string // glob patterns of further directories; nil: the usual ones of Linux distributions, source builds and Homebrew
}

var usualDirs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/lib/postgresql*/bin",
	"/usr/libexec/postgresql*",
	"/usr/lib64/pgsql*/bin",
	"/usr/local/pgsql/bin",
	"/usr/local/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/local/bin",
	"/usr/bin",
}

// Find returns every installation, the preferred first: what PATH names, then the usual directories with the newest major version first.
// With PGBin only that one. At least one is returned, or an error that wraps ErrNoBinaries.
func Find(ctx context.Context, s Search) ([]Binaries, error) {
	if s.PGBin != "" {
		b, err := inspect(ctx, s.PGBin)
		if err != nil {
			return nil, fmt.Errorf("PG_BIN=%s: %w: %w", s.PGBin, err, ErrNoBinaries)
		}
		return []Binaries{b}, nil
	}
	seen := map[string]bool{}
	look := func(list []Binaries, dir string) []Binaries {
		postgres, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
		if err != nil || seen[postgres] {
			return list
		}
		seen[postgres] = true
		if b, err := inspect(ctx, dir); err == nil {
			list = append(list, b)
		}
		return list
	}
	var found []Binaries
	for _, dir := range filepath.SplitList(s.Path) {
		found = look(found, dir)
	}
	dirs := s.Dirs
	if dirs == nil {
		dirs = usualDirs
	}
	var usual []Binaries
	for _, pattern := range dirs {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("directories of PostgreSQL %q: %w", pattern, err)
		}
		for _, dir := range matches {
			usual = look(usual, dir)
		}
	}
	slices.SortStableFunc(usual, func(a, b Binaries) int { return b.Major - a.Major })
	found = append(found, usual...)
	if len(found) == 0 {
		return nil, ErrNoBinaries
	}
	return found, nil
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\S*)`)

// inspect looks at one directory. A lone link to postgres, as in /usr/local/bin, leads to the directory it points into.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	if !filepath.IsAbs(dir) {
		return Binaries{}, errors.New("not an absolute path")
	}
	postgres, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return Binaries{}, fmt.Errorf("look for postgres: %w", err)
	}
	b := Binaries{Dir: filepath.Dir(postgres)}
	for _, program := range []string{"postgres", "initdb"} {
		info, err := os.Stat(b.Path(program))
		if err != nil {
			return Binaries{}, fmt.Errorf("look for %s: %w", program, err)
		}
		if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
			return Binaries{}, fmt.Errorf("%s is not a program", b.Path(program))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, b.Path("postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("ask %s for its version: %w", b.Path("postgres"), err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return Binaries{}, fmt.Errorf("%s has no version: %q", b.Path("postgres"), out)
	}
	b.Version = string(match[1])
	if b.Major, err = strconv.Atoi(string(match[2])); err != nil {
		return Binaries{}, fmt.Errorf("version of %s: %w", b.Path("postgres"), err)
	}
	if b.Major < OldestMajor {
		return Binaries{}, fmt.Errorf("PostgreSQL %s is older than %d", b, OldestMajor)
	}
	return b, nil
}

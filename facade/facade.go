// Package facade reads git: it clones and fetches repositories, and turns their history into commits and file changes.
//
// The workers of tasks/git call it. It never touches a database or a queue, never runs a hook, a filter or any other program that a repository names, and never
// lets the configuration of the machine, of a user or of a repository's tree change a row. A git command that fails or takes too long is an error, never an empty history.
//
// Its words: a clone is a bare repository on this machine; a head is the default branch of a repository and the commit it points to; a change is what one commit did
// to one file, that is one row of augur_data.commits; a repair is a value that PostgreSQL could not hold or that nobody could read, replaced and counted.
package facade

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Options configure New. The zero value of every field but Home has a meaning.
type Options struct {
	// Binary is the git program. Default: git, looked up in PATH.
	Binary string
	// Home is an absolute directory that belongs to facade alone: git's HOME, so that no user's configuration, credentials or netrc are read. New makes it when it is missing.
	Home string
	// Env are variables of the caller ("NAME=value"). Only those that git needs to reach the network are handed on: PATH, proxies, certificates, the SSH agent.
	Env []string
	// Rewrites are applied, the longest prefix first, to the URL that git is given, and nowhere else. Whoever configures one vouches for what it leads to:
	// the scheme of the replacement is allowed.
	Rewrites []Rewrite
	// AllowHTTP permits http://, AllowLocal paths and file://, AllowPrivate hosts of the loopback and private networks.
	AllowHTTP, AllowLocal, AllowPrivate bool
	// Parallel is how many workers compare versions of files at the same time, for all histories together, and how many pairs of git processes read one history where git has to. Default: the
	// number of processors.
	Parallel int
	// MaxBytes is how large one clone or fetch may become on disk. 0: no limit.
	MaxBytes int64
	// MaxFiles is how many entries of one tree are read. A few tree objects that name each other many times unfold into more than any machine could read.
	// Default: 3,000,000.
	MaxFiles int
	// Timeouts of the single steps. A zero value takes the default of DefaultTimeouts.
	Timeouts Timeouts
	// Log gets a warning for what repaired itself. Default: discarded.
	Log *slog.Logger
}

// Rewrite replaces the Prefix of a URL.
type Rewrite struct {
	Prefix, Replacement string
}

// Timeouts bound every step, so that no repository holds a worker for ever.
type Timeouts struct {
	// Remote bounds the question for the head of a remote repository.
	Remote time.Duration
	// Clone and Fetch bound the whole transfer.
	Clone, Fetch time.Duration
	// Local bounds a short question to a clone, and the writing of its commit-graph.
	Local time.Duration
	// Stall is how long a history may wait for git's next bytes.
	Stall time.Duration
	// LowSpeed is how long a transfer over HTTP may stay under 1,000 bytes a second. Whole seconds.
	LowSpeed time.Duration
}

// DefaultTimeouts are those of Augur where it has them.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Remote:   time.Minute,
		Clone:    2 * time.Hour,
		Fetch:    time.Hour,
		Local:    10 * time.Minute,
		Stall:    10 * time.Minute,
		LowSpeed: time.Minute,
	}
}

// Git runs git. It is safe for concurrent use on different clones.
type Git struct {
	options Options
	binary  string
	env     []string
	log     *slog.Logger
	// batch are the arguments of the process that prints objects, ask what stands before a hash there, and flush what makes it print what was asked.
	batch      []string
	ask, flush string
	// benches are those that are free. A worker takes one for a shard, of whatever repository.
	benches chan *bench
}

// minimum is the oldest git that knows all the options that we give: fetch --no-write-fetch-head, GIT_CONFIG_COUNT, init.defaultBranch.
const minimumMajor, minimumMinor = 2, 31

// New looks for git, asks for its version within ctx, checks that it is new enough, and prepares Home.
func New(ctx context.Context, o Options) (*Git, error) {
	if !filepath.IsAbs(o.Home) {
		return nil, fmt.Errorf("facade.Home: must be an absolute directory (got %q)", o.Home)
	}
	var faults []error
	for i, r := range o.Rewrites {
		if r.Prefix == "" || r.Replacement == "" || strings.HasPrefix(r.Replacement, "-") {
			faults = append(faults, fmt.Errorf("facade.Rewrites[%d]: needs a prefix and a replacement that is a URL (got %q=%q)", i, Redact(r.Prefix), Redact(r.Replacement)))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	binary, err := exec.LookPath(cmp.Or(o.Binary, "git"))
	if err != nil {
		return nil, fmt.Errorf("look for git: %w", err)
	}
	d := DefaultTimeouts()
	t := &o.Timeouts
	for _, f := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{{&t.Remote, d.Remote}, {&t.Clone, d.Clone}, {&t.Fetch, d.Fetch}, {&t.Local, d.Local}, {&t.Stall, d.Stall}, {&t.LowSpeed, d.LowSpeed}} {
		*f.field = cmp.Or(*f.field, f.fallback)
	}
	o.Parallel = cmp.Or(max(o.Parallel, 0), runtime.GOMAXPROCS(0))
	o.MaxFiles = cmp.Or(max(o.MaxFiles, 0), 3_000_000)
	g := &Git{options: o, binary: binary, log: o.Log}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	g.benches = make(chan *bench, o.Parallel)
	for range o.Parallel {
		g.benches <- &bench{}
	}
	if err := g.prepareHome(); err != nil {
		return nil, err
	}
	g.env = g.environment()
	if err := g.checkVersion(ctx); err != nil {
		return nil, err
	}
	return g, nil
}

// prepareHome writes the one configuration file that git reads. Only there is safe.directory heard by every version, and by the process that serves a local clone:
// without it git run by root refuses repositories of other users.
func (g *Git) prepareHome() error {
	if err := os.MkdirAll(g.options.Home, 0o755); err != nil {
		return fmt.Errorf("prepare the home of git: %w", err)
	}
	const config = "[safe]\n\tdirectory = *\n"
	path := g.configFile()
	if have, err := os.ReadFile(path); err == nil && string(have) == config {
		return nil
	}
	// Several processes share the directory: write aside, then rename, so that nobody reads half a file.
	f, err := os.CreateTemp(g.options.Home, ".gitconfig-*")
	if err != nil {
		return fmt.Errorf("prepare the home of git: %w", err)
	}
	_, err = f.WriteString(config)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("prepare the home of git: %w", err), os.Remove(f.Name()))
	}
	return nil
}

func (g *Git) configFile() string { return filepath.Join(g.options.Home, ".gitconfig") }

var versionPattern = regexp.MustCompile(`^git version (\d+)\.(\d+)`)

func (g *Git) checkVersion(ctx context.Context) error {
	out, err := g.run(ctx, call{op: "ask for the version of git", timeout: 30 * time.Second}, "version")
	if err != nil {
		return err
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return fmt.Errorf("ask for the version of git: %s says %q", g.binary, out)
	}
	major, _ := strconv.Atoi(string(m[1]))
	minor, _ := strconv.Atoi(string(m[2]))
	g.batch = []string{"cat-file", "--batch"}
	if major > 2 || minor >= 36 {
		// Without a system call or three for every object.
		g.batch, g.ask, g.flush = []string{"cat-file", "--batch-command", "--buffer"}, "contents ", "flush\n"
	}
	if major < minimumMajor || major == minimumMajor && minor < minimumMinor {
		return fmt.Errorf("git %d.%d is too old, this program needs %d.%d: install a newer git", major, minor, minimumMajor, minimumMinor)
	}
	return nil
}

package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"augur/db"
	"augur/db/config"
	"augur/facade"
	"augur/tasks"
	"augur/tasks/git/registry"
)

// Kinds of the tasks.
const (
	KindFetch        = "git_fetch"
	KindCommits      = "git_commits"
	KindContributors = "git_contributors"
	KindLabor        = "git_labor"
	KindDependencies = "git_dependencies"
	KindLibyear      = "git_libyear"
)

// Options are what the source needs to know about its process.
type Options struct {
	// Home is $AUGUR_HOME: where clones go by default, and where git gets an empty home directory.
	Home string
	// Env is the environment that git inherits the network part of (proxies, certificates, PATH).
	Env []string
	// Version of the program, for tool_version.
	Version string
	Log     *slog.Logger
}

// Source makes the tasks of the facade phase. It is safe for concurrent use.
type Source struct {
	options  Options
	settings *config.Store
	queries  *db.Queries

	mu    sync.Mutex
	built Settings    // the settings that git was made with
	git   *facade.Git // nil before the first use

	asked  Registries       // the settings that client was made with
	client *registry.Client // nil before the first use
}

// Add adds the tasks of the facade phase to the catalog.
func Add(catalog *tasks.Catalog, settings *config.Store, o Options) {
	s := &Source{options: o, settings: settings, queries: db.New()}
	catalog.Add(tasks.Task{
		Kind: KindFetch, Phase: tasks.Facade, Worker: tasks.WorkerFunc(s.fetch),
		Timeout: func(c *config.Store) time.Duration { return fetchDeadline(config.Of[Settings](c)) },
	})
	catalog.Add(tasks.Task{
		Kind: KindCommits, Phase: tasks.Facade, After: []string{KindFetch}, Worker: tasks.WorkerFunc(s.commits),
		Enabled: func(c *config.Store) bool { return config.Of[Settings](c).RunAnalysis },
		Timeout: func(c *config.Store) time.Duration { return config.Of[Settings](c).AnalysisTimeout },
	})
	catalog.Add(tasks.Task{
		Kind: KindContributors, Phase: tasks.Facade, After: []string{KindFetch, KindCommits}, Worker: tasks.WorkerFunc(s.contributors),
		Enabled: func(c *config.Store) bool {
			of := config.Of[Settings](c)
			return of.RunContributors || of.RebuildCaches
		},
		Timeout: func(c *config.Store) time.Duration { return config.Of[Settings](c).AnalysisTimeout },
	})
	s.addTree(catalog)
}

// addTree adds what is read of a clone beside its history.
func (s *Source) addTree(catalog *tasks.Catalog) {
	all := func(c *config.Store) bool { return !config.Of[Settings](c).LimitedRun }
	timeout := func(c *config.Store) time.Duration { return config.Of[Settings](c).TreeTimeout }
	catalog.Add(tasks.Task{Kind: KindLabor, Phase: tasks.Facade, After: []string{KindFetch}, Worker: tasks.WorkerFunc(s.labor), Enabled: all, Timeout: timeout})
	catalog.Add(tasks.Task{Kind: KindDependencies, Phase: tasks.Facade, After: []string{KindFetch}, Worker: tasks.WorkerFunc(s.dependencies), Enabled: all, Timeout: timeout})
	catalog.Add(tasks.Task{Kind: KindLibyear, Phase: tasks.Facade, After: []string{KindFetch}, Worker: tasks.WorkerFunc(s.libyear), Enabled: all, Timeout: timeout})
}

// now are the current settings.
func (s *Source) now() Settings { return config.Of[Settings](s.settings) }

// fetchDeadline is longer than all the steps of a fetch that have deadlines of their own, so that those speak first.
func fetchDeadline(s Settings) time.Duration {
	return s.RemoteTimeout + 2*s.CloneTimeout + s.FetchTimeout + 5*time.Minute
}

// facadeGit is git as the current settings want it.
func (s *Source) facadeGit(ctx context.Context) (*facade.Git, Settings, error) {
	settings := config.Of[Settings](s.settings)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.git != nil && reflect.DeepEqual(s.built, settings) {
		return s.git, settings, nil
	}
	o := facade.Options{
		Home: filepath.Join(s.options.Home, "git-home"), Env: s.options.Env,
		AllowHTTP: settings.AllowHTTP, AllowLocal: settings.AllowLocal, AllowPrivate: settings.AllowPrivate,
		Parallel: settings.GitProcesses, MaxBytes: int64(settings.DiskQuota), Log: s.options.Log,
		Timeouts: facade.Timeouts{
			Remote: settings.RemoteTimeout, Clone: settings.CloneTimeout, Fetch: settings.FetchTimeout, LowSpeed: settings.LowSpeedTime,
		},
	}
	for _, r := range settings.URLRewrite {
		o.Rewrites = append(o.Rewrites, facade.Rewrite{Prefix: r.Prefix, Replacement: r.Replacement})
	}
	made, err := facade.New(ctx, o)
	if err != nil {
		return nil, settings, fmt.Errorf("prepare git: %w", err)
	}
	s.git, s.built = made, settings
	return made, settings, nil
}

// directory is where the clone of the repository lies, with its parent made or checked.
func (s *Source) directory(repo tasks.Repo, settings Settings) (string, error) {
	parent, err := settings.prepareDirectory(s.options.Home)
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, strconv.FormatInt(repo.ID, 10)+"-"+slug(repo.URL)+".git"), nil
}

// prepareDirectory makes the default directory of clones; one that was set by hand must exist.
func (s Settings) prepareDirectory(home string) (string, error) {
	dir := s.Directory(home)
	if s.DefaultDirectory() {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return "", fmt.Errorf("make the directory of clones: %w", err)
		}
		return dir, nil
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return "", tasks.Hint(fmt.Errorf("Facade.repo_directory: %s does not exist", dir), "create it, or change the setting")
	}
	if err != nil {
		return "", fmt.Errorf("Facade.repo_directory: %w", err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("Facade.repo_directory: %s is not a directory", dir)
	}
	return dir, nil
}

// CheckDirectory reports a directory of clones that cannot be used, for `augur config check`.
func (s Settings) CheckDirectory(home string) error {
	_, err := s.prepareDirectory(home)
	return err
}

// slug is the URL as a part of a file name that people recognise: host, owner and name, nothing that a file system could take amiss.
func slug(url string) string {
	if _, rest, ok := strings.Cut(url, "://"); ok {
		url = rest
	}
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_':
			return r
		}
		return '-'
	}, strings.TrimSuffix(url, ".git"))
	return strings.Trim(name[:min(len(name), 120)], "-.")
}

// open takes the clone of the repository for reading, and makes it first when it is missing or broken.
func (s *Source) open(ctx context.Context, c *tasks.Collection, git *facade.Git, dir string) (clone *facade.Repository, cloned bool, err error) {
	h, err := s.hold(c, dir)
	if err != nil {
		return nil, false, err
	}
	_, missing := git.Open(dir)
	alone, err := h.take(ctx, missing != nil)
	if err != nil {
		return nil, false, err
	}
	clone, err = git.Open(dir)
	if err == nil && (!alone || missing != nil) {
		// Nobody has said that it is broken, or another job has made it meanwhile.
		if alone {
			err = h.made(ctx, git)
		}
		return clone, false, err
	}
	if roomless := h.room(ctx, git); roomless != nil {
		return nil, false, roomless
	}
	if err != nil && !errors.Is(err, facade.ErrCorrupt) {
		err = git.Clone(ctx, c.Repo.URL, dir)
	} else {
		c.Log.WarnContext(ctx, "clone is broken and is made again", slog.Any("error", err))
		err = git.Repair(ctx, c.Repo.URL, dir)
	}
	if err != nil {
		return nil, false, verdict(err)
	}
	if err := h.made(ctx, git); err != nil {
		return nil, false, err
	}
	if clone, err = git.Open(dir); err != nil {
		return nil, false, verdict(err)
	}
	return clone, true, nil
}

// verdict says in the words of package tasks what a fault of git means. Package facade has said already what was being done to which repository.
func verdict(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, facade.ErrGone):
		return tasks.As(err, tasks.ErrGone)
	case errors.Is(err, facade.ErrPrivate):
		return tasks.Hint(tasks.As(err, tasks.ErrPrivate), "check the URL; repositories that need credentials are not collected")
	case errors.Is(err, facade.ErrTooLarge):
		return tasks.Hint(tasks.As(err, tasks.ErrInvalid), "raise Facade.disk_quota")
	case errors.Is(err, facade.ErrDiskFull):
		return tasks.Hint(err, "free space in Facade.repo_directory, or move it to a larger disk")
	case errors.Is(err, facade.ErrRefused):
		return tasks.Hint(tasks.As(err, tasks.ErrInvalid), "see Facade.allow_http, allow_local and allow_private")
	case errors.Is(err, facade.ErrTimeout):
		return tasks.Hint(err, "the server is slow or hangs; see Facade.clone_timeout, fetch_timeout and remote_timeout")
	}
	return err
}

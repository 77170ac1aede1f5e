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
)

// Kinds of the tasks.
const (
	KindFetch        = "git_fetch"
	KindCommits      = "git_commits"
	KindContributors = "git_contributors"
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
}

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
		Parallel: settings.GitProcesses, Log: s.options.Log,
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

// open opens the clone of the repository, and makes it first when it is missing or broken.
func (s *Source) open(ctx context.Context, git *facade.Git, dir, url string, log *slog.Logger) (clone *facade.Repository, cloned bool, err error) {
	clone, err = git.Open(dir)
	switch {
	case err == nil:
		return clone, false, nil
	case errors.Is(err, facade.ErrCorrupt):
		log.WarnContext(ctx, "clone is broken and is made again", slog.Any("error", err))
		err = git.Repair(ctx, url, dir)
	case errors.Is(err, fs.ErrNotExist):
		err = git.Clone(ctx, url, dir)
	}
	if err != nil {
		return nil, false, verdict(err)
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
	case errors.Is(err, facade.ErrDiskFull):
		return tasks.Hint(err, "free space in Facade.repo_directory, or move it to a larger disk")
	case errors.Is(err, facade.ErrRefused):
		return tasks.Hint(tasks.As(err, tasks.ErrInvalid), "see Facade.allow_http, allow_local and allow_private")
	case errors.Is(err, facade.ErrTimeout):
		return tasks.Hint(err, "the server is slow or hangs; see Facade.clone_timeout, fetch_timeout and remote_timeout")
	}
	return err
}

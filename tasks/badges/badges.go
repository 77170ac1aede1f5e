package badges

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/badges/badge"
)

// Kind is the task, and its row in tree_snapshot.
const Kind = "badges"

// timeout of one attempt: longer than the longest request.
const timeout = 15 * time.Minute

// maxNote is the length that a note is cut to.
const maxNote = 1000

// Options are what the source needs to know about its process.
type Options struct {
	// Version of the program, for tool_version and the User-Agent.
	Version string
	Log     *slog.Logger
}

// Source makes the task. It is safe for concurrent use.
type Source struct {
	options  Options
	settings *config.Store
	queries  *db.Queries

	mu     sync.Mutex
	built  Settings      // the settings that client was made with
	client *badge.Client // nil before the first use
}

// Add adds the task to the catalog. It is an extra: a repository with nothing else to collect in the core phase is not asked about.
func Add(catalog *tasks.Catalog, settings *config.Store, o Options) {
	s := &Source{options: o, settings: settings, queries: db.New()}
	catalog.Add(tasks.Task{
		Kind: Kind, Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub, giturl.GitLab}, Extra: true, Worker: tasks.WorkerFunc(s.collect),
		Enabled: func(c *config.Store) bool { return config.Of[Settings](c).URL != "" },
		Timeout: func(*config.Store) time.Duration { return timeout },
	})
}

// collect asks about the project of the repository, when that was not done lately.
func (s *Source) collect(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Settings](s.settings)
	rules := "what " + settings.URL + " says about " + c.Repo.URL
	last, err := s.queries.TreeSnapshot(ctx, c.Pool(), db.TreeSnapshotParams{RepoID: c.Repo.ID, Kind: Kind})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read when the badge of %s was asked for: %w", c.Repo.URL, err)
	}
	if err == nil && last.Rules == rules && last.Note == nil && last.Age < settings.Interval {
		return c.Finish(ctx, nil)
	}
	save := db.SaveTreeSnapshotParams{RepoID: c.Repo.ID, Kind: Kind, Content: last.Content, Rules: rules, Digest: last.Digest, Rows: last.Rows, TakenAt: last.TakenAt}
	project, err := s.open(settings).Find(ctx, c.Repo.URL)
	switch {
	case errors.Is(err, badge.ErrUnreachable):
		note := tasks.Scrub(err.Error())
		note = strings.ToValidUTF8(note[:min(len(note), maxNote)], "")
		save.Note = &note
		c.Log.WarnContext(ctx, "badge left out", slog.Any("error", err))
		return s.finish(ctx, c, save, nil)
	case err != nil:
		return fmt.Errorf("ask for the badge of %s: %w", c.Repo.URL, err)
	}
	sum := sha256.Sum256(project)
	save.Digest, save.Rows = hex.EncodeToString(sum[:]), 0
	if project != nil {
		save.Rows = 1
	}
	return s.finish(ctx, c, save, project)
}

// finish notes the question, with the project that it found, if any.
func (s *Source) finish(ctx context.Context, c *tasks.Collection, save db.SaveTreeSnapshotParams, project json.RawMessage) error {
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if project != nil {
			added, err := s.queries.AddRepoBadge(ctx, tx, db.AddRepoBadgeParams{RepoID: c.Repo.ID, ToolVersion: s.options.Version, Data: project})
			if err != nil {
				return fmt.Errorf("store the badge of %s: %w", c.Repo.URL, err)
			}
			if added > 0 {
				at, err := s.queries.SnapshotTime(ctx, tx, db.SnapshotTimeParams{RepoID: c.Repo.ID, Kind: Kind})
				if err != nil {
					return fmt.Errorf("date the badge of %s: %w", c.Repo.URL, err)
				}
				save.TakenAt = &at
			}
		}
		if err := s.queries.SaveTreeSnapshot(ctx, tx, save); err != nil {
			return fmt.Errorf("note that the badge of %s was asked for: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// open is the client as the current settings want it.
func (s *Source) open(settings Settings) *badge.Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil || !reflect.DeepEqual(s.built, settings) {
		s.built = settings
		s.client = badge.New(badge.Options{
			Base: settings.URL, Interval: settings.RequestInterval, Timeout: settings.RequestTimeout, Pause: settings.Pause, UserAgent: "augur/" + s.options.Version,
		})
	}
	return s.client
}

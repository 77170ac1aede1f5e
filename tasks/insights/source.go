package insights

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/insight"
	"augur/tasks"
)

// Kinds of the tasks.
const (
	KindScore  = "insights_score"
	KindNotify = "insights_notify"
)

// Deadlines of one attempt. Judging a repository takes less than a second; reading the rows of a very large one takes longer.
const (
	scoreTimeout  = 30 * time.Minute
	notifyTimeout = 10 * time.Minute
)

// Options are what the source needs to know about its process.
type Options struct {
	// Version of the program, for tool_version.
	Version string
	Log     *slog.Logger
	// SendTimeout bounds one message to people; 0 means 30 s. Tests have less.
	SendTimeout time.Duration
}

// Source makes the tasks of insights. It is safe for concurrent use.
type Source struct {
	options  Options
	settings *config.Store
	queries  *db.Queries
	metrics  []Metric
}

// New is a source that is not in a catalog, to be asked by hand.
func New(settings *config.Store, o Options) *Source {
	return &Source{options: o, settings: settings, queries: db.New(), metrics: Metrics()}
}

// Add adds the tasks of insights to the catalog.
func Add(catalog *tasks.Catalog, settings *config.Store, o Options) {
	s := New(settings, o)
	on := func(c *config.Store) bool { return config.Of[insight.Settings](c).Switch }
	catalog.Add(tasks.Task{
		Kind: KindScore, Phase: tasks.ML, Worker: tasks.WorkerFunc(s.score), Enabled: on,
		Timeout: func(*config.Store) time.Duration { return scoreTimeout },
	})
	catalog.Add(tasks.Task{
		Kind: KindNotify, Phase: tasks.ML, After: []string{KindScore}, Worker: tasks.WorkerFunc(s.notify),
		Enabled: func(c *config.Store) bool { return on(c) && config.Of[Notify](c).any() },
		Timeout: func(*config.Store) time.Duration { return notifyTimeout },
	})
}

// score judges all series of the repository and commits what was found. Before, the first of a day judges the collection itself: what did not arrive must not
// be called a fall of the repository.
func (s *Source) score(ctx context.Context, c *tasks.Collection) error {
	due, err := s.collectionDue(ctx, c.Pool())
	if err != nil {
		return err
	}
	if due {
		err := c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
			_, err := s.JudgeCollection(ctx, tx)
			return err
		})
		if err != nil {
			return err
		}
	}
	found, err := s.Judge(ctx, c.Pool(), c.Repo.ID)
	if err != nil {
		return err
	}
	c.Log.InfoContext(ctx, "series judged", slog.Int("series", found.Series), slog.Int("days", found.Days), slog.Int("flagged_days", found.Flagged), slog.Int("insights", len(found.saves)))
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error { return found.Save(ctx, tx) })
}

package scorecard

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/apikey"
)

const (
	// Kind is the task, and its row in tree_snapshot.
	Kind = "scorecard"
	// aggregate is the name of the row for the whole.
	aggregate = "OSSF_SCORECARD_AGGREGATE_SCORE"
	// slack is how much longer than the tool an attempt may take.
	slack = 5 * time.Minute
	// coreWait is how long a job gives its place back for, when the core phase is about to store what it reads.
	coreWait = 30 * time.Second
	// maxNote is the length that a note is cut to.
	maxNote = 1000
)

// Options are what the source needs to know about its process.
type Options struct {
	// Env is the environment that the tool inherits PATH, proxies and certificates of.
	Env []string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Source makes the task. It is safe for concurrent use.
type Source struct {
	options  Options
	settings *config.Store
	queries  *db.Queries
}

// Add adds the task to the catalog. It is an extra: where nothing else of the secondary phase applies, there is nothing to look at.
func Add(catalog *tasks.Catalog, settings *config.Store, o Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Source{options: o, settings: settings, queries: db.New()}
	catalog.Add(tasks.Task{
		Kind: Kind, Phase: tasks.Secondary, Platforms: []giturl.Platform{giturl.GitHub}, Extra: true, Worker: tasks.WorkerFunc(s.collect),
		Enabled: func(c *config.Store) bool { return config.Of[Settings](c).Enabled },
		Timeout: func(c *config.Store) time.Duration { return config.Of[Settings](c).ToolTimeout + slack },
	})
}

// collect takes a snapshot of the repository's checks, when that was not done lately.
func (s *Source) collect(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Settings](s.settings)
	facts, err := s.queries.ScorecardFacts(ctx, c.Pool(), db.ScorecardFactsParams{RepoID: c.Repo.ID, UpdateConfigs: updateConfigs(), Dependabot: dependabot})
	if err != nil {
		return fmt.Errorf("read what is stored about %s: %w", c.Repo.URL, err)
	}
	rules := "the program " + settings.Tool
	if settings.Tool == "" {
		if facts.CoreOpen {
			return &tasks.RateLimitError{Until: time.Now().Add(coreWait), Err: errors.New("the core phase is about to store what the checks are made of")}
		}
		rules = fmt.Sprintf("rows 1, history: %t", facts.HasHistory)
	}
	last, err := s.queries.TreeSnapshot(ctx, c.Pool(), db.TreeSnapshotParams{RepoID: c.Repo.ID, Kind: Kind})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the last snapshot of %s: %w", c.Repo.URL, err)
	}
	if err == nil && last.Rules == rules && last.Note == nil && last.Age < settings.Interval {
		return c.Finish(ctx, nil)
	}
	save := db.SaveTreeSnapshotParams{RepoID: c.Repo.ID, Kind: Kind, Head: last.Head, Rules: rules, Digest: last.Digest, Rows: last.Rows, TakenAt: last.TakenAt}
	found, err := s.snapshot(ctx, c, settings, facts)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		note := strings.ToValidUTF8(err.Error()[:min(len(err.Error()), maxNote)], "")
		save.Note = &note
		c.Log.WarnContext(ctx, "scorecard left out", slog.Any("error", err))
		return s.finish(ctx, c, save, nil, nil)
	}
	rows, digest, err := found.rows()
	if err != nil {
		return err
	}
	save.Head = found.about.Commit
	if digest == save.Digest {
		return s.finish(ctx, c, save, nil, nil)
	}
	save.Digest, save.Rows = digest, int64(len(found.checks)+1)
	return s.finish(ctx, c, save, &found, rows)
}

// snapshot is made by the tool, or of rows when there is none.
func (s *Source) snapshot(ctx context.Context, c *tasks.Collection, settings Settings, facts db.ScorecardFactsRow) (snapshot, error) {
	_, repository, _ := strings.Cut(c.Repo.URL, "://")
	if settings.Tool == "" {
		return fromRows(repository, facts, s.options.Now()), nil
	}
	tokens := config.Of[apikey.Keys](s.settings).GitHubTokens()
	if len(tokens) == 0 {
		return snapshot{}, errors.New("the program scorecard needs a token in Keys.github_api_key")
	}
	return s.run(ctx, settings, repository, tokens[0])
}

// finish notes the look, with a snapshot when there is a new one.
func (s *Source) finish(ctx context.Context, c *tasks.Collection, save db.SaveTreeSnapshotParams, found *snapshot, rows json.RawMessage) error {
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if found != nil {
			at, err := s.queries.SnapshotTime(ctx, tx, db.SnapshotTimeParams{RepoID: c.Repo.ID, Kind: Kind})
			if err != nil {
				return fmt.Errorf("date the scorecard of %s: %w", c.Repo.URL, err)
			}
			if err := s.queries.AddScorecard(ctx, tx, db.AddScorecardParams{RepoID: c.Repo.ID, DataSource: found.source, TakenAt: at, Rows: rows}); err != nil {
				return fmt.Errorf("store the scorecard of %s: %w", c.Repo.URL, err)
			}
			save.TakenAt = &at
			c.Log.InfoContext(ctx, "snapshot stored", slog.Int("rows", len(found.checks)+1))
		}
		if err := s.queries.SaveTreeSnapshot(ctx, tx, save); err != nil {
			return fmt.Errorf("note the scorecard of %s: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// row is a row of repo_deps_scorecard.
type row struct {
	Name    string `json:"name"`
	Score   string `json:"score"`
	Details any    `json:"details"`
}

// rows are the rows of the snapshot, and a digest of what they say: the commit that was looked at does not count, so that a commit alone makes no new snapshot.
func (s snapshot) rows() (rows json.RawMessage, digest string, err error) {
	slices.SortFunc(s.checks, func(a, b check) int { return cmp.Compare(a.Name, b.Name) })
	list := []row{{Name: aggregate, Score: points(s.score), Details: s.about}}
	for _, c := range s.checks {
		list = append(list, row{Name: c.Name, Score: points(float64(c.Score)), Details: c})
	}
	if rows, err = json.Marshal(list); err != nil {
		return nil, "", fmt.Errorf("encode the checks: %w", err)
	}
	list[0].Details = s.source + " " + s.about.Name
	said, err := json.Marshal(list)
	if err != nil {
		return nil, "", fmt.Errorf("encode the checks: %w", err)
	}
	sum := sha256.Sum256(said)
	return rows, hex.EncodeToString(sum[:]), nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/db/local"
	"augur/db/migrate"
	"augur/db/people"
	"augur/insight"
	"augur/monitor"
	"augur/monitor/care"
	"augur/monitor/supervisor"
	"augur/tasks"
	"augur/tasks/apikey"
	"augur/tasks/badges"
	"augur/tasks/git"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/insights"
	"augur/tasks/scorecard"
	"augur/web"
)

// registry is the list of all settings.
func registry() *config.Registry {
	return config.NewRegistry(
		config.NewSection[badges.Settings]("Badges"),
		config.NewSection[supervisor.Celery]("Celery"),
		config.NewSection[care.Views]("Celery"),
		config.NewSection[git.Settings]("Facade"),
		config.NewSection[api.Settings]("GitHub"),
		config.NewSection[github.Settings]("GitHub"),
		config.NewSection[insight.Settings]("Insight_Task"),
		config.NewSection[insights.Notify]("Insight_Task"),
		config.NewSection[apikey.Keys]("Keys"),
		config.NewSection[supervisor.Logging]("Logging"),
		config.NewSection[git.Registries]("Registries"),
		config.NewSection[scorecard.Settings]("Scorecard"),
		config.NewSection[web.Server]("Server"),
		config.NewSection[monitor.TaskRoutine]("Task_Routine"),
		config.NewSection[monitor.Tasks]("Tasks"),
		config.NewSection[care.Settings]("Tasks"),
	)
}

// catalog is the list of all tasks: one line for each source.
func (a *app) catalog(settings *config.Store, log *slog.Logger) (*tasks.Catalog, error) {
	home, err := a.home()
	if err != nil {
		return nil, err
	}
	catalog := tasks.NewCatalog()
	git.Add(catalog, settings, git.Options{Home: home, Env: a.environList(), Version: version, Log: log})
	github.Add(catalog, settings, github.Options{Version: version, Log: log, People: func() people.Rules {
		return config.Of[git.Settings](settings).Rules(version)
	}})
	badges.Add(catalog, settings, badges.Options{Version: version, Log: log})
	scorecard.Add(catalog, settings, scorecard.Options{Env: a.environList(), Log: log})
	insights.Add(catalog, settings, insights.Options{Version: version, Log: log})
	return catalog, nil
}

// home is AUGUR_HOME, absolute, or the default for the user.
func (a *app) home() (string, error) {
	home := a.getenv("AUGUR_HOME")
	if home == "" {
		home = local.DefaultHome(os.Getuid(), a.getenv("HOME"), a.getenv("XDG_DATA_HOME"))
	}
	abs, err := filepath.Abs(home)
	if err != nil {
		return "", fmt.Errorf("AUGUR_HOME: %w", err)
	}
	return abs, nil
}

func (a *app) environList() []string {
	list := make([]string, 0, len(a.environ))
	for name, value := range a.environ {
		list = append(list, name+"="+value)
	}
	return list
}

// localOptions are those of the private PostgreSQL.
func (a *app) localOptions(log *slog.Logger) (local.Options, error) {
	home, err := a.home()
	if err != nil {
		return local.Options{}, err
	}
	return local.Options{Dir: filepath.Join(home, "postgres"), PGBin: a.getenv("PG_BIN"), Path: a.getenv("PATH"), Log: log}, nil
}

// session is a command's connection to the database.
type session struct {
	// URL is the database; it may hold a password, so it is never printed but through db.Redact.
	URL    string
	Pool   *pgxpool.Pool
	server *local.Server // nil unless the database is the private one
}

// connect connects to AUGUR_DB, or to the private PostgreSQL, which it starts when needed. It does not look at the schema.
func (a *app) connect(ctx context.Context, o db.Options) (*session, error) {
	s := &session{URL: a.getenv("AUGUR_DB")}
	if s.URL == "" {
		options, err := a.localOptions(slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		if s.server, err = local.Acquire(ctx, options); err != nil {
			return nil, fmt.Errorf("start the private PostgreSQL (AUGUR_DB is not set): %w", err)
		}
		s.URL = s.server.URL()
	}
	pool, err := db.Connect(ctx, s.URL, o)
	if err != nil && s.server == nil {
		err = fmt.Errorf("AUGUR_DB: %w", err)
	}
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	s.Pool = pool
	return s, nil
}

// open is connect to a database with the schema of this program; another age is an error with the command to run.
func (a *app) open(ctx context.Context, o db.Options) (*session, error) {
	s, err := a.connect(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := migrate.Check(ctx, s.Pool); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

// close ends the session; the private PostgreSQL stops when nobody else uses it.
func (s *session) close(ctx context.Context) error {
	if s.Pool != nil {
		s.Pool.Close()
	}
	if s.server == nil {
		return nil
	}
	if err := s.server.Release(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	return nil
}

// withDatabase runs work in a session on a migrated database.
func (a *app) withDatabase(ctx context.Context, o db.Options, work func(context.Context, *session) error) (err error) {
	s, err := a.open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	return work(ctx, s)
}

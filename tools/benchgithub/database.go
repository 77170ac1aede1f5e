package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	neturl "net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
	"augur/db/migrate"
	"augur/db/repos"
	"augur/monitor"
	"augur/tasks"
	"augur/tasks/apikey"
	"augur/tasks/github"
	"augur/tasks/github/api"
	"augur/tasks/github/contenttest"
	"augur/tasks/github/githubtest"
)

//go:embed sql/age.sql
var age string

// place is a GitHub to collect from.
type place struct {
	API, GraphQL  string
	Tokens, Repos []string
	Now           time.Time
}

// placeOf is a fake GitHub in this process.
func placeOf(forge *githubtest.Server, keys int, names ...string) place {
	return place{API: forge.URL(), GraphQL: forge.GraphQLURL(), Tokens: forge.Tokens(keys), Repos: names, Now: forge.Clock().Now()}
}

// settings are those for collecting there, as fast as this machine can.
func (p place) settings(more ...string) *config.Store {
	return config.Static(config.NewRegistry(
		config.NewSection[api.Settings]("GitHub"), config.NewSection[github.Settings]("GitHub"), config.NewSection[apikey.Keys]("Keys"),
		config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine"),
	), append([]string{
		"GitHub.api_url=" + p.API, "GitHub.graphql_url=" + p.GraphQL, "GitHub.requests_per_minute=100000", "GitHub.breadth_per_day=0", "Keys.github_api_key=" + strings.Join(p.Tokens, " "),
	}, more...)...)
}

// slots is how many jobs of a phase a worker process has at once.
const slots = 5

// database is a database that collects the repositories of a place.
type database struct {
	url, name string
	at        place
	slots     int
	look      time.Duration // between two looks of the monitor
	pool      *pgxpool.Pool
	settings  *config.Store
	now       func() time.Time // nil: the machine's clock
	log       *slog.Logger
}

// open makes a database with the repositories in it.
func open(ctx context.Context, url, name string, at place, settings ...string) (*database, error) {
	admin, err := db.Connect(ctx, url, db.Options{MaxConns: 1})
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	if _, err := admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, fmt.Errorf("create database %s: %w", name, err)
	}
	address, err := neturl.Parse(url)
	if err != nil {
		return nil, fmt.Errorf("read the address of the server: %w", err)
	}
	address.Path = "/" + name
	d := &database{
		url: address.String(), name: name, at: at, slots: slots, look: 100 * time.Millisecond, settings: at.settings(settings...),
		log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	if d.pool, err = db.Connect(ctx, d.url, db.Options{MaxConns: 30}); err != nil {
		return nil, err
	}
	if _, err := migrate.Up(ctx, d.pool, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	urls := make([]string, len(at.Repos))
	for i, repo := range at.Repos {
		urls[i] = "https://github.com/" + repo
	}
	sum, err := repos.AddURLs(ctx, d.pool, 1, urls, repos.Options{})
	if err != nil || sum.Added != len(urls) {
		return nil, errors.Join(fmt.Errorf("add %d repositories: %d added", len(urls), sum.Added), err)
	}
	return d, nil
}

func (d *database) catalog() *tasks.Catalog {
	catalog := tasks.NewCatalog()
	github.Add(catalog, d.settings, github.Options{Version: "bench", Now: d.now, Log: d.log})
	return catalog
}

func (d *database) queue() (*tasks.Queue, error) {
	return tasks.NewQueue(d.pool, monitor.RetryAfter(d.settings), d.log)
}

// worker are the options of a worker process that ends at once when it is told to.
func (d *database) worker() tasks.WorkerOptions {
	return tasks.WorkerOptions{
		Queues: map[string]int{"core": d.slots, "secondary": d.slots}, Host: "bench", PID: os.Getpid(), Drain: time.Millisecond, Log: d.log,
	}
}

// monitor is one for which everything is due.
func (d *database) monitor(ctx context.Context, catalog *tasks.Catalog) (*monitor.Monitor, error) {
	queue, err := d.queue()
	if err != nil {
		return nil, err
	}
	m := monitor.New(d.pool, queue, catalog, d.settings, d.log)
	m.Since, err = m.Now(ctx)
	return m, err
}

// collect runs the core and the secondary phase of all repositories, however long ago they ran.
func (d *database) collect(ctx context.Context) error {
	m, err := d.monitor(ctx, d.catalog())
	if err != nil {
		return err
	}
	_, err = d.work(ctx, m, func() (bool, error) { return false, nil })
	return err
}

// work runs a worker process until everything is collected, or until enough says so.
func (d *database) work(ctx context.Context, m *monitor.Monitor, enough func() (bool, error)) (done bool, err error) {
	queue, err := d.queue()
	if err != nil {
		return false, err
	}
	process, err := tasks.NewProcess(ctx, d.pool, d.catalog(), queue, d.settings, d.worker())
	if err != nil {
		return false, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(working) }()
	for {
		done, err := d.tick(ctx, m)
		if err == nil && !done {
			var ended bool
			if ended, err = enough(); err == nil && !ended {
				select {
				case err := <-stopped:
					return false, errors.Join(errors.New("the worker stopped"), err)
				case <-time.After(d.look):
				}
				continue
			}
		}
		stop()
		return done, errors.Join(err, <-stopped)
	}
}

// tick lets the monitor look once, and tells whether everything is collected.
func (d *database) tick(ctx context.Context, m *monitor.Monitor) (done bool, err error) {
	// In this order: the end of one phase may make another due.
	report, err := monitor.Overview(ctx, d.pool, 10)
	if err != nil {
		return false, err
	}
	tick, err := m.Tick(ctx)
	if err != nil {
		return false, err
	}
	if len(report.Troubles) > 0 {
		return false, errors.New(report.Troubles[0].Reason)
	}
	return tick.Led && tick.Total() == 0 && len(report.Running) == 0, nil
}

// count is the number that a query selects.
func (d *database) count(ctx context.Context, query string) (n int, err error) {
	if err := d.pool.QueryRow(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("count in %s: %w", d.name, err)
	}
	return n, nil
}

// exec changes what a day, or an hour, changes.
func (d *database) exec(ctx context.Context, statement string) error {
	if _, err := d.pool.Exec(ctx, statement); err != nil {
		return fmt.Errorf("let time pass in %s: %w", d.name, err)
	}
	return nil
}

// mustEqual compares with the hash of another database, and shows some of the rows that only one of them has.
func (d *database) mustEqual(ctx context.Context, want *database, otherwise string) error {
	wanted, _, err := contenttest.Hash(ctx, want.pool)
	if err != nil {
		return err
	}
	got, _, err := contenttest.Hash(ctx, d.pool)
	if err != nil || got == wanted {
		return err
	}
	return errors.Join(fmt.Errorf("database %s: %s", d.name, otherwise), d.differs(ctx, want))
}

// differs shows some of the rows that only one of two databases has.
func (d *database) differs(ctx context.Context, other *database) error {
	lines := map[string]int{}
	if err := contenttest.Each(ctx, d.pool, func(line string) { lines[line]++ }); err != nil {
		return err
	}
	if err := contenttest.Each(ctx, other.pool, func(line string) { lines[line] += 2 }); err != nil {
		return err
	}
	var faults []error
	for line, in := range lines {
		if in != 3 && len(faults) < 10 {
			faults = append(faults, fmt.Errorf("only in %s: %.300s", map[int]string{1: d.name, 2: other.name}[in], line))
		}
	}
	return errors.Join(faults...)
}

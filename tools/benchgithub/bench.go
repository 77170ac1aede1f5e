package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	neturl "net/url"
	"os"
	"slices"
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

// name is the repository that is collected.
const name = githubtest.ModelName

// bench measures, and prints the figures.
func bench(ctx context.Context, url string, o options, out io.Writer) error {
	forge, err := githubtest.Start("127.0.0.1:0", githubtest.With(name, shape(o.part)), githubtest.Seed(o.seed)) //nolint:contextcheck // it has a life of its own, which Close ends
	if err != nil {
		return fmt.Errorf("start the fake GitHub: %w", err)
	}
	defer forge.Close()
	first, err := open(ctx, url, "augur_first", forge)
	if err != nil {
		return err
	}
	defer first.pool.Close()

	began := time.Now()
	if err := first.collect(ctx, nil); err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	hash, rows, err := contenttest.Hash(ctx, first.pool)
	if err != nil {
		return err
	}
	full := forge.ResetCounts()
	fmt.Fprintf(out, "full: %d rows in %.1f s, %s\n", rows, seconds, tell(full))
	if o.storm {
		if err := storm(ctx, url, forge, hash, out); err != nil {
			return err
		}
	}
	daily, err := first.day(ctx, url)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "daily: %s\n", tell(daily))
	unchanged, err := first.again(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "unchanged: %s\n", tell(unchanged))
	queries := graphQL(full)
	fmt.Fprintf(out, "github: model_full_requests=%d (rest=%d graphql=%d) daily_requests=%d unchanged_points=%d rows=%d rows_per_second=%.0f seconds=%.1f\n",
		asked(full), asked(full)-queries, queries, asked(daily), points(unchanged), rows, float64(rows)/seconds, seconds)
	return nil
}

// shape is the model, or a part of it.
func shape(part int) githubtest.Shape {
	s := githubtest.ModelShape()
	for _, n := range []*int{&s.Issues, &s.Pulls, &s.Comments, &s.Events} {
		*n /= part
	}
	return s
}

// keyRequests are about keys, not about repositories.
var keyRequests = map[string]bool{"rate-limit/get": true, "users/get-authenticated": true}

// asked counts requests about repositories.
func asked(c githubtest.Counts) int {
	n := 0
	for operation, count := range c.Operations {
		if !keyRequests[operation] {
			n += count.Requests
		}
	}
	return n
}

func points(c githubtest.Counts) int {
	n := 0
	for operation, count := range c.Operations {
		if !keyRequests[operation] {
			n += count.Points
		}
	}
	return n
}

func graphQL(c githubtest.Counts) int {
	n := 0
	for operation, count := range c.Operations {
		if strings.HasPrefix(operation, "graphql ") {
			n += count.Requests
		}
	}
	return n
}

// tell says what was asked.
func tell(c githubtest.Counts) string {
	text := []string{fmt.Sprintf("%d requests, %d points:", asked(c), points(c))}
	for _, operation := range slices.Sorted(maps.Keys(c.Operations)) {
		text = append(text, fmt.Sprintf("%s=%d", strings.ReplaceAll(operation, " ", "_"), c.Operations[operation].Requests))
	}
	return strings.Join(text, " ")
}

// database is a database that collects the repository.
type database struct {
	name     string
	pool     *pgxpool.Pool
	settings *config.Store
	forge    *githubtest.Server
	log      *slog.Logger
}

// open makes a database with the repository in it.
func open(ctx context.Context, url, name string, forge *githubtest.Server) (*database, error) {
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
	d := &database{name: name, forge: forge, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	if d.pool, err = db.Connect(ctx, address.String(), db.Options{MaxConns: 20}); err != nil {
		return nil, err
	}
	if _, err := migrate.Up(ctx, d.pool, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	d.settings = config.Static(config.NewRegistry(
		config.NewSection[api.Settings]("GitHub"), config.NewSection[github.Settings]("GitHub"), config.NewSection[apikey.Keys]("Keys"),
		config.NewSection[monitor.Tasks]("Tasks"), config.NewSection[monitor.TaskRoutine]("Task_Routine"),
	), "GitHub.api_url="+forge.URL(), "GitHub.graphql_url="+forge.GraphQLURL(), "GitHub.requests_per_minute=900", "Keys.github_api_key="+forge.Token())
	sum, err := repos.AddURLs(ctx, d.pool, 1, []string{"https://github.com/" + githubtest.ModelName}, repos.Options{})
	if err != nil || sum.Added != 1 {
		return nil, errors.Join(errors.New("add the repository: not added"), err)
	}
	return d, nil
}

// collect runs the core and the secondary phase, however long ago they ran. Workers are killed whenever kill says so.
func (d *database) collect(ctx context.Context, kill func() bool) error {
	catalog := tasks.NewCatalog()
	github.Add(catalog, d.settings, github.Options{Version: "bench", Now: d.forge.Clock().Now, Log: d.log})
	queue, err := tasks.NewQueue(d.pool, monitor.RetryAfter(d.settings), d.log)
	if err != nil {
		return err
	}
	m := monitor.New(d.pool, queue, catalog, d.settings, d.log)
	if m.Since, err = m.Now(ctx); err != nil {
		return err
	}
	for {
		done, err := d.work(ctx, catalog, queue, m, kill)
		if done || err != nil {
			return err
		}
	}
}

// work runs a worker process until everything is collected, or until it is killed.
func (d *database) work(ctx context.Context, catalog *tasks.Catalog, queue *tasks.Queue, m *monitor.Monitor, kill func() bool) (done bool, err error) {
	process, err := tasks.NewProcess(ctx, d.pool, catalog, queue, d.settings, tasks.WorkerOptions{
		Queues: map[string]int{"core": 5, "secondary": 5}, Host: "bench", PID: os.Getpid(), Drain: time.Millisecond, Log: d.log,
	})
	if err != nil {
		return false, err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- process.Run(working) }()
	for {
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
		done := tick.Led && tick.Total() == 0 && len(report.Running) == 0
		if done || (kill != nil && kill()) {
			stop()
			return done, <-stopped
		}
		select {
		case err := <-stopped:
			return false, errors.Join(errors.New("the worker stopped"), err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// day lets a day pass, collects what is new, and compares with a new collection in another database.
func (d *database) day(ctx context.Context, url string) (githubtest.Counts, error) {
	d.forge.AdvanceDay(d.forge.Repo(name))
	if err := d.age(ctx); err != nil {
		return githubtest.Counts{}, err
	}
	d.forge.ResetCounts()
	if err := d.collect(ctx, nil); err != nil {
		return githubtest.Counts{}, err
	}
	daily := d.forge.ResetCounts()
	fresh, err := open(ctx, url, "augur_fresh", d.forge)
	if err != nil {
		return daily, err
	}
	defer fresh.pool.Close()
	if err := fresh.collect(ctx, nil); err != nil {
		return daily, err
	}
	d.forge.ResetCounts()
	want, _, err := contenttest.Hash(ctx, fresh.pool)
	if err != nil {
		return daily, err
	}
	if err := d.mustEqual(ctx, want, "the daily collection is not what a new one is"); err != nil {
		return daily, errors.Join(err, d.differs(ctx, fresh))
	}
	return daily, nil
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

func (d *database) age(ctx context.Context) error {
	if _, err := d.pool.Exec(ctx, age); err != nil {
		return fmt.Errorf("let a day pass: %w", err)
	}
	return nil
}

// again collects when nothing has changed, which must change nothing.
func (d *database) again(ctx context.Context) (githubtest.Counts, error) {
	before, _, err := contenttest.Hash(ctx, d.pool)
	if err != nil {
		return githubtest.Counts{}, err
	}
	if err := d.age(ctx); err != nil {
		return githubtest.Counts{}, err
	}
	d.forge.ResetCounts()
	if err := d.collect(ctx, nil); err != nil {
		return githubtest.Counts{}, err
	}
	unchanged := d.forge.ResetCounts()
	return unchanged, d.mustEqual(ctx, before, "a collection without anything new changed something")
}

func (d *database) mustEqual(ctx context.Context, want, otherwise string) error {
	got, _, err := contenttest.Hash(ctx, d.pool)
	if err == nil && got != want {
		err = fmt.Errorf("database %s: %s", d.name, otherwise)
	}
	return err
}

// storm collects with wrong answers and killed workers, and compares.
func storm(ctx context.Context, url string, forge *githubtest.Server, want string, out io.Writer) error {
	d, err := open(ctx, url, "augur_storm", forge)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	forge.SetFaults(0.05)
	kills, last := 0, 0
	err = d.collect(ctx, func() bool {
		now := forge.Counts().Total.Requests
		if kills == 20 || now < last+40 {
			return false
		}
		kills, last = kills+1, now
		return true
	})
	forge.SetFaults(0)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "storm: %d wrong answers and %d killed workers; %s\n", forge.Counts().Total.Faults, kills, tell(forge.ResetCounts()))
	return d.mustEqual(ctx, want, "what was collected in the storm is not what was collected without")
}

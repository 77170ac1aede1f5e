package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/config"
	"augur/db/migrate"
	"augur/db/repos"
	"augur/facade/giturl"
	"augur/monitor"
	"augur/monitor/care"
	"augur/tasks"
	"augur/tasks/git"
)

// runPoll is how often the state of collection is looked at while it goes on.
const runPoll = 500 * time.Millisecond

// runDrain is how long running tasks may go on after an interruption: a person waits for it, and what was saved is not lost.
const runDrain = 2 * time.Second

func (a *app) runCommand() *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "set everything up, collect once, print a summary",
		Description: `Brings the database to the current schema, writes default settings, adds repositories, collects everything that can be
collected, refreshes the views that dashboards read, and prints what was found. Nothing is left running. Running it again collects only what is new.

Repositories come from --repos (a CSV file, see "augur db add-repos --help"); without it, and with an empty database, the git
repository of the current directory is collected.

Exit status: 0 when everything was collected, 1 when something was not (the summary says why).`,
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "repos", Usage: "add the repositories of this CSV `FILE` first"},
			&cli.Int64Flag{Name: "group", Value: 1, Usage: "repository group `ID` of rows that name none"},
			&cli.BoolFlag{Name: "json", Usage: "print the summary as JSON"},
		},
		Action: alone(func(c *cli.Context) error {
			r := &oneRun{app: a, repos: c.Path("repos"), group: c.Int64("group"), json: c.Bool("json")}
			return r.run(c.Context)
		}),
	}
}

// oneRun is one `augur run`.
type oneRun struct {
	app   *app
	repos string
	group int64
	json  bool

	session  *session
	settings *config.Store
	began    time.Time
	rejected int
	before   map[int64]int64 // commits per repository when the run began
	idle     []tasks.Phase
}

func (r *oneRun) run(ctx context.Context) (err error) {
	r.began = time.Now()
	r.say("starting the database")
	if r.session, err = r.app.connect(ctx, db.Options{MaxConns: 40, ApplicationName: "augur run"}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.session.close(ctx)) }()
	if err := r.prepare(ctx); err != nil {
		return err
	}
	if err := r.add(ctx); err != nil {
		return err
	}
	if r.before, err = commitCounts(ctx, r.session); err != nil {
		return err
	}
	if err := r.collect(ctx); err != nil {
		return err
	}
	if err := r.refreshViews(ctx); err != nil {
		return err
	}
	return r.summarise(ctx)
}

// say tells on stderr what is being done.
func (r *oneRun) say(format string, args ...any) {
	fmt.Fprintf(r.app.stderr, format+"\n", args...)
}

// prepare brings schema and settings up to date.
func (r *oneRun) prepare(ctx context.Context) error {
	result, err := migrate.Up(ctx, r.session.Pool, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("upgrade the schema: %w", err)
	}
	if len(result.Applied) > 0 {
		r.say("schema is at version %d (%d migrations applied)", result.To, len(result.Applied))
	}
	if _, err := config.Init(ctx, r.session.Pool, registry(), config.InitOptions{}); err != nil {
		return fmt.Errorf("write default settings: %w", err)
	}
	return nil
}

// add adds the repositories of the file; without a file and with no repository yet, that of the current directory.
func (r *oneRun) add(ctx context.Context) error {
	settings, err := config.Read(ctx, r.session.Pool, registry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	facade := config.Of[git.Settings](settings)
	options := repos.Options{
		Policy:      giturl.Policy{AllowHTTP: facade.AllowHTTP, AllowLocal: facade.AllowLocal, AllowPrivate: facade.AllowPrivate},
		Group:       r.group,
		ToolVersion: version,
		OnVerdict:   r.verdict,
	}
	if r.repos != "" {
		return r.addFile(ctx, options)
	}
	known, err := commitCounts(ctx, r.session)
	if err != nil || len(known) > 0 {
		return err
	}
	return r.addCheckout(ctx, options)
}

func (r *oneRun) addFile(ctx context.Context, options repos.Options) error {
	file, err := os.Open(r.repos)
	if err != nil {
		return usage("--repos: %w", err)
	}
	defer file.Close()
	sum, err := repos.AddRepos(ctx, r.session.Pool, file, options)
	if err != nil {
		return fmt.Errorf("add the repositories of %s: %w", r.repos, err)
	}
	r.rejected = sum.Rejected
	r.say("%s: %d added, %d already there, %d rejected", r.repos, sum.Added, sum.AlreadyThere, sum.Rejected)
	return nil
}

// verdict prints the rows that were rejected.
func (r *oneRun) verdict(v repos.Verdict) {
	if v.Status == repos.Rejected {
		r.say("line %d: %s: %s", v.Line, v.URL, v.Reason)
	}
}

// addCheckout adds the repository of the current directory. It is a path on this machine, which must be allowed; on the private database that
// nobody else uses, asking for it is the permission.
func (r *oneRun) addCheckout(ctx context.Context, options repos.Options) error {
	top, err := checkout()
	if err != nil {
		return err
	}
	if !options.Policy.AllowLocal {
		if r.session.server == nil {
			return usage("there is no repository in the database: add some with --repos FILE.csv")
		}
		if _, _, err := config.Set(ctx, r.session.Pool, registry(), "Facade", "allow_local", "1"); err != nil {
			return fmt.Errorf("allow local repositories: %w", err)
		}
		r.say("Facade.allow_local is set to 1 in the private database, to collect %s", top)
		options.Policy.AllowLocal = true
	}
	sum, err := repos.AddURLs(ctx, r.session.Pool, r.group, []string{top}, options)
	if err != nil {
		return fmt.Errorf("add %s: %w", top, err)
	}
	r.rejected = sum.Rejected
	return nil
}

// checkout is the top directory of the git repository that the program was started in.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the current directory: %w", err)
	}
	for top := dir; ; top = filepath.Dir(top) {
		if _, err := os.Stat(filepath.Join(top, ".git")); err == nil {
			return top, nil
		}
		if top == filepath.Dir(top) {
			return "", usage("%s is not inside a git repository: name repositories with --repos FILE.csv", dir)
		}
	}
}

// collect works in this process until nothing is left to do.
func (r *oneRun) collect(ctx context.Context) error {
	log, closeLog, err := r.log()
	if err != nil {
		return err
	}
	defer closeLog()
	ears, err := r.app.listen(ctx, r.session, log)
	if err != nil {
		return err
	}
	defer ears.close()
	if r.settings, err = config.OpenWith(ctx, r.session.Pool, registry(), log, ears.follow()); err != nil {
		return fmt.Errorf("read the settings: %w", err)
	}
	defer r.settings.Close()
	catalog, err := r.app.catalog(r.settings, log)
	if err != nil {
		return err
	}
	queue, err := tasks.NewQueue(r.session.Pool, monitor.RetryAfter(r.settings), log)
	if err != nil {
		return err
	}
	m := monitor.New(r.session.Pool, queue, catalog, r.settings, log)
	r.idle = m.Idle()
	if m.Since, err = m.Now(ctx); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find the name of this machine: %w", err)
	}
	process, err := tasks.NewProcess(ctx, r.session.Pool, catalog, queue, r.settings, tasks.WorkerOptions{
		Queues: slotsOf(r.settings), Host: host, PID: os.Getpid(), Drain: runDrain, Log: log,
		Listen: ears.pool, PollOnly: ears.pool == nil,
	})
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	var worker sync.WaitGroup
	var failed error
	worker.Go(func() {
		defer stop()
		failed = process.Run(working)
	})
	err = r.watch(working, m)
	if ctx.Err() != nil {
		r.say("stopping: what runs is handed back, and the next run goes on with it")
	}
	stop()
	worker.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("collect: %w", context.Canceled)
	}
	return errors.Join(failed, err)
}

// watch lets the monitor start what is due and shows progress, until everything that can run has ended.
func (r *oneRun) watch(ctx context.Context, m *monitor.Monitor) error {
	progress := newProgress(r.app.stderr)
	defer progress.close()
	var stalled stall
	for {
		if _, err := m.Reap(ctx); err != nil {
			return err
		}
		// In this order: what ends after the tick may make something else due, such as the secondary phase after the core phase.
		report, err := monitor.Overview(ctx, r.session.Pool, 1000)
		if err != nil {
			return err
		}
		tick, err := m.Tick(ctx)
		if err != nil {
			return err
		}
		progress.show(report)
		if tick.Led && tick.Total() == 0 && len(report.Running) == 0 {
			return nil
		}
		if task := stalled.notice(report.Running, time.Now()); task != nil {
			r.say("nothing has gone on for %s, and the next run goes on: %s %s waits: %s", stallAfter, task.Task, task.URL, printable(task.WaitsFor))
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(runPoll):
		}
	}
}

// refreshViews brings the views of dashboards up to what was collected, unless the settings say that none is refreshed. One that cannot be
// refreshed is no reason to fail: what was collected is there.
func (r *oneRun) refreshViews(ctx context.Context) error {
	if config.Of[care.Views](r.settings).RefreshInterval <= 0 {
		return nil
	}
	r.say("refreshing the views of dashboards")
	// What idle sessions wrote reaches the statistics, which tell what changed, at the latest when they end.
	r.session.Pool.Reset()
	_, err := care.New(r.session.Pool, r.settings, "", slog.New(slog.DiscardHandler)).Refresh(ctx, care.RefreshOptions{
		Timeout: config.Of[care.Settings](r.settings).ViewTimeout,
		Done: func(v care.View) {
			if v.Error != "" {
				r.say("%s is not refreshed: %s", v.Name, printable(v.Error))
			}
		},
	})
	if errors.Is(err, care.ErrBusy) { // it does the same
		err = nil
	}
	return err
}

// log writes to a file: the terminal belongs to the progress and the summary.
func (r *oneRun) log() (*slog.Logger, func(), error) {
	home, err := r.app.home()
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(home, "logs")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, nil, fmt.Errorf("make the directory of logs: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "run.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o640)
	if err != nil {
		return nil, nil, fmt.Errorf("open the log: %w", err)
	}
	return slog.New(slog.NewJSONHandler(io.Writer(file), nil)), func() { file.Close() }, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/local"
)

func (a *app) dbPsqlCommand() *cli.Command {
	return &cli.Command{
		Name:      "psql",
		Category:  serverCommands,
		Usage:     "open psql on the database",
		ArgsUsage: "[-- PSQL-ARGUMENTS]",
		Description: `Arguments go to psql as they are: augur db psql -- -c "SELECT count(*) FROM commits". Tables of all schemas are found by their bare
names. The private PostgreSQL is started when it is the database, and stopped afterwards when nobody else uses it.

Exit status: that of psql; 1 when psql or the database could not be started.`,
		SkipFlagParsing: true,
		Action:          a.psql,
	}
}

func (a *app) psql(c *cli.Context) (err error) {
	args := c.Args().Slice()
	switch {
	case len(args) == 1 && (args[0] == "--help" || args[0] == "-h"):
		return cli.ShowSubcommandHelp(c)
	case len(args) > 0 && args[0] == "--":
		args = args[1:]
	}
	program, err := a.findPsql(c.Context)
	if err != nil {
		return err
	}
	address := a.getenv("AUGUR_DB")
	if address == "" {
		options, err := a.localOptions(slog.New(slog.DiscardHandler))
		if err != nil {
			return err
		}
		server, err := local.Acquire(c.Context, options)
		if err != nil {
			return fmt.Errorf("start the private PostgreSQL (AUGUR_DB is not set): %w", err)
		}
		defer func() { err = errors.Join(err, server.Release(context.WithoutCancel(c.Context))) }()
		address = server.URL()
	}
	d, err := parseDSN(address)
	if err != nil {
		return err
	}
	return a.runPsql(c.Context, program, d, args)
}

// findPsql finds psql beside the server's programs, or in PATH.
func (a *app) findPsql(ctx context.Context) (string, error) {
	options, err := a.localOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return "", err
	}
	var dirs []string
	// Not finding a server is no fault here: psql may be installed without one.
	if found, err := local.Find(ctx, options); err == nil {
		dirs = append(dirs, found.Dir)
	}
	for _, dir := range append(dirs, filepath.SplitList(a.getenv("PATH"))...) {
		program := filepath.Join(dir, "psql")
		if info, err := os.Stat(program); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return program, nil
		}
	}
	return "", errors.New("psql is not installed: install the PostgreSQL client (Debian, Ubuntu: apt-get install postgresql-client), " +
		"or name the directory of the PostgreSQL programs in PG_BIN")
}

// runPsql runs psql to its end. The terminal is psql's: Ctrl-C interrupts its query, and not this program.
func (a *app) runPsql(ctx context.Context, program string, d dsn, args []string) error {
	searchPath := "-c search_path=" + db.SearchPath
	env := a.environList()
	if own := d.option("options"); own != "" {
		// What the URL says counts more than PGOPTIONS.
		if d.head != "" {
			searchPath = strings.ReplaceAll(searchPath, " ", "%20")
			own += "%20"
		} else {
			own += " "
		}
		d.params = append(d.params, [2]string{"options", own + searchPath})
	} else {
		env = append(env, "PGOPTIONS="+strings.TrimSpace(a.getenv("PGOPTIONS")+" "+searchPath))
	}
	if d.password != "" {
		env = append(env, "PGPASSWORD="+d.password)
	}
	psql := exec.CommandContext(context.WithoutCancel(ctx), program, append([]string{"--dbname=" + d.withoutPassword()}, args...)...)
	psql.Env = env
	psql.Stdin, psql.Stdout, psql.Stderr = a.stdin, a.stdout, a.stderr
	psql.WaitDelay = time.Second // for input that is not a file and never ends
	if err := psql.Start(); err != nil {
		return fmt.Errorf("start psql: %w", err)
	}
	stop := forward(psql.Process, syscall.SIGTERM, syscall.SIGHUP)
	err := psql.Wait()
	stop()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return psqlStatus(ctx, exit)
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return fmt.Errorf("run psql: %w", err)
	}
	return nil
}

// psqlStatus is the exit status of psql, which has said what was wrong.
func psqlStatus(ctx context.Context, exit *exec.ExitError) error {
	status := exit.ExitCode()
	switch {
	case status < 0 && ctx.Err() != nil:
		// The signal was meant for both of us.
		return fmt.Errorf("run psql: %w", ctx.Err())
	case status < 0:
		return fmt.Errorf("run psql: %w", exit)
	}
	return cli.Exit("", status)
}

// forward passes signals on to a process until stop is called.
func forward(process *os.Process, signals ...os.Signal) (stop func()) {
	received, done, ended := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(received, signals...)
	go func() {
		defer close(ended)
		for {
			select {
			case s := <-received:
				_ = process.Signal(s) // one that has just ended needs none
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(received)
		close(done)
		<-ended
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/local"
)

func (a *app) dbStartCommand() *cli.Command {
	return &cli.Command{
		Name:     "start",
		Category: serverCommands,
		Usage:    "start the private PostgreSQL by hand; it stays until `augur db stop`",
		Description: "There is no need to: commands start it when they need it, and stop it when nobody uses it any more. Started by hand it stays for " +
			"other programs, such as a dashboard.\n\nExit status: 0 it runs; 1 it does not, or AUGUR_DB names another database.",
		Action: alone(a.startServer),
	}
}

func (a *app) startServer(c *cli.Context) error {
	options, err := a.privateServer("start")
	if err != nil {
		return err
	}
	if _, err := local.Start(c.Context, options); err != nil {
		return fmt.Errorf("start the private PostgreSQL: %w", err)
	}
	state, err := local.Status(c.Context, options)
	if err != nil {
		return fmt.Errorf("look at the private PostgreSQL: %w", err)
	}
	a.printServer(state)
	return nil
}

func (a *app) dbStopCommand() *cli.Command {
	return &cli.Command{
		Name:     "stop",
		Category: serverCommands,
		Usage:    "stop the private PostgreSQL",
		Description: "While other commands use it, it is only marked, and stops with the last of them.\n\n" +
			"Exit status: 0 it does not run; 1 it still does, or AUGUR_DB names another database.",
		Action: alone(a.stopServer),
	}
}

func (a *app) stopServer(c *cli.Context) error {
	options, err := a.privateServer("stop")
	if err != nil {
		return err
	}
	state, err := local.Status(c.Context, options)
	if err != nil {
		return fmt.Errorf("look at the private PostgreSQL: %w", err)
	}
	if err := local.Stop(c.Context, options); err != nil {
		return fmt.Errorf("stop the private PostgreSQL: %w", err)
	}
	if !state.Running {
		fmt.Fprintf(a.stdout, "the private PostgreSQL in %s was not running\n", state.Dir)
		return nil
	}
	fmt.Fprintf(a.stdout, "stopped the private PostgreSQL in %s\n", state.Dir)
	return nil
}

// privateServer are the options of the private PostgreSQL, for a command that makes sense with no other database.
func (a *app) privateServer(verb string) (local.Options, error) {
	if dsn := a.getenv("AUGUR_DB"); dsn != "" {
		return local.Options{}, fmt.Errorf("AUGUR_DB is set, so the private PostgreSQL is not used and there is nothing to %s: the database is %s; "+
			"run `env -u AUGUR_DB augur db %s` to manage the private one all the same", verb, db.Redact(dsn), verb)
	}
	return a.localOptions(slog.New(slog.DiscardHandler))
}

func (a *app) dbStatusCommand() *cli.Command {
	return &cli.Command{
		Name:     "status",
		Category: serverCommands,
		Usage:    "show which database is used, and its connection URL",
		Description: "Starts nothing. Passwords are never shown; with --url the URL comes without its password.\n\n" +
			"Exit status: 0 the state was shown; 1 AUGUR_DB does not answer, or --url was asked for and the private PostgreSQL does not run.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "url", Usage: "print the connection URL and nothing else"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: alone(a.showServer),
	}
}

// databaseStatus are the facts of `augur db status` about a database that AUGUR_DB names.
type databaseStatus struct {
	Private bool   `json:"private"`
	URL     string `json:"url"`
	Running bool   `json:"running"`
	Version string `json:"version,omitempty"`
	Schema  string `json:"schema,omitempty"`
	Fault   string `json:"fault,omitempty"`
}

func (a *app) showServer(c *cli.Context) error {
	if c.Bool("url") && c.Bool("json") {
		return usage("--url and --json exclude each other")
	}
	if dsn := a.getenv("AUGUR_DB"); dsn != "" {
		return a.showConfigured(c, dsn)
	}
	options, err := a.localOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	state, err := local.Status(c.Context, options)
	if err != nil {
		return fmt.Errorf("look at the private PostgreSQL: %w", err)
	}
	switch {
	case c.Bool("json"):
		return a.printJSON(struct {
			Private bool `json:"private"`
			local.State
		}{true, state})
	case !c.Bool("url"):
		a.printServer(state)
	case !state.Running:
		return errors.New("the private PostgreSQL does not run, so it has no URL: start it with `augur db start`")
	default:
		fmt.Fprintln(a.stdout, state.URL)
	}
	return nil
}

// showConfigured shows the database that AUGUR_DB names.
func (a *app) showConfigured(c *cli.Context, dsn string) error {
	if c.Bool("url") {
		d, err := parseDSN(dsn)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, d.withoutPassword())
		return nil
	}
	status := databaseStatus{URL: db.Redact(dsn)}
	fault := a.withConnection(c.Context, func(ctx context.Context, s *session) (err error) {
		status.Running = true
		if status.Version, err = s.serverVersion(ctx); err != nil {
			return err
		}
		status.Schema, err = schemaState(ctx, s)
		return err
	})
	if fault != nil {
		status.Fault = fault.Error()
	}
	if c.Bool("json") {
		if err := a.printJSON(status); err != nil {
			return err
		}
	} else {
		a.printFacts([][2]string{
			{"database", "AUGUR_DB (the private PostgreSQL is not used)"},
			{"URL", status.URL},
			{"version", status.Version},
			{"schema", status.Schema},
			{"fault", status.Fault},
		})
	}
	if fault != nil {
		return errPartial
	}
	return nil
}

// printServer prints what is known about the private PostgreSQL.
func (a *app) printServer(s local.State) {
	facts := [][2]string{{"database", "private PostgreSQL (AUGUR_DB is not set)"}, {"directory", s.Dir}}
	if !s.Running {
		version, state := s.Version, "not running; commands start it when they need it, `augur db start` for longer"
		if version == "" {
			version = "not initialised; the first command that needs it does that"
		}
		a.printFacts(append(facts, [2]string{"version", version}, [2]string{"state", state}))
		return
	}
	state := fmt.Sprintf("running (process %d), ", s.PID)
	switch {
	case s.ByHand:
		state += fmt.Sprintf("until `augur db stop`; users now: %d", s.Users)
	case s.Users == 0:
		state += "though its last user is gone; the next command that uses it stops it, or `augur db stop`"
	default:
		state += fmt.Sprintf("until its last user leaves; users now: %d", s.Users)
	}
	a.printFacts(append(facts,
		[2]string{"version", s.Version}, [2]string{"state", state}, [2]string{"URL", s.URL},
		[2]string{"by TCP", tcpURL(s)}, [2]string{"password", "in " + s.PasswordFile + " (PGPASSFILE), for TCP only"}))
}

// tcpURL is the address for programs that cannot use the socket.
func tcpURL(s local.State) string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	user := u.Query().Get("user")
	if user == "" {
		user = u.User.Username()
	}
	tcp := url.URL{Scheme: "postgresql", User: url.User(user), Host: fmt.Sprintf("127.0.0.1:%d", s.Port), Path: "/" + local.DatabaseName}
	return tcp.String()
}

// printFacts prints names and values in two columns, and leaves out what has no value.
func (a *app) printFacts(facts [][2]string) {
	for _, fact := range facts {
		if fact[1] != "" {
			fmt.Fprintf(a.stdout, "%-10s %s\n", fact[0], fact[1])
		}
	}
}

func (a *app) dbTestConnectionCommand() *cli.Command {
	return &cli.Command{
		Name:        "test-connection",
		Category:    serverCommands,
		Usage:       "connect to the database once",
		Description: "Starts the private PostgreSQL for that when it is the database.\n\nExit status: 0 the connection works; 1 it does not.",
		Action:      alone(a.testConnection),
	}
}

func (a *app) testConnection(c *cli.Context) error {
	return a.withConnection(c.Context, func(ctx context.Context, s *session) error {
		version, err := s.serverVersion(ctx)
		if err != nil {
			return err
		}
		schema, err := schemaState(ctx, s)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "Successful db connection: %s, PostgreSQL %s\n%s\n", s.name(), version, schema)
		return nil
	})
}

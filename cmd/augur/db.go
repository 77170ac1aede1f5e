package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"augur/db"
	"augur/db/migrate"
)

// Headings in the help of `augur db`.
const (
	schemaCommands = "Schema"
	serverCommands = "Server"
	repoCommands   = "Repositories"
	peopleCommands = "People"
)

func (a *app) dbCommand() *cli.Command {
	return &cli.Command{
		Name:  "db",
		Usage: "the database: its schema, the private PostgreSQL, repositories and their groups",
		Description: "The database is AUGUR_DB, any PostgreSQL URL. When that is not set, it is a private PostgreSQL in AUGUR_HOME/postgres, which every " +
			"command starts when it needs it.",
		Subcommands: []*cli.Command{
			a.dbUpgradeCommand(), a.dbPrintVersionCommand(), a.dbCheckForUpgradeCommand(), a.dbRefreshViewsCommand(),
			a.dbStartCommand(), a.dbStopCommand(), a.dbStatusCommand(), a.dbPsqlCommand(), a.dbTestConnectionCommand(),
			a.dbAddReposCommand(), a.dbAddRepoCommand(), a.dbAddRepoGroupsCommand(), a.dbGetRepoGroupsCommand(), a.dbResetRepoAgeCommand(),
			a.dbAddGitHubOrgCommand(), a.dbGetGitHubOrgsCommand(), a.dbUnfollowGitHubOrgCommand(), a.dbAddAffiliationsCommand(),
		},
	}
}

// withConnection runs work in a session on a database of any schema, or of none.
func (a *app) withConnection(ctx context.Context, work func(context.Context, *session) error) (err error) {
	s, err := a.connect(ctx, db.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	return work(ctx, s)
}

// name is the database for a person; it holds no password.
func (s *session) name() string {
	if s.server != nil {
		return "the private PostgreSQL"
	}
	return db.Redact(s.URL)
}

// serverVersion is what the server calls itself, such as "16.4 (Debian 16.4-1)".
func (s *session) serverVersion(ctx context.Context) (string, error) {
	conn, err := s.Pool.Acquire(ctx)
	if err != nil {
		return "", fmt.Errorf("connect to %s: %w", s.name(), err)
	}
	defer conn.Release()
	return conn.Conn().PgConn().ParameterStatus("server_version"), nil
}

// schemaState says in a phrase how the schema suits this program.
func schemaState(ctx context.Context, s *session) (string, error) {
	err := migrate.Check(ctx, s.Pool)
	var version *migrate.VersionError
	switch {
	case errors.As(err, &version):
		return version.Error(), nil
	case err != nil:
		return "", err
	}
	v, err := migrate.Version(ctx, s.Pool)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("schema is at version %d, which is current", v.Have), nil
}

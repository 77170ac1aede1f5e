package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
	"augur/db/config"
)

// directVariable names the URL of PostgreSQL itself, for LISTEN, where AUGUR_DB is that of a connection pooler.
const directVariable = "AUGUR_DB_DIRECT"

// ears are how a process hears what others announce with NOTIFY: jobs that were added, settings that changed.
type ears struct {
	// pool makes connections that hear; nil when none does. Then everything polls.
	pool *pgxpool.Pool
	own  bool // the pool is not that of the session
}

// listen finds out where LISTEN works, and says so in the log when nothing is heard.
func (a *app) listen(ctx context.Context, s *session, log *slog.Logger) (*ears, error) {
	e := &ears{pool: s.Pool}
	direct := a.getenv(directVariable)
	if direct != "" && s.server == nil {
		name := s.Pool.Config().ConnConfig.RuntimeParams["application_name"]
		pool, err := db.Connect(ctx, direct, db.Options{MaxConns: 2, ApplicationName: name})
		if err != nil {
			return nil, errors.Join(errors.New(directVariable+" is no way to the database"), err)
		}
		e.pool, e.own = pool, true
	}
	heard, err := db.Hears(ctx, e.pool, s.Pool)
	if err != nil {
		e.close()
		return nil, err
	}
	if heard {
		return e, nil
	}
	e.close()
	advice := "a connection pooler in transaction mode cannot LISTEN: set " + directVariable + " to the URL of PostgreSQL itself"
	if direct != "" {
		advice = directVariable + " must lead to PostgreSQL itself, and to the same database as AUGUR_DB"
	}
	log.WarnContext(ctx, "announcements are not heard: new jobs are found within a second and changed settings within five, by polling", slog.String("advice", advice))
	return &ears{}, nil
}

// follow are the options with which settings are followed.
func (e *ears) follow() config.Options {
	return config.Options{Listen: e.pool, PollOnly: e.pool == nil}
}

// close closes a pool of its own. It may be called on nil, and twice.
func (e *ears) close() {
	if e != nil && e.own {
		e.pool.Close()
		e.own = false
	}
}

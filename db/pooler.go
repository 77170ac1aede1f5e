package db

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// hearing is how long [Hears] waits. A direct connection hears within milliseconds.
const hearing = 2 * time.Second

// sessionFacts are what the first connection tells.
type sessionFacts struct {
	// pooled is true when a pooler stands between the program and the server: it answers with a process id of its own.
	pooled bool
	zone   string
}

// open opens a pool and looks at its first connection.
func open(ctx context.Context, cfg *pgxpool.Config) (*pgxpool.Pool, sessionFacts, error) {
	pool, err := pgxpool.NewWithConfig(ctx, cfg.Copy())
	if err != nil {
		return nil, sessionFacts{}, err
	}
	var facts sessionFacts
	err = pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		var pid uint32
		// Nothing is prepared: behind a pooler the name might be taken.
		row := conn.QueryRow(ctx, "SELECT pg_backend_pid(), current_setting('TimeZone')", pgx.QueryExecModeExec)
		if err := row.Scan(&pid, &facts.zone); err != nil {
			return err
		}
		facts.pooled = pid != conn.Conn().PgConn().PID()
		return nil
	})
	if err != nil {
		pool.Close()
		return nil, sessionFacts{}, err
	}
	return pool, facts, nil
}

// refusesParameter tells whether a pooler does not let one of [directParams] through. pgbouncer says so unless ignore_startup_parameters names it.
func refusesParameter(err error) bool {
	var pgErr *pgconn.PgError
	if !errors.As(err, &pgErr) || pgErr.Code != "08P01" {
		return false
	}
	for name := range directParams() {
		if strings.Contains(pgErr.Message, name) {
			return true
		}
	}
	return false
}

// behindPooler changes what a session that is shared with others cannot do.
func behindPooler(cfg *pgxpool.Config, dsn string) {
	for name := range directParams() {
		delete(cfg.ConnConfig.RuntimeParams, name)
	}
	if !strings.Contains(dsn, "default_query_exec_mode") {
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
}

// Hears tells whether connections made like those of listening hear what is announced with NOTIFY on pool. Through a pooler that shares
// sessions between transactions LISTEN gives no error and nothing is ever heard, or only what comes by chance while the right session is lent.
func Hears(ctx context.Context, listening, pool *pgxpool.Pool) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, hearing+5*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, listening.Config().ConnConfig)
	if err != nil {
		return false, fmt.Errorf("connect to listen: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	lent, err := lends(ctx, conn, pool)
	if err != nil {
		return false, fmt.Errorf("look whether sessions are shared: %w", err)
	}
	if lent {
		return false, nil
	}
	// A name of its own: a pooler may leave the session that got LISTEN to others.
	channel := "augur_test_" + strings.ToLower(rand.Text())
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return false, fmt.Errorf("listen: %w", err)
	}
	if _, err := pool.Exec(ctx, "SELECT pg_notify($1, '')", channel); err != nil {
		return false, fmt.Errorf("notify: %w", err)
	}
	waiting, stop := context.WithTimeout(ctx, hearing)
	defer stop()
	_, err = conn.WaitForNotification(waiting)
	switch {
	case err == nil:
		return true, nil
	case waiting.Err() != nil && ctx.Err() == nil:
		return false, nil
	}
	return false, fmt.Errorf("wait for a notification: %w", err)
}

// lendings is how often [lends] looks: other programs may be lent the session at that moment.
const lendings = 5

// lends tells whether a pooler gives the session of a connection to others, or another one to the connection, while it is idle.
func lends(ctx context.Context, conn *pgx.Conn, pool *pgxpool.Pool) (bool, error) {
	own, err := serverPID(ctx, conn)
	if err != nil || own == conn.PgConn().PID() {
		return false, err // no pooler stands between
	}
	for range lendings {
		lent := false
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			// The session that was given back last is the first to be lent.
			other, err := serverPID(ctx, tx)
			if err != nil {
				return err
			}
			again, err := serverPID(ctx, conn)
			lent = other == own || again != own
			return err
		})
		if err != nil || lent {
			return lent, err
		}
	}
	return false, nil
}

// serverPID is the process of the server that answers. Nothing is prepared: behind a pooler the name might be taken.
func serverPID(ctx context.Context, q DBTX) (pid uint32, err error) {
	err = q.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeExec).Scan(&pid)
	return pid, err
}

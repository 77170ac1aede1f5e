// Package db is the program's door to PostgreSQL: a pool with the session settings that every query relies on, the queries that
// sqlc makes from queries/*.sql, and the few errors of the server that callers tell apart.
//
// Everything that touches the database goes through it. It never decides what to collect, and it never prints a password: an error
// or a log line carries a URL only after [Redact].
package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// SearchPath is the search path of every session, the one that Augur's own sessions have.
const SearchPath = "public,augur_data,augur_operations,spdx"

// Options of a pool. The zero value is good for a command.
type Options struct {
	// MaxConns bounds the connections of the pool; 0 means 8.
	MaxConns int32
	// ApplicationName is what pg_stat_activity shows; empty means "augur".
	ApplicationName string
}

// Connect opens a pool and proves that it works with one round trip. It takes any libpq URL or keyword string, and SQLAlchemy's
// postgresql+psycopg2:// as an alias. Sessions run in UTC with [SearchPath].
//
// It notices a connection pooler such as pgbouncer on the way, which may give each transaction another session of the server. Then nothing is
// prepared by name (pgx's default_query_exec_mode=cache_describe, unless the URL sets one), and the search path and keep-alives are left to the pooler and
// the server: the program's own statements name schemas. A pooler whose sessions do not run in UTC is refused.
func Connect(ctx context.Context, dsn string, o Options) (*pgxpool.Pool, error) {
	cfg, err := Config(dsn, o)
	if err != nil {
		return nil, err
	}
	pool, found, err := open(ctx, cfg)
	if err == nil && !found.pooled {
		return pool, nil
	}
	if err == nil {
		pool.Close()
	} else if !refusesParameter(err) {
		return nil, connectFault(dsn, err)
	}
	behindPooler(cfg, dsn)
	if pool, found, err = open(ctx, cfg); err != nil {
		return nil, connectFault(dsn, err)
	}
	if found.zone != "UTC" {
		pool.Close()
		return nil, fmt.Errorf("connect to %s: the connection pooler gives sessions in time zone %s, and UTC is needed: ALTER DATABASE ... SET timezone = 'UTC'", Redact(dsn), found.zone)
	}
	return pool, nil
}

// Config is the configuration that [Connect] uses, for callers that need a connection outside the pool, such as a listener.
func Config(dsn string, o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(normalise(dsn))
	if err != nil {
		return nil, fmt.Errorf("%s is no address of a database, such as postgres://user:password@host:5432/name: %w", Redact(dsn), redactError(err, dsn))
	}
	cfg.MaxConns = cmp.Or(o.MaxConns, 8)
	cfg.MaxConnLifetime = time.Hour
	cfg.HealthCheckPeriod = 15 * time.Second
	conn := cfg.ConnConfig
	if conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = 10 * time.Second
	}
	setDefault(conn.RuntimeParams, "application_name", cmp.Or(o.ApplicationName, "augur"))
	conn.RuntimeParams["timezone"] = "UTC"
	maps.Copy(conn.RuntimeParams, directParams())
	return cfg, nil
}

// directParams are parameters of a session that a pooler may not let through: the search path, and after how many seconds the server finds out that the
// machine at the other end of a silent connection is gone (30, then 3 questions, one every 10), instead of two hours.
func directParams() map[string]string {
	return map[string]string{"search_path": SearchPath, "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
}

// pong is how long a connection that was idle may take to answer. One that does not is dead.
const pong = time.Second

// Single makes a pool of one connection, configured like those of another pool, for what has to be done in time: it waits for nobody else, and finds out soon
// when the connection has died. The caller closes it.
func Single(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	cfg := pool.Config()
	cfg.MinConns, cfg.MinIdleConns, cfg.MaxConns = 0, 0, 1
	cfg.PingTimeout = pong
	single, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("make a pool of one connection: %w", err)
	}
	return single, nil
}

func setDefault(params map[string]string, key, value string) {
	if params[key] == "" {
		params[key] = value
	}
}

// normalise turns SQLAlchemy's URL, which Augur's users have in AUGUR_DB, into libpq's.
func normalise(dsn string) string {
	dsn = strings.TrimSpace(dsn)
	for _, alias := range []string{"postgresql+psycopg2://", "postgresql+psycopg://", "postgresql+asyncpg://"} {
		if rest, ok := strings.CutPrefix(dsn, alias); ok {
			return "postgresql://" + rest
		}
	}
	return dsn
}

var keywordPassword = regexp.MustCompile(`(?i)\b(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)`)

// Redact is the URL or keyword string without its password.
func Redact(dsn string) string {
	dsn = normalise(dsn)
	if !strings.Contains(dsn, "://") {
		return keywordPassword.ReplaceAllString(dsn, "${1}xxxxx")
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "(a database URL that does not parse)"
	}
	query := u.Query()
	if query.Has("password") {
		query.Set("password", "xxxxx")
		u.RawQuery = query.Encode()
	}
	return u.Redacted()
}

// redactError keeps the chain of err but prints it without the DSN's password: pgx quotes the string that it was given.
func redactError(err error, dsn string) error {
	return &redactedError{err: err, secrets: secrets(dsn)}
}

type redactedError struct {
	err     error
	secrets []string
}

func (e *redactedError) Error() string {
	text := e.err.Error()
	for _, secret := range e.secrets {
		text = strings.ReplaceAll(text, secret, "xxxxx")
	}
	return text
}

func (e *redactedError) Unwrap() error { return e.err }

func secrets(dsn string) []string {
	var found []string
	dsn = normalise(dsn)
	if u, err := url.Parse(dsn); err == nil {
		if password, ok := u.User.Password(); ok && password != "" {
			found = append(found, password, url.QueryEscape(password), url.PathEscape(password))
		}
		if password := u.Query().Get("password"); password != "" {
			found = append(found, password)
		}
	}
	for _, match := range keywordPassword.FindAllStringSubmatch(dsn, -1) {
		found = append(found, strings.Trim(match[2], "'"))
	}
	return found
}

// IsUnique tells whether err is the violation of the named unique constraint; an empty name stands for any.
func IsUnique(err error, constraint string) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "23505" && (constraint == "" || pgErr.ConstraintName == constraint)
}

// IsRetryable tells whether the transaction lost a race (serialization failure or deadlock) and may simply run again.
func IsRetryable(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "40001" || pgErr.Code == "40P01")
}

// IsUndefined tells whether a table, a column or a schema is missing: the database was never migrated, or is of another age.
func IsUndefined(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "42P01" || pgErr.Code == "42703" || pgErr.Code == "3F000")
}

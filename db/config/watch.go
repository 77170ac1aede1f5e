package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// channel is where a trigger announces changes of the table; the payload is the section.
const channel = "augur_config"

const (
	// readTimeout bounds one reading of the table, so that a dead connection is noticed.
	readTimeout = 10 * time.Second
	// minBackoff and maxBackoff bound the time between two attempts to listen.
	minBackoff = 250 * time.Millisecond
	maxBackoff = 15 * time.Second
)

// Options of [OpenWith].
type Options struct {
	// Poll is how often the table is read although nothing was announced: the net under lost announcements, as through a connection pooler. 0 means 5 s.
	Poll time.Duration
	// Listen is a pool whose configuration makes connections that hear announcements; nil means the pool that is read from.
	Listen *pgxpool.Pool
	// PollOnly makes no connection to listen: where a pooler shares sessions between transactions, it would hear nothing.
	PollOnly bool
	// Reported leaves changes, and rows that make no sense, out of the log: another store on the same table reports them to the same people.
	Reported bool
}

// Open reads the table and follows it: a change is in effect as soon as it is announced, and a poll every 5 s finds what was not. It has a
// connection of its own, made with the pool's configuration, and makes it again when it breaks; meanwhile the pool is asked. ctx is only for opening. The
// caller closes the store.
//
// Rows that make no sense are logged as errors, once each; the defaults are used.
func Open(ctx context.Context, pool *pgxpool.Pool, reg *Registry, log *slog.Logger) (*Store, error) {
	return OpenWith(ctx, pool, reg, log, Options{})
}

// OpenWith is [Open] with options.
func OpenWith(ctx context.Context, pool *pgxpool.Pool, reg *Registry, log *slog.Logger, o Options) (*Store, error) {
	reports := log
	if o.Reported {
		reports = slog.New(slog.DiscardHandler)
	}
	s, err := Read(ctx, pool, reg, reports)
	if err != nil {
		return nil, err
	}
	follow, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	w := &follower{store: s, pool: pool, hears: cmp.Or(o.Listen, pool), log: log, poll: cmp.Or(o.Poll, 5*time.Second), backoff: minBackoff}
	if o.PollOnly {
		s.running.Go(func() { w.runPolling(follow) })
		return s, nil
	}
	s.running.Go(func() { w.run(follow) })
	return s, nil
}

// Read reads the table once. It is what short commands need; the store does not follow the table.
func Read(ctx context.Context, tx db.DBTX, reg *Registry, log *slog.Logger) (*Store, error) {
	rows, err := readRows(ctx, tx, maxValue+1)
	if err != nil {
		return nil, err
	}
	first := reg.evaluate(rows, nil)
	s := newStore(reg, log, first)
	s.report(ctx, nil, first.problems)
	return s, nil
}

// Refresh reads the table now. On a store that [Open] made there is no need to.
func (s *Store) Refresh(ctx context.Context, tx db.DBTX) error {
	s.refresh.Lock()
	defer s.refresh.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	rows, err := readRows(ctx, tx, maxValue+1)
	if err != nil {
		return err
	}
	s.replace(ctx, rows)
	return nil
}

// readRows reads the table. Values are cut after so many characters; one more than [maxValue] suffices where longer ones are refused.
func readRows(ctx context.Context, tx db.DBTX, maxLength int32) ([]row, error) {
	found, err := db.New().Settings(ctx, tx, maxLength)
	if err != nil {
		return nil, readError(err)
	}
	rows := make([]row, len(found))
	for i, f := range found {
		rows[i] = row{section: f.SectionName, name: f.SettingName, value: f.Value, typ: f.Type, null: f.IsNull}
	}
	return rows, nil
}

func readError(err error) error {
	if db.IsUndefined(err) {
		return fmt.Errorf("read settings: the database has no table augur_operations.config: run `augur db upgrade`: %w", err)
	}
	return fmt.Errorf("read settings: %w", err)
}

// follower keeps a store up to date.
type follower struct {
	store   *Store
	pool    *pgxpool.Pool
	hears   *pgxpool.Pool // its configuration makes the connection that listens
	log     *slog.Logger
	poll    time.Duration
	backoff time.Duration
	cut     bool // the connection is broken, and that was logged
}

func (f *follower) run(ctx context.Context) {
	for {
		err := f.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if !f.cut {
			f.cut = true
			f.log.WarnContext(ctx, "settings are polled, not followed", slog.Any("error", err))
		}
		// The pool may have a connection where a new one is refused. When it has none, there is nothing to read from either.
		_ = f.store.Refresh(ctx, f.pool)
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(f.backoff, f.poll)):
		}
		f.backoff = min(2*f.backoff, maxBackoff)
	}
}

// runPolling reads the table again and again over the pool.
func (f *follower) runPolling(ctx context.Context) {
	ticker := time.NewTicker(f.poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := f.store.Refresh(ctx, f.pool)
		if failed := err != nil; ctx.Err() == nil && failed != f.cut {
			f.cut = failed
			if failed {
				f.log.WarnContext(ctx, "settings not read; they stay as they were", slog.Any("error", err))
			} else {
				f.log.InfoContext(ctx, "settings are read again")
			}
		}
	}
}

// listen follows the table over one connection until that breaks.
func (f *follower) listen(ctx context.Context) error {
	conn, err := f.connect(ctx)
	if err != nil {
		return err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ending)
	}()
	for {
		// Also right after LISTEN: what changed before it was not announced to this connection.
		if err := f.store.Refresh(ctx, conn); err != nil {
			return err
		}
		if f.cut {
			f.log.InfoContext(ctx, "settings are followed again")
		}
		f.cut, f.backoff = false, minBackoff
		if err := f.wait(ctx, conn); err != nil {
			return err
		}
	}
}

func (f *follower) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	cfg := f.hears.Config().ConnConfig
	cfg.RuntimeParams["application_name"] += " settings"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect for settings: %w", err)
	}
	if _, err := conn.Exec(ctx, "LISTEN "+channel); err != nil {
		return nil, errors.Join(fmt.Errorf("listen for settings: %w", err), conn.Close(ctx))
	}
	return conn, nil
}

// wait returns nil when the table should be read: after an announcement, or when the poll is due.
func (f *follower) wait(ctx context.Context, conn *pgx.Conn) error {
	waiting, cancel := context.WithTimeout(ctx, f.poll)
	defer cancel()
	_, err := conn.WaitForNotification(waiting)
	if err != nil && pgconn.Timeout(err) && ctx.Err() == nil && !conn.IsClosed() {
		return nil
	}
	return err
}

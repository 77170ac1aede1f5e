package migrate

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// lockKey is "augur" in ASCII. Advisory locks are per database, so it only has to differ from other programs in the same one.
	lockKey = 0x6175677572
	// lockPoll is how often a waiting process asks again. Asking, instead of blocking in the server, holds no snapshot open, which
	// CREATE INDEX CONCURRENTLY would wait for; nor does the open transaction that has the lock.
	lockPoll   = 100 * time.Millisecond
	unlockWait = 5 * time.Second
)

// lock waits for the advisory lock of migrations on a connection outside the pool, so that a pool of one connection suffices. The lock ends with
// its transaction, which a connection pooler keeps on one session of the server. The function that it returns gives the lock back.
func lock(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) (unlock func(), err error) {
	conn, err := pgx.ConnectConfig(ctx, pool.Config().ConnConfig)
	if err != nil {
		return nil, fmt.Errorf("connect for the migration lock: %w", err)
	}
	unlock = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockWait)
		defer cancel()
		// The server frees the lock when the connection ends, also when this close is not clean.
		if err := conn.Close(ctx); err != nil {
			log.WarnContext(ctx, "migration lock connection did not close", slog.Any("error", err))
		}
	}
	ticker := time.NewTicker(lockPoll)
	defer ticker.Stop()
	for first := true; ; first = false {
		locked, err := tryLock(ctx, conn)
		if err != nil {
			unlock()
			return nil, fmt.Errorf("take the migration lock: %w", err)
		}
		if locked {
			return unlock, nil
		}
		if first {
			log.InfoContext(ctx, "another process migrates this database, waiting for it")
		}
		select {
		case <-ctx.Done():
			unlock()
			return nil, fmt.Errorf("wait for the migration lock: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

// tryLock begins a transaction and takes the lock in it. Without the lock it ends the transaction, which would keep a session of a pooler from
// the process that has it.
func tryLock(ctx context.Context, conn *pgx.Conn) (locked bool, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	// The transaction does nothing while migrations run.
	if _, err := tx.Exec(ctx, "SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return false, err
	}
	if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", int64(lockKey)).Scan(&locked); err != nil || locked {
		return locked, err
	}
	return false, tx.Rollback(ctx)
}

package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// viewLockWait is how long a refresh waits for somebody who refreshes or changes the same view by hand.
const viewLockWait = 10 * time.Second

// ViewRefresh says how [RefreshView] does its work.
type ViewRefresh struct {
	Schema, Name string
	// Locked keeps readers out meanwhile, which is the only way for a view that was never filled; nobody can read that anyway.
	Locked bool
	// Timeout bounds the refresh; 0 means no bound.
	Timeout time.Duration
}

// RefreshView refreshes a materialized view and tells whether it is empty now. tx may be a savepoint: after an error it must be rolled back.
// The settings of the session hold until the transaction ends.
func RefreshView(ctx context.Context, tx pgx.Tx, r ViewRefresh) (empty bool, err error) {
	name := pgx.Identifier{r.Schema, r.Name}.Sanitize()
	// A whole number of milliseconds; 0 would mean for ever.
	timeout := r.Timeout.Milliseconds()
	if r.Timeout > 0 {
		timeout = max(timeout, 1)
	}
	how := "CONCURRENTLY "
	if r.Locked {
		how = ""
	}
	for _, statement := range []string{
		fmt.Sprintf("SET LOCAL statement_timeout = %d", timeout),
		fmt.Sprintf("SET LOCAL lock_timeout = %d", viewLockWait.Milliseconds()),
		"REFRESH MATERIALIZED VIEW " + how + name,
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return false, err
		}
	}
	err = tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM "+name+")").Scan(&empty)
	return empty, err
}

// IsStatementTimeout tells whether the server stopped a statement because it took longer than statement_timeout, or was cancelled by hand.
func IsStatementTimeout(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "57014"
}

// IsLockTimeout tells whether a statement waited longer than lock_timeout for somebody else.
func IsLockTimeout(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && pgErr.Code == "55P03"
}

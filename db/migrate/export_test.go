package migrate

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// LockKey is the key of the advisory lock that [Up] holds.
const LockKey = lockKey

// DownTo takes our migrations back to the version. The program has no command for it.
func DownTo(ctx context.Context, pool *pgxpool.Pool, version int64) (err error) {
	provider, err := newProvider(pool)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	if _, err := provider.DownTo(ctx, version); err != nil {
		return fmt.Errorf("migrate down to %d: %w", version, err)
	}
	return nil
}

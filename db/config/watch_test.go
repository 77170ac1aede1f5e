package config_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db"
	"augur/db/config"
	"augur/db/dbtest"
)

// journal is a log that a test can read while it is written.
type journal struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.out.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.out.String()
}

// open is a store that follows the pool's table, which has the defaults of the sample.
func open(t *testing.T, pool *pgxpool.Pool, o config.Options) (*config.Store, *journal) {
	t.Helper()
	_, err := config.Init(t.Context(), pool, registry(), config.InitOptions{})
	require.NoError(t, err)
	log := &journal{}
	store, err := config.OpenWith(t.Context(), pool, registry(), slog.New(slog.NewTextHandler(log, nil)), o)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store, log
}

func update(t *testing.T, pool *pgxpool.Pool, setting, value string) {
	t.Helper()
	tag, err := pool.Exec(t.Context(), "UPDATE augur_operations.config SET value = $2 WHERE section_name = 'Sample' AND setting_name = $1", setting, value)
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected())
}

func wait(t *testing.T, changed <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	select {
	case <-changed:
	case <-ctx.Done():
		require.FailNow(t, "nothing changed")
	}
}

func TestUpdateTakesEffectWithoutPolling(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store, log := open(t, pool, config.Options{Poll: time.Hour})
	require.Equal(t, 5, config.Of[sample](store).Count)

	for count, value := range map[int]string{6: "6", 7: " 7 "} {
		changed := store.Changed()
		update(t, pool, "count", value)
		wait(t, changed)
		require.Equal(t, count, config.Of[sample](store).Count)
	}

	changed := store.Changed()
	before := config.Of[sample](store)
	update(t, pool, "count", "many")
	wait(t, changed)
	require.Equal(t, before, config.Of[sample](store))
	require.Len(t, store.Problems(), 1)
	require.Contains(t, log.String(), `msg="setting has no effect" section=Sample setting=count`)

	changed = store.Changed()
	_, err := pool.Exec(t.Context(), "DELETE FROM augur_operations.config WHERE section_name = 'Sample'")
	require.NoError(t, err)
	wait(t, changed)
	require.Equal(t, 5, config.Of[sample](store).Count)
	require.Empty(t, store.Problems())

	changed = store.Changed()
	_, err = pool.Exec(t.Context(), "INSERT INTO augur_operations.config (section_name, setting_name, value, type) VALUES ('Sample', 'count', '9', 'int')")
	require.NoError(t, err)
	wait(t, changed)
	require.Equal(t, 9, config.Of[sample](store).Count)

	changed = store.Changed()
	_, err = pool.Exec(t.Context(), "TRUNCATE augur_operations.config")
	require.NoError(t, err)
	wait(t, changed)
	require.Equal(t, 5, config.Of[sample](store).Count)
}

func TestPollFindsWhatWasNotAnnounced(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := pool.Exec(t.Context(), "ALTER TABLE augur_operations.config DISABLE TRIGGER USER")
	require.NoError(t, err)
	store, _ := open(t, pool, config.Options{Poll: 5 * time.Millisecond})
	changed := store.Changed()
	update(t, pool, "count", "6")
	wait(t, changed)
	require.Equal(t, 6, config.Of[sample](store).Count)
}

const follower = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% settings') AS x"

func TestPollOnlyListensNowhere(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store, log := open(t, pool, config.Options{Poll: 10 * time.Millisecond, PollOnly: true})
	changed := store.Changed()
	update(t, pool, "count", "8")
	wait(t, changed)
	require.Equal(t, 8, config.Of[sample](store).Count)
	var listening int
	err := pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '% settings'").Scan(&listening)
	require.NoError(t, err)
	require.Zero(t, listening)

	changed = store.Changed()
	_, err = pool.Exec(t.Context(), "ALTER TABLE augur_operations.config RENAME TO config_away")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return bytes.Contains([]byte(log.String()), []byte("settings not read")) }, 20*time.Second, time.Millisecond)
	_, err = pool.Exec(t.Context(), "ALTER TABLE augur_operations.config_away RENAME TO config")
	require.NoError(t, err)
	update(t, pool, "count", "9")
	wait(t, changed)
	require.Equal(t, 9, config.Of[sample](store).Count)
}

func TestAnotherPoolListens(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	other, err := db.Connect(t.Context(), pool.Config().ConnString(), db.Options{ApplicationName: "direct"})
	require.NoError(t, err)
	defer other.Close()
	store, _ := open(t, pool, config.Options{Poll: time.Hour, Listen: other})
	changed := store.Changed()
	update(t, pool, "count", "8")
	wait(t, changed)
	require.Equal(t, 8, config.Of[sample](store).Count)
	var listening int
	err = pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'direct settings'").Scan(&listening)
	require.NoError(t, err)
	require.Equal(t, 1, listening)
}

func TestStoreFollowsAgainAfterItsConnectionWasCut(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store, log := open(t, pool, config.Options{Poll: time.Hour})
	follow := func(value string) {
		changed := store.Changed()
		update(t, pool, "count", value)
		wait(t, changed)
	}
	follow("6")
	var cut int
	require.NoError(t, pool.QueryRow(t.Context(), follower).Scan(&cut))
	require.Equal(t, 1, cut)
	// The pool may show the first of these; there is no poll that would show them all.
	follow("7")
	follow("8")
	follow("9")
	require.Equal(t, 9, config.Of[sample](store).Count)
	require.Contains(t, log.String(), "settings are polled, not followed")
}

func TestOpenNeedsTheTable(t *testing.T) {
	t.Parallel()
	pool, err := db.Connect(t.Context(), dbtest.Empty(t), db.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	for name, do := range map[string]func() error{
		"open": func() error {
			_, err := config.Open(t.Context(), pool, registry(), slog.New(slog.DiscardHandler))
			return err
		},
		"init": func() error {
			_, err := config.Init(t.Context(), pool, registry(), config.InitOptions{})
			return err
		},
		"clear": func() error {
			_, err := config.Clear(t.Context(), pool)
			return err
		},
	} {
		require.ErrorContains(t, do(), "run `augur db upgrade`", name)
	}
}

func TestManyReadersAndAWriter(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	store, _ := open(t, pool, config.Options{})
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 8 {
		readers.Go(func() {
			for {
				changed := store.Changed()
				if got := config.Of[sample](store); got.Count < 0 || got.Word == "" {
					t.Errorf("a torn value: %+v", got)
				}
				_ = store.Problems()
				_ = store.Unused()
				select {
				case <-stop:
					return
				case <-changed:
				}
			}
		})
	}
	for _, value := range []string{"1", "2", "x", "3", "y", "4"} {
		changed := store.Changed()
		update(t, pool, "count", value)
		wait(t, changed)
	}
	close(stop)
	readers.Wait()
	require.Equal(t, 4, config.Of[sample](store).Count)
}

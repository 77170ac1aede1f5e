package care

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"augur/db"
)

// skewAllowed is how far a clock may be off before it is reported. Nothing depends on it: times in logs would only be hard to compare.
const skewAllowed = 5 * time.Second

// longTransaction is how old a transaction may become before it is reported: vacuum removes nothing that it might still see.
const longTransaction = 12 * time.Hour

// Clock is how the clock of a machine differs from the database's.
type Clock struct {
	Host string `json:"host"`
	// Ahead is negative when the machine's clock is behind.
	Ahead      time.Duration `json:"ahead"`
	MeasuredAt time.Time     `json:"measured_at"`
}

// Health is how the database and what depends on it are.
type Health struct {
	Views  []View  `json:"views"`
	Clocks []Clock `json:"clocks"`
	// Connections are those of all clients, MaxConnections how many the server takes.
	Connections    int64 `json:"connections"`
	MaxConnections int   `json:"max_connections"`
	// OldestTransaction is how long the oldest open transaction of the database lasts.
	OldestTransaction time.Duration `json:"oldest_transaction"`
	// Problems are phrases for people; empty when all is well.
	Problems []string `json:"problems"`
}

// Health reads how things are. It changes nothing.
func (c *Care) Health(ctx context.Context) (*Health, error) {
	h := &Health{Problems: []string{}}
	var err error
	if h.Views, err = c.Views(ctx); err != nil {
		return nil, err
	}
	clocks, err := c.queries.MachineClocks(ctx, c.pool)
	if err != nil {
		return nil, fmt.Errorf("list the clocks: %w", err)
	}
	for _, row := range clocks {
		h.Clocks = append(h.Clocks, Clock{Host: row.Host, Ahead: seconds(row.AheadSeconds), MeasuredAt: row.MeasuredAt})
	}
	connections, err := c.queries.Connections(ctx, c.pool)
	if err != nil {
		return nil, fmt.Errorf("count the connections: %w", err)
	}
	h.Connections, h.MaxConnections = connections.Used, int(connections.Most)
	h.OldestTransaction = seconds(connections.OldestTransactionSeconds)
	h.judge()
	refused, err := c.queries.RefusedKeys(ctx, c.pool)
	if err != nil {
		return nil, fmt.Errorf("list refused API keys: %w", err)
	}
	for _, key := range refused {
		h.Problems = append(h.Problems, keyProblem(key))
	}
	return h, nil
}

// keyProblem says that a platform does not accept a key, and what that means.
func keyProblem(key db.RefusedKeysRow) string {
	problem := fmt.Sprintf("the %s key in %s is refused: %s: see `augur %s api-keys`", key.Platform, key.Source, key.Reason, key.Platform)
	if key.Accepted == 0 {
		problem += "; no other key works, so jobs that need one wait"
	}
	return problem
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// judge finds the problems.
func (h *Health) judge() {
	report := func(format string, args ...any) { h.Problems = append(h.Problems, fmt.Sprintf(format, args...)) }
	for _, v := range h.Views {
		if v.Error != "" {
			report("view %s is not refreshed: %s", v.Name, v.Error)
		}
	}
	for _, clock := range h.Clocks {
		if clock.Ahead.Abs() > skewAllowed {
			report("the clock of %s is %s: let it follow a time server", clock.Host, apart(clock.Ahead))
		}
	}
	if h.Connections*10 > int64(h.MaxConnections)*9 {
		report("%d of %d connections of the server are in use: raise max_connections, or run fewer workers", h.Connections, h.MaxConnections)
	}
	if h.OldestTransaction > longTransaction {
		report("a transaction is open for %s, and vacuum removes nothing since: end it (pg_stat_activity, pg_terminate_backend)", h.OldestTransaction.Round(time.Minute))
	}
}

// apart says how a clock differs from the database's.
func apart(ahead time.Duration) string {
	if ahead < 0 {
		return (-ahead).Round(time.Millisecond).String() + " behind the database's"
	}
	return ahead.Round(time.Millisecond).String() + " ahead of the database's"
}

// Skew is how far the clock of this machine is ahead of the database's; what the question took is not counted as a difference.
func (c *Care) Skew(ctx context.Context) (time.Duration, error) {
	asked := c.Now()
	began := time.Now() // the machine's clock may be set in between; this one is monotonic
	at, err := c.queries.DatabaseTime(ctx, c.pool)
	if err != nil {
		return 0, fmt.Errorf("read the database's clock: %w", err)
	}
	took := time.Since(began)
	switch earliest, latest := asked.Sub(at), asked.Add(took).Sub(at); {
	case earliest > 0:
		return earliest, nil
	case latest < 0:
		return latest, nil
	}
	return 0, nil
}

// WatchClock compares the clock of this machine with the database's at once and every minute, until ctx ends. The difference is stored
// for everybody's health report, and a warning is logged when it becomes too large. [Care.Run] does it; a worker on another machine calls it.
func (c *Care) WatchClock(ctx context.Context) {
	wrong := false
	c.every(ctx, clockEvery, func(ctx context.Context) {
		ahead, err := c.Skew(ctx)
		if err == nil && c.Host != "" {
			err = c.queries.NoteClock(ctx, c.pool, db.NoteClockParams{Host: c.Host, AheadSeconds: ahead.Seconds()})
		}
		switch {
		case ctx.Err() != nil:
		case err != nil:
			c.log.WarnContext(ctx, "clock not compared", slog.Any("error", err))
		case (ahead.Abs() > skewAllowed) != wrong:
			wrong = !wrong
			if wrong {
				c.log.WarnContext(ctx, "clock of this machine is wrong: nothing depends on it, but times in logs do", slog.Duration("ahead", ahead))
			} else {
				c.log.InfoContext(ctx, "clock of this machine is right again", slog.Duration("ahead", ahead))
			}
		}
	})
}

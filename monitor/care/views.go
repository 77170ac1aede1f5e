package care

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
)

// turn is the lock of those who refresh views: one at a time in the whole installation.
const turn = "augur refresh views"

// How soon a view is looked at again that failed or whose process died, and one that was empty, when the interval is longer than that: a new
// installation shall not wait a day for its first rows.
const (
	failedAgain = time.Hour
	emptyAgain  = 5 * time.Minute
)

// Outcomes of a look at a view.
const (
	Running   = "running"
	Refreshed = "refreshed"
	Unchanged = "unchanged"
	Timeout   = "timeout"
	Failed    = "failed"
)

// ErrBusy is returned by [Care.Refresh] when another process refreshes views now. Wait, or leave it to that process.
var ErrBusy = errors.New("another process refreshes the views")

// errNone says that no view is left to look at.
var errNone = errors.New("no view left")

// View is a materialized view and the last look at it.
type View struct {
	// Name has the schema in it.
	Name string `json:"view"`
	// MadeFrom are the tables and materialized views below it.
	MadeFrom []string `json:"made_from"`
	// Outcome is empty when nobody looked yet. Running also stays when a process died.
	Outcome    string     `json:"outcome"`
	Error      string     `json:"error,omitempty"`
	StartedAt  *time.Time `json:"started_at"`
	FinishedAt *time.Time `json:"finished_at"`
	// CurrentTo is how fresh the view is: it holds what was stored up to then. nil before the first refresh.
	CurrentTo *time.Time `json:"current_to"`
	// Seconds is how long the last complete refresh took.
	Seconds float64 `json:"seconds"`
	// Populated is false for a view that cannot be read before its first refresh.
	Populated bool `json:"populated"`
}

// RefreshOptions choose what [Care.Refresh] refreshes. The zero value looks at every view and refreshes those below which something changed.
type RefreshOptions struct {
	// Views are names, with or without schema; none stands for all.
	Views []string
	// Force refreshes what has not changed, too.
	Force bool
	// Interval leaves out views that were looked at less than so long ago; 0 looks at all.
	Interval time.Duration
	// Timeout bounds the refresh of one view; 0 means no bound.
	Timeout time.Duration
	// Started and Done, when not nil, hear of each view that is refreshed, and of each that was looked at.
	Started func(name string)
	Done    func(View)
}

// Views lists the materialized views with the last look at each.
func (c *Care) Views(ctx context.Context) ([]View, error) {
	rows, err := c.queries.MaterializedViews(ctx, c.pool)
	if err != nil {
		return nil, fmt.Errorf("list the materialized views: %w", err)
	}
	views := make([]View, len(rows))
	for i, row := range rows {
		views[i] = viewOf(row)
	}
	return views, nil
}

func viewOf(row db.MaterializedViewsRow) View {
	v := View{
		Name: row.Schema + "." + row.Name, MadeFrom: row.MadeFrom, Outcome: row.Outcome, Error: row.Error, StartedAt: row.StartedAt,
		FinishedAt: row.FinishedAt, CurrentTo: row.CurrentTo, Populated: row.Populated,
	}
	if row.Seconds != nil {
		v.Seconds = *row.Seconds
	}
	return v
}

// Refresh refreshes views, one after another, those that others are made from first. Readers are never kept out, except from a view that was
// never filled. After them it fills unknown_cache, as Augur does, if a view of commits has changed. What goes wrong with a view is its outcome, and the next one follows; an error is that of the whole work. It returns
// [ErrBusy], with what was done, as soon as another process has the turn.
func (c *Care) Refresh(ctx context.Context, o RefreshOptions) ([]View, error) {
	if err := c.check(ctx, o.Views); err != nil {
		return nil, err
	}
	var done []View
	looked := map[string]bool{}
	for {
		view, err := c.look(ctx, o, looked)
		if errors.Is(err, errNone) {
			return done, c.fillUnknown(ctx, done, o.Timeout)
		}
		if err != nil {
			return done, err
		}
		looked[view.Name] = true
		done = append(done, view)
		if o.Done != nil {
			o.Done(view)
		}
	}
}

// check refuses names that no view has, all at once.
func (c *Care) check(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	views, err := c.Views(ctx)
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range names {
		if !slices.ContainsFunc(views, func(v View) bool { return named(v.Name, name) }) {
			faults = append(faults, fmt.Errorf("there is no materialized view %q", name))
		}
	}
	return errors.Join(faults...)
}

// named tells whether a person who says name means the view.
func named(view, name string) bool {
	_, bare, _ := strings.Cut(view, ".")
	return name == view || name == bare
}

// look takes the turn and looks at the next view, in one transaction. What it finds out is committed together with the refresh.
func (c *Care) look(ctx context.Context, o RefreshOptions, looked map[string]bool) (View, error) {
	var view View
	err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		taken, err := c.queries.TryTurn(ctx, tx, turn)
		if err != nil {
			return fmt.Errorf("take the turn to refresh views: %w", err)
		}
		if !taken {
			return ErrBusy
		}
		rows, err := c.queries.MaterializedViews(ctx, tx)
		if err != nil {
			return fmt.Errorf("list the materialized views: %w", err)
		}
		row, found := next(rows, o, looked)
		if !found {
			return errNone
		}
		view, err = c.bringUp(ctx, tx, row, o)
		return err
	})
	return view, err
}

// next chooses the view to look at: one that is wanted and due, after all those that it is made from.
func next(rows []db.MaterializedViewsRow, o RefreshOptions, looked map[string]bool) (db.MaterializedViewsRow, bool) {
	wanted := map[string]bool{}
	for _, row := range rows {
		name := row.Schema + "." + row.Name
		if !looked[name] && due(row, o.Interval) && (len(o.Views) == 0 || slices.ContainsFunc(o.Views, func(n string) bool { return named(name, n) })) {
			wanted[name] = true
		}
	}
	for _, row := range rows {
		if wanted[row.Schema+"."+row.Name] && !slices.ContainsFunc(row.After, func(below string) bool { return wanted[below] }) {
			return row, true
		}
	}
	return db.MaterializedViewsRow{}, false
}

// due tells whether it is time for a look. Whoever asks has the turn, so a look that is running is one whose process died.
func due(row db.MaterializedViewsRow, interval time.Duration) bool {
	if row.StartedAt == nil || !row.Populated {
		return true
	}
	wait := interval
	switch {
	case row.Outcome == Failed || row.Outcome == Running:
		wait = min(wait, failedAgain)
	case row.Empty && row.Outcome != Timeout:
		wait = min(wait, emptyAgain)
	}
	return row.Now.Sub(*row.StartedAt) >= wait
}

// bringUp refreshes a view unless nothing changed below it, and notes how that went.
func (c *Care) bringUp(ctx context.Context, tx pgx.Tx, row db.MaterializedViewsRow, o RefreshOptions) (View, error) {
	view := viewOf(row)
	view.StartedAt, view.Error = &row.Now, ""
	if !o.Force && row.Populated && row.Evidence != "" && row.Evidence == row.LastEvidence {
		view.Outcome, view.CurrentTo = Unchanged, &row.Now
		return view, c.end(ctx, tx, view, db.EndViewParams{})
	}
	// On a connection of its own, so that others see it while the refresh goes on.
	if err := c.queries.BeginView(ctx, c.pool, view.Name); err != nil {
		return view, fmt.Errorf("note the refresh of %s: %w", view.Name, err)
	}
	if o.Started != nil {
		o.Started(view.Name)
	}
	began := time.Now()
	facts := db.EndViewParams{Evidence: &row.Evidence}
	err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error {
		empty, err := db.RefreshView(ctx, tx, db.ViewRefresh{Schema: row.Schema, Name: row.Name, Locked: !row.Populated, Timeout: o.Timeout})
		facts.Empty = &empty
		return err
	})
	if err != nil {
		if ctx.Err() != nil || tx.Conn().IsClosed() {
			return view, fmt.Errorf("refresh %s: %w", view.Name, err)
		}
		view.Outcome, view.Error = failure(err, o.Timeout)
		return view, c.end(ctx, tx, view, db.EndViewParams{})
	}
	view.Outcome, view.Seconds, view.CurrentTo, view.Populated = Refreshed, time.Since(began).Seconds(), &row.Now, true
	facts.Seconds = &view.Seconds
	return view, c.end(ctx, tx, view, facts)
}

// failure says what went wrong and what a person can do.
func failure(err error, timeout time.Duration) (outcome, text string) {
	switch {
	case db.IsStatementTimeout(err):
		return Timeout, fmt.Sprintf("not done within %s: raise Tasks.view_refresh_timeout, or run `augur db refresh-views --timeout 0` at a quiet time", timeout)
	case db.IsLockTimeout(err):
		return Failed, "somebody else refreshes or changes the view: " + err.Error()
	}
	return Failed, err.Error()
}

func (c *Care) end(ctx context.Context, tx pgx.Tx, view View, facts db.EndViewParams) error {
	facts.View, facts.StartedAt, facts.Outcome, facts.CurrentTo = view.Name, *view.StartedAt, view.Outcome, nil
	if view.Outcome == Refreshed || view.Outcome == Unchanged {
		facts.CurrentTo = view.CurrentTo
	}
	if view.Error != "" {
		facts.Error = &view.Error
	}
	if err := c.queries.EndView(ctx, tx, facts); err != nil {
		return fmt.Errorf("note the outcome of %s: %w", view.Name, err)
	}
	return nil
}

// fillUnknown brings unknown_cache up to the commits, when a view that is made from them was refreshed.
func (c *Care) fillUnknown(ctx context.Context, done []View, timeout time.Duration) error {
	if !slices.ContainsFunc(done, func(v View) bool { return v.Outcome == Refreshed && slices.Contains(v.MadeFrom, "augur_data.commits") }) {
		return nil
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	err := pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		taken, err := c.queries.TryTurn(ctx, tx, turn)
		if err != nil || !taken {
			return err
		}
		_, err = c.queries.FillUnknownCache(ctx, tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("fill unknown_cache: %w", err)
	}
	return nil
}

// refreshDue looks at the views that are due, as the settings say.
func (c *Care) refreshDue(ctx context.Context) {
	interval := config.Of[Views](c.settings).RefreshInterval
	if interval <= 0 {
		return
	}
	began := time.Now()
	views, err := c.Refresh(ctx, RefreshOptions{
		Interval: interval, Timeout: config.Of[Settings](c.settings).ViewTimeout, Done: func(v View) { c.report(ctx, v) },
	})
	refreshed := 0
	for _, v := range views {
		if v.Outcome == Refreshed {
			refreshed++
		}
	}
	if refreshed > 0 {
		c.log.InfoContext(ctx, "views refreshed", slog.Int("views", refreshed), slog.Duration("took", time.Since(began).Round(time.Millisecond)))
	}
	if err != nil && !errors.Is(err, ErrBusy) && ctx.Err() == nil {
		c.log.WarnContext(ctx, "refresh of the views broke off; it is tried again", slog.Any("error", err))
	}
}

func (c *Care) report(ctx context.Context, v View) {
	switch v.Outcome {
	case Refreshed:
		c.log.DebugContext(ctx, "view refreshed", slog.String("view", v.Name), slog.Float64("seconds", v.Seconds))
	case Unchanged:
		c.log.DebugContext(ctx, "view unchanged", slog.String("view", v.Name))
	default:
		c.log.ErrorContext(ctx, "view not refreshed", slog.String("view", v.Name), slog.String("outcome", v.Outcome), slog.String("error", v.Error))
	}
}

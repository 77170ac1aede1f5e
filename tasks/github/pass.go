package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
	"augur/tasks/github/api"
)

// overlap is how far before the beginning of a pass the next one starts: GitHub's clocks are many, and an answer may be a little older than its date.
const overlap = 5 * time.Minute

// pass is one reading of a list by its task: where it is, and what is to be remembered of it.
type pass struct {
	source   *Source
	c        *tasks.Collection
	settings Settings
	client   *api.Client
	repo     api.Repo
	api      string // address of the API, without a slash at its end
	resource string

	state   db.GithubCursorRow
	mark    string
	etag    string // to send with the first page; empty when it must be read whatever it is
	retried bool   // the address of the next page was not accepted once
}

// marker picks the mark that decides whether a list may have changed.
type marker func(db.GithubCursorRow) string

// activity is the mark of lists that belong to issues and pull requests.
func activity(row db.GithubCursorRow) string { return row.Activity }

// pushed is the mark of lists that belong to the code.
func pushed(row db.GithubCursorRow) string { return row.Pushed }

// overall is the mark of the repository as a whole.
func overall(row db.GithubCursorRow) string { return row.Overall }

// pass reads the cursor of a list. parents are the lists whose rows this one's belong to.
func (s *Source) pass(ctx context.Context, c *tasks.Collection, resource string, mark marker, parents ...string) (*pass, error) {
	client, repo, err := s.client(c, resource)
	if err != nil {
		return nil, err
	}
	settings := config.Of[Settings](s.settings)
	if parents == nil {
		parents = []string{}
	}
	row, err := s.queries.GithubCursor(ctx, c.Pool(), db.GithubCursorParams{
		Fresh: settings.FreshFor, Idle: settings.IdleFor, Reconcile: settings.ReconcileAfter, Parents: parents, Resource: resource, RunID: c.RunID, RepoID: c.Repo.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("read the cursor of %s of %s: %w", resource, c.Repo.URL, err)
	}
	p := &pass{
		source: s, c: c, settings: settings, client: client, repo: repo, api: s.apiAddress(),
		resource: resource, state: row, mark: mark(row),
	}
	if row.StartedAt == nil && row.Since != nil && !row.WholeDue {
		p.etag = value(row.Etag)
	}
	return p, nil
}

// parentsWait is how long a task of the secondary phase gives its place back for, when the core phase has not stored what its rows belong to. The end of the
// pass that stores it wakes the task, so this only bounds how long one sleeps that was put off in the moment between.
const parentsWait = time.Minute

// ready says that what the rows belong to is stored. The core and the secondary phase of a repository may start together: then this one waits for what is read now.
func (p *pass) ready() error {
	switch {
	case p.state.ParentsCome:
		return &tasks.RateLimitError{Until: time.Now().Add(parentsWait), Err: errors.New("the core phase is about to store pull requests")}
	case p.state.ParentsSince.IsZero():
		return tasks.Hint(fmt.Errorf("read %s of %s: the core phase has not stored the pull requests", p.resource, p.c.Repo.URL), "find out why the core phase was not collected")
	}
	return nil
}

// idle tells that the list was read to its end, and that nothing has moved in the repository since.
func (p *pass) idle() bool {
	return p.state.StartedAt == nil && p.state.Since != nil && p.state.MaySkip && !p.state.WholeDue && p.mark != "" && p.mark == value(p.state.Mark)
}

// since is the watermark that the pass reads from; the zero time reads everything.
func (p *pass) since() time.Time {
	if p.state.Whole || p.state.StartedAt == nil && p.state.WholeDue {
		return time.Time{}
	}
	return value(p.state.Since)
}

// begun is the state after the first answer of the pass, or the state as it is when the pass was begun before.
func (p *pass) begun(date time.Time, etag string) db.GithubCursorRow {
	state := p.state
	if state.StartedAt != nil {
		return state
	}
	if date.IsZero() {
		date = p.source.options.now()
	}
	state.StartedAt, state.StartedMark, state.Etag = &date, &p.mark, notEmpty(etag)
	state.Whole = state.WholeDue || state.Since == nil
	state.Position, state.Next, state.RowsRead, state.Unplaced, state.Timelines = nil, nil, 0, 0, false
	return state
}

// save commits a page, after which the pass stands at state.
func (p *pass) save(ctx context.Context, state db.GithubCursorRow, rows page) error {
	state.Unplaced += rows.unplaced
	state.Scrubbed += rows.scrubbed
	state.Waiting = state.Waiting || rows.keep != nil
	rows.whole = state.Whole
	err := p.c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := p.write(ctx, tx, state, rows); err != nil {
			return err
		}
		return p.c.SaveProgress(ctx, tx, state.RowsRead, state.RowsRead)
	})
	if err == nil {
		p.state = state
	}
	return err
}

// finish commits the last page, and with it the pass.
func (p *pass) finish(ctx context.Context, state db.GithubCursorRow, rows page, missing func(context.Context, pgx.Tx, time.Time) error) error {
	whole, began := state.Whole, value(state.StartedAt)
	rows.whole = whole // the state says that no pass is under way any more
	state.Unplaced += rows.unplaced
	state.Scrubbed += rows.scrubbed
	state.Mark, state.StartedAt, state.StartedMark, state.Position, state.Next, state.Whole = state.StartedMark, nil, nil, nil, nil, false
	if state.Unplaced > 0 && p.resource == KindPullRequestChildren {
		state.Mark = nil // they must come again, while unplaced rows of other lists are kept
	}
	p.c.Log.InfoContext(ctx, "list stored", slog.Int64("rows", state.RowsRead), slog.Int64("unplaced", state.Unplaced), slog.Bool("whole", whole))
	return p.c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := p.write(ctx, tx, state, rows); err != nil {
			return err
		}
		if whole {
			if err := p.reconcile(ctx, tx, began, missing); err != nil {
				return err
			}
		}
		done := db.CompleteGithubCursorParams{Whole: whole, RepoID: p.c.Repo.ID, Resource: p.resource}
		if err := p.source.queries.CompleteGithubCursor(ctx, tx, done); err != nil {
			return fmt.Errorf("complete the pass over %s of %s: %w", p.resource, p.c.Repo.URL, err)
		}
		return p.wake(ctx, tx)
	})
}

// wake makes the tasks come at once that were put off until this pass ends.
func (p *pass) wake(ctx context.Context, tx pgx.Tx) error {
	if p.resource != KindPullRequests {
		return nil
	}
	if err := p.source.queries.WakeGithubTask(ctx, tx, db.WakeGithubTaskParams{RepoID: p.c.Repo.ID, Kind: KindPullRequestChildren}); err != nil {
		return fmt.Errorf("wake %s of %s: %w", KindPullRequestChildren, p.c.Repo.URL, err)
	}
	return nil
}

// reconcile notes what is stored and was not met by the whole pass that ends.
func (p *pass) reconcile(ctx context.Context, tx pgx.Tx, began time.Time, missing func(context.Context, pgx.Tx, time.Time) error) error {
	if missing != nil && p.state.WholeAt != nil {
		if err := missing(ctx, tx, began.UTC()); err != nil {
			return fmt.Errorf("note what has vanished from %s of %s: %w", p.resource, p.c.Repo.URL, err)
		}
	}
	if err := p.source.queries.ForgetGithubItems(ctx, tx, db.ForgetGithubItemsParams{RepoID: p.c.Repo.ID, Resource: p.resource}); err != nil {
		return fmt.Errorf("forget what the pass over %s has met: %w", p.resource, err)
	}
	return nil
}

// write stores the rows of a page and moves the cursor.
func (p *pass) write(ctx context.Context, tx pgx.Tx, state db.GithubCursorRow, rows page) error {
	q := p.source.queries
	if p.state.Waiting && p.state.StartedAt == nil && rows.whole {
		if err := q.ForgetGithubUnplaced(ctx, tx, db.ForgetGithubUnplacedParams{RepoID: p.c.Repo.ID, Resource: p.resource}); err != nil {
			return fmt.Errorf("forget what waits in %s of %s: %w", p.resource, p.c.Repo.URL, err)
		}
	}
	if err := rows.store(ctx, tx); err != nil {
		return fmt.Errorf("store a page of %s of %s: %w", p.resource, p.c.Repo.URL, err)
	}
	// The first pass has nothing to compare with.
	if rows.whole && p.state.WholeAt != nil && len(rows.ids) > 0 {
		if err := q.SeeGithubItems(ctx, tx, db.SeeGithubItemsParams{RepoID: p.c.Repo.ID, Resource: p.resource, SrcIds: rows.ids}); err != nil {
			return fmt.Errorf("note what the pass over %s has met: %w", p.resource, err)
		}
	}
	err := q.SaveGithubCursor(ctx, tx, db.SaveGithubCursorParams{
		RepoID: p.c.Repo.ID, Resource: p.resource, Since: state.Since, Etag: state.Etag, Mark: state.Mark, StartedAt: state.StartedAt, StartedMark: state.StartedMark,
		Whole: state.Whole, Position: state.Position, Next: state.Next, RowsRead: state.RowsRead, PageSize: state.PageSize, Unplaced: state.Unplaced,
		Scrubbed: state.Scrubbed, Timelines: state.Timelines,
	})
	if err != nil {
		return fmt.Errorf("move the cursor of %s of %s: %w", p.resource, p.c.Repo.URL, err)
	}
	return nil
}

// watermark is the watermark after a pass over everything that changed since the last one.
func (p *pass) watermark(state db.GithubCursorRow) *time.Time {
	next := state.StartedAt.Add(-overlap)
	return &next
}

// below keeps a watermark from passing those of the lists that this one's rows belong to: what is unplaced now must come again.
func (p *pass) below(since *time.Time, parents []string) *time.Time {
	switch {
	case len(parents) == 0 || since == nil:
		return since
	case p.state.ParentsSince.IsZero():
		return nil
	case p.state.ParentsSince.Before(*since):
		return &p.state.ParentsSince
	}
	return since
}

// unchanged ends a pass that found its list as it was.
func (p *pass) unchanged(ctx context.Context) error {
	state := p.state
	state.StartedMark = &p.mark
	return p.finish(ctx, state, page{}, nil)
}

// stale tells that the address of the next page is not accepted any more, and makes the pass go on from its position, once.
func (p *pass) stale(err error) bool {
	refused, ok := errors.AsType[*api.StatusError](err)
	if !ok || p.state.Next == nil || p.retried || refused.Status < 400 || refused.Status >= 500 {
		return false
	}
	p.retried, p.state.Next = true, nil
	return true
}

package github

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/tasks"
	"augur/tasks/github/api"
)

// list is a list of REST, and what becomes of its pages.
type list[T any] struct {
	// resource is the name of the task.
	resource string
	// mark picks the mark that decides whether it may have changed.
	mark marker
	// parents are the lists that the rows belong to.
	parents []string
	// read reads a page.
	read func(ctx context.Context, p *pass, since time.Time, etag, next string) (api.Page[T], error)
	// at is the time that the list is in the order of; nil when it has no such order, and is read whole.
	at func(T) time.Time
	// prepare makes rows of a page.
	prepare func(ctx context.Context, p *pass, items []T) (page, error)
	// missing notes what a whole pass, begun at a time, has not met; nil when nobody can tell.
	missing func(ctx context.Context, p *pass, tx pgx.Tx, began time.Time) error
}

// collectSince is the worker of a list that GitHub gives from a time on, the stalest first. The place in it is a time, not the number of a page: rows that change
// meanwhile move to the end, and would take others past the page that is read next.
func collectSince[T any](s *Source, l list[T]) tasks.WorkerFunc {
	return func(ctx context.Context, c *tasks.Collection) error {
		p, err := s.pass(ctx, c, l.resource, l.mark, l.parents...)
		if err != nil {
			return err
		}
		if err := settle(ctx, p, l.prepare); err != nil {
			return err
		}
		if p.idle() {
			return c.Finish(ctx, nil)
		}
		for {
			done, err := l.since(ctx, p)
			if done || err != nil {
				return err
			}
		}
	}
}

// since reads and stores one page.
func (l list[T]) since(ctx context.Context, p *pass) (done bool, err error) {
	since := p.since()
	if p.state.Position != nil {
		since = *p.state.Position
	}
	answer, err := l.read(ctx, p, since, p.etag, value(p.state.Next))
	switch {
	case errors.Is(err, api.ErrDisabled):
		answer = api.Page[T]{}
	case p.stale(err):
		return false, nil
	case err != nil:
		return false, err
	case answer.NotModified:
		return true, p.unchanged(ctx)
	}
	rows, err := l.prepare(ctx, p, answer.Items)
	if err != nil {
		return false, err
	}
	state := p.begun(answer.Date, answer.ETag)
	p.etag = ""
	state.RowsRead += int64(len(answer.Items)) - rows.uncounted
	if answer.Next != "" && len(answer.Items) > 0 {
		last := l.at(answer.Items[len(answer.Items)-1])
		if state.Next = nil; last.After(since) {
			state.Position = &last
		} else {
			state.Next = &answer.Next // more rows in one second than a page holds
		}
		return false, p.save(ctx, state, rows)
	}
	if state.RowsRead > 0 || state.Since == nil {
		state.Since, state.Etag = p.below(p.watermark(state), l.parents), nil
	}
	return true, p.finish(ctx, state, rows, l.gone(p))
}

// collectNewest is the worker of a list that GitHub gives with the newest first. It stops at the watermark. Rows that change meanwhile move to the front, and others
// come twice.
func collectNewest[T any](s *Source, l list[T]) tasks.WorkerFunc {
	return func(ctx context.Context, c *tasks.Collection) error {
		p, err := s.pass(ctx, c, l.resource, l.mark, l.parents...)
		if err != nil {
			return err
		}
		if p.idle() {
			return c.Finish(ctx, nil)
		}
		return l.newest(ctx, p, nil)
	}
}

// newest reads and stores pages until the watermark. Before a page is stored, instead may take over; nil never does.
func (l list[T]) newest(ctx context.Context, p *pass, instead func(answer api.Page[T]) bool) error {
	for {
		answer, err := l.read(ctx, p, time.Time{}, p.etag, value(p.state.Next))
		switch {
		case errors.Is(err, api.ErrDisabled):
			answer = api.Page[T]{}
		case p.stale(err):
			continue
		case err != nil:
			return err
		case answer.NotModified:
			return p.unchanged(ctx)
		}
		if instead != nil && instead(answer) {
			return errInstead
		}
		rows, err := l.prepare(ctx, p, answer.Items)
		if err != nil {
			return err
		}
		state := p.begun(answer.Date, answer.ETag)
		p.etag = ""
		state.RowsRead += int64(len(answer.Items)) - rows.uncounted
		if answer.Next != "" && !l.reaches(p, answer) {
			state.Next = &answer.Next
			if err := p.save(ctx, state, rows); err != nil {
				return err
			}
			continue
		}
		state.Since = p.below(p.watermark(state), l.parents)
		return p.finish(ctx, state, rows, l.gone(p))
	}
}

// reaches tells whether a page of a list with the newest first comes to what was stored by the last pass.
func (l list[T]) reaches(p *pass, answer api.Page[T]) bool {
	return l.at != nil && len(answer.Items) > 0 && l.at(answer.Items[len(answer.Items)-1]).Before(p.since())
}

// errInstead says that another way of reading the list takes over.
var errInstead = errors.New("the list is read in another way")

func (l list[T]) gone(p *pass) func(context.Context, pgx.Tx, time.Time) error {
	if l.missing == nil {
		return nil
	}
	return func(ctx context.Context, tx pgx.Tx, began time.Time) error { return l.missing(ctx, p, tx, began) }
}

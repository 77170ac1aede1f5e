package github

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// What an unplaced item may lack, by the table that it will be in.
const (
	ownerIssue  = "issues"
	ownerPR     = "pull_requests"
	ownerReview = "pull_request_reviews"
)

// ownerOf is the table of what has a number, by whether it is a pull request.
var ownerOf = map[bool]string{true: ownerPR, false: ownerIssue}

// unplacedRow is a row of github_unplaced: an item as its list told it, and what it belongs to.
type unplacedRow struct {
	ID      int64  `json:"src_id"`
	Table   string `json:"parent_table"`
	Parent  int64  `json:"parent"`
	Content any    `json:"content"`
}

// leftover are the items of a page that belong to something that is not stored.
type leftover struct {
	count int64
	rows  map[int64]unplacedRow
}

// add notes an item. One that does not say what it is, or what it belongs to, is counted and cannot be kept.
func (l *leftover) add(id int64, table string, parent int64, item any) {
	l.count++
	if id == 0 || parent == 0 {
		return
	}
	if l.rows == nil {
		l.rows = map[int64]unplacedRow{}
	}
	l.rows[id] = unplacedRow{ID: id, Table: table, Parent: parent, Content: item}
}

// keeper returns what keeps them, and forgets the other ones of ids: the same page stores those.
func (l *leftover) keeper(k *pack, p *pass, ids []int64) func(ctx context.Context, tx pgx.Tx) error {
	if len(l.rows) == 0 && !p.state.Waiting {
		return nil
	}
	params := db.KeepGithubUnplacedParams{RepoID: p.c.Repo.ID, Resource: p.resource, IDs: ids, Rows: k.add(rowsOf(l.rows, compareIDs))}
	return func(ctx context.Context, tx pgx.Tx) error {
		return p.source.queries.KeepGithubUnplaced(ctx, tx, params)
	}
}

// settleAtOnce is how many items are placed in one transaction.
const settleAtOnce = 100

// settle stores items that waited for what they belong to, as if they were on a page now. GitHub does not list them again: they have not changed.
func settle[T any](ctx context.Context, p *pass, prepare func(ctx context.Context, p *pass, items []T) (page, error)) error {
	for after := int64(0); p.state.Waiting; {
		rows, err := p.source.queries.PlaceableGithubItems(ctx, p.c.Pool(), db.PlaceableGithubItemsParams{
			RepoID: p.c.Repo.ID, Resource: p.resource, After: after, MaxItems: settleAtOnce,
		})
		if err != nil {
			return fmt.Errorf("list what waits in %s of %s: %w", p.resource, p.c.Repo.URL, err)
		}
		if len(rows) == 0 {
			return nil
		}
		items := make([]T, len(rows))
		for i, row := range rows {
			if err := json.Unmarshal(row.Content, &items[i]); err != nil {
				return fmt.Errorf("decode item %d that waits in %s of %s: %w", row.SrcID, p.resource, p.c.Repo.URL, err)
			}
			after = row.SrcID
		}
		placed, err := prepare(ctx, p, items)
		if err != nil {
			return err
		}
		err = p.c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
			if err := placed.store(ctx, tx); err != nil {
				return fmt.Errorf("place what waited in %s of %s: %w", p.resource, p.c.Repo.URL, err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

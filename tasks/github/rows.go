package github

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/tasks/github/api"
)

// page is what a page of a list becomes.
type page struct {
	// write stores the rows; nil when there are none. It may run more than once.
	write func(ctx context.Context, tx pgx.Tx) error
	// keep keeps those that are unplaced for later; nil when there are none. Without it they must come again.
	keep func(ctx context.Context, tx pgx.Tx) error
	// ids are GitHub's ids of what the page lists.
	ids []int64
	// whole says that the page is of a whole pass, which remembers what it has met.
	whole bool
	// uncounted are rows that do not count as read.
	uncounted int64
	// unplaced counts rows that belong to something that is not stored.
	unplaced int64
	// scrubbed counts texts from which NUL characters were taken.
	scrubbed int64
}

// store writes and keeps.
func (p page) store(ctx context.Context, tx pgx.Tx) error {
	for _, step := range []func(context.Context, pgx.Tx) error{p.write, p.keep} {
		if step == nil {
			continue
		}
		if err := step(ctx, tx); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf gives rows as JSON in the order of their keys, fit for PostgreSQL, and how many texts had NUL characters. There is one for each key: the last that came.
func rowsOf[K comparable, T any](rows map[K]T, compare func(a, b K) int) (json.RawMessage, int64, error) {
	ordered := make([]T, 0, len(rows))
	for _, key := range slices.SortedFunc(maps.Keys(rows), compare) {
		ordered = append(ordered, rows[key])
	}
	return encode(ordered)
}

// pair is the key of a row that belongs to another.
type pair struct{ owner, id int64 }

func compareIDs(a, b int64) int { return cmp.Compare(a, b) }

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.id, b.id))
}

// named is the key of a row that has a name within what it belongs to.
type named struct {
	owner int64
	name  string
}

func compareNamed(a, b named) int {
	return cmp.Or(cmp.Compare(a.owner, b.owner), cmp.Compare(a.name, b.name))
}

// inOrder runs steps until one fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func encode(rows any) (json.RawMessage, int64, error) {
	document, err := json.Marshal(rows)
	if err != nil {
		return nil, 0, fmt.Errorf("encode rows: %w", err)
	}
	fit, scrubbed := withoutNUL(document)
	return fit, scrubbed, nil
}

// pack encodes several tables, and sums up what was scrubbed.
type pack struct {
	scrubbed int64
	err      error
}

// add encodes one more table; after an error it does nothing.
func (p *pack) add(encoded json.RawMessage, scrubbed int64, err error) json.RawMessage {
	p.scrubbed += scrubbed
	if p.err == nil {
		p.err = err
	}
	return encoded
}

// withoutNUL replaces the escape of NUL in a JSON document with U+FFFD, as Augur does, since no text in PostgreSQL can hold one. It returns how many strings
// it was in.
func withoutNUL(document []byte) (fit []byte, strings int64) {
	nul := []byte(`\u0000`)
	if !bytes.Contains(document, nul) {
		return document, 0
	}
	fit = make([]byte, 0, len(document))
	in, scrubbed := false, false
	for i := 0; i < len(document); i++ {
		switch c := document[i]; {
		case c == '"':
			if in && scrubbed {
				strings++
			}
			in, scrubbed = !in, false
			fit = append(fit, c)
		case in && c == '\\' && bytes.HasPrefix(document[i:], nul):
			scrubbed = true
			fit = append(fit, `\ufffd`...)
			i += len(nul) - 1
		case in && c == '\\' && i+1 < len(document):
			fit = append(fit, c, document[i+1])
			i++
		default:
			fit = append(fit, c)
		}
	}
	return fit, strings
}

// instant is a time of go-github, in UTC; nil when there is none.
func instant(t *api.Timestamp) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

func number(n *int) *int64 {
	if n == nil {
		return nil
	}
	wide := int64(*n)
	return &wide
}

// value is what a pointer points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// notEmpty is a text, or nil when it is empty.
func notEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"augur/tasks"
	"augur/tasks/github/api"
)

// rateLimit is asked for in every query, so that its price is known.
const rateLimit = `rateLimit { cost remaining }`

// connection is a list in GraphQL.
type connection[T any] struct {
	TotalCount int `json:"totalCount"`
	PageInfo   struct {
		HasNextPage bool   `json:"hasNextPage"`
		EndCursor   string `json:"endCursor"`
	} `json:"pageInfo"`
	Nodes []T `json:"nodes"`
}

// more tells where to go on; false at the end of the list. A list that says it has more rows than it gave, and no further page, is not trusted to be at its end: it
// counts rows that the key may not see.
func (c *connection[T]) more() (after string, more bool) {
	return c.PageInfo.EndCursor, c.PageInfo.HasNextPage && c.PageInfo.EndCursor != ""
}

// listFields are what is asked of every list beside its nodes.
const listFields = `totalCount pageInfo { hasNextPage endCursor }`

// faults are the errors of an answer, by the path of what they are about.
type faults []api.QueryError

// under tells whether something below the path is missing because of an error, or all that it is in.
func (f faults) under(path ...any) bool {
	return slices.ContainsFunc(f, func(fault api.QueryError) bool {
		shared := min(len(path), len(fault.Path))
		return slices.EqualFunc(path[:shared], fault.Path[:shared], func(a, b any) bool { return step(a) == step(b) })
	})
}

// step is a name or an index of a path as text: JSON has numbers of one kind only.
func step(s any) string {
	switch s := s.(type) {
	case float64:
		return strconv.Itoa(int(s))
	case string:
		return s
	}
	return fmt.Sprint(s)
}

// rest is what is left of a list inside of an item: more than the query for many items asks for.
type rest struct {
	node     string // GitHub's id of the item
	after    string // where to go on; empty at its beginning
	fragment string // the type of the item, and what to ask of it: uses $first and the variable that is named after #after
	field    string // name of the list in the fragment
	add      func(json.RawMessage) (after string, more bool, err error)
	lost     func() // the list cannot be had
}

// restsAtOnce is how many such lists one query reads a page of.
const restsAtOnce = 10

// drain reads lists inside of items to their ends, several with one query.
func (p *pass) drain(ctx context.Context, operation string, rests []rest) error {
	first := 100
	for len(rests) > 0 {
		batch := rests[:min(restsAtOnce, len(rests))]
		text, variables := restQuery(operation, batch, first)
		answer := map[string]json.RawMessage{}
		reply, err := p.client.Query(ctx, operation, text, variables, &answer)
		if errors.Is(err, api.ErrTooCostly) && first > 1 {
			first /= 2
			continue
		}
		if err != nil {
			return fmt.Errorf("read the rest of lists of %s: %w", p.repo, err)
		}
		left := rests[len(batch):]
		for i, r := range batch {
			alias := "n" + strconv.Itoa(i)
			item := answer[alias]
			if faults(reply.Errors).under(alias) {
				item = nil
			}
			after, more, err := r.take(item)
			if err != nil {
				return fmt.Errorf("read the rest of a list of %s: %w", p.repo, err)
			}
			if more && after == r.after {
				return fmt.Errorf("read the rest of a list of %s: page %q leads to itself", p.repo, after)
			}
			if r.after = after; more {
				left = append(left, r)
			}
		}
		rests = left
	}
	return nil
}

// take adds a page of the list to its item; nil stands for an item that GitHub cannot give.
func (r rest) take(item json.RawMessage) (after string, more bool, err error) {
	fields := map[string]json.RawMessage{}
	if len(item) > 0 {
		if err := json.Unmarshal(item, &fields); err != nil {
			return "", false, fmt.Errorf("decode the item of a list: %w", err)
		}
	}
	if list := fields[r.field]; len(list) > 0 && string(list) != "null" {
		return r.add(list)
	}
	r.lost()
	return "", false, nil
}

// restQuery asks for a page of each list.
func restQuery(operation string, batch []rest, first int) (text string, variables map[string]any) {
	variables = map[string]any{"first": first}
	var head, body strings.Builder
	for i, r := range batch {
		n := strconv.Itoa(i)
		head.WriteString(", $id" + n + ": ID!, $after" + n + ": String")
		body.WriteString(" n" + n + ": node(id: $id" + n + ") { ... on " + strings.ReplaceAll(r.fragment, "#after", "$after"+n) + " }")
		variables["id"+n], variables["after"+n] = r.node, notEmpty(r.after)
	}
	text = "query " + operation + "($first: Int!" + head.String() + ") {" + body.String() + " " + rateLimit + " }"
	if strings.Contains(text, actorShort) {
		text += actorFragment
	}
	return text, variables
}

// missingRepository says why a query about a repository has no answer.
func missingRepository(repo api.Repo, errs []api.QueryError) error {
	for _, e := range errs {
		if e.Type == "NOT_FOUND" {
			return tasks.As(fmt.Errorf("%s: %s", repo, e.Message), tasks.ErrGone)
		}
	}
	if len(errs) > 0 {
		return fmt.Errorf("read %s: %w", repo, api.QueryErrors(errs))
	}
	return fmt.Errorf("read %s: GitHub's answer is empty", repo)
}

// lostList notes that a list inside of an item cannot be had: GitHub fails on it each time, and the rest must not wait for that.
func (p *pass) lostList(ctx context.Context, what string, number int64) {
	p.c.Log.WarnContext(ctx, "list left out, since GitHub cannot give it", slog.String("list", what), slog.Int64("number", number))
}

// smaller halves the number of items that a query asks for, after GitHub found it too much; false when there is nothing to halve.
func smaller(size int) (int32, bool) {
	return int32(max(size/2, 1)), size > 1 //nolint:gosec // at most 100
}

// larger lets the number of items grow again, up to the usual one, which nothing has to remember.
func larger(size, usual int) *int32 {
	if size += max(size/4, 1); size >= usual {
		return nil
	}
	wide := int32(size) //nolint:gosec // at most 100
	return &wide
}

package githubtest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listing is a connection: the part of a list that was asked for.
type listing struct {
	nodes                []any
	cursors              []string
	total                int
	hasNext, hasPrevious bool
}

// edge is a node with its cursor.
type edge struct {
	node   any
	cursor string
}

// connect cuts rows to what first, last, after and before ask for. place is what a row is sorted by, so that a cursor stays where it was when rows
// move; nil takes the row's position, as lists without an order of their own have it.
func connect[T any](args map[string]any, rows []T, direction string, place func(T) cursorKey) listing {
	total, descending := len(rows), direction == "DESC"
	row := func(i int) T {
		if descending {
			return rows[total-1-i]
		}
		return rows[i]
	}
	key := func(i int) cursorKey {
		if place == nil {
			return cursorKey{int64(i), 0}
		}
		return place(row(i))
	}
	// before is the number of rows that come before a cursor, and whether its row is still there.
	before := func(c cursorKey) (int, bool) {
		if place == nil {
			return int(min(max(c.key, 0), int64(total))), c.key < int64(total)
		}
		n, found := slices.BinarySearchFunc(rows, c, func(r T, c cursorKey) int { k := place(r); return c.compare(k.key, k.id) })
		if descending {
			n = total - n
			if found {
				n--
			}
		}
		return n, found
	}
	from, to := 0, total
	if text, _ := args["after"].(string); text != "" {
		if c, ok := parseGraphCursor(text); ok {
			n, found := before(c)
			if found {
				n++
			}
			from = n
		}
	}
	if text, _ := args["before"].(string); text != "" {
		if c, ok := parseGraphCursor(text); ok {
			to, _ = before(c)
		}
	}
	to = max(from, to)
	all := cursorKey{int64(from), int64(to)}
	if n, ok := intArg(args, "first"); ok {
		to = min(to, from+n)
	}
	if n, ok := intArg(args, "last"); ok {
		from = max(from, to-n)
	}
	if _, ok := intArg(args, "first"); !ok {
		if _, ok := intArg(args, "last"); !ok {
			to = from // only the count can be asked for
		}
	}
	l := listing{total: total, hasNext: int64(to) < all.id, hasPrevious: from > 0, nodes: make([]any, 0, to-from), cursors: make([]string, 0, to-from)}
	for i := from; i < to; i++ {
		l.nodes = append(l.nodes, row(i))
		l.cursors = append(l.cursors, graphCursor(key(i)))
	}
	return l
}

func graphCursor(c cursorKey) string {
	return base64.StdEncoding.EncodeToString([]byte("cursor:v2:" + strconv.FormatInt(c.key, 10) + ":" + strconv.FormatInt(c.id, 10)))
}

func parseGraphCursor(text string) (cursorKey, bool) {
	key, id, ok := parseCursor(text)
	return cursorKey{key, id}, ok
}

// plain is a connection over rows as they are.
func plain[T any](args map[string]any, rows []T) listing { return connect(args, rows, "ASC", nil) }

// connectItems is a connection of issues or of pull requests.
func connectItems(r *Repo, args map[string]any, name string, rows []*Issue) listing {
	field, direction := orderOf(args)
	compare, place := byCreated, func(i *Issue) cursorKey { return cursorKey{i.Created.Unix(), i.ID} }
	switch field {
	case "UPDATED_AT":
		compare, place = byUpdated, func(i *Issue) cursorKey { return cursorKey{i.Updated.Unix(), i.ID} }
	case "COMMENTS":
		compare, place = byComments, func(i *Issue) cursorKey { return cursorKey{int64(len(i.Comments)), i.ID} }
	}
	var keep func(*Issue) bool
	states := listArg(args, "states")
	from := filterSince(args)
	if len(states) > 0 {
		keep = func(i *Issue) bool { return slices.Contains(states, any(i.graphState())) }
		for _, state := range states {
			name += " " + must[string](state)
		}
	}
	ordered := order(r, name+" "+field, rows, keep, compare)
	if !from.IsZero() {
		ordered = slices.DeleteFunc(slices.Clone(ordered), func(i *Issue) bool { return i.Updated.Before(from) })
	}
	return connect(args, ordered, direction, place)
}

func orderOf(args map[string]any) (field, direction string) {
	by, _ := args["orderBy"].(map[string]any)
	field, _ = by["field"].(string)
	direction, _ = by["direction"].(string)
	return field, direction
}

func filterSince(args map[string]any) time.Time {
	by, _ := args["filterBy"].(map[string]any)
	text, _ := by["since"].(string)
	t, _ := time.Parse(time.RFC3339, text)
	return t.Truncate(time.Second)
}

// graphState is GraphQL's word for the state.
func (i *Issue) graphState() string {
	if i.Pull != nil && !i.Pull.Merged.IsZero() {
		return "MERGED"
	}
	return strings.ToUpper(i.State)
}

// timeline is what happened to an issue or pull request, oldest first: events, comments, and of a pull request its commits and reviews.
func (i *Issue) timeline(args map[string]any) listing {
	type entry struct {
		at    time.Time
		value any
	}
	entries := make([]entry, 0, len(i.Events)+len(i.Comments))
	for _, e := range i.Events {
		entries = append(entries, entry{e.Created, e})
	}
	for _, c := range i.Comments {
		entries = append(entries, entry{c.Created, c})
	}
	if i.Pull != nil {
		for _, c := range i.Pull.Commits {
			entries = append(entries, entry{c.Committed, pullCommit{i, c}})
		}
		for _, v := range i.Pull.Reviews {
			entries = append(entries, entry{v.Submitted, v})
		}
	}
	types := listArg(args, "itemTypes")
	text, _ := args["since"].(string)
	from, _ := time.Parse(time.RFC3339, text)
	entries = slices.DeleteFunc(entries, func(e entry) bool {
		return e.at.Before(from) || len(types) > 0 && !slices.Contains(types, any(itemType(typeOf("", e.value))))
	})
	slices.SortStableFunc(entries, func(a, b entry) int { return a.at.Compare(b.at) })
	rows := make([]any, len(entries))
	for n, e := range entries {
		rows[n] = e.value
	}
	return plain(args, rows)
}

// itemType is the name of a type as the filter of timelines has it: CLOSED_EVENT.
func itemType(typeName string) string {
	var b strings.Builder
	for n, c := range typeName {
		if n > 0 && c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(c)
	}
	return strings.ToUpper(b.String())
}

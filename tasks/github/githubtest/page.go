package githubtest

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageOf is which rows of a list are asked for.
func (c *call) pageOf() (page, perPage int) {
	q := c.r.URL.Query()
	page, _ = strconv.Atoi(q.Get("page"))
	perPage, _ = strconv.Atoi(q.Get("per_page"))
	if perPage <= 0 {
		perPage = 30
	}
	return max(page, 1), min(perPage, 100)
}

func (c *call) param(name string) string { return c.r.URL.Query().Get(name) }

// since is the time from which rows are asked for, zero for all.
func (c *call) since() time.Time {
	t, _ := time.Parse(time.RFC3339, c.param("since")) // the description was checked
	return t
}

// link is an address of a page of this list: by the number of the repository, as GitHub's own links have it, and with the parameters as they were.
func (c *call) link(rel string, set map[string]string) string {
	q := c.r.URL.Query()
	for _, name := range []string{"after", "before", "page"} {
		q.Del(name)
		if value := set[name]; value != "" {
			q.Set(name, value)
		}
	}
	path := c.r.URL.EscapedPath()
	if c.repo != nil && c.route.ofRepo {
		rest := strings.Split(strings.Trim(c.route.path, "/"), "/")[3:]
		for i, part := range rest {
			if part[0] == '{' {
				rest[i] = url.PathEscape(c.params[part[1:len(part)-1]])
			}
		}
		path = "/repositories/" + strconv.FormatInt(c.repo.ID, 10) + "/" + strings.Join(rest, "/")
	}
	return "<" + c.s.url + path + "?" + q.Encode() + `>; rel="` + rel + `"`
}

// numbered is a page of a list that is addressed by page number. rows is oldest first; descending reads it from its end. Beyond end rows there is nothing (0: no end).
type numbered[T any] struct {
	rows       []T
	descending bool
	end        int
	write      func(w *writer, row T)
	envelope   func(w *writer, total int) // opens an object around the list
	size       int                        // about how many bytes a row has; 0: 2,048
}

func (n numbered[T]) serve(c *call) *Response {
	page, perPage := c.pageOf()
	if n.end > 0 && page*perPage > n.end {
		return refusal(http.StatusUnprocessableEntity, "In order to keep the API fast for everyone, pagination is limited for this resource.")
	}
	total := len(n.rows)
	first, last := min((page-1)*perPage, total), min(page*perPage, total)
	w := writer{b: make([]byte, 0, 512+(last-first)*cmp.Or(n.size, 2048))}
	if n.envelope != nil {
		n.envelope(&w, total)
	}
	w.list()
	for i := first; i < last; i++ {
		at := i
		if n.descending {
			at = total - 1 - i
		}
		n.write(&w, n.rows[at])
	}
	w.end()
	if n.envelope != nil {
		w.close()
	}
	resp := answer(http.StatusOK, w.b)
	reachable := total
	if n.end > 0 {
		reachable = min(total, n.end)
	}
	var links []string
	add := func(rel string, page int) {
		links = append(links, c.link(rel, map[string]string{"page": strconv.Itoa(page)}))
	}
	pages := (reachable + perPage - 1) / perPage
	if n.end > 0 {
		pages = min(pages, n.end/perPage)
	}
	if page > 1 {
		add("prev", min(page-1, max(pages, 1)))
	}
	if page < pages {
		add("next", page+1)
		add("last", pages)
	}
	if page > 1 {
		add("first", 1)
	}
	if len(links) > 0 {
		resp.Header.Set("Link", strings.Join(links, ", "))
	}
	return resp
}

// issuesPage is a page of the list of issues, which is addressed by cursor: after a row, or before one. By number it goes as far as IssueRows.
func (c *call) issuesPage(rows []*Issue, direction string, position func(*Issue) int64) *Response {
	page, perPage := c.pageOf()
	after, before := c.param("after"), c.param("before")
	total, descending := len(rows), direction == "desc"
	at := func(i int) *Issue { // in the order that is asked for
		if descending {
			return rows[total-1-i]
		}
		return rows[i]
	}
	first := (page - 1) * perPage
	switch {
	case after != "" || before != "":
		cursor := after
		if cursor == "" {
			cursor = before
		}
		key, id, ok := parseCursor(cursor)
		if !ok {
			return refusal(http.StatusUnprocessableEntity, "The cursor is not valid")
		}
		// The row itself may have gone, or have moved: what counts is its place in the order.
		n, found := slices.BinarySearchFunc(rows, cursorKey{key, id}, func(i *Issue, k cursorKey) int { return k.compare(position(i), i.ID) })
		place := n // of the first row that is not before the cursor, in the order asked for
		if descending {
			place = total - n
			if found {
				place--
			}
		}
		switch {
		case after != "" && found:
			first = place + 1
		case after != "":
			first = place
		default:
			first = max(0, place-perPage)
		}
	case page*perPage >= c.s.keys.limits.IssueRows:
		return refusal(http.StatusUnprocessableEntity, "Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)")
	}
	first = min(first, total)
	last := min(first+perPage, total)
	w := writer{b: make([]byte, 0, 512+(last-first)*4096)}
	w.list()
	for i := first; i < last; i++ {
		at(i).write(&w, listed)
	}
	w.end()
	resp := answer(http.StatusOK, w.b)
	var links []string
	if last < total && last > first {
		i := at(last - 1)
		links = append(links, c.link("next", map[string]string{"after": cursorOf(position(i), i.ID), "page": strconv.Itoa(page + 1)}))
	}
	if first > 0 && first < total {
		i := at(first)
		links = append(links, c.link("prev", map[string]string{"before": cursorOf(position(i), i.ID), "page": strconv.Itoa(max(page-1, 1))}))
	}
	if len(links) > 0 {
		resp.Header.Set("Link", strings.Join(links, ", "))
	}
	return resp
}

// cursorKey is a place in a list: what it is sorted by, and the row's number.
type cursorKey struct{ key, id int64 }

func (k cursorKey) compare(key, id int64) int {
	switch {
	case key != k.key:
		return sign(key - k.key)
	default:
		return sign(id - k.id)
	}
}

func sign(n int64) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func cursorOf(key, id int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "cursor:v2:%d:%d", key, id))
}

func parseCursor(cursor string) (key, id int64, ok bool) {
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err != nil {
		return 0, 0, false
	}
	n, err := fmt.Sscanf(string(text), "cursor:v2:%d:%d", &key, &id)
	return key, id, err == nil && n == 2
}

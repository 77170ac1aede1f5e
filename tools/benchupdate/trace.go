package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// tracer counts and times statements by the names that sqlc gives them.
type tracer struct {
	mu    sync.Mutex
	names map[string]asked
}

// asked is how often a statement ran, and for how long altogether.
type asked struct {
	times int
	took  time.Duration
}

// running is a statement that has begun.
type running struct {
	name  string
	began time.Time
}

type runningKey struct{}

// TraceQueryStart notes a statement that begins.
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	rest, ok := strings.CutPrefix(data.SQL, "-- name: ")
	if !ok {
		return ctx
	}
	name, _, _ := strings.Cut(rest, " ")
	return context.WithValue(ctx, runningKey{}, running{name, time.Now()})
}

// TraceQueryEnd counts it.
func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	r, ok := ctx.Value(runningKey{}).(running)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names != nil {
		n := t.names[r.name]
		t.names[r.name] = asked{n.times + 1, n.took + time.Since(r.began)}
	}
}

// take gives what was counted, and begins anew.
func (t *tracer) take() map[string]asked {
	t.mu.Lock()
	defer t.mu.Unlock()
	names := t.names
	t.names = map[string]asked{}
	return names
}

// longest names the statements that took longest.
func longest(names map[string]asked, n int) string {
	list := slices.SortedFunc(maps.Keys(names), func(a, b string) int { return cmp.Compare(names[b].took, names[a].took) })
	var text []string
	for _, name := range list[:min(n, len(list))] {
		text = append(text, fmt.Sprintf("%s %s", name, ms(names[name].took)))
	}
	return strings.Join(text, ", ")
}

// named is what sqlc keeps of the name of a statement.
var named = regexp.MustCompile(`(?m)^-- name: (\w+) `)

// ofTasks are the names of the statements that the tasks of the phase may run, beyond what the queue needs to run any task.
func ofTasks() (map[string]bool, error) {
	names := map[string]bool{}
	for _, pattern := range []string{"git_*.sql", "tree_snapshot.sql"} {
		files, err := filepath.Glob(filepath.Join("queries", pattern))
		if err == nil && len(files) == 0 {
			err = errors.New("no files: start it in the checkout")
		}
		if err != nil {
			return nil, fmt.Errorf("look for queries/%s: %w", pattern, err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for _, match := range named.FindAllSubmatch(content, -1) {
				names[string(match[1])] = true
			}
		}
	}
	return names, nil
}

// count is how many statements of these were run, and which.
func count(ran map[string]asked, these map[string]bool) (times int, names []string) {
	for _, name := range slices.Sorted(maps.Keys(ran)) {
		if these[name] {
			times += ran[name].times
			names = append(names, name)
		}
	}
	return times, names
}

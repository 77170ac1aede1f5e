package tasks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"augur/db/config"
	"augur/facade/giturl"
)

// Phase is a part of the collection of a repository that has a status of its own.
type Phase string

// The phases, as collection_status names them, and Prelim, whose tasks run at the head of the core and the secondary phase.
const (
	Core      Phase = "core"
	Secondary Phase = "secondary"
	Facade    Phase = "facade"
	ML        Phase = "ml"
	Prelim    Phase = "prelim"
)

// Phases are the phases that have a status, in the order in which the monitor looks at them.
func Phases() []Phase { return []Phase{Core, Secondary, Facade, ML} }

// Queue is the River queue of the phase: one queue and one group of workers for each.
func (p Phase) Queue() string { return string(p) }

// PlatformOf is the platform of a canonical URL; a URL that does not parse is plain git's.
func PlatformOf(canonical string) giturl.Platform {
	u, err := giturl.Parse(canonical, giturl.Policy{AllowHTTP: true, AllowLocal: true, AllowPrivate: true})
	if err != nil {
		return giturl.Git
	}
	return u.Platform
}

// Task is one step of a phase for one repository, and the River job kind of the same name.
type Task struct {
	// Kind names the task everywhere: River job, queries/<kind>.sql, log values. Letters, digits and underscores.
	Kind string
	// Phase that the task belongs to.
	Phase Phase
	// Platforms that it can collect from; empty means any git URL.
	Platforms []giturl.Platform
	// After lists kinds of the same phase that must be done before. A kind that does not apply to a repository is not waited for.
	After []string
	// Timeout is the deadline of one attempt, read when it starts; it must be positive.
	Timeout func(*config.Store) time.Duration
	// Enabled tells whether settings switch the task on; nil means always.
	Enabled func(*config.Store) bool
	// Extra says that the task is no reason to collect by itself: where nothing else of its phase applies, it does not run.
	Extra bool
	// Worker does the work.
	Worker Worker
}

// Catalog is the list of all tasks. It is filled at start-up, by hand, in one place, and only read afterwards.
type Catalog struct {
	tasks []Task
	kinds map[string]int
	ends  []func(ctx context.Context) error
}

// NewCatalog is an empty catalog.
func NewCatalog() *Catalog { return &Catalog{kinds: map[string]int{}} }

// Add adds a task. What comes after another must be added after it, so a graph has no cycle. It panics on what only a programmer can get
// wrong: a kind that is there already, an unknown phase or predecessor, no worker, no deadline.
func (c *Catalog) Add(t Task) {
	switch {
	case t.Kind == "" || strings.ContainsFunc(t.Kind, notKindRune):
		panic(fmt.Sprintf("tasks: kind %q: letters, digits and underscores only", t.Kind))
	case c.has(t.Kind):
		panic(fmt.Sprintf("tasks: kind %s is in the catalog already", t.Kind))
	case t.Phase != Prelim && !slices.Contains(Phases(), t.Phase):
		panic(fmt.Sprintf("tasks: kind %s: unknown phase %q", t.Kind, t.Phase))
	case t.Worker == nil || t.Timeout == nil:
		panic(fmt.Sprintf("tasks: kind %s has no worker or no deadline", t.Kind))
	}
	for _, kind := range t.After {
		i, ok := c.kinds[kind]
		if !ok || c.tasks[i].Phase != t.Phase {
			panic(fmt.Sprintf("tasks: kind %s comes after %s, which is not in phase %s", t.Kind, kind, t.Phase))
		}
	}
	c.kinds[t.Kind] = len(c.tasks)
	c.tasks = append(c.tasks, t)
}

// AtEnd adds what a source does when a process has ended its jobs: giving back what it holds for them. Another process of the same program may still work,
// so end must not take anything away that comes back with the next job.
func (c *Catalog) AtEnd(end func(ctx context.Context) error) { c.ends = append(c.ends, end) }

// end lets all sources give back what they hold.
func (c *Catalog) end(ctx context.Context) error {
	var faults []error
	for _, end := range c.ends {
		faults = append(faults, end(ctx))
	}
	return errors.Join(faults...)
}

func notKindRune(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
}

func (c *Catalog) has(kind string) bool {
	_, ok := c.kinds[kind]
	return ok
}

// Tasks are all tasks, in the order in which they were added.
func (c *Catalog) Tasks() []Task { return slices.Clone(c.tasks) }

// Step is a task in the graph of one repository's run.
type Step struct {
	Kind  string
	After []string
}

// Graph is what a run of the phase consists of for a repository of the platform: the tasks that apply and are switched on. With prelim, the
// tasks of [Prelim] go before those of [Core] and [Secondary]. An empty graph means that there is nothing to collect.
func (c *Catalog) Graph(phase Phase, platform giturl.Platform, settings *config.Store, prelim bool) []Step {
	var before, steps []Step
	var gate []string
	reason := false
	for _, t := range c.tasks {
		if !t.applies(platform, settings) {
			continue
		}
		switch {
		case t.Phase == phase:
			steps = append(steps, Step{Kind: t.Kind, After: t.After})
			reason = reason || !t.Extra
		case t.Phase == Prelim && prelim && (phase == Core || phase == Secondary):
			before = append(before, Step{Kind: t.Kind, After: t.After})
			gate = append(gate, t.Kind)
		}
	}
	if !reason {
		return nil
	}
	graph := slices.Concat(before, steps)
	for i := range graph {
		graph[i].After = slices.DeleteFunc(slices.Clone(graph[i].After), func(kind string) bool {
			return !slices.ContainsFunc(graph, func(s Step) bool { return s.Kind == kind })
		})
		if i >= len(before) && len(graph[i].After) == 0 {
			graph[i].After = gate
		}
	}
	return graph
}

func (t Task) applies(platform giturl.Platform, settings *config.Store) bool {
	if len(t.Platforms) > 0 && !slices.Contains(t.Platforms, platform) {
		return false
	}
	return t.Enabled == nil || t.Enabled(settings)
}

// Platforms lists the platforms whose repositories have something to collect in the phase; every tells that any git URL has.
func (c *Catalog) Platforms(phase Phase, settings *config.Store) (platforms []giturl.Platform, every bool) {
	for _, t := range c.tasks {
		if t.Phase != phase || t.Extra || (t.Enabled != nil && !t.Enabled(settings)) {
			continue
		}
		if len(t.Platforms) == 0 {
			return nil, true
		}
		for _, p := range t.Platforms {
			if !slices.Contains(platforms, p) {
				platforms = append(platforms, p)
			}
		}
	}
	return platforms, false
}

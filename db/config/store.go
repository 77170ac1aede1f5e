package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Store holds the current snapshot of the settings. It is safe for concurrent use. One that [Open] made follows the table until [Store.Close]; others
// stand still.
type Store struct {
	reg *Registry
	log *slog.Logger
	now atomic.Pointer[snapshot]

	refresh sync.Mutex // one at a time reads the table and replaces the snapshot
	mu      sync.Mutex
	changed chan struct{}

	stop    context.CancelFunc
	running sync.WaitGroup
}

func newStore(reg *Registry, log *slog.Logger, first *snapshot) *Store {
	s := &Store{reg: reg, log: log, changed: make(chan struct{}), stop: func() {}}
	s.now.Store(first)
	return s
}

// Static is a store that no table backs, with the defaults and the given `Section.setting=value` pairs; for tests. It panics when one of them is
// unknown or makes no sense.
func Static(reg *Registry, pairs ...string) *Store {
	store, err := Assume(reg, pairs...)
	if err != nil {
		panic("config: " + err.Error())
	}
	return store
}

// Assume is a store that no table backs, with the defaults and the given `Section.setting=value` pairs: for questions of the kind what if. The
// error names every pair that is unknown or makes no sense.
func Assume(reg *Registry, pairs ...string) (*Store, error) {
	var faults []error
	rows := make([]row, 0, len(pairs))
	for _, pair := range pairs {
		path, value, ok := strings.Cut(pair, "=")
		section, name, dotted := strings.Cut(path, ".")
		if _, known := reg.Setting(section, name); !ok || !dotted || !known {
			faults = append(faults, fmt.Errorf("%q is not Section.setting=value of a known setting", pair))
			continue
		}
		rows = append(rows, row{section: section, name: name, value: value})
	}
	snapshot := reg.evaluate(rows, nil)
	for _, problem := range snapshot.problems {
		faults = append(faults, errors.New(problem.String()))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return newStore(reg, slog.New(slog.DiscardHandler), snapshot), nil
}

// Of is the current value of the section that T serves. It costs a map lookup and a copy of the struct: call it where the value is used rather
// than keeping it. What the struct points to, such as a slice, is shared and must not be changed. It panics when the store's registry has no T.
func Of[T any](s *Store) T {
	typ := reflect.TypeFor[T]()
	value, ok := s.now.Load().typed[typ].(T)
	if !ok {
		panic("config: no section is served by " + typ.String())
	}
	return value
}

// Changed is closed when a value or a problem changes after this call. To miss nothing, call it before reading values:
//
//	for {
//		changed := store.Changed()
//		use(config.Of[Tasks](store))
//		select {
//		case <-changed:
//		case <-ctx.Done():
//			return
//		}
//	}
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Problems lists the rows whose values make no sense now, by section and setting.
func (s *Store) Problems() []Problem { return slices.Clone(s.now.Load().problems) }

// Unused lists the rows that nothing reads.
func (s *Store) Unused() []Unused { return slices.Clone(s.now.Load().unused) }

// Registry is what the store was opened with.
func (s *Store) Registry() *Registry { return s.reg }

// Close ends following the table and waits for it. The last values stay readable. Closing twice is harmless.
func (s *Store) Close() {
	s.stop()
	s.running.Wait()
}

// replace makes the rows the current snapshot, if they differ, and tells the log and the watchers.
func (s *Store) replace(ctx context.Context, rows []row) {
	before := s.now.Load()
	after := s.reg.evaluate(rows, before)
	changes := s.reg.changes(before, after)
	if len(changes) == 0 && slices.Equal(before.problems, after.problems) && slices.Equal(before.unused, after.unused) {
		return
	}
	s.now.Store(after)
	for _, c := range changes {
		s.log.InfoContext(ctx, "setting changed", slog.String("section", c.setting.Section), slog.String("setting", c.setting.Name),
			slog.String("value", c.value), slog.String("takes_effect", string(c.setting.Effect)))
	}
	s.report(ctx, before.problems, after.problems)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}

// report logs the problems that are new, and those that are over.
func (s *Store) report(ctx context.Context, before, after []Problem) {
	for _, p := range after {
		if !slices.ContainsFunc(before, p.same) {
			s.log.ErrorContext(ctx, "setting has no effect", slog.String("section", p.Section), slog.String("setting", p.Setting),
				slog.String("reason", p.Reason), slog.String("in_effect", p.InEffect))
		}
	}
	for _, p := range before {
		if !slices.ContainsFunc(after, func(q Problem) bool { return q.Section == p.Section && q.Setting == p.Setting }) {
			s.log.InfoContext(ctx, "setting is right again", slog.String("section", p.Section), slog.String("setting", p.Setting))
		}
	}
}

// same tells whether q is about the same bad value.
func (p Problem) same(q Problem) bool {
	return p.Section == q.Section && p.Setting == q.Setting && p.Reason == q.Reason && p.fingerprint == q.fingerprint
}

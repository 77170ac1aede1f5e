package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"augur/tasks"
)

// kind of a fault.
type kind string

const (
	kill    kind = "kill"
	freeze  kind = "freeze"
	restart kind = "restart"
	cut     kind = "cut"
	crowd   kind = "crowd"
	full    kind = "full"
)

var allKinds = []kind{kill, freeze, restart, cut, crowd, full}

// Controls: the protections that can be taken away.
const (
	controlFence       = "fence"
	controlReplacement = "replacement"
	controlHeld        = "held"
)

var controls = []string{controlFence, controlReplacement, controlHeld}

// options of a run.
type options struct {
	seed           uint64
	faults         map[kind]int
	lease          tasks.LeaseTimes
	workers, repos int
	control        string
	history        string // a git directory
	patience       time.Duration
	verbose        bool
}

// prepare completes the options and checks them.
func (o *options) prepare() error {
	if o.lease.Length < 300*time.Millisecond || o.lease.Length > time.Minute {
		return fmt.Errorf("-lease: must be between 300ms and 1m (got %s)", o.lease.Length)
	}
	if o.workers < 1 || o.repos < 1 {
		return fmt.Errorf("-workers and -repos: must be positive (got %d and %d)", o.workers, o.repos)
	}
	o.lease.Beat, o.lease.Grace = o.lease.Length*3/10, max(o.lease.Length*3/10, 500*time.Millisecond)
	if o.history != "" {
		dir, err := filepath.Abs(o.history)
		if err != nil {
			return fmt.Errorf("-history: %w", err)
		}
		o.history = dir
		o.faults = map[kind]int{kill: o.faults[kill]}
		o.repos = 1
	}
	if o.control != "" && !slices.Contains(controls, o.control) {
		return fmt.Errorf("-control: must be one of %s (got %q)", strings.Join(controls, ", "), o.control)
	}
	return nil
}

// without are the options of a control: each takes away the protection against one sort of fault, so that sort comes often, and no other hides what
// it does.
func (o *options) without(control string) options {
	c := *o
	c.control = control
	switch control {
	case controlHeld:
		c.faults = map[kind]int{cut: 25}
	default:
		c.faults = map[kind]int{freeze: 12}
	}
	// Nothing takes longer than a few leases when all is well.
	c.patience = 15 * c.lease.Length
	return c
}

// plan is the order of the faults.
func (o *options) plan(random *rand.Rand) []kind {
	var order []kind
	for _, k := range allKinds {
		order = append(order, slices.Repeat([]kind{k}, o.faults[k])...)
	}
	random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

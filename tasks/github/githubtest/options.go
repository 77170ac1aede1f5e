package githubtest

import (
	"fmt"
	"time"
)

// Option changes what [New] and [Start] make.
type Option func(*options)

type options struct {
	now       time.Time
	wallClock bool
	seed      uint64
	plan      []planned
	tokens    int
	limits    Limits
	faultRate float64
	faultSeed uint64
	lively    bool
	problem   func(format string, args ...any)
}

type planned struct {
	name  string
	shape Shape
}

func defaults() options {
	return options{
		now: time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC), seed: 1, tokens: 1, limits: DefaultLimits(), faultSeed: 1,
		problem: func(string, ...any) {},
	}
}

// ModelName is the name of the repository of [Model].
const ModelName = "octo/model"

// Model adds the repository that the cost of collecting is measured with.
func Model() Option { return With(ModelName, ModelShape()) }

// With adds a repository OWNER/NAME of a shape.
func With(name string, shape Shape) Option {
	return func(o *options) { o.plan = append(o.plan, planned{name, shape}) }
}

// Small adds n small repositories, in organizations of a hundred: SmallName(0) to SmallName(n-1).
func Small(n int) Option {
	return func(o *options) {
		for i := range n {
			o.plan = append(o.plan, planned{SmallName(i), SmallShape()})
		}
	}
}

// SmallName is the name of the n-th repository of [Small].
func SmallName(n int) string { return fmt.Sprintf("org-%03d/repo-%05d", n/100, n) }

// Seed makes other data, of the same amount.
func Seed(seed uint64) Option { return func(o *options) { o.seed = seed } }

// Keys gives the server n keys, each of a user of its own.
func Keys(n int) Option { return func(o *options) { o.tokens = n } }

// WithLimits sets other limits than [DefaultLimits].
func WithLimits(l Limits) Option { return func(o *options) { o.limits = l } }

// Faults makes a part of the answers, between 0 and 1, wrong, by a die of this seed.
func Faults(rate float64, seed uint64) Option {
	return func(o *options) { o.faultRate, o.faultSeed = rate, seed }
}

// Lively gives people a past: what they did in public in the last months, as users/LOGIN/events tells it. One in four did nothing, some did more than GitHub tells.
func Lively() Option { return func(o *options) { o.lively = true } }

// WallClock lets the clock run, from the machine's time on.
func WallClock() Option { return func(o *options) { o.wallClock = true } }

// Lenient lets requests that GitHub does not know get their 4xx without failing the test: for tests of how a client takes that.
func Lenient() Option { return func(o *options) { o.problem = func(string, ...any) {} } }

// OnProblem is told of requests that GitHub does not know, in place of the test.
func OnProblem(tell func(format string, args ...any)) Option {
	return func(o *options) { o.problem = tell }
}

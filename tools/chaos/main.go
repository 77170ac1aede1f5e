// Command chaos breaks the queue on purpose and proves that nothing is lost, doubled or wedged (`make chaos CYCLES=n SEED=n`). docs/chaos.md says what
// it found.
//
// It runs a PostgreSQL of its own, real worker processes, and real backends (a monitor, a reaper and a supervised worker each), all over TCP proxies of
// its own, on repositories that are collected over and over by tasks of its own and by the real tasks of git. Faults come in an order that the seed
// decides. It never touches a database or a process that it did not start.
//
// The words:
//
//   - A fault is one of: kill (SIGKILL of a worker or a backend), freeze (SIGSTOP for longer than the lease), restart (of PostgreSQL, immediate), cut (of
//     connections, or a black hole, also in the middle of a COPY and right after a COMMIT was sent), crowd (no connection is left), full (no space is
//     left for clones).
//   - The ledger has a row for each page that a task wrote, by a plain INSERT without any key: what runs twice is in it twice.
//   - A control is a run with one protection taken away. It has to find faults, otherwise the harness proves nothing.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"augur/tasks"
)

// Names of the modes in which the harness starts itself.
const (
	modeWorker  = "worker"
	modeBackend = "backend"
)

// role is what a started process gets to know, as JSON in its second argument.
type role struct {
	URL     string
	Dir     string
	Name    string
	Queues  map[string]int
	Lease   tasks.LeaseTimes
	Control string
	// Supervised is for a backend: what its worker gets to know.
	Supervised *role
}

func main() {
	// Children end with the thread that started them, and live in its mount namespace: so it is this one that starts them all.
	runtime.LockOSThread()
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(args) == 2 && (args[0] == modeWorker || args[0] == modeBackend) {
		err = play(ctx, args[0], args[1], os.Stdin, stderr)
	} else {
		err = harness(ctx, args, stdout, stderr)
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 2
	case err != nil:
		fmt.Fprintln(stderr, "chaos:", err)
		return 1
	}
	return 0
}

// play is the life of a worker or a backend.
func play(ctx context.Context, mode, text string, lifeline io.Reader, stderr io.Writer) error {
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return fmt.Errorf("role: %w", err)
	}
	log := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})).With(slog.String("who", r.Name), slog.Int("pid", os.Getpid()))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, lifeline) // whatever it is, it is the end
		stop()
	}()
	if mode == modeBackend {
		return playBackend(ctx, r, log)
	}
	return playWorker(ctx, r, log)
}

// harness does what the flags say.
func harness(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o := options{}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.SetOutput(stderr)
	cycles := flags.Int("cycles", 10, "faults of each kind, unless said otherwise")
	kinds := map[kind]*int{}
	for _, k := range allKinds {
		kinds[k] = flags.Int(string(k)+"s", -1, "number of faults of this kind")
	}
	flags.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "decides order, times and targets of the faults")
	flags.DurationVar(&o.lease.Length, "lease", time.Second, "length of a lease; the program's own is 10s. Beat and grace follow")
	flags.IntVar(&o.workers, "workers", 3, "worker processes, beside one of each of the two backends")
	flags.IntVar(&o.repos, "repos", 24, "repositories")
	flags.StringVar(&o.control, "control", "", "do one negative control only: take a protection away (fence, replacement or held)")
	flags.StringVar(&o.history, "history", "", "kill only workers that collect the history of this git `directory`, and compare what was stored")
	proven := flags.Bool("controls", true, "do all negative controls before the run")
	flags.DurationVar(&o.patience, "patience", 3*time.Minute, "how long everything may take to end after the last fault")
	flags.BoolVar(&o.verbose, "v", false, "show what the processes say")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("what is %q? see -help", flags.Arg(0))
	}
	o.faults = map[kind]int{}
	for k, n := range kinds {
		o.faults[k] = *n
		if *n < 0 {
			o.faults[k] = *cycles
		}
	}
	if err := o.prepare(); err != nil {
		return err
	}
	runs := []options{o}
	switch {
	case o.control != "":
		runs = []options{o.without(o.control)}
	case *proven && o.history == "":
		runs = []options{o.without(controlFence), o.without(controlReplacement), o.without(controlHeld), o}
	}
	parts := newMainThread()
	var err error
	go func() {
		defer parts.close()
		for _, run := range runs {
			if err = wreak(ctx, run, parts, stdout, stderr); err != nil {
				return
			}
		}
	}()
	parts.serve()
	return err
}

// mainThread runs functions on the thread of main, one after the other.
type mainThread struct{ work chan func() }

func newMainThread() *mainThread { return &mainThread{work: make(chan func())} }

func (m *mainThread) serve() {
	for f := range m.work {
		f()
	}
}

func (m *mainThread) close() { close(m.work) }

// do runs f there and waits for it.
func (m *mainThread) do(f func() error) error {
	done := make(chan error, 1)
	m.work <- func() { done <- f() }
	return <-done
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"

	"augur/db"
	"augur/tasks"
	"augur/tasks/github/githubtest"
)

// childFlag makes the program a child of the benchmark, which reads its assignment from standard input and works until that ends.
const childFlag = "-child"

// assignment is what a child does: one of the two.
type assignment struct {
	// Forge is a fake GitHub in a process of its own, so that its work is not taken for the collector's.
	Forge *forgeSpec `json:"forge,omitempty"`
	// Work is a worker process, which can be killed.
	Work *workSpec `json:"work,omitempty"`
}

type (
	// forgeSpec describes a fake GitHub.
	forgeSpec struct {
		Repos, Part, Keys int
		Seed              uint64
	}
	// workSpec describes a worker process.
	workSpec struct {
		URL   string
		Place place
	}
)

// child is a process of the benchmark's own.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

// startChild starts the program again.
func startChild(ctx context.Context, a assignment) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	c := &child{cmd: exec.CommandContext(ctx, program, childFlag)}
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a child: %w", err)
	}
	if err := json.NewEncoder(c.stdin).Encode(a); err != nil {
		return nil, errors.Join(fmt.Errorf("tell a child what to do: %w", err), c.kill())
	}
	return c, nil
}

// kill ends the child at once, whatever it does.
func (c *child) kill() error {
	err := c.cmd.Process.Kill()
	_ = c.cmd.Wait() // it was killed
	return err
}

// runChild does what standard input says, until that ends.
func runChild(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	in := json.NewDecoder(stdin)
	var a assignment
	if err := in.Decode(&a); err != nil {
		return fmt.Errorf("read what to do: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, io.MultiReader(in.Buffered(), stdin)) // it ends with the parent
	}()
	if a.Forge != nil {
		return a.Forge.serve(ctx, stdout)
	}
	return a.Work.run(ctx)
}

// serve is a fake GitHub.
func (f forgeSpec) serve(ctx context.Context, stdout io.Writer) error {
	opts := []githubtest.Option{githubtest.Seed(f.Seed), githubtest.Keys(f.Keys)}
	at := place{}
	for n := range f.Repos {
		at.Repos = append(at.Repos, fmt.Sprintf("octo/model-%d", n))
		opts = append(opts, githubtest.With(at.Repos[n], shape(f.Part)))
	}
	forge, err := githubtest.Start("127.0.0.1:0", opts...) //nolint:contextcheck // it has a life of its own, which Close ends
	if err != nil {
		return fmt.Errorf("start the fake GitHub: %w", err)
	}
	defer forge.Close()
	at.API, at.GraphQL, at.Tokens, at.Now = forge.URL(), forge.GraphQLURL(), forge.Tokens(f.Keys), forge.Clock().Now()
	if err := json.NewEncoder(stdout).Encode(at); err != nil {
		return fmt.Errorf("tell where the fake GitHub is: %w", err)
	}
	<-ctx.Done()
	return nil
}

// run is a worker process.
func (w workSpec) run(ctx context.Context) error {
	pool, err := db.Connect(ctx, w.URL, db.Options{MaxConns: 20})
	if err != nil {
		return err
	}
	defer pool.Close()
	d := &database{pool: pool, at: w.Place, slots: slots, settings: w.Place.settings(), log: slog.New(slog.DiscardHandler)}
	queue, err := d.queue()
	if err != nil {
		return err
	}
	process, err := tasks.NewProcess(ctx, pool, d.catalog(), queue, d.settings, d.worker())
	if err != nil {
		return err
	}
	return process.Run(ctx)
}

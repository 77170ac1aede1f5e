package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// origin is a repository that the real tasks of git collect.
type origin struct {
	dir     string
	clones  string // the directory for clones, on the small disk
	commits int
}

// commitsAtFirst is how many commits it begins with, and how many are added at a time.
const (
	commitsAtFirst = 400
	commitsLater   = 5
)

func (o *origin) create(ctx context.Context) error {
	if _, err := o.git(ctx, nil, "init", "--quiet", "--bare", "--initial-branch=main", o.dir); err != nil {
		return err
	}
	return o.add(ctx, commitsAtFirst, 200)
}

// grow adds commits that take some room.
func (o *origin) grow(ctx context.Context) error { return o.add(ctx, commitsLater, 100<<10) }

// add adds commits, each with a file of random bytes, which nothing compresses.
func (o *origin) add(ctx context.Context, n, bytes int) error {
	var stream strings.Builder
	for i := range n {
		o.commits++
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter c <c@example.org> %d +0000\ndata 2\nc\n", 1_600_000_000+o.commits)
		if i == 0 && o.commits > 1 { // those after the first follow each other
			stream.WriteString("from refs/heads/main^0\n")
		}
		fmt.Fprintf(&stream, "M 100644 inline f%d\ndata %d\n%s\n\n", o.commits%50, bytes, noise(bytes))
	}
	_, err := o.git(ctx, []byte(stream.String()), "--git-dir="+o.dir, "fast-import", "--quiet")
	return err
}

func noise(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[rand.IntN(len(letters))] //nolint:gosec // it only has to be long
	}
	return string(text)
}

// forget removes all clones. It runs on the main thread, which alone sees them.
func (o *origin) forget() error {
	entries, err := os.ReadDir(o.clones)
	if err != nil {
		return err
	}
	var faults []error
	for _, e := range entries {
		faults = append(faults, os.RemoveAll(filepath.Join(o.clones, e.Name())))
	}
	return errors.Join(faults...)
}

// count is the number of commits, as git has them.
func (o *origin) count(ctx context.Context) (int, error) {
	out, err := o.git(ctx, nil, "--git-dir="+o.dir, "rev-list", "--count", "main")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(out))
}

func (o *origin) git(ctx context.Context, input []byte, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	cmd.Stdin = bytes.NewReader(input)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, problems.String())
	}
	return string(out), nil
}

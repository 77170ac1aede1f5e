package facade

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // git's checksum
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
)

// tidy packs a clone that has become slow to read: git decides.
func (r *Repository) tidy(ctx context.Context, lock *os.File) {
	if !r.scattered() {
		return
	}
	c := call{op: "pack " + r.dir, dir: r.dir, timeout: r.git.options.Timeouts.Local, lock: lock}
	if _, err := r.git.run(ctx, c, "-c", "gc.auto="+strconv.Itoa(looseObjects), "-c", "gc.autoPackLimit="+strconv.Itoa(manyPacks), "gc", "--auto", "--quiet"); err != nil {
		r.git.log.WarnContext(ctx, "clone not packed", slog.String("dir", r.dir), slog.Any("error", err))
	}
}

// From how many loose objects, and from how many packs on, git packs a clone. They are git's defaults.
const (
	looseObjects = 6700
	manyPacks    = 50
)

// scattered tells whether git may find something to pack. Like git, it looks at one of 256 directories to guess how many loose objects there are.
func (r *Repository) scattered() bool {
	objects := filepath.Join(r.dir, "objects")
	loose, _ := os.ReadDir(filepath.Join(objects, "17")) // none is no fault
	packs, err := filepath.Glob(filepath.Join(escapeGlob(objects), "pack", "*.pack"))
	return err != nil || 256*len(loose) >= looseObjects || len(packs) >= manyPacks
}

// writeCommitGraph makes walks fast. Of a history that has grown only what is new is written, in a file of its own; git joins the files as they become many. Without a graph everything works as well, so a fault
// is only told.
func (r *Repository) writeCommitGraph(ctx context.Context, lock *os.File) {
	c := call{op: "write the commit-graph of " + r.dir, dir: r.dir, env: r.env, timeout: r.git.options.Timeouts.Local, lock: lock}
	info := filepath.Join(r.dir, "objects", "info")
	write := []string{"commit-graph", "write", "--reachable"}
	there, err := r.wholeGraphs(info)
	if there {
		write = append(write, "--split")
	}
	if err == nil {
		_, err = r.git.run(ctx, c, write...)
	}
	if err != nil {
		r.git.log.WarnContext(ctx, "commit-graph is written anew", slog.String("dir", r.dir), slog.Any("error", err))
		// A damaged one is in the way.
		if err = errors.Join(os.RemoveAll(filepath.Join(info, "commit-graph")), os.RemoveAll(filepath.Join(info, "commit-graphs"))); err == nil {
			_, err = r.git.run(ctx, c, "commit-graph", "write", "--reachable")
		}
	}
	if err != nil {
		r.git.log.WarnContext(ctx, "commit-graph not written", slog.String("dir", r.dir), slog.Any("error", err))
	}
}

// wholeGraphs tells whether there is a commit-graph. What git adds to one that is damaged would be of no use: each file must have the checksum that it ends with.
func (r *Repository) wholeGraphs(info string) (there bool, err error) {
	files, err := filepath.Glob(filepath.Join(escapeGlob(info), "commit-graphs", "*.graph"))
	if err != nil {
		return false, err
	}
	for _, path := range append(files, filepath.Join(info, "commit-graph")) {
		err := r.checksum(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		there = true
	}
	return there, nil
}

var errChecksum = errors.New("it does not end with its checksum")

// checksum makes sure that a file of git ends with the checksum of what it holds.
func (r *Repository) checksum(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha1.New() //nolint:gosec // git's checksum
	if r.SHA256 {
		sum = sha256.New()
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < int64(sum.Size()) {
		return errChecksum
	}
	if _, err := io.CopyN(sum, f, info.Size()-int64(sum.Size())); err != nil {
		return err
	}
	end, err := io.ReadAll(f)
	if err == nil && !bytes.Equal(sum.Sum(nil), end) {
		err = errChecksum
	}
	return err
}

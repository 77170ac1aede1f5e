package facade

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"augur/facade/pack"
)

// History reads commits in the order of hashes. Memory does not grow with the history: what is ahead of the reader waits until it has caught up. It ends with the first fault, as its last
// pair, and then says nothing about the commits that are left; a clone that misses or garbles objects is ErrCorrupt. Leaving the loop early stops everything that was started for it.
func (r *Repository) History(ctx context.Context, hashes []string) iter.Seq2[*Commit, error] {
	return r.Read(hashes).Commits(ctx)
}

// Reading is one pass over commits.
//
// The files that each commit changed are found in its tree, or by one git process where there may be renames. The versions of a file are unpacked and compared in
// this process, the newest first, on all processors: see docs/facade.md. What this program does not know how to read, git reads: a single change, a window of
// commits, or all of them.
type Reading struct {
	repository *Repository
	hashes     []string
	effort     Effort
}

// Effort is what a Reading has done, and how.
type Effort struct {
	Commits, Rows int
	// Asked is how many changes of one file git had to decide: texts that it compares by rules of its own, or that are too large to be held here.
	Asked int
	// PatchCommits is how many of the commits were read from git's patches, because something in the clone could not be read here.
	PatchCommits int
}

// Read prepares to read commits in the order of hashes.
func (r *Repository) Read(hashes []string) *Reading { return &Reading{repository: r, hashes: hashes} }

// Effort is what was done until now. Ask for it when the loop over Commits has ended, or within it.
func (r *Reading) Effort() Effort { return r.effort }

// Commits reads the commits, as History does. It is to be called once.
func (r *Reading) Commits(ctx context.Context) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		if len(r.hashes) == 0 {
			return
		}
		store, err := r.repository.store()
		if err != nil {
			r.patches(ctx, r.hashes, err, yield)
			return
		}
		defer func() {
			if err := store.Close(); err != nil {
				r.repository.git.log.WarnContext(ctx, "objects of a clone not given back", slog.String("dir", r.repository.dir), slog.Any("error", err))
			}
		}()
		r.read(ctx, store, yield)
		if e := r.effort; e.Asked > 0 {
			r.repository.git.log.DebugContext(ctx, "git decided on changes", slog.String("dir", r.repository.dir), slog.Int("changes", e.Asked), slog.Int("rows", e.Rows))
		}
	}
}

var (
	errSHA256     = errors.New("object names are SHA-256")
	errAttributes = errors.New("info/attributes may change how files are compared")
)

// store opens the objects of a clone, if all of them can be read here as git reads them.
func (r *Repository) store() (*pack.Store, error) {
	if r.SHA256 {
		return nil, errSHA256
	}
	switch info, err := os.Stat(filepath.Join(r.dir, "info", "attributes")); {
	case err == nil && info.Size() > 0:
		return nil, errAttributes
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, err
	}
	return pack.Open(filepath.Join(r.dir, "objects"))
}

// patches reads commits from git's patches instead, and says why.
func (r *Reading) patches(ctx context.Context, hashes []string, reason error, yield func(*Commit, error) bool) bool {
	log := r.repository.git.log
	log.WarnContext(ctx, "history is read from git's patches", slog.String("dir", r.repository.dir), slog.Int("commits", len(hashes)), slog.Any("error", reason))
	for c, err := range r.repository.PatchHistory(ctx, hashes) {
		if err == nil {
			r.effort.PatchCommits++
			r.count(c)
		}
		if !yield(c, err) || err != nil {
			return false
		}
	}
	return true
}

func (r *Reading) count(c *Commit) {
	r.effort.Commits++
	r.effort.Rows += len(c.Files)
}

// read reads windows of commits: one is listed, one is counted, and one is handed out, at the same time.
func (r *Reading) read(ctx context.Context, store *pack.Store, yield func(*Commit, error) bool) {
	ctx, cancel := context.WithCancel(ctx)
	l := newLister(r.repository, store, r.hashes)
	var group errgroup.Group
	defer func() {
		cancel()
		_ = group.Wait() // its faults are those of windows
	}()
	group.Go(func() error { return l.run(ctx) })
	group.Go(func() error { return l.deal(ctx) })
	for range r.repository.git.options.Parallel {
		group.Go(func() error {
			for s := range l.shards {
				r.repository.count(ctx, store, s)
			}
			return nil
		})
	}
	commits := newCommitReader(store)
	for w := range l.windows {
		select {
		case <-w.counted:
		case <-ctx.Done():
		}
		if !r.handOut(ctx, w, commits, yield) {
			return
		}
	}
	if ctx.Err() != nil {
		yield(nil, r.ended(ctx))
	}
}

// ended says that nobody waits for the history any more.
func (r *Reading) ended(ctx context.Context) error {
	return fmt.Errorf("read the history of %s: %w", r.repository.dir, context.Cause(ctx))
}

// handOut gives the commits of a window to the caller. It returns whether there may be more.
func (r *Reading) handOut(ctx context.Context, w *window, commits *commitReader, yield func(*Commit, error) bool) bool {
	if ctx.Err() != nil {
		yield(nil, r.ended(ctx))
		return false
	}
	if err := w.fault(); err != nil {
		return r.instead(ctx, w.hashes, err, yield)
	}
	r.effort.Asked += int(w.asked.Load())
	w.rows = nil
	for i, hash := range w.hashes {
		if ctx.Err() != nil {
			yield(nil, r.ended(ctx))
			return false
		}
		c, err := commits.read(hash)
		if err != nil {
			return r.instead(ctx, w.hashes[i:], err, yield)
		}
		w.files[i].complete(c, r.repository.boundary[hash])
		w.files[i] = changes{}
		r.count(c)
		if !yield(c, nil) {
			return false
		}
	}
	return true
}

// instead decides what becomes of commits that could not be read: git reads them, unless it was git that hung, or nobody waits for them any more.
func (r *Reading) instead(ctx context.Context, hashes []string, err error, yield func(*Commit, error) bool) bool {
	if ctx.Err() != nil || errors.Is(err, ErrTimeout) {
		yield(nil, err)
		return false
	}
	return r.patches(ctx, hashes, err, yield)
}

// commitReader reads commit objects.
type commitReader struct {
	objects *pack.Reader
}

const (
	commitBudget = 1 << 20
	// largestCommit is far beyond any message that was written by a person; git reads what is larger.
	largestCommit = 16 << 20
)

func newCommitReader(store *pack.Store) *commitReader {
	c := &commitReader{objects: pack.NewReader(commitBudget, largestCommit)}
	c.objects.Use(store)
	return c
}

func (c *commitReader) read(hash string) (commit *Commit, err error) {
	err = guarded(func() error {
		name, ok := pack.ParseHash([]byte(hash))
		if !ok {
			return fmt.Errorf("%q is no commit", hash)
		}
		object, err := c.objects.Object(name)
		if err != nil {
			return err
		}
		defer c.objects.GiveBack(object)
		if object.Kind != pack.Commit {
			return fmt.Errorf("%s is no commit", hash)
		}
		commit = parseCommit(hash, object.Data)
		return nil
	})
	return commit, err
}

// changes are the rows of one commit that is not complete.
type changes struct {
	files   []FileChange
	repairs int // paths
}

// complete gives a commit its rows.
func (f changes) complete(c *Commit, boundary bool) {
	switch {
	case len(c.Parents) > 1 && !boundary:
		c.Files = []FileChange{{Path: MergeCommit}}
	case len(f.files) == 0:
		c.Files = []FileChange{{}}
	default:
		c.Files = f.files
	}
	c.Repairs.Paths += f.repairs
}

package facade

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"augur/facade/pack"
)

const (
	// windowRows and windowCommits bound a window, whichever comes first. In a smaller one, a version of a file is more often unpacked again from those that follow it in other windows.
	windowRows    = 32 << 10
	windowCommits = 32 << 10
	// windowsAhead is how many windows may wait for the reader; one more is being counted, and one listed.
	windowsAhead = 1
	// shardRows is how many rows a worker is given at once, unless one path has more.
	shardRows = 256
)

// window is a part of a history whose rows are counted together.
type window struct {
	hashes []string
	files  []changes
	rows   []row
	paths  map[string]*path
	chains []chain // of paths that are no longer in the map

	asked   atomic.Int64 // changes that git decided
	pending atomic.Int64 // shards that are not counted
	failed  atomic.Pointer[error]
	counted chan struct{}
}

// row is a change of one file, and what has to be compared for it.
type row struct {
	commit, file int32 // its place in files
	older        int32 // the row before this one with the same path, -1: none
	split        bool  // git shows the old version deleted and the new one created
	old, new     version
}

// whole tells whether all lines of both versions count, because there is only one or git shows them as two files.
func (r *row) whole() bool { return r.split || r.old.form != r.new.form }

// version is one side of a change.
type version struct {
	form form
	hash pack.Hash
}

// form is what stands at a path.
type form byte

const (
	nothing   form = iota
	content        // a file or a symbolic link
	submodule      // a commit of another repository
)

// path is a name with its rows in a window.
type path struct {
	name     string
	repaired bool
	chain    chain
}

// chain is a list of rows with the same path, by the newest and how many they are.
type chain struct {
	newest, rows int32
}

// shard is what a worker is given at once: paths by their newest rows.
type shard struct {
	window *window
	newest []int32
}

func newWindow() *window { return &window{paths: map[string]*path{}, counted: make(chan struct{})} }

// fail notes the first fault.
func (w *window) fail(err error) { w.failed.CompareAndSwap(nil, &err) }

// fault is what hindered the counting.
func (w *window) fault() error {
	if err := w.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// finish says that a shard is counted.
func (w *window) finish() {
	if w.pending.Add(-1) == 0 {
		close(w.counted)
	}
}

// shards deals the rows out, the paths with the most rows first.
func (w *window) shards() []shard {
	w.cutChains()
	chains := w.chains
	w.paths, w.chains = nil, nil
	slices.SortFunc(chains, func(a, b chain) int {
		return cmp.Or(cmp.Compare(b.rows/shardRows, a.rows/shardRows), cmp.Compare(b.newest, a.newest))
	})
	var all []shard
	room := 0
	for _, c := range chains {
		if room <= 0 {
			all = append(all, shard{window: w})
			room = shardRows
		}
		last := &all[len(all)-1]
		last.newest = append(last.newest, c.newest)
		room -= int(c.rows)
	}
	return all
}

// cutChains ends the chains of all paths. What follows in the same path is a chain of its own.
func (w *window) cutChains() {
	for _, p := range w.paths {
		w.chains = append(w.chains, p.chain)
	}
	clear(w.paths)
}

// lister lists what commits did to which files.
type lister struct {
	repository *Repository
	hashes     []string
	trees      *treeComparer
	git        *stream // lists what trees does not, nil: not started
	answers    *patchReader
	asked      int          // how many commits the process was asked about
	listed     chan *window // to be dealt out, while the next one is listed
	windows    chan *window // in the order of commits; a window is there before it is counted
	shards     chan shard
}

func newLister(r *Repository, store *pack.Store, hashes []string) *lister {
	return &lister{
		repository: r, hashes: hashes, trees: newTreeComparer(store),
		listed: make(chan *window), windows: make(chan *window, windowsAhead), shards: make(chan shard),
	}
}

// listArgs are the arguments of the git process that names the changed files. They are those of the patches, without the patches.
var listArgs = slices.Concat([]string{"diff-tree", "--stdin", "--raw"}, treeArgs)

// run lists all windows. A fault is that of the last window, which stands for all commits that are left.
func (l *lister) run(ctx context.Context) (err error) {
	defer close(l.listed)
	defer func() { err = errors.Join(err, l.finish(nil)) }()
	w := newWindow()
	for i, hash := range l.hashes {
		if err := l.list(ctx, w, hash); err != nil {
			w.hashes = l.hashes[i-len(w.hashes):]
			w.fail(err)
			return l.send(ctx, w)
		}
		if len(w.rows) < windowRows && len(w.hashes) < windowCommits && i < len(l.hashes)-1 {
			continue
		}
		if err := l.send(ctx, w); err != nil {
			return err
		}
		w = newWindow()
	}
	return nil
}

// send hands a window on.
func (l *lister) send(ctx context.Context, w *window) error {
	select {
	case l.listed <- w:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// list lists a commit: here, or else by git.
func (l *lister) list(ctx context.Context, w *window, hash string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !l.repository.boundary[hash] {
		changes, err := l.trees.commit(hash)
		if err == nil {
			w.add(hash, changes)
			return nil
		}
		if errors.Is(err, errPanic) {
			return err
		}
	}
	if l.asked == recycled {
		if err := l.finish(nil); err != nil {
			return err
		}
	}
	if l.git == nil {
		git, dir := l.repository.git, l.repository.dir
		process, err := git.stream(ctx, call{op: "list changes of " + dir, dir: dir, env: l.repository.env}, listArgs...)
		if err != nil {
			return err
		}
		l.git, l.answers, l.asked = process, newPatchReader(process.out), 0
	}
	l.asked++
	// The line behind it makes git write what it has. To a process that has died nothing can be written: its output has ended, too, which finish explains.
	_, _ = io.WriteString(l.git.in, hash+"\n"+endOfBlock)
	err := w.list(l.answers, hash)
	if err == nil {
		err = l.answers.end()
	}
	if err != nil {
		return l.finish(err)
	}
	return nil
}

// finish ends the process, if there is one, and explains err.
func (l *lister) finish(err error) error {
	if l.git == nil {
		return err
	}
	process := l.git
	l.git, l.asked = nil, 0
	return process.finish(err)
}

// deal gives windows to the reader and their shards to the workers, in a goroutine of its own, so that a window is listed while the one before it is counted.
func (l *lister) deal(ctx context.Context) error {
	defer close(l.windows)
	defer close(l.shards)
	for w := range l.listed {
		var shards []shard
		if w.fault() == nil {
			shards = w.shards()
		}
		w.pending.Store(int64(len(shards)) + 1)
		select {
		case l.windows <- w:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		for _, s := range shards {
			select {
			case l.shards <- s:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		w.finish()
	}
	return nil
}

// list reads the records of a commit.
func (w *window) list(p *patchReader, hash string) error {
	if err := p.expect(hash + "\x00"); err != nil {
		return err
	}
	commit := len(w.hashes)
	var c changes
	for {
		next, err := p.br.Peek(1)
		if err != nil {
			return unexpected(err)
		}
		if next[0] != ':' {
			break
		}
		if err := w.record(p, commit, &c); err != nil {
			return fmt.Errorf("commit %s: %w", hash, err)
		}
	}
	w.hashes = append(w.hashes, hash)
	w.files = append(w.files, c)
	return nil
}

var errRecord = errors.New("raw record of another kind")

// record reads ":100644 100644 hash other-hash M", NUL, path, NUL; and the second path of a rename.
func (w *window) record(p *patchReader, commit int, c *changes) error {
	head, err := p.field()
	if err != nil {
		return err
	}
	// ":", two modes, two hashes and a letter, with spaces between them.
	const modes, hashes, status = 1, 15, 97
	if len(head) <= status || head[7] != ' ' || head[14] != ' ' || head[55] != ' ' || head[96] != ' ' {
		return fmt.Errorf("%w: %q", errRecord, head)
	}
	oldHash, ok1 := pack.ParseHash(head[hashes : hashes+40])
	newHash, ok2 := pack.ParseHash(head[hashes+41 : hashes+81])
	oldForm, ok3 := formOf(head[modes : modes+6])
	newForm, ok4 := formOf(head[modes+7 : modes+13])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return fmt.Errorf("%w: %q", errRecord, head)
	}
	letter := head[status]
	r := row{old: version{oldForm, oldHash}, new: version{newForm, newHash}}
	r.split = oldForm != nothing && newForm != nothing && !bytes.Equal(head[modes:modes+3], head[modes+7:modes+10])
	name, err := p.field()
	if err == nil && (letter == 'R' || letter == 'C') {
		name, err = p.field()
	}
	if err != nil {
		return err
	}
	w.row(commit, c, r, name)
	return nil
}

// add takes the changes of a commit.
func (w *window) add(hash string, all []treeChange) {
	commit := len(w.hashes)
	var c changes
	if len(all) > 0 {
		c.files = make([]FileChange, 0, len(all))
	}
	for i := range all {
		w.row(commit, &c, all[i].row, all[i].name)
	}
	w.hashes = append(w.hashes, hash)
	w.files = append(w.files, c)
}

// row adds a change of a commit.
func (w *window) row(commit int, c *changes, r row, name []byte) {
	at := w.path(name)
	r.commit, r.file, r.older = int32(commit), int32(len(c.files)), at.chain.newest //nolint:gosec // fewer than rows
	at.chain.newest = int32(len(w.rows))                                            //nolint:gosec // fewer than 2^31
	at.chain.rows++
	w.rows = append(w.rows, r)
	file := FileChange{Path: at.name}
	if r.new.form == nothing {
		file.Path = DeletedPrefix + at.name
	}
	if at.repaired {
		c.repairs++
	}
	c.files = append(c.files, file)
}

func (w *window) path(name []byte) *path {
	if p := w.paths[string(name)]; p != nil {
		return p
	}
	if len(w.paths) == windowRows {
		w.cutChains() // a commit of so many files: their names need not all be found again
	}
	var r Repairs
	p := &path{name: r.path(name), repaired: r.Paths > 0, chain: chain{newest: -1}}
	w.paths[string(name)] = p
	return p
}

// formOf a mode in octal digits.
func formOf(mode []byte) (form, bool) {
	switch string(mode[:3]) {
	case "000":
		return nothing, true
	case "100", "120":
		return content, true
	case "160":
		return submodule, true
	}
	return nothing, false
}

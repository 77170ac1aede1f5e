package facade

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	// blockSize is how many neighbouring commits one process gets: fewer, and the processes unpack the same deltas twice; more, and they wait for each other.
	blockSize = 256
	// feedSize is how many hashes are written at once: even long ones, with a command each, fit into the smallest pipe that Linux gives, 4 KiB, so that a write to one process never waits for
	// the other one to be read.
	feedSize = 32
	// recycled is how many commits a process sees before another takes its place: git keeps every commit that it has read.
	recycled = 64 * blockSize
)

// PatchHistory reads what History reads, from the patches that git makes, with Options.Parallel pairs of git processes, each on blocks of neighbours: slower, and right by definition. Memory does
// not grow with the history: a process that is ahead waits until the reader has caught up. It ends like History.
func (r *Repository) PatchHistory(ctx context.Context, hashes []string) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		if len(hashes) == 0 {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		blocks := (len(hashes) + blockSize - 1) / blockSize
		workers := min(r.git.options.Parallel, blocks)
		q := newQueue(blocks, workers)
		stop := context.AfterFunc(ctx, func() { q.fail(context.Cause(ctx)) })
		var group errgroup.Group
		defer func() {
			cancel()
			stop()
			q.fail(context.Canceled)
			_ = group.Wait() // the first fault is in the queue
		}()
		h := &patchHistory{repository: r, hashes: hashes, queue: q}
		for range workers {
			group.Go(func() error { return h.work(ctx) })
		}
		for {
			c, err := q.next()
			if c == nil && err == nil {
				return
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

// patchHistory is one reading of commits from patches.
type patchHistory struct {
	repository *Repository
	hashes     []string
	queue      *queue
}

// portion is what a pair of processes is asked at once.
type portion struct {
	block  int
	hashes []string // in the order in which git is asked
}

// take gives the next block, newest commit first: packs hold new versions whole and old ones as differences to them, so that git unpacks each only once that way.
func (h *patchHistory) take() (portion, bool) {
	i, ok := h.queue.take()
	if !ok {
		return portion{}, false
	}
	block := slices.Clone(h.hashes[i*blockSize : min(len(h.hashes), (i+1)*blockSize)])
	slices.Reverse(block)
	return portion{block: i, hashes: block}, true
}

// work reads blocks until none is left, with a new pair of processes every recycled commits.
func (h *patchHistory) work(ctx context.Context) error {
	for {
		first, ok := h.take()
		if !ok {
			return nil
		}
		err := h.repository.readPair(ctx, first, h.take, h.queue.fail, func(p *pair, block portion) (objectFault, patchFault error) {
			return h.read(ctx, p, block)
		})
		if err != nil {
			return err
		}
	}
}

// read turns a block round again. The commits that do not fit into memory at once, the older ones, are read a second time, one by one in their order.
func (h *patchHistory) read(ctx context.Context, p *pair, block portion) (objectFault, patchFault error) {
	kept := make([]*Commit, 0, len(block.hashes))
	held := 0
	objectFault, patchFault = p.read(block.hashes, func(c *Commit) error {
		if held += weight(c); held <= queueWeight || len(kept) == 0 {
			kept = append(kept, c)
		}
		return nil
	})
	if objectFault != nil || patchFault != nil {
		return objectFault, patchFault
	}
	put := func(c *Commit) error { return h.queue.put(block.block, c) }
	if older := block.hashes[len(kept):]; len(older) > 0 {
		slices.Reverse(older)
		err := h.repository.readPair(ctx, portion{hashes: older}, func() (portion, bool) { return portion{}, false }, h.queue.fail,
			func(p *pair, older portion) (objectFault, patchFault error) { return p.read(older.hashes, put) })
		if err != nil {
			return err, nil
		}
	}
	for _, c := range slices.Backward(kept) {
		if err := put(c); err != nil {
			return err, nil
		}
	}
	h.queue.finish(block.block)
	return nil, nil
}

// readPair starts two processes, asks them for the commits of first and of what take gives after it, and lets read have the answers. It tells fail of a fault, before it waits for take.
func (r *Repository) readPair(ctx context.Context, first portion, take func() (portion, bool), fail func(error), read func(*pair, portion) (objectFault, patchFault error)) error {
	objects, err := r.git.stream(ctx, call{op: "read commits of " + r.dir, dir: r.dir, env: r.env}, r.git.batch...)
	if err != nil {
		fail(err)
		return err
	}
	patches, err := r.git.stream(ctx, call{op: "read patches of " + r.dir, dir: r.dir, env: r.env}, patchArgs...)
	if err != nil {
		fail(err)
		return errors.Join(err, objects.finish(context.Canceled))
	}
	fed := make(chan portion, 1)
	done := make(chan struct{})
	var feeder errgroup.Group
	feeder.Go(func() error {
		defer close(fed)
		defer objects.in.Close()
		defer patches.in.Close()
		for next, seen, ok := first, 0, true; ok; {
			select {
			case fed <- next:
			case <-done:
				return nil
			}
			if err := r.git.feed(next.hashes, objects.in, patches.in); err != nil {
				return err
			}
			if seen += len(next.hashes); seen >= recycled {
				return nil
			}
			next, ok = take()
		}
		return nil
	})
	pair := &pair{boundary: r.boundary, objects: bufio.NewReaderSize(objects.out, 64<<10), patches: newPatchReader(patches.out)}
	var objectFault, patchFault error
	for next := range fed {
		if objectFault, patchFault = read(pair, next); objectFault != nil || patchFault != nil {
			break
		}
	}
	close(done)
	if objectFault != nil {
		patches.cancel(context.Canceled)
	}
	if patchFault != nil {
		objects.cancel(context.Canceled)
	}
	objectErr, patchErr := objects.finish(objectFault), patches.finish(patchFault)
	switch {
	case objectFault != nil:
		err = objectErr
	case patchFault != nil:
		err = patchErr
	default:
		err = errors.Join(objectErr, patchErr)
	}
	if err != nil {
		fail(err)
		_ = feeder.Wait() // it could not write to a process that has ended
		return err
	}
	if err := feeder.Wait(); err != nil {
		fail(err)
		return err
	}
	return nil
}

// feed asks both processes for the commits.
func (g *Git) feed(block []string, objects, patches io.Writer) error {
	var commands, list bytes.Buffer
	for some := range slices.Chunk(block, feedSize) {
		commands.Reset()
		list.Reset()
		for _, h := range some {
			commands.WriteString(g.ask + h + "\n")
			list.WriteString(h + "\n")
		}
		commands.WriteString(g.flush)
		if _, err := objects.Write(commands.Bytes()); err != nil {
			return fmt.Errorf("ask for commits: %w", err)
		}
		if _, err := patches.Write(list.Bytes()); err != nil {
			return fmt.Errorf("ask for patches: %w", err)
		}
	}
	if _, err := io.WriteString(patches, endOfBlock); err != nil {
		return fmt.Errorf("ask for patches: %w", err)
	}
	return nil
}

// pair reads the answers of the two processes of one worker.
type pair struct {
	objects *bufio.Reader
	patches *patchReader
	raw     []byte
	// boundary are the commits whose parents the clone lacks: git shows them as roots.
	boundary map[string]bool
}

// read hands the commits of a block to emit. Which process failed decides whose last words explain it.
func (p *pair) read(block []string, emit func(*Commit) error) (objectFault, patchFault error) {
	for _, hash := range block {
		raw, err := p.object(hash)
		if err != nil {
			return err, nil
		}
		c := parseCommit(hash, raw)
		parents := len(c.Parents)
		if p.boundary[hash] {
			parents = 0
		}
		if c.Files, err = p.patches.changes(hash, parents, &c.Repairs); err != nil {
			return nil, err
		}
		if err := emit(c); err != nil {
			return err, nil
		}
	}
	return nil, p.patches.end()
}

// object reads "hash commit size", the object, and a newline. The object is valid until the next one is read.
func (p *pair) object(hash string) ([]byte, error) {
	line, err := p.objects.ReadSlice('\n')
	if err != nil {
		return nil, unexpected(err)
	}
	f := bytes.Fields(line)
	if len(f) != 3 || string(f[0]) != hash || string(f[1]) != "commit" {
		return nil, fmt.Errorf("%w: commit %s: git cat-file says %q", ErrCorrupt, hash, bytes.TrimSpace(line))
	}
	size, err := strconv.ParseInt(string(f[2]), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("commit %s: size %q", hash, f[2])
	}
	if size+1 > int64(cap(p.raw)) || cap(p.raw) > keptSpill {
		p.raw = make([]byte, max(size+1, 4<<10))
	}
	p.raw = p.raw[:size+1]
	if _, err := io.ReadFull(p.objects, p.raw); err != nil {
		return nil, unexpected(err)
	}
	return p.raw[:size], nil
}

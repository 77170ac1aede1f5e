package facade

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"golang.org/x/sync/errgroup"
)

const (
	// blockSize is how many neighbouring commits one process gets: fewer, and the processes unpack the same deltas twice; more, and they wait for each other.
	blockSize = 256
	// feedSize is how many hashes are written at once: they fit into the smallest pipe that Linux gives, 4 KiB, so that a write to one process never waits for
	// the other one to be read.
	feedSize = 32
	// recycled is how many commits a process sees before another takes its place: git keeps every commit that it has read.
	recycled = 64 * blockSize
)

// History reads commits in the order of hashes, with Options.Parallel pairs of git processes, each on blocks of neighbours. Memory does not grow with the history: a process that is ahead waits
// until the reader has caught up. It ends with the first fault, as its last pair, and then says nothing about the commits that are left; a clone that misses or garbles objects is ErrCorrupt.
// Leaving the loop early stops the processes.
func (r *Repository) History(ctx context.Context, hashes []string) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		if len(hashes) == 0 {
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		q := newQueue((len(hashes) + blockSize - 1) / blockSize)
		stop := context.AfterFunc(ctx, func() { q.fail(context.Cause(ctx)) })
		var workers errgroup.Group
		defer func() {
			cancel()
			stop()
			q.fail(context.Canceled)
			_ = workers.Wait() // the first fault is in the queue
		}()
		for range min(r.git.options.Parallel, q.blocks) {
			workers.Go(func() error {
				err := r.work(ctx, hashes, q)
				if err != nil {
					q.fail(err)
				}
				return err
			})
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

// work reads blocks until none is left, with a new pair of processes every recycled commits.
func (r *Repository) work(ctx context.Context, hashes []string, q *queue) error {
	for {
		i, ok := q.take()
		if !ok {
			return nil
		}
		if err := r.readBlocks(ctx, hashes, q, i); err != nil {
			return err
		}
	}
}

// readBlocks reads block i and what it can take after it.
func (r *Repository) readBlocks(ctx context.Context, hashes []string, q *queue, i int) error {
	objects, err := r.git.stream(ctx, call{op: "read commits of " + r.dir, dir: r.dir, env: r.env}, "cat-file", "--batch")
	if err != nil {
		return err
	}
	patches, err := r.git.stream(ctx, call{op: "read patches of " + r.dir, dir: r.dir, env: r.env}, patchArgs...)
	if err != nil {
		return errors.Join(err, objects.finish(context.Canceled))
	}
	fed := make(chan int, 1)
	done := make(chan struct{})
	var feeder errgroup.Group
	feeder.Go(func() error {
		defer close(fed)
		defer objects.in.Close()
		defer patches.in.Close()
		for seen, ok := 0, true; ok; {
			select {
			case fed <- i:
			case <-done:
				return nil
			}
			block := blockOf(hashes, i)
			if err := feed(block, objects.in, patches.in); err != nil {
				return err
			}
			if seen += len(block); seen >= recycled {
				return nil
			}
			i, ok = q.take()
		}
		return nil
	})
	pair := &pair{boundary: r.boundary, objects: bufio.NewReaderSize(objects.out, 64<<10), patches: newPatchReader(patches.out)}
	var objectFault, patchFault error
	for i := range fed {
		if objectFault, patchFault = pair.read(blockOf(hashes, i), func(c *Commit) error { return q.put(i, c) }); objectFault != nil || patchFault != nil {
			break
		}
		q.finish(i)
	}
	close(done)
	if objectFault != nil {
		patches.cancel(context.Canceled)
	}
	if patchFault != nil {
		objects.cancel(context.Canceled)
	}
	objectErr, patchErr := objects.finish(objectFault), patches.finish(patchFault)
	fedErr := feeder.Wait()
	switch {
	case objectFault != nil:
		return objectErr
	case patchFault != nil:
		return patchErr
	}
	return errors.Join(objectErr, patchErr, fedErr)
}

func blockOf(hashes []string, i int) []string {
	return hashes[i*blockSize : min(len(hashes), (i+1)*blockSize)]
}

// feed asks both processes for the commits.
func feed(block []string, objects, patches io.Writer) error {
	var b bytes.Buffer
	for i := 0; i < len(block); i += feedSize {
		b.Reset()
		for _, h := range block[i:min(len(block), i+feedSize)] {
			b.WriteString(h)
			b.WriteByte('\n')
		}
		if _, err := objects.Write(b.Bytes()); err != nil {
			return fmt.Errorf("ask for commits: %w", err)
		}
		if _, err := patches.Write(b.Bytes()); err != nil {
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

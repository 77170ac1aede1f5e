package facade

import "sync"

const (
	// queueWeight bounds what waits for the reader, per block, in rows and KiB of text.
	queueWeight = 1 << 16
	// queueBlocks is how many blocks a worker may be ahead of the reader.
	queueBlocks = 3
)

// queue brings the commits of several workers into one order. Blocks are taken in their order, so the block that the reader waits for is always in work.
type queue struct {
	blocks int // all there are
	ahead  int // how many may be under way

	mu    sync.Mutex
	cond  sync.Cond
	taken int // blocks that workers have
	head  int // the block that is read
	ready map[int]*ready
	err   error
}

// ready is what is known of a block.
type ready struct {
	commits []*Commit
	weight  int
	done    bool
}

func newQueue(blocks, workers int) *queue {
	q := &queue{blocks: blocks, ahead: queueBlocks * workers, ready: map[int]*ready{}}
	q.cond.L = &q.mu
	return q
}

// take gives the next block to a worker, when the reader is near enough.
func (q *queue) take() (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.err == nil && q.taken < q.blocks && q.taken >= q.head+q.ahead {
		q.cond.Wait()
	}
	if q.taken == q.blocks || q.err != nil {
		return 0, false
	}
	q.taken++
	return q.taken - 1, true
}

// put hands over the next commit of a block, and waits while too much of this block waits for the reader.
func (q *queue) put(block int, c *Commit) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := q.block(block)
	for q.err == nil && b.weight > queueWeight {
		q.cond.Wait()
	}
	if q.err != nil {
		return q.err
	}
	b.commits = append(b.commits, c)
	b.weight += weight(c)
	if block == q.head && len(b.commits) == 1 {
		q.cond.Broadcast()
	}
	return nil
}

// finish says that a block has all its commits.
func (q *queue) finish(block int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.block(block).done = true
	q.cond.Broadcast()
}

// fail ends everything; the first fault counts.
func (q *queue) fail(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.err == nil {
		q.err = err
		q.cond.Broadcast()
	}
}

// next returns the next commit; nil and no error is the end.
func (q *queue) next() (*Commit, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.head < q.blocks {
		b := q.block(q.head)
		switch {
		case len(b.commits) > 0:
			c := b.commits[0]
			b.commits[0] = nil
			b.commits = b.commits[1:]
			full := b.weight > queueWeight
			b.weight -= weight(c)
			if full && b.weight <= queueWeight {
				q.cond.Broadcast()
			}
			return c, nil
		case b.done:
			delete(q.ready, q.head)
			q.head++
			q.cond.Broadcast()
		case q.err != nil:
			return nil, q.err
		default:
			q.cond.Wait()
		}
	}
	return nil, nil
}

func (q *queue) block(i int) *ready {
	b := q.ready[i]
	if b == nil {
		b = &ready{}
		q.ready[i] = b
	}
	return b
}

// weight of a commit: its rows, and its message by the KiB.
func weight(c *Commit) int { return len(c.Files) + len(c.Message)>>10 + 1 }

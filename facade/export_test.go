package facade

import (
	"bytes"
	"io"
)

// What the tests of foreign bytes reach without a process.

// ParseCommit is parseCommit.
var ParseCommit = parseCommit

// PatchArgs are the arguments of the git whose output ReadPatch reads.
func PatchArgs() []string { return patchArgs }

// EndOfBlock is the line after the last commit.
const EndOfBlock = endOfBlock

// ReadPatch reads the answers to the hashes and the end of the block.
func ReadPatch(output []byte, hashes []string) ([][]FileChange, error) {
	p := newPatchReader(bytes.NewReader(output))
	var all [][]FileChange
	for _, h := range hashes {
		var r Repairs
		files, err := p.changes(h, 1, &r)
		if err != nil {
			return all, err
		}
		all = append(all, files)
	}
	if err := p.end(); err != nil {
		return all, err
	}
	if _, err := p.br.ReadByte(); err != io.EOF {
		return all, io.ErrNoProgress
	}
	return all, nil
}

// CountLines counts lines that start with "+" or "-".
func CountLines(lines [][]byte) FileChange {
	c := newCounter()
	for _, l := range lines {
		if l[0] == '+' {
			c.add(l[1:])
		} else {
			c.remove(l[1:])
		}
	}
	return c.change
}

// Queue brings blocks into order.
type Queue struct{ q *queue }

// QueueWeight is how much of a block may wait.
const QueueWeight = queueWeight

// QueueBlocks is how many blocks a worker may be ahead.
const QueueBlocks = queueBlocks

// NewQueue makes a queue of so many blocks.
func NewQueue(blocks, workers int) Queue { return Queue{newQueue(blocks, workers)} }

// Take, Put, Finish, Fail and Next are those of the queue.
func (q Queue) Take() (int, bool)              { return q.q.take() }
func (q Queue) Put(block int, c *Commit) error { return q.q.put(block, c) }
func (q Queue) Finish(block int)               { q.q.finish(block) }
func (q Queue) Fail(err error)                 { q.q.fail(err) }
func (q Queue) Next() (*Commit, error)         { return q.q.next() }

// ListArgs are the arguments of the git whose output ReadRecords reads.
func ListArgs() []string { return listArgs }

// ReadRecords reads the answers to the hashes and the end, and returns how many rows they are.
func ReadRecords(output []byte, hashes []string) (rows int, err error) {
	w := newWindow()
	p := newPatchReader(bytes.NewReader(output))
	for _, h := range hashes {
		if err := w.list(p, h); err != nil {
			return 0, err
		}
	}
	for _, s := range w.shards() {
		for _, i := range s.newest {
			for ; i >= 0; i = w.rows[i].older {
				rows++
			}
		}
	}
	return rows, p.end()
}

// SameEntries is sameEntries.
var SameEntries = sameEntries

// NextEntry is nextEntry in parts.
func NextEntry(tree []byte) (mode uint32, name, rest []byte, ok bool) {
	e, rest, ok := nextEntry(tree)
	return e.mode, e.name, rest, ok
}

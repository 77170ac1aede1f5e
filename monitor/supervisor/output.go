package supervisor

import (
	"bytes"
	"io"
	"sync"
)

// maxLine is the longest line of a worker that is kept together.
const maxLine = 64 << 10

// lines passes on what a worker prints, whole lines only, each with the worker's name before it.
type lines struct {
	prefix string
	mu     *sync.Mutex // of out, shared by all workers
	out    io.Writer
	buf    []byte
}

// Write keeps the beginning of a line until its end comes. It never fails: a terminal that has gone away must not stop a worker.
func (l *lines) Write(p []byte) (int, error) {
	l.buf = append(l.buf, p...)
	for {
		end := bytes.IndexByte(l.buf, '\n') + 1
		if end == 0 && len(l.buf) > maxLine {
			end = maxLine
		}
		if end == 0 {
			return len(p), nil
		}
		l.pass(l.buf[:end])
		l.buf = l.buf[end:]
	}
}

// flush passes on a last line without an end.
func (l *lines) flush() {
	if len(l.buf) > 0 {
		l.pass(l.buf)
		l.buf = nil
	}
}

func (l *lines) pass(line []byte) {
	text := make([]byte, 0, len(l.prefix)+len(line)+1)
	text = append(append(text, l.prefix...), bytes.TrimSuffix(line, []byte("\n"))...)
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.out.Write(append(text, '\n'))
}

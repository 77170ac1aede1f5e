package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync"
)

// logFile is a file that is put aside when it gets large: NAME.1 is the newest old one, NAME.keep the oldest. It has one writer, and is safe
// for concurrent use. A file that could not be put aside grows on, and is tried again after as much more.
type logFile struct {
	path string
	max  int64 // bytes; larger, it is put aside
	keep int   // old files

	mu   sync.Mutex
	file *os.File
	size int64
	next int64 // size at which it is put aside
}

func openLogFile(path string, maxBytes int64, keep int) (*logFile, error) {
	l := &logFile{path: path, max: maxBytes, keep: keep}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *logFile) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("open the log: %w", err), file.Close())
	}
	l.file, l.size, l.next = file, info.Size(), l.max
	return nil
}

// Write writes whole lines: a line is never cut in two files.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(p)) > l.next {
		l.rotate()
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	return n, err
}

// rotate goes on with a new file, or, if there can be none, with the old one.
func (l *logFile) rotate() {
	old := l.file
	err := l.putAside()
	if err == nil {
		err = l.open()
	}
	if err != nil {
		l.next = l.size + l.max
		return
	}
	_ = old.Close() // it is complete
}

func (l *logFile) putAside() error {
	name := func(n int) string {
		if n == 0 {
			return l.path
		}
		return l.path + "." + strconv.Itoa(n)
	}
	for n := l.keep - 1; n >= 0; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("put the log aside: %w", err)
		}
	}
	return nil
}

// Close closes the file.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("close the log: %w", err)
	}
	return nil
}

package facade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"augur/facade/pack"
)

// askArgs are the arguments of the git process that compares two versions of a file, as those of the patches do.
var askArgs = slices.Concat([]string{"diff"}, linesArgs)

// bigFile is core.bigFileThreshold, from which on git takes any file for a binary one.
const bigFile = 512 << 20

// ask has git count one change.
func (b *bench) ask(ctx context.Context, r *Repository, row *row) error {
	b.counter.reset()
	if row.whole() {
		if err := r.askAll(ctx, row.old, b.counter.remove); err != nil {
			return err
		}
		return r.askAll(ctx, row.new, b.counter.add)
	}
	args := append(slices.Clone(askArgs), row.old.hash.String(), row.new.hash.String(), "--")
	process, err := r.git.stream(ctx, call{op: "compare versions in " + r.dir, dir: r.dir, env: r.env}, args...)
	if err != nil {
		return err
	}
	p := newPatchReader(process.out)
	p.counter = b.counter
	return process.finish(p.only())
}

// only reads the patch of one file, to the end of the output.
func (p *patchReader) only() error {
	for {
		if _, err := p.br.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		line, err := p.until('\n')
		if err != nil {
			return err
		}
		if bytes.HasPrefix(line, []byte("@@ ")) {
			if err := p.hunk(line[:len(line)-1]); err != nil {
				return err
			}
		}
	}
}

// askAll has git print a version, and hands out all of its lines.
func (r *Repository) askAll(ctx context.Context, v version, line func([]byte)) error {
	switch v.form {
	case nothing:
		return nil
	case submodule:
		line(v.subproject())
		return nil
	case content:
	}
	process, err := r.git.stream(ctx, call{op: "read a version in " + r.dir, dir: r.dir, env: r.env}, "cat-file", "--batch")
	if err != nil {
		return err
	}
	_, err = io.WriteString(process.in, v.hash.String()+"\n")
	if err == nil {
		err = process.in.Close()
	}
	if err == nil {
		err = newPatchReader(process.out).all(v.hash, line)
	}
	return process.finish(err)
}

// all reads "hash blob size", the content, and a newline.
func (p *patchReader) all(hash pack.Hash, line func([]byte)) error {
	head, err := p.until('\n')
	if err != nil {
		return err
	}
	digits, ok := bytes.CutPrefix(head[:len(head)-1], []byte(hash.String()+" blob "))
	size, err := strconv.Atoi(string(digits))
	if err != nil || !ok {
		return fmt.Errorf("%w: git cat-file says %q", ErrCorrupt, bytes.TrimSpace(head))
	}
	start, err := p.br.Peek(min(size, binaryPrefix))
	if err != nil {
		return unexpected(err)
	}
	if size >= bigFile || isBinary(start) {
		_, err := p.br.Discard(size + 1)
		return unexpected(err)
	}
	for size > 0 {
		l, err := p.until('\n')
		if err != nil {
			return err
		}
		size -= len(l) // below zero: the last newline is not of the content
		line(l[:len(l)-1])
	}
	if size == 0 {
		_, err = p.br.Discard(1)
	}
	return unexpected(err)
}

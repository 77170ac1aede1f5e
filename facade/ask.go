package facade

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"augur/facade/pack"
)

// emptyBlob is the file without content, which every git knows without having it.
var emptyBlob, _ = pack.ParseHash([]byte("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"))

// askArgs are the arguments of the git process that compares two versions of a file, as those of the patches.
var askArgs = slices.Concat([]string{"diff"}, linesArgs)

// ask has git count one change.
func (b *bench) ask(ctx context.Context, r *Repository, row *row) error {
	b.counter.reset()
	if row.split || row.old.form != row.new.form {
		for _, half := range [][2]version{{row.old, version{}}, {{}, row.new}} {
			if half[0].form != content && half[1].form != content {
				if half[0].form == submodule {
					b.counter.remove(half[0].subproject())
				}
				if half[1].form == submodule {
					b.counter.add(half[1].subproject())
				}
				continue
			}
			if err := r.askLines(ctx, half[0], half[1], b.counter); err != nil {
				return err
			}
		}
		return nil
	}
	return r.askLines(ctx, row.old, row.new, b.counter)
}

// askLines feeds the lines that changed between two versions to a counter.
func (r *Repository) askLines(ctx context.Context, old, new version, c *counter) error {
	args := askArgs[:len(askArgs):len(askArgs)]
	for _, v := range []version{old, new} {
		if v.form == nothing {
			v.hash = emptyBlob
		}
		args = append(args, v.hash.String())
	}
	process, err := r.git.stream(ctx, call{op: "compare versions in " + r.dir, dir: r.dir, env: r.env}, append(args, "--")...)
	if err != nil {
		return err
	}
	p := newPatchReader(process.out)
	p.counter = c
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

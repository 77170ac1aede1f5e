package facade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
)

// MaxMailmap is the size in bytes from which on a .mailmap counts as none: the largest of well-known projects has 40 kB.
const MaxMailmap = 16 << 20

// Mailmap reads the file .mailmap of a commit. The blob is its hash, empty when there is none, or none of a size that people write; have is the blob that the
// caller knows already: for that one the content stays nil.
func (r *Repository) Mailmap(ctx context.Context, head, have string) (blob string, content []byte, err error) {
	c := call{op: "read .mailmap of " + r.dir, exitOK: 1}
	if !validHash(head) {
		return "", nil, fmt.Errorf("%s: %q is no commit", c.op, head)
	}
	out, err := r.run(ctx, c, "rev-parse", "--quiet", "--verify", head+":.mailmap^{blob}")
	if errors.Is(err, errAnswer) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	blob = string(bytes.TrimSpace(out))
	if !validHash(blob) {
		return "", nil, fmt.Errorf("%s: git rev-parse printed %.100q", c.op, out)
	}
	if blob == have {
		return blob, nil, nil
	}
	out, err = r.run(ctx, c, "cat-file", "-s", blob)
	if err != nil {
		return "", nil, err
	}
	if size, err := strconv.ParseInt(string(bytes.TrimSpace(out)), 10, 64); err != nil || size > MaxMailmap {
		return "", nil, err
	}
	c.limit = MaxMailmap
	content, err = r.run(ctx, c, "cat-file", "blob", blob)
	if err != nil {
		return "", nil, err
	}
	return blob, content, nil
}

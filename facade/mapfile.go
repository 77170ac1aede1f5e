package facade

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// MaxMailmap is the size in bytes from which on a .mailmap counts as none: the largest of well-known projects has 40 kB.
const MaxMailmap = 16 << 20

// Mailmap reads the file .mailmap of a commit. The blob is its hash, empty when there is none, or none of a size that people write.
func (r *Repository) Mailmap(ctx context.Context, head string) (blob string, content []byte, err error) {
	c := call{op: "read .mailmap of " + r.dir}
	if !validHash(head) {
		return "", nil, fmt.Errorf("%s: %q is no commit", c.op, head)
	}
	// 100644 blob <hash> <size>\t.mailmap, or nothing.
	out, err := r.run(ctx, c, "ls-tree", "-l", head, "--", ".mailmap")
	if err != nil {
		return "", nil, err
	}
	fields := strings.Fields(string(out))
	if len(fields) != 5 || fields[1] != "blob" {
		return "", nil, nil
	}
	blob = fields[2]
	size, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil || !validHash(blob) {
		return "", nil, fmt.Errorf("%s: git ls-tree printed %.100q", c.op, out)
	}
	if size > MaxMailmap {
		return "", nil, nil
	}
	content, err = r.MailmapBlob(ctx, blob)
	if err != nil {
		return "", nil, err
	}
	return blob, content, nil
}

// MailmapBlob is the content of a .mailmap that Mailmap has named once; a clone that was made anew may lack it.
func (r *Repository) MailmapBlob(ctx context.Context, blob string) ([]byte, error) {
	c := call{op: "read .mailmap of " + r.dir, limit: MaxMailmap}
	if !validHash(blob) {
		return nil, fmt.Errorf("%s: %q is no blob", c.op, blob)
	}
	return r.run(ctx, c, "cat-file", "blob", blob)
}

package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"augur/facade"
)

// numstat reads `git log --raw --numstat -z --format=%H`.
type numstat struct {
	br   *bufio.Reader
	next string // the hash of the next commit, when it was read already
}

// lines are what git counts in one file.
type lines struct {
	path                  string
	insertions, deletions int
	// retyped: a file became a link, or the like. The patch has all lines of both, and the counts only what differs between them.
	retyped bool
}

// commit returns the next commit and its files, io.EOF at the end. The parts end with NUL; a raw record starts with a colon, a count has tabs, a hash has neither.
func (n *numstat) commit() (string, []lines, error) {
	hash := n.next
	n.next = ""
	for hash == "" {
		part, err := n.part()
		if err != nil {
			return "", nil, err
		}
		hash = part
	}
	var files []lines
	retyped := map[string]bool{}
	for {
		part, err := n.part()
		if errors.Is(err, io.EOF) {
			return hash, files, nil
		}
		if err != nil {
			return "", nil, err
		}
		if part == "" {
			continue
		}
		if part[0] == ':' {
			if err := n.raw(part, retyped); err != nil {
				return "", nil, err
			}
			continue
		}
		f := strings.SplitN(part, "\t", 3)
		if len(f) == 1 {
			n.next = part
			return hash, files, nil
		}
		if len(f) != 3 {
			return "", nil, fmt.Errorf("record %q", part)
		}
		l := lines{path: f[2]}
		l.insertions, _ = strconv.Atoi(f[0]) // "-" for a binary file
		l.deletions, _ = strconv.Atoi(f[1])
		if l.path == "" {
			if _, err := n.br.ReadString(0); err != nil {
				return "", nil, err
			}
			renamed, err := n.br.ReadString(0)
			if err != nil {
				return "", nil, err
			}
			l.path = strings.TrimSuffix(renamed, "\x00")
		}
		l.retyped = retyped[l.path]
		files = append(files, l)
	}
}

// raw reads the paths of a raw record, and notes a change of type.
func (n *numstat) raw(record string, retyped map[string]bool) error {
	status := record[strings.LastIndexByte(record, ' ')+1:]
	paths := 1
	if strings.HasPrefix(status, "R") {
		paths = 2
	}
	for range paths {
		path, err := n.br.ReadString(0)
		if err != nil {
			return err
		}
		retyped[strings.TrimSuffix(path, "\x00")] = status == "T"
	}
	return nil
}

func (n *numstat) part() (string, error) {
	b, err := n.br.ReadBytes(0)
	if err != nil && len(b) == 0 {
		return "", err
	}
	return string(bytes.TrimPrefix(bytes.TrimSuffix(b, []byte{0}), []byte("\n"))), nil
}

// compare tells every difference between our rows of a commit and git's numbers.
func compare(c *facade.Commit, files []lines, differ func(string, ...any)) {
	ours := c.Files
	if len(files) == 0 {
		if len(ours) != 1 || ours[0] != (facade.FileChange{}) && ours[0] != (facade.FileChange{Path: facade.MergeCommit}) {
			differ("commit %s: git counts no file, we %d: %v", c.Hash, len(ours), ours)
		}
		return
	}
	if len(files) != len(ours) {
		differ("commit %s: git counts %d files, we %d", c.Hash, len(files), len(ours))
		return
	}
	for i, f := range ours {
		want := files[i]
		path := strings.TrimPrefix(f.Path, facade.DeletedPrefix)
		if !strings.HasPrefix(want.path, facade.DeletedPrefix) && path != strings.ToValidUTF8(want.path, "\uFFFD") ||
			!want.retyped && (f.Added+f.Whitespace != want.insertions || f.Removed+f.Reindented != want.deletions) {
			differ("commit %s: git has %q +%d -%d, we %+v", c.Hash, want.path, want.insertions, want.deletions, f)
		}
	}
}

// compareCommits tells every difference between a commit as it is read and as git's patches have it.
func compareCommits(c, patch *facade.Commit, differ func(string, ...any)) {
	if len(c.Files) != len(patch.Files) {
		differ("commit %s: the patches have %d files, we %d", c.Hash, len(patch.Files), len(c.Files))
		return
	}
	for i, f := range c.Files {
		if f != patch.Files[i] {
			differ("commit %s: the patches have %+v, we %+v", c.Hash, patch.Files[i], f)
		}
	}
	one, other := *c, *patch
	one.Files, other.Files = nil, nil
	if !reflect.DeepEqual(one, other) {
		differ("commit %s: the patches have %+v, we %+v", c.Hash, other, one)
	}
}

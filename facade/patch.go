package facade

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// patchArgs are the arguments of the git process that patchReader reads: for every commit on stdin its hash and a NUL; unless it is a merge or empty, the raw records
// of its changes, framed by NUL, and a NUL; then the patch. A line that is no hash is printed back as it is: that is how the end of a block is told.
// One line of context is enough for the same numbers as with three; with none, git finds other differences.
var patchArgs = slices.Concat([]string{"diff-tree", "--stdin", "--raw"}, treeArgs, linesArgs)

// treeArgs decide which files a commit changed, linesArgs which lines of them.
var (
	treeArgs = []string{
		"--root", "--always", "-r", "-z", "--full-index", "--no-abbrev", "-M50%", "-l1000", "--no-ext-diff", "--no-color", "--no-relative", "--ignore-submodules=none", "-O/dev/null",
	}
	linesArgs = []string{
		"-p", "-U1", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic", "--src-prefix=a/", "--dst-prefix=b/", "--no-ext-diff", "--no-textconv", "--no-color",
		"--submodule=short",
	}
)

// endOfBlock is the line that stands after the last commit of a block, on stdin and so on stdout. It is no hash, and no line of a patch starts like it.
const endOfBlock = "!\n"

// patchReader reads the answers of git diff-tree. File names come from the raw records, which hold any byte; the lines of the patch that are content are told from
// its headers by the numbers in the hunk headers.
type patchReader struct {
	br      *bufio.Reader
	spill   []byte // a line that is longer than the buffer
	counter *counter
	records []record
	quoted  []byte // scratch
}

// record is one raw record: a change to one file.
type record struct {
	old, new []byte
	deleted  bool
	sections int // how many parts of the patch describe it: two when a file becomes a link
	change   FileChange
}

const (
	patchBuffer = 256 << 10
	// keptSpill is how large a buffer for long lines is kept.
	keptSpill = 1 << 20
	// keptRecords is how many records are kept for the next commit.
	keptRecords = 1 << 12
)

func newPatchReader(r io.Reader) *patchReader {
	return &patchReader{br: bufio.NewReaderSize(r, patchBuffer), counter: newCounter()}
}

// changes reads what the commit, of so many parents, did to files. It reports a fault, never a guess, when the output is not what git writes.
func (p *patchReader) changes(hash string, parents int, repairs *Repairs) ([]FileChange, error) {
	if err := p.expect(hash + "\x00"); err != nil {
		return nil, err
	}
	if cap(p.records) > keptRecords {
		p.records = nil
	}
	p.records = p.records[:0]
	next, err := p.br.Peek(1)
	if err != nil {
		return nil, unexpected(err)
	}
	if next[0] == ':' {
		if parents > 1 {
			return nil, fmt.Errorf("patch of merge %s", hash)
		}
		if err := p.readRecords(); err != nil {
			return nil, fmt.Errorf("commit %s: %w", hash, err)
		}
		if err := p.readPatch(); err != nil {
			return nil, fmt.Errorf("commit %s: %w", hash, err)
		}
	}
	switch {
	case parents > 1:
		return []FileChange{{Path: MergeCommit}}, nil
	case len(p.records) == 0:
		return []FileChange{{}}, nil
	}
	files := make([]FileChange, len(p.records))
	for i, r := range p.records {
		files[i] = r.change
		if r.deleted {
			files[i].Path = DeletedPrefix + repairs.path(r.old)
		} else {
			files[i].Path = repairs.path(r.new)
		}
	}
	return files, nil
}

// end reads the end of a block.
func (p *patchReader) end() error { return p.expect(endOfBlock) }

// expect reads want. It waits for no more than what tells that something else was printed: git says nothing of a commit that it lacks.
func (p *patchReader) expect(want string) error {
	for {
		n := min(p.br.Buffered(), len(want))
		got, err := p.br.Peek(n)
		switch {
		case err != nil:
			return unexpected(err)
		case string(got) != want[:n]:
			return fmt.Errorf("git diff-tree printed %q instead of %q", got, want)
		case n == len(want):
			_, err = p.br.Discard(n)
			return err
		}
		if _, err = p.br.Peek(n + 1); err != nil {
			return unexpected(err)
		}
	}
}

// readRecords reads the records, until the NUL that ends them: ":", two modes, two object names and a status with spaces between them, NUL, path, NUL; and a second path for a rename.
func (p *patchReader) readRecords() error {
	for {
		c, err := p.br.ReadByte()
		switch {
		case err != nil:
			return unexpected(err)
		case c == 0:
			return nil
		case c != ':':
			return fmt.Errorf("raw record starts with %q", c)
		}
		head, err := p.field()
		if err != nil {
			return err
		}
		f := bytes.Split(head, []byte(" "))
		if len(f) != 5 || len(f[0]) != 6 || len(f[1]) != 6 || len(f[4]) == 0 {
			return fmt.Errorf("raw record %q", head)
		}
		status := f[4][0]
		r := record{deleted: status == 'D', sections: 1}
		if status != 'A' && status != 'D' && !bytes.Equal(f[0][:3], f[1][:3]) {
			r.sections = 2 // the first three digits are the type: git shows the old one deleted and the new one created
		}
		old, err := p.field()
		if err != nil {
			return err
		}
		r.old = bytes.Clone(old)
		r.new = r.old
		if status == 'R' || status == 'C' {
			renamed, err := p.field()
			if err != nil {
				return err
			}
			r.new = bytes.Clone(renamed)
		}
		p.records = append(p.records, r)
	}
}

// field reads up to the next NUL. The result is valid until the next read.
func (p *patchReader) field() ([]byte, error) {
	b, err := p.until(0)
	if err != nil {
		return nil, err
	}
	return b[:len(b)-1], nil
}

// until reads up to and with the delimiter. The result is valid until the next read.
func (p *patchReader) until(delimiter byte) ([]byte, error) {
	b, err := p.br.ReadSlice(delimiter)
	if err == nil {
		return b, nil
	}
	if !errors.Is(err, bufio.ErrBufferFull) {
		return nil, unexpected(err)
	}
	if cap(p.spill) > keptSpill {
		p.spill = nil
	}
	p.spill = append(p.spill[:0], b...)
	for errors.Is(err, bufio.ErrBufferFull) {
		b, err = p.br.ReadSlice(delimiter)
		p.spill = append(p.spill, b...)
	}
	if err != nil {
		return nil, unexpected(err)
	}
	return p.spill, nil
}

// readPatch reads the parts of the patch, each of which starts with "diff --git", and gives their numbers to the records. They come in the order of the records.
func (p *patchReader) readPatch() error {
	current, seen := -1, 0 // the record of the present part, and how many of its parts were seen
	flush := func() {
		if current >= 0 {
			p.records[current].change = p.counter.change
		}
	}
	for {
		over, err := p.atCommit()
		if err != nil {
			return err
		}
		if over {
			flush()
			return nil
		}
		line, err := p.until('\n')
		if err != nil {
			return err
		}
		line = line[:len(line)-1]
		switch {
		case bytes.HasPrefix(line, []byte("diff --git ")):
			if current >= 0 && seen < p.records[current].sections && p.names(line, p.records[current]) {
				seen++ // the second half of a change of type: one row, so one count
				continue
			}
			flush()
			current++
			for current < len(p.records) && !p.names(line, p.records[current]) {
				current++
			}
			if current == len(p.records) {
				return fmt.Errorf("patch of a file that no raw record names: %.200q", line)
			}
			seen = 1
			p.counter.reset()
		case bytes.HasPrefix(line, []byte("@@ ")):
			if current < 0 {
				return fmt.Errorf("hunk before a file: %.200q", line)
			}
			if err := p.hunk(line); err != nil {
				return err
			}
		}
	}
}

// atCommit tells whether the next line starts the next commit or ends the block. No header line of a patch starts with four hexadecimal digits.
func (p *patchReader) atCommit() (bool, error) {
	next, err := p.br.Peek(1)
	if err != nil {
		return false, unexpected(err)
	}
	if next[0] == endOfBlock[0] {
		return true, nil
	}
	if !hexadecimal(next[0]) {
		return false, nil
	}
	next, err = p.br.Peek(4)
	if err != nil {
		return false, unexpected(err)
	}
	for _, c := range next {
		if !hexadecimal(c) {
			return false, nil
		}
	}
	return true, nil
}

func hexadecimal(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

// hunk reads the lines of "@@ -from,count +from,count @@" and counts those that changed.
func (p *patchReader) hunk(head []byte) error {
	removed, added, ok := hunkSize(head)
	if !ok {
		return fmt.Errorf("hunk header %.200q", head)
	}
	for removed > 0 || added > 0 {
		line, err := p.until('\n')
		if err != nil {
			return err
		}
		line = line[:len(line)-1]
		kind := byte(' ')
		if len(line) > 0 {
			kind = line[0]
		}
		switch kind {
		case ' ':
			removed--
			added--
		case '-':
			removed--
			p.counter.remove(line[1:])
		case '+':
			added--
			p.counter.add(line[1:])
		case '\\': // No newline at end of file: says something of the line before.
		default:
			return fmt.Errorf("line of a hunk starts with %q", kind)
		}
		if removed < 0 || added < 0 {
			return fmt.Errorf("more lines than hunk %.200q announces", head)
		}
	}
	return nil
}

// hunkSize reads the counts of "@@ -1,2 +3,4 @@"; a count that is not written is one.
func hunkSize(head []byte) (removed, added int, ok bool) {
	rest := head[len("@@ "):]
	if removed, rest, ok = hunkRange(rest, '-'); !ok || len(rest) == 0 || rest[0] != ' ' {
		return 0, 0, false
	}
	if added, rest, ok = hunkRange(rest[1:], '+'); !ok || !bytes.HasPrefix(rest, []byte(" @@")) {
		return 0, 0, false
	}
	return removed, added, true
}

func hunkRange(b []byte, sign byte) (count int, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != sign {
		return 0, nil, false
	}
	_, rest, ok = number(b[1:])
	if !ok || len(rest) == 0 || rest[0] != ',' {
		return 1, rest, ok
	}
	return number(rest[1:])
}

func number(b []byte) (n int, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9' && n < 1<<40; i++ {
		n = n*10 + int(b[i]-'0')
	}
	return n, b[i:], i > 0
}

// names tells whether line is "diff --git" with the names of the record, as git quotes them with core.quotePath off.
func (p *patchReader) names(line []byte, r record) bool {
	p.quoted = append(p.quoted[:0], "diff --git "...)
	p.quoted = appendQuoted(p.quoted, "a/", r.old)
	p.quoted = append(p.quoted, ' ')
	p.quoted = appendQuoted(p.quoted, "b/", r.new)
	return bytes.Equal(line, p.quoted)
}

// appendQuoted is quote_two_c_style of git.
func appendQuoted(to []byte, prefix string, name []byte) []byte {
	plain := true
	for _, c := range name {
		if c < ' ' || c == '"' || c == '\\' || c == 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return append(append(to, prefix...), name...)
	}
	to = append(append(to, '"'), prefix...)
	for _, c := range name {
		switch {
		case c >= '\a' && c <= '\r':
			to = append(to, '\\', "abtnvfr"[c-'\a'])
		case c == '"' || c == '\\':
			to = append(to, '\\', c)
		case c < ' ' || c == 0x7f:
			to = append(to, '\\', '0'+c>>6, '0'+c>>3&7, '0'+c&7)
		default:
			to = append(to, c)
		}
	}
	return append(to, '"')
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

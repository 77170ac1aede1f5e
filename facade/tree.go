package facade

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

const (
	// maxPath is how long a path may be: longer ones, which no work tree could hold, are left out.
	maxPath = 64 << 10
	// keptFile is how large a buffer for contents may stay.
	keptFile = 4 << 20
)

// File is a regular file of a commit's tree.
type File struct {
	// Path in the repository: valid UTF-8, bytes that are not became U+FFFD.
	Path string
	// Hash names the content, Size is its length in bytes.
	Hash string
	Size int64
	// Content is valid until the next file is read.
	Content []byte
}

// Tree is the hash of a commit's tree: two commits with the same tree hold the same files.
func (r *Repository) Tree(ctx context.Context, commit string) (string, error) {
	op := "find the tree of " + r.dir
	if !validHash(commit) {
		return "", fmt.Errorf("%s: %q is no commit", op, commit)
	}
	out, err := r.run(ctx, call{op: op}, "rev-parse", "--verify", commit+"^{tree}")
	if err != nil {
		return "", err
	}
	hash := string(bytes.TrimSpace(out))
	if !validHash(hash) {
		return "", fmt.Errorf("%s: git rev-parse printed %.100q", op, hash)
	}
	return hash, nil
}

// Files reads the regular files of a commit's tree for which want says yes, in git's order, without a checkout. Symbolic links and submodules are no files: nothing is
// followed. Memory does not grow with the tree. It ends with the first fault: ErrCorrupt for a clone that misses objects, ErrTooLarge for a tree that unfolds
// into more entries than Options.MaxFiles. Leaving the loop early stops the processes.
func (r *Repository) Files(ctx context.Context, commit string, want func(path string, size int64) bool) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		stopped := errors.New("the reader stopped")
		err := r.files(ctx, commit, want, func(f File) error {
			if !yield(f, nil) {
				return stopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, stopped) {
			yield(File{}, err)
		}
	}
}

func (r *Repository) files(ctx context.Context, commit string, want func(string, int64) bool, emit func(File) error) error {
	if !validHash(commit) {
		return fmt.Errorf("read the files of %s: %q is no commit", r.dir, commit)
	}
	list, err := r.git.stream(ctx, call{op: "list the files of " + r.dir, dir: r.dir, env: r.env}, "ls-tree", "-r", "-l", "-z", "--full-tree", commit)
	if err != nil {
		return err
	}
	objects, err := r.git.stream(ctx, call{op: "read the files of " + r.dir, dir: r.dir, env: r.env}, r.git.batch...)
	if err != nil {
		return errors.Join(err, list.finish(context.Canceled))
	}
	w := &treeWalk{git: r.git, want: want, emit: emit, list: bufio.NewReaderSize(list.out, maxPath), in: objects.in, objects: bufio.NewReaderSize(objects.out, 64<<10)}
	listFault, objectFault := w.walk()
	// The one that did not fail is stopped, not explained: its end says nothing.
	switch {
	case listFault != nil:
		objects.cancel(context.Canceled)
		return errors.Join(list.finish(listFault), ignore(objects.finish(listFault)))
	case objectFault != nil:
		list.cancel(context.Canceled)
		return errors.Join(objects.finish(objectFault), ignore(list.finish(objectFault)))
	}
	return errors.Join(list.finish(nil), objects.finish(nil))
}

func ignore(error) error { return nil }

// treeWalk reads the list of files and, some at a time, what is in them.
type treeWalk struct {
	git     *Git
	want    func(path string, size int64) bool
	emit    func(File) error
	list    *bufio.Reader
	in      io.Writer
	objects *bufio.Reader
	raw     []byte
}

// walk tells which of the two processes a fault came from.
func (w *treeWalk) walk() (listFault, objectFault error) {
	var some []File
	for seen := 0; ; seen++ {
		if seen == w.git.options.MaxFiles {
			return fmt.Errorf("%w: its tree has more than %d entries", ErrTooLarge, w.git.options.MaxFiles), nil
		}
		record, err := w.record()
		if errors.Is(err, io.EOF) {
			return nil, w.read(some)
		}
		if err != nil {
			return err, nil
		}
		file, ok, err := parseTreeEntry(record)
		if err != nil {
			return err, nil
		}
		if !ok || !w.want(file.Path, file.Size) {
			continue
		}
		if some = append(some, file); len(some) == feedSize {
			if err := w.read(some); err != nil {
				return nil, err
			}
			some = some[:0]
		}
	}
}

// record reads up to the next NUL. One that is too long comes back empty.
func (w *treeWalk) record() ([]byte, error) {
	record, err := w.list.ReadSlice(0)
	switch {
	case err == nil:
		return record[:len(record)-1], nil
	case errors.Is(err, bufio.ErrBufferFull):
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = w.list.ReadSlice(0)
		}
		return nil, err
	case errors.Is(err, io.EOF) && len(record) > 0:
		return nil, io.ErrUnexpectedEOF
	}
	return nil, err
}

// parseTreeEntry reads "mode type hash size\tpath"; ok tells whether it is a regular file.
func parseTreeEntry(record []byte) (file File, ok bool, err error) {
	if len(record) == 0 {
		return File{}, false, nil
	}
	head, path, found := bytes.Cut(record, []byte{'\t'})
	fields := strings.Fields(string(head))
	if !found || len(fields) != 4 || !validHash(fields[2]) {
		return File{}, false, fmt.Errorf("git ls-tree printed %.100q", record)
	}
	if fields[1] != "blob" || !strings.HasPrefix(fields[0], "100") {
		return File{}, false, nil
	}
	size, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil || size < 0 {
		return File{}, false, fmt.Errorf("%w: the size of %s is %.40q", ErrCorrupt, fields[2], fields[3])
	}
	var repairs Repairs
	return File{Path: repairs.path(path), Hash: fields[2], Size: size}, true, nil
}

// read asks for the contents of a few files and hands them on.
func (w *treeWalk) read(files []File) error {
	if len(files) == 0 {
		return nil
	}
	var ask bytes.Buffer
	for _, f := range files {
		ask.WriteString(w.git.ask + f.Hash + "\n")
	}
	ask.WriteString(w.git.flush)
	if _, err := w.in.Write(ask.Bytes()); err != nil {
		return io.ErrUnexpectedEOF // the process has ended, and its last words explain it
	}
	for _, f := range files {
		var err error
		if f.Content, err = w.object(f); err != nil {
			return err
		}
		if err := w.emit(f); err != nil {
			return err
		}
	}
	return nil
}

// object reads "hash blob size", the content, and a newline.
func (w *treeWalk) object(f File) ([]byte, error) {
	line, err := w.objects.ReadSlice('\n')
	if err != nil {
		return nil, unexpected(err)
	}
	if want := fmt.Sprintf("%s blob %d\n", f.Hash, f.Size); string(line) != want {
		return nil, fmt.Errorf("%w: %s: git cat-file says %q", ErrCorrupt, f.Path, bytes.TrimSpace(line))
	}
	if int64(cap(w.raw)) < f.Size+1 || cap(w.raw) > keptFile {
		w.raw = make([]byte, max(f.Size+1, 64<<10))
	}
	w.raw = w.raw[:f.Size+1]
	if _, err := io.ReadFull(w.objects, w.raw); err != nil {
		return nil, unexpected(err)
	}
	return w.raw[:f.Size:f.Size], nil
}

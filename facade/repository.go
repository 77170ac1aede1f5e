package facade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// Repository is a clone on this machine that Open found usable.
type Repository struct {
	git *Git
	dir string
	env []string
	// Shallow: the clone lacks the beginning of the history, because the repository that it was cloned from does. Fetch asks for the rest.
	// Until then the first commits that are here seem to create all their files.
	Shallow bool
	// boundary are these first commits.
	boundary map[string]bool
	// SHA256: object names have 64 digits.
	SHA256 bool
}

// Head is the default branch of a repository and the commit it points to. The zero Head is a repository without commits.
type Head struct {
	// Branch without refs/heads/. Empty when HEAD points to a commit itself.
	Branch string
	Hash   string
	// Moved is the URL that the server of an HTTP URL redirects to. Only RemoteHead sets it.
	Moved string
}

// The empty tree, which every git knows without having it: as the source of attributes it has none.
const (
	emptyTree    = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
	emptyTree256 = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
)

// Head reads where HEAD points to. A branch that does not exist yet is no fault: the Head has no hash.
func (r *Repository) Head(ctx context.Context) (Head, error) {
	out, err := r.run(ctx, call{op: "read the head of " + r.dir, exitOK: 1}, "rev-parse", "--quiet", "--verify", "HEAD^{commit}")
	if err != nil && !errors.Is(err, errAnswer) {
		return Head{}, err
	}
	hash := string(bytes.TrimSpace(out))
	link, err := os.ReadFile(filepath.Join(r.dir, "HEAD"))
	if err != nil {
		return Head{}, fmt.Errorf("read the head of %s: %w", r.dir, err)
	}
	branch, symbolic := strings.CutPrefix(strings.TrimSpace(string(link)), "ref: ")
	if !symbolic {
		branch = ""
	}
	if hash == "" {
		return Head{}, r.unborn(ctx, branch)
	}
	if !validHash(hash) {
		return Head{}, fmt.Errorf("read the head of %s: git rev-parse printed %.100q", r.dir, hash)
	}
	return Head{Branch: strings.TrimPrefix(branch, "refs/heads/"), Hash: hash}, nil
}

// unborn makes sure that a HEAD that cannot be read is one that points to no commit yet, not one whose commit is lost. Branch is empty when HEAD names a commit.
func (r *Repository) unborn(ctx context.Context, branch string) error {
	if branch == "" {
		return &Error{Op: "read the head of " + r.dir, Kind: ErrCorrupt, Err: errors.New("HEAD points to nothing that is here")}
	}
	_, err := r.run(ctx, call{op: "read the head of " + r.dir, exitOK: 1}, "show-ref", "--verify", "--quiet", "--", branch)
	switch {
	case errors.Is(err, errAnswer):
		return nil
	case err == nil:
		return &Error{Op: "read the head of " + r.dir, Kind: ErrCorrupt, Err: fmt.Errorf("%s points to nothing that is here", branch)}
	}
	return err
}

// NewCommits lists the commits that are reachable from head and not from stored, parents before children and otherwise by date, which is also the order that History reads fastest. An empty stored means all.
// Stored must be in the clone: ask IsAncestor first.
func (r *Repository) NewCommits(ctx context.Context, head, stored string) ([]string, error) {
	for _, h := range []string{head, stored} {
		if !validHash(h) && (h != "" || h == head) {
			return nil, fmt.Errorf("list commits of %s: %q is no commit", r.dir, h)
		}
	}
	args := []string{"rev-list", "--date-order", "--reverse", head}
	if stored != "" {
		args = append(args, "--not", stored)
	}
	out, err := r.run(ctx, call{op: "list commits of " + r.dir, limit: listLimit}, append(args, "--")...)
	if err != nil {
		return nil, err
	}
	var list []string
	if len(out) > 0 {
		list = strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	}
	// A whole answer ends with head itself, unless all of it was stored.
	whole := stored != "" && len(list) == 0 || len(list) > 0 && list[len(list)-1] == head
	for _, h := range list {
		whole = whole && validHash(h)
	}
	if !whole {
		return nil, fmt.Errorf("list commits of %s: git rev-list printed %d lines that are no whole list", r.dir, len(list))
	}
	return list, nil
}

// IsAncestor tells whether the history of head contains old. An old that the clone does not have is no ancestor.
func (r *Repository) IsAncestor(ctx context.Context, old, head string) (bool, error) {
	if !validHash(old) || !validHash(head) {
		return false, fmt.Errorf("compare commits of %s: %q and %q must be hashes", r.dir, old, head)
	}
	c := call{op: "compare commits of " + r.dir, exitOK: 1}
	_, err := r.run(ctx, c, "merge-base", "--is-ancestor", old, head)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, errAnswer):
		return false, nil
	}
	if _, missing := r.run(ctx, c, "rev-parse", "--quiet", "--verify", old+"^{commit}"); errors.Is(missing, errAnswer) {
		return false, nil
	}
	return false, err
}

// listLimit bounds the list of commits: some 25 million hashes.
const listLimit = 1 << 30

// run asks a short question. A commit-graph that is damaged is only an index: without it the answer is the same, later.
func (r *Repository) run(ctx context.Context, c call, args ...string) ([]byte, error) {
	c.dir, c.env, c.timeout = r.dir, r.env, r.git.options.Timeouts.Local
	out, err := r.git.run(ctx, c, args...)
	var e *Error
	if errors.As(err, &e) && strings.Contains(e.Stderr, "commit-graph") {
		r.git.log.WarnContext(ctx, "commit-graph is damaged, read without it", slog.String("dir", r.dir), slog.String("stderr", e.Stderr))
		out, err = r.git.run(ctx, c, append([]string{"-c", "core.commitGraph=false"}, args...)...)
	}
	return out, err
}

func validHash(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if !hexadecimal(s[i]) {
			return false
		}
	}
	return true
}

// sameTrailer finds a pack that was cut off: git writes the checksum of a pack at its end and into its index.
func sameTrailer(pack, index string, size int64) error {
	p, err := trailer(pack, size, 1)
	if err != nil {
		return err
	}
	i, err := trailer(index, size, 2)
	if err != nil {
		return err
	}
	if !bytes.Equal(p, i) {
		return fmt.Errorf("%s does not belong to its index", filepath.Base(pack))
	}
	return nil
}

// trailer reads the n-th checksum from the end.
func trailer(path string, size, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < n*size+12 {
		return nil, fmt.Errorf("%s is cut off", filepath.Base(path))
	}
	b := make([]byte, size)
	_, err = f.ReadAt(b, info.Size()-n*size)
	return b, err
}

// Open checks that dir is a usable repository, without starting a process: its parts are there, and every pack is whole. A directory that does not exist is fs.ErrNotExist, anything
// else that is wrong ErrCorrupt; damage inside of a pack shows itself in History.
func (g *Git) Open(dir string) (*Repository, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open clone: %w", err)
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("open clone: %w", err)
	}
	r := &Repository{git: g, dir: dir}
	if err := r.check(); err != nil {
		return nil, &Error{Op: "open clone " + dir, Kind: ErrCorrupt, Err: err}
	}
	tree := emptyTree
	if r.SHA256 {
		tree = emptyTree256
	}
	// Since 2.43 git may take attributes from the tree of HEAD. Versions that do not know the variable do not do that either.
	r.env = []string{"GIT_ATTR_SOURCE=" + tree}
	return r, nil
}

func (r *Repository) check() error {
	for _, name := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(r.dir, name)); err != nil {
			return err
		} else if !info.IsDir() {
			return fmt.Errorf("%s is no directory", name)
		}
	}
	head, err := os.ReadFile(filepath.Join(r.dir, "HEAD"))
	if err != nil {
		return err
	}
	if s := strings.TrimSpace(string(head)); !strings.HasPrefix(s, "ref: refs/") && !validHash(s) {
		return fmt.Errorf("HEAD holds %.60q", s)
	}
	config, err := os.ReadFile(filepath.Join(r.dir, "config"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	r.SHA256 = bytes.Contains(bytes.ReplaceAll(bytes.ToLower(config), []byte(" "), nil), []byte("objectformat=sha256"))
	boundary, err := os.ReadFile(filepath.Join(r.dir, "shallow"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	r.boundary = map[string]bool{}
	for h := range strings.FieldsSeq(string(boundary)) {
		r.boundary[h] = true
	}
	r.Shallow = len(r.boundary) > 0
	// A pack without an index is what an interrupted transfer leaves: git does not look at it either.
	indexes, err := filepath.Glob(filepath.Join(escapeGlob(r.dir), "objects", "pack", "*.idx"))
	if err != nil {
		return err
	}
	size := int64(20)
	if r.SHA256 {
		size = 32
	}
	for _, i := range indexes {
		if err := sameTrailer(strings.TrimSuffix(i, ".idx")+".pack", i, size); err != nil {
			return err
		}
	}
	return nil
}

// escapeGlob keeps the characters of a directory from being patterns.
func escapeGlob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

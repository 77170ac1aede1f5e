package facade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"augur/facade/giturl"
)

// remote is a URL that may be given to git.
type remote struct {
	url     string
	schemes []string
}

// resolve checks a URL once more, whoever checked it before, and applies the rewrites.
func (g *Git) resolve(op, raw string) (remote, error) {
	u, err := giturl.Parse(raw, giturl.Policy{AllowHTTP: g.options.AllowHTTP, AllowLocal: g.options.AllowLocal, AllowPrivate: g.options.AllowPrivate})
	if err != nil {
		return remote{}, &Error{Op: op, Kind: ErrRefused, Err: err}
	}
	best := Rewrite{}
	for _, r := range g.options.Rewrites {
		if strings.HasPrefix(u.Canonical, r.Prefix) && len(r.Prefix) > len(best.Prefix) {
			best = r
		}
	}
	if best.Prefix == "" {
		schemes := map[giturl.Kind][]string{
			giturl.HTTPS: {"https"}, giturl.HTTP: {"http", "https"}, giturl.SSH: {"ssh"}, giturl.SCP: {"ssh"}, giturl.Local: {"file"},
		}[u.Kind]
		return remote{url: u.Canonical, schemes: schemes}, nil
	}
	url := best.Replacement + strings.TrimPrefix(u.Canonical, best.Prefix)
	scheme, _, ok := strings.Cut(url, "://")
	switch {
	case strings.Contains(url, "::"):
		return remote{}, &Error{Op: op, Kind: ErrRefused, Err: fmt.Errorf("rewritten to %q, which names a program", Redact(url))}
	case ok && scheme == "http":
		return remote{url: url, schemes: []string{"http", "https"}}, nil
	case ok:
		return remote{url: url, schemes: []string{scheme}}, nil
	case filepath.IsAbs(url):
		return remote{url: url, schemes: []string{"file"}}, nil
	}
	return remote{url: url, schemes: []string{"ssh"}}, nil
}

// RemoteHead asks a remote repository for its default branch, in one process. The zero Head is an empty repository, or one whose default branch does not exist.
func (g *Git) RemoteHead(ctx context.Context, url string) (Head, error) {
	op := "ask for the head of " + giturl.Redact(url)
	r, err := g.resolve(op, url)
	if err != nil {
		return Head{}, err
	}
	return g.remoteHead(ctx, op, r)
}

func (g *Git) remoteHead(ctx context.Context, op string, r remote) (Head, error) {
	said := &tail{}
	c := call{op: op, remote: true, schemes: r.schemes, timeout: g.options.Timeouts.Remote, stderr: said}
	out, err := g.run(ctx, c, "ls-remote", "--symref", "--", r.url, "HEAD")
	if err != nil {
		return Head{}, err
	}
	var h Head
	for line := range strings.Lines(string(out)) {
		value, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if name != "HEAD" {
			continue
		}
		if branch, ok := strings.CutPrefix(value, "ref: refs/heads/"); ok {
			h.Branch = branch
		} else if validHash(value) {
			h.Hash = value
		}
	}
	if h.Hash == "" {
		return Head{}, g.reallyEmpty(ctx, c, r)
	}
	h.Moved = said.redirect()
	return h, nil
}

// reallyEmpty makes sure that a server of HTTP that tells no head has spoken git's protocol. Git takes any page, such as one to log in, for the list of refs of a server that only serves
// files, and finds none in it.
func (g *Git) reallyEmpty(ctx context.Context, c call, r remote) error {
	if !strings.HasPrefix(r.url, "http") {
		return nil
	}
	c.stderr = &tail{}
	c.env = []string{"GIT_TRACE_PACKET=2"}
	if _, err := g.run(ctx, c, "ls-remote", "--symref", "--", r.url, "HEAD"); err != nil {
		return err
	}
	if !bytes.Contains(c.stderr.buf, []byte("packet: ")) {
		return &Error{Op: c.op, Err: errors.New("the server answers, but not with a repository")}
	}
	return nil
}

// cloneSuffix stands between the name of a clone and the random part of the directory in which it is made.
const cloneSuffix = ".clone-"

// Clone makes a bare clone of all branches at dir, which must not exist (fs.ErrExist). It appears there complete or not at all: it is made in a directory beside it, and what a crash left
// of an earlier attempt is removed first. Of two at once one wins, and the other gets fs.ErrExist.
func (g *Git) Clone(ctx context.Context, url, dir string) error {
	op := "clone " + giturl.Redact(url)
	r, err := g.resolve(op, url)
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if _, err := os.Lstat(dir); err == nil {
		return fmt.Errorf("%s to %s: %w", op, dir, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return diskFault(op, err)
	}
	if err := g.sweep(ctx, dir); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	temp, lock, err := lockedTemp(dir)
	if err != nil {
		return diskFault(op, err)
	}
	err = g.cloneInto(ctx, op, r, temp, lock)
	if err == nil {
		err = os.Rename(temp, dir)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(temp))
	}
	return nil
}

// lockedTemp makes the directory for a clone to dir, and locks it. Between the two another call may take it for what a crash left, and remove it: then there is
// another.
func lockedTemp(dir string) (string, *os.File, error) {
	for {
		temp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+cloneSuffix+"*")
		if err != nil {
			return "", nil, err
		}
		lock, err := lockDir(temp)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrBusy) {
			continue
		}
		if err != nil {
			return "", nil, errors.Join(err, os.RemoveAll(temp))
		}
		if _, err := os.Lstat(temp); err == nil {
			return temp, lock, nil
		}
		if err := unlock(lock); err != nil {
			return "", nil, err
		}
	}
}

func (g *Git) cloneInto(ctx context.Context, op string, r remote, temp string, lock *os.File) (err error) {
	defer func() { err = errors.Join(err, unlock(lock)) }()
	if err := os.Chmod(temp, 0o755); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	c := call{op: op, remote: true, schemes: r.schemes, timeout: g.options.Timeouts.Clone, lock: lock}
	err = g.transfer(ctx, c, temp, func() error { return empty(temp) },
		"clone", "--bare", "--quiet", "--no-local", "--no-tags", "--template=", "--", r.url, temp)
	if err != nil {
		return err
	}
	repo, err := g.Open(temp)
	if err != nil {
		return err
	}
	head, err := repo.Head(ctx)
	if err != nil {
		return err
	}
	if head.Hash == "" {
		return g.stillEmpty(ctx, op, r)
	}
	repo.writeCommitGraph(ctx, lock)
	return nil
}

// stillEmpty asks a remote that sent no head once more.
func (g *Git) stillEmpty(ctx context.Context, op string, r remote) error {
	head, err := g.remoteHead(ctx, op, r)
	if err == nil && head.Hash != "" {
		err = &Error{Op: op, Err: fmt.Errorf("nothing arrived, although the head is %s", head.Hash)}
	}
	return err
}

// Fetch brings the clone at dir to the state of the remote: every branch as it is there, also when it was rewritten; branches that are gone there, gone here; HEAD at the remote's default branch.
// Locks that a crash left are removed: the lock on the directory, which git processes inherit, says that nobody works there any more. Commits that were rewritten stay in the clone for some
// weeks.
func (g *Git) Fetch(ctx context.Context, dir, url string) error { return g.fetch(ctx, dir, url, nil) }

// FetchHead is Fetch for a caller to whom RemoteHead has just told the head, so that the remote is not asked for it again.
func (g *Git) FetchHead(ctx context.Context, dir, url string, head Head) error {
	return g.fetch(ctx, dir, url, &head)
}

func (g *Git) fetch(ctx context.Context, dir, url string, known *Head) (err error) {
	op := "fetch " + giturl.Redact(url)
	r, err := g.resolve(op, url)
	if err != nil {
		return err
	}
	repo, err := g.Open(dir)
	if err != nil {
		return err
	}
	dir = repo.dir
	lock, err := lockDir(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	defer func() { err = errors.Join(err, unlock(lock)) }()
	if err := removeLeftovers(dir); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	if known == nil {
		head, err := g.remoteHead(ctx, op, r)
		if err != nil {
			return err
		}
		known = &head
	}
	head := *known
	// The commit-graph may be damaged, and is written anew below.
	args := []string{"-c", "core.commitGraph=false", "fetch", "--quiet", "--force", "--prune", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--update-head-ok", "--no-recurse-submodules"}
	if repo.Shallow {
		args = append(args, "--unshallow")
	}
	args = append(args, "--", r.url, "+refs/heads/*:refs/heads/*")
	if head.Hash != "" && head.Branch == "" {
		args = append(args, "+HEAD:"+detachedRef)
	}
	c := call{op: op, dir: dir, env: repo.env, remote: true, schemes: r.schemes, timeout: g.options.Timeouts.Fetch, lock: lock}
	if err := g.transfer(ctx, c, dir, func() error { return nil }, args...); err != nil {
		return err
	}
	if err := repo.setHead(ctx, head, lock); err != nil {
		return err
	}
	repo.tidy(ctx, lock)
	repo.writeCommitGraph(ctx, lock)
	return nil
}

// detachedRef keeps the commit of a remote HEAD that is on no branch.
const detachedRef = "refs/augur/head"

// setHead points HEAD to the default branch of the remote. A remote without one leaves HEAD where it is: at a branch that does not exist any more, if it is empty now.
func (r *Repository) setHead(ctx context.Context, h Head, lock *os.File) error {
	args := []string{"symbolic-ref", "HEAD", "refs/heads/" + h.Branch}
	switch {
	case h.Hash == "":
		return nil
	case h.Branch == "":
		args = []string{"update-ref", "--no-deref", "HEAD", detachedRef}
	}
	c := call{op: "set the head of " + r.dir, dir: r.dir, timeout: r.git.options.Timeouts.Local, lock: lock}
	link, err := os.ReadFile(filepath.Join(r.dir, "HEAD"))
	if err != nil {
		return diskFault(c.op, err)
	}
	if h.Branch == "" || strings.TrimSpace(string(link)) != "ref: refs/heads/"+h.Branch {
		if _, err := r.git.run(ctx, c, args...); err != nil {
			return err
		}
	}
	have, err := r.Head(ctx)
	if err == nil && have.Hash == "" {
		err = &Error{Op: c.op, Err: fmt.Errorf("nothing arrived, although the head of the remote is %s", h.Hash)}
	}
	return err
}

// Repair puts a clone that is ErrCorrupt aside, to dir with the suffix ".corrupt", and clones anew. The one put aside before is removed. When the new clone is corrupt as well, so is the
// remote: do not call it again.
func (g *Git) Repair(ctx context.Context, url, dir string) error {
	dir = filepath.Clean(dir)
	aside := dir + ".corrupt"
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("repair %s: %w", dir, err)
	}
	if err := os.Rename(dir, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("repair %s: %w", dir, err)
	}
	return g.Clone(ctx, url, dir)
}

// transfer runs a command that receives objects into dir. Neither on the way nor in the end may dir be larger than the limit.
func (g *Git) transfer(ctx context.Context, c call, dir string, clean func() error, args ...string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		g.watchSize(dir, done, cancel)
	}()
	defer func() {
		close(done)
		<-watched
		cancel(nil)
	}()
	if err := g.receive(ctx, c, dir, clean, args...); err != nil {
		return err
	}
	if err := g.checkSize(dir); err != nil {
		return &Error{Op: c.op, Kind: ErrTooLarge, Err: err}
	}
	return nil
}

// receive runs the command, and once more without the check of objects when that is what it failed of: some old histories have dates or names that the check refuses.
func (g *Git) receive(ctx context.Context, c call, dir string, clean func() error, args ...string) error {
	_, err := g.run(ctx, c, args...)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Stderr, "fsck error") {
		return err
	}
	g.log.WarnContext(ctx, "objects taken without checks", slog.String("op", c.op), slog.String("dir", dir), slog.String("stderr", e.Stderr))
	if err := clean(); err != nil {
		return diskFault(c.op, err)
	}
	_, err = g.run(ctx, c, append([]string{"-c", "transfer.fsckObjects=false"}, args...)...)
	return err
}

// sizeInterval is how often the size of a transfer is looked at.
const sizeInterval = 250 * time.Millisecond

func (g *Git) watchSize(dir string, done <-chan struct{}, cancel context.CancelCauseFunc) {
	if g.options.MaxBytes <= 0 {
		return
	}
	ticker := time.NewTicker(sizeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return
		case <-ticker.C:
			if err := g.checkSize(dir); err != nil {
				cancel(err)
				return
			}
		}
	}
}

// checkSize is ErrTooLarge when dir is larger than the limit.
func (g *Git) checkSize(dir string) error {
	limit := g.options.MaxBytes
	if limit <= 0 || size(dir) <= limit {
		return nil
	}
	return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
}

// size of all files under dir. Files that vanish meanwhile do not count.
func size(dir string) int64 {
	var n int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// diskFault is an error of the file system.
func diskFault(op string, err error) error {
	e := &Error{Op: op, Err: err}
	if isDiskFull(err) {
		e.Kind = ErrDiskFull
	}
	return e
}

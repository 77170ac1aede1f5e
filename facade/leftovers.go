package facade

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockDir takes the lock on a clone, without waiting: ErrBusy. The kernel drops it when the last process that has the file open ends, so a crash leaves no lock,
// and a git that outlives this program keeps it.
func lockDir(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrBusy, dir), f.Close())
	case ignoreUnsupported(err) != nil:
		return nil, errors.Join(err, f.Close())
	}
	return f, nil // file systems of the network may know no locks on directories: there the caller's own lock has to do
}

// unlock drops the lock when all git processes that inherited it have ended. Closing the file is not enough: a process that another goroutine is starting has a
// copy of it for a moment.
func unlock(f *os.File) error {
	return errors.Join(ignoreUnsupported(syscall.Flock(int(f.Fd()), syscall.LOCK_UN)), f.Close())
}

func ignoreUnsupported(err error) error {
	for _, unsupported := range []error{syscall.EBADF, syscall.ENOTSUP, syscall.ENOSYS, syscall.EINVAL} {
		if errors.Is(err, unsupported) {
			return nil
		}
	}
	return err
}

// sweep removes what crashes left of earlier attempts to clone to dir. One that a process still has open, such as a git that waits for a silent server, is left to the next call.
func (g *Git) sweep(ctx context.Context, dir string) error {
	old, err := filepath.Glob(escapeGlob(dir) + cloneSuffix + "*")
	if err != nil {
		return err
	}
	for _, d := range old {
		lock, err := lockDir(d)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrBusy) {
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(os.RemoveAll(d), unlock(lock)); err != nil {
			return err
		}
		g.log.WarnContext(ctx, "half a clone removed", slog.String("dir", d))
	}
	return nil
}

// Remove removes a clone, with what Repair put aside. One that another process works on is ErrBusy; one that is not there is no fault. A crash leaves it whole, or gone for everybody who looks
// for it by its name.
func (g *Git) Remove(dir string) error {
	dir = filepath.Clean(dir)
	aside := dir + ".removed"
	lock, err := lockDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	case err == nil:
		if err = os.RemoveAll(aside); err == nil {
			err = os.Rename(dir, aside)
		}
		err = errors.Join(err, unlock(lock))
	}
	if err == nil {
		err = errors.Join(os.RemoveAll(aside), os.RemoveAll(dir+".corrupt"))
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// Size is how many bytes the files of a clone have.
func (r *Repository) Size() int64 { return size(r.dir) }

// removeLeftovers removes the lock files and half-received objects of git processes that were killed. Call it only with the lock on dir.
func removeLeftovers(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name := d.Name()
		in := filepath.Base(filepath.Dir(path))
		switch {
		case d.IsDir() && (strings.HasPrefix(name, "tmp_objdir-") || strings.HasPrefix(name, "incoming-")) && in == "objects":
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			return filepath.SkipDir
		case d.Type().IsRegular() && (strings.HasSuffix(name, ".lock") || strings.HasPrefix(name, "tmp_")):
			// A branch cannot be called x.lock, and no object or pack tmp_x.
			if strings.HasPrefix(name, "tmp_") && strings.Contains(path, string(filepath.Separator)+"refs"+string(filepath.Separator)) {
				return nil
			}
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}

// empty removes what is in dir.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func isDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

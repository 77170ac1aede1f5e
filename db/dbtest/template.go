package dbtest

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"augur/db"
	"augur/db/local/cluster"
	"augur/db/migrate"
)

// template is the migrated database that others are copied from.
const template = "augur_template"

// initArgs make clusters small: a segment of the log is the least that one takes.
var initArgs = []string{"--wal-segsize=4"}

// archive is a file with the data directory of a stopped cluster that holds the template. Test processes unpack it instead of making the same
// cluster each: that takes a fifth of the time. It is named after all that it is made from, so that no other is ever found. Without a directory
// for such files (dir is empty), or where they cannot be written, each process makes its cluster.
type archive struct {
	dir, name string
}

// archives is how many are kept: those of a few branches.
const archives = 4

func newArchive(version string) archive {
	cache, err := os.UserCacheDir()
	if err != nil {
		return archive{}
	}
	statements, err := migrate.Fingerprint()
	if err != nil {
		return archive{} // migrating tells what is wrong
	}
	key := sha256.Sum256([]byte(strings.Join(append([]string{version, statements}, initArgs...), "\n")))
	return archive{dir: filepath.Join(cache, "augur-dbtest"), name: fmt.Sprintf("%x.tar", key[:16])}
}

func (a archive) path() string { return filepath.Join(a.dir, a.name) }

// unpack writes the files into the data directory, which is empty, and gives them to the server's account.
func (a archive) unpack(data string, own func(path string) error) error {
	if a.dir == "" {
		return fs.ErrNotExist
	}
	f, err := os.Open(a.path())
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	into, err := os.OpenRoot(data)
	if err != nil {
		return err
	}
	defer func() { _ = into.Close() }()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.FileInfo().IsDir() {
			err = into.MkdirAll(h.Name, 0o700)
		} else {
			err = writeFile(into, h.Name, r)
		}
		if err == nil {
			err = own(filepath.Join(data, h.Name)) //nolint:gosec // the root has refused a name that leads out of it
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(into *os.Root, name string, from io.Reader) error {
	f, err := into.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// pack stores the data directory of a stopped cluster. The file has its name only when all of it is on the disk.
func (a archive) pack(data string) error {
	if a.dir == "" {
		return nil
	}
	if err := os.MkdirAll(a.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(a.dir, "new-")
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	err = errors.Join(w.AddFS(os.DirFS(data)), w.Close(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), a.path())
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return a.forget()
}

// forget removes all but the newest archives, and what killed processes left of theirs.
func (a archive) forget() error {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return err
	}
	age := func(e fs.DirEntry) int64 {
		info, err := e.Info()
		if err != nil {
			return 0 // somebody else has removed it
		}
		return info.ModTime().Unix()
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return int(age(y) - age(x)) })
	for _, e := range entries[min(archives, len(entries)):] {
		if err := os.Remove(filepath.Join(a.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// fill makes a cluster with the template in it in the data directory, which is empty, and starts the server.
func (k *keeper) fill(ctx context.Context) error {
	kept := newArchive(k.cluster.Bin.Version)
	err := kept.unpack(k.cluster.Data, k.cluster.Account.Own)
	if err == nil {
		err = k.startServer(ctx)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	// There is no archive, or it is of no use: a new one takes its place.
	if err := clean(k.cluster.Data); err != nil {
		return err
	}
	if err := k.cluster.Init(ctx, cluster.InitOptions{NoSync: true, Args: initArgs}); err != nil {
		return err
	}
	if err := k.startServer(ctx); err != nil {
		return err
	}
	k.unusable = k.makeTemplate(ctx)
	if k.unusable != nil {
		kept = archive{}
	}
	if err := k.cluster.Stop(ctx); err != nil {
		return err
	}
	_ = kept.pack(k.cluster.Data) // it would only have saved time
	return k.startServer(ctx)
}

func clean(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// makeTemplate migrates the template and closes it to connections, since PostgreSQL does not copy a database that somebody is connected to.
func (k *keeper) makeTemplate(ctx context.Context) error {
	if err := execute(ctx, k.dir, "CREATE DATABASE "+template+" TEMPLATE template0"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, createTimeout)
	defer cancel()
	pool, err := db.Connect(ctx, address(k.dir, template), db.Options{})
	if err != nil {
		return err
	}
	_, err = migrate.Up(ctx, pool, slog.New(slog.DiscardHandler))
	pool.Close()
	if err != nil {
		return err
	}
	return execute(ctx, k.dir, "ALTER DATABASE "+template+" WITH ALLOW_CONNECTIONS false", leaving(template))
}

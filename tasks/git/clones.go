package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/shirou/gopsutil/v4/disk"

	"augur/db"
	"augur/facade"
	"augur/tasks"
)

// storeFile names a directory of clones: machines that share the directory find the same name in it, also when they are renamed or are containers of a day.
const storeFile = ".augur-store"

// storeID reads the name of a directory of clones, and gives it one when it has none. Of two at once both read the one that was there first.
func storeID(dir string) (id pgtype.UUID, err error) {
	path := filepath.Join(dir, storeFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := nameStore(dir, path); err != nil {
			return id, fmt.Errorf("name the directory of clones: %w", err)
		}
		content, err = os.ReadFile(path)
	}
	if err != nil {
		return id, fmt.Errorf("read the name of the directory of clones: %w", err)
	}
	if err := id.Scan(strings.TrimSpace(string(content))); err != nil {
		return id, tasks.Hint(fmt.Errorf("read the name of the directory of clones: %s: %w", path, err), "remove the file")
	}
	return id, nil
}

// nameStore writes a new name aside and links it to its place, which fails when there is one.
func nameStore(dir, path string) error {
	id := pgtype.UUID{Valid: true}
	for i := range id.Bytes {
		id.Bytes[i] = byte(rand.Uint32()) //nolint:gosec // a name, not a secret
	}
	aside, err := os.CreateTemp(dir, storeFile+"-*")
	if err != nil {
		return err
	}
	_, err = aside.WriteString(id.String() + "\n")
	err = errors.Join(err, aside.Chmod(0o644), aside.Close())
	if err == nil {
		if err = os.Link(aside.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	return errors.Join(err, os.Remove(aside.Name()))
}

// hold is a job's use of a clone: a row of the database, which counts as long as the job runs.
type hold struct {
	source *Source
	c      *tasks.Collection
	dir    string
	store  pgtype.UUID
}

func (s *Source) hold(c *tasks.Collection, dir string) (hold, error) {
	store, err := storeID(filepath.Dir(dir))
	return hold{source: s, c: c, dir: dir, store: store}, err
}

// errClaimed says that another job has the clone.
var errClaimed = errors.New("another job of this repository makes, fetches or reads the clone, or it is being removed")

// take takes the clone, for reading or for itself alone; a clone that is broken is always taken alone. When another job is in the way, the own use ends as well, and the job has to come
// again: so of several readers that all want it alone, the last one gets it.
func (h hold) take(ctx context.Context, exclusive bool) (alone bool, err error) {
	q, repo := h.source.queries, h.c.Repo.ID
	taken := false
	// A lock is no page of the task: a worker that dies over the clone again and again has not got on.
	err = pgx.BeginFunc(ctx, h.c.Pool(), func(tx pgx.Tx) error {
		host, _ := os.Hostname() // only for people
		name := filepath.Base(h.dir)
		if err := q.KnowClone(ctx, tx, db.KnowCloneParams{Store: h.store, RepoID: repo, Name: name, Host: host}); err != nil {
			return err
		}
		known, err := q.LockClone(ctx, tx, db.LockCloneParams{Store: h.store, RepoID: repo, Name: name, Host: host})
		if err != nil {
			return err
		}
		alone = exclusive || known.Broken
		others, err := q.OtherUses(ctx, tx, db.OtherUsesParams{Store: h.store, RepoID: repo, JobID: h.c.JobID})
		if err != nil {
			return err
		}
		for _, other := range others {
			if alone || other.Exclusive {
				return q.LeaveClone(ctx, tx, db.LeaveCloneParams{Store: h.store, RepoID: repo, JobID: h.c.JobID})
			}
		}
		taken = true
		return q.UseClone(ctx, tx, db.UseCloneParams{Store: h.store, RepoID: repo, JobID: h.c.JobID, Exclusive: alone})
	})
	if err != nil {
		return false, fmt.Errorf("take the clone of %s: %w", h.c.Repo.URL, err)
	}
	if !taken {
		return false, &tasks.WaitError{Wait: soon(5 * time.Second), Err: errClaimed}
	}
	return alone, nil
}

// soon is a wait, and up to as much again, so that jobs that wait for the same do not come together.
func soon(wait time.Duration) time.Duration { return wait + rand.N(wait) } //nolint:gosec // spreading load needs no secret

// made notes the size of a clone that was made or fetched, lets others read it, and makes room if there is too much now.
func (h hold) made(ctx context.Context, git *facade.Git) error {
	clone, err := git.Open(h.dir)
	if err != nil {
		return verdict(err)
	}
	size := clone.Size()
	if err := h.source.queries.MeasureClone(ctx, h.c.Pool(), db.MeasureCloneParams{Bytes: size, Store: h.store, RepoID: h.c.Repo.ID}); err != nil {
		return fmt.Errorf("note the size of the clone of %s: %w", h.c.Repo.URL, err)
	}
	if _, err := h.take(ctx, false); err != nil {
		return err
	}
	quota := h.source.now().DiskQuota
	for quota > 0 {
		used, err := h.used(ctx)
		if err != nil || used <= int64(quota) {
			return err
		}
		if evicted, err := h.evict(ctx, git); err != nil || !evicted {
			return err
		}
	}
	return nil
}

// broke notes that the clone cannot be read. The next task that opens it makes it again, alone: others may be reading it now.
func (s *Source) broke(ctx context.Context, c *tasks.Collection, dir string) error {
	h, err := s.hold(c, dir)
	if err != nil {
		return err
	}
	c.Log.WarnContext(ctx, "clone is broken, the next attempt makes it again")
	if err := h.source.queries.BreakClone(ctx, h.c.Pool(), db.BreakCloneParams{Store: h.store, RepoID: h.c.Repo.ID}); err != nil {
		return fmt.Errorf("note that the clone of %s is broken: %w", h.c.Repo.URL, err)
	}
	return nil
}

func (h hold) used(ctx context.Context) (int64, error) {
	used, err := h.source.queries.StoreSize(ctx, h.c.Pool(), h.store)
	if err != nil {
		return 0, fmt.Errorf("read what clones take: %w", err)
	}
	return used, nil
}

// room makes room for a clone or fetch: as long as the other clones take the whole quota, or the disk is too full, the one that nobody has used for longest goes. When none is left to go, the
// job waits, and says why.
func (h hold) room(ctx context.Context, git *facade.Git) error {
	settings := h.source.now()
	for {
		reason, err := h.crowded(ctx, settings)
		if err != nil || reason == "" {
			return err
		}
		evicted, err := h.evict(ctx, git)
		if err != nil {
			return err
		}
		if !evicted {
			return &tasks.WaitError{Wait: soon(time.Minute), Err: errors.New(reason + ", and there is no unused clone to remove")}
		}
	}
}

// crowded tells why there is no room, or is empty.
func (h hold) crowded(ctx context.Context, settings Settings) (string, error) {
	if settings.DiskQuota > 0 {
		others, err := h.source.queries.SizeOfOthers(ctx, h.c.Pool(), db.SizeOfOthersParams{Store: h.store, RepoID: h.c.Repo.ID})
		if err != nil {
			return "", fmt.Errorf("read what clones take: %w", err)
		}
		if others >= int64(settings.DiskQuota) {
			return fmt.Sprintf("clones take %s, all of Facade.disk_quota (%s)", Size(others), settings.DiskQuota), nil
		}
	}
	if settings.FreeSpaceFloor > 0 {
		usage, err := disk.UsageWithContext(ctx, filepath.Dir(h.dir))
		if err != nil {
			return "", fmt.Errorf("look at the disk of Facade.repo_directory: %w", err)
		}
		if usage.Free < uint64(settings.FreeSpaceFloor) {
			return fmt.Sprintf("the disk of Facade.repo_directory has %s free, less than Facade.free_space_floor (%s)", Size(usage.Free), settings.FreeSpaceFloor), nil //nolint:gosec // no disk is that large
		}
	}
	return "", nil
}

// evict removes the clone that was not used for longest. It is false when all are in use.
func (h hold) evict(ctx context.Context, git *facade.Git) (bool, error) {
	q := h.source.queries
	victim, err := q.ClaimVictim(ctx, h.c.Pool(), db.ClaimVictimParams{Store: h.store, Keep: h.c.Repo.ID, JobID: h.c.JobID})
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("choose a clone to remove: %w", err)
	}
	if victim.Name != filepath.Base(victim.Name) || !strings.HasSuffix(victim.Name, ".git") {
		return false, fmt.Errorf("remove a clone: %q is no name of one", victim.Name)
	}
	err = git.Remove(filepath.Join(filepath.Dir(h.dir), victim.Name))
	if errors.Is(err, facade.ErrBusy) {
		return false, q.LeaveClone(ctx, h.c.Pool(), db.LeaveCloneParams{Store: h.store, RepoID: victim.RepoID, JobID: h.c.JobID})
	}
	if err != nil {
		return false, err
	}
	if err := q.ForgetClone(ctx, h.c.Pool(), db.ForgetCloneParams{Store: h.store, RepoID: victim.RepoID}); err != nil {
		return false, fmt.Errorf("forget the clone that was removed: %w", err)
	}
	h.c.Log.InfoContext(ctx, "clone removed to make room", slog.Int64("evicted_repo_id", victim.RepoID), slog.Int64("bytes", victim.Bytes))
	return true, nil
}

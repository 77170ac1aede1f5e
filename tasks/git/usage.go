package git

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/shirou/gopsutil/v4/disk"

	"augur/db"
)

// Usage is what the clones on this machine's disk take, and what would be removed next to make room: the facts behind `augur facade du`.
type Usage struct {
	Directory string `json:"directory"`
	// Store is the name that the directory has in the database; empty before the first clone.
	Store string `json:"store"`
	// Bytes is what the clones take, Other what else lies in the directory: clones of another database, and what crashes left.
	Bytes int64 `json:"bytes"`
	Other int64 `json:"other_bytes"`
	// Free is the free space of the disk; Quota and Floor are Facade.disk_quota and free_space_floor, 0 for none.
	Free  int64 `json:"free_bytes"`
	Quota int64 `json:"quota_bytes"`
	Floor int64 `json:"floor_bytes"`
	// Clones are the largest first.
	Clones []CloneUsage `json:"clones"`
	// Elsewhere are the directories of other machines.
	Elsewhere []StoreUsage `json:"elsewhere"`
}

// CloneUsage is one clone on this machine's disk.
type CloneUsage struct {
	RepoID int64 `json:"repo_id"`
	// URL is empty when the repository is no longer in the table.
	URL    string    `json:"url"`
	Name   string    `json:"name"`
	Bytes  int64     `json:"bytes"`
	UsedAt time.Time `json:"used_at"`
	// Jobs are those that use it now.
	Jobs   []int64 `json:"job_ids"`
	Broken bool    `json:"broken"`
	// Turn is its place among those that would be removed, from 1; 0 while it is in use.
	Turn int `json:"turn"`
	// Next says that there is no room as things are: it goes when the next clone or fetch wants some.
	Next bool `json:"next"`
}

// StoreUsage is a directory of clones on another machine, as the database knows it.
type StoreUsage struct {
	Store  string `json:"store"`
	Host   string `json:"host"`
	Clones int    `json:"clones"`
	Bytes  int64  `json:"bytes"`
}

// DiskUsage looks at the directory of clones of this machine, whose $AUGUR_HOME is home. Sizes are what is on the disk now; it changes nothing.
func DiskUsage(ctx context.Context, pool *pgxpool.Pool, settings Settings, home string) (*Usage, error) {
	u := &Usage{
		Directory: settings.Directory(home), Quota: int64(settings.DiskQuota), Floor: int64(settings.FreeSpaceFloor), Clones: []CloneUsage{}, Elsewhere: []StoreUsage{},
	}
	rows, err := db.New().Clones(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("list clones: %w", err)
	}
	sizes, err := sizesIn(u.Directory)
	if err != nil {
		return nil, fmt.Errorf("look at the directory of clones: %w", err)
	}
	if content, err := os.ReadFile(filepath.Join(u.Directory, storeFile)); err == nil {
		u.Store = strings.TrimSpace(string(content))
	}
	turn := 0
	for _, row := range rows {
		if row.Store.String() != u.Store {
			u.elsewhere(row.Store, row.Host, row.Bytes)
			continue
		}
		clone := CloneUsage{RepoID: row.RepoID, URL: row.RepoGit, Name: row.Name, UsedAt: row.UsedAt, Jobs: row.JobIDs, Broken: row.Broken}
		for _, suffix := range []string{"", ".corrupt", ".removed"} {
			clone.Bytes += sizes[row.Name+suffix]
			delete(sizes, row.Name+suffix)
		}
		if len(row.JobIDs) == 0 && row.Bytes > 0 {
			turn++
			clone.Turn = turn
		}
		u.Bytes += clone.Bytes
		u.Clones = append(u.Clones, clone)
	}
	for _, size := range sizes {
		u.Other += size
	}
	if usage, err := disk.UsageWithContext(ctx, existing(u.Directory)); err == nil {
		u.Free = int64(usage.Free) //nolint:gosec // no disk is that large
	}
	u.chooseNext()
	slices.SortStableFunc(u.Clones, func(a, b CloneUsage) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return u, nil
}

func (u *Usage) elsewhere(store pgtype.UUID, host string, bytes int64) {
	if n := len(u.Elsewhere); n == 0 || u.Elsewhere[n-1].Store != store.String() {
		u.Elsewhere = append(u.Elsewhere, StoreUsage{Store: store.String()})
	}
	last := &u.Elsewhere[len(u.Elsewhere)-1]
	last.Host, last.Clones, last.Bytes = host, last.Clones+1, last.Bytes+bytes
}

// chooseNext marks, in the order of their turns, what has to go until there is room.
func (u *Usage) chooseNext() {
	over := int64(0)
	if u.Quota > 0 {
		over = u.Bytes - u.Quota
	}
	if u.Floor > 0 {
		over = max(over, u.Floor-u.Free)
	}
	for i := range u.Clones { // they are in that order
		if over <= 0 {
			return
		}
		if u.Clones[i].Turn > 0 {
			u.Clones[i].Next = true
			over -= u.Clones[i].Bytes
		}
	}
}

// sizesIn are the bytes below each entry of a directory; none when it does not exist yet.
func sizesIn(dir string) (map[string]int64, error) {
	sizes := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it is being worked on
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name, _, _ := strings.Cut(rel, string(filepath.Separator))
		if info, err := d.Info(); err == nil && !strings.HasPrefix(name, storeFile) {
			sizes[name] += info.Size()
		}
		return nil
	})
	return sizes, err
}

// existing is the directory, or the one above it that exists: it lies on the same disk.
func existing(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

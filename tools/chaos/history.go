package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// digestSQL is what is stored of a history, without what is different each time: ids of rows, and times of collection.
const digestSQL = `
WITH c AS (SELECT * FROM augur_data.commits WHERE repo_id = $1)
SELECT (SELECT count(*) FROM c)::int,
    (SELECT md5(string_agg(md5((to_jsonb(c) - ARRAY['cmt_id', 'repo_id', 'cmt_date_attempted', 'data_collection_date'])::text), '' ORDER BY cmt_commit_hash, cmt_filename)) FROM c)
    || (SELECT md5(string_agg(md5(cmt_hash || cmt_msg), '' ORDER BY cmt_hash)) FROM augur_data.commit_messages WHERE repo_id = $1)
    || coalesce((SELECT md5(string_agg(c.cmt_commit_hash || p.cmt_commit_hash, '' ORDER BY c.cmt_commit_hash, p.cmt_commit_hash))
        FROM c JOIN augur_data.commit_parents l ON l.cmt_id = c.cmt_id JOIN augur_data.commits p ON p.cmt_id = l.parent_id), '')`

// chase collects the history of a real repository in peace, and then copies of it, while the worker that does it is killed again and again, and compares
// what was stored.
func (w *world) chase(ctx context.Context, stdout io.Writer) error {
	began := time.Now()
	first, err := w.copyOf(ctx, 0)
	if err != nil {
		return err
	}
	if err := w.wait(ctx, 10*time.Minute, collectedSQL, first); err != nil {
		return fmt.Errorf("wait for the first collection: %w", err)
	}
	took := time.Since(began)
	rows, want, err := w.digest(ctx, first)
	if err != nil {
		return err
	}
	copies := 0
	for w.done[kill] < w.faults[kill] {
		copies++
		repo, err := w.copyOf(ctx, copies)
		if err != nil {
			return err
		}
		for w.wait(ctx, 20*time.Millisecond, collectedSQL, repo) != nil && ctx.Err() == nil {
			w.hurry(ctx)
			// Mostly before it is done, so that few copies have to bear all kills.
			if err := pause(ctx, time.Duration(w.random.Int64N(int64(took/4)))); err != nil {
				return err
			}
			if w.done[kill] < w.faults[kill] && w.killCollector(ctx, repo) {
				w.done[kill]++
			}
		}
		if n, got, err := w.digest(ctx, repo); err != nil {
			return err
		} else if n != rows || got != want {
			w.record.wrong(fmt.Sprintf("copy %d has %d rows, not %d, or others", copies, n, rows))
		}
	}
	fmt.Fprintf(stdout, "history: %d copies of %d rows were collected under %d kills, and compared\n", copies, rows, w.done[kill])
	return ctx.Err()
}

// collectedSQL tells whether the git history of a repository is stored.
const collectedSQL = "SELECT facade_status = 'Success' FROM augur_operations.collection_status WHERE repo_id = $1"

// copyOf adds the repository under another name.
func (w *world) copyOf(ctx context.Context, n int) (repo int64, err error) {
	path := filepath.Join(w.dir, fmt.Sprintf("copy-%d", n))
	if err := os.Symlink(w.history, path); err != nil {
		return 0, fmt.Errorf("link to the repository: %w", err)
	}
	if err := w.addRepos(ctx, path); err != nil {
		return 0, err
	}
	if err := w.pool.QueryRow(ctx, "SELECT repo_id FROM augur_data.repo WHERE repo_git = $1", path).Scan(&repo); err != nil {
		return 0, fmt.Errorf("find the repository: %w", err)
	}
	return repo, nil
}

func (w *world) digest(ctx context.Context, repo int64) (rows int, digest string, err error) {
	if err := w.pool.QueryRow(ctx, digestSQL, repo).Scan(&rows, &digest); err != nil {
		return 0, "", fmt.Errorf("read what was stored: %w", err)
	}
	return rows, digest, nil
}

// killCollector kills the worker that collects the repository now.
func (w *world) killCollector(ctx context.Context, repo int64) bool {
	var pid int
	err := w.pool.QueryRow(ctx, `SELECT split_part(attempted_by[array_upper(attempted_by, 1)], '-', 2)::int
		FROM river.river_job WHERE state = 'running' AND (args ->> 'repo_id')::bigint = $1 LIMIT 1`, repo).Scan(&pid)
	if err != nil {
		return false
	}
	at := time.Now()
	for _, c := range w.children {
		if c.running() == pid {
			if c.signal(syscall.SIGKILL) != pid {
				return false
			}
			w.record.killed(pid, at)
			return true
		}
	}
	// The worker of a backend is none of our children.
	return slices.Contains(leftBehind(w.dir), pid) && syscall.Kill(pid, syscall.SIGKILL) == nil
}

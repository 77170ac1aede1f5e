package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"time"

	"augur/tasks/github/githubtest"
)

// kills is how often a worker is killed.
const kills = 20

//go:embed sql/frail.sql
var frail string

// storm collects the repository again under bad conditions, each in a database of its own, and compares with the one that was collected in calm, for which so many requests were made.
func storm(ctx context.Context, url string, forge *githubtest.Server, calm *database, calmly int, out io.Writer) error {
	faulty, err := openModel(ctx, url, "augur_faulty", forge)
	if err != nil {
		return err
	}
	defer faulty.pool.Close()
	forge.SetFaults(0.05)
	err = faulty.collect(ctx)
	forge.SetFaults(0)
	if err != nil {
		return err
	}
	counts := forge.ResetCounts()
	most := calmly*105/100 + counts.Total.Faults
	fmt.Fprintf(out, "faults: wrong_answers=%d requests=%d permitted=%d\n", counts.Total.Faults, requests(counts), most)
	if requests(counts) > most {
		return fmt.Errorf("with %d wrong answers %d requests were made, %d without", counts.Total.Faults, requests(counts), calmly)
	}
	if err := faulty.mustEqual(ctx, calm, "what was collected with wrong answers is not what was collected without"); err != nil {
		return err
	}

	killed, err := openModel(ctx, url, "augur_killed", forge)
	if err != nil {
		return err
	}
	defer killed.pool.Close()
	n, err := killed.collectKilled(ctx, forge, max(1, calmly/(kills+5)))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "kills: killed=%d requests=%d\n", n, requests(forge.ResetCounts()))
	return killed.mustEqual(ctx, calm, "what killed workers have collected is not what was collected without")
}

// collectKilled collects with workers in processes of their own, of which one after the other is killed when so many requests were made. It returns how many were.
func (d *database) collectKilled(ctx context.Context, forge *githubtest.Server, after int) (killed int, err error) {
	m, err := d.monitor(ctx, d.catalog())
	if err != nil {
		return 0, err
	}
	for {
		worker, err := startChild(ctx, assignment{Work: &workSpec{URL: d.url, Place: d.at}})
		if err != nil {
			return killed, err
		}
		before, done, spare := forge.Counts().Total.Requests, false, 0
		for !done && (killed == kills || spare > 0 || forge.Counts().Total.Requests < before+after) && err == nil {
			if _, err = m.Reap(ctx); err == nil {
				done, err = d.tick(ctx, m)
			}
			if err == nil {
				spare, err = d.count(ctx, frail)
			}
			select {
			case <-ctx.Done():
				err = ctx.Err()
			case <-time.After(d.look):
			}
		}
		err = errors.Join(err, worker.kill())
		if done || err != nil {
			return killed, err
		}
		killed++
	}
}

// moving collects while the repository changes before each page, then once more, and compares with a new collection.
func moving(ctx context.Context, url string, forge *githubtest.Server, out io.Writer) error {
	d, err := openModel(ctx, url, "augur_moving", forge)
	if err != nil {
		return err
	}
	defer d.pool.Close()
	repo := forge.Repo(githubtest.ModelName)
	issues, pulls, comments := repo.OnlyIssues(), repo.Pulls(), repo.Comments
	changes := 0
	disturb := func(operation string, pages int, change func(n int)) {
		for n := range pages {
			changes++
			forge.Script(operation, githubtest.Do(func() { change(n) }))
		}
	}
	disturb("issues/list-for-repo", len(issues)/100, func(n int) { repo.Touch(issues[n], "moved") })
	disturb("pulls/list", len(pulls)/100, func(n int) { repo.Touch(pulls[n], "moved") })
	disturb("issues/list-comments-for-repo", len(comments)/200, func(n int) { repo.EditComment(comments[n], "edited") })
	disturb("graphql pullRequestChildren", len(pulls)/50, func(n int) { repo.Touch(pulls[len(pulls)/2+n], "moved") })
	if err := d.collect(ctx); err != nil {
		return err
	}
	if left := forge.Unplayed(); left > 0 {
		return fmt.Errorf("%d of %d changes did not happen", left, changes)
	}
	forge.AdvanceDay(repo)
	if err := d.exec(ctx, age); err != nil {
		return err
	}
	if err := d.collect(ctx); err != nil {
		return err
	}
	counts := forge.ResetCounts()
	fresh, err := openModel(ctx, url, "augur_still", forge)
	if err != nil {
		return err
	}
	defer fresh.pool.Close()
	if err := fresh.collect(ctx); err != nil {
		return err
	}
	forge.ResetCounts()
	fmt.Fprintf(out, "moving: changes_between_pages=%d requests=%d\n", changes, requests(counts))
	return d.mustEqual(ctx, fresh, "what was collected while it changed, and a day later, is not what a new collection is")
}

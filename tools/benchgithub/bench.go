package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"augur/tasks/github/contenttest"
	"augur/tasks/github/githubtest"
)

// model measures what the model repository costs, and prints the figures.
func model(ctx context.Context, url string, o options, out io.Writer) error {
	forge, err := githubtest.Start("127.0.0.1:0", githubtest.With(githubtest.ModelName, shape(o.part)), githubtest.Seed(o.seed)) //nolint:contextcheck // it has a life of its own, which Close ends
	if err != nil {
		return fmt.Errorf("start the fake GitHub: %w", err)
	}
	defer forge.Close()
	first, err := openModel(ctx, url, "augur_first", forge)
	if err != nil {
		return err
	}
	defer first.pool.Close()

	began := time.Now()
	if err := first.collect(ctx); err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	_, rows, err := contenttest.Hash(ctx, first.pool)
	if err != nil {
		return err
	}
	full := forge.ResetCounts()
	fmt.Fprintf(out, "full: %d rows in %.1f s, %s\n", rows, seconds, tell(full))
	if o.storm {
		if err := storm(ctx, url, forge, first, requests(full), out); err != nil {
			return err
		}
	}
	daily, err := first.day(ctx, url, forge)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "daily: %s\n", tell(daily))
	unchanged, err := first.again(ctx, forge)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "unchanged: %s\n", tell(unchanged))
	if o.storm {
		if err := moving(ctx, url, forge, out); err != nil {
			return err
		}
	}
	queries := graphQL(full)
	fmt.Fprintf(out, "github: model_full_requests=%d (rest=%d graphql=%d) daily_requests=%d unchanged_points=%d rows=%d rows_per_second=%.0f seconds=%.1f\n",
		requests(full), requests(full)-queries, queries, requests(daily), points(unchanged), rows, float64(rows)/seconds, seconds)
	return nil
}

// openModel makes a database with the model repository in it.
func openModel(ctx context.Context, url, name string, forge *githubtest.Server) (*database, error) {
	d, err := open(ctx, url, name, placeOf(forge, 1, githubtest.ModelName))
	if d != nil {
		d.now = forge.Clock().Now
	}
	return d, err
}

// shape is the model, or a part of it.
func shape(part int) githubtest.Shape {
	s := githubtest.ModelShape()
	for _, n := range []*int{&s.Issues, &s.Pulls, &s.Comments, &s.Events} {
		*n /= part
	}
	return s
}

// keyRequests are about keys, not about repositories.
var keyRequests = map[string]bool{"rate-limit/get": true, "users/get-authenticated": true}

// requests counts those about repositories.
func requests(c githubtest.Counts) int {
	n := 0
	for operation, count := range c.Operations {
		if !keyRequests[operation] {
			n += count.Requests
		}
	}
	return n
}

func points(c githubtest.Counts) int {
	n := 0
	for operation, count := range c.Operations {
		if !keyRequests[operation] {
			n += count.Points
		}
	}
	return n
}

func graphQL(c githubtest.Counts) int {
	n := 0
	for operation, count := range c.Operations {
		if strings.HasPrefix(operation, "graphql ") {
			n += count.Requests
		}
	}
	return n
}

// tell says what was asked.
func tell(c githubtest.Counts) string {
	text := []string{fmt.Sprintf("%d requests, %d points:", requests(c), points(c))}
	for _, operation := range slices.Sorted(maps.Keys(c.Operations)) {
		text = append(text, fmt.Sprintf("%s=%d", strings.ReplaceAll(operation, " ", "_"), c.Operations[operation].Requests))
	}
	return strings.Join(text, " ")
}

// day lets a day pass, collects what is new, and compares with a new collection in another database.
func (d *database) day(ctx context.Context, url string, forge *githubtest.Server) (githubtest.Counts, error) {
	forge.AdvanceDay(forge.Repo(githubtest.ModelName))
	if err := d.exec(ctx, age); err != nil {
		return githubtest.Counts{}, err
	}
	forge.ResetCounts()
	if err := d.collect(ctx); err != nil {
		return githubtest.Counts{}, err
	}
	daily := forge.ResetCounts()
	fresh, err := openModel(ctx, url, "augur_fresh", forge)
	if err != nil {
		return daily, err
	}
	defer fresh.pool.Close()
	if err := fresh.collect(ctx); err != nil {
		return daily, err
	}
	forge.ResetCounts()
	return daily, d.mustEqual(ctx, fresh, "the daily collection is not what a new one is")
}

// again collects when nothing has changed, which must change nothing.
func (d *database) again(ctx context.Context, forge *githubtest.Server) (githubtest.Counts, error) {
	before, _, err := contenttest.Hash(ctx, d.pool)
	if err != nil {
		return githubtest.Counts{}, err
	}
	if err := d.exec(ctx, age); err != nil {
		return githubtest.Counts{}, err
	}
	forge.ResetCounts()
	if err := d.collect(ctx); err != nil {
		return githubtest.Counts{}, err
	}
	unchanged := forge.ResetCounts()
	after, _, err := contenttest.Hash(ctx, d.pool)
	if err == nil && after != before {
		err = fmt.Errorf("database %s: a collection without anything new changed something", d.name)
	}
	return unchanged, err
}

package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"augur/tasks/github/api"
)

// samplesAtOnce is how many of the oldest issues, the newest issues, the oldest and the newest pull requests a sample has. With their lists the query stays at one point.
const samplesAtOnce = 9

// planFields are what a plan asks of a repository: how long its lists are.
const planFields = ` nameWithOwner issues { totalCount } pullRequests { totalCount } releases { totalCount } refs(refPrefix: "refs/tags/") { totalCount }`

// sampleFields also ask for the lists of some issues and pull requests: GitHub tells nobody how many comments and events a repository has.
func sampleFields() string {
	issue := " nodes { comments { totalCount } timelineItems(itemTypes: " + timelineKinds(pullOnly) + ") { totalCount } }"
	pull := " nodes { totalCommentsCount comments { totalCount } timelineItems(itemTypes: " + timelineKinds(issueOnly) + ") { totalCount } files { totalCount } commits { totalCount } reviews { totalCount } }"
	var b strings.Builder
	for _, list := range []struct{ alias, field, order, nodes string }{
		{"oldIssues", "issues", "ASC", issue},
		{"newIssues", "issues", "DESC", issue},
		{"oldPulls", "pullRequests", "ASC", pull},
		{"newPulls", "pullRequests", "DESC", pull},
	} {
		fmt.Fprintf(&b, " %s: %s(first: %d, orderBy: {field: CREATED_AT, direction: %s}) {%s }", list.alias, list.field, samplesAtOnce, list.order, list.nodes)
	}
	return b.String()
}

type (
	// planAnswer is what GitHub says about a repository for a plan.
	planAnswer struct {
		NameWithOwner string      `json:"nameWithOwner"`
		Issues        total       `json:"issues"`
		PullRequests  total       `json:"pullRequests"`
		Releases      total       `json:"releases"`
		Refs          total       `json:"refs"`
		OldIssues     *sampleList `json:"oldIssues"`
		NewIssues     *sampleList `json:"newIssues"`
		OldPulls      *sampleList `json:"oldPulls"`
		NewPulls      *sampleList `json:"newPulls"`
	}
	sampleList struct {
		Nodes []sampleItem `json:"nodes"`
	}
	// sampleItem is an issue or a pull request of the sample.
	sampleItem struct {
		TotalCommentsCount int64  `json:"totalCommentsCount"`
		Comments           total  `json:"comments"`
		TimelineItems      total  `json:"timelineItems"`
		Files              *total `json:"files"`
		Commits            total  `json:"commits"`
		Reviews            *total `json:"reviews"`
	}
)

// askPlan asks how long the lists of repositories are; nil is one that GitHub does not show.
func askPlan(ctx context.Context, client asker, repos []api.Repo, fields string) ([]*planAnswer, error) {
	variables := map[string]any{}
	var head, body strings.Builder
	for i, repo := range repos {
		n := strconv.Itoa(i)
		head.WriteString(", $owner" + n + ": String!, $name" + n + ": String!")
		body.WriteString(" r" + n + ": repository(owner: $owner" + n + ", name: $name" + n + ") {" + fields + " }")
		variables["owner"+n], variables["name"+n] = repo.Owner, repo.Name
	}
	answer := map[string]json.RawMessage{}
	text := "query plan(" + strings.TrimPrefix(head.String(), ", ") + ") {" + body.String() + " " + rateLimit + " }"
	reply, err := client.Query(ctx, "plan", text, variables, &answer)
	if err != nil {
		return nil, fmt.Errorf("ask for the counts of %d repositories: %w", len(repos), err)
	}
	found := make([]*planAnswer, len(repos))
	for i, repo := range repos {
		alias := "r" + strconv.Itoa(i)
		if refusedAt(reply.Errors, alias) {
			continue
		}
		if faults(reply.Errors).under(alias) {
			return nil, fmt.Errorf("ask for the counts of %s: %w", repo, api.QueryErrors(reply.Errors))
		}
		if err := json.Unmarshal(answer[alias], &found[i]); err != nil {
			return nil, fmt.Errorf("read the counts of %s: %w", repo, err)
		}
	}
	return found, nil
}

// counts are the lengths of all lists, those that are not known by a sample or, without one, by the model.
func (a *planAnswer) counts() Counts {
	c := Counts{Issues: a.Issues.TotalCount, PullRequests: a.PullRequests.TotalCount, Releases: a.Releases.TotalCount, Tags: a.Refs.TotalCount}
	issues, pulls := drawn(c.Issues, a.OldIssues, a.NewIssues), drawn(c.PullRequests, a.OldPulls, a.NewPulls)
	if c.Sampled = int64(len(issues) + len(pulls)); c.Sampled == 0 {
		items := c.Issues + c.PullRequests
		c.Comments, c.ReviewComments, c.Events = 2*items, 3*c.PullRequests, 4*items
		return c
	}
	sum := func(items []sampleItem, of int64, count func(sampleItem) int64) int64 {
		n := int64(0)
		for _, item := range items {
			n += count(item)
		}
		return (n*of + int64(len(items))/2) / max(int64(len(items)), 1)
	}
	comments := func(i sampleItem) int64 { return i.Comments.TotalCount }
	events := func(i sampleItem) int64 { return i.TimelineItems.TotalCount }
	c.Comments = sum(issues, c.Issues, comments) + sum(pulls, c.PullRequests, comments)
	c.Events = sum(issues, c.Issues, events) + sum(pulls, c.PullRequests, events)
	c.ReviewComments = sum(pulls, c.PullRequests, func(i sampleItem) int64 { return max(i.TotalCommentsCount-i.Comments.TotalCount, 0) })
	c.LongLists = sum(pulls, c.PullRequests, sampleItem.pagesBeyond)
	return c
}

// drawn is a sample of so many items. A list that is shorter than both ends together is in it twice, which changes no mean.
func drawn(of int64, ends ...*sampleList) []sampleItem {
	var items []sampleItem
	for _, end := range ends {
		if end != nil && of > 0 {
			items = append(items, end.Nodes...)
		}
	}
	return items
}

// pagesBeyond counts the pages of lists inside of a pull request that one query for many of them does not get.
func (i sampleItem) pagesBeyond() int64 {
	beyond := pages(i.Commits.TotalCount-50, 100)
	if i.Files != nil {
		beyond += pages(i.Files.TotalCount-100, 100)
	}
	if i.Reviews != nil {
		beyond += pages(i.Reviews.TotalCount-50, 100)
	}
	return beyond
}

// pages is how many pages of a size a list has; none when it is empty.
func pages(items, size int64) int64 { return (max(items, 0) + size - 1) / size }

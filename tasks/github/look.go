package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"augur/db"
	"augur/tasks/github/api"
)

// lightFields are what a question for many repositories asks of each: what its marks are made of.
const lightFields = ` id databaseId nameWithOwner updatedAt pushedAt isArchived stargazerCount forkCount watchers { totalCount }
	issues(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { updatedAt } } openIssues: issues(states: OPEN) { totalCount }
	pullRequests(first: 1, orderBy: {field: UPDATED_AT, direction: DESC}) { totalCount nodes { updatedAt } } openPullRequests: pullRequests(states: OPEN) { totalCount }
	releases(first: 1, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { id updatedAt } }`

// wholeFields are what is asked of one repository: its marks, and all that becomes of its rows. Only a list of more than a hundred releases or tags is read on.
const wholeFields = lightFields + ` description createdAt isFork parent { nameWithOwner } owner { __typename } primaryLanguage { name } hasIssuesEnabled hasWikiEnabled
	licenseInfo { name url } codeOfConduct { url } closedIssues: issues(states: CLOSED) { totalCount } closedPullRequests: pullRequests(states: CLOSED) { totalCount }
	mergedPullRequests: pullRequests(states: MERGED) { totalCount } defaultBranchRef { name target { ... on Commit { history { totalCount } } } }
	releaseList: releases(first: 100, orderBy: {field: CREATED_AT, direction: DESC}) { ` + listFields + releaseFields + ` }
	tagList: refs(refPrefix: "refs/tags/", first: 100) { ` + listFields + tagFields + ` }`

const (
	releaseFields = ` nodes { id name description author { login name company } createdAt publishedAt updatedAt isDraft isPrerelease tagName url }`
	tagFields     = ` nodes { id name target { ... on Tag { tagger { name email date } } } }`
)

// total is a list of which only the length is asked for.
type total struct {
	TotalCount int64 `json:"totalCount"`
}

// newest is a list of which the newest item is asked for.
type newest struct {
	TotalCount int64 `json:"totalCount"`
	Nodes      []struct {
		ID        string `json:"id"`
		UpdatedAt string `json:"updatedAt"`
	} `json:"nodes"`
}

// mark is the length of the list and its newest item.
func (n newest) mark() string {
	text := []string{strconv.FormatInt(n.TotalCount, 10)}
	for _, node := range n.Nodes {
		text = append(text, node.ID+node.UpdatedAt)
	}
	return strings.Join(text, " ")
}

// look is what GitHub says about a repository as a whole.
type look struct {
	ID               string  `json:"id"`
	DatabaseID       int64   `json:"databaseId"`
	NameWithOwner    string  `json:"nameWithOwner"`
	UpdatedAt        *string `json:"updatedAt"`
	PushedAt         *string `json:"pushedAt"`
	IsArchived       bool    `json:"isArchived"`
	StargazerCount   int64   `json:"stargazerCount"`
	ForkCount        int64   `json:"forkCount"`
	Watchers         total   `json:"watchers"`
	Issues           newest  `json:"issues"`
	OpenIssues       total   `json:"openIssues"`
	PullRequests     newest  `json:"pullRequests"`
	OpenPullRequests total   `json:"openPullRequests"`
	Releases         newest  `json:"releases"`
}

// activity is the mark of issues and pull requests.
func (l look) activity() string {
	return l.Issues.mark() + "; " + l.PullRequests.mark()
}

// overall is the mark of all that is asked for.
func (l look) overall() string {
	return fmt.Sprint(l.activity(), "; ", l.Releases.mark(), "; ", value(l.UpdatedAt), value(l.PushedAt), "; ", l.IsArchived, l.StargazerCount, " ", l.ForkCount, " ",
		l.Watchers.TotalCount, " ", l.OpenIssues.TotalCount, " ", l.OpenPullRequests.TotalCount)
}

// params are the marks as they are stored; whole is the answer when it was whole.
func (l look) params(repoID int64, whole json.RawMessage) db.SaveGithubRepoParams {
	fit, _ := withoutNUL(whole)
	return db.SaveGithubRepoParams{
		RepoID: repoID, NodeID: l.ID, Activity: l.activity(), Pushed: value(l.PushedAt) + " ", Overall: l.overall(), Answer: fit,
	}
}

// question asks for several repositories at once: the first one whole, the others for their marks.
func question(repos []api.Repo) (text string, variables map[string]any) {
	variables = map[string]any{}
	var head, body strings.Builder
	for i, repo := range repos {
		n, fields := strconv.Itoa(i), lightFields
		if i == 0 {
			fields = wholeFields
		} else {
			head.WriteString(", ")
		}
		head.WriteString("$owner" + n + ": String!, $name" + n + ": String!")
		body.WriteString(" r" + n + ": repository(owner: $owner" + n + ", name: $name" + n + ") {" + fields + " }")
		variables["owner"+n], variables["name"+n] = repo.Owner, repo.Name
	}
	return "query repositories(" + head.String() + ") {" + body.String() + " " + rateLimit + " }", variables
}

// ask asks for several repositories. The answer has a look and the document for each that GitHub knows and that no error is about.
func ask(ctx context.Context, client asker, repos []api.Repo) (looks []*look, documents []json.RawMessage, reply api.Reply, err error) {
	text, variables := question(repos)
	answer := map[string]json.RawMessage{}
	reply, err = client.Query(ctx, "repositories", text, variables, &answer)
	if err != nil {
		return nil, nil, reply, fmt.Errorf("ask for %d repositories: %w", len(repos), err)
	}
	looks, documents = make([]*look, len(repos)), make([]json.RawMessage, len(repos))
	for i := range repos {
		alias := "r" + strconv.Itoa(i)
		document := answer[alias]
		if len(document) == 0 || string(document) == "null" || faults(reply.Errors).under(alias) {
			continue
		}
		found := new(look)
		if err := json.Unmarshal(document, found); err != nil {
			return nil, nil, reply, fmt.Errorf("read what GitHub says about %s: %w", repos[i], err)
		}
		if found.ID != "" && found.NameWithOwner != "" {
			looks[i], documents[i] = found, document
		}
	}
	return looks, documents, reply, nil
}

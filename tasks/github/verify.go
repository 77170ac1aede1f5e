package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"augur/db/repos"
	"augur/facade/giturl"
	"augur/tasks/github/api"
)

// KindVerify is what requests about repositories that are being added are counted to.
const KindVerify = "github_verify"

// verifiedAtOnce is how many repositories one query asks about. It has no list in it, and costs a point.
const verifiedAtOnce = 100

// Identify gives a function that asks GitHub which repositories addresses stand for: see [repos.Options]. Addresses elsewhere are not checked.
func Identify(service *api.Service) func(ctx context.Context, urls []giturl.URL) ([]repos.Identity, error) {
	client := service.Client(api.Who{Kind: KindVerify})
	return func(ctx context.Context, urls []giturl.URL) ([]repos.Identity, error) {
		found := make([]repos.Identity, len(urls))
		var names []api.Repo
		var places []int
		for i, url := range urls {
			if url.Platform != giturl.GitHub {
				continue
			}
			name, err := nameOf(url.Canonical)
			if err != nil {
				found[i] = repos.Identity{Checked: true, Refused: "names no owner and repository on GitHub"}
				continue
			}
			names, places = append(names, name), append(places, i)
		}
		for at, size := 0, verifiedAtOnce; at < len(names); {
			batch := names[at:min(at+size, len(names))]
			identities, err := verify(ctx, client, batch)
			if errors.Is(err, api.ErrTooCostly) && len(batch) > 1 {
				size = max(len(batch)/2, 1)
				continue
			}
			if err != nil {
				return nil, err
			}
			for i, identity := range identities {
				found[places[at+i]] = identity
			}
			at += len(batch)
		}
		return found, nil
	}
}

// verify asks about one batch.
func verify(ctx context.Context, client asker, names []api.Repo) ([]repos.Identity, error) {
	variables, answer := map[string]any{}, map[string]json.RawMessage{}
	var head, body strings.Builder
	for i, name := range names {
		n := strconv.Itoa(i)
		head.WriteString(", $owner" + n + ": String!, $name" + n + ": String!")
		body.WriteString(" r" + n + ": repository(owner: $owner" + n + ", name: $name" + n + ") { databaseId nameWithOwner }")
		variables["owner"+n], variables["name"+n] = name.Owner, name.Name
	}
	text := "query verify(" + strings.TrimPrefix(head.String(), ", ") + ") {" + body.String() + " " + rateLimit + " }"
	reply, err := client.Query(ctx, "verify", text, variables, &answer)
	if err != nil {
		return nil, fmt.Errorf("ask for %d repositories: %w", len(names), err)
	}
	found := make([]repos.Identity, len(names))
	for i, name := range names {
		alias := "r" + strconv.Itoa(i)
		found[i].Checked = true
		if refusedAt(reply.Errors, alias) {
			found[i].Refused = "gone or private: GitHub does not show it"
			continue
		}
		var repo *struct {
			DatabaseID    int64  `json:"databaseId"`
			NameWithOwner string `json:"nameWithOwner"`
		}
		if err := json.Unmarshal(answer[alias], &repo); err != nil || repo == nil || faults(reply.Errors).under(alias) {
			return nil, fmt.Errorf("read what GitHub says about %s: %w", name, errors.Join(err, api.QueryErrors(reply.Errors)))
		}
		found[i].SourceID = repo.DatabaseID
		if found[i].URL, err = giturl.Parse("https://github.com/"+repo.NameWithOwner, giturl.Policy{}); err != nil {
			return nil, fmt.Errorf("read the name of %s: %w", name, err)
		}
	}
	return found, nil
}

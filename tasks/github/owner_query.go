package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"augur/tasks"
	"augur/tasks/github/api"
)

// Wanted says which repositories of an owner are added beside the plain ones.
type Wanted struct {
	Archived bool
	Forks    bool
}

// ownersAtOnce is how many owners one query is about: with a list in each it costs a point. ownedAtOnce is how many repositories a page has.
const (
	ownersAtOnce = 100
	ownedAtOnce  = 100
)

// errNoOwner says that GitHub shows no organisation or user.
var errNoOwner = errors.New("GitHub does not show it: it was deleted, renamed long ago, or is suspended")

// ownerLook is what GitHub says about an owner. Its mark is how many repositories of the wanted kind it has, and the newest: one that was made, transferred, made public or
// taken out of the archive changes one of them.
type ownerLook struct {
	Kind         string `json:"__typename"`
	ID           string `json:"id"`
	Login        string `json:"login"`
	Repositories newest `json:"repositories"`
}

func (l *ownerLook) mark() string { return l.Repositories.mark() }

// storable is a text that the database can hold.
func storable(text string) string { return strings.ReplaceAll(text, "\x00", "\uFFFD") }

// ownerFields asks for a look. Whether archived ones and forks count is in variables that end with n.
func ownerFields(n string) string {
	return "__typename id login repositories(first: 1, ownerAffiliations: OWNER, privacy: PUBLIC, isArchived: $archived" + n + ", isFork: $fork" + n +
		", orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { id } }"
}

func ownerVariables(n string) string { return "$archived" + n + ": Boolean, $fork" + n + ": Boolean" }

// filter sets those variables: null does not filter.
func (w Wanted) filter(n string, variables map[string]any) {
	variables["archived"+n], variables["fork"+n] = any(nil), any(nil)
	if !w.Archived {
		variables["archived"+n] = false
	}
	if !w.Forks {
		variables["fork"+n] = false
	}
}

// lookUpOwner finds an owner by its name; errNoOwner when there is none.
func lookUpOwner(ctx context.Context, client asker, name string, wanted Wanted) (*ownerLook, error) {
	variables := map[string]any{"login": name}
	wanted.filter("", variables)
	var answer struct {
		Owner *ownerLook `json:"repositoryOwner"`
	}
	text := "query owner($login: String!, " + ownerVariables("") + ") { repositoryOwner(login: $login) { " + ownerFields("") + " } " + rateLimit + " }"
	reply, err := client.Query(ctx, "owner", text, variables, &answer)
	refused, _ := errors.AsType[api.QueryErrors](err)
	switch {
	case slices.ContainsFunc(refused, isNotFound), err == nil && answer.Owner == nil && !slices.ContainsFunc(reply.Errors, isFault):
		return nil, errNoOwner
	case err != nil:
		return nil, fmt.Errorf("look for %s: %w", name, err)
	case len(reply.Errors) > 0 || answer.Owner.ID == "" || answer.Owner.Login == "":
		return nil, fmt.Errorf("look for %s: %w", name, api.QueryErrors(reply.Errors))
	}
	return answer.Owner, nil
}

func isNotFound(e api.QueryError) bool { return e.Type == "NOT_FOUND" }

func isFault(e api.QueryError) bool { return !isNotFound(e) }

// lookedAt is an owner that is looked at by its id, and what came of it.
type lookedAt struct {
	id     string
	wanted Wanted
	look   *ownerLook
	err    error // errNoOwner, or what GitHub said about this one alone
}

// lookAtOwners looks at owners, with one query. The ids of those of which the same is wanted are one list in it.
func lookAtOwners(ctx context.Context, client asker, owners []*lookedAt) error {
	alike := map[Wanted][]*lookedAt{}
	var kinds []Wanted
	for _, owner := range owners {
		if alike[owner.wanted] == nil {
			kinds = append(kinds, owner.wanted)
		}
		alike[owner.wanted] = append(alike[owner.wanted], owner)
	}
	variables := map[string]any{}
	var head, body strings.Builder
	for i, wanted := range kinds {
		n := strconv.Itoa(i)
		head.WriteString(", $ids" + n + ": [ID!]!, " + ownerVariables(n))
		body.WriteString(" n" + n + ": nodes(ids: $ids" + n + ") { ... on RepositoryOwner { " + ownerFields(n) + " } }")
		ids := make([]string, len(alike[wanted]))
		for k, owner := range alike[wanted] {
			ids[k] = owner.id
		}
		variables["ids"+n] = ids
		wanted.filter(n, variables)
	}
	answer := map[string]json.RawMessage{}
	reply, err := client.Query(ctx, "owners", "query owners("+strings.TrimPrefix(head.String(), ", ")+") {"+body.String()+" "+rateLimit+" }", variables, &answer)
	if err != nil {
		return fmt.Errorf("look at %d owners: %w", len(owners), err)
	}
	for i, wanted := range kinds {
		alias := "n" + strconv.Itoa(i)
		var nodes []*ownerLook
		if err := json.Unmarshal(answer[alias], &nodes); err != nil || len(nodes) != len(alike[wanted]) {
			return fmt.Errorf("look at %d owners: read the answer: %w", len(owners), errors.Join(err, api.QueryErrors(reply.Errors)))
		}
		for k, owner := range alike[wanted] {
			owner.take(nodes[k], errorsUnder(reply.Errors, alias, float64(k)))
		}
	}
	return nil
}

// errorsUnder are those errors that are about a part of the answer, or something in it.
func errorsUnder(errs []api.QueryError, path ...any) []api.QueryError {
	return slices.DeleteFunc(slices.Clone(errs), func(e api.QueryError) bool { return !faults([]api.QueryError{e}).under(path...) })
}

func (l *lookedAt) take(node *ownerLook, errs []api.QueryError) {
	switch {
	case slices.ContainsFunc(errs, isFault):
		l.err = api.QueryErrors(errs)
	case node == nil || node.ID == "" || node.Login == "":
		l.err = errNoOwner
	case len(errs) > 0:
		l.err = api.QueryErrors(errs)
	default:
		l.look = node
	}
}

// LeftOut counts repositories of an owner that are not added.
type LeftOut struct {
	Archived int `json:"archived"`
	Forks    int `json:"forks"`
	// ArchivedForks are both, where neither is wanted.
	ArchivedForks int `json:"archived_forks"`
	// Disabled are closed by GitHub's staff.
	Disabled int `json:"disabled"`
	// Unread are those of which GitHub did not tell what they are.
	Unread int `json:"unread"`
}

// ownedRepo is a repository in the list of its owner.
type ownedRepo struct {
	DatabaseID    int64  `json:"databaseId"`
	NameWithOwner string `json:"nameWithOwner"`
	IsArchived    bool   `json:"isArchived"`
	IsFork        bool   `json:"isFork"`
	IsPrivate     bool   `json:"isPrivate"`
	IsDisabled    bool   `json:"isDisabled"`
}

// owned is all repositories of an owner: each once, in the order in which they were made.
type owned struct {
	repos  []ownedRepo
	places map[any]int // by number or, where there is none, by name
	unread int
}

const ownedQuery = `query owned($id: ID!, $first: Int!, $after: String) { node(id: $id) { ... on RepositoryOwner { login
	repositories(first: $first, after: $after, ownerAffiliations: OWNER, privacy: PUBLIC, orderBy: {field: CREATED_AT, direction: ASC}) { ` + listFields + `
		nodes { databaseId nameWithOwner isArchived isFork isPrivate isDisabled } } } } ` + rateLimit + ` }`

// listOwned reads the whole list of an owner, a page at a time. Pages are fewer where GitHub finds them too much. onPage is told how many were read, of how many.
func listOwned(ctx context.Context, client asker, id string, onPage func(read, total int)) (*owned, error) {
	all := &owned{places: map[any]int{}}
	first, after := ownedAtOnce, ""
	for {
		var answer struct {
			Node *struct {
				Repositories *connection[*ownedRepo] `json:"repositories"`
			} `json:"node"`
		}
		reply, err := client.Query(ctx, "owned", ownedQuery, map[string]any{"id": id, "first": first, "after": notEmpty(after)}, &answer)
		if errors.Is(err, api.ErrTooCostly) && first > 1 {
			first /= 2
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list its repositories: %w", err)
		}
		if answer.Node == nil || answer.Node.Repositories == nil {
			if slices.ContainsFunc(reply.Errors, isFault) {
				return nil, fmt.Errorf("list its repositories: %w", api.QueryErrors(reply.Errors))
			}
			return nil, errNoOwner
		}
		page := answer.Node.Repositories
		for i, repo := range page.Nodes {
			all.add(repo, errorsUnder(reply.Errors, "node", "repositories", "nodes", float64(i)))
		}
		onPage(len(all.repos)+all.unread, page.TotalCount)
		next, more := page.more()
		if !more {
			return all, nil
		}
		if next == after {
			return nil, tasks.Hint(fmt.Errorf("list its repositories: page %.40q leads to itself", after), "this is GitHub's fault; it may pass")
		}
		after = next
	}
}

// add adds a row of the list. One that comes again, as it may when the list changes while it is read, is taken as it is said to be last. A number that GitHub cannot tell,
// because it is beyond 32 bits, is no reason to go without the repository.
func (o *owned) add(repo *ownedRepo, errs []api.QueryError) {
	errs = slices.DeleteFunc(errs, func(e api.QueryError) bool { return len(e.Path) > 0 && step(e.Path[len(e.Path)-1]) == "databaseId" })
	if repo == nil || repo.NameWithOwner == "" || len(errs) > 0 {
		o.unread++
		return
	}
	var key any = repo.DatabaseID
	if repo.DatabaseID == 0 {
		key = strings.ToLower(repo.NameWithOwner)
	}
	if place, known := o.places[key]; known {
		o.repos[place] = *repo
		return
	}
	o.places[key] = len(o.repos)
	o.repos = append(o.repos, *repo)
}

// pick gives the repositories that are wanted, and counts the others. Private ones are neither: the list has none, unless the server does not know better.
func (o *owned) pick(wanted Wanted) (picked []ownedRepo, left LeftOut) {
	left.Unread = o.unread
	for _, repo := range o.repos {
		archived, fork := repo.IsArchived && !wanted.Archived, repo.IsFork && !wanted.Forks
		switch {
		case repo.IsPrivate:
		case archived && fork:
			left.ArchivedForks++
		case archived:
			left.Archived++
		case fork:
			left.Forks++
		case repo.IsDisabled:
			left.Disabled++
		default:
			picked = append(picked, repo)
		}
	}
	return picked, left
}

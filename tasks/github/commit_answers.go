package github

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"augur/tasks/github/api"
)

// commitAnswer is what GitHub says about an e-mail.
type commitAnswer struct {
	// believed is false when GitHub failed to say anything, and is to be asked again.
	believed bool
	// missing says that GitHub does not have the commit, or not for us.
	missing bool
	// user is the account of the e-mail, and name how it calls itself; nil when there is none.
	user *actor
	name *string
}

// commitUser is the account of an author or committer.
type commitUser struct {
	actor
	Name *string `json:"name"`
}

// commitActor is an author or committer.
type commitActor struct {
	Email string      `json:"email"`
	User  *commitUser `json:"user"`
}

const commitFragment = ` fragment who on Commit { author { email user { __typename login url avatarUrl id databaseId name } } committer { email user { __typename login url avatarUrl id databaseId name } } }`

// hash matches what GitHub takes for the name of a commit; it refuses a whole query with another one in it.
var hash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// commitQuery asks for the commits of e-mails, by repository. The alias of a repository is the place of its first e-mail.
func commitQuery(emails []commitEmail) (text string, variables map[string]any, aliases []string) {
	variables, aliases = map[string]any{}, make([]string, len(emails))
	var head strings.Builder
	var order []string
	bodies, known := map[string]*strings.Builder{}, map[api.Repo]string{}
	for i, e := range emails {
		if !hash.MatchString(e.hash) {
			continue
		}
		n := strconv.Itoa(i)
		alias, ok := known[e.repo]
		if !ok {
			alias = "r" + n
			known[e.repo], bodies[alias], order = alias, &strings.Builder{}, append(order, alias)
			head.WriteString(", $owner" + n + ": String!, $name" + n + ": String!")
			bodies[alias].WriteString(" " + alias + ": repository(owner: $owner" + n + ", name: $name" + n + ") {")
			variables["owner"+n], variables["name"+n] = e.repo.Owner, e.repo.Name
		}
		aliases[i] = alias
		head.WriteString(", $oid" + n + ": GitObjectID!")
		bodies[alias].WriteString(" c" + n + ": object(oid: $oid" + n + ") { ...who }")
		variables["oid"+n] = e.hash
	}
	if len(order) == 0 {
		return "", nil, aliases
	}
	var body strings.Builder
	for _, alias := range order {
		body.WriteString(bodies[alias].String() + " }")
	}
	return "query commitPeople(" + strings.TrimPrefix(head.String(), ", ") + ") {" + body.String() + " " + rateLimit + " }" + commitFragment, variables, aliases
}

// askCommits asks whose e-mails are. The answers are in their order.
func askCommits(ctx context.Context, client asker, emails []commitEmail) ([]commitAnswer, error) {
	answers := make([]commitAnswer, len(emails))
	text, variables, aliases := commitQuery(emails)
	answer := map[string]json.RawMessage{}
	var reply api.Reply
	if text != "" {
		var err error
		if reply, err = client.Query(ctx, "commitPeople", text, variables, &answer); err != nil {
			return nil, err
		}
	}
	repos := map[string]map[string]json.RawMessage{}
	for i, e := range emails {
		alias, field := aliases[i], "c"+strconv.Itoa(i)
		commits, ok := repos[alias]
		if !ok && alias != "" {
			if err := json.Unmarshal(answer[alias], &commits); len(answer[alias]) > 0 && err != nil {
				return nil, fmt.Errorf("read the commits of %s: %w", e.repo, err)
			}
			repos[alias] = commits
		}
		var err error
		if answers[i], err = readCommit(e, commits[field], alias, field, reply.Errors); err != nil {
			return nil, fmt.Errorf("read commit %s of %s: %w", e.hash, e.repo, err)
		}
	}
	return answers, nil
}

// readCommit reads the answer about one e-mail.
func readCommit(e commitEmail, document json.RawMessage, alias, field string, errs []api.QueryError) (commitAnswer, error) {
	if alias == "" || refusedAt(errs, alias) {
		return commitAnswer{believed: true, missing: true}, nil
	}
	if faults(errs).under(alias, field) {
		return commitAnswer{}, nil
	}
	var commit *struct {
		Author    *commitActor `json:"author"`
		Committer *commitActor `json:"committer"`
	}
	if len(document) > 0 {
		if err := json.Unmarshal(document, &commit); err != nil {
			return commitAnswer{}, err
		}
	}
	if commit == nil {
		return commitAnswer{believed: true, missing: true}, nil
	}
	for _, who := range []*commitActor{commit.Author, commit.Committer} {
		if who == nil || who.User == nil || !strings.EqualFold(strings.TrimSpace(who.Email), strings.TrimSpace(e.email)) {
			continue
		}
		return commitAnswer{believed: true, user: &who.User.actor, name: who.User.Name}, nil
	}
	return commitAnswer{believed: true}, nil
}

// refusedAt tells whether GitHub does not know what an alias stands for, or does not show it to us.
func refusedAt(errs []api.QueryError, alias string) bool {
	for _, e := range errs {
		if len(e.Path) == 1 && step(e.Path[0]) == alias && (e.Type == "NOT_FOUND" || e.Type == "FORBIDDEN") {
			return true
		}
	}
	return false
}

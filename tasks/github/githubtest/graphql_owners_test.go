package githubtest_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

func TestOwnersHaveTheirRepositoriesInAnyOrder(t *testing.T) {
	t.Parallel()
	shape := githubtest.Shape{Contributors: 1}
	s := githubtest.New(t, githubtest.With("octo/a", shape), githubtest.With("octo/b", shape), githubtest.With("octo/c", shape), githubtest.With("octo/d", shape))
	c := newClient(t, s)
	s.AddUser("ann", "User")
	s.AddRepo("ann/dotfiles", shape)
	for n, name := range []string{"octo/b", "octo/a", "octo/d", "octo/c"} {
		r := s.Repo(name)
		r.Change(func() {
			r.Created = s.Clock().Now().AddDate(-1, 0, n)
			r.Archived, r.Fork = name == "octo/a", name == "octo/b"
			r.Private, r.Shown = name == "octo/d", name == "octo/d"
		})
	}
	r := c.ask(`{
		octo: repositoryOwner(login: "OCTO") { __typename login repositories(first: 2, privacy: PUBLIC, ownerAffiliations: OWNER, orderBy: {field: CREATED_AT, direction: DESC}) {
			totalCount pageInfo { hasNextPage } nodes { name } } }
		plain: repositoryOwner(login: "octo") { repositories(first: 9, isArchived: false, isFork: false) { nodes { name isPrivate } } }
		hidden: repositoryOwner(login: "octo") { repositories(first: 9, privacy: PRIVATE) { nodes { name } } }
		ann: repositoryOwner(login: "ann") { __typename repositories(first: 9) { nodes { nameWithOwner } } }
		nobody: repositoryOwner(login: "nobody") { id }
	}`, nil)
	require.JSONEq(t, `{"data": {
		"octo": {"__typename": "Organization", "login": "octo", "repositories": {"totalCount": 3, "pageInfo": {"hasNextPage": true}, "nodes": [{"name": "c"}, {"name": "a"}]}},
		"plain": {"repositories": {"nodes": [{"name": "c", "isPrivate": false}, {"name": "d", "isPrivate": true}]}},
		"hidden": {"repositories": {"nodes": [{"name": "d"}]}},
		"ann": {"__typename": "User", "repositories": {"nodes": [{"nameWithOwner": "ann/dotfiles"}]}},
		"nobody": null
	}}`, r.body)
}

func TestAHundredOwnersCostAPoint(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.With("octo/a", githubtest.Shape{Contributors: 1}))
	c := newClient(t, s)
	ids := make([]string, 100)
	for n := range ids {
		ids[n] = fmt.Sprintf("O_kgAB%d", n) // nobody
	}
	const list = `nodes(ids: $ids) { ... on RepositoryOwner { repositories(first: 1) { totalCount } } }`
	r := c.ask(`query hundred($ids: [ID!]!) { `+list+` rateLimit(dryRun: true) { cost nodeCount } }`, map[string]any{"ids": ids})
	require.Contains(t, r.body, `"rateLimit":{"cost":1,"nodeCount":200}`)
	r = c.ask(`query twice($ids: [ID!]!) { a: `+list+` b: `+list+` rateLimit(dryRun: true) { cost } }`, map[string]any{"ids": ids})
	require.Contains(t, r.body, `"rateLimit":{"cost":2}`)
}

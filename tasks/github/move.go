package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/github/api"
)

// move looks at the repository before anything is read of it: is it there, is it still called so, has anything moved in it. Repositories that are about to ask the
// same are asked about with it.
func (s *Source) move(ctx context.Context, c *tasks.Collection) error {
	settings := config.Of[Settings](s.settings)
	client, repo, err := s.client(c, KindMove)
	if err != nil {
		return err
	}
	known, err := s.queries.GithubRepo(ctx, c.Pool(), db.GithubRepoParams{Fresh: settings.FreshFor, RunID: c.RunID, RepoID: c.Repo.ID})
	if err != nil {
		return fmt.Errorf("read what is known about %s: %w", c.Repo.URL, err)
	}
	if known.Checked {
		return c.Finish(ctx, nil)
	}
	others, err := s.queries.GithubReposWaiting(ctx, c.Pool(), db.GithubReposWaitingParams{
		Kind: KindMove, RepoID: c.Repo.ID, Fresh: settings.FreshFor, MaxRepos: int32(settings.ReposAtOnce - 1), //nolint:gosec // bounded by the settings
	})
	if err != nil {
		return fmt.Errorf("list repositories to ask about with %s: %w", c.Repo.URL, err)
	}
	found, document, err := s.lookAt(ctx, c, client, repo, others)
	if err != nil {
		return err
	}
	if found, document, err = s.same(ctx, c, client, known, found, document); err != nil {
		return err
	}
	return s.settle(ctx, c, known, found, document)
}

// lookAt asks about the repository and others, and stores what is said about the others. One that is not there any more, or looks different from what is stored, asks
// for itself later.
func (s *Source) lookAt(ctx context.Context, c *tasks.Collection, client *api.Client, repo api.Repo, others []db.GithubReposWaitingRow) (*look, json.RawMessage, error) {
	repos, rows := []api.Repo{repo}, []db.GithubReposWaitingRow{{}}
	for _, other := range others {
		if name, err := nameOf(other.RepoGit); err == nil {
			repos, rows = append(repos, name), append(rows, other)
		}
	}
	looks, documents, _, err := ask(ctx, client, repos)
	if errors.Is(err, api.ErrTooCostly) && len(repos) > 1 {
		looks, documents, _, err = ask(ctx, client, repos[:1])
	}
	if err != nil {
		return nil, nil, err
	}
	if looks[0] == nil {
		return nil, nil, s.absent(ctx, client, repo)
	}
	var saves []db.SaveGithubRepoParams
	for i := 1; i < len(looks); i++ {
		if l := looks[i]; l != nil && strings.EqualFold(l.NameWithOwner, repos[i].String()) && value(rows[i].RepoSrcID) == l.DatabaseID {
			saves = append(saves, l.params(rows[i].RepoID, nil))
		}
	}
	if len(saves) == 0 {
		return looks[0], documents[0], nil
	}
	slices.SortFunc(saves, func(a, b db.SaveGithubRepoParams) int { return cmp.Compare(a.RepoID, b.RepoID) }) // others may save the same
	return looks[0], documents[0], c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		for _, save := range saves {
			if err := s.queries.SaveGithubRepo(ctx, tx, save); err != nil {
				return fmt.Errorf("store the marks of repository %d: %w", save.RepoID, err)
			}
		}
		return nil
	})
}

// absent says why GraphQL knows no repository of the name, which REST does better.
func (s *Source) absent(ctx context.Context, client *api.Client, repo api.Repo) error {
	_, _, err := client.Repository(ctx, repo, "")
	if err != nil {
		return err
	}
	return fmt.Errorf("look at %s: GitHub's two APIs do not agree on whether it is there", repo)
}

// same makes sure that the repository is the one that was collected before. When another one has its name now, the one that had it is found by its id.
func (s *Source) same(ctx context.Context, c *tasks.Collection, client *api.Client, known db.GithubRepoRow, found *look, document json.RawMessage) (*look, json.RawMessage, error) {
	if known.RepoSrcID == nil || *known.RepoSrcID == found.DatabaseID || known.NodeID == "" {
		return found, document, nil
	}
	var answer struct {
		Node *struct {
			NameWithOwner string `json:"nameWithOwner"`
		} `json:"node"`
	}
	_, err := client.Query(ctx, "renamed", `query renamed($id: ID!) { node(id: $id) { ... on Repository { nameWithOwner } } `+rateLimit+` }`, map[string]any{"id": known.NodeID}, &answer)
	if err != nil {
		return nil, nil, fmt.Errorf("look for the repository that was %s: %w", c.Repo.URL, err)
	}
	if answer.Node == nil || answer.Node.NameWithOwner == "" {
		return found, document, nil
	}
	owner, name, _ := strings.Cut(answer.Node.NameWithOwner, "/")
	former, documents, _, err := ask(ctx, client, []api.Repo{{Owner: owner, Name: name}})
	if err != nil {
		return nil, nil, err
	}
	if former[0] == nil || former[0].DatabaseID != *known.RepoSrcID {
		return found, document, nil
	}
	return former[0], documents[0], nil
}

// settle stores what was found: where the repository is now, which one it is, and its marks.
func (s *Source) settle(ctx context.Context, c *tasks.Collection, known db.GithubRepoRow, found *look, document json.RawMessage) error {
	address, err := giturl.Parse("https://github.com/"+found.NameWithOwner, giturl.Policy{})
	if err != nil {
		return fmt.Errorf("read the name of %s: %w", c.Repo.URL, err)
	}
	twins, err := s.queries.RepoOfSource(ctx, c.Pool(), db.RepoOfSourceParams{RepoID: c.Repo.ID, RepoSrcID: &found.DatabaseID, RepoGit: address.Canonical})
	if err != nil {
		return fmt.Errorf("look for other rows of %s: %w", address.Canonical, err)
	}
	for _, twin := range twins {
		if twin.RepoGit == address.Canonical {
			return s.giveWay(ctx, c, twin)
		}
	}
	return c.Finish(ctx, func(ctx context.Context, tx pgx.Tx) error {
		q := s.queries
		if address.Canonical != c.Repo.URL {
			c.Log.InfoContext(ctx, "repository has moved", slog.String("to", address.Canonical))
			moved := db.MoveRepoParams{RepoGit: address.Canonical, RepoPath: strings.Trim(strings.ReplaceAll(address.Path()+address.Name, "/", "-"), "-"), RepoName: address.Name, RepoID: c.Repo.ID}
			if err := q.MoveRepo(ctx, tx, moved); err != nil {
				return fmt.Errorf("move %s: %w", c.Repo.URL, err)
			}
		}
		if known.RepoSrcID != nil && *known.RepoSrcID != found.DatabaseID {
			c.Log.WarnContext(ctx, "another repository has the name now, and is collected from its beginning", slog.Int64("repo_src_id", found.DatabaseID))
			if err := q.RestartGithubCursors(ctx, tx, c.Repo.ID); err != nil {
				return fmt.Errorf("begin again with %s: %w", c.Repo.URL, err)
			}
		}
		err := inOrder(
			func() error {
				return q.TakeRepoSource(ctx, tx, db.TakeRepoSourceParams{RepoSrcID: found.DatabaseID, RepoID: c.Repo.ID})
			},
			func() error {
				return q.SetRepoSource(ctx, tx, db.SetRepoSourceParams{RepoSrcID: found.DatabaseID, RepoID: c.Repo.ID})
			},
			func() error { return q.SaveGithubRepo(ctx, tx, found.params(c.Repo.ID, document)) },
		)
		if err != nil {
			return fmt.Errorf("store the marks of %s: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// giveWay ends a repository whose present address another row has: that one is collected, and also answers to this one's address.
func (s *Source) giveWay(ctx context.Context, c *tasks.Collection, twin db.RepoOfSourceRow) error {
	err := c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := s.queries.KeepRepoURL(ctx, tx, db.KeepRepoURLParams{RepoID: twin.RepoID, GitURL: c.Repo.URL}); err != nil {
			return fmt.Errorf("keep the address %s: %w", c.Repo.URL, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = fmt.Errorf("%s has moved to %s, which is repository %d", c.Repo.URL, twin.RepoGit, twin.RepoID)
	return tasks.Hint(tasks.As(err, tasks.ErrGone), "that one is collected; what this one collected stays as it is")
}

package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
	"augur/tasks/github/api"
)

// peopleAtOnce is how many accounts GitHub tells about in one query.
const peopleAtOnce = 100

// account is what GitHub says about one.
type account struct {
	Typename  string     `json:"__typename"`
	Login     string     `json:"login"`
	Name      *string    `json:"name"`
	Email     *string    `json:"email"`
	Company   *string    `json:"company"`
	Location  *string    `json:"location"`
	CreatedAt *time.Time `json:"createdAt"`
}

type (
	// detailRow is what is stored of an account.
	detailRow struct {
		CntrbID   string     `json:"cntrb_id"`
		Login     string     `json:"login"`
		Email     *string    `json:"email"`
		Name      *string    `json:"name"`
		Company   *string    `json:"company"`
		Location  *string    `json:"location"`
		CreatedAt *time.Time `json:"created_at"`
	}
	// askedRow notes that an account was asked about.
	askedRow struct {
		CntrbID string `json:"cntrb_id"`
		Known   bool   `json:"known"`
	}
)

// details asks for name, company and place of the accounts that were first met in the repository, a hundred at a time, and of each only once in a long time.
func (s *Source) details(ctx context.Context, c *tasks.Collection) error {
	client, _, err := s.client(c, KindPeople)
	if err != nil {
		return err
	}
	before := time.Time{}
	if after := config.Of[Settings](s.settings).PeopleAfter; after > 0 {
		before = s.options.now().Add(-after)
	}
	for asked := 0; ; asked += peopleAtOnce {
		users, err := s.queries.GithubUsersToAsk(ctx, c.Pool(), db.GithubUsersToAskParams{RepoID: &c.Repo.ID, AskedBefore: before, MaxUsers: peopleAtOnce})
		if err != nil {
			return fmt.Errorf("list people of %s to ask for: %w", c.Repo.URL, err)
		}
		if len(users) == 0 {
			c.Log.InfoContext(ctx, "people asked for", slog.Int("batches", asked/peopleAtOnce))
			return c.Finish(ctx, nil)
		}
		if err := s.askPeople(ctx, c, client, users); err != nil {
			return err
		}
	}
}

// askPeople asks about one batch and stores the answer. A batch that is too much for GitHub is asked for in halves.
func (s *Source) askPeople(ctx context.Context, c *tasks.Collection, client asker, users []db.GithubUsersToAskRow) error {
	accounts, withEmail, err := s.accounts(ctx, client, users)
	if errors.Is(err, api.ErrTooCostly) && len(users) > 1 {
		half := len(users) / 2
		if err := s.askPeople(ctx, c, client, users[:half]); err != nil {
			return err
		}
		return s.askPeople(ctx, c, client, users[half:])
	}
	if err != nil {
		return fmt.Errorf("ask about people of %s: %w", c.Repo.URL, err)
	}
	details := make([]detailRow, 0, len(users))
	asked := make([]askedRow, len(users))
	for i, user := range users {
		asked[i] = askedRow{CntrbID: user.CntrbID, Known: accounts[i] != nil && accounts[i].Login != ""}
		if a := accounts[i]; asked[i].Known {
			details = append(details, detailRow{
				CntrbID: user.CntrbID, Login: loginOf(a.Typename, a.Login), Email: notEmpty(value(a.Email)), Name: a.Name, Company: a.Company, Location: a.Location,
				CreatedAt: a.CreatedAt,
			})
		}
	}
	var k pack
	detailRows, askedRows := k.add(encode(details)), k.add(encode(asked))
	if k.err != nil {
		return k.err
	}
	return c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		q := s.queries
		err := inOrder(
			func() error {
				return q.UpdateGithubUsers(ctx, tx, db.UpdateGithubUsersParams{Rows: detailRows, WithEmail: withEmail})
			},
			func() error { return q.AliasGithubUsers(ctx, tx, detailRows) },
			func() error { return q.AnsweredGithubUsers(ctx, tx, askedRows) },
		)
		if err != nil {
			return fmt.Errorf("store people of %s: %w", c.Repo.URL, err)
		}
		return nil
	})
}

// accounts asks GitHub about users; nil stands for one that it does not know. E-mail addresses need a key with the right to read them: without, the rest is asked for.
func (s *Source) accounts(ctx context.Context, client asker, users []db.GithubUsersToAskRow) (found []*account, withEmail bool, err error) {
	ids := make([]string, len(users))
	for i, user := range users {
		ids[i] = user.NodeID
	}
	for _, email := range []string{" email", ""} {
		if email != "" && s.noEmails.Load() {
			continue
		}
		var answer struct {
			Nodes []*account `json:"nodes"`
		}
		reply, err := client.Query(ctx, "people", peopleQuery(email), map[string]any{"ids": ids}, &answer)
		if email != "" && lacksScope(reply.Errors, err) {
			s.noEmails.Store(true)
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if len(answer.Nodes) != len(users) {
			return nil, false, fmt.Errorf("GitHub tells about %d accounts instead of %d", len(answer.Nodes), len(users))
		}
		for i := range answer.Nodes {
			if faults(reply.Errors).under("nodes", i) {
				answer.Nodes[i] = nil
			}
		}
		return answer.Nodes, email != "", nil
	}
	return nil, false, errors.New("GitHub wants more rights for the names of people")
}

func peopleQuery(email string) string {
	return `query people($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on User { login name company location createdAt` + email +
		` } ... on Organization { login name location createdAt } ... on Bot { login createdAt } ... on Mannequin { login createdAt } } ` + rateLimit + ` }`
}

// lacksScope tells whether GitHub refused a part of the query, or all of it, for want of rights.
func lacksScope(errs []api.QueryError, err error) bool {
	if whole, ok := errors.AsType[api.QueryErrors](err); ok {
		errs = whole
	}
	for _, e := range errs {
		if e.Type == "INSUFFICIENT_SCOPES" {
			return true
		}
	}
	return false
}

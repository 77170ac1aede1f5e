package apikey

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"augur/db"
)

// Spending is who used what, and what is left, as the ledger has it.
type Spending struct {
	At    time.Time   `json:"at"`
	Since time.Time   `json:"since"`
	Keys  []KeySpent  `json:"keys"`
	Kinds []KindSpent `json:"kinds"`
	Repos []RepoSpent `json:"repositories"`
	Next  NextFit     `json:"next_collection"`
}

// Spent is a sum of requests.
type Spent struct {
	Requests int64 `json:"requests"`
	// Points that they cost.
	Points int64 `json:"points"`
	// Unchanged counts those that cost nothing because nothing had changed; Failed those that were of no use.
	Unchanged int64 `json:"unchanged"`
	Failed    int64 `json:"failed"`
}

// KeySpent is a key and what was spent with it, by resource.
type KeySpent struct {
	KeyState

	Spent map[string]Spent `json:"spent"`
}

// KindSpent is what a kind of task spent on a resource.
type KindSpent struct {
	Kind         string `json:"kind"`
	Resource     string `json:"resource"`
	Repositories int64  `json:"repositories"`
	Spent
}

// RepoSpent is what was spent on a repository.
type RepoSpent struct {
	RepoID  int64  `json:"repo_id"`
	URL     string `json:"url"` // empty when the repository is gone
	Core    int64  `json:"core_points"`
	GraphQL int64  `json:"graphql_points"`
	Spent
}

// NextFit is when there is budget for the collection of one more repository.
type NextFit struct {
	// Core and GraphQL are the points that one takes: the average of the period.
	Core    int64 `json:"core_points"`
	GraphQL int64 `json:"graphql_points"`
	// At is when they are there; the time of the report: now.
	At time.Time `json:"at"`
	// Why says what is in the way; empty: nothing.
	Why string `json:"why,omitempty"`
}

// ReadSpending reads the ledger of a platform: the spending of the last hours of the period, with the most costly repositories, at most top of them.
func ReadSpending(ctx context.Context, pool *pgxpool.Pool, platform string, limit Limit, period time.Duration, top int) (*Spending, error) {
	q := db.New()
	names, err := q.KnownKeys(ctx, pool, platform)
	if err != nil {
		return nil, fmt.Errorf("list the known keys: %w", err)
	}
	rows, err := q.Budgets(ctx, pool, db.BudgetsParams{Platform: platform, Fingerprints: names})
	if err != nil {
		return nil, fmt.Errorf("read the budgets: %w", err)
	}
	now, err := q.DatabaseTime(ctx, pool)
	if err != nil {
		return nil, fmt.Errorf("read the time: %w", err)
	}
	s := &Spending{At: now, Since: now.Add(-period), Keys: []KeySpent{}, Kinds: []KindSpent{}, Repos: []RepoSpent{}}
	for _, state := range states(rows) {
		s.Keys = append(s.Keys, KeySpent{KeyState: state, Spent: map[string]Spent{}})
	}
	if err := s.read(ctx, q, pool, platform, period, top); err != nil {
		return nil, err
	}
	cost, err := q.CollectionCost(ctx, pool, db.CollectionCostParams{Platform: platform, Period: period})
	if err != nil {
		return nil, fmt.Errorf("sum up what a collection costs: %w", err)
	}
	s.Next = nextFit(now, rows, limit, cost)
	return s, nil
}

func (s *Spending) read(ctx context.Context, q *db.Queries, pool *pgxpool.Pool, platform string, period time.Duration, top int) error {
	byKey, err := q.SpendingByKey(ctx, pool, db.SpendingByKeyParams{Platform: platform, Period: period})
	if err != nil {
		return fmt.Errorf("sum up requests by key: %w", err)
	}
	for _, row := range byKey {
		i := slices.IndexFunc(s.Keys, func(k KeySpent) bool { return k.Fingerprint == row.Fingerprint })
		if i < 0 {
			i = len(s.Keys)
			s.Keys = append(s.Keys, KeySpent{KeyState: KeyState{Fingerprint: row.Fingerprint, Source: "gone", Budgets: map[string]BudgetState{}}, Spent: map[string]Spent{}})
		}
		s.Keys[i].Spent[row.Resource] = Spent{Requests: row.Requests, Points: row.Points, Unchanged: row.Unchanged, Failed: row.Failed}
	}
	byKind, err := q.SpendingByKind(ctx, pool, db.SpendingByKindParams{Platform: platform, Period: period})
	if err != nil {
		return fmt.Errorf("sum up requests by kind: %w", err)
	}
	for _, row := range byKind {
		s.Kinds = append(s.Kinds, KindSpent{
			Kind: row.Kind, Resource: row.Resource, Repositories: row.Repos,
			Spent: Spent{Requests: row.Requests, Points: row.Points, Unchanged: row.Unchanged, Failed: row.Failed},
		})
	}
	byRepo, err := q.SpendingByRepo(ctx, pool, db.SpendingByRepoParams{Platform: platform, Period: period, MaxRepos: small(top)})
	if err != nil {
		return fmt.Errorf("sum up requests by repository: %w", err)
	}
	for _, row := range byRepo {
		s.Repos = append(s.Repos, RepoSpent{
			RepoID: row.RepoID, URL: row.RepoGit, Core: row.CorePoints, GraphQL: row.GraphqlPoints,
			Spent: Spent{Requests: row.Requests, Points: row.Points, Unchanged: row.Unchanged, Failed: row.Failed},
		})
	}
	return nil
}

// nextFit asks the same question that a request asks, for a whole collection. Windows that are over count as full.
func nextFit(now time.Time, rows []db.BudgetsRow, limit Limit, cost db.CollectionCostRow) NextFit {
	next := NextFit{Core: max(cost.Core, 1), GraphQL: cost.Graphql, At: now}
	for resource, points := range map[string]int64{"core": next.Core, "graphql": next.GraphQL} {
		if points == 0 {
			continue
		}
		of := slices.DeleteFunc(slices.Clone(rows), func(row db.BudgetsRow) bool { return row.Resource != resource })
		d := choose(now, of, demand{resource: resource, need: int(points), block: 1, reserve: limit.Reserve})
		if d.key == "" && len(d.ask) == 0 && d.until.After(next.At) {
			next.At, next.Why = d.until, map[reason]string{
				spent: "the budget for " + resource + " is used up", resting: "keys rest that were used too fast",
				noKeys: "there is no key", disabled: "every key was refused",
			}[d.why]
		}
	}
	return next
}

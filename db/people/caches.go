package people

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// report are the rules of the sums: table settings, not ours.
func (p *People) report(ctx context.Context, tx db.DBTX) (db.ReportRulesRow, error) {
	rules, err := p.queries.ReportRules(ctx, tx)
	if err != nil {
		return rules, fmt.Errorf("read report_attribution and report_date from settings: %w", err)
	}
	return rules, nil
}

// Follow brings the caches of pairs into line after stored commits changed, in the repositories whose caches are kept. Where the rules say that they are kept no
// longer, that is noted. The transaction must hold the people lock alone.
func (p *People) Follow(ctx context.Context, tx pgx.Tx, pairs []Pair) error {
	if len(pairs) == 0 {
		return nil
	}
	slices.SortFunc(pairs, comparePairs)
	pairs = slices.Compact(pairs)
	var repos []int64
	for _, pair := range pairs {
		if n := len(repos); n == 0 || repos[n-1] != pair.RepoID {
			repos = append(repos, pair.RepoID)
		}
	}
	if err := p.queries.CountReattribution(ctx, tx, repos); err != nil {
		return fmt.Errorf("note that commits were attributed anew: %w", err)
	}
	if !p.rules.Caches {
		if err := p.queries.ForgetCaches(ctx, tx, repos); err != nil {
			return fmt.Errorf("note that caches are old: %w", err)
		}
		return nil
	}
	kept, err := p.queries.CachedRepos(ctx, tx, repos)
	if err != nil {
		return fmt.Errorf("look whose caches are kept: %w", err)
	}
	pairs = slices.DeleteFunc(pairs, func(pair Pair) bool { _, ok := slices.BinarySearch(kept, pair.RepoID); return !ok })
	return p.Sum(ctx, tx, pairs)
}

// Sum makes the caches of pairs the sums of their commits.
func (p *People) Sum(ctx context.Context, tx pgx.Tx, pairs []Pair) error {
	if len(pairs) == 0 {
		return nil
	}
	repos, emails, from := make([]int64, len(pairs)), make([]string, len(pairs)), make([]int16, len(pairs))
	for i, pair := range pairs {
		repos[i], emails[i], from[i] = pair.RepoID, pair.Email, pair.FromYear
	}
	rules, err := p.report(ctx, tx)
	if err != nil {
		return err
	}
	if err := p.queries.LockCaches(ctx, tx, repos); err != nil {
		return fmt.Errorf("lock caches: %w", err)
	}
	a := db.SumAnnualParams{RepoIDs: repos, Emails: emails, FromYears: from, ByAuthorDate: rules.ByAuthorDate, ByCommitter: rules.ByCommitter, ToolVersion: p.rules.ToolVersion}
	if err := p.queries.SumAnnual(ctx, tx, a); err != nil {
		return fmt.Errorf("sum up years: %w", err)
	}
	if err := p.queries.SumMonthly(ctx, tx, db.SumMonthlyParams(a)); err != nil {
		return fmt.Errorf("sum up months: %w", err)
	}
	if err := p.queries.SumWeekly(ctx, tx, db.SumWeeklyParams(a)); err != nil {
		return fmt.Errorf("sum up weeks: %w", err)
	}
	return nil
}

// Touched lists whose commits in the caches the commits are, for [People.Sum] once they are gone.
func (p *People) Touched(ctx context.Context, tx pgx.Tx, repoID int64, hashes []string) ([]Pair, error) {
	rules, err := p.report(ctx, tx)
	if err != nil {
		return nil, err
	}
	emails, err := p.queries.EmailsOfCommits(ctx, tx, db.EmailsOfCommitsParams{RepoID: repoID, Hashes: hashes, ByCommitter: rules.ByCommitter})
	if err != nil {
		return nil, fmt.Errorf("list the e-mails of commits: %w", err)
	}
	pairs := make([]Pair, len(emails))
	for i, email := range emails {
		pairs[i] = Pair{RepoID: repoID, Email: email}
	}
	return pairs, nil
}

// pageRepos is how many repositories are looked up at once.
const pageRepos = 100

// Rebuild sums up anew the repositories whose caches are not the sums of their commits: their rules changed, or nobody kept them. It returns how many.
func (p *People) Rebuild(ctx context.Context, reader db.DBTX, page Page) (int, error) {
	sum, after := 0, int64(0)
	for {
		repos, err := p.queries.UncachedRepos(ctx, reader, db.UncachedReposParams{After: after, MaxRows: pageRepos})
		if err != nil {
			return sum, fmt.Errorf("list repositories whose caches are old: %w", err)
		}
		if len(repos) == 0 {
			return sum, nil
		}
		for _, repo := range repos {
			if err := p.RebuildOne(ctx, page, repo); err != nil {
				return sum, err
			}
			sum++
		}
		after = repos[len(repos)-1]
	}
}

// RebuildOne sums up one repository anew. Only rows that are wrong change.
func (p *People) RebuildOne(ctx context.Context, page Page, repoID int64) error {
	err := page(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := p.queries.SharePeople(ctx, tx); err != nil {
			return err
		}
		if _, err := p.queries.CachesOf(ctx, tx, repoID); err != nil {
			return err
		}
		rules, err := p.report(ctx, tx)
		if err != nil {
			return err
		}
		emails, err := p.queries.EmailsToSum(ctx, tx, db.EmailsToSumParams{RepoID: repoID, ByCommitter: rules.ByCommitter})
		if err != nil {
			return err
		}
		pairs := make([]Pair, len(emails))
		for i, email := range emails {
			pairs[i] = Pair{RepoID: repoID, Email: email}
		}
		if err := p.Sum(ctx, tx, pairs); err != nil {
			return err
		}
		return p.queries.SetCached(ctx, tx, repoID)
	})
	if err != nil {
		return fmt.Errorf("sum up the commits of repository %d: %w", repoID, err)
	}
	return nil
}

package people

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"augur/db"
)

// Sizes of pages: while one is written nobody can store commits, so they are short.
const (
	pageChanges    = 500
	pageIdentities = 1000
	pageRows       = 10_000
)

// Settled is what settling did.
type Settled struct {
	// Changes of people that commits follow now.
	Changes int
	// Rows of commits that were attributed anew; one whose author and committer both changed may count twice.
	Rows int
}

// Settle lets the commits of all repositories, and their caches, follow what changed about people, page by page. Several may settle at once: they take
// turns, and the second finds nothing to do. What changes while it runs may be left for the next one.
func (p *People) Settle(ctx context.Context, reader db.DBTX, page Page) (Settled, error) {
	var sum Settled
	for {
		waiting, err := p.queries.PeopleChanges(ctx, reader, pageChanges)
		if err != nil {
			return sum, fmt.Errorf("read the changes of people: %w", err)
		}
		if len(waiting) == 0 {
			return sum, nil
		}
		rows, err := p.settle(ctx, page, waiting)
		sum.Rows += rows
		if err != nil {
			return sum, fmt.Errorf("let commits follow changes of people: %w", err)
		}
		sum.Changes += len(waiting)
	}
}

// settle follows these changes and forgets them.
func (p *People) settle(ctx context.Context, page Page, changes []db.PeopleChangesRow) (int, error) {
	var identities []Identity
	err := page(ctx, func(ctx context.Context, tx pgx.Tx) (err error) {
		if err := p.queries.LockPeople(ctx, tx); err != nil {
			return err
		}
		identities, err = p.concerned(ctx, tx, changes)
		return err
	})
	if err != nil {
		return 0, err
	}
	rows, err := p.updateAll(ctx, page, identities)
	if err != nil {
		return rows, err
	}
	ids := make([]int64, len(changes))
	for i, change := range changes {
		ids[i] = change.ChangeID
	}
	return rows, page(ctx, func(ctx context.Context, tx pgx.Tx) error { return p.queries.ForgetChanges(ctx, tx, ids) })
}

// concerned lists the identities that changes concern. E-mails that belong to somebody now are resolved on the way, which makes further changes.
func (p *People) concerned(ctx context.Context, tx pgx.Tx, changes []db.PeopleChangesRow) ([]Identity, error) {
	keys := map[string][]string{}
	for _, change := range changes {
		keys[change.Kind] = append(keys[change.Kind], change.Key)
	}
	if emails := slices.Concat(keys["contributor"], keys["alias"]); len(emails) > 0 && p.rules.Contributors {
		if err := p.resolveAgain(ctx, tx, emails); err != nil {
			return nil, err
		}
	}
	if err := p.forgetCaches(ctx, tx, keys["group"], keys["repo"]); err != nil {
		return nil, err
	}
	raws := keys["alias"]
	if len(raws) > 0 {
		mapped, err := p.queries.EmailsMappedTo(ctx, tx, raws)
		if err != nil {
			return nil, fmt.Errorf("find e-mails that are mapped: %w", err)
		}
		raws = append(raws, mapped...)
		if p.rules.Contributors {
			if _, err := p.queries.ResolveCommitEmails(ctx, tx, raws); err != nil {
				return nil, fmt.Errorf("mark e-mails as resolved: %w", err)
			}
		}
	}
	if domains := keys["affiliation"]; len(domains) > 0 && p.rules.Affiliations {
		affiliated, err := p.queries.EmailsAffiliatedBy(ctx, tx, domains)
		if err != nil {
			return nil, fmt.Errorf("find e-mails of domains: %w", err)
		}
		raws = append(raws, affiliated...)
	}
	if !p.rules.Contributors {
		raws = append(raws, keys["contributor"]...)
	}
	slices.Sort(raws)
	rows, err := p.queries.IdentitiesOf(ctx, tx, slices.Compact(raws))
	if err != nil {
		return nil, fmt.Errorf("find commits of %d e-mails: %w", len(raws), err)
	}
	identities := make([]Identity, len(rows))
	for i, row := range rows {
		identities[i] = Identity{row.RepoID, row.Name, row.Email}
	}
	if p.rules.Contributors {
		return identities, nil
	}
	return identities, p.forgetAttribution(ctx, tx, identities)
}

// forgetAttribution leaves the contributors of commits for the day when the settings want them.
func (p *People) forgetAttribution(ctx context.Context, tx pgx.Tx, identities []Identity) error {
	repos := make([]int64, len(identities))
	for i, identity := range identities {
		repos[i] = identity.RepoID
	}
	if err := p.queries.ForgetAttribution(ctx, tx, repos); err != nil {
		return fmt.Errorf("note that contributors are left for later: %w", err)
	}
	return nil
}

// forgetCaches notes that sums follow other rules now, for [People.Rebuild].
func (p *People) forgetCaches(ctx context.Context, tx pgx.Tx, groups, repos []string) error {
	if len(groups)+len(repos) == 0 {
		return nil
	}
	var a db.ForgetCachesByRulesParams
	for _, list := range []struct {
		keys []string
		ids  *[]int64
	}{{groups, &a.GroupIDs}, {repos, &a.RepoIDs}} {
		for _, key := range list.keys {
			id, err := strconv.ParseInt(key, 10, 64)
			if err != nil {
				return fmt.Errorf("read people_change: %w", err)
			}
			*list.ids = append(*list.ids, id)
		}
	}
	if err := p.queries.ForgetCachesByRules(ctx, tx, a); err != nil {
		return fmt.Errorf("note that sums follow other rules: %w", err)
	}
	return nil
}

// updateAll attributes the stored commits of identities anew, page by page, each with its caches.
func (p *People) updateAll(ctx context.Context, page Page, identities []Identity) (int, error) {
	sum := 0
	for chunk := range slices.Chunk(identities, pageIdentities) {
		for rows := pageRows; rows == pageRows; sum += rows {
			err := page(ctx, func(ctx context.Context, tx pgx.Tx) error {
				if err := p.queries.LockPeople(ctx, tx); err != nil {
					return err
				}
				changed, touched, err := p.update(ctx, tx, chunk, pageRows)
				rows = changed
				if err != nil {
					return err
				}
				return p.Follow(ctx, tx, touched)
			})
			if err != nil {
				return sum, err
			}
		}
	}
	return sum, nil
}

// AttributeAll attributes every stored commit of a repository, whether something is known to have changed or not: it notes its e-mails, resolves those that nobody was found for yet, and
// returns the number of rows that were not as they should be.
func (p *People) AttributeAll(ctx context.Context, page Page, repoID int64) (int, error) {
	var identities []Identity
	err := page(ctx, func(ctx context.Context, tx pgx.Tx) error {
		rows, err := p.queries.IdentitiesIn(ctx, tx, repoID)
		if err != nil {
			return err
		}
		identities = make([]Identity, len(rows))
		emails := make([]Email, len(rows))
		for i, row := range rows {
			identities[i] = Identity{repoID, row.Name, row.Email}
			emails[i] = Email{row.Email, row.Name, row.CommitHash}
		}
		return p.NoteEmails(ctx, tx, repoID, emails)
	})
	if err != nil {
		return 0, fmt.Errorf("list the people of repository %d: %w", repoID, err)
	}
	if p.rules.Contributors {
		if _, err := p.Resolve(ctx, page, repoID); err != nil {
			return 0, err
		}
	}
	rows, err := p.updateAll(ctx, page, identities)
	if err != nil {
		return rows, fmt.Errorf("attribute the commits of repository %d: %w", repoID, err)
	}
	if !p.rules.Contributors || !p.rules.Caches {
		return rows, nil // part of it is left for the day when the settings want it
	}
	err = page(ctx, func(ctx context.Context, tx pgx.Tx) error { return p.queries.EndAttribution(ctx, tx, repoID) })
	if err != nil {
		return rows, fmt.Errorf("note that repository %d is attributed: %w", repoID, err)
	}
	return rows, nil
}
